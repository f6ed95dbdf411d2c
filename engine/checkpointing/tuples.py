"""From records to LangGraph's CheckpointTuple, one or page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import Checkpoint, CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol

from engine.checkpointing.reads import CheckpointReads, named_damage
from engine.checkpointing.records import Large, Record, Value
from engine.checkpointing.statements import Search
from engine.columns import canonical_json

PAGE_SIZE = 20
MAX_FRAGMENT_CHARS = (
    1000  # SQLite refuses LIKE patterns over 50,000 bytes: https://www.sqlite.org/limits.html
)


def config_of(thread_id: str, checkpoint_ns: str, checkpoint_id: str) -> RunnableConfig:
    """Return the config that names one checkpoint."""
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": checkpoint_ns,
            "checkpoint_id": checkpoint_id,
        }
    }


def tuple_of(record: Record, serde: SerializerProtocol) -> CheckpointTuple:
    """Return a record as a tuple, all objects in it made anew. Raises: DamagedCheckpoint."""
    thread_id, checkpoint_ns = record.thread_id, record.checkpoint_ns
    with named_damage(thread_id, record.checkpoint_id):
        checkpoint = serde.loads_typed(record.structure)
        checkpoint["channel_values"] = {
            channel: _decoded(value, serde) for channel, value in record.values.items()
        }
        pending = sorted((write.task_path, task_id, idx) for (task_id, idx), write in record.writes.items())
        writes = [(task_id, record.writes[task_id, idx]) for _, task_id, idx in pending]
        return CheckpointTuple(
            config=config_of(thread_id, checkpoint_ns, record.checkpoint_id),
            checkpoint=cast(Checkpoint, checkpoint),
            metadata=_details(record),
            parent_config=config_of(thread_id, checkpoint_ns, record.parent_id) if record.parent_id else None,
            pending_writes=[(task, write.channel, _decoded(write.value, serde)) for task, write in writes],
        )


def _details(record: Record) -> Any:
    """Return the metadata; json.loads takes twice as long for it, to see whether it was given bytes or spaces."""
    found, end = _JSON.raw_decode(record.metadata)
    if end < len(record.metadata):
        raise ValueError("Something follows the metadata.")
    return found


def _decoded(value: Value, serde: SerializerProtocol) -> Any:
    """Decode a value; of a large text, or a list of texts and numbers, only once, since nobody can change those.

    That is for one serializer: another one may revive types that this does not know.
    """
    if not isinstance(value, Large):
        return serde.loads_typed(value)
    node = value.chain[-1]
    if node.plain is None or node.plain[0] is not serde or node.plain[1] != value.kind:
        found = serde.loads_typed((value.kind, node.content))
        if type(found) not in _UNCHANGING and (
            type(found) is not list or not _UNCHANGING.issuperset(map(type, found))
        ):
            return found
        node.plain = (serde, value.kind, found)
    plain = node.plain[2]
    return list(plain) if type(plain) is list else plain


_JSON = json.JSONDecoder()
_UNCHANGING = frozenset({str, bytes, int, float, bool, type(None)})


class Listing:
    """The checkpoints that a list() call asks for, newest first, a page at a time; between pages it holds nothing.

    `wanted` compares metadata as Python compares JSON values. That is done here, on both databases alike; the
    database only leaves out rows whose metadata cannot match.
    """

    def __init__(
        self,
        reads: CheckpointReads,
        serde: SerializerProtocol,
        config: RunnableConfig | None,
        *,
        wanted: Mapping[str, Any],
        before: RunnableConfig | None,
        limit: int | None,
    ) -> None:
        self._reads = reads
        self._serde = serde
        self._wanted: dict[str, Any] = json.loads(canonical_json(dict(wanted)))
        self._search = _search(config, before, self._wanted)
        self._left = None if limit is None else max(limit, 0)
        self._is_exhausted = False

    async def next_page(self) -> Sequence[CheckpointTuple]:
        """Return the next matches, at least one until there are none left. Raises: DamagedCheckpoint, StoreError."""
        while not self._is_exhausted and self._left != 0:
            records = await self._next_records()
            matching = [record for record in records if self._is_wanted(record)][: self._left]
            found = [tuple_of(record, self._serde) for record in matching]
            if found:
                self._left = None if self._left is None else self._left - len(found)
                return found
        return ()

    async def _next_records(self) -> Sequence[Record]:
        size = PAGE_SIZE if self._left is None or self._wanted else min(self._left, PAGE_SIZE)
        found = await self._reads.records(self._search, self._serde, size=size)
        self._is_exhausted = len(found) < size
        if found:
            last = found[-1]
            self._search = replace(
                self._search, after=(last.checkpoint_id, last.thread_id, last.checkpoint_ns)
            )
        return found

    def _is_wanted(self, record: Record) -> bool:
        if not self._wanted:
            return True
        with named_damage(record.thread_id, record.checkpoint_id):
            details = _details(record)
            return all(details.get(key) == value for key, value in self._wanted.items())


def _search(
    config: RunnableConfig | None, before: RunnableConfig | None, wanted: Mapping[str, Any]
) -> Search:
    place = (config or {}).get("configurable", {})
    mark = (before or {}).get("configurable", {}).get("checkpoint_id")
    thread_id, checkpoint_id = place.get("thread_id"), place.get("checkpoint_id")
    return Search(
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
