"""Questions that need several people: each approves the same answer, and the last of them decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from engine import approvals, endorsements
from engine.canonical import answer_digest
from engine.decisions import Actor, Answer, Seen, Verdict
from engine.errors import AlreadyEndorsed, AlteredQuestion, UnknownOption
from engine.ledger import Transition
from engine.pictures import Asked, endorser, still_counts
from engine.recording import Decided, note
from engine.transactions import Transaction
from engine.views import EventKind


async def endorsers(
    transition: Transition, asked: Asked, decided: Decided, *, actor: Actor
) -> Sequence[Actor]:
    """Return the others who have approved this answer and could still do so under today's rules, oldest first.

    From here on the run is locked: of two who approve at once the second sees the first.

    Raises: AlreadyEndorsed when this very person has approved it before.
    """
    view = asked.view
    await transition.show(view.run_id)
    rows = await endorsements.of(transition.tx, view.id, revision=view.revision)
    same = [row for row in rows if row.answer_digest == answer_digest(decided.answer)]
    if any(row.actor_id == actor.id for row in same):
        raise AlreadyEndorsed
    return [endorser(row) for row in same if still_counts(asked, row)]


async def endorse(
    transition: Transition,
    asked: Asked,
    decided: Decided,
    *,
    actor: Actor,
    request_key: str | None,
    count: int,
    required: int,
) -> bool:
    """Write down that a person approves this answer, the `count`-th of `required`; False: it is not asked any more.

    What the same person had approved of this question before does not count any more. Raises: AlteredQuestion.
    """
    view = asked.view
    if not asked.is_intact:
        raise AlteredQuestion
    if not await approvals.hold(transition.tx, Seen(view.id, view.revision, view.digest), now=transition.now):
        return False
    values = {
        "approval_id": view.id,
        "revision": view.revision,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "actor_groups": sorted(actor.groups),
        "request_key": request_key,
        "answer": decided.columns(),
        "answer_digest": answer_digest(decided.answer),
        "endorsed_at": transition.now,
    }
    await endorsements.put(transition.tx, values)
    told = {**decided.columns(), "digest": view.digest, "revision": view.revision}
    told["answer_digest"] = values["answer_digest"]
    note(transition, asked, EventKind.ENDORSED, actor=actor, values=told, count=count, required=required)
    return True


async def endorsed(tx: Transaction, asked: Asked, digest: str) -> Decided:
    """Return the answer with this digest that somebody has approved.

    Raises: UnknownOption when nobody approves it (any more); AlteredQuestion when it is not what was stored.
    """
    rows = await endorsements.of(tx, asked.view.id, revision=asked.view.revision)
    row = next((row for row in rows if row.answer_digest == digest and still_counts(asked, row)), None)
    if row is None:
        raise UnknownOption
    return _decided(asked, row)


def _decided(asked: Asked, row: Row[Any]) -> Decided:
    kept = row.answer
    option = asked.view.question.option(kept["option"])
    answer = Answer(resume=kept["resume"], update=kept["state_update"])
    if (
        option is None
        or option.verdict != Verdict(kept["verdict"])
        or answer_digest(answer) != row.answer_digest
    ):
        raise AlteredQuestion
    return Decided(option, answer, reason=kept["reason"], before=kept["before"], after=kept["after"])
