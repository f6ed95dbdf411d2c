"""What became of a question: who decided it, when, how and why, what was changed, and whether the run has it."""

from __future__ import annotations

from bot import wording
from bot.blocks import Block, context, date, divider, line, quote, rich, text, user
from bot.cards.changes import changes
from bot.cards.endorsed import people
from bot.cards.outcome import outcome
from bot.cards.values import Row, Shape, fit
from bot.inert import visible
from engine import ApprovalStatus, ApprovalView, DecisionView, EventKind, RunView

EDIT_CHARS = 3_000
REASON_CHARS = 3_000


def decided(run: RunView, approval: ApprovalView) -> list[Block]:
    """Show what became of the question, and below the last one of the run; nothing while it is open."""
    if approval.status is ApprovalStatus.PENDING:
        return []
    state = wording.APPROVAL_STATUS[approval.status]
    decision = approval.decision
    is_last = run.ended_at is not None and approval.number == max(each.number for each in run.approvals)
    told = (
        [rich(line(text(state, "bold")))]
        if decision is None
        else [*_decision(decision), _state(run, approval, decision)]
    )
    return [*told, *([*outcome(run), divider()] if is_last else [])]


def _decision(decision: DecisionView) -> list[Block]:
    who = user(decision.actor_id, name=decision.actor_name)
    verdict = wording.verdict(decision.verdict, label=decision.label)
    others = [text(" and "), *people(decision.endorsers)] if decision.endorsers else []
    said = [line(text(verdict, "bold"), text(" by "), who, *others, text(", "), date(decision.decided_at))]
    cut_off = 0
    if decision.reason:
        reason = fit([Row("", visible(decision.reason), Shape.QUOTE)], max_chars=REASON_CHARS)
        said.append(quote(*(text(each.content) for each in reason.rows)))
        cut_off = reason.hidden
    edited, missing = changes(decision.before, decision.after, max_chars=EDIT_CHARS)
    unseen = missing + cut_off
    return [rich(*said), *edited, *([context(wording.hidden(unseen))] if unseen else [])]


def _state(run: RunView, approval: ApprovalView, decision: DecisionView) -> Block:
    """Say whether the run has the answer, which is named by its digest, and warn if it got another one."""
    state = wording.APPROVAL_STATUS[approval.status]
    if approval.status not in (ApprovalStatus.DECIDED, ApprovalStatus.RESUMED):
        return context(state)
    sent = (
        event.detail.get("answer_digest")
        for event in run.events
        if event.kind is EventKind.RESUMED and event.approval_id == approval.id
    )
    if (found := next(sent, None)) not in (None, decision.answer_digest):
        return rich(line(text(wording.other_answer(decision.answer_digest, sent=str(found)), "bold")))
    return context(f"{state} {wording.fingerprint(decision.answer_digest)}")
