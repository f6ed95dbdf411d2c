"""One JSON form for any value of a graph: what people are shown, and the digest that names it."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import math
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from enum import Enum
from numbers import Integral, Real
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from engine.columns import canonical_json
from engine.decisions import Answer, Json
from engine.errors import UnaskableValue

MAX_DEPTH = 200
"""Levels of nesting. Far above what a person reads, far below where `json` meets Python's recursion limit."""

MAX_INT_BITS = 4096
"""Python refuses to print integers of more than 4300 digits (https://docs.python.org/3/library/stdtypes.html
#integer-string-conversion-length-limitation); this is well below and also fits no checkpointer."""


_TEXT = frozenset({str})


def jsonable(value: object) -> Json:
    """Turn any Python value into plain JSON that is the same in every process.

    Objects (pydantic models, dataclasses) become dicts, enums their value, bytes base64, dates ISO 8601, sets
    lists in the order of their canonical text, NaN and infinities strings. Keys become text; of two keys with
    the same text (`1` and `"1"`) the one that was not text gets its type added. What has no JSON form becomes
    `"<module.Class>"`, without a memory address. Dicts keep their order.

    Raises:
        UnaskableValue: the value contains itself, is nested deeper than `MAX_DEPTH`, or holds an integer of
            more than `MAX_INT_BITS` bits.
    """
    return _plain(value, above=())


def canonical(value: object) -> str:
    """Write `jsonable(value)` as ASCII JSON with sorted keys and no spaces: equal text means equal value.

    Lone surrogates and NUL are written as escapes and read back equal by `json.loads`.
    """
    return canonical_json(jsonable(value))


def digest(value: object) -> str:
    """Return the SHA-256 of `canonical(value)` as 64 hex digits."""
    return _sha256(canonical(value))


def json_digest(value: Json) -> str:
    """Return `digest(value)` of what is plain JSON already, such as what `jsonable` has returned or was stored."""
    return _sha256(canonical_json(value))


def answer_digest(answer: Answer) -> str:
    """Return the digest of what a graph gets: its answer and the state update that goes with it."""
    return digest({"resume": answer.resume, "update": dict(answer.update) if answer.update else None})


def is_json(value: object) -> bool:
    """Say whether `value` is plain JSON already, so that writing it back changes no type.

    A tuple, an enum, a date, NaN or a subclass of a JSON type is not.
    """
    if type(value) is dict:
        return all(type(key) is str and is_json(item) for key, item in value.items())
    if type(value) is list:
        return all(is_json(item) for item in value)
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any, *, above: tuple[int, ...]) -> Json:
    kind = type(value)  # most of what comes is plain already, and to ask abstract classes takes long
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict or kind is list:
        return _nested(value, above=above)
    if kind is int:
        return _integer(value)
    if kind is float:
        return _real(value)
    if isinstance(value, Enum):
        return _plain(value.value, above=above)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Integral):
        return _integer(int(value))
    if isinstance(value, Real):
        return _real(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    return _nested(value, above=above)


def _integer(value: int) -> int:
    if value.bit_length() > MAX_INT_BITS:
        raise UnaskableValue(f"A graph asked with an integer of more than {MAX_INT_BITS} bits.")
    return value


def _real(value: Real) -> Json:
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _nested(value: Any, *, above: tuple[int, ...]) -> Json:
    if len(above) >= MAX_DEPTH or id(value) in above:
        raise UnaskableValue
    path = (*above, id(value))
    if type(value) is list:
        return [_plain(item, above=path) for item in value]
    if type(value) is dict and _TEXT.issuperset(map(type, value)):
        return {key: _plain(item, above=path) for key, item in value.items()}
    if isinstance(value, BaseModel):
        return _plain(_dumped(value), above=path)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _keyed(_dataclass_items(value), above=path)
    if isinstance(value, Mapping):
        return _keyed(value.items(), above=path)
    if isinstance(value, list | tuple | deque):
        return [_plain(item, above=path) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(item, above=path) for item in value), key=canonical)
    return _leaf(value)


def _dumped(model: BaseModel) -> dict[str, Any]:
    try:
        return model.model_dump(by_alias=True, warnings=False)
    except (ValueError, RecursionError) as exc:
        raise UnaskableValue from exc


def _dataclass_items(value: Any) -> Iterator[tuple[str, Any]]:
    return (
        (field.name, getattr(value, field.name))
        for field in dataclasses.fields(value)
        if hasattr(value, field.name)
    )


def _keyed(items: Any, *, above: tuple[int, ...]) -> dict[str, Json]:
    pairs = [(key, _key(key, above=above), _plain(item, above=above)) for key, item in items]
    counts = Counter(text for _, text, _ in pairs)
    plain = {
        text if type(key) is str or counts[text] == 1 else f"{text} ({type(key).__name__})": item
        for key, text, item in pairs
    }
    if len(plain) < len(pairs):
        raise UnaskableValue("A graph asked with a dict that has two keys with the same text.")
    return plain


def _key(key: Any, *, above: tuple[int, ...]) -> str:
    plain = _plain(key, above=above)
    return plain if isinstance(plain, str) else canonical(plain)


def _leaf(value: Any) -> Json:
    if isinstance(value, Iterator):
        return _marker(value)
    return to_jsonable_python(value, fallback=_marker)


def _marker(value: object) -> str:
    named = value if isinstance(value, type) else type(value)
    return f"<{named.__module__}.{named.__qualname__}>"
