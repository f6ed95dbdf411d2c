"""Everything behind the checkpointer that its copies share: the way in, the way out, and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langgraph.checkpoint.serde.base import SerializerProtocol
from sqlalchemy import delete

from engine.checkpointing.encoding import EncodedCheckpoint, EncodedWrites
from engine.checkpointing.group_commit import Entry, GroupCommit, Guard, Series
from engine.checkpointing.heads import Heads, Place
from engine.checkpointing.lanes import lane_of
from engine.checkpointing.packing import Packing
from engine.checkpointing.reads import CheckpointReads
from engine.checkpointing.records import Record, Value
from engine.checkpointing.statements import BLOBS, CHECKPOINTS, INTERRUPTS, WRITES, Search
from engine.database import Database

PAGE_SIZE = 20


class CheckpointStore:
    """Checkpoints of one database. For one event loop; closed with the database."""

    def __init__(self, database: Database, encryption_keys: Sequence[bytes] = ()) -> None:
        self._database = database
        lane = lane_of(database)
        self._commit = GroupCommit(lane)
        self._heads = Heads()
        self.packing = Packing(encryption_keys)
        self.reads = CheckpointReads(lane, database.dialect, self.packing)
        database.before_close(self._commit.close)

    async def exact(self, place: Place, checkpoint_id: str, serde: SerializerProtocol) -> Record | None:
        """Return this checkpoint. Raises: DamagedCheckpoint, StoreError."""
        search = Search(thread_id=place[0], checkpoint_ns=place[1], checkpoint_id=checkpoint_id)
        return next(iter(await self.reads.records(search, serde, size=1)), None)

    async def latest(
        self, place: Place, serde: SerializerProtocol, *, holder: Series | None
    ) -> Record | None:
        """Return the newest checkpoint of a place, from memory if the database still says the same.

        A `holder`, who keeps others from writing, is not asked about again where it has read before.

        Raises: DamagedCheckpoint, StoreError.
        """
        known = self._heads.get(place)
        if known is not None:
            if holder is not None and place in holder.read:
                return known
            probed = await self.reads.probe(place)
            if probed is None or not known.is_current(*probed):
                known = None
        if known is None:
            search = Search(thread_id=place[0], checkpoint_ns=place[1])
            known = next(iter(await self.reads.records(search, serde, size=1)), None)
            self._heads.loaded(place, known)
        if holder is not None:
            holder.read.add(place)
        return known

    async def known(self, place: Place, checkpoint_id: str, serde: SerializerProtocol) -> Record | None:
        """Return what there is of a checkpoint to build upon; of one still to come, its writes."""
        known = self._heads.of(place, checkpoint_id)
        if known is not None or self._heads.is_to_come(place, checkpoint_id):
            return known
        return await self.exact(place, checkpoint_id, serde)

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

    async def put(self, encoded: EncodedCheckpoint, *, guard: Guard | None, series: Series | None) -> None:
        """Store a checkpoint. Raises: StaleWriter, StoreError, what the guard raises."""
        await self._commit.write(
            Entry(
                encoded.record.thread_id,
                encoded.change,
                applied=lambda: self._heads.stored(encoded.record),
                guard=guard,
                series=series or Series(),
                passed=encoded.passed if guard is not None else None,
            )
        )

    async def write(self, encoded: EncodedWrites, *, guard: Guard | None, series: Series | None) -> None:
        """Store writes. Raises: StoreError, what the guard raises."""

        def applied() -> None:
            self._heads.wrote(
                encoded.place,
                encoded.checkpoint_id,
                writes=encoded.writes,
                revisions=encoded.revisions,
                is_replacing=bool(encoded.change.replaced),
                forgotten=[task[-1] for task in encoded.change.forgotten],
            )

        await self._commit.write(
            Entry(encoded.place[0], encoded.change, applied=applied, guard=guard, series=series or Series())
        )

    async def delete_threads(self, thread_ids: Sequence[str], *, guard: Guard | None) -> None:
        """Forget everything about these threads. Raises: StoreError, what the guard raises."""
        async with self._database.transaction() as tx:
            if guard is not None:
                await guard(tx)
            for thread_id in thread_ids:
                for table in (WRITES, INTERRUPTS, CHECKPOINTS):
                    await tx.execute(delete(table).where(table.c.thread_id == thread_id))
                await tx.execute(delete(BLOBS).where(BLOBS.c.family == thread_id))
        self._heads.forget_threads(set(thread_ids))
