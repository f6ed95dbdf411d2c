"""Tells what a node's code is, as JSON: everything of the app's own that can be reached from it, in one order.

A node reaches code through the names that it uses, what it closes over, its defaults, the object whose method it is
and whatever wraps it. What libraries hold is told by name only: another release of them is another matter.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Set
from enum import Enum
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from langchain_core.runnables import Runnable
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from engine.decisions import Json
from engine.workflows.nodes import (
    LIBRARIES,
    held,
    is_installed,
    names_used,
    own_nodes,
    package_of,
    source_lines,
    wrapped,
)

_PLAIN: Final = (str, bytes, int, bool, type(None))
"""Types of constants that count. A float may be a time, a list or dict may be filled while the app is imported."""

_CALLED: Final = (FunctionType, MethodType, partial, type, Runnable)
"""What counts also within a list or a dict, and in the fields of what LangChain wraps functions with."""

_DESCRIPTORS: Final = (staticmethod, classmethod, property)


class Telling:
    """Tells things; one that was told before is named by its number, so circles come to an end.

    `packages` are the app's own, also where they are installed. `texts`: what was read of sources so far.
    """

    def __init__(self, packages: Set[str], texts: dict[FunctionType, str]) -> None:
        self._packages = packages
        self._texts = texts
        self._numbers: dict[int, int] = {}
        self._kept: list[object] = []  # ids are unique only among the living

    def tell(self, thing: Any) -> Json:
        """Return what a thing is, as far as it counts; None: it does not count."""
        if type(thing) in _PLAIN:
            return f"{type(thing).__name__} {thing!r}"
        if type(thing) is tuple:
            return ["tuple", *map(self.tell, thing)]
        if type(thing) is frozenset:
            return ["frozenset", *sorted(map(repr, map(self.tell, thing)))]
        if isinstance(thing, Enum):
            return ["enum", type(thing).__qualname__, thing.name, self.tell(thing.value)]
        if type(thing) in (list, dict):
            return self._called_in(thing)
        if isinstance(thing, float | ModuleType):
            return None
        if id(thing) in self._numbers:
            return f"number {self._numbers[id(thing)]}"
        self._numbers[id(thing)] = len(self._numbers)
        self._kept.append(thing)
        return self._told(thing)

    def _told(self, thing: Any) -> Json:
        if isinstance(thing, Pregel):
            return [
                "graph",
                {name: self.tell(node.bound) for name, node in own_nodes(thing)},
                self._routes(thing),
            ]
        if isinstance(thing, FunctionType):
            return self._function(thing)
        if isinstance(thing, MethodType):
            return ["method", self.tell(thing.__func__), self.tell(thing.__self__)]
        if isinstance(thing, partial):
            return [
                "partial",
                self.tell(thing.func),
                self.tell(thing.args),
                self._items(thing.keywords.items()),
            ]
        if isinstance(thing, _DESCRIPTORS):
            parts = (getattr(thing, name, None) for name in ("__func__", "fget", "fset", "fdel"))
            return [type(thing).__name__, *map(self.tell, parts)]
        if isinstance(thing, type):
            return self._class(thing)
        return self._object(thing)

    def routes_of(self, graph: Pregel[Any, Any, Any, Any], node: str) -> Json:
        """Tell what decides where the graph goes on after a node: LangGraph runs it as a part of that node."""
        branches = graph.builder.branches.get(node, {}) if isinstance(graph, CompiledStateGraph) else {}
        return {str(name): self.tell(branch.path) for name, branch in sorted(branches.items(), key=repr)}

    def _routes(self, graph: Pregel[Any, Any, Any, Any]) -> Json:
        return {name: routes for name, _ in own_nodes(graph) if (routes := self.routes_of(graph, name))}

    def _function(self, function: FunctionType) -> Json:
        held_in = [*zip(function.__code__.co_freevars, map(held, function.__closure__ or ()), strict=True)]
        inner = self.tell(getattr(function, "__wrapped__", None))
        if self._is_library(function.__module__, function.__code__.co_filename):
            called = [(name, value) for name, value in held_in if isinstance(value, _CALLED)]
            return [_name(function), inner, self._items(called)]
        return [
            function.__qualname__,
            self._text(function),
            inner,
            self._items(held_in),
            self.tell(function.__defaults__),
            self._items((function.__kwdefaults__ or {}).items()),
            self._items(self._globals(function)),
        ]

    def _text(self, function: FunctionType) -> str:
        if function not in self._texts:
            self._texts[function] = _text(function)
        return self._texts[function]

    def _class(self, kind: type) -> Json:
        own = [
            each for each in kind.__mro__ if not self._is_library(each.__module__, _file_of(each.__module__))
        ]
        if not own:
            return _name(kind)
        counted = (FunctionType, *_DESCRIPTORS, *_PLAIN, tuple, frozenset, Enum)
        return [
            [
                each.__qualname__,
                self._items(
                    (name, value)
                    for name, value in vars(each).items()
                    if isinstance(value, counted)
                    and (isinstance(value, FunctionType) or not _is_special(name))
                ),
            ]
            for each in own
        ]

    def _object(self, thing: Any) -> Json:
        kind = type(thing)
        if self._is_library(kind.__module__, _file_of(kind.__module__)):
            return [_name(kind), [self.tell(each) for each in wrapped(thing)], self._fields(thing)]
        return [self.tell(kind), self._items(getattr(thing, "__dict__", {}).items())]

    def _fields(self, thing: Any) -> Json:
        if not isinstance(thing, Runnable):
            return None
        fields = getattr(thing, "__dict__", {})
        return self._items((name, value) for name, value in fields.items() if _holds_called(value))

    def _called_in(self, several: list[Any] | dict[Any, Any]) -> Json:
        items = several.items() if isinstance(several, dict) else enumerate(several)
        return self._items((str(key), value) for key, value in items if isinstance(value, _CALLED))

    def _items(self, items: Iterable[tuple[Any, Any]]) -> Json:
        told = {str(name): self.tell(value) for name, value in sorted(items, key=lambda item: str(item[0]))}
        return {name: each for name, each in told.items() if each is not None}

    def _globals(self, function: FunctionType) -> Iterator[tuple[str, Any]]:
        """Yield what a function may mean with the names that it uses, those of the app's own modules too."""
        names = sorted(set(names_used(function.__code__)))
        for name in names:
            value = function.__globals__.get(name)
            if isinstance(value, ModuleType):
                if not self._is_library(value.__name__, getattr(value, "__file__", None)):
                    yield from ((f"{name}.{each}", getattr(value, each, None)) for each in names)
            elif not _is_special(name):
                yield name, value

    def _is_library(self, module: str | None, file: str | None) -> bool:
        """Say whether code is not the app's own: of a library that is known, built into Python, or installed."""
        package = package_of(module)
        if package in (*LIBRARIES, "builtins"):
            return True
        if package in self._packages:
            return False
        if file is None:
            return package in sys.builtin_module_names or package in sys.stdlib_module_names
        return is_installed(file)


def _holds_called(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(isinstance(each, _CALLED) for each in value.values())
    if isinstance(value, list | tuple):
        return any(isinstance(each, _CALLED) for each in value)
    return isinstance(value, _CALLED)


def _text(function: FunctionType) -> str:
    """Return a function's source as Python itself would lay it out, or its code where that cannot be told apart."""
    if function.__name__ != "<lambda>":  # of a lambda only the first line is found for certain
        try:
            return ast.unparse(ast.parse(textwrap.dedent("".join(source_lines(function)[0]))))
        except (OSError, TypeError, SyntaxError, ValueError, RecursionError):  # made by exec, say
            pass
    return _bytes(function.__code__)


def _bytes(code: CodeType) -> str:
    inner = [_bytes(each) for each in code.co_consts if isinstance(each, CodeType)]
    plain = [_constant(each) for each in code.co_consts if not isinstance(each, CodeType)]
    return repr([code.co_code.hex(), code.co_names, code.co_varnames, plain, inner])


def _constant(value: Any) -> str:
    """Of a set the order differs from process to process."""
    return f"{{{sorted(map(repr, value))}}}" if isinstance(value, frozenset) else repr(value)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _file_of(module: str | None) -> str | None:
    return getattr(sys.modules.get(str(module)), "__file__", None)
