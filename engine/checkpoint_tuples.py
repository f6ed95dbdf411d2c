"""From stored rows to LangGraph's CheckpointTuple, one or page by page."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import Row

from engine import checkpoints
from engine.columns import canonical_json
from engine.database import Database, Transaction
from engine.errors import DamagedCheckpoint

PAGE_SIZE = 20
MAX_FRAGMENT_CHARS = (
    1000  # SQLite refuses LIKE patterns over 50,000 bytes: https://www.sqlite.org/limits.html
)

Place = tuple[str, str]
Values = Mapping[tuple[str, str], tuple[str, bytes]]


def config_of(*, thread_id: str, checkpoint_ns: str, checkpoint_id: str) -> RunnableConfig:
    """Return the config that names one checkpoint."""
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": checkpoint_ns,
            "checkpoint_id": checkpoint_id,
        }
    }


async def tuples_of(
    tx: Transaction, rows: Sequence[Row[Any]], serde: SerializerProtocol
) -> Sequence[CheckpointTuple]:
    """Return the rows as tuples in the same order, with two statements for each namespace among them.

    Raises: DamagedCheckpoint, StoreError.
    """
    bodies = {id(row): _body(row, serde) for row in rows}
    found = []
    values: dict[Place, Values] = {}
    writes: dict[tuple[str, str, str], list[Row[Any]]] = defaultdict(list)
    for (thread_id, checkpoint_ns), group in _by_place(rows).items():
        versions = {pair for row in group for pair in _versions(bodies[id(row)])}
        place = {"thread_id": thread_id, "checkpoint_ns": checkpoint_ns}
        values[thread_id, checkpoint_ns] = await checkpoints.channels(tx, **place, versions=versions)
        ids = [row.checkpoint_id for row in group]
        for write in await checkpoints.writes(tx, **place, checkpoint_ids=ids):
            writes[thread_id, checkpoint_ns, write.checkpoint_id].append(write)
    for row in rows:
        pending = writes[row.thread_id, row.checkpoint_ns, row.checkpoint_id]
        found.append(_tuple(row, bodies[id(row)], values[row.thread_id, row.checkpoint_ns], pending, serde))
    return found


class Listing:
    """The checkpoints that a list() call asks for, newest first, a page at a time; between pages it holds nothing.

    `wanted` compares metadata as Python compares JSON values. That is done here, on both databases alike; the
    database only leaves out rows whose metadata cannot match.
    """

    def __init__(
        self,
        database: Database,
        serde: SerializerProtocol,
        config: RunnableConfig | None,
        *,
        wanted: Mapping[str, Any],
        before: RunnableConfig | None,
        limit: int | None,
    ) -> None:
        self._database = database
        self._serde = serde
        self._wanted: dict[str, Any] = json.loads(canonical_json(dict(wanted)))
        self._search = _search(config, before, self._wanted)
        self._left = limit
        self._after: Row[Any] | None = None
        self._is_exhausted = False

    async def next_page(self) -> Sequence[CheckpointTuple]:
        """Return the next matches, at least one until there are none left. Raises: DamagedCheckpoint, StoreError."""
        while not self._is_exhausted and self._left != 0:
            async with self._database.reading() as tx:
                rows = await self._next_rows(tx)
                matching = [row for row in rows if self._is_wanted(row)][: self._left]
                found = await tuples_of(tx, matching, self._serde)
            if found:
                self._left = None if self._left is None else self._left - len(found)
                return found
        return ()

    async def _next_rows(self, tx: Transaction) -> Sequence[Row[Any]]:
        size = PAGE_SIZE if self._left is None or self._wanted else min(self._left, PAGE_SIZE)
        rows = await checkpoints.page(tx, self._search, after=self._after, size=size)
        self._is_exhausted = len(rows) < size
        self._after = rows[-1] if rows else None
        return rows

    def _is_wanted(self, row: Row[Any]) -> bool:
        if not self._wanted:
            return True
        with _named_damage(row):
            details = json.loads(row.metadata)
            return all(details.get(key) == value for key, value in self._wanted.items())


def _search(
    config: RunnableConfig | None, before: RunnableConfig | None, wanted: Mapping[str, Any]
) -> checkpoints.Search:
    place = (config or {}).get("configurable", {})
    mark = (before or {}).get("configurable", {}).get("checkpoint_id")
    thread_id, checkpoint_id = place.get("thread_id"), place.get("checkpoint_id")
    return checkpoints.Search(
        thread_id=None if thread_id is None else str(thread_id),
        checkpoint_ns=place.get("checkpoint_ns"),
        checkpoint_id=str(checkpoint_id) if checkpoint_id else None,
        before_id=str(mark) if mark else None,
        fragments=tuple(_fragments(wanted)),
    )


def _fragments(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Texts that canonical metadata contains if it matches; only strings have one text for equal values."""
    for key, value in wanted.items():
        fragment = canonical_json({key: value})[1:-1]
        if isinstance(value, str) and len(fragment) <= MAX_FRAGMENT_CHARS:
            yield fragment


def _by_place(rows: Iterable[Row[Any]]) -> Mapping[Place, Sequence[Row[Any]]]:
    groups: dict[Place, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        groups[row.thread_id, row.checkpoint_ns].append(row)
    return groups


def _body(row: Row[Any], serde: SerializerProtocol) -> dict[str, Any]:
    with _named_damage(row):
        body = dict(serde.loads_typed((row.kind, row.body)))
        body["channel_versions"] = dict(body["channel_versions"])
        return body


def _versions(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((channel, str(version)) for channel, version in body["channel_versions"].items())


def _tuple(
    row: Row[Any],
    body: Mapping[str, Any],
    values: Values,
    writes: Iterable[Row[Any]],
    serde: SerializerProtocol,
) -> CheckpointTuple:
    place = {"thread_id": row.thread_id, "checkpoint_ns": row.checkpoint_ns}
    parent_id = row.parent_checkpoint_id
    with _named_damage(row):
        stored = {pair[0]: values[pair] for pair in _versions(body) if pair in values}
        channel_values = {channel: serde.loads_typed(packed) for channel, packed in stored.items()}
        return CheckpointTuple(
            config=config_of(**place, checkpoint_id=row.checkpoint_id),
            checkpoint=cast(Checkpoint, {**body, "channel_values": channel_values}),
            metadata=json.loads(row.metadata),
            parent_config=config_of(**place, checkpoint_id=parent_id) if parent_id else None,
            pending_writes=[(w.task_id, w.channel, serde.loads_typed((w.kind, w.body))) for w in writes],
        )


@contextmanager
def _named_damage(row: Row[Any]) -> Iterator[None]:
    """Say which checkpoint it is that cannot be read."""
    try:
        yield
    except (DamagedCheckpoint, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedCheckpoint(
            f"Checkpoint {row.checkpoint_id} of thread {row.thread_id} cannot be read ({type(error).__name__})."
        ) from error
