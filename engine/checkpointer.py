"""SQLModelSaver: LangGraph's checkpointer on our database."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import NULL_TASK_ID
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import ERROR, RESUME
from langgraph.pregel import Pregel

from engine import checkpoints
from engine.checkpoint_tuples import Listing, config_of, tuples_of
from engine.columns import canonical_json
from engine.database import Database, Transaction
from engine.serializer import StrictSerializer, allowlist_of

T = TypeVar("T")
Guard = Callable[[Transaction], Awaitable[None]]


@asynccontextmanager
async def open_saver(url: str) -> AsyncIterator[SQLModelSaver]:
    """Open and migrate the database at `url` and yield a saver on it; close it at the end.

    `url` as for Database. Raises: BadDatabaseUrl, DatabaseTooNew, StoreError.
    """
    database = Database(url)
    try:
        await database.migrate()
        yield SQLModelSaver(database)
    finally:
        await database.close()


def for_graph(saver: SQLModelSaver, graph: Pregel[Any, Any, Any, Any]) -> SQLModelSaver:
    """Return a saver on the same database that also revives the types in the schemas of a compiled graph."""
    return cast(SQLModelSaver, saver.with_allowlist(allowlist_of(graph)))


class SQLModelSaver(BaseCheckpointSaver[str]):
    """Stores checkpoints in a migrated Database; to be made inside the event loop that uses the database.

    Async methods are for that loop. Their sync twins are for other threads and wait for the loop.
    A copy (with_allowlist, guarded_by) shares the database. All methods raise StoreError when the database
    is out of reach, those that read DamagedCheckpoint for a row that cannot be read.
    """

    def __init__(self, database: Database, *, serde: SerializerProtocol | None = None) -> None:
        super().__init__(serde=serde or StrictSerializer())
        self.database = database
        self._loop = asyncio.get_running_loop()
        self._guard: Guard | None = None
        self._turns = Turns()

    def guarded_by(self, guard: Guard) -> SQLModelSaver:
        """Return a copy that awaits `guard(tx)` first in each writing transaction; what it raises stops the write.

        For the fence of a run: a writer whose lease is gone must not change the thread any more. The copy
        writes one thing after the other, and nothing more once a write has failed: what LangGraph writes
        later in a run builds upon what it wrote before (an edit that is lost, and an answer that is not).
        """
        clone = copy.copy(self)
        clone._guard = guard
        clone._turns = Turns()
        return clone

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that `config` names, or the thread's latest when it names none."""
        checkpoint_id = config["configurable"].get("checkpoint_id")
        async with self.database.reading() as tx:
            if checkpoint_id:
                row = await checkpoints.exact(tx, **_place(config), checkpoint_id=str(checkpoint_id))
            else:
                row = await checkpoints.latest(tx, **_place(config))
            return None if row is None else (await tuples_of(tx, [row], self.serde))[0]

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
        listing = Listing(self.database, self.serde, config, wanted=filter or {}, before=before, limit=limit)
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
        """Store a checkpoint and the values of the channels in `new_versions`; return the config that names it."""
        place, body = _place(config), dict(checkpoint)
        values = cast(dict[str, Any], body.pop("channel_values"))
        parent_id = config["configurable"].get("checkpoint_id")
        row = {
            **place,
            "checkpoint_id": checkpoint["id"],
            "parent_checkpoint_id": str(parent_id) if parent_id else None,
            **self._packed(body),
            "metadata": canonical_json(get_serializable_checkpoint_metadata(config, metadata)),
        }
        new_values = [
            {**place, "channel": channel, "version": str(version), **self._packed(values[channel])}
            for channel, version in new_versions.items()
            if channel in values
        ]
        async with self._writing() as tx:
            await checkpoints.put(tx, checkpoint=row, values=new_values)
        return config_of(**place, checkpoint_id=checkpoint["id"])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task wrote on top of a checkpoint, which may itself be stored later.

        Writes to LangGraph's special channels alone (errors, interrupts, answers) replace what the task wrote
        there before; as soon as an ordinary channel is among them, what is there stays. In a guarded copy a task
        that comes to an end or pauses has failed no longer; LangGraph 1.2.22 forgets the error in memory only.
        """
        named = {**_place(config), "checkpoint_id": str(config["configurable"]["checkpoint_id"])}
        rows = [
            {
                **named,
                "task_id": task_id,
                "idx": WRITES_IDX_MAP.get(channel, position),
                "task_path": task_path,
                "channel": channel,
                **self._packed(value),
            }
            for position, (channel, value) in enumerate(writes)
        ]
        is_special = all(channel in WRITES_IDX_MAP for channel, _ in writes)
        if rows:
            async with self._writing() as tx:
                await checkpoints.put_writes(tx, rows, is_replacing=is_special)
                if self._guard is not None and _is_over(task_id, writes):
                    await checkpoints.forget_error(tx, **named, task_id=task_id)

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget the thread: checkpoints, values and writes in all namespaces. Unknown threads are no error."""
        async with self._writing() as tx:
            await checkpoints.delete_thread(tx, str(thread_id))

    def get_next_version(self, current: str | int | None, channel: None) -> str:  # noqa: ARG002
        """Return a version greater than `current`; its random part tells apart what two branches wrote."""
        number = 0 if current is None else int(str(current).split(".", 1)[0])
        return f"{number + 1:032}.{random.random():016}"  # noqa: S311

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """As aget_tuple, from another thread than the loop's."""
        return self._wait_for(self.aget_tuple(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """As alist, from another thread than the loop's. May be abandoned half-way."""
        listing = Listing(self.database, self.serde, config, wanted=filter or {}, before=before, limit=limit)
        while page := self._wait_for(listing.next_page()):
            yield from page

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """As aput, from another thread than the loop's."""
        return self._wait_for(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """As aput_writes, from another thread than the loop's."""
        self._wait_for(self.aput_writes(config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """As adelete_thread, from another thread than the loop's."""
        self._wait_for(self.adelete_thread(thread_id))

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the saver's loop; on the loop's own thread it would wait for itself, so that raises."""
        if _running_loop() is self._loop or not self._loop.is_running():
            work.close()
            raise asyncio.InvalidStateError(
                "The sync methods of SQLModelSaver are for threads beside its running event loop. "
                "Inside the loop use the async ones: await graph.ainvoke(...), await saver.aget_tuple(...)."
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Transaction]:
        if self._guard is None:
            async with self.database.transaction() as tx:
                yield tx
            return
        async with self._turns.next(), self.database.transaction() as tx:
            await self._guard(tx)
            yield tx

    def _packed(self, value: Any) -> dict[str, Any]:
        kind, body = self.serde.dumps_typed(value)
        return {"kind": kind, "body": body}


class Turns:
    """Lets one in after the other, and nobody any more once one has failed: the later ones get its error."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._failure: BaseException | None = None

    @asynccontextmanager
    async def next(self) -> AsyncIterator[None]:
        async with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                yield
            except BaseException as error:
                self._failure = error
                raise


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _is_over(task_id: str, writes: Sequence[tuple[str, Any]]) -> bool:
    """Say whether a task writes this because it has ended or paused: not its error, nor the answers it has read."""
    channels = {channel for channel, _ in writes}
    return task_id != NULL_TASK_ID and ERROR not in channels and channels != {RESUME}


def _place(config: RunnableConfig) -> dict[str, str]:
    configurable = config["configurable"]
    return {
        "thread_id": str(configurable["thread_id"]),
        "checkpoint_ns": str(configurable.get("checkpoint_ns") or ""),
    }
