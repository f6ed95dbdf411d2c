"""What a graph asks, as far as can be known without running it: from its nodes' source and its middleware."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, Final

from langgraph.pregel import Pregel
from langgraph.types import interrupt
from pydantic import TypeAdapter

from engine.decisions import Json
from engine.errors import EngineError
from engine.gate import approval, asked_with
from engine.questions import Option, Question, read_question
from engine.workflows.nodes import NodeFunction, functions_of, helpers, receivers_of, source_lines
from engine.workflows.samples import UNKNOWN, fillings, sample_of, variables
from engine.workflows.swallowing import ASKING, swallowed

MIDDLEWARE: Final = "HumanInTheLoopMiddleware"
"""LangChain's (langchain 1.4.7), told by its name, so that it need not be installed."""


PLAIN: Final = "plain"
"""What any value is that has no dialect of its own."""


@dataclass(frozen=True)
class Ask:
    """One place where a graph asks. `place` is a file and a line, or the middleware, whose `node` is its agent's.

    `dialect` is what the value is read as, None: only known when it asks. `options` are the buttons that it has then,
    each with the names of the fields that it fills in; of the middleware the tools, each with its decisions.
    """

    node: str
    place: str
    dialect: str | None
    text: str
    options: Mapping[str, tuple[str, ...]]


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
        reached = () if each.is_inner else editable
        for ask in _of_function(_source_of(each), editable=reached, dialect=dialect):
            found.setdefault(f"{ask.place} {ask.text}", ask)
    return tuple(found.values())


def swallowed_in(graph: Pregel[Any, Any, Any, Any]) -> tuple[str, ...]:
    """Say in a sentence each which questions of a graph its own `except` takes for errors."""
    told: dict[str, None] = {}
    sources = [_source_of(each) for each in functions_of(graph)]
    asking = _asking(sources)
    for source in sources:
        names = source.direct | {name for name, helper in source.helpers.items() if helper in asking}
        for one in swallowed(source.text, asking=names, first_line=source.line):
            told[f"{source.file}: {one}"] = None
    return tuple(told)


@dataclass(frozen=True)
class _Source:
    """A function as it is written; `line` is its first one in `file`, and all are empty where there is no source.

    `direct` are the names that `interrupt` and `approval` have there, `called` all that it calls.
    """

    found: NodeFunction
    text: str
    line: int
    file: str
    tree: ast.AST
    direct: frozenset[str]
    called: frozenset[str]
    helpers: Mapping[str, FunctionType]


def _source_of(found: NodeFunction) -> _Source:
    function, innermost = found.function, inspect.unwrap(found.function)
    try:
        lines, first = source_lines(innermost) if isinstance(innermost, FunctionType) else ([], 1)
        tree: ast.AST = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):  # made by exec, or a lambda within a call
        lines, first, tree = [], 1, ast.Module(body=[], type_ignores=[])
    return _Source(
        found=found,
        text="".join(lines),
        line=max(first, 1),
        file=Path(function.__code__.co_filename).name,
        tree=tree,
        direct=frozenset(_direct(function)),
        called=frozenset(_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)),
        helpers=helpers(function, owner=found.owner),
    )


def _direct(function: FunctionType) -> set[str]:
    """Name `interrupt` and `approval` as a function's module does; imported within it, they have their own names."""
    known = function.__globals__
    aliases = {name for name in function.__code__.co_names if _is_asking(known.get(name))}
    return aliases | {name for name in ASKING if name not in known or _is_asking(known[name])}


def _is_asking(value: object) -> bool:
    return value is interrupt or value is approval


def _asking(sources: Sequence[_Source]) -> set[FunctionType]:
    """Find the functions that ask: those that call `interrupt` or `approval`, and those that call these."""
    asking = {each.found.function for each in sources if each.called & each.direct}
    while more := {
        each.found.function
        for each in sources
        if each.found.function not in asking
        and any(helper in asking for name, helper in each.helpers.items() if name in each.called)
    }:
        asking |= more
    return asking


def _of_middleware(node: str, receiver: Any) -> Ask:
    tools: Mapping[str, Any] = getattr(receiver, "interrupt_on", {})
    options = {name: tuple(each["allowed_decisions"]) for name, each in tools.items()}
    mode = str(getattr(receiver, "interrupt_mode", "batched"))
    return Ask(node.rpartition("/")[0], MIDDLEWARE, mode, "Run the tool?", options)


def _of_function(source: _Source, *, editable: Collection[str], dialect: str | None) -> Iterator[Ask]:
    tree, known = source.tree, source.found.function.__globals__
    hidden = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _is_stored(node)}
    hidden |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    values = {name: value for name, value in known.items() if name not in hidden}
    for call in _calls(tree, source.direct):
        schema = _schema(_argument(call, "response_schema"), values)
        read = partial(
            _read,
            schema=schema,
            editable=editable,
            dialect=dialect,
            is_bound=known.get(_name(call.func)) is approval,
        )
        given = _argument(call, "value", at=0)
        sample = UNKNOWN if given is None else sample_of(given, names=variables(tree), values=values)
        question = None if sample is UNKNOWN and schema is None else _likeliest(sample, read, dialect=dialect)
        yield Ask(
            node=source.found.node,
            place=f"{source.file}:{source.line + call.lineno - 1}",
            dialect=question.dialect if question else None,
            text=question.text if question else "",
            options={option.label: _fields(option) for option in question.options} if question else {},
        )


def _fields(option: Option) -> tuple[str, ...]:
    """Name what an option fills in; the one field of a free answer needs no name."""
    names = tuple(field.name for field in option.form.fields) if option.form else ()
    return () if names == (option.name,) else names


def _calls(tree: ast.AST, names: Collection[str]) -> list[ast.Call]:
    """Return the calls of these names, in the order in which they are written."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in names)
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _argument(call: ast.Call, name: str, *, at: int | None = None) -> ast.expr | None:
    if at is not None and len(call.args) > at:
        return call.args[at]
    return next((each.value for each in call.keywords if each.arg == name), None)


def _likeliest(
    sample: Any, read: Callable[[Json], Question | None], *, dialect: str | None
) -> Question | None:
    """Read the likeliest value that has the dialect named, or one of its own; else as what it looks."""
    questions = [question for value in fillings(sample) if (question := read(value)) is not None]
    named = [question for question in questions if question.dialect == dialect]
    own = [question for question in questions if question.dialect != PLAIN]
    return next(iter([*named, *own, *questions]), None)


def _read(
    value: Json, *, schema: Json | None, editable: Collection[str], dialect: str | None, is_bound: bool
) -> Question | None:
    """Read a value as if its keys of the state's names came from there, so that it has its Edit."""
    state = {key: item for key, item in value.items() if key in editable} if isinstance(value, dict) else {}
    asked, wanted = (asked_with(value, schema=schema), None) if is_bound else (value, schema)
    try:
        return read_question(asked, state=state, state_schema={}, schema=wanted, dialect=dialect)
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


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
