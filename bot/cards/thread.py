"""Everything that a run shows in its channel, in order: the root message, a line per event, the cards, files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot import wording
from bot.blocks import MESSAGE_CHARS, Block, context, header, line, message_chars, rich, text, user
from bot.cards.card import card, is_complete, notification, superseded
from bot.cards.changes import changes
from bot.cards.outcome import in_short, outcome
from bot.cards.values import Fitted, fit, json_text, render, rows
from bot.inert import cut, escape, one_line, visible
from engine import Anchor, ApprovalStatus, ApprovalView, Event, EventKind, ProgressView, RunView

ROOT: Final = "root"
INPUT_CHARS: Final = 2_500
LINE_CHARS: Final = 2_000
NOTICE_CHARS: Final = 400
SPARE_CHARS: Final = 400
PROGRESS_LINE_CHARS: Final = 300
PROGRESS_CHARS: Final = 2_000
"""For what a run does now: six lines at most, with what is around them."""
STEPS: Final = (EventKind.STARTED, EventKind.DECIDED)
"""What sets a run going until its next rest."""


@dataclass(frozen=True)
class Message:
    """A message that shall be there. `text` is mrkdwn for notifications; only what `changes` is ever updated.

    `anchor` goes with it unseen: the audit entry of the decision that a card shows.
    """

    key: str
    text: str
    blocks: tuple[Block, ...]
    changes: bool = False
    is_broadcast: bool = False
    approval_id: str | None = None
    anchor: Anchor | None = None

    @property
    def digest(self) -> str:
        """Name what the message shows, as 64 hex digits."""
        shown = json.dumps([self.text, self.blocks], sort_keys=True)
        return hashlib.sha256(shown.encode()).hexdigest()


@dataclass(frozen=True)
class Upload:
    """A file that shall be in the thread: what a message above it could not hold."""

    key: str
    filename: str
    title: str
    content: str


def postings(run: RunView) -> tuple[Message | Upload, ...]:
    """Return all that a run shows, oldest first: the root, then the thread.

    The key of the root is "root", of an event's line "line:<seq>", of a card "card:<approval id>" (a later
    revision: "card:<approval id>:<revision>"), of files "file:<approval id>:<revision>" and "file:<seq>".
    Keys never change their meaning. The root and the cards change what they show; so do the lines of a start and
    of a decision, below which stands what the run does until its next rest.
    """
    return (root(run), *_thread(run))


def progress_line(run: RunView) -> Message | None:
    """Return the line of the thread that shows what the run does now; None: it rests, or has only just begun."""
    event = _latest_step(run) if run.progress is not None else None
    return (
        next((made for made in _line(run, event, None) if isinstance(made, Message)), None) if event else None
    )


def _latest_step(run: RunView) -> Event | None:
    """Return what set the run going last."""
    return next((event for event in reversed(run.events) if event.kind in STEPS), None)


def card_key(approval_id: str, *, revision: int) -> str:
    """Name the posting that shows this revision of a question; revisions count from 1."""
    return f"card:{approval_id}" if revision == 1 else f"card:{approval_id}:{revision}"


def root(run: RunView) -> Message:
    """Return the message that stands for the run in its channel: who asked for what, and how it goes."""
    status = wording.RUN_STATUS[run.status]
    blocks = [
        header(run.title or run.workflow),
        rich(line(text("Requested by ", "bold"), user(run.requested_by, name=run.requested_by_name))),
        *in_short(rows(run.input) if run.input else (), max_chars=INPUT_CHARS),
        *outcome(run),
        context(f"Run {run.id} · Thread {cut(run.thread_id, max_chars=200)}"),
    ]
    notice = f"{_outside(run.title, 150)}, requested by {_outside(run.requested_by_name, 80)}: {status}"
    return Message(key=ROOT, text=notice, blocks=tuple(blocks), changes=True)


def _thread(run: RunView) -> Iterator[Message | Upload]:
    approvals = {approval.id: approval for approval in run.approvals}
    for event in run.events:
        if event.kind is EventKind.REFUSED:
            continue
        approval = approvals.get(event.approval_id or "")
        yield from _line(run, event, approval)
        if approval is not None and event.kind in (EventKind.ASKED, EventKind.ASKED_ANEW):
            yield from _card(run, event, approval)


def _card(run: RunView, event: Event, approval: ApprovalView) -> Iterator[Message | Upload]:
    revision = event.detail.get("revision", approval.revision)
    key = card_key(approval.id, revision=revision)
    if revision != approval.revision:
        notice = f"{wording.SUPERSEDED} {_outside(str(event.detail.get('text', '')), NOTICE_CHARS)}"
        yield Message(key=key, text=notice, blocks=tuple(superseded(run, event)), changes=True)
        return
    blocks = card(run, approval)
    yield Message(
        key=key,
        text=notification(run, approval),
        blocks=tuple(blocks),
        changes=True,
        is_broadcast=approval.status is ApprovalStatus.PENDING,
        approval_id=approval.id,
        anchor=_anchor(run, approval),
    )
    if approval.status is ApprovalStatus.PENDING and not is_complete(blocks):
        yield Upload(
            key=f"file:{approval.id}:{revision}",
            filename=f"question-{approval.number}-{approval.id[:8]}-{revision}.json",
            title=f"Question {approval.number} in full",
            content=json_text(approval.question.shown),
        )


def _anchor(run: RunView, approval: ApprovalView) -> Anchor | None:
    """Return the anchor of the decision on a question; None: it is open."""
    if approval.decision is None:
        return None
    made = (each for each in reversed(run.events) if each.kind is EventKind.DECIDED)
    return next((Anchor(each.seq, each.seal) for each in made if each.approval_id == approval.id), None)


def _line(run: RunView, event: Event, approval: ApprovalView | None) -> Iterator[Message | Upload]:
    said = wording.event_line(
        event, title=run.title or run.workflow, number=approval.number if approval else None
    )
    rest = cut(said.rest, max_chars=LINE_CHARS)
    first = line(text(said.lead, "bold"), *([text(rest)] if rest else []))
    blocks = [rich(first)]
    spare = SPARE_CHARS + (PROGRESS_CHARS if event.kind in STEPS else 0)
    more, hidden = _beneath(event, max_chars=MESSAGE_CHARS - spare - message_chars(blocks))
    below = [context(wording.hidden(hidden))] if hidden else []
    witness = [context(_witnessed(event))] if event.kind is EventKind.DECIDED else []
    doing = _progress(run.progress) if run.progress is not None and event is _latest_step(run) else []
    notice = _outside(said.lead + said.rest, NOTICE_CHARS)
    yield Message(
        key=f"line:{event.seq}",
        text=notice,
        blocks=(*blocks, *more, *below, *witness, *doing),
        changes=event.kind in STEPS,
    )
    if hidden or rest != said.rest:
        yield Upload(
            key=f"file:{event.seq}",
            filename=f"{event.kind.value}-{run.id}-{event.seq}.json",
            title=f"{said.lead}: in full",
            content=json_text(dict(event.detail)),
        )


def _witnessed(event: Event) -> str:
    """Name an audit entry by its number and the beginning of its seal, as `assent verify --anchor` takes them."""
    return f"Audit anchor {wording.anchor(event.seq, event.seal)}"


def _progress(progress: ProgressView) -> list[Block]:
    """Show what a run does now, as plain text."""
    nodes = _plain(", ".join(progress.nodes))
    running = [line(text(wording.RUNNING, "bold"), text(nodes))] if nodes else []
    lines = [line(text(said)) for each in progress.lines if (said := _plain(each))]
    return [rich(*running, *lines)] if running or lines else []


def _plain(content: str) -> str:
    return cut(visible(one_line(content)), max_chars=PROGRESS_LINE_CHARS)


def _beneath(event: Event, *, max_chars: int) -> tuple[list[Block], int]:
    """Show what an event brought and does not fit a line, with how many characters did not fit at all."""
    detail: Mapping[str, Any] = event.detail
    fitted = Fitted(rows=(), hidden=0)
    if event.kind in (EventKind.DECIDED, EventKind.ENDORSED):
        return changes(detail.get("before") or {}, detail.get("after") or {}, max_chars=max_chars)
    if event.kind is EventKind.STARTED and detail.get("input"):
        everything = rows(detail["input"])
        if fit(everything, max_chars=INPUT_CHARS).hidden:  # the root message could not show it all
            fitted = fit(everything, max_chars=max_chars)
    if event.kind is EventKind.FINISHED and detail.get("result") is not None:
        fitted = fit(rows(detail["result"]), max_chars=max_chars)
    return render(fitted.rows), fitted.hidden


def _outside(content: str, max_chars: int) -> str:
    return escape(one_line(cut(content, max_chars=max_chars)))
