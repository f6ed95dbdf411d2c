"""From stored rows to records: checkpoints with their large values and writes, in at most two questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from engine.checkpointing import statements
from engine.checkpointing.lanes import Lane
from engine.checkpointing.packing import Packing
from engine.checkpointing.records import (
    BlobRow,
    Key,
    Place,
    Reader,
    Record,
    Small,
    Write,
)
from engine.checkpointing.rows import names_in, unpacked_checkpoint, unpacked_writes
from engine.checkpointing.statements import Search
from engine.errors import DamagedCheckpoint

BlobRows = dict[bytes, BlobRow]


class CheckpointReads:
    """Reads records. For the event loop alone."""

    def __init__(self, lane: Lane, dialect: str, packing: Packing) -> None:
        self._lane = lane
        self._dialect = dialect
        self._packing = packing

    async def probe(self, place: Place) -> tuple[str, int, int] | None:
        """Return the newest checkpoint's id, its revision and the sum of its writes' revisions."""
        params = {"thread_id": place[0], "checkpoint_ns": place[1]}
        row: Any = (await self._lane.read(statements.PROBE, params)).first()
        return None if row is None else (row.checkpoint_id, row.revision, int(row.writes_revision))

    async def records(self, search: Search, serde: SerializerProtocol, *, size: int) -> Sequence[Record]:
        """Return the newest `size` checkpoints that are searched for. Raises: DamagedCheckpoint, StoreError."""
        try:
            return await self._read(search, serde, size=size)
        except DamagedCheckpoint:  # or pruned between the two questions: then the first finds it no more
            return await self._read(search, serde, size=size)

    async def _read(self, search: Search, serde: SerializerProtocol, *, size: int) -> Sequence[Record]:
        rows = (await self._lane.read(statements.page(search.shape()), search.params(size=size))).all()
        heads = sorted(
            (row for row in rows if row.task_id is None),
            key=lambda row: (row.checkpoint_id, row.thread_id, row.checkpoint_ns),
            reverse=True,
        )
        writes: dict[Key, list[Any]] = defaultdict(list)
        for row in rows:
            if row.task_id is not None:
                writes[_key(row)].append(row)
        plain = [_Plain(row, writes[_key(row)], self._packing) for row in heads]
        readers = await self._readers(plain)
        return [each.record(readers[each.family], serde) for each in plain]

    async def _readers(self, found: Iterable[_Plain]) -> Mapping[str, Reader]:
        names: dict[str, dict[bytes, None]] = defaultdict(dict)
        for each in found:
            names[each.family] |= dict.fromkeys(each.names())
        return {
            family: Reader(await self._blobs(family, list(wanted)), self._packing)
            for family, wanted in names.items()
        }

    async def _blobs(self, family: str, names: Sequence[bytes]) -> BlobRows:
        found: BlobRows = {}
        left = list(names)
        while left:
            count = statements.NAMES_AT_ONCE[self._dialect]
            some, left = left[:count], left[count:]
            params = statements.blob_params(self._dialect, family, some)
            rows = await self._lane.read(statements.blobs(self._dialect), params)
            for name, base, beside, body, part_base, part_body in rows.plain:
                found[name] = (name, base, beside, body)
                if part_body is not None:
                    found[beside] = (beside, part_base, None, part_body)
            left = [name for name in left if name not in found]
        return found


class _Plain:
    """A checkpoint's rows, decrypted and decompressed; the large values are still names."""

    def __init__(self, row: Any, writes: Iterable[Any], packing: Packing) -> None:
        self._row = row
        self.family: str = row.family or row.thread_id
        with named_damage(row.thread_id, row.checkpoint_id):
            kind, body, self._values = unpacked_checkpoint(row, packing)
            self._structure = Small(kind, body)
            self._writes = [(each, unpacked_writes(each, packing)) for each in writes]

    def names(self) -> Iterator[bytes]:
        """Yield the names of the large values in it."""
        yield from names_in(self._values.values())
        for _, items in self._writes:
            yield from names_in(stored for _, _, stored in items)

    def record(self, reader: Reader, serde: SerializerProtocol) -> Record:
        """Return it with its large values. Raises: DamagedCheckpoint."""
        row = self._row
        with named_damage(row.thread_id, row.checkpoint_id):
            return Record(
                thread_id=row.thread_id,
                checkpoint_ns=row.checkpoint_ns,
                checkpoint_id=row.checkpoint_id,
                parent_id=row.parent_checkpoint_id,
                family=self.family,
                revision=row.revision,
                structure=self._structure,
                versions=dict(serde.loads_typed(self._structure)["channel_versions"]),
                values={channel: reader.value(stored) for channel, stored in self._values.items()},
                metadata=row.metadata,
                writes={
                    (write.task_id, idx): Write(write.task_path, channel, reader.value(stored))
                    for write, items in self._writes
                    for idx, channel, stored in items
                },
                revisions={(write.task_id, write.idx): write.revision for write, _ in self._writes},
            )


def _key(row: Any) -> Key:
    return row.thread_id, row.checkpoint_ns, row.checkpoint_id


class named_damage:  # noqa: N801 - used like a function, once for each checkpoint
    """Say which checkpoint it is that cannot be read."""

    __slots__ = ("_checkpoint_id", "_thread_id")

    def __init__(self, thread_id: str, checkpoint_id: str) -> None:
        self._thread_id, self._checkpoint_id = thread_id, checkpoint_id

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, (DamagedCheckpoint, ValueError, TypeError, KeyError, AttributeError)):
            raise DamagedCheckpoint(
                f"Checkpoint {self._checkpoint_id} of thread {self._thread_id} cannot be read"
                f" ({type(error).__name__})."
            ) from error
