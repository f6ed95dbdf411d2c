"""Where a thread stands, read from LangGraph's snapshot: pure, and the same after a crash as in a live run.

A static breakpoint leaves no mark of its own in a thread: it looks like a run that was cut short before its next
node. It is told by the breakpoints of the graph and by the gates that people have passed already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Literal, TypeAlias

from langgraph.types import PregelTask, StateSnapshot
from xxhash import xxh3_128_hexdigest

from engine.canonical import json_digest, jsonable
from engine.decisions import Json
from engine.errors import AppError, UnaskableValue
from engine.forms import check_schema
from engine.pending import questions
from engine.questions import edited
from engine.workflows import Breakpoints

PauseKind: TypeAlias = Literal["dynamic", "before", "after", "error", "gone"]

TROUBLES: Final = ("error", "gone")
"""The kinds of pauses that the graph's code did not ask for: what to do now is asked by the engine itself."""


@dataclass(frozen=True)
class Pause:
    """One thing that the graph waits for.

    `interrupt_id` is LangGraph's, or `static_key` for a static breakpoint, or `retry_key` where nodes raised or are
    gone; each names one question of a thread (langgraph >= 1.2.20). `ordinal` counts the answers that the task had
    before, or the retries, as evidence. `value` is what is asked (for a static breakpoint: {"next", "state"}, for an
    error {"errors": [{"node", "error"}, …], "answered": whether one of them had an answer, which only the ledger
    knows}, for nodes that are gone {"gone": names}), `state` holds the state values that an edit may change, `schema`
    is the JSON Schema that the answer has to fit (None: any), `node` names the node that asks, `steps` the outermost
    graph's nodes that it is in, `tasks` the ids of those that ask or have failed. It `is_taken` if what is inside
    that node has an answer to it, and the node has not said yet what is asked now.
    """

    interrupt_id: str
    ordinal: int
    kind: PauseKind
    value: Json
    state: Mapping[str, Json]
    checkpoint_id: str
    node: str
    steps: tuple[str, ...]
    schema: Json | None = None
    is_taken: bool = False
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unstarted:
    """The thread has no checkpoint: the graph never took its input."""


@dataclass(frozen=True)
class Underway:
    """The thread was cut short between two steps; it goes on without any answer."""

    checkpoint_id: str


@dataclass(frozen=True)
class Paused:
    """The graph waits for people. `is_cut_short`: beside what is asked something goes on without any answer.

    `unfinished` are the ids of the outermost graph's tasks that are to run again.
    """

    pauses: tuple[Pause, ...]
    is_cut_short: bool = False
    unfinished: Set[str] = frozenset()


@dataclass(frozen=True)
class Finished:
    """The graph came to its end. `result` is its output as JSON."""

    result: Json


@dataclass(frozen=True)
class Failed:
    """Nothing more can be run, and no retry would help; or people stopped what had failed."""

    error: str


@dataclass(frozen=True)
class Restarted:
    """A step began anew, `why` says for what reason. `taken_back`: the numbers of the questions it had answers to.

    `checkpoint_id` is that of its new beginning.
    """

    why: str
    taken_back: Sequence[int]
    checkpoint_id: str


Situation: TypeAlias = Unstarted | Underway | Paused | Finished | Failed


@dataclass(frozen=True)
class Look:
    """All that is read of a thread at one moment.

    `ran` names the nodes of the step that made the head. `answers` counts the stored answers per task id.
    `editable` are the state values that an update may replace now, `output` is what the graph gives when done.
    `has_orphan`: the head holds an interrupt, though nothing may be left that asked it. `gone` names the nodes that
    are to run next and that the graph no longer has. `inside` are the ids of tasks that called a graph with a
    state. `has_silent`: a task came neither to its end nor to a question, an error or a breakpoint. `taken` are the
    ids of questions that what is inside a node has an answer to, `done` those of the tasks that are at their end.
    """

    snapshot: StateSnapshot
    ran: Set[str]
    answers: Mapping[str, int]
    editable: Mapping[str, Json]
    output: Any
    has_orphan: bool
    gone: Set[str] = frozenset()
    inside: Set[str] = frozenset()
    has_silent: bool = False
    taken: Set[str] = frozenset()
    done: Set[str] = frozenset()


def pauses_in(here: Situation) -> tuple[Pause, ...]:
    """Return what is asked in a situation, if anything."""
    return here.pauses if isinstance(here, Paused) else ()


def is_asked_about(here: Situation) -> bool:
    """Say whether people are asked about what was raised; what no node raised, such as a wrong update, is over."""
    return any(pause.kind == "error" for pause in pauses_in(here))


def is_cut_short(here: Situation) -> bool:
    """Say whether something goes on without any answer; what failed is not tried again unless people say so."""
    if not isinstance(here, Paused):
        return isinstance(here, Underway)
    return not is_asked_about(here) and (here.is_cut_short or any(pause.is_taken for pause in here.pauses))


def situation(look: Look, *, before: Breakpoints, after: Breakpoints, passed: Set[str]) -> Situation:
    """Say where the thread stands; `passed` are the keys of breakpoints and errors that people have let pass."""
    if look.snapshot.created_at is None:
        return Unstarted()
    try:
        return _at_rest(look, before=before, after=after, passed=passed)
    except UnaskableValue as error:
        return Failed(f"The graph asks something that cannot be shown: {error}")


def leaves(snapshot: StateSnapshot) -> Iterator[tuple[StateSnapshot, PregelTask]]:
    """Yield every task in which no graph is on its way, with the snapshot it belongs to."""
    for task in snapshot.tasks:
        if isinstance(task.state, StateSnapshot) and task.state.tasks:
            yield from leaves(task.state)
        else:
            yield snapshot, task


def namespaces(snapshot: StateSnapshot) -> Iterator[str]:
    """Yield the namespaces of all graphs inside that the snapshot shows."""
    for task in snapshot.tasks:
        if isinstance(task.state, StateSnapshot):
            yield str(task.state.config["configurable"].get("checkpoint_ns", ""))
            yield from namespaces(task.state)


def failing(snapshot: StateSnapshot) -> Iterator[tuple[StateSnapshot, PregelTask]]:
    """Yield every task whose node raised, the innermost one that tells of it, with the snapshot it belongs to.

    A node that asks something of its own has gone past what was raised inside it.
    """
    for task in snapshot.tasks:
        inner = list(failing(task.state)) if isinstance(task.state, StateSnapshot) else []
        has_gone_past = not task.error and bool(questions([task]) - _asked_inside(task))
        yield from (() if has_gone_past else inner) or ([(snapshot, task)] if task.error else [])


def _asked_inside(task: PregelTask) -> set[str]:
    """Return what the tasks inside one have asked: it repeats that until its graph is run to its next rest."""
    inside = task.state.tasks if isinstance(task.state, StateSnapshot) else ()
    return questions(inside).union(*map(_asked_inside, inside))


def retry_key(kind: PauseKind, *, checkpoint_id: str, nodes: Sequence[str], attempt: int) -> str:
    """Return our own name for an error, or a missing node, that people are asked about.

    `attempt` counts the retries from 0.
    """
    return f"{kind}:{checkpoint_id}:{','.join(nodes)}:{attempt}"


def static_key(kind: PauseKind, *, checkpoint_id: str, following: tuple[str, ...]) -> str:
    """Return our own name for a static breakpoint, since LangGraph has none: unique within its thread."""
    return f"static:{kind}:{checkpoint_id}:{','.join(following)}"


def asked_digest(value: Json, state: Mapping[str, Json], schema: Json | None = None) -> str:
    """Return the digest of what people are shown and may edit: what a decision is bound to."""
    asked = {"value": value, "state": dict(state)}
    return json_digest(asked if schema is None else {**asked, "schema": schema})


def edited_digest(
    value: Json, state: Mapping[str, Json], update: Mapping[str, Json], *, schema: Json | None = None
) -> str:
    """Return the digest that a dynamic question has once `update` has reached the state."""
    held = {key: update.get(key, old) for key, old in state.items()}
    return asked_digest(edited(value, update), held, schema)


def _at_rest(look: Look, *, before: Breakpoints, after: Breakpoints, passed: Set[str]) -> Situation:
    """Judge by the tasks, not by `next`, which leaves out those that are done while their step is not."""
    snapshot = look.snapshot
    if look.gone or (look.has_orphan and not snapshot.tasks):
        return Paused((_gone(look, passed=passed),))
    if asked := (*_error(look, passed=passed), *_dynamic(look)):
        unfinished = frozenset(task.id for task in snapshot.tasks) - look.done
        return Paused(asked, is_cut_short=look.has_silent, unfinished=unfinished)
    if stop := _static(look, before=before, after=after, passed=passed):
        return Paused((stop,))
    return Underway(_checkpoint_id(snapshot)) if snapshot.tasks else Finished(_result(look.output))


def _static(look: Look, *, before: Breakpoints, after: Breakpoints, passed: Set[str]) -> Pause | None:
    """Return the breakpoint that holds the thread; after the last node nothing follows it."""
    snapshot = look.snapshot
    following = tuple(task.name for task in snapshot.tasks)
    kind = _breakpoint(look, set(following), before=before, after=after)
    if kind is None:
        return None
    checkpoint_id = _checkpoint_id(snapshot)
    key = static_key(kind, checkpoint_id=checkpoint_id, following=following)
    if key in passed:
        return None
    value = jsonable({"next": list(following), "state": snapshot.values})
    steps = following or tuple(sorted(look.ran))
    editable = {} if any(map(_is_sent, snapshot.tasks)) else look.editable
    return Pause(key, 0, kind, value, editable, checkpoint_id, node=", ".join(steps), steps=steps)


def _gone(look: Look, *, passed: Set[str]) -> Pause:
    """Return the pause of a thread that may not run on: LangGraph would leave out what it no longer has."""
    nodes, checkpoint_id = tuple(sorted(look.gone)), _checkpoint_id(look.snapshot)
    attempt, key = _unpassed("gone", checkpoint_id=checkpoint_id, nodes=nodes, passed=passed)
    return Pause(
        interrupt_id=key,
        ordinal=attempt,
        kind="gone",
        value={"gone": list(nodes)},
        state={},
        checkpoint_id=checkpoint_id,
        node=", ".join(nodes),
        steps=nodes,
    )


def _is_cancelled(task: PregelTask) -> bool:
    return str(task.error).startswith("CancelledError(")


def _unpassed(
    kind: PauseKind, *, checkpoint_id: str, nodes: Sequence[str], passed: Set[str]
) -> tuple[int, str]:
    """Return the first attempt that nobody has let pass, with its key."""
    keys = (retry_key(kind, checkpoint_id=checkpoint_id, nodes=nodes, attempt=n) for n in count())
    return next((n, key) for n, key in enumerate(keys) if key not in passed)


def _error(look: Look, *, passed: Set[str]) -> Iterator[Pause]:
    """Yield one pause for all nodes that raised. An edit has to reach each of them to be offered."""
    failed = list(failing(look.snapshot))
    if not failed:
        return
    # what LangGraph cancelled because another node raised has no error of its own, and runs again with the other
    failed = [each for each in failed if not _is_cancelled(each[1])] or failed
    checkpoint_id = _checkpoint_id(look.snapshot)
    nodes = tuple(task.name for _, task in failed)
    attempt, key = _unpassed("error", checkpoint_id=checkpoint_id, nodes=nodes, passed=passed)
    is_reached = all(
        home is look.snapshot and not _is_sent(task) and task.id not in look.inside for home, task in failed
    )
    yield Pause(
        interrupt_id=key,
        ordinal=attempt,
        kind="error",
        value={
            "errors": [{"node": task.name, "error": str(task.error)} for _, task in failed],
            "answered": False,
        },
        state=look.editable if is_reached else {},
        checkpoint_id=checkpoint_id,
        node=", ".join(nodes),
        steps=tuple(task.name for task in look.snapshot.tasks if _has_failed(task)),
        tasks=tuple(task.id for task in look.snapshot.tasks if _has_failed(task)),
    )


def _has_failed(task: PregelTask) -> bool:
    return bool(task.error) or (isinstance(task.state, StateSnapshot) and any(failing(task.state)))


def _is_sent(task: PregelTask) -> bool:
    """Say whether a task was sent its input (Send), and does not read the state."""
    return bool(task.path) and task.path[0] == "__pregel_push"


def _result(values: Any) -> Json:
    """The graph has done its work, so an output that cannot be shown is no failure."""
    try:
        return jsonable(values)
    except UnaskableValue as error:
        return f"(cannot be shown: {error})"


def _dynamic(look: Look) -> Iterator[Pause]:
    root = look.snapshot
    failing_now = [task for _, task in failing(root)]
    failed = {task.id for task in failing_now}  # what they asked was answered, or is asked again by a retry
    raised = {task.id for task in failing_now if not _is_cancelled(task)}
    homes = {interrupt.id: (home, task) for home, task in leaves(root) for interrupt in task.interrupts}
    outermost = {interrupt.id: task for task in root.tasks for interrupt in task.interrupts}
    for interrupt in {each.id: each for each in root.interrupts}.values():  # some are repeated
        outer = outermost.get(interrupt.id)
        home, task = homes.get(interrupt.id, (outer.state if outer else None, None))
        if (task is not None and task.id in failed) or (outer is not None and outer.id in raised):
            continue
        is_own = task is not None and not _is_sent(task) and is_asked_by(task, interrupt.id, look.answers)
        is_reached = home is root and is_own
        yield Pause(
            interrupt_id=interrupt.id,
            ordinal=look.answers.get(task.id, 0) if task else 0,
            kind="dynamic",
            value=jsonable(interrupt.value),
            state=look.editable if is_reached else {},
            checkpoint_id=_checkpoint_id(home if isinstance(home, StateSnapshot) else root),
            node=task.name if task else "",
            steps=(outer.name,) if outer else (),
            schema=_schema(interrupt.response_schema),
            is_taken=interrupt.id in look.taken,
            tasks=(outer.id,) if outer else (),
        )


def _schema(given: Any) -> Json | None:
    """Read the JSON Schema of an answer. Raises: UnaskableValue, since no answer could be held against it."""
    if given is None:
        return None
    schema = jsonable(given)
    try:
        check_schema(schema)
    except AppError as error:
        raise UnaskableValue(f"Its response_schema cannot be used. {error}") from error
    return schema


def is_asked_by(task: PregelTask, interrupt_id: str, answers: Mapping[str, int], *, within: str = "") -> bool:
    """Say whether a task asked this itself, and not a graph or task that it called. `within`: its graph's namespace.

    LangGraph tells that only by the id, the hash of who asked (langgraph 1.2.22, types.py `_interrupt_id`). An update
    reaches only who asked itself, unless it was sent its input (Send): a graph inside has a state of its own.
    """
    asker = f"{within}|{task.name}:{task.id}".removeprefix("|")
    names = (asker, f"{asker}|{answers.get(task.id, 0)}")
    return interrupt_id in {xxh3_128_hexdigest(name.encode()) for name in names}


def _breakpoint(
    look: Look, following: Set[str], *, before: Breakpoints, after: Breakpoints
) -> PauseKind | None:
    if _meets(look.ran, after):
        return "after"
    return "before" if _meets(following, before) else None


def _meets(nodes: Set[str], breakpoints: Breakpoints) -> bool:
    """LangGraph's "*" leaves out its own hidden nodes, whose names begin with two underscores."""
    if breakpoints == "*":
        return any(not node.startswith("__") for node in nodes)
    return not nodes.isdisjoint(breakpoints)


def _checkpoint_id(snapshot: StateSnapshot) -> str:
    configurable: dict[str, Any] = snapshot.config.get("configurable", {})
    return str(configurable.get("checkpoint_id", ""))
