"""A graph's fingerprint: what must not have changed between a question and its answer.

LangGraph gives a stored answer to whatever the node asks when it runs again (langgraph 1.2.22), also to a question
that a new release has put in the place of the one that people answered. So each question is kept with the fingerprint
of the code that asked it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final

from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from engine.canonical import digest
from engine.decisions import Json
from engine.workflows.nodes import NodeFunction, functions_by_node

_PLAIN: Final = (str, bytes, int, bool, type(None))
"""Types of constants that count. A float may be a time, a list or dict may be filled while the app is imported."""


@dataclass(frozen=True)
class Fingerprint:
    """The digest of a graph's structure, and of the source behind each of its nodes.

    The structure: names of nodes, edges, branches, also of the graphs inside it. The source: the node's functions
    and those of the app that they call, without comments and layout, and the plain constants that these name.
    """

    structure: str
    nodes: Mapping[str, str]

    def of(self, steps: Collection[str]) -> dict[str, Json]:
        """Return what is kept with a question that these nodes of the graph ask; None stands for one that is gone."""
        return {"structure": self.structure, "steps": {name: self.nodes.get(name) for name in sorted(steps)}}

    def matches(self, kept: Json) -> bool:
        """Say whether the code is that of `of`."""
        return isinstance(kept, dict) and bool(kept) and kept == self.of(kept["steps"])


def fingerprint_of(graph: Pregel[Any, Any, Any, Any]) -> Fingerprint:
    """Take the fingerprint of a graph; right after its import, since sources are read from their files."""
    nodes = {name: _source(functions) for name, functions in functions_by_node(graph).items()}
    return Fingerprint(structure=digest(_structure(graph)), nodes=nodes)


def _structure(graph: Pregel[Any, Any, Any, Any]) -> Json:
    inner = {name: _structure(each) for name, each in graph.get_subgraphs() if isinstance(each, Pregel)}
    found: dict[str, Json] = {"nodes": sorted(graph.nodes), "inner": inner}
    if isinstance(graph, CompiledStateGraph):
        builder = graph.builder
        found["edges"] = sorted(map(list, builder.edges))
        found["joins"] = sorted([*sorted(starts), end] for starts, end in builder.waiting_edges)
        found["branches"] = {
            node: {name: sorted((branch.ends or {}).items(), key=repr) for name, branch in branches.items()}
            for node, branches in builder.branches.items()
        }
    return _told(found)


def _told(value: Any) -> Json:
    """Make JSON of names, some of which may be keys of any type."""
    if isinstance(value, Mapping):
        return {str(key): _told(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    return str(value)


def _source(functions: Collection[NodeFunction]) -> str:
    told = sorted(
        [
            f"{found.node}:{found.function.__qualname__}",
            _text(found.function),
            sorted(_constants(found.function)),
        ]
        for found in functions
    )
    return digest(told)


def _text(function: FunctionType) -> str:
    """Return a function's source as Python itself would lay it out, or its code where there is no source."""
    try:
        return ast.unparse(ast.parse(textwrap.dedent(inspect.getsource(function))))
    # a lambda within a call, or made by exec
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return _bytes(function.__code__)


def _bytes(code: CodeType) -> str:
    inner = [_bytes(each) for each in code.co_consts if isinstance(each, CodeType)]
    plain = [repr(each) for each in code.co_consts if isinstance(each, _PLAIN)]
    return repr([code.co_code.hex(), code.co_names, code.co_varnames, plain, inner])


def _constants(function: FunctionType) -> Iterator[str]:
    """Yield the constants that a function names: its module's, those it closes over and its defaults."""
    held: dict[str, Any] = {name: function.__globals__.get(name) for name in _names(function.__code__)}
    held |= {name: _content(cell) for name, cell in _cells(function)}
    held |= {f"default {number}": value for number, value in enumerate(function.__defaults__ or ())}
    held |= {f"default {name}": value for name, value in (function.__kwdefaults__ or {}).items()}
    yield from (
        f"{name} = {value!r}" for name, value in held.items() if value is not None and _is_plain(value)
    )


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function uses, also in what is defined within it."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _is_plain(value: Any) -> bool:
    return type(value) in _PLAIN or (type(value) is tuple and all(map(_is_plain, value)))


def _cells(function: FunctionType) -> Iterator[tuple[str, Any]]:
    yield from zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None
