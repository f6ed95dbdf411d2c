"""The way of a click inside one transaction: who may, is it still that question, and then it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from engine import approvals, runs
from engine.database import Transaction
from engine.decisions import Actor, Answer, Choice, Json, Seen, Verdict
from engine.errors import (
    AlreadyDecided,
    Expired,
    InvalidInput,
    NotEditable,
    Refused,
    StaleQuestion,
    UnknownApproval,
)
from engine.forms import read_form
from engine.ledger import Transition
from engine.pictures import Asked, Pictures, decision_view
from engine.policy import refusal
from engine.questions import Question, answer
from engine.views import ApprovalStatus, ApprovalView, EventKind
from engine.wakeups import Kind

NOTHING_CHANGED = "Nothing was changed here. Use Approve instead, or change something."

TOLD: Final = ("verdict", "reason", "before", "after", "digest", "revision")
"""What of a decision stands in the audit trail."""


class Deciding:
    """Examines and decides one question within a transaction."""

    def __init__(self, tx: Transaction, pictures: Pictures, *, now: datetime) -> None:
        self._tx = tx
        self._pictures = pictures
        self._now = now

    async def examine(self, seen: Seen, *, actor: Actor, verdict: Verdict) -> ApprovalView:
        """Return the question if `actor` could decide it so now.

        Raises: a child of Refused.
        """
        asked = await self._asked(seen)
        await self._raise_if_settled(seen)
        _raise_if_not_allowed(asked, actor=actor, verdict=verdict)
        return asked.view

    async def decide(
        self, transition: Transition, seen: Seen, *, actor: Actor, choice: Choice, request_key: str | None
    ) -> ApprovalView:
        """Decide the question and return it. After an exception the transaction has to be rolled back.

        Raises: a child of Refused; InvalidInput for the entries of an edit.
        """
        asked = await self._asked(seen)
        transition.run_id = asked.view.run_id
        try:
            _raise_if_not_allowed(asked, actor=actor, verdict=choice.verdict)
            edits = _edits(asked.view.question, choice)
        except (Refused, InvalidInput):
            await self._raise_if_settled(seen)  # what is over is said first
            raise
        await transition.show(asked.view.run_id)  # locks the run, as everybody does before its questions
        if not await approvals.decide(self._tx, seen, now=self._now):
            await self._raise_if_settled(seen)
            raise StaleQuestion
        decided = self._decision(asked, actor=actor, choice=choice, edits=edits)
        await approvals.record(self._tx, {**decided, "request_key": request_key})
        told = {name: decided[name] for name in TOLD}
        transition.note(EventKind.DECIDED, approval_id=seen.approval_id, actor=actor, **told)
        await transition.wake(Kind.RUN, asked.view.run_id)
        return replace(asked.view, status=ApprovalStatus.DECIDED, decision=decision_view(decided))

    async def _asked(self, seen: Seen) -> Asked:
        known = self._pictures.known(seen)
        if known is not None:
            return known
        row = await approvals.by_id(self._tx, seen.approval_id)
        if row is None:
            raise UnknownApproval
        if (row.revision, row.digest) != (seen.revision, seen.digest):
            await self._raise_if_settled(seen)
        return self._pictures.asked(row, await runs.by_id(self._tx, row.run_id))

    async def _raise_if_settled(self, seen: Seen) -> None:
        """Raise unless this is still the pending question that the person saw."""
        row = await approvals.by_id(self._tx, seen.approval_id)
        if row is None:
            raise UnknownApproval
        is_late = row.expires_at is not None and row.expires_at <= self._now
        is_pending = row.status == ApprovalStatus.PENDING.value
        if is_pending and not is_late and (row.revision, row.digest) == (seen.revision, seen.digest):
            return  # a decision on this revision would have ended "pending" in its own transaction
        decided = await approvals.decision(self._tx, row.id, revision=seen.revision)
        if decided is not None:
            raise AlreadyDecided(
                verdict=decided.verdict, actor_id=decided.actor_id, decided_at=decided.decided_at
            )
        if row.status == ApprovalStatus.EXPIRED.value or (is_pending and is_late):
            raise Expired
        raise StaleQuestion

    def _decision(
        self, asked: Asked, *, actor: Actor, choice: Choice, edits: Mapping[str, Json]
    ) -> dict[str, Json]:
        view, policy = asked.view, asked.view.policy
        given = _answer(asked, choice=choice, edits=edits)
        return {
            "approval_id": view.id,
            "revision": view.revision,
            "digest": view.digest,
            "verdict": choice.verdict.value,
            "reason": choice.reason,
            "before": {name: _initial(view.question, name) for name in edits},
            "after": dict(edits),
            "actor_id": actor.id,
            "actor_name": actor.name,
            "resume": given.resume,
            "state_update": dict(given.update) if given.update else None,
            "policy": {"users": sorted(policy.users), "groups": sorted(policy.groups)},
            "decided_at": self._now,
        }


async def is_repeat(tx: Transaction, seen: Seen, *, actor: Actor, request_key: str) -> bool:
    """Say whether this very click decided the question: the same person and key, delivered again."""
    decided = await approvals.decision(tx, seen.approval_id, revision=seen.revision)
    return decided is not None and (decided.request_key, decided.actor_id, decided.digest) == (
        request_key,
        actor.id,
        seen.digest,
    )


def _raise_if_not_allowed(asked: Asked, *, actor: Actor, verdict: Verdict) -> None:
    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):
        raise refused
    if verdict is Verdict.EDIT and asked.view.question.form is None:
        raise NotEditable


def _answer(asked: Asked, *, choice: Choice, edits: Mapping[str, Json]) -> Answer:
    if asked.pause != "dynamic" and choice.verdict is Verdict.REJECT:
        return Answer(resume=None)  # the run ends; the graph gets no answer at all
    return answer(
        asked.view.question,
        verdict=choice.verdict,
        reason=choice.reason,
        edits=edits,
        mapping=asked.mapping,
    )


def _edits(question: Question, choice: Choice) -> dict[str, Json]:
    """Return what an edit changed, by field name; empty for the other verdicts. Raises: InvalidInput."""
    if choice.verdict is not Verdict.EDIT or question.form is None:
        return {}
    values = read_form(question.form, choice.entries)
    edits = {name: value for name, value in values.items() if value != _initial(question, name)}
    if not edits:
        raise InvalidInput({question.form.fields[0].name: NOTHING_CHANGED})
    return edits


def _initial(question: Question, name: str) -> Json:
    fields = question.form.fields if question.form else ()
    return next((field.initial for field in fields if field.name == name), None)
