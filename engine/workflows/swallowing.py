"""Finds nodes that swallow their own question: `interrupt()` raises, and a broad `except` around it goes on.

Told twice: when the app is loaded, by reading the nodes' source, and when such a node runs, by LangGraph's count.
The latter stops the step, since what comes after it was to wait for people.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import CONF, CONFIG_KEY_SCRATCHPAD  # no public way (langgraph 1.2.22)
from langgraph._internal._runnable import RunnableCallable
from langgraph.pregel import Pregel

from engine.errors import SwallowedInterrupt

ASKING: Final = frozenset({"interrupt", "approval"})
BROAD: Final = frozenset({"Exception", "BaseException"})
DEPTH: Final = 5
"""How deep the functions of a module are followed that a node calls inside its `try`."""


def watched(graph: Pregel[Any, Any, Any, Any]) -> Pregel[Any, Any, Any, Any]:
    """Return a copy of a graph, and of the graphs that are its nodes, whose nodes cannot swallow a question."""
    nodes = {}
    for name, node in graph.nodes.items():
        if name.startswith("__"):
            nodes[name] = node
            continue
        update: dict[str, Any] = {"writers": [RunnableCallable(_check, trace=False), *node.writers]}
        if isinstance(node.bound, Pregel):
            inner = watched(node.bound)
            update |= {"bound": inner, "subgraphs": [inner]}
        nodes[name] = node.copy(update)
    return graph.copy(update={"nodes": nodes})


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


def swallowing(graph: Pregel[Any, Any, Any, Any]) -> list[str]:
    """Name the nodes whose source swallows a question, each with its line: "pay (line 12)"."""
    found = []
    for name, node in graph.nodes.items():
        if isinstance(node.bound, Pregel):
            found += [f"{name} › {each}" for each in swallowing(node.bound)]
            continue
        for function in _functions(node.bound):
            line = next(_swallows(function), None)
            if line is not None:
                found.append(f"{name} (line {line})")
                break
    return found


def _functions(bound: Any) -> Iterator[Callable[..., Any]]:
    for attribute in ("func", "afunc"):
        function = inspect.unwrap(found) if callable(found := getattr(bound, attribute, None)) else None
        function = getattr(function, "func", function)  # of a partial
        if inspect.isfunction(function) or inspect.ismethod(function):
            yield function


def _swallows(function: Callable[..., Any]) -> Iterator[int]:
    """Yield the line of each broad `except` that goes on after a question in its `try`."""
    tree, offset = _source(function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_asks(each, function, depth=0) for each in node.body):
            for handler in node.handlers:
                if _is_bubbling(handler):
                    break  # it takes the question out before a broader one can
                if _is_broad(handler) and not any(isinstance(each, ast.Raise) for each in ast.walk(handler)):
                    yield offset + handler.lineno


def _asks(tree: ast.AST, function: Callable[..., Any], *, depth: int) -> bool:
    """Say whether something asks, itself or by a function of the same module."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _last_name(node.func)
        if name in ASKING:
            return True
        called: Any = (
            getattr(function, "__globals__", {}).get(name) if isinstance(node.func, ast.Name) else None
        )
        is_own = inspect.isfunction(called) and called.__module__ == function.__module__
        if is_own and depth < DEPTH and _asks(_source(called)[0], called, depth=depth + 1):
            return True
    return False


def _is_bubbling(handler: ast.ExceptHandler) -> bool:
    raises_again = any(isinstance(each, ast.Raise) for each in ast.walk(handler))
    return raises_again and {"GraphInterrupt", "GraphBubbleUp"} & set(_names(handler.type)) != set()


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or not BROAD.isdisjoint(_names(handler.type))


def _names(node: ast.expr | None) -> list[str]:
    each = node.elts if isinstance(node, ast.Tuple) else [node] if node is not None else []
    return [_last_name(one) for one in each]


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _source(function: Callable[..., Any]) -> tuple[ast.AST, int]:
    """Parse a function's source, with how many lines stand before it; empty when it cannot be read."""
    try:
        lines, start = inspect.getsourcelines(function)
        return ast.parse(textwrap.dedent("".join(lines))), start - 1
    except (OSError, TypeError, SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[]), 0
