"""Where a thread stands, read from LangGraph's snapshot: pure, and the same after a crash as in a live run.

A static breakpoint leaves no mark of its own in a thread: it looks like a run that was cut short before its next
node. It is told by the breakpoints of the graph and by the gates that people have passed already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from langgraph.types import PregelTask, StateSnapshot

from engine.canonical import digest, jsonable
from engine.decisions import Json
from engine.errors import UnaskableValue
from engine.workflows import Breakpoints

PauseKind: TypeAlias = Literal["dynamic", "before", "after"]


@dataclass(frozen=True)
class Pause:
    """One thing that the graph waits for.

    `interrupt_id` is LangGraph's, or `static_key` for a static breakpoint. `ordinal` counts the answers that the
    task had before. `value` is what is asked (for a static breakpoint: {"next", "state"}), `state` holds the
    state values that an edit may change.
    """

    interrupt_id: str
    ordinal: int
    kind: PauseKind
    value: Json
    state: Mapping[str, Json]
    checkpoint_id: str

    @property
    def key(self) -> tuple[str, int]:
        return self.interrupt_id, self.ordinal


@dataclass(frozen=True)
class Unstarted:
    """The thread has no checkpoint: the graph never took its input."""


@dataclass(frozen=True)
class Underway:
    """The thread was cut short between two steps; it goes on without any answer."""

    checkpoint_id: str


@dataclass(frozen=True)
class Paused:
    """The graph waits for people."""

    pauses: tuple[Pause, ...]


@dataclass(frozen=True)
class Finished:
    """The graph came to its end. `result` is its output as JSON."""

    result: Json


@dataclass(frozen=True)
class Failed:
    """A node raised, or asked something that cannot be shown."""

    error: str


Situation: TypeAlias = Unstarted | Underway | Paused | Finished | Failed


@dataclass(frozen=True)
class Look:
    """All that is read of a thread at one moment.

    `ran` names the nodes of the step that made the head. `answers` counts the stored answers per task id.
    `editable` are the state values that an update may replace now.
    """

    snapshot: StateSnapshot
    ran: Set[str]
    answers: Mapping[str, int]
    editable: Mapping[str, Json]


def situation(look: Look, *, before: Breakpoints, after: Breakpoints, passed: Set[str]) -> Situation:
    """Say where the thread stands; `passed` are the keys of the static breakpoints already passed."""
    snapshot = look.snapshot
    if snapshot.created_at is None:
        return Unstarted()
    if errors := [f"{task.name}: {task.error}" for _, task in leaves(snapshot) if task.error]:
        return Failed("; ".join(errors))
    try:
        return _at_rest(look, before=before, after=after, passed=passed)
    except UnaskableValue as error:
        return Failed(f"The graph asks something that cannot be shown: {error}")


def leaves(snapshot: StateSnapshot) -> Iterator[tuple[StateSnapshot, PregelTask]]:
    """Yield every task that has no subgraph state of its own, with the snapshot it belongs to."""
    for task in snapshot.tasks:
        if isinstance(task.state, StateSnapshot):
            yield from leaves(task.state)
        else:
            yield snapshot, task


def static_key(kind: PauseKind, *, checkpoint_id: str, following: tuple[str, ...]) -> str:
    """Return our own name for a static breakpoint, since LangGraph has none: unique within its thread."""
    return f"static:{kind}:{checkpoint_id}:{','.join(following)}"


def asked_digest(value: Json, state: Mapping[str, Json]) -> str:
    """Return the digest of what people are shown and may edit: what a decision is bound to."""
    return digest({"value": value, "state": dict(state)})


def edited_digest(value: Json, state: Mapping[str, Json], update: Mapping[str, Json]) -> str:
    """Return the digest that the same question has once `update` has reached the state."""
    is_mapped = isinstance(value, dict)
    edited = {key: update.get(key, old) for key, old in value.items()} if is_mapped else value
    return asked_digest(edited, {key: update.get(key, old) for key, old in state.items()})


def _at_rest(look: Look, *, before: Breakpoints, after: Breakpoints, passed: Set[str]) -> Situation:
    snapshot = look.snapshot
    if not snapshot.next and not snapshot.interrupts:
        return Finished(_result(snapshot.values))
    if dynamic := tuple(_dynamic(look)):
        return Paused(dynamic)
    kind = _breakpoint(look, before=before, after=after)
    checkpoint_id = _checkpoint_id(snapshot)
    if (
        kind is None
        or (key := static_key(kind, checkpoint_id=checkpoint_id, following=snapshot.next)) in passed
    ):
        return Underway(checkpoint_id)
    value = {"next": list(snapshot.next), "state": jsonable(snapshot.values)}
    return Paused((Pause(key, 0, kind, value, look.editable, checkpoint_id),))


def _result(values: Any) -> Json:
    """The graph has done its work, so an output that cannot be shown is no failure."""
    try:
        return jsonable(values)
    except UnaskableValue as error:
        return f"(cannot be shown: {error})"


def _dynamic(look: Look) -> Iterator[Pause]:
    root = look.snapshot
    homes = {interrupt.id: (home, task) for home, task in leaves(root) for interrupt in task.interrupts}
    for interrupt in root.interrupts:
        home, task = homes.get(interrupt.id, (root, None))
        value = jsonable(interrupt.value)
        yield Pause(
            interrupt_id=interrupt.id,
            ordinal=look.answers.get(task.id, 0) if task else 0,
            kind="dynamic",
            value=value,
            # An update reaches the root graph only, so a subgraph's question has nothing to edit in the state.
            state=look.editable if home is root else {},
            checkpoint_id=_checkpoint_id(home),
        )


def _breakpoint(look: Look, *, before: Breakpoints, after: Breakpoints) -> PauseKind | None:
    if _meets(look.ran, after):
        return "after"
    return "before" if _meets(set(look.snapshot.next), before) else None


def _meets(nodes: Set[str], breakpoints: Breakpoints) -> bool:
    """LangGraph's "*" leaves out its own hidden nodes, whose names begin with two underscores."""
    if breakpoints == "*":
        return any(not node.startswith("__") for node in nodes)
    return not nodes.isdisjoint(breakpoints)


def _checkpoint_id(snapshot: StateSnapshot) -> str:
    configurable: dict[str, Any] = snapshot.config.get("configurable", {})
    return str(configurable.get("checkpoint_id", ""))
