"""Who is let through: every kind of account under every kind of policy, whatever Slack fails to say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from bot.identity import Identity
from bot.people import People
from bot.sandbox import Sandbox
from bot.slack import open_slack
from engine import Policy
from engine.policy import refusal

TEAM: Final = "T0SANDBOX"
REQUESTER: Final = "U0REQUESTER"
GROUP: Final = "S0APPROVERS"


@dataclass(frozen=True)
class Kind:
    """An account: whether the policies name it, whether it is in their group, and what users.info says of it."""

    is_listed: bool = True
    is_member: bool = True
    says: Mapping[str, Any] | None = None
    team: str = TEAM

    @property
    def is_sound(self) -> bool:
        return self.says is None and self.team == TEAM


KINDS: Final = {
    "U0LISTED": Kind(is_member=False),
    "U0MEMBER": Kind(is_listed=False),
    "U0BOTH": Kind(),
    REQUESTER: Kind(),
    "U0OUTSIDER": Kind(is_listed=False, is_member=False),
    "U0LEFT": Kind(is_listed=False, is_member=False),
    "U0DEACTIVATED": Kind(says={"deleted": True}),
    "U0GUEST": Kind(says={"is_restricted": True}),
    "U0SINGLE": Kind(says={"is_ultra_restricted": True}),
    "U0BOT": Kind(says={"is_bot": True}),
    "U0STRANGER": Kind(says={"is_stranger": True}),
    "U0ELSEWHERE": Kind(team="T0OTHER"),
}
LISTED: Final = frozenset(each for each, kind in KINDS.items() if kind.is_listed)
GROUPS: Final = frozenset({GROUP, "S0DIRECTORS"})
POLICIES: Final = (
    Policy(),
    Policy(users=LISTED),
    Policy(groups=GROUPS),
    Policy(users=LISTED, groups=GROUPS),
    Policy(users=LISTED, allow_self=True),
    Policy(groups=GROUPS, allow_self=True),
)
SILENT: Final = ((), ("users.info",), ("usergroups.users.list",), ("users.info", "usergroups.users.list"))
"""The methods that fail."""


def may(user: str, policy: Policy, silent: tuple[str, ...]) -> bool:
    """Say who should be let through, by rules that share nothing with the product."""
    kind = KINDS[user]
    if not kind.is_sound or "users.info" in silent or (user == REQUESTER and not policy.allow_self):
        return False
    by_name = bool(policy.users) and kind.is_listed
    by_group = bool(policy.groups) and kind.is_member and "usergroups.users.list" not in silent
    return by_name or by_group


async def test_t11_of_288_cases_nobody_is_let_through_who_should_not_be() -> None:
    """12 kinds of account, 6 policies, 4 ways for Slack not to answer: exactly those who may are let through."""
    async with Sandbox() as sandbox, open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client:
        identity = Identity(client)
        await identity.ask()
        people = People(client, identity=identity)
        for user, kind in KINDS.items():
            sandbox.admin.add_person(user, user.lower(), channels=())
            sandbox.admin.change_person(user, **(kind.says or {}))
        sandbox.admin.set_group(GROUP, [user for user, kind in KINDS.items() if kind.is_member])

        async def is_let_through(user: str, policy: Policy) -> bool:
            actor = await people.actor(user, team_id=KINDS[user].team, policy=policy)
            return refusal(policy, actor=actor, requested_by=REQUESTER) is None

        cases = 0
        for policy, silent in product(POLICIES, SILENT):
            for method in silent:
                sandbox.faults.next(method, status=500, times=100)
            told = await asyncio.gather(*(is_let_through(user, policy) for user in KINDS))
            sandbox.faults.clear()
            assert dict(zip(KINDS, told, strict=True)) == {user: may(user, policy, silent) for user in KINDS}
            cases += len(told)
        assert cases == 12 * 6 * 4
