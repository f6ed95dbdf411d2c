"""A value that an expression in somebody's source would have, as far as the source tells: pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import product
from typing import Any, Final

from engine.canonical import jsonable
from engine.decisions import Json
from engine.errors import UnaskableValue


class Unknown(Enum):
    """The type of `UNKNOWN`."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
"""Only known when it runs."""

TEXT: Final = "…"
"""A text whose words are not known."""

_FILLERS: Final[tuple[Json, ...]] = (TEXT, {}, [TEXT], 1, True)
"""What an unknown part may be, likeliest first: dialects are told by types, and texts are most common."""
_MAX_COMBINED: Final = 4
"""More unknown parts than this are all filled with the same, else there are too many ways."""
_MAX_DEPTH: Final = 8
_TEXTS: Final = frozenset({"str", "format", "join", "dumps"})
_NUMBERS: Final = frozenset({"len", "int", "round", "sum"})


def sample_of(
    expression: ast.expr, *, names: Mapping[str, ast.expr], values: Mapping[str, Any], depth: int = 0
) -> Any:
    """Evaluate what can be: literals, names of them, and objects that are made of keywords, such as a TypedDict's.

    `names` are the expressions of the function's own variables, `values` those of its module. Parts that are not
    known are `UNKNOWN`.
    """

    def inner(part: ast.expr) -> Any:
        return sample_of(part, names=names, values=values, depth=depth + 1)

    if depth > _MAX_DEPTH:
        return UNKNOWN
    match expression:
        case ast.Constant(value=value):
            return value if value is None or isinstance(value, str | int | float) else UNKNOWN
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else TEXT for part in parts)
        case ast.Dict(keys=keys, values=items):
            pairs = zip(keys, items, strict=True)
            return {str(key.value): inner(item) for key, item in pairs if isinstance(key, ast.Constant)}
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [inner(item) for item in items]
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return TEXT if isinstance(inner(left), str) else UNKNOWN
        case ast.Name(id=name):
            return inner(names[name]) if name in names else _plain(values.get(name, UNKNOWN))
        case ast.Call():
            return _called(expression, inner)
        case _:
            return UNKNOWN


def _plain(value: Any) -> Any:
    try:
        return jsonable(value) if isinstance(value, str | int | float | dict | list | tuple) else UNKNOWN
    except UnaskableValue:
        return UNKNOWN


def _called(call: ast.Call, inner: Any) -> Any:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _TEXTS:
        return TEXT
    if name in _NUMBERS:
        return 1
    if name == "model_dump" and isinstance(call.func, ast.Attribute):
        return inner(call.func.value)
    is_made_of_keywords = not call.args and call.keywords and all(each.arg for each in call.keywords)
    if is_made_of_keywords and (name == "dict" or name[:1].isupper()):
        return {str(each.arg): inner(each.value) for each in call.keywords}
    return UNKNOWN


def variables(tree: ast.AST) -> dict[str, ast.expr]:
    """Return the variables that a function gives a value exactly once."""
    found: dict[str, list[ast.expr | None]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
            case ast.Name(id=name, ctx=ast.Store()):
                found.setdefault(name, []).append(None)
            case ast.arg(arg=name):
                found.setdefault(name, []).append(None)
    return {
        name: given[0]
        for name, given in ((name, [each for each in all_of if each]) for name, all_of in found.items())
        if len(given) == 1 and given[0] is not None and found[name].count(None) <= 1
    }


def fillings(sample: Any) -> Iterator[Json]:
    """Yield what a sample may be when it runs, likeliest first: each unknown part as a text, an object, a list, …"""
    count = _count(sample)
    ways: Iterator[tuple[Json, ...]] = (
        product(_FILLERS, repeat=count)
        if count <= _MAX_COMBINED
        else ((filler,) * count for filler in _FILLERS)
    )
    for way in ways:
        yield _filled(sample, iter(way))


def _count(sample: Any) -> int:
    if isinstance(sample, dict):
        return sum(_count(item) for item in sample.values())
    if isinstance(sample, list):
        return sum(_count(item) for item in sample)
    return int(sample is UNKNOWN)


def _filled(sample: Any, way: Iterator[Json]) -> Json:
    if isinstance(sample, dict):
        return {key: _filled(item, way) for key, item in sample.items()}
    if isinstance(sample, list):
        return [_filled(item, way) for item in sample]
    return next(way) if sample is UNKNOWN else sample
