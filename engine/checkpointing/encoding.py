"""From LangGraph's objects to what is stored: the rows of one put or put_writes, and the record of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import INTERRUPT, NULL_TASK_ID
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
from engine.checkpointing.packing import Packing
from engine.checkpointing.records import (
    SMALL_VALUE_BYTES,
    SMALL_WRITE_BYTES,
    Record,
    Small,
    Value,
    Vault,
    Write,
)
from engine.checkpointing.rows import about_checkpoint, about_writes, packed_checkpoint, packed_writes
from engine.columns import canonical_json
from engine.errors import UnaskableValue

Place = tuple[str, str]
WriteKey = tuple[str, int]


@dataclass(slots=True)
class EncodedCheckpoint:
    """A checkpoint to be stored, and the parameters that ask whether its thread has passed its parent."""

    change: Change
    record: Record
    passed: Mapping[str, str]


@dataclass(slots=True)
class EncodedWrites:
    """Writes to be stored on a checkpoint."""

    change: Change
    place: Place
    checkpoint_id: str
    writes: dict[WriteKey, Write] = field(default_factory=dict)
    revisions: dict[WriteKey, int] = field(default_factory=dict)


def encoded_checkpoint(
    place: Place,
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    new_versions: ChannelVersions,
    *,
    parent: Record | None,
    older: Mapping[str, tuple[str, Value]],
    serde: SerializerProtocol,
    packing: Packing,
) -> EncodedCheckpoint:
    """Return the rows of a checkpoint: values that did not change are named, not stored again.

    `older` has values, each with its family, that neither the call nor the parent brings.
    """
    thread_id, checkpoint_ns = place
    parent_id = config["configurable"].get("checkpoint_id")
    family = parent.family if parent else next((family for family, _ in older.values()), thread_id)
    vault = Vault(packing)
    values: dict[str, Value] = {}
    for channel, version in checkpoint["channel_versions"].items():
        if channel in new_versions:
            if channel in checkpoint["channel_values"]:
                packed = serde.dumps_typed(checkpoint["channel_values"][channel])
                same, before = _relatives(channel, parent)
                values[channel] = vault.kept(*packed, small=SMALL_VALUE_BYTES, same=same, before=before)
        elif parent is not None and parent.versions.get(channel) == version:
            if channel in parent.values:
                values[channel] = parent.values[channel]
        elif channel in older:
            values[channel] = _in_family(vault, *older[channel], family)
    structure = Small(*serde.dumps_typed({k: v for k, v in checkpoint.items() if k != "channel_values"}))
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
        metadata=canonical_json(get_serializable_checkpoint_metadata(config, metadata)),
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
    leaves_questions = record.parent_id is not None and (parent is None or any(_asking(parent)))
    left = checkpoint_ns or None  # a step of the outermost graph leaves the questions of all graphs within it
    closings = [(thread_id, left, None, record.checkpoint_id)] if leaves_questions else []
    return EncodedCheckpoint(
        Change(checkpoints=[row], blobs=_blob_rows(vault, family), closings=closings),
        record,
        {
            "thread_id": thread_id,
            "checkpoint_ns": checkpoint_ns,
            "parent_id": record.parent_id or "",
            "own_id": record.checkpoint_id,
        },
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
    is_special = all(channel in WRITES_IDX_MAP for channel, _ in writes)
    found: dict[WriteKey, Write] = {}
    for position, (channel, value) in enumerate(writes):
        key = (task_id, WRITES_IDX_MAP.get(channel, position))
        if is_special or key not in known:
            stored = _written(vault, channel, serde.dumps_typed(value), record)
            found[key] = Write(task_path, channel, stored)
    encoded = EncodedWrites(Change(), place, checkpoint_id, found)
    rows = []
    for items in _grouped(found):
        key = (task_id, items[0][0])
        encoded.revisions[key] = revision = _revision()
        about = about_writes(place[1], checkpoint_id, *key, task_path)
        body = packing.pack(packed_writes(items), about)
        rows.append((*place, checkpoint_id, *key, task_path, revision, body))
    change = encoded.change
    if is_special:
        change.replaced = rows
    else:
        change.kept = rows
    if vault.blobs and record is not None:
        change.blobs = _blob_rows(vault, record.family)
    channels = {channel for channel, _ in writes}
    change.closings = list(_closings(place, task_id, channels, record))
    if INTERRUPT in channels:
        change.opened = list(_opened(place, checkpoint_id, task_id, writes))
    error = (task_id, WRITES_IDX_MAP[ERROR])
    if forgets_errors and _is_over(task_id, channels) and (record is None or error in known):
        change.forgotten = [(*place, checkpoint_id, task_id)]
    return encoded


def with_writes(record: Record, encoded: EncodedWrites) -> Record:
    """Return a record with these writes on top of those that it has."""
    if encoded.change.replaced:
        return replace(record, writes=record.writes | encoded.writes)
    return replace(record, writes=encoded.writes | record.writes)


def _relatives(channel: str, parent: Record | None) -> tuple[Sequence[Value], Sequence[Value]]:
    """Values that a new one may equal, and those that it may be a changed form of."""
    if parent is None:
        return (), ()
    written = [write.value for write in parent.writes.values() if write.channel == channel]
    before = [parent.values[name] for name in (channel, INPUT_CHANNEL) if name in parent.values]
    return written, before


def _in_family(vault: Vault, own_family: str, value: Value, family: str) -> Value:
    if isinstance(value, Small) or own_family == family:
        return value
    return vault.kept(value.kind, value.chain[-1].content, small=SMALL_VALUE_BYTES, same=(), before=())


def _written(vault: Vault, channel: str, packed: tuple[str, bytes], record: Record | None) -> Value:
    """A large value has a row of its own only where it is certain which family the checkpoint belongs to."""
    if record is None or not record.family:
        return Small(*packed)
    before = [record.values[name] for name in (channel, INPUT_CHANNEL) if name in record.values]
    return vault.kept(*packed, small=SMALL_WRITE_BYTES, same=(), before=before)


def _grouped(writes: Mapping[WriteKey, Write]) -> Iterator[list[tuple[int, str, Value]]]:
    """One row for each special channel, one for all others."""
    items = sorted((idx, write.channel, write.value) for (_, idx), write in writes.items())
    for item in items:
        if item[0] < 0:
            yield [item]
    if ordinary := [item for item in items if item[0] >= 0]:
        yield ordinary


def _asking(record: Record) -> Iterator[str]:
    """Yield the tasks that have asked and not gone on."""
    asked = {task_id for (task_id, _), write in record.writes.items() if write.channel == INTERRUPT}
    gone_on = {task_id for task_id, idx in record.writes if idx >= 0}
    yield from asked - gone_on


def _closings(place: Place, task_id: str, channels: set[str], record: Record | None) -> Iterator[Row]:
    """A plain answer answers the one question of the thread; a task that goes on or asks again leaves its own."""
    if task_id == NULL_TASK_ID:
        if RESUME in channels:
            yield (place[0], None, None, None)
    elif channels != {ERROR} and (record is None or task_id in _asking(record)):
        yield (*place, task_id, None)


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


def _is_over(task_id: str, channels: set[str]) -> bool:
    """Say whether a task writes this because it has ended or paused: not its error, nor the answers it has read."""
    return task_id != NULL_TASK_ID and ERROR not in channels and channels != {RESUME}


def _blob_rows(vault: Vault, family: str) -> list[Row]:
    return [(family, *blob) for blob in vault.blobs]


def _revision() -> int:
    """A number from 1 to 2^47, so that the sum of some ten thousand fits 64 bits."""
    return random.getrandbits(47) + 1


INPUT_CHANNEL = "__start__"
"""What the graph was given stands here until the first step spreads it over the channels of the state."""
