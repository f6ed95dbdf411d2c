"""The way of a click inside one transaction: who may, is it still that question, and then it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from engine import approvals, runs
from engine.decisions import Actor, Answer, Choice, Json, Seen, Verdict
from engine.errors import (
    AlreadyDecided,
    Expired,
    InvalidInput,
    Refused,
    StaleQuestion,
    UnknownApproval,
    UnknownOption,
)
from engine.forms import NEEDED, changed_fields, read_form
from engine.ledger import Transition
from engine.pictures import Pictures, decision_view
from engine.policy import refusal
from engine.questions import Option, ReasonWanted, answer
from engine.views import ApprovalStatus, ApprovalView, EventKind
from engine.wakeups import Kind

NOTHING_CHANGED = "Nothing was changed here. Use Approve instead, or change something."
REASON = ""
"""Where InvalidInput complains about the reason: no field has an empty name."""


class Deciding:
    """Examines and decides one question within a transition."""

    def __init__(self, transition: Transition, pictures: Pictures) -> None:
        self._transition = transition
        self._tx = transition.tx
        self._pictures = pictures

    async def examine(self, seen: Seen, *, actor: Actor, option: str) -> tuple[Row[Any], Row[Any]]:
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
        if self._pictures.question(row, run).option(option) is None:
            raise UnknownOption
        return row, run

    async def decide(self, seen: Seen, *, actor: Actor, choice: Choice) -> ApprovalView:
        """Decide the question and return it; the same decision again by the same actor changes nothing.

        Raises: a child of Refused; InvalidInput for the reason and the entries.
        """
        try:
            return await self._decide(seen, actor=actor, choice=choice)
        except AlreadyDecided:
            if not await self._is_repeat(seen, actor=actor, choice=choice):
                raise
            return await self._pictures.approval_by_id(self._tx, seen.approval_id)

    async def _decide(self, seen: Seen, *, actor: Actor, choice: Choice) -> ApprovalView:
        row, run = await self.examine(seen, actor=actor, option=choice.option)
        option = self._option(row, run, choice)
        values = _values(option, choice)
        before, after = _told_changes(option, values)
        given = self._answer(row, run, option, reason=choice.reason, values=values)
        if not await approvals.decide(self._tx, seen, now=self._transition.now):
            await self._raise_if_settled(await approvals.by_id(self._tx, row.id) or row, seen)
            raise StaleQuestion
        told = {
            "verdict": option.verdict.value,
            "option": option.name,
            "label": option.label,
            "reason": choice.reason,
            "before": before,
            "after": after,
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
        same = (actor.id, choice.option, choice.reason)
        if (decided.actor_id, decided.option, decided.reason) != same:
            return False
        run = await runs.by_id(self._tx, row.run_id)
        try:
            option = self._option(row, run, choice)
            return bool(decided.after == _told_changes(option, _values(option, choice))[1])
        except (InvalidInput, UnknownOption):
            return False

    def _option(self, row: Row[Any], run: Row[Any], choice: Choice) -> Option:
        option = self._pictures.question(row, run).option(choice.option)
        if option is None:
            raise UnknownOption
        return option

    def _answer(
        self, row: Row[Any], run: Row[Any], option: Option, *, reason: str, values: Mapping[str, Json]
    ) -> Answer:
        if row.pause != "dynamic" and option.verdict is Verdict.REJECT:
            return Answer(resume=None)  # the run ends; the graph gets no answer at all
        question, mapping = self._pictures.question(row, run), self._pictures.mapping(run)
        return answer(question, option=option, reason=reason, values=values, mapping=mapping)

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
    transition: Transition, error: Refused, seen: Seen, *, actor: Actor, option: str
) -> None:
    """Write down that somebody was refused; what was decided is not touched."""
    known = seen.approval_id if transition.run_id is not None else None
    transition.note(EventKind.REFUSED, approval_id=known, actor=actor, code=error.code, option=option)


def _values(option: Option, choice: Choice) -> dict[str, Json]:
    """Return the values of the option's form; empty if it has none. Raises: InvalidInput."""
    wrong = {}
    if option.reason is ReasonWanted.REQUIRED and not choice.reason.strip():
        wrong[REASON] = NEEDED
    try:
        values = read_form(option.form, choice.entries) if option.form is not None else {}
    except InvalidInput as error:
        raise InvalidInput({**wrong, **error.errors}) from error
    if wrong:
        raise InvalidInput(wrong)
    return values


def _told_changes(option: Option, values: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return what an edit changed, before and after; the values alone for other options. Raises: InvalidInput."""
    if option.form is None or option.verdict is not Verdict.EDIT:
        return {}, dict(values)
    before, after = changed_fields(option.form, values)
    if not before and not after and not option.can_stay:
        raise InvalidInput({option.form.fields[0].name: NOTHING_CHANGED})
    return before, after
