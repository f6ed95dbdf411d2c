"""Statements on answers that were given ahead: raw values in order, each for one pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from engine.decisions import Actor, Json
from engine.tables import answers
from engine.transactions import Transaction

WAITING, USED, DROPPED = "waiting", "used", "dropped"

_WAITING = (
    select(answers)
    .where(answers.c.run_id == bindparam("of_run"), answers.c.status == WAITING)
    .order_by(answers.c.seq)
)
_DROP = (
    update(answers)
    .where(answers.c.run_id == bindparam("of_run"), answers.c.status == WAITING)
    .values(status=DROPPED)
)


async def is_known(tx: Transaction, run_id: str, request_key: str) -> bool:
    """Say whether the answers of this request were taken before."""
    wanted = select(answers.c.seq).where(answers.c.run_id == run_id, answers.c.request_key == request_key)
    return (await tx.execute(wanted.limit(1))).first() is not None


async def add(
    tx: Transaction,
    run_id: str,
    values: Sequence[tuple[str | None, Json]],
    *,
    actor: Actor,
    request_key: str | None,
    at: datetime,
) -> None:
    """Append values, each with the interrupt that it is for (None: whatever comes), behind those that wait."""
    highest = select(func.max(answers.c.seq)).where(answers.c.run_id == run_id)
    seq = (await tx.execute(highest)).scalar() or 0
    common = {
        "run_id": run_id,
        "request_key": request_key,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "actor_groups": sorted(actor.groups),
        "given_at": at,
        "status": WAITING,
    }
    rows = [
        {**common, "seq": number, "interrupt_id": interrupt_id, "value": value}
        for number, (interrupt_id, value) in enumerate(values, start=seq + 1)
    ]
    await tx.execute(insert(answers), rows)


async def waiting(tx: Transaction, run_id: str) -> list[Row[Any]]:
    """Return the values that no pause has taken yet, in order."""
    return list((await tx.execute(_WAITING, {"of_run": run_id})).all())


async def use(tx: Transaction, run_id: str, seq: int) -> bool:
    """Turn a waiting value into a used one; False: it does not wait any more."""
    used = update(answers).where(
        answers.c.run_id == run_id, answers.c.seq == seq, answers.c.status == WAITING
    )
    return (await tx.execute(used.values(status=USED))).rowcount == 1


async def drop(tx: Transaction, run_id: str) -> int:
    """Drop every value that still waits, and return how many."""
    return int((await tx.execute(_DROP, {"of_run": run_id})).rowcount)
