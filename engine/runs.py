"""Statements on runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, or_, select, update

from engine.decisions import Json
from engine.errors import AmbiguousRun, LeaseLost, UnknownRun
from engine.tables import approvals, runs
from engine.transactions import Transaction
from engine.views import ApprovalStatus, RunStatus

UNFINISHED = (RunStatus.RUNNING.value, RunStatus.WAITING.value)

# What every run needs is made once, see engine/approvals.py.
_BY_ID = select(runs).where(runs.c.id == bindparam("run_id"))
_LOCKED = _BY_ID.with_for_update()
_TOUCH = update(runs).where(runs.c.id == bindparam("run_id")).values(revision=runs.c.revision + 1)
_CREATE = insert(runs)
_BY_BEGINNING = (
    select(runs)
    .where(runs.c.id >= bindparam("first"), runs.c.id < bindparam("end"))
    .order_by(runs.c.id)
    .limit(2)
)
_BY_REQUEST_KEY = select(runs).where(runs.c.request_key == bindparam("key"))
_IS_UNFINISHED = or_(*(runs.c.status == status for status in UNFINISHED))
_TAKE = (
    update(runs)
    .where(runs.c.id == bindparam("run_id"), _IS_UNFINISHED)
    .values(fence=runs.c.fence + 1)
    .returning(runs)
)
_SETTLE = update(runs).where(runs.c.id == bindparam("run_id"))


async def create(tx: Transaction, values: Mapping[str, Json]) -> None:
    """Insert a run. Raises: Conflict when the request key is there already."""
    await tx.execute(_CREATE, values)


_STARTS = (
    select(func.count())
    .select_from(runs)
    .where(
        runs.c.started_at > bindparam("since"),
        runs.c.started_at <= bindparam("until"),
        runs.c.workflow == bindparam("name"),
        runs.c.requested_by == bindparam("person"),
    )
)


async def starts(
    tx: Transaction, *, workflow: str, requested_by: str, since: datetime, until: datetime
) -> int:
    """Count the runs of a workflow that somebody has started between two moments."""
    wanted = {"name": workflow, "person": requested_by, "since": since, "until": until}
    return int((await tx.execute(_STARTS, wanted)).scalar_one())


async def by_id(tx: Transaction, run_id: str, *, locks: bool = False) -> Row[Any]:
    """Return one run. Raises: UnknownRun.

    With `locks` nobody else changes it until the transaction ends. Who changes a run and its questions in one
    transaction locks the run first, so that two of them never wait for each other (PostgreSQL).
    """
    row = (await tx.execute(_LOCKED if locks else _BY_ID, {"run_id": run_id})).first()
    if row is None:
        raise UnknownRun
    return row


async def by_beginning(tx: Transaction, beginning: str) -> Row[Any]:
    """Return the one run whose id begins with `beginning`. Raises: UnknownRun, AmbiguousRun."""
    if not beginning:
        raise UnknownRun
    found = (await tx.execute(_BY_BEGINNING, {"first": beginning, "end": beginning + "\uffff"})).all()
    if not found:
        raise UnknownRun
    if len(found) > 1 and found[0].id != beginning:
        raise AmbiguousRun
    return found[0]


async def by_request_key(tx: Transaction, key: str) -> Row[Any] | None:
    """Return the run that this request made, if it did already."""
    return (await tx.execute(_BY_REQUEST_KEY, {"key": key})).first()


async def newest(tx: Transaction, *, limit: int) -> list[Row[Any]]:
    """Return the latest runs, newest first."""
    ordered = select(runs).order_by(runs.c.started_at.desc(), runs.c.id).limit(limit)
    return list((await tx.execute(ordered)).all())


async def take(tx: Transaction, run_id: str) -> Row[Any] | None:
    """Raise the fence of an unfinished run and return the run; None: it has ended or never was."""
    return (await tx.execute(_TAKE, {"run_id": run_id})).first()


async def touch(tx: Transaction, run_id: str) -> None:
    """Say that people may see something new of this run."""
    await tx.execute(_TOUCH, {"run_id": run_id})


_HOLD = (
    select(runs.c.id)
    .where(
        runs.c.id == bindparam("run_id"),
        runs.c.fence == bindparam("fence"),
        _IS_UNFINISHED,
    )
    .with_for_update(read=True)
)
"""FOR SHARE keeps others from taking the run before this commits; SQLite has one writer anyway."""


async def hold(tx: Transaction, run_id: str, *, fence: int) -> None:
    """Make sure that the caller still drives this run, until the transaction ends.

    Raises: LeaseLost when somebody took it since, or it has ended.
    """
    if (await tx.execute(_HOLD, {"run_id": run_id, "fence": fence})).first() is None:
        raise LeaseLost


async def settle(tx: Transaction, run_id: str, *, values: Mapping[str, Json]) -> None:
    """Write what driving the run came to; only after `hold`."""
    await tx.execute(_SETTLE, {**values, "run_id": run_id})


async def end(tx: Transaction, run_id: str, *, status: RunStatus, at: datetime) -> bool:
    """End an unfinished run from outside; False: it has ended already. Whoever drives it loses its fence."""
    ended = (
        update(runs)
        .where(runs.c.id == run_id, _IS_UNFINISHED)
        .values(status=status.value, ended_at=at, fence=runs.c.fence + 1)
    )
    return (await tx.execute(ended)).rowcount == 1


async def unsettled(tx: Transaction) -> list[str]:
    """Return the runs that somebody has to drive: running, or with a decision that the graph lacks."""
    is_error = approvals.c.pause == "error"
    failed = select(approvals.c.run_id).where(is_error, approvals.c.status == ApprovalStatus.PENDING.value)
    decided = approvals.c.status == ApprovalStatus.DECIDED.value
    undelivered = select(approvals.c.run_id).where(decided, approvals.c.run_id.not_in(failed))
    wanted = (runs.c.status == RunStatus.RUNNING.value) | (
        (runs.c.status == RunStatus.WAITING.value) & runs.c.id.in_(undelivered)
    )
    return list((await tx.execute(select(runs.c.id).where(wanted).order_by(runs.c.started_at))).scalars())


async def due_to_thin(tx: Transaction, *, ended_before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Return runs that ended before this and have all their steps, the oldest first."""
    due = select(runs).where(runs.c.ended_at < ended_before, runs.c.is_thinned.is_(False))
    return (await tx.execute(due.order_by(runs.c.ended_at).limit(limit))).all()


async def mark_thinned(tx: Transaction, run_id: str) -> None:
    """Say that the steps of this run were thinned out."""
    await tx.execute(update(runs).where(runs.c.id == run_id).values(is_thinned=True))


async def unmirrored(tx: Transaction) -> list[str]:
    """Return the runs of which people see something old, oldest first."""
    behind = select(runs.c.id).where(runs.c.revision > runs.c.mirrored).order_by(runs.c.started_at)
    return list((await tx.execute(behind)).scalars())


async def set_mirrored(tx: Transaction, run_id: str, *, revision: int) -> None:
    """Remember up to which revision people see the run; an older number changes nothing."""
    older = (runs.c.id == run_id) & (runs.c.mirrored < revision)
    await tx.execute(update(runs).where(older).values(mirrored=revision))
