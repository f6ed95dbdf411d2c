"""What goes on inside the nodes of a thread's head: graphs that they call have steps and questions of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import PendingWrite
from langgraph.checkpoint.serde.types import INTERRUPT, RESUME
from langgraph.types import PregelTask, StateSnapshot

from engine import pending
from engine.checkpointer import SQLModelSaver
from engine.checkpointing.store import PendingInterrupt
from engine.pauses import failing, is_asked_by, namespaces


class Insides:
    """Looks inside the nodes of one thread; its snapshot shows the graphs only that LangGraph finds in the code."""

    def __init__(self, saver: SQLModelSaver, thread_id: str) -> None:
        self._saver = saver
        self._thread_id = thread_id

    async def without_over(
        self, snapshot: StateSnapshot, waiting: Sequence[PendingInterrupt], writes: Sequence[PendingWrite]
    ) -> StateSnapshot:
        """Leave out what is nobody's business any more, also inside its nodes; `writes` are those of the snapshot."""
        left = pending.without_over(snapshot.tasks, writes)
        within = str(snapshot.config["configurable"].get("checkpoint_ns", ""))
        tasks = tuple([await self._without_over_inside(task, waiting, within=within) for task in left])
        dropped = pending.questions(snapshot.tasks) - pending.questions(tasks)
        asked = tuple(each for each in snapshot.interrupts if each.id not in dropped)
        return snapshot._replace(tasks=tasks, interrupts=asked)

    async def _without_over_inside(
        self, task: PregelTask, waiting: Sequence[PendingInterrupt], *, within: str
    ) -> PregelTask:
        """Leave out what is over in a graph inside where something failed, and what its node repeats from before."""
        if not isinstance(task.state, StateSnapshot) or not any(failing(task.state)):
            return task
        stored = await self._saver.aget_tuple(task.state.config)
        state = await self.without_over(task.state, waiting, pending.writes_of(stored))
        ordinals = {each.task_id: each.ordinal for each in waiting}
        alone = {each.interrupt_id for each in waiting if each.levels == 1}
        asked = tuple(
            each
            for each in task.interrupts
            if each.id not in alone or is_asked_by(task, each.id, ordinals, within=within)
        )
        return task._replace(state=state, interrupts=asked)

    async def called(self, snapshot: StateSnapshot) -> frozenset[str]:
        """Return the failed tasks that called a graph which has checkpoints of its own."""
        found = set()
        for home, task in failing(snapshot):
            if home is snapshot and await self._saver.aget_tuple(self._place(task)) is not None:
                found.add(task.id)
        return frozenset(found)

    async def taken(
        self, snapshot: StateSnapshot, waiting: Sequence[PendingInterrupt], writes: Iterable[PendingWrite]
    ) -> frozenset[str]:
        """Name the questions that a graph inside has an answer to, while the node around it waits with them.

        Whoever asked such a question has closed its own row, and only that of the node is left; what a task called
        by the node has asked stands among the head's `writes`.
        """
        ordinals = {each.task_id: each.ordinal for each in waiting}
        alone = {each.interrupt_id for each in waiting if each.levels == 1}
        steps = {task.id for task in snapshot.tasks}
        askers = {
            each.id: task_id
            for task_id, channel, asked in writes
            if channel == INTERRUPT and task_id not in steps
            for each in asked
        }
        found = set()
        for task in snapshot.tasks:
            for name in {each.id for each in task.interrupts if each.id in alone}:
                asker = askers.get(name, task.id)
                is_own = asker == task.id and is_asked_by(task, name, ordinals)
                if not is_own and await self._goes_on(asker, waiting):
                    found.add(name)
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

    async def keeps_answers(self, node: str) -> bool:
        """Say whether a graph with a memory of its own has answers in its newest step: this node, or one inside it.

        Compiled with `checkpointer=True` it goes on from them whichever step of the outer graph calls it.
        """
        return await self._has_answers(
            lambda namespace: namespace == node or namespace.startswith(f"{node}|")
        )

    async def _has_answers(self, is_meant: Callable[[str], bool]) -> bool:
        for namespace in filter(is_meant, await self._saver.namespaces(self._thread_id)):
            place = {"thread_id": self._thread_id, "checkpoint_ns": namespace}
            if await self._with_answers({"configurable": place}):
                return True
        return False

    async def _goes_on(self, task_id: str, waiting: Sequence[PendingInterrupt]) -> bool:
        """Say whether a graph that a task called asks something else, or has an answer in its newest step."""
        is_asked = any(task_id in each.checkpoint_ns for each in waiting)
        return is_asked or await self._has_answers(_inside(task_id))

    async def _with_answers(self, config: RunnableConfig) -> set[str]:
        """Return the tasks that have answers at a checkpoint."""
        stored = await self._saver.aget_tuple(config)
        writes = stored.pending_writes if stored is not None else None
        return {task_id for task_id, channel, _ in writes or () if channel == RESUME}

    def _place(self, task: PregelTask) -> RunnableConfig:
        """Return where a graph that a task of the outermost graph called has its newest checkpoint."""
        return {"configurable": {"thread_id": self._thread_id, "checkpoint_ns": f"{task.name}:{task.id}"}}


def _inside(task_id: str) -> Callable[[str], bool]:
    """Make a test of namespaces: whether they are those of graphs that this task has called."""
    return lambda namespace: task_id in namespace
