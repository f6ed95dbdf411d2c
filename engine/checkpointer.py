"""SQLModelSaver: LangGraph's checkpointer on our database."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.pregel import Pregel

from engine.checkpointing.encoding import encoded_checkpoint, encoded_writes, left_by_failed
from engine.checkpointing.group_commit import Guard, Series
from engine.checkpointing.ids import not_before
from engine.checkpointing.store import CheckpointStore, PendingInterrupt
from engine.checkpointing.sync import SyncMethods
from engine.checkpointing.tuples import Listing, config_of, tuple_of
from engine.database import Database
from engine.serializer import StrictSerializer, allowlist_of

TURNS = 5
"""Turns of the event loop within which LangGraph begins to write what it has of a cancelled node: three suffice."""


@asynccontextmanager
async def open_saver(url: str, *, encryption_keys: Sequence[bytes] = ()) -> AsyncIterator[SQLModelSaver]:
    """Open and migrate the database at `url` and yield a saver on it; close it at the end.

    `url` as for Database, `encryption_keys` as for SQLModelSaver.
    Raises: BadDatabaseUrl, DatabaseTooNew, BadEncryptionKey, StoreError.
    """
    database = Database(url)
    try:
        await database.migrate()
        yield SQLModelSaver(database, encryption_keys=encryption_keys)
    finally:
        await database.close()


def for_graph(saver: SQLModelSaver, graph: Pregel[Any, Any, Any, Any]) -> SQLModelSaver:
    """Return a saver on the same database that also revives the types in the schemas of a compiled graph."""
    return cast(SQLModelSaver, saver.with_allowlist(allowlist_of(graph)))


class SQLModelSaver(SyncMethods):
    """Stores checkpoints in a migrated Database; to be made inside the event loop that uses the database.

    Async methods are for that loop. Their sync twins are for other threads and wait for the loop. A write returns
    when it is durable. A copy (with_allowlist, guarded_by) shares the database and what is remembered of it.
    `encryption_keys` are AES keys of 16, 24 or 32 bytes: the first encrypts values and writes, all decrypt; metadata,
    channel names and ids are not encrypted. Without keys nothing is encrypted.

    All methods raise StoreError when the database is out of reach, those that read DamagedCheckpoint for a row that
    cannot be read, and the constructor BadEncryptionKey.
    """

    def __init__(
        self,
        database: Database,
        *,
        serde: SerializerProtocol | None = None,
        encryption_keys: Sequence[bytes] = (),
    ) -> None:
        super().__init__(serde=serde or StrictSerializer())
        self.database = database
        self._loop = asyncio.get_running_loop()
        self._store = CheckpointStore(database, encryption_keys)
        self._guard: Guard | None = None
        self._series: Series | None = None
        self._noted: AbstractContextManager[None] = nullcontext()

    async def check_keys(self) -> None:
        """Make sure that what was stored last can be decrypted. Raises: BadEncryptionKey, StoreError."""
        await self._store.check_keys()

    def guarded_by(self, guard: Guard) -> SQLModelSaver:
        """Return a copy that awaits `guard(tx)` first in each writing transaction; what it raises stops the write.

        `guard` may run Core statements, and await nothing else.

        For the fence of a run: a writer whose lease is gone must not change the thread any more, nor one that builds
        upon a checkpoint which is not the thread's newest (StaleWriter). Nothing more is written once a write has
        failed: what LangGraph writes later in a run builds upon what it wrote before (an edit that is lost, and an
        answer that is not). What this copy has read once it does not ask the database for again, since the guard
        would refuse it to write after anybody else did.
        """
        clone = copy.copy(self)
        clone._guard = guard
        clone._series = clone._noted = Series()
        return clone

    @property
    def failure(self) -> BaseException | None:
        """What a write of this guarded copy has failed with, or a read, so that no more is written; None: nothing.

        A graph that a node calls reads within the node, which so raises what nobody can be asked about.
        """
        return self._series.failure if self._series is not None else None

    async def at_rest(self) -> None:
        """Wait for what LangGraph writes by this guarded copy of the nodes that it has cancelled: it does not itself.

        Such a write begins within a few turns of the event loop after the run has raised (langgraph 1.2.22).
        """
        for _ in range(TURNS):
            await asyncio.sleep(0)
        while self._series is not None and self._series.under_way:
            await asyncio.wait(set(self._series.under_way))

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that `config` names, or the thread's latest when it names none."""
        checkpoint_id = config["configurable"].get("checkpoint_id")
        with self._noted:
            if checkpoint_id:
                record = await self._store.exact(_place(config), str(checkpoint_id), self.serde)
            else:
                record = await self._store.latest(_place(config), self.serde, holder=self._series)
        if record is None:
            return None
        not_before(record.checkpoint_id)
        return tuple_of(record, self.serde)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yield checkpoints newest first; nothing is held open between two of them.

        `config` None lists all threads, one without checkpoint_ns all namespaces. `filter` compares metadata
        as Python compares JSON values; a key that is missing equals None.
        """
        listing = self._listing(config, filter, before, limit)
        while page := await listing.next_page():
            for item in page:
                yield item

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint and the values of the channels in `new_versions`; return the config that names it.

        Raises: StaleWriter in a guarded copy.
        """
        place = _place(config)
        parent_id = config["configurable"].get("checkpoint_id")
        with self._noted:
            parent, after = (
                await self._store.known(place, str(parent_id), self.serde) if parent_id else (None, ())
            )
        if parent is not None and not parent.family:
            parent = None  # only writes are known of it, and not whether there are more
        missing = {
            channel: version
            for channel, version in checkpoint["channel_versions"].items()
            if channel not in new_versions and (parent is None or parent.versions.get(channel) != version)
        }
        with self._noted:
            older = await self._store.older_values(place, missing, self.serde) if missing else {}
        encoded = encoded_checkpoint(
            place,
            config,
            checkpoint,
            metadata,
            new_versions,
            parent=parent,
            older=older,
            is_newest=self._store.is_newest(place, str(parent_id)),
            serde=self.serde,
            packing=self._store.packing,
        )
        await self._store.write(encoded, after=after, guard=self._guard, series=self._series)
        return config_of(*place, checkpoint["id"])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task wrote on top of a checkpoint, which may itself be stored later.

        Writes to LangGraph's special channels alone (errors, interrupts, answers) replace what the task wrote
        there before; as soon as an ordinary channel is among them, what is there stays. In a guarded copy a task
        that comes to an end or pauses has failed no longer (LangGraph 1.2.22 forgets the error in memory only), and
        one that is cancelled while it writes has written nothing.
        """
        if not writes:
            return
        writes = left_by_failed(writes) if self._guard is not None else writes
        with self._series.writing() if self._series is not None else nullcontext():
            place, checkpoint_id = _place(config), str(config["configurable"]["checkpoint_id"])
            with self._noted:
                record, after = await self._store.known(place, checkpoint_id, self.serde)
            encoded = encoded_writes(
                place,
                checkpoint_id,
                writes,
                task_id=task_id,
                task_path=task_path,
                record=record,
                forgets_errors=self._guard is not None,
                serde=self.serde,
                packing=self._store.packing,
            )
            await self._store.write(encoded, after=after, guard=self._guard, series=self._series)

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget the thread: checkpoints, values and writes in all namespaces. Unknown threads are no error.

        This and the methods below are for threads that no run is under way in.
        """
        await self._store.delete_threads([str(thread_id)], guard=self._guard)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints whose metadata has one of these as `run_id`. Unknown ids are no error."""
        await self._store.delete_for_runs([str(each) for each in run_ids], guard=self._guard)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy all of a thread to a new one, which shares its large values. An unknown thread copies nothing.

        Raises: ValueError when the target has checkpoints.
        """
        await self._store.copy_thread(str(source_thread_id), str(target_thread_id), guard=self._guard)

    async def aprune(
        self, thread_ids: Sequence[str], *, strategy: str = "keep_latest", keep: Collection[str] = ()
    ) -> None:
        """Give back the space of old checkpoints.

        "keep_latest" keeps the newest checkpoint of each namespace, those with an id in `keep`, and what a
        DeltaChannel is put together from; a subgraph's namespace goes with the step that called it. "delete" keeps
        nothing.

        Raises: ValueError for another strategy, TypeError for one text in place of a list.
        """
        if isinstance(thread_ids, str):
            raise TypeError("thread_ids has to be a list of ids, not one id.")
        names = [str(each) for each in thread_ids]
        if strategy == "delete":
            await self._store.delete_threads(names, guard=self._guard)
        elif strategy == "keep_latest":
            await self._store.keep_latest(names, keep=keep, guard=self._guard)
        else:
            raise ValueError(f"There is no strategy {strategy!r}: keep_latest and delete are known.")

    async def pending_interrupts(
        self, thread_id: str, interrupt_id: str | None = None
    ) -> Sequence[PendingInterrupt]:
        """Return the questions that a thread waits with, in no order, or only the one with this id."""
        return await self._store.interrupts(str(thread_id), interrupt_id)

    async def namespaces(self, thread_id: str) -> Sequence[str]:
        """Return the namespaces of a thread, in no order: "" for its outermost graph, others for those inside."""
        return await self._store.namespaces(str(thread_id))

    def get_next_version(self, current: str | int | None, channel: None) -> str:  # noqa: ARG002
        """Return a version greater than `current`; its random part tells apart what two branches wrote."""
        number = 0 if current is None else int(str(current).partition(".")[0])
        return f"{number + 1:032}.{random.getrandbits(48):012x}"

    def _listing(
        self,
        config: RunnableConfig | None,
        wanted: dict[str, Any] | None,
        before: RunnableConfig | None,
        limit: int | None,
    ) -> Listing:
        return Listing(self._store.reads, self.serde, config, wanted=wanted or {}, before=before, limit=limit)


def _place(config: RunnableConfig) -> tuple[str, str]:
    configurable = config["configurable"]
    return str(configurable["thread_id"]), str(configurable.get("checkpoint_ns") or "")
