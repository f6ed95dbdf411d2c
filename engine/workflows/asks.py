"""What a graph asks, as far as can be known without running it: from its nodes' source and its middleware."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from langgraph.pregel import Pregel
from langgraph.types import interrupt
from pydantic import TypeAdapter

from engine.decisions import Json
from engine.errors import EngineError
from engine.gate import approval
from engine.questions import Question, read_question
from engine.workflows.nodes import NodeFunction, functions_of, helpers, receivers_of
from engine.workflows.samples import UNKNOWN, fillings, sample_of, variables
from engine.workflows.swallowing import ASKING, swallowed

MIDDLEWARE: Final = "HumanInTheLoopMiddleware"
"""LangChain's (langchain 1.4.7), told by its name, so that it need not be installed."""


@dataclass(frozen=True)
class Ask:
    """One place where a graph asks. `place` is a file and a line, or the middleware, whose `node` is its agent's.

    `dialect` is what the value is read as, None: only known when it asks. `options` are the buttons that it has then,
    or of a middleware the decisions on each tool.
    """

    node: str
    place: str
    dialect: str | None
    text: str
    options: tuple[str, ...]


def asks_of(
    graph: Pregel[Any, Any, Any, Any], *, editable: Collection[str], dialect: str | None
) -> tuple[Ask, ...]:
    """Find every call of `interrupt()` and `approval()` in a graph's nodes, and LangChain's middleware.

    `editable` names the state keys that an edit may replace, `dialect` is the one that the workflow names.
    """
    found: dict[str, Ask] = {}
    for node, receiver in receivers_of(graph):
        if type(receiver).__name__ == MIDDLEWARE:
            found.setdefault(f"{node} {id(receiver)}", _of_middleware(node, receiver))
    for each in functions_of(graph):
        for ask in _of_function(each, editable=() if each.is_inner else editable, dialect=dialect):
            found.setdefault(ask.place, ask)
    return tuple(found.values())


def swallowed_in(graph: Pregel[Any, Any, Any, Any]) -> tuple[str, ...]:
    """Say in a sentence each which questions of a graph its own `except` takes for errors."""
    told: dict[str, None] = {}
    for each in functions_of(graph):
        source, line, file = _source(each.function)
        for one in swallowed(source, asking=_asking(each), first_line=line):
            told[f"{file}: {one}"] = None
    return tuple(told)


def _of_middleware(node: str, receiver: Any) -> Ask:
    tools: Mapping[str, Any] = getattr(receiver, "interrupt_on", {})
    options = tuple(f"{name}: {', '.join(each['allowed_decisions'])}" for name, each in tools.items())
    mode = str(getattr(receiver, "interrupt_mode", "batched"))
    return Ask(node.rpartition("/")[0], MIDDLEWARE, mode, "Run the tool?", options)


def _of_function(found: NodeFunction, *, editable: Collection[str], dialect: str | None) -> Iterator[Ask]:
    source, line, file = _source(found.function)
    tree = _parsed(source)
    own = variables(tree)
    hidden = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_stored(node)}
    hidden |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    values = {name: value for name, value in found.function.__globals__.items() if name not in hidden}
    names = _direct(found.function)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in names)
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        given = _argument(call, "value", at=0)
        sample = UNKNOWN if given is None else sample_of(given, names=own, values=values)
        schema = _schema(_argument(call, "response_schema", at=None), values)
        place = f"{file}:{line + call.lineno - 1}"
        question = (
            None if sample is UNKNOWN and schema is None else _question(sample, schema, editable, dialect)
        )
        yield Ask(
            node=found.node,
            place=place,
            dialect=question.dialect if question else None,
            text=question.text if question else "",
            options=tuple(option.label for option in question.options) if question else (),
        )


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _argument(call: ast.Call, name: str, *, at: int | None) -> ast.expr | None:
    given = next((each.value for each in call.keywords if each.arg == name), None)
    is_there = at is not None and len(call.args) > at
    return call.args[at] if given is None and is_there and at is not None else given


def _question(
    sample: Any, schema: Json | None, editable: Collection[str], dialect: str | None
) -> Question | None:
    """Read the likeliest value that has a dialect of its own, or the one that is named; else as what it looks."""
    read = [
        question
        for value in fillings(sample)
        if (question := _read(value, schema, editable, dialect)) is not None
    ]
    wanted = [question for question in read if question.dialect == dialect] if dialect else []
    own = [question for question in read if question.dialect != "plain"]
    return next(iter([*wanted, *own, *read]), None)


def _read(
    value: Json, schema: Json | None, editable: Collection[str], dialect: str | None
) -> Question | None:
    state = {key: item for key, item in value.items() if key in editable} if isinstance(value, dict) else {}
    try:
        return read_question(value, state=state, state_schema={}, schema=schema, dialect=dialect)
    except EngineError:
        return None


def _schema(given: ast.expr | None, values: Mapping[str, Any]) -> Json | None:
    """Return the JSON Schema that a question gives; one that is only known when it asks takes anything."""
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return None
    named = values.get(_name(given))
    if isinstance(named, dict):
        return named
    try:
        return TypeAdapter(named).json_schema() if isinstance(named, type) else {}
    except Exception:  # noqa: BLE001 (somebody else's type may raise anything)
        return {}


def _asking(found: NodeFunction, *, seen: frozenset[FunctionType] = frozenset()) -> set[str]:
    """Name what a function calls that asks: the functions themselves, and the app's own that lead to them."""
    function, owner = found.function, found.owner
    names = _direct(function)
    for name, helper in helpers(function, owner=owner).items():
        if helper not in seen and helper is not function:
            inner = NodeFunction(found.node, helper, owner)
            if _asks(helper) or _calls_any(helper, _asking(inner, seen=seen | {function})):
                names.add(name)
    return names


def _asks(function: FunctionType) -> bool:
    return _calls_any(function, _direct(function))


def _calls_any(function: FunctionType, names: Collection[str]) -> bool:
    tree = _parsed(_source(function)[0])
    return any(isinstance(node, ast.Call) and _name(node.func) in names for node in ast.walk(tree))


def _direct(function: FunctionType) -> set[str]:
    """Name `interrupt` and `approval` as a function's module does; imported within it, they have their own names."""
    known = function.__globals__
    aliases = {name for name in function.__code__.co_names if known.get(name) in (interrupt, approval)}
    return aliases | {name for name in ASKING if name not in known or known[name] in (interrupt, approval)}


def _source(function: FunctionType) -> tuple[str, int, str]:
    """Return a function's source, its first line's number and its file's name; no source gives an empty one."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError, SyntaxError):
        return "", 1, ""
    return "".join(lines), max(first, 1), Path(inspect.getsourcefile(function) or "").name


def _parsed(source: str) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(source))
    except SyntaxError:  # a lambda within a call
        return ast.Module(body=[], type_ignores=[])


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
