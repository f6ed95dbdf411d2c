"""The samples of LangGraph's human-in-the-loop page, each answered in every way that it has."""

from __future__ import annotations

import pytest

from engine import RunStatus
from tests.journeys.office import Office
from tests.journeys.people import Card, Case

pytestmark = pytest.mark.asyncio(loop_scope="module")

RESUMED = "Resumed: the run has taken the answer and goes on."
RELEASE = {"service": "Shop", "version": "2.4.1"}


async def asked(case: Case, *, text: str, buttons: list[str], number: int = 1) -> Card:
    """Wait for a question, and hold what it says and offers against what people should see."""
    card = await case.asks(number=number)
    assert text in card.words()
    assert card.buttons() == buttons
    return card


# -- interrupt after, and interrupt all (interrupt before: test_deploy.py) -------------------------------------

PLANNED = "A step is done. Continue with executor?"
BREAKPOINT = ["Approve", "Reject", "Edit"]


async def test_interrupt_after_goes_on(shared: Office) -> None:
    """The graph stops when the plan is made and shows it; approved, it is carried out."""
    case = await shared.rita.starts("deploy_reviewed", **RELEASE)
    card = await asked(case, text=PLANNED, buttons=BREAKPOINT)
    assert "plan: Execute action X" in card.words()
    await shared.amy.answers(card, "Approve")
    assert "approved: yes" in await case.ends()
    assert case.lines() == [
        "Started by Rita Requester: Release, plan reviewed",
        f"Asked: {PLANNED}",
        "Approved by Amy Approver",
        RESUMED,
        "Finished with this result:",
    ]


async def test_interrupt_after_with_another_plan(shared: Office) -> None:
    """The plan can be changed before it is carried out."""
    case = await shared.rita.starts("deploy_reviewed", **RELEASE)
    await shared.ben.answers(await case.asks(), "Edit", Plan="Execute action Y")
    assert "plan: Execute action Y" in await case.ends()


async def test_interrupt_after_stopped(shared: Office) -> None:
    """A rejected plan is not carried out: the run stops there."""
    case = await shared.rita.starts("deploy_reviewed", **RELEASE)
    await shared.amy.answers(await case.asks(), "Reject", reason="Wrong day")
    assert "Wrong day" in await case.ends("Stopped")


async def test_interrupt_all_asks_at_every_step(shared: Office) -> None:
    """The graph stops before its first node and between its nodes; an edit before a node is what it works with."""
    case = await shared.rita.starts("deploy_stepwise", **RELEASE)
    first = await asked(case, text="Continue with planner?", buttons=BREAKPOINT)
    await shared.amy.answers(first, "Edit", Version="2.4.2")
    second = await asked(case, text=PLANNED, buttons=BREAKPOINT, number=2)
    assert "version: 2.4.2" in second.words()
    await shared.ben.answers(second, "Approve")
    last = await asked(case, text="A step is done. Continue to the end?", buttons=BREAKPOINT, number=3)
    assert "approved: yes" in last.words()
    await shared.amy.answers(last, "Approve")
    result = await case.ends()
    assert "approved: yes" in result
    assert "version: 2.4.2" in result


async def test_interrupt_all_stops_anywhere(shared: Office) -> None:
    """Rejected before its first node, nothing of the graph has run."""
    case = await shared.rita.starts("deploy_stepwise", **RELEASE)
    await shared.amy.answers(await case.asks(), "Reject", reason="Not now")
    await case.ends("Stopped")
    assert "plan" not in ((await shared.record(case)).result or {})


# -- dynamic interrupt -----------------------------------------------------------------------------------------

PROMISE = "You get a full refund."
CORRECT = "Does this look correct?"


async def test_dynamic_interrupt_only_where_it_is_needed(shared: Office) -> None:
    """A reply without a promise is asked of nobody; the node decides that when it runs."""
    case = await shared.rita.starts("reply", content="Thank you.")
    assert "status: approved" in await case.ends()
    assert case.cards() == []


@pytest.mark.parametrize("word", ["Approve", "Reject"])
async def test_dynamic_interrupt_takes_the_word(shared: Office, word: str) -> None:
    """Each of the graph's own options is a button, and its bare word is the answer."""
    case = await shared.rita.starts("reply", content=PROMISE)
    card = await asked(case, text=CORRECT, buttons=["Approve", "Reject", "Edit"])
    assert PROMISE in card.words()
    await shared.amy.answers(card, word, **({"reason": "No refunds"} if word == "Reject" else {}))
    assert f"status: {word.lower().removesuffix('e')}" in await case.ends()


async def test_dynamic_interrupt_edit_asks_about_the_new_text(shared: Office) -> None:
    """The option "edit" opens the text; the graph takes it and asks about it again, on a new card."""
    case = await shared.rita.starts("reply", content=PROMISE)
    await shared.amy.answers(await case.asks(), "Edit", Reply="You get half a refund.")
    again = await asked(case, text=CORRECT, buttons=["Approve", "Reject", "Edit"], number=2)
    assert "You get half a refund." in again.words()
    await shared.ben.answers(again, "Approve")
    result = await case.ends()
    assert "status: approved" in result
    assert "You get half a refund." in result


# -- multiple interrupts ---------------------------------------------------------------------------------------

STEP = ["Approve", "Reject", "Answer…"]


async def test_multiple_interrupts_come_one_after_the_other(shared: Office) -> None:
    """One node asks twice: the second question comes once the first is answered, and each has its own answer."""
    case = await shared.rita.starts("migration", database="crm")
    await shared.amy.answers(await asked(case, text="Approve step 1?", buttons=STEP), "Approve")
    second = await asked(case, text="Approve step 2?", buttons=STEP, number=2)
    await shared.ben.answers(second, "Reject", reason="Tomorrow")
    assert "status: complete" in await case.ends()
    assert case.lines() == [
        "Started by Rita Requester: Database migration",
        "Asked: Approve step 1?",
        "Approved by Amy Approver",
        RESUMED,
        "Next question: Approve step 2?",
        "Rejected by Ben Backup: Tomorrow",
        RESUMED,
        "Finished with this result:",
    ]


async def test_multiple_interrupts_in_words(shared: Office) -> None:
    """A plain question can be answered in words, which the graph gets as a text."""
    case = await shared.rita.starts("migration", database="crm")
    await shared.amy.answers(await case.asks(), "Answer…", Answer="Yes, but at night")
    await shared.amy.answers(await case.asks(number=2), "Approve")
    await case.ends()
    assert "Yes, but at night" in (await case.asks()).words()


# -- state editing, and update and resume in one step ----------------------------------------------------------


async def test_state_editing(shared: Office) -> None:
    """While the graph waits after its editor, the draft is edited in the state, and that one is published."""
    case = await shared.rita.starts("newsletter", draft="Big   news")
    card = await asked(case, text="Continue with publisher?", buttons=BREAKPOINT)
    assert "draft: Big news" in card.words()
    await shared.amy.answers(card, "Edit", Draft="Small news")
    assert "To all subscribers: Small news" in await case.ends()


async def test_state_editing_left_alone_or_stopped(shared: Office) -> None:
    """Approved, the draft is published as the editor left it; rejected, nothing is."""
    case = await shared.rita.starts("newsletter", draft="Big   news")
    await shared.amy.answers(await case.asks(), "Approve")
    assert "To all subscribers: Big news" in await case.ends()
    case = await shared.rita.starts("newsletter", draft="Old news")
    await shared.amy.answers(await case.asks(), "Reject", reason="Known")
    await case.ends("Stopped")
    assert "published" not in ((await shared.record(case)).result or {})


async def test_update_and_resume_in_one_step(shared: Office) -> None:
    """An edit reaches the state and answers "approve" at once: the letter that is sent is the edited one."""
    case = await shared.rita.starts("letter", name="Carol")
    card = await asked(case, text="Send this letter?", buttons=["Approve", "Reject", "Edit"])
    await shared.amy.answers(card, "Edit", Draft="Dear Carol,\n\nall is well.")
    assert "sent:\nDear Carol,\n\nall is well." in await case.ends()
    assert len(case.cards()) == 1


async def test_update_and_resume_without_an_update(shared: Office) -> None:
    """Approved, the letter goes as it was written; rejected, it does not go."""
    case = await shared.rita.starts("letter", name="Carol")
    await shared.amy.answers(await case.asks(), "Approve")
    assert "thank you for your order" in await case.ends()
    case = await shared.rita.starts("letter", name="Carol")
    await shared.amy.answers(await case.asks(), "Reject", reason="No order")
    assert "sent: nothing" in await case.ends()


# -- interrupt metadata: several interrupts, answered by id ----------------------------------------------------

TEAM = ["Approve", "Reject", "Edit", "Answer…"]


@pytest.mark.parametrize("order", ["legal first", "finance first"])
async def test_two_questions_at_once_are_answered_in_any_order(shared: Office, order: str) -> None:
    """Two branches ask on two cards of one thread; each answer goes to its own question by its id."""
    case = await shared.rita.starts("contract", partner="Acme", value="5000")
    await case.asks(number=2)
    legal, finance = sorted(case.cards(), key=lambda card: "price" in card.words())
    assert "Are the terms acceptable?" in legal.words()
    assert "partner: Acme" in legal.words()
    assert "May decide: @S0DIRECTORS" in finance.words()
    assert legal.buttons() == finance.buttons() == TEAM
    acts = [(shared.amy, legal), (shared.dora, finance)]
    for person, card in acts if order == "legal first" else acts[::-1]:
        await person.answers(card, "Approve")
        await card.says(f"Approved by @{person.id}")
    assert "status: signed" in await case.ends()
    assert all(card.now().buttons() == [] for card in (legal, finance))


async def test_two_questions_with_different_answers(shared: Office) -> None:
    """One branch gets its no while the other is still open, and the graph goes on with both."""
    case = await shared.rita.starts("contract", partner="Acme", value="5000")
    await case.asks(number=2)
    legal, finance = sorted(case.cards(), key=lambda card: "price" in card.words())
    await shared.dora.answers(finance, "Answer…", Answer="false")
    await finance.says("Answered by @U0DORA")
    assert legal.now().buttons() == TEAM
    await shared.amy.answers(legal, "Edit", Partner="Acme Ltd.")
    result = await case.ends()
    assert "status: not signed" in result
    assert "partner: Acme Ltd." in result


async def test_two_questions_rejected(shared: Office) -> None:
    """A no from each team is heard, and nothing is signed."""
    case = await shared.rita.starts("contract", partner="Acme", value="5000")
    await case.asks(number=2)
    for card in case.cards():
        await (shared.dora if "price" in card.words() else shared.amy).answers(card, "Reject", reason="No")
    assert "status: not signed" in await case.ends()


async def test_two_questions_have_their_own_approvers(shared: Office) -> None:
    """Who may decide the one may not decide the other: a level of approvals.toml says who is asked."""
    case = await shared.rita.starts("contract", partner="Acme", value="5000")
    await case.asks(number=2)
    (finance,) = [card for card in case.cards() if "price" in card.words()]
    await shared.amy.chooses(finance, "Approve")
    await shared.amy.is_told("not among the people who may decide this")
    assert finance.now().buttons() == TEAM


# -- simple approval, and multi-level approval (both levels: test_expense.py) ----------------------------------

TRANSACTION = "Approve $2000 transaction?"


@pytest.mark.parametrize(
    ("label", "entries", "line", "status"),
    [
        ("Approve", {}, "Approved by Amy Approver", "approved"),
        ("Reject", {"reason": "Too much"}, "Rejected by Amy Approver: Too much", "rejected"),
        ("Answer…", {"Answer": "Go ahead"}, "Answered by Amy Approver", "approved"),
    ],
)
async def test_simple_approval(
    shared: Office, label: str, entries: dict[str, str], line: str, status: str
) -> None:
    """A plain sentence is asked as it is; yes, no, and an answer in words reach the node."""
    case = await shared.rita.starts("payment", amount="2000")
    await shared.amy.answers(await asked(case, text=TRANSACTION, buttons=STEP), label, **entries)
    assert f"status: {status}" in await case.ends()
    assert case.lines() == [
        "Started by Rita Requester: Payment",
        f"Asked: {TRANSACTION}",
        line,
        RESUMED,
        "Finished with this result:",
    ]


async def test_simple_approval_of_a_small_payment(shared: Office) -> None:
    """A payment below the limit asks nobody."""
    case = await shared.rita.starts("payment", amount="1000")
    assert "status: approved" in await case.ends()
    assert case.cards() == []


async def test_multi_level_approval_ends_at_the_first_no(shared: Office) -> None:
    """When the manager rejects, the director is not asked."""
    case = await shared.rita.starts("expense", amount="12500", purpose="Chairs", category="Equipment")
    card = await asked(case, text="Manager approval", buttons=["Approve", "Reject", "Edit"])
    await shared.amy.answers(card, "Reject", reason="No budget")
    assert "Nothing was paid." in await case.ends()
    assert len(case.cards()) == 1


async def test_multi_level_approval_below_the_second_level(shared: Office) -> None:
    """An amount edited below the second level is paid without the director."""
    case = await shared.rita.starts("expense", amount="12500", purpose="Chairs", category="Equipment")
    await shared.amy.edits(await case.asks(), amount="9000")
    assert "Paid $9,000.00 for Chairs" in await case.ends()
    assert len(case.cards()) == 1


# -- content review, interactive editing (reject and edit, edit: test_review.py) -------------------------------

REVIEW = ["Approve", "Request changes", "Reject", "Edit"]


async def test_content_review_loops_until_it_is_approved(shared: Office) -> None:
    """Requested changes go to the writer, whose next draft is asked about in the same thread."""
    case = await shared.rita.starts("content", topic="We move", audience="Press")
    card = await asked(case, text="Review draft", buttons=REVIEW)
    await shared.amy.answers(card, "Request changes", reason="Say when")
    again = await asked(case, text="Review draft", buttons=REVIEW, number=2)
    assert "Round 2: round 1 was answered “Request changes” by @U0AMY\nSay when" in again.words()
    assert "+ (Revised: Say when)" in again.words()
    await shared.ben.answers(again, "Approve")
    assert "status: approved" in await case.ends()
    assert case.lines() == [
        "Started by Rita Requester: Announcement",
        "Asked: Review draft",
        "Answered “Request changes” by Amy Approver: Say when",
        RESUMED,
        "Round 2: Review draft",
        "Approved by Ben Backup",
        RESUMED,
        "Finished with this result:",
    ]


async def test_interactive_editing_rejected_after_an_edit(shared: Office) -> None:
    """An edited text is asked again and can still be rejected."""
    case = await shared.rita.starts("editor", content="First words")
    card = await asked(case, text="Edit, approve, or reject?", buttons=["Approve", "Reject", "Edit"])
    await shared.amy.answers(card, "Edit", Content="Other words")
    await shared.amy.answers(await case.asks(number=2), "Reject", reason="Neither")
    assert "status: rejected" in await case.ends()


# -- retry after human review ----------------------------------------------------------------------------------

RETRY = "Retry with different input?"


async def test_retry_with_another_input(shared: Office) -> None:
    """The error is told; a corrected input is tried at once and ends well."""
    case = await shared.rita.starts("booking", input="2027-03-06")
    card = await asked(case, text=RETRY, buttons=["Retry", "Reject"])
    assert "06 March 2027 is a Saturday, when the room is closed." in card.words()
    await shared.amy.answers(card, "Retry", **{"New input": "2027-03-08"})
    result = await case.ends()
    assert "The room is booked for Monday, 08 March 2027." in result
    assert "input: 2027-03-08" in result


async def test_retry_is_not_asked_when_all_is_well(shared: Office) -> None:
    """Where nothing goes wrong, nobody is asked."""
    case = await shared.rita.starts("booking", input="2027-03-08")
    assert "The room is booked for Monday" in await case.ends()
    assert case.cards() == []


FAILURE = ["Retry", "Edit and retry", "Ask again", "Stop"]
FAILED = "book failed. Try again?"


async def test_retry_given_up(shared: Office) -> None:
    """Rejected, the node raises its own error again, which is asked about; stopped, the run has failed."""
    case = await shared.rita.starts("booking", input="next week")
    await shared.amy.answers(await case.asks(), "Reject", reason="Never mind")
    card = await asked(case, text=FAILED, buttons=FAILURE, number=2)
    assert "Invalid isoformat string" in card.words()
    await shared.amy.answers(card, "Stop", reason="We meet elsewhere")
    assert "Invalid isoformat string" in await case.ends("Failed")
    assert (await shared.record(case)).status is RunStatus.FAILED


async def test_retry_with_another_wrong_input(shared: Office) -> None:
    """An input that fails as well ends in a card about the error; with an edited state the node runs once more."""
    case = await shared.rita.starts("booking", input="next week")
    await shared.amy.answers(await case.asks(), "Retry", **{"New input": "2027-03-06"})
    card = await asked(case, text=FAILED, buttons=FAILURE, number=2)
    assert "Saturday" in card.words()
    await shared.amy.answers(card, "Edit and retry", Day="2027-03-08")
    assert "The room is booked for Monday" in await case.ends()
