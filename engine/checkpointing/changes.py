"""What calls to the checkpointer change, merged so that one transaction writes what many of them brought.

Rows are tuples in the order of their table's columns, since tens of thousands are written in a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from langgraph.checkpoint.base import WRITES_IDX_MAP
from langgraph.checkpoint.serde.types import ERROR
from sqlalchemy import BindParameter, Dialect, Table, Text, bindparam, delete, literal_column, or_
from sqlalchemy.dialects import postgresql, sqlite

from engine.checkpointing.statements import BLOBS, CHECKPOINTS, INTERRUPTS, WRITES
from engine.prepared import Multiplied, Positional

Row = tuple[Any, ...]
Rows = Sequence[Row]

SECTIONS: dict[str, tuple[Table, bool]] = {
    "checkpoints": (CHECKPOINTS, True),
    "blobs": (BLOBS, False),
    "replaced": (WRITES, True),
    "kept": (WRITES, False),
    "opened": (INTERRUPTS, True),
}
"""Table, and whether a row whose key is there is replaced."""

_CHECKPOINT_KEY, _BLOB_KEY, _WRITE_KEY, _INTERRUPT_KEY = (
    len(table.primary_key) for table in (CHECKPOINTS, BLOBS, WRITES, INTERRUPTS)
)
ROWS_AT_ONCE = (1, 2, 4, 8, 16)
_CLOSING = ("thread_id", "checkpoint_ns", "task_id", "before_id")
_REMOVALS = ("forgotten", "closings")


@dataclass(slots=True)
class Change:
    """What one call changes, or many do together.

    `replaced` writes replace earlier ones, `kept` ones do not. `closings` are questions that wait no longer: those of
    a thread, and where these are not None of a namespace, of a task, of checkpoints before one. `forgotten` are the
    tasks (thread, namespace, checkpoint, task) that have failed no longer. Both go before anything is inserted.
    """

    checkpoints: Rows = ()
    blobs: Rows = ()
    replaced: Rows = ()
    kept: Rows = ()
    opened: Rows = ()
    closings: Rows = ()
    forgotten: Rows = ()

    def sections(self) -> list[tuple[str, Rows]]:
        """Return the rows to insert by section, without the sections that have none.

        Values, which others may store too at this moment, come in one order, so that nobody waits in a circle.
        """
        ordered = {"blobs": sorted(self.blobs, key=lambda row: row[:2])}
        return [(name, rows) for name in SECTIONS if (rows := ordered.get(name, getattr(self, name)))]

    def statements(self, dialect: Dialect) -> list[tuple[Positional | Multiplied, Rows]]:
        """Return what to run, in this order, each for its rows."""
        return [
            *((removal(name, dialect), rows) for name in _REMOVALS if (rows := getattr(self, name))),
            *((insertion(section, dialect), rows) for section, rows in self.sections()),
        ]


def merged(changes: Sequence[Change]) -> Change:
    """Return one change that does what these do one after the other, with at most one row for each key."""
    if len(changes) == 1:
        return changes[0]
    checkpoints: dict[Row, Row] = {}
    blobs: dict[Row, Row] = {}
    replaced: dict[Row, Row] = {}
    kept: dict[Row, Row] = {}
    opened: dict[Row, Row] = {}
    closings: dict[Row, None] = {}
    forgotten: dict[Row, None] = {}
    for change in changes:
        for task in change.forgotten:
            forgotten[task] = None
            replaced.pop((*task, WRITES_IDX_MAP[ERROR]), None)
            kept.pop((*task, WRITES_IDX_MAP[ERROR]), None)
        for closing in change.closings:
            closings[closing] = None
            for key in [key for key, row in opened.items() if _concerns(closing, row)]:
                del opened[key]
        for row in change.checkpoints:
            checkpoints[row[:_CHECKPOINT_KEY]] = row
        for row in change.blobs:
            blobs[row[:_BLOB_KEY]] = row
        for row in change.replaced:
            replaced[row[:_WRITE_KEY]] = row
            kept.pop(row[:_WRITE_KEY], None)
        for row in change.kept:
            if row[:_WRITE_KEY] not in replaced:
                kept.setdefault(row[:_WRITE_KEY], row)
        for row in change.opened:
            opened[row[:_INTERRUPT_KEY]] = row
    return Change(
        checkpoints=list(checkpoints.values()),
        blobs=list(blobs.values()),
        replaced=list(replaced.values()),
        kept=list(kept.values()),
        opened=list(opened.values()),
        closings=list(closings),
        forgotten=list(forgotten),
    )


def _concerns(closing: Row, opened: Row) -> bool:
    """Say whether a closing closes a question that was opened just before."""
    thread_id, checkpoint_ns, task_id, before_id = closing
    return (
        thread_id == opened[0]
        and checkpoint_ns in (None, opened[1])
        and task_id in (None, opened[4])
        and (before_id is None or opened[3] < before_id)
    )


@cache
def insertion(section: str, dialect: Dialect) -> Positional | Multiplied:
    """Return what inserts rows of this section, which have different keys.

    On PostgreSQL sending a row and reading that it is stored takes longer than to have it encoded.
    """
    table, is_replacing = SECTIONS[section]
    names = table.columns.keys()
    if dialect.name == "sqlite":
        insert = _on_conflict(sqlite.insert(table), section, is_replacing=is_replacing)
        return Positional(insert, dialect, names)
    forms = []
    for count in ROWS_AT_ONCE:
        places = [[f"{name}_{n}" for name in names] for n in range(count)]
        given: list[dict[str, Any]] = [
            {name: bindparam(place) for name, place in zip(names, row, strict=True)} for row in places
        ]
        insert = _on_conflict(postgresql.insert(table).values(given), section, is_replacing=is_replacing)
        forms.append(Positional(insert, dialect, list(chain.from_iterable(places))))
    return Multiplied(forms)


@cache
def removal(name: str, dialect: Dialect) -> Positional:
    """Return the statement for a row of `forgotten` or `closings`."""
    if name == "forgotten":
        return Positional(_FORGET_ERROR, dialect, _TASK)
    return Positional(_CLOSE, dialect, _CLOSING)


def _on_conflict(insert: Any, section: str, *, is_replacing: bool) -> Any:
    table = SECTIONS[section][0]
    columns, keys = list(table.columns), [each.name for each in table.primary_key]
    if table is BLOBS and isinstance(insert, postgresql.Insert):
        # the same base as before: whoever sweeps at the same time is told that the value is needed again
        return insert.on_conflict_do_update(index_elements=keys, set_={"base": insert.excluded["base"]})
    if not is_replacing:
        return insert.on_conflict_do_nothing(index_elements=keys)
    replaced = {each.name: insert.excluded[each.name] for each in columns if each.name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=replaced)


_TASK = ("thread_id", "checkpoint_ns", "checkpoint_id", "task_id")
_FORGET_ERROR = delete(WRITES).where(
    *(WRITES.c[name] == bindparam(name) for name in _TASK),
    WRITES.c.idx == literal_column(str(WRITES_IDX_MAP[ERROR])),
)
_CLOSED: dict[str, BindParameter[str]] = {name: bindparam(name, type_=Text()) for name in _CLOSING}
_CLOSE = delete(INTERRUPTS).where(
    INTERRUPTS.c.thread_id == _CLOSED["thread_id"],
    or_(_CLOSED["checkpoint_ns"].is_(None), INTERRUPTS.c.checkpoint_ns == _CLOSED["checkpoint_ns"]),
    or_(_CLOSED["task_id"].is_(None), INTERRUPTS.c.task_id == _CLOSED["task_id"]),
    or_(_CLOSED["before_id"].is_(None), INTERRUPTS.c.checkpoint_id < _CLOSED["before_id"]),
)
