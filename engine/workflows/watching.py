"""Graphs whose nodes cannot swallow a question: one that its own `except` took for an error stops the step.

LangGraph counts what a node asked. What comes after an unanswered question was to wait for people, so it may not run.
What can be told of it before it runs is in `swallowing.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import CONF, CONFIG_KEY_SCRATCHPAD  # no public way (langgraph 1.2.22)
from langgraph._internal._runnable import RunnableCallable
from langgraph.pregel import Pregel
from langgraph.pregel._loop import AsyncPregelLoop

from engine.errors import SwallowedInterrupt


class _Put:
    """What a graph waits for that puts no checkpoint: nothing."""

    def __await__(self) -> Iterator[Any]:
        return iter(())


# With durability="sync" LangGraph waits for it after each step, also in a graph that a node calls and that was
# compiled with checkpointer=False, and raises AttributeError there (langgraph 1.2.22, pregel/main.py).
AsyncPregelLoop._put_checkpoint_fut = _Put()  # type: ignore[assignment]


def watched(graph: Pregel[Any, Any, Any, Any]) -> Pregel[Any, Any, Any, Any]:
    """Return a copy of a graph, and of the graphs that are its nodes, whose nodes cannot swallow a question."""
    nodes = {}
    for name, node in graph.nodes.items():
        if name.startswith("__"):
            nodes[name] = node
            continue
        update: dict[str, Any] = {"writers": [RunnableCallable(_check, _acheck, trace=False), *node.writers]}
        if isinstance(node.bound, Pregel):
            inner = watched(_with_checkpoints(node.bound))
            update |= {"bound": inner, "subgraphs": [inner]}
        nodes[name] = node.copy(update)
    return graph.copy(update={"nodes": nodes})


def _with_checkpoints(graph: Pregel[Any, Any, Any, Any]) -> Pregel[Any, Any, Any, Any]:
    """Let a graph that wants none keep its checkpoints with those around it: what it asks is found again by them."""
    return graph.copy(update={"checkpointer": None}) if graph.checkpointer is False else graph


def _check(value: Any, config: RunnableConfig) -> Any:
    """Raise if the node, which has come to its end, asked more than was answered.

    The first of a node's writers: once one has written, LangGraph takes the node for done.
    """
    scratchpad = config[CONF].get(CONFIG_KEY_SCRATCHPAD)
    if scratchpad is None:
        return value
    asked = scratchpad.interrupt_counter()
    if asked > len(scratchpad.resume):
        raise SwallowedInterrupt
    # counting is the only way to read the number; a conditional edge that asks has to go on from the same one
    object.__setattr__(scratchpad, "interrupt_counter", count(asked).__next__)
    return value


async def _acheck(value: Any, config: RunnableConfig) -> Any:
    """Do the same for a node with a time limit, which LangGraph takes for one that cannot be cancelled otherwise."""
    return _check(value, config)
