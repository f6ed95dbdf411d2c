"""Who acts: looked up afresh against the sandbox's Web API, and barred whenever that is in doubt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.identity import Identity, TokenRefused
from bot.people import UNCHECKED, People
from bot.sandbox import Sandbox
from bot.slack import open_slack
from engine import Policy

TEAM = "T0SANDBOX"
BOTH = Policy(groups=frozenset({"S0APPROVERS", "S0DIRECTORS"}))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack."""
    async with Sandbox() as made:
        yield made


@pytest.fixture
async def people(sandbox: Sandbox) -> AsyncIterator[People]:
    """People as the bot sees them once it knows who it is."""
    async with open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client:
        identity = Identity(client)
        await identity.ask()
        yield People(client, identity=identity)


def calls(sandbox: Sandbox, method: str) -> int:
    """Count the calls of a Web API method."""
    return len([call for call in sandbox.transcript if call.method == method])


async def test_a_member_comes_with_name_and_groups(people: People) -> None:
    """An actor has the name of the profile and those of the policy's groups that the person is in."""
    actor = await people.actor("U0AMY", team_id=TEAM, policy=BOTH)
    assert (actor.id, actor.name, actor.barred) == ("U0AMY", "Amy Approver", None)
    assert actor.groups == {"S0APPROVERS"}


async def test_groups_are_asked_only_when_they_matter(people: People, sandbox: Sandbox) -> None:
    """A person whom the policy names, or a policy without groups, costs no look at groups."""
    named = Policy(users=frozenset({"U0AMY"}), groups=frozenset({"S0DIRECTORS"}))
    sandbox.faults.next("usergroups.users.list", status=500)
    assert (await people.actor("U0AMY", team_id=TEAM, policy=named)).barred is None
    assert (await people.actor("U0AMY", team_id=TEAM, policy=None)).barred is None
    assert calls(sandbox, "usergroups.users.list") == 0


async def test_t11_nothing_is_remembered_between_decisions(people: People, sandbox: Sandbox) -> None:
    """Who leaves a group or is deactivated is out with the next look."""
    await people.actor("U0AMY", team_id=TEAM, policy=BOTH)
    sandbox.admin.remove_from_group("S0APPROVERS", "U0AMY")
    assert (await people.actor("U0AMY", team_id=TEAM, policy=BOTH)).groups == frozenset()
    sandbox.admin.deactivate("U0AMY")
    assert (await people.actor("U0AMY", team_id=TEAM, policy=BOTH)).barred == "This account is deactivated."


async def test_t11_guests_and_bots_are_barred(people: People, sandbox: Sandbox) -> None:
    """A guest and a bot may decide nothing, whatever groups they are in."""
    sandbox.admin.make_guest("U0AMY")
    assert (await people.actor("U0AMY", team_id=TEAM, policy=BOTH)).barred == "Guests cannot decide this."
    sandbox.admin.make_guest("U0BEN", is_restricted=False)
    bot = await people.actor("U0ASSENT", team_id=TEAM, policy=None)
    assert bot.barred == "A bot cannot decide this."


async def test_t12_another_workspace_is_barred(people: People, sandbox: Sandbox) -> None:
    """Somebody whose team is not ours may decide nothing: by the payload, by the account, or as a stranger to us."""
    actor = await people.actor("U0AMY", team_id="T0OTHER", policy=BOTH)
    assert "another workspace" in str(actor.barred)
    for what in ({"team_id": "T0OTHER"}, {"is_stranger": True}):
        sandbox.admin.add_person("U0CONNECT", "connect")
        sandbox.admin.change_person("U0CONNECT", **what)
        actor = await people.actor("U0CONNECT", team_id=TEAM, policy=BOTH)
        assert "another workspace" in str(actor.barred)


async def test_t13_a_renamed_group_is_the_same_group(people: People, sandbox: Sandbox) -> None:
    """Groups are known by id: a new handle and name change nothing, and a group made under the old one is another."""
    sandbox.admin.rename_group("S0APPROVERS", "money")
    sandbox.admin.set_group("approvers2", ["U0OTTO"])
    sandbox.admin.rename_group("S0APPROVERS2", "approvers")
    assert (await people.actor("U0AMY", team_id=TEAM, policy=BOTH)).groups == {"S0APPROVERS"}
    assert (await people.actor("U0OTTO", team_id=TEAM, policy=BOTH)).groups == frozenset()


async def test_t13_who_joins_later_counts_at_once(people: People, sandbox: Sandbox) -> None:
    """Nothing of a group is remembered, so that a new member needs no restart; a disabled group has none."""
    assert (await people.actor("U0OTTO", team_id=TEAM, policy=BOTH)).groups == frozenset()
    sandbox.admin.set_group("S0APPROVERS", ["U0OTTO"])
    assert (await people.actor("U0OTTO", team_id=TEAM, policy=BOTH)).groups == {"S0APPROVERS"}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"error": "fatal_error"},
        {"cut": "after"},
        {"page": "upstream connect error", "page_type": "text/plain"},
    ],
)
@pytest.mark.parametrize("method", ["users.info", "usergroups.users.list"])
async def test_t10_a_failed_look_bars(
    people: People, sandbox: Sandbox, method: str, fault: dict[str, Any]
) -> None:
    """When Slack fails to say who somebody is, or whether they are in the group, they are barred."""
    sandbox.faults.next(method, times=4, **fault)
    actor = await people.actor("U0AMY", team_id=TEAM, policy=Policy(groups=frozenset({"S0DIRECTORS"})))
    assert actor.barred == UNCHECKED
    assert actor.groups == frozenset()


async def test_one_group_that_fails_does_not_bar_members_of_another(people: People) -> None:
    """A group that is gone counts as one that nobody is in; only who might have been in it is barred."""
    policy = Policy(groups=frozenset({"S0APPROVERS", "S0GONE"}))
    assert (await people.actor("U0AMY", team_id=TEAM, policy=policy)).barred is None
    assert (await people.actor("U0DORA", team_id=TEAM, policy=policy)).barred == UNCHECKED


async def test_an_unknown_user_is_barred(people: People) -> None:
    """An id that Slack does not know is nobody."""
    assert (await people.actor("U0NOBODY", team_id=TEAM, policy=BOTH)).barred == UNCHECKED


async def test_nobody_acts_before_we_know_our_own_team(sandbox: Sandbox) -> None:
    """As long as Slack has not said which workspace is ours, everybody is barred."""
    async with open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client:
        people = People(client, identity=Identity(client))
        assert (await people.actor("U0AMY", team_id=TEAM, policy=None)).barred == UNCHECKED


async def test_names_for_display_are_kept(people: People, sandbox: Sandbox) -> None:
    """The name of the same person is asked once; a person whom Slack does not know has none."""
    assert [await people.name("U0AMY") for _ in range(3)] == ["Amy Approver"] * 3
    assert calls(sandbox, "users.info") == 1
    assert await people.name("U0NOBODY") is None


async def test_a_refused_token_is_final_and_trouble_is_not(sandbox: Sandbox) -> None:
    """A token that Slack refuses raises, in words without the token; an error of the moment is asked again."""
    async with open_slack("xoxb-hush", base_url=sandbox.api_url) as client:
        with pytest.raises(TokenRefused, match=r"SLACK_BOT_TOKEN: invalid_auth") as caught:
            await Identity(client).ask()
        assert "hush" not in str(caught.value)
    async with open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client:
        identity = Identity(client)
        sandbox.faults.next("auth.test", status=500)
        assert await identity.ask() is False
        assert identity.account is None
        await identity.keep_asking()
        assert identity.account is not None
        assert identity.account.team_id == TEAM
