"""What the writes of a step that is not over tell of its tasks: pure.

LangGraph (1.2.22) keeps them with the checkpoint that the step began with, until all of its tasks are done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Any

from langgraph._internal._constants import ERROR, ERROR_SOURCE_NODE, INTERRUPT, NULL_TASK_ID
from langgraph.checkpoint.base import CheckpointTuple, PendingWrite
from langgraph.types import PregelTask

from engine.checkpointing.encoding import CONTROL


def writes_of(stored: CheckpointTuple | None) -> list[PendingWrite]:
    """Return the writes of a checkpoint's step, none if there is no checkpoint."""
    return list(stored.pending_writes or ()) if stored else []


def updated_keys(writes: Iterable[PendingWrite]) -> frozenset[str]:
    """Return the state keys that an update has set and that no step has taken in yet."""
    return frozenset(channel for task_id, channel, _ in writes if task_id == NULL_TASK_ID)


def done(writes: Iterable[PendingWrite]) -> frozenset[str]:
    """Return the tasks that have come to their end."""
    return frozenset(task_id for task_id, channel, _ in writes if channel not in CONTROL)


def handled(writes: Sequence[PendingWrite], tasks: Sequence[PregelTask]) -> frozenset[str]:
    """Return the tasks whose error an `error_handler` takes care of; none if one of the handlers has raised or asks.

    A handler is a task of its own, which no snapshot shows; LangGraph goes on with one that was cut off. So is a
    `@task`, but what that asks its node asks too.
    """
    failed = frozenset(task_id for task_id, channel, _ in writes if channel == ERROR_SOURCE_NODE)
    if not failed:
        return failed
    shown = {task.id for task in tasks} | done(writes)
    asked = questions(tasks)
    has_raised = any(
        task_id not in shown
        and (channel == ERROR or (channel == INTERRUPT and not asked.issuperset(each.id for each in value)))
        for task_id, channel, value in writes
    )
    return frozenset() if has_raised else failed


def questions(tasks: Iterable[PregelTask]) -> set[str]:
    """Return the ids of what these tasks ask, or repeat of what was asked inside them."""
    return {each.id for task in tasks for each in task.interrupts}


def without_over(tasks: Sequence[PregelTask], writes: Sequence[PendingWrite]) -> list[PregelTask]:
    """Take from tasks what is nobody's business any more, be it in a graph that is the node.

    That is what an `error_handler` takes care of, and the errors inside a task that has come to its end.
    """
    left_out, ended = handled(writes, tasks), done(writes)
    return [
        task._replace(error=None, interrupts=(), state=None)
        if task.id in left_out
        else task._replace(error=None, state=None)
        if task.id in ended
        else task
        for task in tasks
    ]


def kept(
    writes: Sequence[PendingWrite], tasks: Sequence[PregelTask], *, without: Set[str]
) -> dict[str, list[tuple[str, Any]]]:
    """Pick by task what a step that begins anew takes over: whole tasks, and the updates but for some keys.

    A task whose error is handled counts as done; only its handler runs again.
    """
    over = handled(writes, tasks)
    found: dict[str, list[tuple[str, Any]]] = {}
    for task_id, channel, value in writes:
        is_kept = channel not in CONTROL or (task_id in over and channel in (ERROR, ERROR_SOURCE_NODE))
        if is_kept and not (task_id == NULL_TASK_ID and channel in without):
            found.setdefault(task_id, []).append((channel, value))
    return found
