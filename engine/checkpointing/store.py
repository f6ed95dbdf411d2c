"""Everything behind the checkpointer that its copies share: the way in, the way out, and what is remembered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from engine.checkpointing import pruning, statements
from engine.checkpointing.coming import Coming
from engine.checkpointing.encoding import Encoded
from engine.checkpointing.group_commit import Entry, GroupCommit, Guard, Series
from engine.checkpointing.heads import Heads
from engine.checkpointing.lanes import CLOSING, lane_of
from engine.checkpointing.packing import Packing
from engine.checkpointing.reads import CheckpointReads
from engine.checkpointing.records import Place, Record, Value
from engine.checkpointing.rows import unpacked_checkpoint
from engine.checkpointing.statements import Search
from engine.database import Database
from engine.errors import StoreError
from engine.transactions import Transaction

PAGE_SIZE = 20


@dataclass(frozen=True, kw_only=True)
class PendingInterrupt:
    """A question that a task has asked and that nobody has answered yet.

    `ordinal` counts the answers that its task had before. `digest` is engine.canonical.digest of the value, "" for a
    value that has none. `response_schema` is JSON Schema. Of a question asked in a subgraph it is the subgraph's
    checkpoint and task; `levels` counts the tasks that wait with it: who asked, and those that this was called by.
    """

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    interrupt_id: str
    task_id: str
    ordinal: int
    digest: str
    response_schema: Any
    levels: int


class CheckpointStore:
    """Checkpoints of one database. For one event loop; closed with the database."""

    def __init__(self, database: Database, encryption_keys: Sequence[bytes] = ()) -> None:
        self._database = database
        self._lane = lane_of(database)
        self._heads = Heads()
        self._coming = Coming()
        self._commit = GroupCommit[Encoded](self._lane, self._ended)
        self.packing = Packing(encryption_keys)
        self.reads = CheckpointReads(self._lane, database.dialect, self.packing)
        database.before_close(self._commit.close)

    async def check_keys(self) -> None:
        """Read the newest checkpoint of all. Raises: BadEncryptionKey, DamagedCheckpoint, StoreError."""
        for row in await self._lane.read(statements.NEWEST, {}):
            unpacked_checkpoint(row, self.packing)

    async def exact(self, place: Place, checkpoint_id: str, serde: SerializerProtocol) -> Record | None:
        """Return this checkpoint. Raises: DamagedCheckpoint, StoreError."""
        search = Search(thread_id=place[0], checkpoint_ns=place[1], checkpoint_id=checkpoint_id)
        found = next(iter(await self.reads.records(search, serde, size=1)), None)
        if not self._coming.is_put((*place, checkpoint_id)):
            (self._heads.found if found is not None else self._heads.lost)(place, checkpoint_id)
        return found

    def is_newest(self, place: Place, checkpoint_id: str) -> bool | None:
        """Say whether this is the newest checkpoint of a place, or is on its way as such; None: it is not known."""
        if self._coming.is_put((*place, checkpoint_id)):
            return True
        known = self._heads.get(place)
        return None if known is None else known.checkpoint_id == checkpoint_id

    async def latest(
        self, place: Place, serde: SerializerProtocol, *, holder: Series | None
    ) -> Record | None:
        """Return the newest checkpoint of a place, from memory if the database still says the same.

        A `holder`, who keeps others from writing, is not asked about again where it has read before.

        Raises: DamagedCheckpoint, StoreError.
        """
        known = self._heads.get(place)
        version = self._lane.version() if known is not None and holder is None else None
        if known is not None:
            if holder is not None and place in holder.read:
                return known
            if version is not None and known.version == version:
                return known
            probed = await self.reads.probe(place)
            if probed is None or not known.is_current(*probed):
                known = None
        while known is None:
            before = self._heads.mark(place)
            search = Search(thread_id=place[0], checkpoint_ns=place[1])
            found = next(iter(await self.reads.records(search, serde, size=1)), None)
            if self._heads.mark(place) == before:  # else this process has stored something since it was read
                self._heads.loaded(place, found)
                known = found
                break
        if holder is not None:
            holder.read.add(place)
        if known is not None:
            known.version = version
        return known

    async def known(
        self, place: Place, checkpoint_id: str, serde: SerializerProtocol
    ) -> tuple[Record | None, Sequence[Entry[Encoded]]]:
        """Return what there is of a checkpoint to build upon, and the calls that are still to bring some of it.

        Of a checkpoint that is still to come these are its writes.
        """
        key = (*place, checkpoint_id)
        known = self._heads.of(place, checkpoint_id)
        is_new = self._heads.is_to_come(place, checkpoint_id) or self._coming.is_put(key)
        if known is None and not is_new:
            known = await self.exact(place, checkpoint_id, serde)
        return self._coming.over(key, known)

    async def older_values(
        self, place: Place, versions: Mapping[str, str | int | float], serde: SerializerProtocol
    ) -> Mapping[str, tuple[str, Value]]:
        """Find the values of these channels at these versions, each with its family, anywhere in the place.

        For a checkpoint that is put beside the one it was copied from.
        """
        found: dict[str, tuple[str, Value]] = {}
        after: tuple[str, str, str] | None = None
        left = dict(versions)
        while left:
            search = Search(thread_id=place[0], checkpoint_ns=place[1], after=after)
            records = await self.reads.records(search, serde, size=PAGE_SIZE)
            for record in records:
                for channel in [
                    each for each, version in left.items() if record.versions.get(each) == version
                ]:
                    del left[channel]
                    if channel in record.values:
                        found[channel] = (record.family, record.values[channel])
            if len(records) < PAGE_SIZE:
                break
            after = (records[-1].checkpoint_id, *place)
        return found

    def write(
        self,
        encoded: Encoded,
        *,
        after: Sequence[Entry[Encoded]],
        guard: Guard | None,
        series: Series | None,
    ) -> Awaitable[None]:
        """Store a checkpoint or writes that build upon the calls in `after`; done once that is durable.

        Raises: StaleWriter, StoreError, what the guard raises, or why one of `after` failed.
        """
        if self._database.is_closing:
            error = StoreError(CLOSING)
            if series is not None:
                series.failure = series.failure or error
            raise error
        entry = Entry(encoded, after=after, guard=guard, series=series)
        self._coming.add(entry)
        return self._commit.write(entry)

    def _ended(self, entry: Entry[Encoded], is_durable: bool) -> None:
        if is_durable:
            entry.call.remember(self._heads)
        self._coming.drop(entry)

    async def delete_threads(self, thread_ids: Sequence[str], *, guard: Guard | None) -> None:
        """Forget everything about these threads. Raises: DamagedCheckpoint, StoreError, what the guard raises."""
        async with self._changing(guard) as tx:
            await pruning.delete_threads(tx, thread_ids, self.packing)
        self._heads.forget_threads(set(thread_ids))

    async def delete_for_runs(self, run_ids: Sequence[str], *, guard: Guard | None) -> None:
        """Forget the checkpoints of these runs. Raises: as delete_threads."""
        async with self._changing(guard) as tx:
            thread_ids = await pruning.delete_for_runs(tx, run_ids, self.packing)
        self._heads.forget_threads(thread_ids)

    async def copy_thread(self, source: str, target: str, *, guard: Guard | None) -> None:
        """Copy a thread. Raises: ValueError when the target has checkpoints, StoreError, what the guard raises."""
        async with self._changing(guard) as tx:
            await pruning.copy_thread(tx, source, target)
        self._heads.forget_threads({target})

    async def keep_latest(
        self, thread_ids: Sequence[str], *, keep: Collection[str], guard: Guard | None
    ) -> None:
        """Forget all but the newest checkpoints and those with an id in `keep`. Raises: as delete_threads."""
        for thread_id in thread_ids:
            async with self._changing(guard) as tx:
                await pruning.keep_latest(tx, thread_id, self.packing, keep=keep)
            self._heads.forget_threads({thread_id})

    async def interrupts(self, thread_id: str, interrupt_id: str | None = None) -> Sequence[PendingInterrupt]:
        """Return the questions that a thread waits with, or the one with this id. Raises: StoreError."""
        rows: list[Any] = list(await self._lane.read(statements.INTERRUPTS_OF, {"thread_id": thread_id}))
        innermost: dict[str, PendingInterrupt] = {}
        levels = Counter(row.interrupt_id for row in rows)
        for row in sorted(rows, key=lambda row: len(row.checkpoint_ns)):
            schema = None if row.response_schema is None else json.loads(row.response_schema)
            innermost[row.interrupt_id] = PendingInterrupt(
                thread_id=thread_id,
                checkpoint_ns=row.checkpoint_ns,
                checkpoint_id=row.checkpoint_id,
                interrupt_id=row.interrupt_id,
                task_id=row.task_id,
                ordinal=row.ordinal,
                digest=row.digest,
                response_schema=schema,
                levels=levels[row.interrupt_id],
            )
        return [each for each in innermost.values() if interrupt_id in (None, each.interrupt_id)]

    async def namespaces(self, thread_id: str) -> Sequence[str]:
        """Return the namespaces in which a thread has checkpoints, in no order. Raises: StoreError."""
        rows = await self._lane.read(statements.NAMESPACES_OF, {"thread_id": thread_id})
        return [row.checkpoint_ns for row in rows]

    @asynccontextmanager
    async def _changing(self, guard: Guard | None) -> AsyncIterator[Transaction]:
        async with self._database.transaction() as tx:
            if guard is not None:
                await guard(tx)
            yield tx
