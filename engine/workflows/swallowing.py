"""Pauses that a node never makes, because it catches them: read from its source, pure.

`interrupt()` pauses by raising `GraphInterrupt`, an `Exception` (langgraph 1.2.22, errors.py): a handler for
`Exception` around it takes the pause for an error, and nobody is asked.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

ASKING: Final = frozenset({"interrupt", "approval"})
"""The functions that ask, by the last part of their name."""

_BROAD: Final = frozenset({"Exception", "BaseException"})
_EXACT: Final = frozenset({"GraphInterrupt", "GraphBubbleUp"})
_SUPPRESSING: Final = "suppress"

_Try: TypeAlias = ast.Try | ast.TryStar
_WITHIN: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
"""What is written in a place but does not run there."""


@dataclass(frozen=True)
class Swallowed:
    """One call that asks, and what keeps its pause from LangGraph; lines count from 1 in the source given."""

    line: int
    call: str
    caught_at: int
    caught_by: str

    def __str__(self) -> str:
        return (
            f"{self.call}() in line {self.line} never pauses: “{self.caught_by}” in line {self.caught_at} takes the "
            "pause for an error. Move the call out of it, or let GraphInterrupt through with raise."
        )


def swallowed(source: str, *, asking: Collection[str] = ASKING, first_line: int = 1) -> tuple[Swallowed, ...]:
    """Find the calls that ask within a `try` whose handler takes every exception and does not raise it again.

    `source` is that of a function or a module, indented as it stands; one that is no Python gives nothing.
    `asking` are the names of functions that ask, `first_line` the line at which the source begins. A call in a
    handler itself is fine, as in the retry of LangGraph's guide. A handler that raises anywhere the exception that it
    caught is taken to let the pause through.
    """
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return ()
    found = {
        (call.lineno, call.col_offset): Swallowed(
            line=call.lineno + first_line - 1,
            call=_last_name(call.func),
            caught_at=catcher.lineno + first_line - 1,
            caught_by=_written(catcher),
        )
        for guarded, catcher in _catchers(tree)
        for call in _calls(guarded)
        if _last_name(call.func) in asking
    }
    return tuple(found[place] for place in sorted(found))


def _catchers(tree: ast.AST) -> Iterator[tuple[list[ast.stmt], ast.ExceptHandler | ast.expr]]:
    """Yield the statements that somebody guards against every exception, with what takes it; outer ones first."""
    for node in ast.walk(tree):
        if isinstance(node, _Try):
            yield from ((node.body, handler) for handler in _taking(node))
        elif isinstance(node, ast.With | ast.AsyncWith):
            suppressing = (item.context_expr for item in node.items if _suppresses(item.context_expr))
            yield from ((node.body, each) for each in suppressing)


def _taking(node: _Try) -> Iterator[ast.ExceptHandler]:
    """Yield the handler that takes a pause, if it keeps it: Python runs the first one that fits."""
    fitting = (handler for handler in node.handlers if handler.type is None or _fits(handler.type))
    first = next(fitting, None)
    if first is not None and not _raises_again(first):
        yield first


def _fits(caught: ast.expr) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(_last_name(name) in _BROAD | _EXACT for name in names)


def _suppresses(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call) or _last_name(expression.func) != _SUPPRESSING:
        return False
    return any(_fits(argument) for argument in expression.args)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(
        isinstance(node, ast.Raise)
        and (node.exc is None or (isinstance(node.exc, ast.Name) and node.exc.id == handler.name))
        for node in _running(handler.body)
    )


def _calls(statements: list[ast.stmt]) -> Iterator[ast.Call]:
    return (node for node in _running(statements) if isinstance(node, ast.Call))


def _running(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what runs when these statements run: not what is within functions that are only defined there."""
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _WITHIN):
            yield node
            waiting += ast.iter_child_nodes(node)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _written(catcher: ast.ExceptHandler | ast.expr) -> str:
    if isinstance(catcher, ast.ExceptHandler):
        return f"except {ast.unparse(catcher.type)}" if catcher.type else "except"
    return f"with {ast.unparse(catcher)}"
