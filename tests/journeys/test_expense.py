"""An expense from the command to the result: who is asked what, and what everybody can read of it."""

from __future__ import annotations

from engine import EventKind, RunStatus
from tests.journeys.office import Office
from tests.journeys.reading import words

RESUMED = "Resumed: the run has taken the answer and goes on."
DINNER = {"amount": "12500.50", "purpose": "Team offsite", "category": "Travel"}


async def test_both_levels_approve_and_it_is_paid(anywhere: Office) -> None:
    """A large expense is asked of a manager and then of a director, and the thread tells every step in order."""
    case = await anywhere.rita.starts("expense", **DINNER, has_receipt=True, note="Two days\nin May")
    await anywhere.amy.approves(await case.asks())
    await anywhere.dora.approves(await case.asks(number=2))
    result = await case.ends()
    assert case.lines() == [
        "Started by Rita Requester: Expense",
        "Asked: Manager approval",
        "Approved by Amy Approver",
        RESUMED,
        "Next question: Director approval",
        "Approved by Dora Director",
        RESUMED,
        "Finished with this result:",
    ]
    assert "Paid $12,500.50 for Team offsite (Travel)." in result
    assert "Two days\nin May" in words(case.root())
    run = await anywhere.record(case)
    assert run.status is RunStatus.FINISHED
    assert [each.kind for each in run.events].count(EventKind.DECIDED) == 2
    assert await anywhere.desk.verify() == len(run.events)


async def test_the_cards_tell_who_decided_what(either: Office) -> None:
    """A card has its buttons until it is decided; then it says who, when and what, and has none."""
    case = await either.rita.starts("expense", **DINNER)
    card = await case.asks()
    assert card.buttons() == ["Approve", "Reject", "Edit"]
    for part in (
        "Manager approval",
        "Workflow: Expense",
        "Requested by: @U0RITA",
        "May decide: @S0APPROVERS",
        "Deadline: <time>",
        "amount: 12500.5",
        f"Run {case.run_id}",
    ):
        assert part in card.words()
    await either.ben.approves(card)
    decided = await card.says("Approved by @U0BEN, <time>")
    assert decided.buttons() == []
    director = await case.asks(number=2)
    assert "May decide: @S0DIRECTORS" in director.words()
    await either.dora.rejects(director, "Too much this year")
    rejected = await director.says("Rejected by @U0DORA, <time>")
    assert "Too much this year" in rejected.words()
    assert rejected.buttons() == []
    assert "Nothing was paid." in await case.ends()
    assert either.dora.form() is None


async def test_a_small_expense_asks_nobody(office: Office) -> None:
    """Below the first limit there is no question: the thread begins, ends and tells the result."""
    case = await office.rita.starts("expense", amount="999.99", purpose="A chair", category="Equipment")
    assert "Paid $999.99 for A chair (Equipment)." in await case.ends()
    assert case.lines() == ["Started by Rita Requester: Expense", "Finished with this result:"]
    assert case.cards() == []


async def test_a_field_error_keeps_the_form_open(office: Office) -> None:
    """What does not fit is told under its field, all of it at once, and what was typed starts the run when right."""
    await office.rita.types("/approvals start expense")
    ack = await office.rita.fills_in({"amount": "-5", "purpose": "   ", "category": "Other"})
    assert ack.body is not None
    assert set(ack.body["errors"]) == {"field:amount", "field:purpose"}
    assert await office.desk.recent() == ()
    await office.rita.fills_in({"amount": "5", "purpose": "abc"})
    (run,) = await office.desk.recent()
    assert run.input == {"amount": 5, "purpose": "abc", "category": "Other"}
