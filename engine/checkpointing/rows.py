"""The bodies of the checkpointer's rows: a checkpoint with its values, and what a task has written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import ormsgpack

from engine.checkpointing.packing import Packing
from engine.checkpointing.records import Small, Value


def packed_checkpoint(structure: Small, values: Mapping[str, Value]) -> bytes:
    """Return the body of a checkpoint's row, not yet compressed."""
    return ormsgpack.packb([*structure, {channel: _packed(value) for channel, value in values.items()}])


def packed_writes(writes: Sequence[tuple[int, str, Value]]) -> bytes:
    """Return the body of a row of writes (index, channel, value), not yet compressed."""
    return ormsgpack.packb([[idx, channel, _packed(value)] for idx, channel, value in writes])


def unpacked_checkpoint(row: Any, packing: Packing) -> Sequence[Any]:
    """Return kind, structure and values of a checkpoint's row, large ones by name.

    Raises: DamagedCheckpoint, BadEncryptionKey.
    """
    about = about_checkpoint(row.checkpoint_ns, row.checkpoint_id, row.metadata)
    return _unpacked(packing.unpack(row.body, about))


def unpacked_writes(row: Any, packing: Packing) -> Sequence[Any]:
    """Return index, channel and value of each write in a row. Raises: DamagedCheckpoint, BadEncryptionKey."""
    about = about_writes(row.checkpoint_ns, row.checkpoint_id, row.task_id, row.idx, row.task_path)
    return _unpacked(packing.unpack(row.body, about))


def _unpacked(plain: bytes) -> Sequence[Any]:
    found: Sequence[Any] = ormsgpack.unpackb(plain)
    return found


def about_checkpoint(checkpoint_ns: str, checkpoint_id: str, metadata: str) -> bytes:
    """Return what the body of a checkpoint's row is packed with.

    Not the thread, since a copy has the same bytes, nor the parent, which may be forgotten.
    """
    return _about(checkpoint_ns, checkpoint_id, metadata)


def about_writes(checkpoint_ns: str, checkpoint_id: str, task_id: str, idx: int, task_path: str) -> bytes:
    """Return what the body of a row of writes is packed with."""
    return _about(checkpoint_ns, checkpoint_id, task_id, str(idx), task_path)


def _about(*texts: str) -> bytes:
    return "\0".join(texts).encode("utf-8", "surrogatepass")


def _packed(value: Value) -> Sequence[Any]:
    if isinstance(value, Small):
        return tuple(value)
    node = value.chain[-1]
    return (value.kind, node.name, node.position, node.weight)


def names_in(values: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the names of the large values among what stands in rows."""
    return (value[1] for value in values if len(value) == 4)
