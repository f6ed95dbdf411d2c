"""The way of a click inside one transaction: who may, is it still that question, and then it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine import approvals, endorsements, runs
from engine.decisions import Actor, Answer, Choice, Json, Seen, Verdict
from engine.endorsing import endorse, endorsed, endorsers, standing
from engine.errors import (
    AlreadyDecided,
    Expired,
    InvalidInput,
    Refused,
    StaleQuestion,
    UnknownApproval,
    UnknownOption,
)
from engine.forms import NEEDED, read_form
from engine.ledger import Transition
from engine.pauses import TROUBLES
from engine.pictures import Asked, Pictures, decision_view
from engine.policy import refusal, required
from engine.questions import Option, ReasonWanted, answer, told
from engine.questions.failure import answer_failure
from engine.recording import Decided, record
from engine.transactions import Transaction
from engine.views import ApprovalStatus, ApprovalView

NOTHING_CHANGED = "Nothing was changed here. Change something, or choose another button."
REASON = ""
"""Where InvalidInput complains about the reason: no field has an empty name."""


class Deciding:
    """Examines and decides one question within a transaction."""

    def __init__(self, tx: Transaction, pictures: Pictures, *, now: datetime) -> None:
        self._tx = tx
        self._pictures = pictures
        self._now = now

    async def examine(self, seen: Seen, *, actor: Actor, option: str) -> ApprovalView:
        """Return the question if `actor` could decide it so now.

        Raises: a child of Refused.
        """
        asked = await self._asked(seen)
        await self._raise_if_settled(seen)
        _raise_if_not_allowed(asked, actor=actor)
        _option(asked, option)
        if asked.view.round > 1:  # with the rounds before: a form warns of what the card warns of
            return await self._pictures.approval_by_id(self._tx, seen.approval_id)
        return asked.view

    async def decide(
        self, transition: Transition, seen: Seen, *, actor: Actor, choice: Choice, request_key: str | None
    ) -> ApprovalView:
        """Decide the question and return it; still pending where it takes more people to.

        After an exception the transaction has to be rolled back.

        Raises: a child of Refused; InvalidInput for the reason and the entries.
        """
        asked = await self._asked(seen)
        transition.run_id = asked.view.run_id
        try:
            _raise_if_not_allowed(asked, actor=actor)
            if choice.agrees_with is not None:
                decided = await endorsed(self._tx, asked, choice.agrees_with)
            else:
                decided = _decided(asked, _option(asked, choice.option), choice)
            made = await self._made(transition, asked, decided, actor=actor, request_key=request_key)
        except (Refused, InvalidInput):
            await self._raise_if_settled(seen)  # what is over is said first
            raise
        if made is None:
            await self._raise_if_settled(seen)
            raise StaleQuestion
        return made

    async def _made(
        self,
        transition: Transition,
        asked: Asked,
        decided: Decided,
        *,
        actor: Actor,
        request_key: str | None,
    ) -> ApprovalView | None:
        """Write an answer down, as the decision or as one of the approvals that it takes; None: nothing is open."""
        wanted = required(asked.view.policy, decided.option.verdict, is_typed=decided.is_typed)
        others: Sequence[Actor] = ()
        if wanted > 1:
            rows = await standing(transition, asked)
            others = await endorsers(
                self._tx, asked, decided, rows, actor=actor, request_key=request_key, required=wanted
            )
            count = len(others) + 1
            if count < wanted:
                is_made = await endorse(
                    transition,
                    asked,
                    decided,
                    rows,
                    actor=actor,
                    request_key=request_key,
                    count=count,
                    required=wanted,
                )
                return await self._pictures.approval_by_id(self._tx, asked.view.id) if is_made else None
        recorded = await record(
            transition, asked, decided, actor=actor, request_key=request_key, endorsers=others
        )
        if recorded is None:
            return None
        return replace(asked.view, status=ApprovalStatus.DECIDED, decision=decision_view(recorded))

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


async def is_repeat(tx: Transaction, seen: Seen, *, actor: Actor, request_key: str) -> bool:
    """Say whether this very click decided or endorsed the question: the same person and key, delivered again."""
    made = await endorsements.of(tx, seen.approval_id, revision=seen.revision)
    if any(row.actor_id == actor.id and request_key in row.request_keys for row in made):
        return True
    decided = await approvals.decision(tx, seen.approval_id, revision=seen.revision)
    return decided is not None and (decided.request_key, decided.actor_id, decided.digest) == (
        request_key,
        actor.id,
        seen.digest,
    )


def _raise_if_not_allowed(asked: Asked, *, actor: Actor) -> None:
    """Raises: a child of Refused, when this person may not decide."""
    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):
        raise refused


def _option(asked: Asked, name: str) -> Option:
    """Raises: UnknownOption."""
    found = asked.view.question.option(name)
    if found is None:
        raise UnknownOption
    return found


def _decided(asked: Asked, option: Option, choice: Choice) -> Decided:
    """Return what a choice comes to. Raises: InvalidInput."""
    values = _values(option, choice)
    before, after = _told(asked, option, values)
    given = _answer(asked, option, reason=choice.reason, values=values)
    _raise_if_refused(asked, given)
    return Decided(option, given, reason=choice.reason, before=before, after=after)


def _answer(asked: Asked, option: Option, *, reason: str, values: Mapping[str, Json]) -> Answer:
    if asked.pause != "dynamic" and option.verdict is Verdict.REJECT:
        return Answer(resume=None)  # the run ends; the graph gets no answer at all
    if asked.pause in TROUBLES:
        return answer_failure(option, values)
    return answer(asked.view.question, option=option, reason=reason, values=values, mapping=asked.mapping)


def _raise_if_refused(asked: Asked, given: Answer) -> None:
    """Raises: InvalidInput, with what the state's own type has against an edit."""
    if given.update and asked.workflow and (wrong := asked.workflow.complaints(given.update)):
        raise InvalidInput(wrong)


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


def _told(
    asked: Asked, option: Option, values: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return what people read of an answer, before and after. Raises: InvalidInput for an edit of nothing."""
    before, after = told(asked.view.question, option=option, values=values)
    is_idle = option.verdict is Verdict.EDIT and not (before or after or option.can_stay)
    if option.form is not None and is_idle:
        raise InvalidInput({option.form.fields[0].name: NOTHING_CHANGED})
    return before, after
