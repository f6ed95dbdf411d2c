"""What goes on inside the nodes of a thread's head: graphs that they call have steps and questions of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import PendingWrite
from langgraph.checkpoint.serde.types import RESUME
from langgraph.types import PregelTask, StateSnapshot

from engine.checkpointer import SQLModelSaver
from engine.checkpointing.store import PendingInterrupt
from engine.pauses import failing, is_asked_by, namespaces


class Insides:
    """Looks inside the nodes of one thread; its snapshot shows the graphs only that LangGraph finds in the code."""

    def __init__(self, saver: SQLModelSaver, thread_id: str) -> None:
        self._saver = saver
        self._thread_id = thread_id

    async def called(self, snapshot: StateSnapshot) -> frozenset[str]:
        """Return the failed tasks that called a graph which has checkpoints of its own."""
        found = set()
        for home, task in failing(snapshot):
            if home is snapshot and await self._saver.aget_tuple(self._place(task)) is not None:
                found.add(task.id)
        return frozenset(found)

    async def answered(self, snapshot: StateSnapshot) -> frozenset[str]:
        """Return the failed tasks that had answers, which they would get again."""
        found = set()
        for home, task in failing(snapshot):
            if task.id in await self._with_answers(home.config):
                found.add(task.id)
        return frozenset(found)

    async def taken(self, snapshot: StateSnapshot, waiting: Sequence[PendingInterrupt]) -> frozenset[str]:
        """Name the questions that a graph inside has an answer to, while the node around it waits with them.

        Whoever asked such a question has closed its own row, and only that of the node is left.
        """
        ordinals = {each.task_id: each.ordinal for each in waiting}
        alone = {each.interrupt_id for each in waiting if each.levels == 1}
        found = set()
        for task in snapshot.tasks:
            names = {each.id for each in task.interrupts if each.id in alone}
            left = {name for name in names if not is_asked_by(task, name, ordinals)}
            if left and await self._goes_on(task, waiting):
                found |= left
        return frozenset(found)

    async def has_silent(self, snapshot: StateSnapshot, writes: Iterable[PendingWrite]) -> bool:
        """Say whether a task was cut off before it wrote anything. `writes` are those of the head.

        What waits at a breakpoint of a hidden graph looks the same, and running it would pass the breakpoint: nothing
        counts as cut off where such a graph has made a step since the head.
        """
        heard = {task_id for task_id, _, _ in writes}
        if all(task.id in heard for task in snapshot.tasks):
            return False
        shown = {"", *namespaces(snapshot)}
        async for step in self._saver.alist({"configurable": {"thread_id": self._thread_id}}):
            namespace = step.config["configurable"]["checkpoint_ns"]
            if namespace == "" or namespace not in shown:
                return bool(namespace == "")
        return False

    async def _goes_on(self, task: PregelTask, waiting: Sequence[PendingInterrupt]) -> bool:
        """Say whether a graph that a task called asks something else, or has an answer in its newest step."""
        place = self._place(task)
        inside = place["configurable"]["checkpoint_ns"]
        return any(each.checkpoint_ns.startswith(inside) for each in waiting) or bool(
            await self._with_answers(place)
        )

    async def _with_answers(self, config: RunnableConfig) -> set[str]:
        """Return the tasks that have answers at a checkpoint."""
        stored = await self._saver.aget_tuple(config)
        writes = stored.pending_writes if stored is not None else None
        return {task_id for task_id, channel, _ in writes or () if channel == RESUME}

    def _place(self, task: PregelTask) -> RunnableConfig:
        """Return where a graph that a task of the outermost graph called has its newest checkpoint."""
        return {"configurable": {"thread_id": self._thread_id, "checkpoint_ns": f"{task.name}:{task.id}"}}
