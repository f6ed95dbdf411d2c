"""Statements on the checkpointer's tables, one function per question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from langgraph.checkpoint.base import WRITES_IDX_MAP
from langgraph.checkpoint.serde.types import ERROR
from sqlalchemy import ColumnElement, Insert, Row, Table, bindparam, delete, literal, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from engine.checkpoint_tables import ChannelRow, CheckpointRow, WriteRow
from engine.database import Transaction

PAIRS_PER_STATEMENT = 500  # SQLite takes 32,766 parameters: https://www.sqlite.org/limits.html


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


CHECKPOINTS, CHANNELS, WRITES = _table(CheckpointRow), _table(ChannelRow), _table(WriteRow)

_IN_PLACE = (
    CHECKPOINTS.c.thread_id == bindparam("thread_id"),
    CHECKPOINTS.c.checkpoint_ns == bindparam("checkpoint_ns"),
)
_LATEST = select(CHECKPOINTS).where(*_IN_PLACE).order_by(CHECKPOINTS.c.checkpoint_id.desc()).limit(1)
_EXACT = select(CHECKPOINTS).where(*_IN_PLACE, CHECKPOINTS.c.checkpoint_id == bindparam("checkpoint_id"))
_NEWEST_FIRST = (CHECKPOINTS.c.checkpoint_id, CHECKPOINTS.c.thread_id, CHECKPOINTS.c.checkpoint_ns)


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which checkpoints to list; None leaves a condition out. `fragments` must occur in the metadata's text."""

    thread_id: str | None = None
    checkpoint_ns: str | None = None
    checkpoint_id: str | None = None
    before_id: str | None = None
    fragments: tuple[str, ...] = ()


async def latest(tx: Transaction, *, thread_id: str, checkpoint_ns: str) -> Row[Any] | None:
    """Return the checkpoint with the greatest id, which need not be the one stored last."""
    return (await tx.execute(_LATEST, {"thread_id": thread_id, "checkpoint_ns": checkpoint_ns})).first()


async def exact(
    tx: Transaction, *, thread_id: str, checkpoint_ns: str, checkpoint_id: str
) -> Row[Any] | None:
    """Return the checkpoint with this id."""
    place = {"thread_id": thread_id, "checkpoint_ns": checkpoint_ns, "checkpoint_id": checkpoint_id}
    return (await tx.execute(_EXACT, place)).first()


async def page(tx: Transaction, search: Search, *, after: Row[Any] | None, size: int) -> Sequence[Row[Any]]:
    """Return the next `size` checkpoints, newest first, that follow the row `after`."""
    conditions = list(_conditions(search))
    if after is not None:
        mark = (after.checkpoint_id, after.thread_id, after.checkpoint_ns)
        conditions.append(tuple_(*_NEWEST_FIRST) < tuple_(*map(literal, mark)))
    statement = (
        select(CHECKPOINTS).where(*conditions).order_by(*(c.desc() for c in _NEWEST_FIRST)).limit(size)
    )
    return (await tx.execute(statement)).all()


def _conditions(search: Search) -> Iterable[ColumnElement[bool]]:
    columns = CHECKPOINTS.c
    if search.thread_id is not None:
        yield columns.thread_id == search.thread_id
    if search.checkpoint_ns is not None:
        yield columns.checkpoint_ns == search.checkpoint_ns
    if search.checkpoint_id is not None:
        yield columns.checkpoint_id == search.checkpoint_id
    if search.before_id is not None:
        yield columns.checkpoint_id < search.before_id
    for fragment in search.fragments:
        yield columns.metadata.contains(fragment, autoescape=True)


async def channels(
    tx: Transaction, *, thread_id: str, checkpoint_ns: str, versions: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return kind and body by (channel, version); a channel that was empty at its version is left out."""
    wanted = sorted(set(versions))
    found = {}
    for start in range(0, len(wanted), PAIRS_PER_STATEMENT):
        statement = select(CHANNELS.c.channel, CHANNELS.c.version, CHANNELS.c.kind, CHANNELS.c.body).where(
            CHANNELS.c.thread_id == thread_id,
            CHANNELS.c.checkpoint_ns == checkpoint_ns,
            tuple_(CHANNELS.c.channel, CHANNELS.c.version).in_(wanted[start : start + PAIRS_PER_STATEMENT]),
        )
        for row in await tx.execute(statement):
            found[row.channel, row.version] = (row.kind, row.body)
    return found


async def writes(
    tx: Transaction, *, thread_id: str, checkpoint_ns: str, checkpoint_ids: Iterable[str]
) -> Sequence[Row[Any]]:
    """Return the pending writes of these checkpoints, in the order of LangGraph's writes_sort_key."""
    statement = (
        select(WRITES)
        .where(
            WRITES.c.thread_id == thread_id,
            WRITES.c.checkpoint_ns == checkpoint_ns,
            WRITES.c.checkpoint_id.in_(sorted(checkpoint_ids)),
        )
        .order_by(WRITES.c.checkpoint_id, WRITES.c.task_path, WRITES.c.task_id, WRITES.c.idx)
    )
    return (await tx.execute(statement)).all()


async def put(tx: Transaction, *, checkpoint: Mapping[str, Any], values: Sequence[Mapping[str, Any]]) -> None:
    """Store a checkpoint and the values that are new with it; the same key again replaces."""
    await tx.execute(_insert(CHECKPOINTS, tx.dialect, is_replacing=True), checkpoint)
    if values:
        await tx.execute(_insert(CHANNELS, tx.dialect, is_replacing=True), values)


async def put_writes(tx: Transaction, rows: Sequence[Mapping[str, Any]], *, is_replacing: bool) -> None:
    """Store writes; one that is there already is replaced or kept."""
    await tx.execute(_insert(WRITES, tx.dialect, is_replacing=is_replacing), rows)


async def forget_error(
    tx: Transaction, *, thread_id: str, checkpoint_ns: str, checkpoint_id: str, task_id: str
) -> None:
    """Forget that this task failed."""
    await tx.execute(
        delete(WRITES).where(
            WRITES.c.thread_id == thread_id,
            WRITES.c.checkpoint_ns == checkpoint_ns,
            WRITES.c.checkpoint_id == checkpoint_id,
            WRITES.c.task_id == task_id,
            WRITES.c.idx == WRITES_IDX_MAP[ERROR],
        )
    )


async def delete_thread(tx: Transaction, thread_id: str) -> None:
    """Forget everything about the thread, in all its namespaces."""
    for table in (WRITES, CHANNELS, CHECKPOINTS):
        await tx.execute(delete(table).where(table.c.thread_id == thread_id))


@cache
def _insert(table: Table, dialect: str, *, is_replacing: bool) -> Insert:
    statement = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    if not is_replacing:
        return statement.on_conflict_do_nothing(index_elements=keys)
    replaced = {name: statement.excluded[name] for name in table.c.keys() if name not in keys}  # noqa: SIM118
    return statement.on_conflict_do_update(index_elements=keys, set_=replaced)
