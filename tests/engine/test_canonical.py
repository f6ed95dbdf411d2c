"""One JSON form for any value: the same text in every process, errors instead of endless loops."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from pydantic import BaseModel, SecretStr

from engine.canonical import MAX_DEPTH, canonical, digest, is_json, json_digest, jsonable
from engine.errors import UnaskableValue


class Colour(Enum):
    RED = (1, 2)


class Grade(StrEnum):
    A = "a"


class Rank(IntEnum):
    FIRST = 1


class Item(BaseModel):
    name: str
    tags: set[str] = set()


class Login(BaseModel):
    password: SecretStr


@dataclass
class Point:
    x: int
    item: Item


class Pair(NamedTuple):
    left: int
    right: int


class Opaque:
    pass


PLAIN: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (0, 0),
    (1.0, 1.0),
    ("", ""),
    (float("nan"), "NaN"),
    ([float("inf"), float("-inf")], ["Infinity", "-Infinity"]),
    ((1, (2, 3)), [1, [2, 3]]),
    (Pair(1, 2), [1, 2]),
    (deque([1, 2]), [1, 2]),
    ({3, 1, 2}, [1, 2, 3]),
    (frozenset({"b", "a"}), ["a", "b"]),
    (b"\xff\x00", "/wA="),
    (bytearray(b"a"), "YQ=="),
    (Decimal("1.10"), "1.10"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (date(2026, 1, 31), "2026-01-31"),
    (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), "2026-01-31T09:30:00Z"),
    (timedelta(days=1), "P1D"),
    (Path("a") / "b", "a/b"),
    (Colour.RED, [1, 2]),
    (Grade.A, "a"),
    (Rank.FIRST, 1),
    (Item(name="pen", tags={"b", "a"}), {"name": "pen", "tags": ["a", "b"]}),
    (Point(1, Item(name="pen")), {"x": 1, "item": {"name": "pen", "tags": []}}),
    (Login(password=SecretStr("hidden")), {"password": "**********"}),
    ({None: 1, True: 2, 1.5: 3, (1, 2): 4, Grade.A: 5}, {"null": 1, "true": 2, "1.5": 3, "[1,2]": 4, "a": 5}),
    ({1: "number", "1": "text"}, {"1 (int)": "number", "1": "text"}),
    (Opaque(), f"<{Opaque.__module__}.Opaque>"),
    (Opaque, f"<{Opaque.__module__}.Opaque>"),
    (iter([1]), "<builtins.list_iterator>"),
    ({"deep": [Opaque()]}, {"deep": [f"<{Opaque.__module__}.Opaque>"]}),
]


@pytest.mark.parametrize(("value", "expected"), PLAIN, ids=[repr(expected)[:40] for _, expected in PLAIN])
def test_every_python_value_has_one_json_form(value: object, expected: object) -> None:
    """A value of a graph becomes exactly this JSON, in value and in type."""
    plain = jsonable(value)
    assert plain == expected
    assert canonical(plain) == canonical(expected)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_dicts_keep_their_order_for_people_and_lose_it_for_the_digest() -> None:
    """People see keys in the graph's order, while two orders of the same dict have one digest."""
    assert list(jsonable({"b": 1, "a": 2})) == ["b", "a"]
    assert canonical({"b": 1, "a": 2}) == '{"a":2,"b":1}'
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "é ✓ 😀", "\u2028"])
def test_any_text_survives_as_ascii(text: str) -> None:
    """Lone surrogates, NUL and every other character come back equal from an ASCII text."""
    assert canonical(text).isascii()
    assert json.loads(canonical(text)) == text


@pytest.mark.parametrize(
    ("left", "right"), [(1, 1.0), (1, True), (0, False), ("1", 1), (None, "null"), ([], {})]
)
def test_different_values_have_different_digests(left: object, right: object) -> None:
    """Values that Python calls equal but that a graph can tell apart are different questions."""
    assert digest(left) != digest(right)


def test_the_digest_is_the_same_in_every_process() -> None:
    """Neither the hash seed, which orders these sets anew in each process, nor an address reaches the digest."""
    value = [set(ascii_lowercase), frozenset({(1, 2), "b", None, 3}), Opaque(), len]
    assert canonical(value[0]) == json.dumps(list(ascii_lowercase), separators=(",", ":"))
    assert digest(value[:2]) == "84602fb33658063c7b4dd02d23299890756237a347f085e6b8825957560d6314"
    assert digest(value) == digest([*value[:2], Opaque(), len])


@pytest.mark.parametrize(("value", "_"), PLAIN)
def test_plain_json_has_the_same_digest_without_a_second_look(value: object, _: object) -> None:
    """What was turned into JSON once, or was stored, is named as the value that it was."""
    assert json_digest(jsonable(value)) == digest(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    """A cycle ends in a clear error instead of an endless loop."""
    loop: list[object] = []
    loop.append({"again": loop})
    with pytest.raises(UnaskableValue):
        jsonable(loop)


def test_the_same_value_twice_is_no_cycle() -> None:
    """A value that is merely used in two places is shown in both."""
    shared = ["x"]
    assert jsonable([shared, shared]) == [["x"], ["x"]]


def test_nesting_is_limited() -> None:
    """The deepest value that is accepted has exactly MAX_DEPTH levels."""
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert canonical(value) == "[" * MAX_DEPTH + "]" * MAX_DEPTH
    with pytest.raises(UnaskableValue):
        jsonable([value])


@pytest.mark.parametrize("value", [{"amount": 10**5000}, {1: 0, "1": 0, "1 (int)": 0}], ids=["huge", "keys"])
def test_what_has_no_faithful_form_is_refused(value: object) -> None:
    """An integer that Python cannot print, and keys that cannot be told apart, are errors."""
    with pytest.raises(UnaskableValue):
        jsonable(value)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "a", [], {}, {"a": [1, {"b": None}]}])
def test_plain_json_is_recognised(value: object) -> None:
    """What is JSON already is unchanged and said to be so."""
    assert is_json(value)
    assert jsonable(value) == value


@pytest.mark.parametrize(
    "value", [(1,), {1: 2}, {1}, float("nan"), Grade.A, Rank.FIRST, [date(2026, 1, 1)], b""]
)
def test_what_only_looks_like_json_is_told_apart(value: object) -> None:
    """Values whose type would be lost by writing their JSON back are not plain JSON."""
    assert not is_json(value)
