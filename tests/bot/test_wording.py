"""What people read is one clear sentence, and nothing in it is live but a person's name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot import wording
from engine import (
    AlreadyDecided,
    AlteredQuestion,
    AmbiguousRun,
    ApprovalStatus,
    EngineError,
    EventKind,
    Expired,
    InvalidInput,
    NotAllowed,
    RunStatus,
    SelfApproval,
    StaleQuestion,
    StoreError,
    UnknownApproval,
    UnknownOption,
    UnknownRun,
    UnknownWorkflow,
    Verdict,
    WorkflowView,
)
from engine.forms import form_from_schema
from tests.bot.hostile import strings
from tests.bot.runs import event

AT = datetime(2026, 11, 23, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            AlreadyDecided(verdict="approve", actor_id="U0AMY", decided_at=AT),
            "approved already, by <@U0AMY> on 23",
        ),
        (AlreadyDecided(verdict="edit", actor_id="U0AMY", decided_at=AT), "edited and approved already"),
        (StaleQuestion(), "newer card"),
        (SelfApproval(), "somebody else has to decide"),
        (NotAllowed(), "not among the people"),
        (NotAllowed("Guests may not decide."), "Guests may not decide."),
        (Expired(), "deadline"),
        (AlteredQuestion(), "is not what was asked"),
        (UnknownOption(), "cannot be answered so"),
        (UnknownApproval(), "not known here"),
        (UnknownWorkflow("expnse", ("expense", "deploy")), "You can start: deploy, expense."),
        (UnknownWorkflow("x", ()), "No workflow is set up here yet."),
        (UnknownRun(), "no such run"),
        (AmbiguousRun(), "more of them"),
        (InvalidInput({"amount": "Enter a whole number."}), "amount: Enter a whole number."),
        (StoreError(), "Nothing was recorded"),
        (EngineError("Something odd."), "Something odd."),
    ],
)
def test_every_error_says_what_happened(error: EngineError, words: str) -> None:
    """Each error of the engine has its sentence, in mrkdwn and, without mentions, in plain text."""
    assert words in wording.sentence(error)
    assert "<@" not in wording.plain_sentence(error)


def test_a_plain_sentence_names_who_decided() -> None:
    """Where no mention works the display name stands, and without one it still reads."""
    error = AlreadyDecided(verdict="reject", actor_id="U0AMY", decided_at=AT)
    assert "rejected already, by Amy Approver on 23 Nov 2026 at 12:01 UTC" in wording.plain_sentence(
        error, who="Amy Approver"
    )
    assert "by somebody else" in wording.plain_sentence(error)


@pytest.mark.parametrize("given", strings(), ids=lambda value: ascii(value)[:40])
def test_nothing_that_was_typed_is_live_in_an_answer(given: str) -> None:
    """A workflow name, a title, a field name or a person's id with markup in it stays literal."""
    said = [
        wording.sentence(UnknownWorkflow(given, (given,))),
        wording.sentence(InvalidInput({given: given})),
        wording.sentence(NotAllowed(given)),
        wording.sentence(AlreadyDecided(verdict=given, actor_id=f"U1> {given}", decided_at=AT)),
        wording.run_started(given, run_id="k7m2"),
    ]
    assert not any(set("<>\n") & set(each) for each in said)


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_event_has_a_line(kind: EventKind) -> None:
    """No kind of event is left without words, even with the least detail."""
    chosen: dict[str, Any] = {"verdict": "approve", "label": "Approve", "count": 1, "required": 2}
    detail = chosen if kind in (EventKind.DECIDED, EventKind.ENDORSED) else {}
    assert wording.event_line(event(1, kind, **detail), title="Pay", number=1).lead


@pytest.mark.parametrize(
    ("kind", "detail", "number", "words"),
    [
        (EventKind.ASKED, {"text": "Pay?"}, 1, "Asked: Pay?"),
        (EventKind.ASKED, {"text": "Pay?"}, 2, "Next question: Pay?"),
        (EventKind.ASKED_ANEW, {"text": "Pay?"}, 1, "Asked again, because the content changed: Pay?"),
        (EventKind.DECIDED, {"verdict": "reject", "label": "", "reason": "too\nbig"}, 1, "Rejected by Amy: too big"),
        (EventKind.DECIDED, {"verdict": "edit", "label": "Edit", "reason": ""}, 1, "Edited and approved by Amy"),
        (EventKind.DECIDED, {"verdict": "respond", "label": "Do\nit"}, 1, "Answered “Do it” by Amy"),
        (EventKind.DECIDED, {"verdict": "respond", "label": "Answer…"}, 1, "Answered by Amy"),
        (EventKind.DECIDED, {"verdict": "respond", "label": "Decide each…"}, 1, "Each call decided by Amy"),
        (EventKind.DECIDED, {"verdict": "reject", "label": "Ignore"}, 1, "Ignored by Amy"),
        (EventKind.DECIDED, {"verdict": "respond", "label": "Ignore"}, 1, "Answered “Ignore” by Amy"),
        (EventKind.WITHDRAWN, {"why": "Not asked any more."}, 1, "Question withdrawn: Not asked any more."),
        (EventKind.STOPPED, {"reason": "no"}, 1, "Stopped by Amy: no"),
        (EventKind.FINISHED, {"result": None}, None, "Finished"),
        (EventKind.FAILED, {"error": "ValueError: x"}, None, "Failed: ValueError: x"),
    ],
)  # fmt: skip
def test_a_line_says_what_happened(
    kind: EventKind, detail: dict[str, str], number: int | None, words: str
) -> None:
    """Lines read as people would say them, in one line each."""
    said = wording.event_line(event(1, kind, who="Amy", **detail), title="Pay", number=number)
    assert said.lead + said.rest == words


def test_each_workflow_that_can_be_started_has_a_line() -> None:
    """The list says what each is for, in alphabetical order, and nothing in it is live."""
    form = form_from_schema({})
    views = {
        "pay": WorkflowView("pay", "Payment", "Pay <@U1>\nnow", form, None),
        "mail": WorkflowView("mail", "Mail", "", form, None),
    }
    assert wording.startable(views).split("\n") == [
        "*You can start:*",
        "`mail`  Mail",
        "`pay`  Payment: Pay &lt;@U1&gt; now",
    ]
    assert wording.startable({}) == "No workflow is set up here yet."


def test_every_status_and_verdict_has_words() -> None:
    """No state of a run or question, and no verdict, is without a label."""
    assert set(wording.RUN_STATUS) == set(RunStatus)
    assert set(wording.APPROVAL_STATUS) == set(ApprovalStatus)
    assert set(wording.VERDICT) == set(Verdict)


def test_help_names_every_command_and_has_no_live_brackets() -> None:
    """The help lists start, list, show and help, with its placeholders escaped."""
    text = wording.help_text()
    assert all(f"/approvals {verb}" in text for verb in ("start", "list", "show", "help"))
    assert "&lt;workflow&gt;" in text
    assert "<" not in text
