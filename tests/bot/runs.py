"""Runs, questions and events as the desk would tell them, for tests of what people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine import (
    ApprovalStatus,
    ApprovalView,
    DecisionView,
    Event,
    EventKind,
    Form,
    Option,
    Policy,
    Question,
    ReasonWanted,
    RunStatus,
    RunView,
    Verdict,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
APPROVAL_ID = "9f" * 16
DIGEST = "c0ffee" + "0" * 58
ANSWER_DIGEST = "ab12" * 16
APPROVE = Option("approve", "Approve", Verdict.APPROVE)
REJECT = Option("reject", "Reject", Verdict.REJECT, reason=ReasonWanted.REQUIRED)
PAYLOAD = {"amount": 12500, "purpose": "Team offsite", "receipt": True}


def approval(
    shown: Any = PAYLOAD,
    *,
    text: str = "Manager approval",
    form: Form | None = None,
    options: tuple[Option, ...] = (),
    **more: Any,
) -> ApprovalView:
    """Make a pending question that asks `shown`: to approve, reject or, with a form, edit, and with `options`."""
    edit = (Option("edit", "Edit", Verdict.EDIT, form=form),) if form else ()
    return replace(
        ApprovalView(
            id=APPROVAL_ID,
            run_id="k7m2p9qx4d3a",
            node="ask",
            number=1,
            revision=1,
            digest=DIGEST,
            status=ApprovalStatus.PENDING,
            question=Question(
                dialect="plain", text=text, shown=shown, options=(APPROVE, REJECT, *edit, *options)
            ),
            policy=Policy(users=frozenset({"U0AMY"}), groups=frozenset({"S0APPROVERS"})),
            asked_at=NOON,
            expires_at=None,
            decision=None,
        ),
        **more,
    )


def decided(given: ApprovalView, verdict: Verdict = Verdict.APPROVE, **more: Any) -> ApprovalView:
    """Decide a question, by Amy one minute after noon."""
    decision = replace(
        DecisionView(
            verdict=verdict,
            option=verdict.value,
            label=verdict.value.capitalize(),
            actor_id="U0AMY",
            actor_name="Amy Approver",
            reason="",
            before={},
            after={},
            decided_at=NOON + timedelta(minutes=1),
            answer_digest=ANSWER_DIGEST,
        ),
        **more,
    )
    return replace(given, status=ApprovalStatus.RESUMED, decision=decision)


def event(
    seq: int, kind: EventKind, *, approval_id: str | None = None, who: str | None = None, **detail: Any
) -> Event:
    """Make the audit entry with this number."""
    return Event(
        seq=seq,
        run_id="k7m2p9qx4d3a",
        approval_id=approval_id,
        kind=kind,
        at=NOON + timedelta(seconds=seq),
        actor_id="U0RITA" if who else None,
        actor_name=who,
        detail=detail,
        seal=f"{seq:064x}",
    )


def asked(seq: int, given: ApprovalView, *, kind: EventKind = EventKind.ASKED) -> Event:
    """Make the entry of a question being asked."""
    return event(
        seq,
        kind,
        approval_id=given.id,
        text=given.question.text,
        digest=given.digest,
        revision=given.revision,
    )


def run(*approvals: ApprovalView, events: tuple[Event, ...] = (), **more: Any) -> RunView:
    """Make a run of the expense workflow that waits; `events` follow the first one, "started"."""
    values: Mapping[str, Any] = more.get("input", {"amount": 12500, "purpose": "Team offsite"})
    started = event(1, EventKind.STARTED, who="Rita Requester", input=dict(values))
    return replace(
        RunView(
            id="k7m2p9qx4d3a",
            thread_id="8a6e0804-2bd0-4672-b79d-d97027f9071a",
            workflow="expense",
            title="Expense",
            channel="#approvals",
            requested_by="U0RITA",
            requested_by_name="Rita Requester",
            input=values,
            status=RunStatus.WAITING,
            result=None,
            error=None,
            started_at=NOON,
            ended_at=None,
            revision=2,
            approvals=approvals,
            events=(started, *events),
        ),
        **more,
    )
