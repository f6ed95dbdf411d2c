"""A thread of a graph: the only caller of compiled graphs. Knows LangGraph's ways, not the ledger's."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import (  # the public API has no argument for it (langgraph 1.2.22)
    CONFIG_KEY_STRICT_RESUME,
    INTERRUPT,
    NULL_TASK_ID,
    TASKS,
)
from langgraph.checkpoint.base import (
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    copy_checkpoint,
)
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.constants import END
from langgraph.errors import UnknownInterruptError, is_invalid_resume
from langgraph.pregel import Pregel
from langgraph.pregel._algo import task_path_str
from langgraph.types import Command, StateSnapshot
from pydantic import ValidationError

from engine import pending
from engine.checkpointer import SQLModelSaver
from engine.checkpointing.group_commit import Guard
from engine.clock import utc_now
from engine.decisions import Json
from engine.errors import KeptInside, StaleQuestion, StaleWriter, StoreError, UnfitAnswer
from engine.exits import running_nodes
from engine.insides import Insides
from engine.pauses import Failed, Look, Pause, Restarted, Situation, situation
from engine.workflows import Workflow

MADE_BY: Final = "assent_code"
"""Where a checkpoint's metadata has the digest of the code that ran: a process may die, and a new release come."""

RESTARTED: Final = "assent_restarted"
"""Where the metadata of a fork has why a step began anew there, and which answers it took back."""

Hears = Callable[[Sequence[str], str, Any], None]
"""Is told each part of LangGraph's stream as it comes: namespace, mode, event. Must not raise."""


class Thread:
    """One thread of one workflow. Nothing is kept here: each look reads the checkpoints anew.

    `guard` is awaited in each transaction that writes a checkpoint; what it raises stops the write and the run.
    `hears` is told what the graph streams.
    """

    def __init__(
        self, workflow: Workflow, thread_id: str, *, guard: Guard, hears: Hears | None = None
    ) -> None:
        self._workflow = workflow
        self._hears = hears
        self._begun: set[str] = set()
        self._saver = saver_of(workflow.graph).guarded_by(guard)
        self._insides = Insides(self._saver, thread_id)
        self._graph = workflow.graph.copy(update={"checkpointer": self._saver})
        self._config: RunnableConfig = {
            "configurable": {"thread_id": thread_id, CONFIG_KEY_STRICT_RESUME: True},
            "metadata": {MADE_BY: workflow.fingerprint.digest},
        }

    async def look(self, *, passed: Set[str]) -> Situation:
        """Say where the thread stands; `passed` are the keys of the static breakpoints already passed.

        A thread that cannot be read (damaged bytes, updates that contradict each other) has failed.

        Raises: StoreError.
        """
        try:
            look = await self._read()
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a broken thread must not stop the others
            return Failed(f"The thread cannot be read. {_told(error)}")
        return situation(look, before=self._workflow.before, after=self._workflow.after, passed=passed)

    async def _read(self) -> Look:
        stored = await self._saver.aget_tuple(self._config)
        writes = pending.writes_of(stored)
        whole = await self._graph.aget_state(self._config, subgraphs=True)
        waiting = await self._saver.pending_interrupts(self._config["configurable"]["thread_id"])
        snapshot = await self._insides.without_over(whole, waiting, writes)
        locked = pending.updated_keys(writes)
        values = snapshot.values if isinstance(snapshot.values, dict) else {}
        editable = self._workflow.editable_state(values)
        return Look(
            snapshot=snapshot,
            ran=await self._ran(snapshot),
            answers={each.task_id: each.ordinal for each in waiting},
            editable={key: value for key, value in editable.items() if key not in locked},
            output=self._output(snapshot),
            has_orphan=any(channel == INTERRUPT for _, channel, _ in writes),
            gone=self._gone(stored),
            inside=await self._insides.called(snapshot),
            has_silent=bool(snapshot.interrupts) and await self._insides.has_silent(whole, writes),
            taken=await self._insides.taken(snapshot, waiting, writes),
            done=pending.done(writes) | pending.handled(writes, whole.tasks),
        )

    def _gone(self, stored: CheckpointTuple | None) -> frozenset[str]:
        """Name the nodes that are to run next and that the graph no longer has.

        LangGraph leaves them out without a word, and the run would look as if it had come to its end (1.2.22).
        """
        if stored is None:
            return frozenset()
        values = stored.checkpoint["channel_values"]
        sent = {str(getattr(packet, "node", "")) for packet in values.get(TASKS) or ()}
        branches = (name for name in values if name.startswith("branch:to:"))
        joins = (name for name, value in values.items() if name.startswith("join:") and _is_begun(value))
        named = {name.rpartition(":")[2] for name in (*branches, *joins)}
        return frozenset((sent | named) - {"", END} - set(self._graph.nodes))

    def _output(self, snapshot: StateSnapshot) -> Any:
        """Pick what the graph gives as its output; the rest of the state is its own business."""
        names = self._graph.output_channels
        if isinstance(names, str) or not isinstance(snapshot.values, dict):
            return snapshot.values
        return {name: value for name, value in snapshot.values.items() if name in names}

    async def start(self, values: Mapping[str, Json]) -> str | None:
        """Give the graph its input and run it to its next rest; see `_run`."""
        return await self._run(self._workflow.input_of(values))

    async def carry_on(self) -> str | None:
        """Run a thread that was cut short to its next rest. Never while a static breakpoint holds: it'd be passed."""
        return await self._run(None)

    async def answer(self, pause: Pause, value: Json) -> str | None:
        """Give the question of an `interrupt()` its answer and run to the next rest; see `_run`.

        Raises: StaleQuestion when LangGraph does not know the interrupt any more, UnfitAnswer when the question
            has a schema that the answer does not fit; nothing was written then. StaleQuestion also when all has run
            and who asked did not: a node that LangGraph tries again (RetryPolicy) has the graph that it calls
            ask under another name, which the next run does not know.
        """
        raised = await self._run(Command(resume={pause.interrupt_id: value}))
        if raised is not None:
            return raised
        thread_id = self._config["configurable"]["thread_id"]
        left = await self._saver.pending_interrupts(thread_id, pause.interrupt_id)
        if left and self._begun.isdisjoint(each.task_id for each in left):
            raise StaleQuestion
        return None

    async def edit(self, update: Mapping[str, Json]) -> str | None:
        """Change state keys, each at most once at one checkpoint, and run to the next rest; see `_run`.

        A node that waits runs again from its start with the new values, and asks what it asks then.
        """
        return await self._run(Command(update=dict(update)))

    async def start_over(
        self, why: str, *, taken_back: Sequence[int], without: Set[str] = frozenset()
    ) -> None:
        """Fork the head, so that the steps that wait or have failed begin anew, with none of their answers.

        What `restarted` tells of it is kept with the fork.

        What the other tasks of the step have done stays done, and so do stored updates, but of the keys in `without`.
        The writes are stored before the checkpoint that they belong to: cut off in between, nothing has happened.
        Afterwards the thread is underway.

        Raises: StoreError, StaleWriter; KeptInside when answers would stay in a graph inside, nothing happened then.
        """
        stored = await self._saver.aget_tuple(self._config)
        if stored is None:
            return
        tasks = (await self._graph.aget_state(self._config)).tasks
        if await self._keeps_answers_inside({task.name for task in tasks}):
            raise KeptInside
        fork: Checkpoint = {
            **copy_checkpoint(stored.checkpoint),
            "id": str(uuid6()),
            "ts": utc_now().isoformat(),
        }
        place: RunnableConfig = {
            "configurable": {**stored.config["configurable"], "checkpoint_id": fork["id"]}
        }
        before = {task.path: task.id for task in tasks}
        metadata: CheckpointMetadata = {
            "source": "fork",
            "step": stored.metadata.get("step", -1) + 1,
            "parents": stored.metadata.get("parents", {}),
            MADE_BY: self._workflow.fingerprint.digest,  # type: ignore[typeddict-unknown-key]
            RESTARTED: {"why": why, "taken_back": list(taken_back)},
        }
        after = await self._tasks_of(fork, metadata)
        renamed = {before[path]: (after[path], path) for path in before.keys() & after.keys()}
        kept = pending.kept(pending.writes_of(stored), tasks, without=without)
        for task_id, writes in kept.items():
            if task_id == NULL_TASK_ID:
                await self._saver.aput_writes(place, writes, NULL_TASK_ID)
            elif task_id in renamed:
                new_id, path = renamed[task_id]
                await self._saver.aput_writes(place, writes, new_id, task_path_str(path))
        await self._saver.aput(stored.config, fork, metadata, {})

    async def _keeps_answers_inside(self, nodes: Set[str]) -> bool:
        """Say whether a graph that is one of these nodes has answers in checkpoints that outlive the step."""
        thread_id = self._config["configurable"]["thread_id"]
        if [node for node in nodes if await self._insides.keeps_answers(node)]:
            return True
        waiting = await self._saver.pending_interrupts(thread_id)
        return any(each.ordinal and each.checkpoint_ns.partition("|")[0] in nodes for each in waiting)

    async def has_started_over(self, *, since: str, task_id: str = "") -> bool:
        """Say whether the step has started over since a checkpoint, and nothing of the thread has run on after that.

        `since` is a checkpoint's id, which grows with time. With a `task_id`: whether since that task asked, since it
        has another id after each new beginning; the checkpoint of a graph with a memory of its own may be older.
        """
        stored = await self._saver.aget_tuple(self._config)
        if stored is None or stored.metadata.get("source") != "fork":
            return False
        if not task_id:
            return since < _id_of(stored)
        return all(task.id != task_id for task in (await self._graph.aget_state(self._config)).tasks)

    async def restarted(self, *, since: str) -> Restarted | None:
        """Return how steps have started over since a checkpoint, together; `since` may be one of a graph inside."""
        stored = await self._saver.aget_tuple(self._config)
        if stored is None or _id_of(stored) <= since:
            return None
        place: RunnableConfig = {
            "configurable": {"thread_id": self._config["configurable"]["thread_id"], "checkpoint_ns": ""}
        }
        forks = [
            fork
            async for fork in self._saver.alist(place, filter={"source": "fork"})
            if _id_of(fork) > since and RESTARTED in fork.metadata
        ]
        if not forks:
            return None
        told = [fork.metadata[RESTARTED] for fork in forks]  # type: ignore[typeddict-item]
        taken_back = sorted({number for each in told for number in each["taken_back"]})
        return Restarted(told[0]["why"], taken_back, _id_of(forks[0]))

    async def made_by(self) -> str | None:
        """Return the digest of the code that stored the head; None: it is not known."""
        stored = await self._saver.aget_tuple(self._config)
        return None if stored is None else stored.metadata.get(MADE_BY)  # type: ignore[return-value]

    async def _tasks_of(self, fork: Checkpoint, metadata: CheckpointMetadata) -> dict[tuple[Any, ...], str]:
        """Return the ids, by path, that LangGraph will give the tasks of a checkpoint which is not stored yet."""
        memory = InMemorySaver(serde=self._saver.serde)
        config: RunnableConfig = {"configurable": {"thread_id": "fork", "checkpoint_ns": ""}}
        memory.put(config, fork, metadata, fork["channel_versions"])
        snapshot = await self._graph.copy(update={"checkpointer": memory}).aget_state(config)
        return {task.path: task.id for task in snapshot.tasks}

    async def updated_keys(self) -> frozenset[str]:
        """Return the state keys that an update has set at the head and that no step has taken in yet.

        A second update of them would make the thread unreadable (langgraph 1.2.22: InvalidUpdateError from
        get_state on), so these keys are neither offered for an edit nor sent again.
        """
        return pending.updated_keys(pending.writes_of(await self._saver.aget_tuple(self._config)))

    async def _run(self, payload: Any) -> str | None:
        """Run to the next rest and return what a node raised as text, or None.

        What the stream says is told on and not used: it tells of an interrupt before anything is durable.

        Raises: StoreError, StaleWriter, StaleQuestion, and cancellation; the thread can be run again after those.
        """
        self._begun.clear()
        try:
            with running_nodes():
                async for namespace, mode, event in self._graph.astream(
                    payload,
                    self._config,
                    stream_mode=["updates", "custom", "tasks"],
                    output_keys=self._graph.output_channels,  # what the output leaves out is shown to nobody
                    subgraphs=True,
                    durability="sync",
                ):
                    self._begin(mode, event)
                    if self._hears is not None:
                        self._hears(namespace, mode, event)
        except (StoreError, StaleWriter):
            raise
        except UnknownInterruptError as error:
            raise StaleQuestion from error
        except (CancelledError, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # some libraries' panics are no Exception
            await self._saver.at_rest()
            # a node raised, and that could not be stored: nobody could be asked about it
            failure = self._saver.failure
            if failure is not None:
                raise failure from error
            if is_invalid_resume(error):
                raise UnfitAnswer(_refused(error)) from error
            return _told(error)
        return None

    def _begin(self, mode: str, event: Any) -> None:
        if mode == "tasks" and "triggers" in event:  # its end is told without
            self._begun.add(event["id"])

    async def _ran(self, snapshot: StateSnapshot) -> frozenset[str]:
        """Name the nodes that made the head; needed for breakpoints after a node only.

        A head that started over was made by no node: those of the one that it was forked from count.
        """
        if not self._workflow.after:
            return frozenset()
        while (snapshot.metadata or {}).get("source") == "fork" and snapshot.parent_config is not None:
            snapshot = await self._graph.aget_state(snapshot.parent_config)
        if snapshot.parent_config is None:
            return frozenset()
        parent = await self._graph.aget_state(snapshot.parent_config)
        return frozenset(task.name for task in parent.tasks)


def _id_of(stored: CheckpointTuple) -> str:
    return str(stored.config["configurable"]["checkpoint_id"])


def _is_begun(barrier: Any) -> bool:
    """Say whether some of what a join waits for has come; once it has run, nothing has."""
    return bool(barrier[0] if isinstance(barrier, tuple) else barrier)


def _refused(error: BaseException) -> str | None:
    """Say what pydantic has against an answer, in its own words; None: it does not say."""
    if not isinstance(error, ValidationError):
        return None
    told = (each["msg"].removeprefix("Value error, ") for each in error.errors(include_url=False))
    words = "; ".join(dict.fromkeys(told))
    return f"The graph refuses this answer, though it fits the schema that it gave: {words}. Nothing of it was taken."


def _told(error: BaseException) -> str:
    """Say what was raised, also when it cannot say so itself."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - somebody else's __str__ may raise anything
        return type(error).__name__


def saver_of(graph: Pregel[Any, Any, Any, Any]) -> SQLModelSaver:
    """Return the checkpointer that the graph was loaded with."""
    if not isinstance(graph.checkpointer, SQLModelSaver):
        raise TypeError("The workflow was loaded without our checkpointer.")
    return graph.checkpointer
