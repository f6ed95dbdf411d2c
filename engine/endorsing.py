"""Questions that need several people: each approves the same answer, and the last of them decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from engine import approvals, audit, endorsements
from engine.canonical import answer_digest
from engine.decisions import Actor, Answer, Seen, Verdict
from engine.errors import AlreadyEndorsed, AlteredQuestion, UnknownOption
from engine.ledger import Transition
from engine.pictures import Asked, endorser, still_counts
from engine.recording import TOLD, Decided, note
from engine.transactions import Transaction
from engine.views import Event, EventKind


async def standing(transition: Transition, asked: Asked) -> Sequence[Row[Any]]:
    """Return what was endorsed of a question so far, oldest first.

    From here on the run is locked: of two who approve at once the second sees the first.
    """
    await transition.show(asked.view.run_id)
    return await endorsements.of(transition.tx, asked.view.id, revision=asked.view.revision)


async def endorsers(
    tx: Transaction,
    asked: Asked,
    decided: Decided,
    rows: Sequence[Row[Any]],
    *,
    actor: Actor,
    request_key: str | None,
    required: int,
) -> Sequence[Actor]:
    """Return the others of `standing` who approve this answer and could still do so under today's rules.

    Raises: AlreadyEndorsed when this person, or this very click, has approved it before and others have to;
    AlteredQuestion when an endorsement is not what was written down.
    """
    if request_key in _keys(rows, actor=actor):
        raise AlreadyEndorsed
    same = await _counting(tx, asked, rows, digest=answer_digest(decided.answer))
    others = [endorser(row) for row in same if row.actor_id != actor.id]
    if len(others) < len(same) and len(others) + 1 < required:
        raise AlreadyEndorsed
    return others


async def endorse(
    transition: Transition,
    asked: Asked,
    decided: Decided,
    rows: Sequence[Row[Any]],
    *,
    actor: Actor,
    request_key: str | None,
    count: int,
    required: int,
) -> bool:
    """Write down that a person approves this answer, the `count`-th of `required`; False: it is not asked any more.

    What the same person had approved of it before, one of `rows`, does not count any more. Raises: AlteredQuestion.
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
        "request_keys": [*_keys(rows, actor=actor), *([request_key] if request_key is not None else [])],
        "answer": decided.columns(),
        "answer_digest": answer_digest(decided.answer),
        "endorsed_at": transition.now,
    }
    await endorsements.put(transition.tx, values)
    told = {**decided.columns(), "digest": view.digest, "revision": view.revision}
    told["answer_digest"] = values["answer_digest"]
    more = {"groups": values["actor_groups"], "count": count, "required": required}
    note(transition, asked, EventKind.ENDORSED, actor=actor, values=told, **more)
    return True


async def endorsed(tx: Transaction, asked: Asked, digest: str) -> Decided:
    """Return the answer with this digest that somebody has approved.

    Raises: UnknownOption when nobody approves it (any more); AlteredQuestion when it is not what was stored.
    """
    rows = await endorsements.of(tx, asked.view.id, revision=asked.view.revision)
    same = await _counting(tx, asked, rows, digest=digest)
    if not same:
        raise UnknownOption
    return _decided(asked, same[0])


def _keys(rows: Sequence[Row[Any]], *, actor: Actor) -> Sequence[str]:
    """Return the keys of the clicks by which somebody has endorsed so far."""
    return next((row.request_keys for row in rows if row.actor_id == actor.id), ())


async def _counting(
    tx: Transaction, asked: Asked, rows: Sequence[Row[Any]], *, digest: str
) -> Sequence[Row[Any]]:
    """Pick the endorsements of an answer that still count.

    Raises: AlteredQuestion when the trail's last word of a person is not the same.
    """
    same = [row for row in rows if row.answer_digest == digest and still_counts(asked, row)]
    if same:
        events = await audit.of_run(tx, asked.view.run_id)
        last = {
            each.actor_id: each
            for each in events
            if (each.kind, each.approval_id) == (EventKind.ENDORSED, asked.view.id)
        }
        if not all(row.actor_id in last and _is_told(asked, last[row.actor_id], row) for row in same):
            raise AlteredQuestion
    return same


def _is_told(asked: Asked, event: Event, row: Row[Any]) -> bool:
    """Say whether an audit entry, the person's last one, tells of just this endorsement."""
    kept = {
        **row.answer,
        "revision": row.revision,
        "answer_digest": row.answer_digest,
        "digest": asked.view.digest,
        "groups": row.actor_groups,
    }
    is_same_person = (event.actor_id, event.actor_name) == (row.actor_id, row.actor_name)
    return is_same_person and all(event.detail.get(name) == kept.get(name) for name in (*TOLD, "groups"))


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
