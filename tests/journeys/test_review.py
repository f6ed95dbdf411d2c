"""A draft that is reviewed: rejected with a reason, edited, edited wrongly, sent back unchanged."""

from __future__ import annotations

from engine import ApprovalStatus, Verdict
from tests.journeys.office import Office
from tests.journeys.people import Case
from tests.journeys.reading import words

DRAFT = "To our customers: New opening hours.\n\nFrom 1 May."
NEW = "To our customers: We open at *eight*.\n\nFrom 2 May."


async def started(office: Office) -> Case:
    """Have Rita ask for an announcement."""
    return await office.rita.starts(
        "content", topic="New opening hours", audience="Customers", details="From 1 May."
    )


async def test_reject_tells_the_reason(either: Office) -> None:
    """A rejection takes a reason; the card, the thread and the record hold it, and the run ends rejected."""
    case = await started(either)
    card = await case.asks()
    assert DRAFT in card.words()
    ack = await either.amy.rejects(card, "Wrong day.\nAsk the shop.")
    assert (ack.error, ack.body) == (None, None)
    assert "status: rejected" in await case.ends()
    decided = card.now()
    assert "Rejected by @U0AMY, <time>\nWrong day.\nAsk the shop." in decided.words()
    assert decided.buttons() == []
    assert "Rejected by Amy Approver: Wrong day. Ask the shop." in case.lines()
    decision = (await either.record(case)).approvals[0].decision
    assert decision is not None
    assert (decision.verdict, decision.reason) == (Verdict.REJECT, "Wrong day.\nAsk the shop.")


async def test_a_reason_is_needed(office: Office) -> None:
    """An empty reason is not sent, and nothing is decided."""
    case = await started(office)
    ack = await office.amy.rejects(await case.asks(), "")
    assert ack.status == 0
    assert ack.body is not None
    assert list(ack.body["errors"]) == ["reason"]
    assert (await office.record(case)).approvals[0].status is ApprovalStatus.PENDING


async def test_edit_is_told_before_and_after(either: Office) -> None:
    """A wrong edit stays open with its error; a right one is shown before and after, and the graph works with it."""
    case = await started(either)
    card = await case.asks()
    await either.ben.clicks(card, "edit")
    form = either.ben.form()
    assert form is not None
    (field,) = [each for each in form["blocks"] if each["type"] == "input"]
    assert (field["label"]["text"], field["element"]["initial_value"]) == ("Draft", DRAFT)
    empty = await either.ben.fills_in({"draft": ""})
    assert empty.body is not None
    assert list(empty.body["errors"]) == ["field:draft"]
    assert (await either.record(case)).approvals[0].status is ApprovalStatus.PENDING
    right = await either.ben.fills_in({"draft": NEW})
    assert (right.error, right.body) == (None, None)
    result = await case.ends()
    assert f"final:\n{NEW}" in result
    assert "status: approved" in result
    told = "draft:\n− To our customers: New opening hours.\n+ To our customers: We open at *eight*.\n\nFrom 1 2 May."
    decided = card.now()
    assert "Edited and approved by @U0BEN, <time>" in decided.words()
    assert told in decided.words()
    assert decided.buttons() == []
    line = next(words(each) for each in case.thread() if words(each).startswith("Edited and approved"))
    assert line.startswith(f"Edited and approved by Ben Backup\n{told}\nAudit anchor ")
    decision = (await either.record(case)).approvals[0].decision
    assert decision is not None
    assert (decision.before, decision.after) == ({"draft": DRAFT}, {"draft": NEW})


async def test_a_wrong_number_is_told_under_its_field(office: Office) -> None:
    """An edit that breaks the workflow's own bounds is told under the field and decides nothing."""
    case = await office.rita.starts("expense", amount="5000", purpose="A desk", category="Equipment")
    card = await case.asks()
    wrong = await office.amy.edits(card, amount="-1")
    assert wrong.body is not None
    assert list(wrong.body["errors"]) == ["field:amount"]
    await office.amy.fills_in({"amount": "4000"})
    assert "Paid" in await case.ends()
    assert "amount: 5000 → 4000" in card.now().words()


async def test_an_edit_of_nothing_is_told(office: Office) -> None:
    """Sending the edit form unchanged decides nothing and says what to do instead."""
    case = await started(office)
    ack = await office.amy.edits(await case.asks())
    assert ack.body is not None
    assert "choose another button" in ack.body["errors"]["field:draft"]
    assert (await office.record(case)).approvals[0].status is ApprovalStatus.PENDING


async def test_an_edited_text_is_asked_again(office: Office) -> None:
    """The editor asks anew after each edit, on a new card with the new text, until somebody approves."""
    case = await office.rita.starts("editor", content="First words")
    ack = await office.amy.edits(await case.asks(), content="Better words")
    assert (ack.error, ack.body) == (None, None)
    again = await case.asks(number=2)
    assert "content: Better words" in again.words()
    await office.ben.approves(again)
    assert "content: Better words" in await case.ends()
