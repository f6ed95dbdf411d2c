"""What people get when they type, click and send forms: the real bot, desk and database against the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.payloads import Slip, decode_slip, encode_slip, mark_of
from engine import ApprovalStatus, EventKind, RunStatus, RunView, Verdict
from tests.bot.standing import CHANNEL, Standing, button, standing


@pytest.fixture(params=["http", "socket"])
def mode(request: pytest.FixtureRequest) -> Literal["http", "socket"]:
    """Both doors."""
    return request.param  # type: ignore[no-any-return]  # pytest does not know the type of a parameter


@pytest.fixture
async def either(tmp_path: Path, mode: Literal["http", "socket"]) -> AsyncIterator[Standing]:
    """A bot behind each door in turn."""
    async with standing(tmp_path, mode=mode) as made:
        yield made


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Standing]:
    """A bot behind the HTTP door."""
    async with standing(tmp_path) as made:
        yield made


def answer(ack: Any) -> str:
    """Give the text with which a command was answered."""
    return str((ack.body or {}).get("text"))


def refusals(run: RunView) -> list[Any]:
    """Give the codes of the refused clicks that the audit trail holds."""
    return [event.detail["code"] for event in run.events if event.kind is EventKind.REFUSED]


async def test_a_run_starts_decides_and_ends(either: Standing) -> None:
    """A command, a form and a click take a run to its end, by HTTP and over the socket."""
    card = await either.card()
    started = await either.told("U0RITA", "was started")
    run = await either.only_run()
    assert run.id in started
    assert (run.requested_by, run.requested_by_name, run.input) == (
        "U0RITA",
        "Rita Requester",
        {"amount": 120},
    )

    ack = await either.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    assert (ack.status, ack.error) == (200, None)
    decision = (await either.only_run()).approvals[0].decision
    assert decision is not None
    assert (decision.verdict, decision.actor_id, decision.actor_name) == (
        Verdict.APPROVE,
        "U0AMY",
        "Amy Approver",
    )
    await either.sandbox.until(
        lambda: "Finished" in either.sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"]
    )
    assert (await either.only_run()).status is RunStatus.FINISHED


async def test_the_decision_is_recorded_when_the_ack_leaves(at: Standing) -> None:
    """At the moment a click is acknowledged its decision is a committed row."""
    card = await at.card()
    await at.sandbox.click("U0BEN", CHANNEL, card["ts"], "approve")
    run = await at.only_run()
    assert EventKind.DECIDED in [event.kind for event in run.events]


async def test_a_form_sent_twice_starts_one_run(either: Standing) -> None:
    """The same start form delivered again, also at the same time, gives the same run."""
    await either.sandbox.slash("U0RITA", CHANNEL, "/approvals start pay-out")
    await either.sandbox.submit("U0RITA", {"field:amount": "7"}, deliveries=3)
    submission = next(
        each for each in either.sandbox.deliveries if each.payload.get("type") == "view_submission"
    )
    await either.sandbox.redeliver(submission)
    assert len(await either.desk.recent()) == 1


async def test_a_click_delivered_five_times_decides_once(either: Standing) -> None:
    """Copies of one click make one decision, and nobody is told that something went wrong."""
    card = await either.card()
    ack = await either.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve", deliveries=5)
    assert [each.status for each in (ack, *ack.others)] == [200] * 5
    run = await either.only_run()
    assert [event.kind for event in run.events].count(EventKind.DECIDED) == 1
    assert refusals(run) == []
    assert either.sandbox.ephemerals("U0AMY") == []


@pytest.mark.parametrize("typed", ["PAY-OUT", "“pay-out”", "  'Pay  out' ", "pay_out", "pay out"])
async def test_a_workflow_is_found_as_people_type_it(at: Standing, typed: str) -> None:
    """Capitals, quotes, spaces and dashes do not matter in the name of a workflow."""
    ack = await at.sandbox.slash("U0RITA", CHANNEL, f"/approvals start {typed}")
    assert ack.body is None
    assert at.sandbox.views("U0RITA")[-1]["callback_id"] == "start"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("start", "*You can start:*\n`mail`  "),
        ("start holiday", "There is no workflow “holiday”. You can start: mail, orphan, pay-out."),
        ("start two words", "There is no workflow “two words”."),
        ("start <@U0AMY> *bold*", "There is no workflow"),
        ("start broken", "could not be loaded"),
        ("list", "Nothing is waiting"),
        ("show zzzz", "There is no such run"),
        ("help", "What you can do here"),
        ("", "What you can do here"),
        ("show", "What you can do here"),
        ("make coffee", "What you can do here"),
    ],
)
async def test_t30_commands_are_answered_in_private(at: Standing, typed: str, said: str) -> None:
    """Every command gets one answer that only its author sees, without live markup from what was typed."""
    ack = await at.sandbox.slash("U0RITA", CHANNEL, f"/approvals {typed}")
    assert ack.error is None
    assert ack.body is not None
    assert ack.body["response_type"] == "ephemeral"
    assert said in answer(ack)
    assert "<@" not in answer(ack)
    assert at.sandbox.messages(CHANNEL) == []


async def test_list_and_show_tell_what_waits(at: Standing) -> None:
    """`list` links to the card of what waits, and `show` takes the beginning of a run's id in any case."""
    await at.card()
    run = await at.only_run()
    listed = await at.sandbox.slash("U0BEN", CHANNEL, "/approvals list")
    assert run.id in str(listed.body)
    assert "Open the card" in str(listed.body)
    shown = await at.sandbox.slash("U0BEN", CHANNEL, f"/approvals show {run.id[:9].upper()}")
    assert run.id in str(shown.body)


async def test_a_wrong_entry_is_told_under_its_field(at: Standing) -> None:
    """An entry that does not fit keeps the form open with a sentence under the field; right, it starts the run."""
    await at.sandbox.slash("U0RITA", CHANNEL, "/approvals start pay-out")
    ack = await at.sandbox.submit("U0RITA", {"field:amount": "99999999999999999999"})
    assert ack.body is not None
    assert list(ack.body["errors"]) == ["field:amount"]
    assert await at.desk.recent() == ()
    await at.sandbox.submit("U0RITA", {"field:amount": "12"})
    assert (await at.only_run()).input == {"amount": 12}


@pytest.mark.parametrize("action", ["approve", "reject", "edit"])
@pytest.mark.parametrize(
    ("user", "said", "code"),
    [
        ("U0OTTO", "not among the people", "not_allowed"),
        ("U0RITA", "You asked for this yourself", "self_approval"),
    ],
)
async def test_t10_who_may_not_decide_is_told_so(
    at: Standing, action: str, user: str, said: str, code: str
) -> None:
    """A click by somebody who may not decide opens no form, changes nothing, tells them why and is on record."""
    if user == "U0RITA":  # a requester who is among the approvers
        at.sandbox.admin.set_group("S0APPROVERS", ["U0AMY", "U0BEN", "U0RITA"])
    card = await at.card()
    ack = await at.sandbox.click(user, CHANNEL, card["ts"], action)
    assert (ack.status, ack.error) == (200, None)
    await at.told(user, said)
    run = await at.only_run()
    assert run.approvals[0].status is ApprovalStatus.PENDING
    assert refusals(run) == [code]
    assert [view for view in at.sandbox.views(user) if view["callback_id"] != "start"] == []


async def test_the_second_decider_hears_who_was_first(at: Standing) -> None:
    """A click on a card that somebody else has decided says who decided and changes nothing."""
    card = await at.card()
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    ack = await at.sandbox.click("U0BEN", CHANNEL, card["ts"], "approve", message=card)
    assert ack.error is None
    await at.told("U0BEN", "<@U0AMY>")
    assert refusals(await at.only_run()) == ["already_decided"]


async def test_reject_takes_a_reason(either: Standing) -> None:
    """Reject opens a form; what is written there is the decision's reason."""
    card = await either.card()
    await either.sandbox.click("U0AMY", CHANNEL, card["ts"], "reject")
    ack = await either.sandbox.submit("U0AMY", {"reason": "Too *much*, <@U0RITA>"})
    assert ack.error is None
    assert either.sandbox.views("U0AMY") == []
    decision = (await either.only_run()).approvals[0].decision
    assert decision is not None
    assert (decision.verdict, decision.reason) == (Verdict.REJECT, "Too *much*, <@U0RITA>")


async def test_edit_tells_what_is_wrong_and_then_takes_it(at: Standing) -> None:
    """A wrong edit is told under its field, a right one is the decision, with before and after."""
    card = await at.card(amount=120)
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "edit")
    wrong = await at.sandbox.submit("U0AMY", {"field:amount": "1" * 30})
    assert wrong.body is not None
    assert list(wrong.body["errors"]) == ["field:amount"]
    await at.sandbox.submit("U0AMY", {"field:amount": "80"})
    decision = (await at.only_run()).approvals[0].decision
    assert decision is not None
    assert (decision.verdict, decision.before, decision.after) == (
        Verdict.EDIT,
        {"amount": 120},
        {"amount": 80},
    )


async def test_an_option_of_the_graph_decides_at_once(either: Standing) -> None:
    """A click on one of the graph's own options, which wants nothing more, is the decision, and the graph gets it."""
    card = await either.card(workflow="mail")
    ack = await either.sandbox.click("U0AMY", CHANNEL, card["ts"], "choose:3")
    assert (ack.status, ack.error) == (200, None)
    run = await either.only_run()
    decision = run.approvals[0].decision
    assert decision is not None
    assert (decision.verdict, decision.option, decision.label) == (Verdict.RESPOND, "hold back", "hold back")
    await either.sandbox.until(
        lambda: "Finished" in either.sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"]
    )
    told = str(either.sandbox.thread(CHANNEL, card["thread_ts"]))
    assert "Answered “hold back”" in told
    assert (await either.only_run()).result["answer"] == "hold back"


async def test_an_option_asks_for_its_reason(at: Standing) -> None:
    """An option that needs words opens a form for them, and they are the decision's reason."""
    card = await at.card(workflow="mail")
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "choose:2")
    (view,) = at.sandbox.views("U0AMY")
    assert (view["title"]["text"], view["callback_id"]) == ("Request changes", "choose")
    blank = await at.sandbox.submit("U0AMY", {"reason": "  "})
    assert list((blank.body or {})["errors"]) == ["reason"]
    await at.sandbox.submit("U0AMY", {"reason": "Shorter"})
    decision = (await at.only_run()).approvals[0].decision
    assert decision is not None
    assert (decision.option, decision.reason) == ("request_changes", "Shorter")


async def test_an_answer_in_words_is_checked_and_taken(at: Standing) -> None:
    """An answer of one's own is told what is wrong with it under its field; right, it reaches the graph as typed."""
    card = await at.card()
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "choose:3")
    wrong = await at.sandbox.submit("U0AMY", {"field:answer": "{not json"})
    assert list((wrong.body or {})["errors"]) == ["field:answer"]
    await at.sandbox.submit("U0AMY", {"field:answer": "false"})
    decision = (await at.only_run()).approvals[0].decision
    assert decision is not None
    assert (decision.verdict, decision.option, decision.after) == (
        Verdict.RESPOND,
        "answer",
        {"answer": False},
    )


@pytest.mark.parametrize("mark", [mark_of("pay twice"), None])
async def test_t15_a_button_for_no_option_decides_nothing(at: Standing, mark: str | None) -> None:
    """A click that names an option which the question does not have is refused, told and on record."""
    card = await at.card(workflow="mail")
    forged = deepcopy(card)
    clicked = button(forged, "choose:3")
    assert clicked is not None
    slip = decode_slip(clicked["value"])
    clicked["value"] = encode_slip(Slip(slip.seen, option=mark))
    ack = await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "choose:3", message=forged)
    assert ack.error is None
    await at.told("U0AMY", "cannot be answered so")
    run = await at.only_run()
    assert run.approvals[0].status is ApprovalStatus.PENDING
    assert refusals(run) == ["unknown_option"]


async def test_t16_a_form_that_comes_too_late_keeps_what_was_typed(at: Standing) -> None:
    """A reason sent after somebody else has decided stays in the form, with a sentence that says who decided."""
    card = await at.card()
    await at.sandbox.click("U0BEN", CHANNEL, card["ts"], "reject")
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    ack = await at.sandbox.submit("U0BEN", {"reason": "No."})
    assert ack.body is not None
    assert "by Amy Approver" in ack.body["errors"]["reason"]
    assert len(at.sandbox.views("U0BEN")) == 1


@pytest.mark.parametrize("fault", [{"status": 500}, {"error": "ratelimited"}, {"cut": "before", "times": 2}])
async def test_nobody_decides_while_people_cannot_be_looked_up(at: Standing, fault: dict[str, Any]) -> None:
    """When Slack does not say who clicks, nothing is decided and the person is told; a second click works."""
    card = await at.card()
    at.sandbox.faults.next("users.info", **fault)
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    await at.told("U0AMY", "Could not check who you are")
    at.sandbox.faults.clear()  # aiohttp itself repeats a GET whose kept-alive connection broke
    assert (await at.only_run()).approvals[0].status is ApprovalStatus.PENDING
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    assert (await at.only_run()).approvals[0].decision is not None


async def test_t11_membership_counts_at_the_moment_of_the_click(at: Standing) -> None:
    """Somebody who left the group after the card was posted may not decide; somebody who joined it may."""
    card = await at.card()
    at.sandbox.admin.set_group("S0APPROVERS", ["U0OTTO"])
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    await at.told("U0AMY", "not among the people")
    await at.sandbox.click("U0OTTO", CHANNEL, card["ts"], "approve")
    decision = (await at.only_run()).approvals[0].decision
    assert decision is not None
    assert decision.actor_id == "U0OTTO"


async def test_t10_a_workflow_without_approvers_can_be_decided_by_nobody(at: Standing) -> None:
    """An empty list of approvers means nobody."""
    await at.sandbox.slash("U0RITA", CHANNEL, "/approvals start orphan")
    await at.sandbox.submit("U0RITA", {"field:amount": "1"})
    card = await at.sandbox.until(
        lambda: next((each for each in at.sandbox.messages(CHANNEL) if button(each, "approve")), None)
    )
    await at.sandbox.click("U0DORA", CHANNEL, card["ts"], "approve")
    await at.told("U0DORA", "Nobody may decide this")


async def test_the_home_shows_what_waits(either: Standing) -> None:
    """The app's home shows the question that waits with a link to its card, and the link's click is taken."""
    await either.card()
    run = await either.only_run()
    assert (await either.sandbox.open_home("U0DORA")).error is None
    assert run.id in str(either.sandbox.home("U0DORA"))
    assert (await either.sandbox.click_home("U0DORA", "home_open")).error is None


async def test_a_form_that_slack_does_not_open_is_told(at: Standing) -> None:
    """When Slack refuses to open a form the person hears it, and nothing has changed."""
    card = await at.card()
    at.sandbox.faults.next("views.open", error="expired_trigger_id")
    ack = await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "reject")
    assert ack.error is None
    await at.told("U0AMY", "did not open the form")
    at.sandbox.faults.next("views.open", error="expired_trigger_id")
    assert "did not open the form" in answer(
        await at.sandbox.slash("U0RITA", CHANNEL, "/approvals start pay-out")
    )


async def test_where_the_bot_is_not_it_writes_to_the_person(at: Standing) -> None:
    """A sentence that cannot be told in a channel without the bot reaches the person as a direct message."""
    await at.sandbox.slash("U0RITA", "#general", "/approvals start pay-out")
    await at.sandbox.submit("U0RITA", {"field:amount": "5"})
    written = await at.sandbox.until(
        lambda: [each for each in at.sandbox.transcript if each.args.get("channel") == "U0RITA"]
    )
    assert "was started" in written[0].args["text"]
    assert (written[0].response or {}).get("ok") is True
