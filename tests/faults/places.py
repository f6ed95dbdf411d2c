"""Every place where a text of a graph or a person can turn up, drawn by the product's own functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bot import cards, wording
from bot.notices import notice
from engine import (
    AlreadyDecided,
    ApprovalView,
    Earlier,
    Endorsement,
    EngineError,
    EventKind,
    InvalidInput,
    NotAllowed,
    Policy,
    ProgressView,
    Question,
    RunStatus,
    RunView,
    UnknownWorkflow,
    Verdict,
    WorkflowView,
)
from engine.forms import form_from_schema, form_from_values
from engine.questions import read_question, read_static
from engine.questions.failure import read_failure
from tests.bot.runs import NOON, approval, asked, decided, event, run

WORDS: Final = "Is this right?"


@dataclass(frozen=True)
class Shown:
    """One thing that Slack gets: a message, a view, or a line of mrkdwn alone (no blocks)."""

    kind: str
    text: str
    blocks: tuple[dict[str, Any], ...]
    view: dict[str, Any] | None = None


def questions(text: str) -> Iterator[tuple[str, Question]]:
    """A text at each place of a question, by every dialect that a graph can ask in."""
    call = {"name": "send", "args": {"to": "ben"}, "description": "d"}
    allowed = {"action_name": "send", "allowed_decisions": ["approve", "edit", "reject"]}
    inbox = {
        "action_request": {"action": "send", "args": {"to": "ben"}},
        "config": dict.fromkeys(("allow_ignore", "allow_respond", "allow_edit", "allow_accept"), True),
        "description": "d",
    }
    schema = {"type": "object", "properties": {text: {"type": "string", "title": text, "description": text}}}
    asked_so: Mapping[str, Any] = {
        "a bare text": text,
        "the question": {"question": text, "amount": 1},
        "a value": {"question": WORDS, "note": text},
        "a key": {"question": WORDS, text: 1},
        "a nested value": {"question": WORDS, "a": [{"b": {"c": [text, {"d": text}]}}]},
        "a nested key": {"question": WORDS, "a": [{text: {text: [1]}}]},
        "an item": [1, text, [text]],
        "the options": {"question": WORDS, "options": ["approve", "reject", text]},
        "the instruction": {"instruction": text, "content": text},
        "the level": {"level": text, "amount": 1},
        "a call's name": {
            "action_requests": [{**call, "name": text}],
            "review_configs": [{**allowed, "action_name": text}],
        },
        "a call's argument": {
            "action_requests": [{**call, "args": {"to": text}}, call],
            "review_configs": [allowed, allowed],
        },
        "a call's description": {
            "action_requests": [{**call, "description": text}],
            "review_configs": [allowed],
        },
        "an inbox action": [{**inbox, "action_request": {"action": text, "args": {"to": text}}}],
        "an inbox description": [{**inbox, "description": text}],
    }
    for place, value in asked_so.items():
        yield place, read_question(value, state={}, state_schema={})
    yield "an edited state", read_question({"note": text}, state={"note": text}, state_schema={})
    yield "the schema", read_question({"question": WORDS}, state={}, state_schema={}, schema=schema)
    yield "a breakpoint", read_static((text,), when="before", state={text: text}, state_schema={})
    errors = {"errors": [{"node": text, "error": text}], "answered": True}
    yield "an error", read_failure(errors, state={"note": text}, state_schema={})


def stories(text: str) -> Iterator[tuple[str, RunView]]:
    """A text at each place of a run beside its question: who, why, what came of it."""
    given = approval({"question": WORDS, "amount": 1}, text=WORDS)
    turned_down = decided(given, Verdict.REJECT, reason=text, label=text, option=text, actor_name=text)
    edited = decided(
        given, Verdict.EDIT, label="Edit", before={text: text, "x": "old"}, after={text: 1, "x": text}
    )
    for place, each in (("a reason", turned_down), ("an edit", edited)):
        decision = each.decision
        told = {name: getattr(decision, name) for name in ("verdict", "label", "reason", "before", "after")}
        entry = event(3, EventKind.DECIDED, approval_id=each.id, who=text, **told)
        yield place, run(each, events=(asked(2, each), entry))
        again = replace(given, id="ab" * 16, number=2, round=2)
        earlier = Earlier(each.id, 1, replace(given.question, shown={text: text}), decision)  # type: ignore[arg-type]
        yield f"{place} of the round before", run(replace(again, previous=earlier, repeats=earlier))
    for kind, detail in (
        (EventKind.WITHDRAWN, {"why": text}),
        (EventKind.DROPPED, {"count": 2, "why": text}),
        (EventKind.STOPPED, {"reason": text}),
        (EventKind.FAILED, {"error": text}),
        (EventKind.FINISHED, {"result": {text: text}}),
    ):
        entry = event(3, kind, approval_id=given.id, who=text, **detail)
        yield f"an entry that it was {kind.value}", run(given, events=(asked(2, given), entry))
    endorsed = Endorsement(
        Verdict.EDIT,
        "edit",
        text,
        "U0AMY",
        text,
        text,
        {text: text},
        {text: 1, "x": text},
        NOON,
        "ab" * 32,
        2,
    )
    told = {
        "verdict": "edit",
        "label": text,
        "reason": text,
        "after": {text: text},
        "count": 1,
        "required": 2,
    }
    entry = event(3, EventKind.ENDORSED, approval_id=given.id, who=text, **told)
    yield (
        "an approval of several",
        run(replace(given, endorsements=(endorsed,)), events=(asked(2, given), entry)),
    )
    names = {
        "title": text,
        "workflow": text,
        "requested_by": text,
        "requested_by_name": text,
        "thread_id": text,
    }
    yield "the names", run(given, events=(asked(2, given),), **names)
    policy = Policy(users=frozenset({text}), groups=frozenset({text}))
    yield "the approvers", run(replace(given, policy=policy))
    yield "the input", run(given, input={text: text, "a": [text]})
    yield "the result", run(decided(given), status=RunStatus.FINISHED, result={text: text}, ended_at=NOON)
    yield "the error", run(decided(given), status=RunStatus.FAILED, error=text, ended_at=NOON)
    doing = ProgressView(nodes=(text,), lines=(text, text))
    yield "the progress", run(given, progress=doing, status=RunStatus.RUNNING)


def forms(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A text at each place of the form that starts a workflow."""
    properties = {
        "a": {"type": "string", "title": text, "description": text, "default": text},
        "b": {"enum": [text, "other"], "title": "Choice"},
        text: {"type": "integer"},
    }
    form = form_from_schema({"type": "object", "properties": properties})
    workflow = WorkflowView("w", text, text, form, "#approvals", problem=text)
    yield "a start form", cards.start_view(workflow, channel="C0APPROVALS")
    yield (
        "a form of values",
        cards.edit_view(approval({text: text}, text=WORDS, form=form_from_values({"x": text, "y": [text]}))),
    )
    yield "a notice", notice(text[:3_000])


def sentences(text: str) -> Iterator[tuple[str, str]]:
    """A text in each sentence of mrkdwn that only one person sees."""
    errors: tuple[EngineError, ...] = (
        UnknownWorkflow(text, (text,)),
        InvalidInput({text: f"Not {text}"}),
        NotAllowed(f"Not allowed: {text}"),
        AlreadyDecided(verdict=text, actor_id=text, decided_at=NOON),
        EngineError(f"Failed: {text}"),
    )
    for error in errors:
        yield type(error).__name__, wording.sentence(error)
    yield "the start of a run", wording.run_started(text, run_id=text)
    form = form_from_schema({"type": "object", "properties": {}})
    listed = wording.startable({text or WORDS: WorkflowView(text, text, text, form, None)})
    yield "the list of workflows", re.sub(r"^`([^`]*)`", r"\1", listed.removeprefix("*You can start:*\n"))


def drawn_question(given: ApprovalView) -> Iterator[Shown]:
    """All that is ever drawn of a question: its card open and closed, its thread, lists and forms."""
    for each in (given, decided(given, label="Approve")):
        yield from drawn_run(run(each, events=(asked(2, each),)))
    views = [cards.review_view(given), cards.reject_view(given), cards.edit_view(given)]
    for option in given.question.options:
        views += [cards.choose_view(given, option=option)]
        views += [view for view in [cards.choose_in_full(given, option=option)] if view is not None]
    for view in views:
        yield _view(view, "modal")


def drawn_run(told: RunView) -> Iterator[Shown]:
    """All that is drawn of a run: messages, the home, the answers to commands."""
    for each in cards.postings(told):
        if isinstance(each, cards.Message):
            yield Shown("message", each.text, each.blocks)
    if (line := cards.progress_line(told)) is not None:
        yield Shown("message", line.text, line.blocks)
    waiting = [(told, each, "https://slack.example/p1") for each in told.approvals]
    yield Shown("message", "", tuple(cards.waiting_blocks(waiting)))
    yield Shown("message", "", tuple(cards.show_blocks(told)))
    yield _view(cards.home_view(waiting, [told]), "home")


def drawn(text: str) -> Iterator[tuple[str, Shown]]:
    """Everything, with the name of the place where the text stands."""
    for place, question in questions(text):
        for shown in drawn_question(of(question)):
            yield place, shown
    for place, told in stories(text):
        for shown in drawn_run(told):
            yield place, shown
    for place, view in forms(text):
        yield place, _view(view, "modal")
    for place, said in sentences(text):
        yield place, Shown("sentence", said, ())


def of(question: Question) -> ApprovalView:
    """Make the approval of a question."""
    return approval(question.shown, question=question)


def _view(view: dict[str, Any], kind: str) -> Shown:
    return Shown(kind, "", tuple(view["blocks"]), view=view)
