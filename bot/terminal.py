"""What the terminal shows: one readable line per event, and the log's few other lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bot.cards import changes_text
from bot.inert import one_line
from bot.masking import masked
from bot.wording import RUN_STATUS, event_line, moment, verdict
from engine import ApprovalView, Event, EventKind, RunStatus, RunView, Verdict

LOG = logging.getLogger("assent")

_ACTIONS: Final = {
    EventKind.STARTED: "run started",
    EventKind.ASKED: "asked",
    EventKind.ASKED_ANEW: "asked anew",
    EventKind.ENDORSED: "endorsed",
    EventKind.DECIDED: "decided",
    EventKind.RESUMED: "resumed",
    EventKind.RESENT: "sent again",
    EventKind.REFUSED: "refused",
    EventKind.WITHDRAWN: "withdrawn",
    EventKind.RESTARTED: "step restarted",
    EventKind.DROPPED: "answers dropped",
    EventKind.EXPIRED: "expired",
    EventKind.STOPPED: "stopped",
    EventKind.FINISHED: "finished",
    EventKind.FAILED: "failed",
}


def log_event(event: Event) -> None:
    """Log one event: what happened, to which run, by whom. Never a value, a reason, a result or an error."""
    ids = {"run_id": event.run_id, "approval_id": event.approval_id}
    action, detail = _ACTIONS[event.kind], _detail(event)
    LOG.info("Run %s: %s %s", event.run_id, action, detail, extra={"action": action, "detail": detail, **ids})


def listed(run: RunView, approval: ApprovalView) -> str:
    """Make the line of one question that waits: its run, workflow, what is asked, since when and for whom."""
    asked = f"asked {moment(approval.asked_at)} for {run.requested_by_name}"
    return "  ".join(one_line(each) for each in (run.id, run.workflow, approval.question.text, f"({asked})"))


def shown(run: RunView) -> Iterator[str]:
    """Tell one run: what it is, how it stands, and a line per event."""
    yield one_line(f"Run {run.id} of {run.title}, requested by {run.requested_by_name}")
    yield one_line(f"{RUN_STATUS[run.status]}{f': {run.error}' if run.error else ''}")
    yield one_line(f"Thread {run.thread_id}, input {json.dumps(run.input)}")
    numbers = {approval.id: approval.number for approval in run.approvals}
    for event in run.events:
        said = event_line(event, title=run.title, number=numbers.get(event.approval_id or ""))
        yield one_line(f"{moment(event.at)}  {said.lead}{said.rest}")
        yield from (f"    {each}" for each in _beneath(event))
    if run.status is RunStatus.FINISHED:
        yield one_line(f"Result: {json.dumps(run.result)}")


def _beneath(event: Event) -> Iterator[str]:
    """Tell what a decision changed or brought, and the digest of what the run gets or got."""
    detail = event.detail
    yield from changes_text(detail.get("before") or {}, detail.get("after") or {})
    if "answer_digest" in detail:
        yield f"answer {detail['answer_digest']}"


@contextmanager
def log_shown() -> Iterator[None]:
    """Send the log to standard error for a while, in lines for people; other libraries' only from WARNING on.

    aiosqlite logs parameters of statements below that.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    root = logging.getLogger()
    before = root.level, LOG.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        LOG.setLevel(before[1])


class Lines(logging.Formatter):
    """Formats `12:04:31  run started   k7m2p9qx4d3a  by Rita Requester`, in local time."""

    def format(self, record: logging.LogRecord) -> str:
        """Make one line of a record. What looks like a secret is masked, whoever logs it.

        A traceback is left out, since it may quote what somebody typed.
        """
        action = getattr(record, "action", None)
        about = " ".join(filter(None, (getattr(record, name, None) for name in ("workflow", "run_id"))))
        is_event = action is not None and record.levelno == logging.INFO
        said = getattr(record, "detail", "") if is_event else record.getMessage()
        parts = (
            self.formatTime(record, "%H:%M:%S"),
            f"{action or record.levelname.lower():<12}",
            about,
            one_line(said),
        )
        return masked("  ".join(part for part in parts if part).rstrip())


def _detail(event: Event) -> str:
    who = f"by {event.actor_name}" if event.actor_name else ""
    match event.kind:
        case EventKind.STARTED:
            return f"{event.detail.get('workflow', '')} {who}"
        case EventKind.DECIDED | EventKind.ENDORSED:
            told = verdict(Verdict(event.detail["verdict"]), label=event.detail["label"])
            return f"{told[:1].lower()}{told[1:]} {who}"
        case EventKind.REFUSED:
            return f"{event.detail.get('code', '')} {who}"
        case _:
            return who
