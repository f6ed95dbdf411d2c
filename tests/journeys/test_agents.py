"""Agents that ask before they act: LangChain's middleware in both of its modes, and Agent Inbox."""

from __future__ import annotations

import pytest

from tests.journeys.office import Office
from tests.journeys.people import Card, Case

pytestmark = pytest.mark.asyncio(loop_scope="module")

BROKEN = {"complaint": "The chair is broken."}
PAID = "$120.00 paid back for A-17 (broken)."
SENT = "Mail “Your chair” sent to carol@example.com."


# -- create_agent with HumanInTheLoopMiddleware: one card for the calls of a turn ------------------------------


async def batch(office: Office) -> tuple[Case, Card]:
    """Have Rita file a complaint, and wait for what the agent wants to do about it."""
    case = await office.rita.starts("assistant", **BROKEN)
    card = await case.asks()
    assert "Run 2 tools: issue_refund and send_email?" in card.words()
    assert card.buttons() == ["Approve all", "Reject all", "Decide each…"]
    for part in ("carol@example.com", "A-17", "120"):
        assert part in card.words()
    return case, card


async def test_all_calls_approved(shared: Office) -> None:
    """One click lets every call of the turn run as the model asked for it."""
    case, card = await batch(shared)
    await shared.amy.answers(card, "Approve all")
    result = await case.ends()
    assert PAID in result
    assert SENT in result


async def test_all_calls_rejected(shared: Office) -> None:
    """One reason goes to the model for every call, and no tool runs."""
    case, card = await batch(shared)
    await shared.amy.answers(card, "Reject all", reason="She paid nothing")
    result = await case.ends()
    assert result.count("She paid nothing") == 2
    assert "paid back" not in result


async def test_each_call_decided_for_itself(shared: Office) -> None:
    """One call is edited and the other answered in its tool's place; both go to the agent as one answer."""
    case, card = await batch(shared)
    await shared.amy.answers(card, "Decide each…", **{"1. issue_refund": "Edit", "2. send_email": "Respond"})
    await shared.amy.writes(Dollars="60.5", Message="I have called her.")
    result = await case.ends()
    assert "$60.50 paid back for A-17 (broken)." in result
    assert "I have called her." in result
    assert "sent to" not in result


async def test_one_call_approved_and_the_other_rejected(shared: Office) -> None:
    """A call that is approved runs although the one beside it is rejected."""
    case, card = await batch(shared)
    await shared.amy.answers(
        card, "Decide each…", **{"1. issue_refund": "Reject", "2. send_email": "Approve"}
    )
    await shared.amy.writes(Message="Repair it")
    result = await case.ends()
    assert "Repair it" in result
    assert SENT in result
    assert "paid back" not in result


# -- the same agent, a card for each call ----------------------------------------------------------------------


async def calls(office: Office) -> tuple[Case, Card, Card]:
    """Have Rita file a complaint, and wait for the cards of both calls: the refund's and the mail's."""
    case = await office.rita.starts("assistant_each", **BROKEN)
    await case.asks(number=2)
    refund, mail = sorted(case.cards(), key=lambda card: "Run send_email?" in card.words())
    assert "Run issue_refund?" in refund.words()
    assert refund.buttons() == ["Approve", "Edit", "Reject"]
    assert mail.buttons() == ["Approve", "Edit", "Reject", "Respond"]
    return case, refund, mail


async def test_calls_approved_one_by_one(shared: Office) -> None:
    """Each call has its own card; the agent goes on when the last one is decided, in whatever order."""
    case, refund, mail = await calls(shared)
    await shared.amy.answers(mail, "Approve")
    await mail.says("Approved by @U0AMY")
    assert refund.now().buttons() == ["Approve", "Edit", "Reject"]
    await shared.ben.answers(refund, "Approve")
    result = await case.ends()
    assert PAID in result
    assert SENT in result


async def test_a_call_edited_with_its_tools_types(shared: Office) -> None:
    """The form of an edit has the tool's own types: a number, a choice, texts."""
    case, refund, mail = await calls(shared)
    await shared.amy.answers(refund, "Edit", Dollars="60.5", Reason="late")
    await shared.amy.answers(mail, "Edit", Subject="Half your money")
    result = await case.ends()
    assert "$60.50 paid back for A-17 (late)." in result
    assert "Mail “Half your money” sent to carol@example.com." in result


async def test_a_call_rejected_and_one_answered(shared: Office) -> None:
    """A rejected call does not run, and the model is told why; a response stands in for the tool."""
    case, refund, mail = await calls(shared)
    await shared.amy.answers(refund, "Reject", reason="Repair it")
    await shared.ben.answers(mail, "Respond", reason="I have called her.")
    result = await case.ends()
    assert "Repair it" in result
    assert "I have called her." in result
    assert "paid back" not in result


# -- Agent Inbox -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "entries", "result"),
    [
        ("Accept", {}, "Ordered 3 x chair."),
        ("Edit", {"Count": "5"}, "Ordered 5 x chair."),
        ("Respond", {"reason": "Which colour?"}, "Not ordered yet. The answer was: Which colour?"),
        ("Ignore", {"reason": ""}, "Nothing was ordered."),
    ],
)
async def test_agent_inbox(shared: Office, label: str, entries: dict[str, str], result: str) -> None:
    """Each way of Agent Inbox is a button, and the graph gets its HumanResponse; edited numbers stay numbers."""
    case = await shared.rita.starts("inbox", item="chair", count="3")
    card = await case.asks()
    assert "Order this?" in card.words()
    assert card.buttons() == ["Accept", "Edit", "Respond", "Ignore"]
    await shared.amy.answers(card, label, **entries)
    assert result in await case.ends()
