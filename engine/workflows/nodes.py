"""The functions behind a graph's nodes, found through whatever wraps them: bound methods, partials, chains, tools."""

from __future__ import annotations

import inspect
import linecache
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any, Final

from langchain_core.runnables import RunnableSequence
from langgraph.prebuilt import ToolNode
from langgraph.pregel import Pregel

_WRAPPING: Final = ("func", "afunc", "coroutine", "bound", "__wrapped__", "_wrap_tool_call")
"""Where LangGraph, LangChain and functools keep what they wrap (langgraph 1.2.22, langchain-core 1.5)."""

LIBRARIES: Final = ("langgraph", "langchain", "langchain_core", "langsmith", "functools", "engine")
"""Their functions ask for others; what they ask is known by other means than their source."""

_INSTALLED: Final = tuple(
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


_ANYBODYS: Final = ("<string>", "<stdin>")
"""What `exec`, `python -c` and the prompt call their code alike; from Python 3.13 on linecache has lines for them."""


@dataclass(frozen=True)
class NodeFunction:
    """A function that runs within a node. `node` is the node's name, with those of the outer graphs before it.

    `owner` is the class that the function is a method of. `is_inner`: the node is one of a graph within the graph.
    """

    node: str
    function: FunctionType
    owner: type | None = None
    is_inner: bool = False


@dataclass
class _Search:
    """What was found so far; each object is looked at once."""

    functions: list[NodeFunction] = field(default_factory=list)
    receivers: list[tuple[str, object]] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    kept: list[object] = field(default_factory=list)  # ids are unique only among the living

    def is_new(self, thing: object) -> bool:
        if id(thing) in self.seen:
            return False
        self.seen.add(id(thing))
        self.kept.append(thing)
        return True


def functions_of(graph: Pregel[Any, Any, Any, Any]) -> tuple[NodeFunction, ...]:
    """Return the functions that the graph's nodes run, each once, and those of the app's own that these call."""
    return tuple(_searched(graph).functions)


def receivers_of(graph: Pregel[Any, Any, Any, Any]) -> tuple[tuple[str, object], ...]:
    """Return the objects whose bound methods are nodes, such as LangChain's middleware, each with its node."""
    return tuple(_searched(graph).receivers)


def _searched(graph: Pregel[Any, Any, Any, Any]) -> _Search:
    search = _Search()
    _into_graph(graph, search, outer="")
    return search


def _into_graph(graph: Pregel[Any, Any, Any, Any], search: _Search, *, outer: str) -> None:
    for name, node in own_nodes(graph):
        _into(node.bound, search, node=f"{outer}{name}", is_inner=bool(outer))


def own_nodes(graph: Pregel[Any, Any, Any, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the nodes that the author named; LangGraph's own have names with two underscores."""
    yield from ((name, node) for name, node in graph.nodes.items() if not name.startswith("__"))


def _into(thing: Any, search: _Search, *, node: str, is_inner: bool) -> None:
    if thing is None or not search.is_new(thing):
        return
    if isinstance(thing, Pregel):
        _into_graph(thing, search, outer=f"{node}/")
    elif isinstance(thing, MethodType):
        if search.is_new(thing.__self__):
            search.receivers.append((node, thing.__self__))
        _into_function(thing.__func__, search, node=node, is_inner=is_inner, owner=type(thing.__self__))
    elif isinstance(thing, FunctionType):
        _into_function(thing, search, node=node, is_inner=is_inner)
    else:
        for inner in wrapped(thing):
            _into(inner, search, node=node, is_inner=is_inner)


def wrapped(thing: Any) -> Iterator[Any]:
    """Yield what an object wraps; of one that is only callable, its `__call__`."""
    held = getattr(thing, "__dict__", {})
    found = [held[name] for name in _WRAPPING if held.get(name) is not None]
    found += [thing.func] if isinstance(thing, partial) else []
    found += thing.steps if isinstance(thing, RunnableSequence) else []
    found += thing.tools_by_name.values() if isinstance(thing, ToolNode) else []
    call = getattr(type(thing), "__call__", None)  # noqa: B004 (the function itself is wanted, not whether there is one)
    if not found and isinstance(call, FunctionType):
        found.append(MethodType(call, thing))
    yield from found


def _into_function(
    function: Any, search: _Search, *, node: str, is_inner: bool, owner: type | None = None
) -> None:
    if not isinstance(function, FunctionType) or (owner is not None and not search.is_new(function)):
        return
    if not _is_of(function, LIBRARIES):
        search.functions.append(NodeFunction(node, function, owner, is_inner))
        for helper in helpers(function, owner=owner).values():
            _into(helper, search, node=node, is_inner=is_inner)
        for graph in (function.__globals__.get(name) for name in names_used(function.__code__)):
            if isinstance(graph, Pregel):
                _into(graph, search, node=node, is_inner=True)
    _into(getattr(function, "__wrapped__", None), search, node=node, is_inner=is_inner)
    for cell in function.__closure__ or ():
        inside = held(cell)
        if isinstance(inside, FunctionType | MethodType | Pregel):
            _into(inside, search, node=node, is_inner=is_inner)


def names_used(code: CodeType) -> Iterator[str]:
    """Yield the names that a function uses, also in what is defined within it: lambdas, comprehensions."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_used(inner)


def held(cell: Any) -> object:
    """Return what a function closes over."""
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def source_lines(function: FunctionType) -> tuple[Sequence[str], int]:
    """Return the lines of a function's own source, with its decorators, and the number of the first.

    `inspect.getsourcelines` tells the same, but looks for the function's module among all that are loaded each time,
    which takes longer than everything else that is done with it.

    Raises: OSError when there is no source; whatever Python's tokenizer raises when the file has changed since.
    """
    code = function.__code__
    linecache.checkcache(code.co_filename)
    known = linecache.getlines(code.co_filename, function.__globals__)
    lines = known[code.co_firstlineno - 1 :] if code.co_filename not in _ANYBODYS else []
    if not lines:
        raise OSError(f"There is no source of {function.__qualname__}.")
    return inspect.getblock(lines), code.co_firstlineno


def helpers(function: FunctionType, *, owner: type | None = None) -> dict[str, FunctionType]:
    """Return the functions of the app's own that a function names: of its module's names and its class's."""
    own = vars(owner) if owner else {}
    named = {name: own.get(name, function.__globals__.get(name)) for name in names_used(function.__code__)}
    return {
        name: value
        for name, value in named.items()
        if isinstance(value, FunctionType) and _is_near(value, function)
    }


def _is_near(helper: FunctionType, function: FunctionType) -> bool:
    """Say whether a helper belongs to the same app: the same package, or a file that is not installed."""
    package = package_of(function.__module__)
    return not _is_of(helper, LIBRARIES) and (
        _is_of(helper, (package,)) or not is_installed(inspect.getsourcefile(helper))
    )


def _is_of(function: FunctionType, packages: tuple[str, ...]) -> bool:
    return package_of(function.__module__) in packages


def package_of(module: str | None) -> str:
    """Return the package that a module is of."""
    return str(module).partition(".")[0]


@cache
def is_installed(file: str | None) -> bool:
    """Say whether a source file is one of Python's own or of a package that is installed."""
    place = Path(file or "").resolve()
    return any(place.is_relative_to(each) for each in _INSTALLED)
