"""From LangGraph's objects to what is stored: the rows of one put or put_writes, and the record of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import ERROR_SOURCE_NODE, INTERRUPT, NULL_TASK_ID
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import ERROR, RESUME
from langgraph.types import Interrupt

from engine.canonical import digest, jsonable
from engine.checkpointing.changes import Change, Row
from engine.checkpointing.heads import Heads
from engine.checkpointing.packing import Packing
from engine.checkpointing.records import (
    SMALL_VALUE_BYTES,
    SMALL_WRITE_BYTES,
    Key,
    Place,
    Record,
    Small,
    Value,
    Vault,
    Write,
    unknown,
)
from engine.checkpointing.rows import about_checkpoint, about_writes, packed_checkpoint, packed_writes
from engine.columns import canonical_json
from engine.errors import UnaskableValue, UnstorableValue

WriteKey = tuple[str, int]
Part = tuple[int, str, Value]
"""Index, channel and value of a write."""


@dataclass(slots=True)
class EncodedCheckpoint:
    """A checkpoint to be stored: a Call."""

    key: Key
    change: Change
    record: Record

    @property
    def passed(self) -> Mapping[str, str]:
        """The parameters that ask whether the thread has passed the checkpoint's parent."""
        thread_id, checkpoint_ns, own_id = self.key
        parent_id = self.record.parent_id or ""
        return {
            "thread_id": thread_id,
            "checkpoint_ns": checkpoint_ns,
            "parent_id": parent_id,
            "own_id": own_id,
        }

    def over(self, known: Record | None) -> Record:
        """Return what will be known of the checkpoint; `known` may have writes that came before it."""
        return self.record.with_writes(dict(known.writes)) if known is not None else self.record

    def remember(self, heads: Heads) -> None:
        """Note that it is durable."""
        heads.stored(self.record)


@dataclass(slots=True)
class EncodedWrites:
    """Writes to be stored on a checkpoint: a Call."""

    key: Key
    change: Change
    writes: dict[WriteKey, Write]
    revisions: dict[WriteKey, int]
    is_early: bool
    passed: None = None

    def over(self, known: Record | None) -> Record:
        """Return what will be known of the checkpoint: these writes on top of those that it has."""
        record = known or unknown(*self.key)
        if self.change.replaced:
            return record.with_writes(record.writes | self.writes)
        return record.with_writes(self.writes | record.writes)

    def remember(self, heads: Heads) -> None:
        """Note that they are durable."""
        thread_id, checkpoint_ns, checkpoint_id = self.key
        heads.wrote(
            (thread_id, checkpoint_ns),
            checkpoint_id,
            writes=self.writes,
            revisions=self.revisions,
            is_replacing=bool(self.change.replaced),
            forgotten=[task[-1] for task in self.change.forgotten],
            is_early=self.is_early,
        )


Encoded = EncodedCheckpoint | EncodedWrites


def encoded_checkpoint(
    place: Place,
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    new_versions: ChannelVersions,
    *,
    parent: Record | None,
    older: Mapping[str, tuple[str, Value]],
    is_newest: bool | None,
    serde: SerializerProtocol,
    packing: Packing,
) -> EncodedCheckpoint:
    """Return the rows of a checkpoint: values that did not change are named, not stored again.

    `older` has values, each with its family, that neither the call nor the parent brings. `is_newest`: whether the
    parent is the newest checkpoint, as far as that is known.
    """
    thread_id, checkpoint_ns = place
    parent_id = config["configurable"].get("checkpoint_id")
    family = parent.family if parent else next((family for family, _ in older.values()), thread_id)
    vault = Vault(packing)
    values: dict[str, Value] = {}
    given = checkpoint["channel_values"]
    for channel, version in checkpoint["channel_versions"].items():
        if channel in new_versions:
            if channel in given:
                value = _serialised(given[channel], serde)
                if len(value.body) <= SMALL_VALUE_BYTES:
                    values[channel] = value
                else:
                    values[channel] = vault.kept(value, *_relatives(channel, parent))
        elif parent is not None and parent.versions.get(channel) == version:
            if channel in parent.values:
                values[channel] = parent.values[channel]
        elif channel in older:
            values[channel] = _in_family(vault, *older[channel], family)
    structure = _serialised({k: v for k, v in checkpoint.items() if k != "channel_values"}, serde)
    record = Record(
        thread_id=thread_id,
        checkpoint_ns=checkpoint_ns,
        checkpoint_id=checkpoint["id"],
        parent_id=str(parent_id) if parent_id else None,
        family=family,
        revision=_revision(),
        structure=structure,
        versions=dict(checkpoint["channel_versions"]),
        values=values,
        metadata=_described(config, metadata),
    )
    row = (
        thread_id,
        checkpoint_ns,
        record.checkpoint_id,
        record.parent_id,
        None if family == thread_id else family,
        record.revision,
        packing.pack(
            packed_checkpoint(structure, values),
            about_checkpoint(checkpoint_ns, record.checkpoint_id, record.metadata),
        ),
        record.metadata,
    )
    source = metadata.get("source")
    is_fork = is_newest is False or (is_newest is None and source != "loop")
    leaves_questions = record.parent_id is not None and (
        is_fork or parent is None or bool(_asking(parent)) or (source == "update" and _has_asked(parent))
    )
    left = checkpoint_ns or None  # a step of the outermost graph leaves the questions of all graphs within it
    closings = ((thread_id, left, None, record.checkpoint_id),) if leaves_questions else ()
    return EncodedCheckpoint(
        (thread_id, checkpoint_ns, record.checkpoint_id),
        Change(checkpoints=(row,), blobs=_blob_rows(vault, family), closings=closings),
        record,
    )


def encoded_writes(
    place: Place,
    checkpoint_id: str,
    writes: Sequence[tuple[str, Any]],
    *,
    task_id: str,
    task_path: str,
    record: Record | None,
    forgets_errors: bool,
    serde: SerializerProtocol,
    packing: Packing,
) -> EncodedWrites:
    """Return the rows of a task's writes. `record`: what is known of their checkpoint and of earlier writes."""
    vault = Vault(packing)
    known = record.writes if record is not None else {}
    channels = {channel for channel, _ in writes}
    is_special = channels <= WRITES_IDX_MAP.keys()
    found: dict[WriteKey, Write] = {}
    parts: dict[int, list[Part]] = {}
    for position, (channel, value) in enumerate(writes):
        idx = WRITES_IDX_MAP.get(channel, position)
        if is_special or (task_id, idx) not in known:
            stored = _written(vault, channel, _serialised(value, serde), record)
            found[task_id, idx] = Write(task_path, channel, stored)
            if idx < 0:  # a row for each special channel, one for all others
                parts[idx] = [(idx, channel, stored)]
            else:
                parts.setdefault(0, []).append((idx, channel, stored))
    rows = []
    revisions = {}
    for items in parts.values():
        idx = items[0][0]
        revisions[task_id, idx] = revision = _revision()
        about = about_writes(place[1], checkpoint_id, task_id, idx, task_path)
        body = packing.pack(packed_writes(items), about)
        rows.append((*place, checkpoint_id, task_id, idx, task_path, revision, body))
    change = Change()
    if is_special:
        change.replaced = rows
    else:
        change.kept = rows
    if vault.blobs and record is not None:
        change.blobs = _blob_rows(vault, record.family)
    change.closings = _closings(place, task_id, channels, record)
    if INTERRUPT in channels:
        change.opened = list(_opened(place, checkpoint_id, task_id, writes))
    error = (task_id, WRITES_IDX_MAP[ERROR])
    if forgets_errors and _is_over(task_id, channels) and (record is None or error in known):
        change.forgotten = ((*place, checkpoint_id, task_id),)
    is_early = record is None or not record.family
    return EncodedWrites((*place, checkpoint_id), change, found, revisions, is_early)


def _described(config: RunnableConfig, metadata: CheckpointMetadata) -> str:
    try:
        return canonical_json(get_serializable_checkpoint_metadata(config, metadata))
    except (TypeError, ValueError, RecursionError) as error:
        raise UnstorableValue(f"The metadata of a checkpoint cannot be stored: {error}.") from error


def _serialised(value: Any, serde: SerializerProtocol) -> Small:
    """LangGraph gives a bytearray out as it is: it may change before it is stored, and after."""
    kind, body = serde.dumps_typed(value)
    return Small(kind, bytes(body))


def _relatives(channel: str, parent: Record | None) -> tuple[Sequence[Value], Sequence[Value]]:
    """Values that a new one may equal, and those that it may be a changed form of."""
    if parent is None:
        return (), ()
    written = [write.value for write in parent.writes.values() if write.channel == channel]
    return written, _before(channel, parent)


def _before(channel: str, record: Record) -> Sequence[Value]:
    return [record.values[name] for name in (channel, INPUT_CHANNEL) if name in record.values]


def _in_family(vault: Vault, own_family: str, value: Value, family: str) -> Value:
    if isinstance(value, Small) or own_family == family:
        return value
    whole = Small(value.kind, value.chain[-1].content)
    return whole if len(whole.body) <= SMALL_VALUE_BYTES else vault.kept(whole, (), ())


def _written(vault: Vault, channel: str, value: Small, record: Record | None) -> Value:
    """A large value has a row of its own only where it is certain which family the checkpoint belongs to."""
    if len(value.body) <= SMALL_WRITE_BYTES or record is None or not record.family:
        return value
    return vault.kept(value, (), _before(channel, record))


def _has_asked(record: Record) -> bool:
    """Say whether a task has asked, be it that it is said to be done since: a graph inside it may ask still."""
    return any(write.channel == INTERRUPT for write in record.writes.values())


def _asking(record: Record) -> set[str]:
    """Return the tasks that have asked and not gone on."""
    asked = {task_id for (task_id, _), write in record.writes.items() if write.channel == INTERRUPT}
    return asked and asked - {task_id for task_id, idx in record.writes if idx >= 0}


def _closings(place: Place, task_id: str, channels: set[str], record: Record | None) -> Sequence[Row]:
    """A plain answer answers the one question of the thread; a task that goes on or asks again leaves its own."""
    if task_id == NULL_TASK_ID:
        return ((place[0], None, None, None),) if RESUME in channels else ()
    if channels != {ERROR} and (record is None or task_id in _asking(record)):
        return ((*place, task_id, None),)
    return ()


def _opened(
    place: Place, checkpoint_id: str, task_id: str, writes: Iterable[tuple[str, Any]]
) -> Iterator[Row]:
    given = dict(writes)
    answers, asked = given.get(RESUME), given[INTERRUPT]
    ordinal = len(answers) if isinstance(answers, list) else 0
    each_once = {
        each.id: each
        for each in (asked if isinstance(asked, (list, tuple)) else (asked,))
        if isinstance(each, Interrupt)
    }
    for interrupt in each_once.values():
        schema = interrupt.response_schema
        packed = None if schema is None else canonical_json(jsonable(schema))
        yield (*place, interrupt.id, checkpoint_id, task_id, ordinal, _digest(interrupt.value), packed)


def _digest(value: Any) -> str:
    try:
        return digest(value)
    except UnaskableValue:
        return ""


def left_by_failed(writes: Sequence[tuple[str, Any]]) -> Sequence[tuple[str, Any]]:
    """Leave out what a node that was cancelled has written so far; of any other, everything is left.

    LangGraph (1.2.22) would take part of a node's writes for all of them, and never run it again.
    """
    if ERROR not in {channel for channel, _ in writes}:
        return writes
    return [(channel, value) for channel, value in writes if channel in CONTROL]


def _is_over(task_id: str, channels: set[str]) -> bool:
    """Say whether a task writes this because it has ended or paused: not its error, nor the answers it has read."""
    return task_id != NULL_TASK_ID and ERROR not in channels and channels != {RESUME}


def _blob_rows(vault: Vault, family: str) -> Sequence[Row]:
    return [(family, *blob) for blob in vault.blobs] if vault.blobs else ()


def _revision() -> int:
    """A number from 1 to 2^47, so that the sum of some ten thousand fits 64 bits."""
    return random.getrandbits(47) + 1


CONTROL: Final = frozenset({*WRITES_IDX_MAP, ERROR_SOURCE_NODE})
"""What a task writes of itself; anything else says that it has come to its end."""

INPUT_CHANNEL = "__start__"
"""What the graph was given stands here until the first step spreads it over the channels of the state."""
