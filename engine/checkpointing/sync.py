"""The sync methods of a checkpointer: they wait, on another thread, for the async ones in its event loop."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import wait
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)

from engine.checkpointing.tuples import Listing

T = TypeVar("T")

LOOK_S = 0.5
"""How often a call that waits looks whether the event loop still runs, which drops what it has not begun."""
ENDED = "The event loop of this SQLModelSaver has ended."


class SyncMethods(BaseCheckpointSaver[str]):
    """Each is its async twin, from another thread than the loop's. The loop is the class's to name as `_loop`.

    Raises: asyncio.InvalidStateError inside the loop, or when it does not run. If it ends meanwhile, nobody knows
    whether anything was stored.
    """

    _loop: asyncio.AbstractEventLoop

    @abstractmethod
    def _listing(
        self,
        config: RunnableConfig | None,
        wanted: dict[str, Any] | None,
        before: RunnableConfig | None,
        limit: int | None,
    ) -> Listing: ...

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """As aget_tuple."""
        return self._wait_for(self.aget_tuple(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """As alist. May be abandoned half-way."""
        listing = self._listing(config, filter, before, limit)
        while page := self._wait_for(listing.next_page()):
            yield from page

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """As aput."""
        return self._wait_for(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """As aput_writes."""
        self._wait_for(self.aput_writes(config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """As adelete_thread."""
        self._wait_for(self.adelete_thread(thread_id))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """As adelete_for_runs."""
        self._wait_for(self.adelete_for_runs(run_ids))

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """As acopy_thread."""
        self._wait_for(self.acopy_thread(source_thread_id, target_thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """As aprune."""
        self._wait_for(self.aprune(thread_ids, strategy=strategy))

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """As aget_delta_channel_history."""
        return self._wait_for(self.aget_delta_channel_history(config=config, channels=channels))

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the loop; on the loop's own thread it would wait for itself, so that raises."""
        if _running_loop() is self._loop or not self._loop.is_running():
            work.close()
            raise asyncio.InvalidStateError(
                "The sync methods of SQLModelSaver are for threads beside its running event loop. "
                "Inside the loop use the async ones: await graph.ainvoke(...), await saver.aget_tuple(...)."
            )
        try:
            call = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise asyncio.InvalidStateError(ENDED) from None
        while not wait({call}, LOOK_S).done:
            if not self._loop.is_running() and call.cancel():
                if getcoroutinestate(work) == CORO_CREATED:
                    work.close()
                raise asyncio.InvalidStateError(ENDED)
        return call.result()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
