"""Questions to the checkpointer's tables, each one statement."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    any_,
    bindparam,
    func,
    literal,
    null,
    select,
    tuple_,
)
from sqlmodel import SQLModel

from engine.checkpoint_tables import BlobRow, CheckpointRow, InterruptRow, WriteRow


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


CHECKPOINTS, BLOBS = _table(CheckpointRow), _table(BlobRow)
WRITES, INTERRUPTS = _table(WriteRow), _table(InterruptRow)

_AFTER = ("after_id", "after_thread", "after_ns")
_NEWEST_FIRST = (CHECKPOINTS.c.checkpoint_id, CHECKPOINTS.c.thread_id, CHECKPOINTS.c.checkpoint_ns)


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which checkpoints are wanted; None leaves a condition out. `fragments` must occur in the metadata's text."""

    thread_id: str | None = None
    checkpoint_ns: str | None = None
    checkpoint_id: str | None = None
    before_id: str | None = None
    fragments: tuple[str, ...] = ()
    after: tuple[str, str, str] | None = None

    def shape(self) -> tuple[str, ...]:
        """Return the names of the conditions."""
        names = ("thread_id", "checkpoint_ns", "checkpoint_id", "before_id")
        given = [name for name in names if getattr(self, name) is not None]
        given += [f"fragment_{n}" for n in range(len(self.fragments))]
        return (*given, *(["after"] if self.after else ()))

    def params(self, *, size: int) -> Mapping[str, Any]:
        """Return what `page(shape())` takes."""
        found: dict[str, Any] = {"size": size}
        for name in self.shape():
            if name.startswith("fragment_"):
                found[name] = pattern(self.fragments[int(name.removeprefix("fragment_"))])
            elif name != "after":
                found[name] = getattr(self, name)
        if self.after:
            found |= dict(zip(_AFTER, self.after, strict=True))
        return found


@cache
def page(shape: tuple[str, ...]) -> Select[Any]:
    """Return the statement for the newest `size` checkpoints that fulfil these conditions, and their writes.

    A row is a checkpoint (its `task_id` is null) or a row of writes; they come in no order.
    """
    wanted = [_condition(name) for name in shape]
    head = (
        select(CHECKPOINTS)
        .where(*wanted)
        .order_by(*(column.desc() for column in _NEWEST_FIRST))
        .limit(bindparam("size"))
        .cte("head")
    )
    checkpoints = select(
        *head.c, null().label("task_id"), null().label("idx"), null().label("task_path")
    ).select_from(head)
    writes = select(
        WRITES.c.thread_id,
        WRITES.c.checkpoint_ns,
        WRITES.c.checkpoint_id,
        null(),
        null(),
        WRITES.c.revision,
        WRITES.c.body,
        null(),
        WRITES.c.task_id,
        WRITES.c.idx,
        WRITES.c.task_path,
    ).join(
        head,
        (WRITES.c.thread_id == head.c.thread_id)
        & (WRITES.c.checkpoint_ns == head.c.checkpoint_ns)
        & (WRITES.c.checkpoint_id == head.c.checkpoint_id),
    )
    return cast(Select[Any], checkpoints.union_all(writes))


def _condition(name: str) -> ColumnElement[bool]:
    columns = CHECKPOINTS.c
    if name == "before_id":
        return columns.checkpoint_id < bindparam(name)
    if name == "after":
        mark: list[ColumnElement[str]] = [bindparam(each) for each in _AFTER]
        return tuple_(*_NEWEST_FIRST) < tuple_(*mark)
    if name.startswith("fragment_"):
        return columns.metadata.like(bindparam(name), escape="/")
    return columns[name] == bindparam(name)


def pattern(fragment: str) -> str:
    """Return the LIKE pattern, with ESCAPE '/', for texts that contain this one."""
    for special in ("/", "%", "_"):
        fragment = fragment.replace(special, "/" + special)
    return f"%{fragment}%"


PROBE = (
    select(
        CHECKPOINTS.c.checkpoint_id,
        CHECKPOINTS.c.revision,
        func.coalesce(
            select(func.sum(WRITES.c.revision))
            .where(
                WRITES.c.thread_id == CHECKPOINTS.c.thread_id,
                WRITES.c.checkpoint_ns == CHECKPOINTS.c.checkpoint_ns,
                WRITES.c.checkpoint_id == CHECKPOINTS.c.checkpoint_id,
            )
            .scalar_subquery(),
            0,
        ).label("writes_revision"),
    )
    .where(_condition("thread_id"), _condition("checkpoint_ns"))
    .order_by(CHECKPOINTS.c.checkpoint_id.desc())
    .limit(1)
)
"""What tells whether a thread's newest checkpoint is the one that is remembered."""

IS_PASSED = (
    select(literal(1))
    .where(
        _condition("thread_id"),
        _condition("checkpoint_ns"),
        CHECKPOINTS.c.checkpoint_id > bindparam("parent_id"),
        CHECKPOINTS.c.checkpoint_id != bindparam("own_id"),
    )
    .limit(1)
)
"""Gives a row when the thread has a newer checkpoint than the one that is built upon."""


@cache
def blobs(dialect: str) -> Select[Any]:
    """Return the statement for blobs and all that they are stored against, each with what stands beside it.

    It takes what `blob_params` returns.
    """
    wanted = (
        BLOBS.c.name.in_([bindparam(name) for name in _NAMES])
        if dialect == "sqlite"
        else BLOBS.c.name == any_(bindparam("names", type_=ARRAY(LargeBinary)))
    )
    family: BindParameter[str] = bindparam("family")
    chain = (
        select(BLOBS.c.name, BLOBS.c.base, BLOBS.c.beside)
        .where(BLOBS.c.family == family, wanted)
        .cte("chain", recursive=True)
    )
    older = BLOBS.alias("older")
    chain = chain.union(
        select(older.c.name, older.c.base, older.c.beside).join(
            chain, (older.c.family == family) & (older.c.name == chain.c.base)
        )
    )
    beside = BLOBS.alias("part")
    return (
        select(
            *(BLOBS.c.name, BLOBS.c.base, BLOBS.c.beside, BLOBS.c.body),
            beside.c.base.label("part_base"),
            beside.c.body.label("part_body"),
        )
        .join(chain, (BLOBS.c.family == family) & (BLOBS.c.name == chain.c.name))
        .outerjoin(beside, (beside.c.family == family) & (beside.c.name == chain.c.beside))
    )


_NAMES = ("name_0", "name_1", "name_2", "name_3")
NAMES_AT_ONCE: Final = {"sqlite": len(_NAMES), "postgresql": sys.maxsize}
"""How many names `blobs` takes: a statement of SQLite's has a fixed number."""


def blob_params(dialect: str, family: str, names: Sequence[bytes]) -> Mapping[str, Any]:
    """Return what `blobs(dialect)` takes for one name or more."""
    if dialect == "sqlite":
        filled = {place: names[n] if n < len(names) else names[0] for n, place in enumerate(_NAMES)}
        return {"family": family, **filled}
    return {"family": family, "names": list(names)}


INTERRUPTS_OF = select(INTERRUPTS).where(INTERRUPTS.c.thread_id == bindparam("thread_id"))
"""The questions that a thread waits with, also where an outer graph repeats those of an inner one."""

NAMESPACES_OF = (
    select(CHECKPOINTS.c.checkpoint_ns).where(CHECKPOINTS.c.thread_id == bindparam("thread_id")).distinct()
)

NEWEST = select(CHECKPOINTS).order_by(CHECKPOINTS.c.checkpoint_id.desc()).limit(1)
