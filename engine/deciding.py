"""The way of a click inside one transaction: who may, is it still that question, and then it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row

from engine import approvals, runs
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
from engine.forms import changed_fields, read_form
from engine.ledger import Transition
from engine.pictures import Pictures, decision_view
from engine.policy import refusal
from engine.questions import Question, answer
from engine.views import ApprovalStatus, ApprovalView, EventKind
from engine.wakeups import Kind

NOTHING_CHANGED = "Nothing was changed here. Use Approve instead, or change something."


class Deciding:
    """Examines and decides one question within a transition."""

    def __init__(self, transition: Transition, pictures: Pictures) -> None:
        self._transition = transition
        self._tx = transition.tx
        self._pictures = pictures

    async def examine(self, seen: Seen, *, actor: Actor, verdict: Verdict) -> tuple[Row[Any], Row[Any]]:
        """Return the question and its run if `actor` could decide it so now.

        Raises: a child of Refused.
        """
        row = await approvals.by_id(self._tx, seen.approval_id)
        if row is None:
            raise UnknownApproval
        self._transition.run_id = row.run_id
        run = await runs.by_id(self._tx, row.run_id, locks=True)
        await self._raise_if_settled(row, seen)
        policy = self._pictures.policy(row, run)
        if refused := refusal(policy, actor=actor, requested_by=run.requested_by):
            raise refused
        if verdict is Verdict.EDIT and self._pictures.question(row, run).form is None:
            raise NotEditable
        return row, run

    async def decide(self, seen: Seen, *, actor: Actor, choice: Choice) -> ApprovalView:
        """Decide the question and return it; the same decision again by the same actor changes nothing.

        Raises: a child of Refused; InvalidInput for the entries of an edit.
        """
        try:
            return await self._decide(seen, actor=actor, choice=choice)
        except AlreadyDecided:
            if not await self._is_repeat(seen, actor=actor, choice=choice):
                raise
            return await self._pictures.approval_by_id(self._tx, seen.approval_id)

    async def _decide(self, seen: Seen, *, actor: Actor, choice: Choice) -> ApprovalView:
        row, run = await self.examine(seen, actor=actor, verdict=choice.verdict)
        question = self._pictures.question(row, run)
        edit = _edit(question, choice)
        given = self._answer(row, run, question, choice=choice, edits=edit.values)
        if not await approvals.decide(self._tx, seen, now=self._transition.now):
            await self._raise_if_settled(await approvals.by_id(self._tx, row.id) or row, seen)
            raise StaleQuestion
        told = {
            "verdict": choice.verdict.value,
            "reason": choice.reason,
            "before": edit.before,
            "after": edit.after,
            "digest": row.digest,
            "revision": row.revision,
        }
        decided = {**told, **self._decision(row, run, actor=actor, given=given)}
        await approvals.record(self._tx, decided)
        self._transition.note(EventKind.DECIDED, approval_id=row.id, actor=actor, **told)
        await self._transition.show(run.id)
        await self._transition.wake(Kind.RUN, run.id)
        asked = self._pictures.approval(row, run, decision=None)
        return replace(asked, status=ApprovalStatus.DECIDED, decision=decision_view(decided))

    async def _raise_if_settled(self, row: Row[Any], seen: Seen) -> None:
        """Raise unless this is still the pending question that the person saw."""
        is_late = row.expires_at is not None and row.expires_at <= self._transition.now
        now_asked = (row.status, row.revision, row.digest)
        is_as_seen = now_asked == (ApprovalStatus.PENDING.value, seen.revision, seen.digest)
        if is_as_seen and not is_late:
            return  # a decision on this revision would have ended "pending" in its own transaction
        decided = await approvals.decision(self._tx, row.id, revision=seen.revision)
        if decided is not None:
            raise AlreadyDecided(
                verdict=decided.verdict, actor_id=decided.actor_id, decided_at=decided.decided_at
            )
        if row.status == ApprovalStatus.EXPIRED.value or (
            row.status == ApprovalStatus.PENDING.value and is_late
        ):
            raise Expired
        raise StaleQuestion

    async def _is_repeat(self, seen: Seen, *, actor: Actor, choice: Choice) -> bool:
        decided = await approvals.decision(self._tx, seen.approval_id, revision=seen.revision)
        row = await approvals.by_id(self._tx, seen.approval_id)
        if decided is None or row is None or decided.digest != seen.digest:
            return False
        if (decided.actor_id, decided.verdict, decided.reason) != (
            actor.id,
            choice.verdict.value,
            choice.reason,
        ):
            return False
        run = await runs.by_id(self._tx, row.run_id)
        try:
            return bool(decided.after == _edit(self._pictures.question(row, run), choice).after)
        except InvalidInput:
            return False

    def _answer(
        self,
        row: Row[Any],
        run: Row[Any],
        question: Question,
        *,
        choice: Choice,
        edits: Mapping[str, Json],
    ) -> Answer:
        if row.pause != "dynamic" and choice.verdict is Verdict.REJECT:
            return Answer(resume=None)  # the run ends; the graph gets no answer at all
        mapping = self._pictures.mapping(run)
        return answer(question, verdict=choice.verdict, reason=choice.reason, edits=edits, mapping=mapping)

    def _decision(self, row: Row[Any], run: Row[Any], *, actor: Actor, given: Answer) -> dict[str, Json]:
        policy = self._pictures.policy(row, run)
        return {
            "approval_id": row.id,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "resume": given.resume,
            "state_update": dict(given.update) if given.update else None,
            "policy": {"users": sorted(policy.users), "groups": sorted(policy.groups)},
            "decided_at": self._transition.now,
        }


async def note_refusal(
    transition: Transition, error: Refused, seen: Seen, *, actor: Actor, verdict: Verdict
) -> None:
    """Write down that somebody was refused; what was decided is not touched."""
    known = seen.approval_id if transition.run_id is not None else None
    transition.note(EventKind.REFUSED, approval_id=known, actor=actor, code=error.code, verdict=verdict.value)


@dataclass(frozen=True)
class Edit:
    """All values of a question's form, and what an edit changed in them, by field name."""

    values: Mapping[str, Json] = field(default_factory=dict)
    before: Mapping[str, Json] = field(default_factory=dict)
    after: Mapping[str, Json] = field(default_factory=dict)


def _edit(question: Question, choice: Choice) -> Edit:
    """Read an edit; the other verdicts change nothing. Raises: InvalidInput."""
    if choice.verdict is not Verdict.EDIT or question.form is None:
        return Edit()
    values = read_form(question.form, choice.entries)
    before, after = changed_fields(question.form, values)
    if not before and not after:
        raise InvalidInput({question.form.fields[0].name: NOTHING_CHANGED})
    return Edit(values=values, before=before, after=after)
