"""Values that are hard to store: they come back equal, or are refused with a sentence and nothing is stored."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.checkpointer import SQLModelSaver
from engine.checkpointing.statements import CHECKPOINTS, WRITES
from engine.database import Database
from engine.errors import UnstorableValue
from engine.serializer import StrictSerializer
from tests.engine.checkpointing.test_pruning import count
from tests.engine.test_checkpointer import at, checkpoint, got


class Colour(Enum):
    RED = "red"
    ODD = "\ud83d"


@dataclass
class Point:
    x: int
    name: str


class Order(BaseModel):
    lines: list[str]
    at: datetime | None = None


OURS = {(each.__module__, each.__qualname__) for each in (Colour, Point, Order)}

TEXTS = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["\x00", "?", "half \ud83d", "\udfff", "\ufeff", "💥", "a?\ud800", "5 MB " * 100]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**65)
    | st.floats()
    | TEXTS
    | st.binary(max_size=20)
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.sampled_from(list(Colour))
    | st.builds(Point, st.integers(-5, 5), TEXTS)
    | st.builds(Order, lines=st.lists(TEXTS, max_size=3), at=st.none() | st.datetimes())
    | st.sets(st.integers(-5, 5) | TEXTS, max_size=4)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
async def saver(database: Database) -> SQLModelSaver:
    return cast(SQLModelSaver, SQLModelSaver(database).with_allowlist(OURS))


def same(one: Any, other: Any) -> bool:
    """Compare, with not-a-number equal to itself."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return type(one) is type(other) and bool(one == other)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
async def test_f22_a_value_comes_back_equal_or_is_refused(saver: SQLModelSaver, value: Any) -> None:
    """In a channel and in a task's write alike; a refused one leaves what was there as it was."""
    thread_id = "t"
    body = checkpoint("1", value=value)
    try:
        await saver.aput(at(thread_id), body, {}, body["channel_versions"])
        await saver.aput_writes(at(thread_id, "1"), [("__error__", value)], "task")
    except UnstorableValue:
        with pytest.raises(UnstorableValue, match="cannot be stored"):
            saver.serde.dumps_typed(value)
        return
    saver._store._heads.forget_threads()
    found = await got(saver, at(thread_id))
    assert same(found.checkpoint["channel_values"]["value"], value)
    assert same([write[2] for write in found.pending_writes or ()], [value])


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


REFUSED: dict[str, Any] = {
    "half a character": "\ud83d",
    "half a character in a set of a model": Order(lines=["\ud83d"]),
    "half a character as an enum": [Colour.ODD],
    "half a character as a key": {"\ud83d": 1},
    "65 bits": 2**64,
    "65 bits below": -(2**63) - 1,
    "65 bits in a set": {2**70},
    "1,500 levels": nested(1500),
    "a function": len,
    "a number of two parts": 1j,
}


@pytest.mark.parametrize("name", REFUSED)
async def test_f22_what_cannot_be_stored_is_refused_before_anything_is(
    saver: SQLModelSaver, database: Database, name: str
) -> None:
    """The error is a TypeError, as LangGraph's own is, and says why; the good values beside it are not stored."""
    body = checkpoint("1", good=1, bad=REFUSED[name])
    with pytest.raises(UnstorableValue, match="cannot be stored"):
        await saver.aput(at(), body, {}, body["channel_versions"])
    with pytest.raises(TypeError, match="cannot be stored"):
        await saver.aput_writes(at("t", "1"), [("good", 1), ("bad", REFUSED[name])], "task")
    assert await count(database, CHECKPOINTS, WRITES) == [0, 0]


KEPT: list[Any] = [
    "x" * 5_000_000,
    2**64 - 1,
    -(2**63),
    math.inf,
    nested(200),
    {1, "a", None},
    date(2026, 11, 26),
    timedelta(days=-1, microseconds=1),
    Decimal("1.10"),
    UUID(int=7),
    Path("/tmp"),  # noqa: S108
    {"nul": "\x00", "question": "?"},
]


@pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
async def test_what_looks_hard_comes_back_equal(saver: SQLModelSaver, value: Any) -> None:
    """Also what is large: five million characters."""
    body = checkpoint("1", value=value)
    await saver.aput(at(), body, {}, body["channel_versions"])
    saver._store._heads.forget_threads()
    assert same((await got(saver, at())).checkpoint["channel_values"]["value"], value)


def test_types_that_nobody_allowed_come_back_as_data() -> None:
    """A model as a dict, an enum as its value; nothing is imported for them."""
    plain = StrictSerializer()
    for value, data in ((Order(lines=["a"]), {"lines": ["a"], "at": None}), (Colour.RED, "red")):
        assert plain.loads_typed(plain.dumps_typed(value)) == data


@pytest.mark.parametrize("size", [10, 1000])
async def test_bytes_that_change_later_are_stored_as_they_were(saver: SQLModelSaver, size: int) -> None:
    """What a step and a task have given is theirs no more, on its way, when it is remembered and when it is read."""
    buffer = bytearray(b"x" * size)
    body = checkpoint("1", value=buffer)
    call = asyncio.create_task(saver.aput(at(), body, {}, body["channel_versions"]))
    await asyncio.sleep(0)
    buffer[:1] = b"y"
    config = await call
    await saver.aput_writes(config, [("value", buffer)], "task")
    buffer += b"z"
    await saver.aput_writes(config, [("value", buffer)], "later")
    for _ in range(2):
        found = await got(saver, at())
        assert found.checkpoint["channel_values"] == {"value": bytearray(b"x" * size)}
        assert [len(value) for _, _, value in found.pending_writes or ()] == [size + 1, size]
        saver._store._heads.forget_threads()


class Size(str, Enum):  # noqa: UP042
    """Comes back as plain text for who does not know it."""

    S = "small"
    L = "large"


async def test_what_one_serializer_has_decoded_is_not_for_another(saver: SQLModelSaver) -> None:
    """Who knows a type gets it, whoever has read the same value before; the same bytes may be of two kinds."""
    ours = cast(SQLModelSaver, saver.with_allowlist({(Size.__module__, Size.__qualname__)}))
    sizes = [Size.S, Size.L] * 20
    body = checkpoint("1", value=sizes)
    config = await ours.aput(at(), body, {}, body["channel_versions"])
    for reader, kind in ((ours, Size), (saver, str), (ours, Size), (saver, str)):
        found = (await got(reader, at())).checkpoint["channel_values"]["value"]
        assert (found, {type(each) for each in found}) == (sizes, {kind})
    for n, value in enumerate((b"x" * 400, bytearray(b"x" * 400), b"x" * 400), 2):
        body = checkpoint(str(n), value=value)
        config = await saver.aput(config, body, {}, body["channel_versions"])
        for place in (at(), config):
            assert same((await got(saver, place)).checkpoint["channel_values"]["value"], value)


async def test_metadata_with_keys_of_several_types_is_stored_as_json_has_it(saver: SQLModelSaver) -> None:
    """Keys become texts, as LangGraph's own savers store them; what JSON does not know is refused with a sentence."""
    body = checkpoint("1")
    metadata: Any = {"step": 1, "mixed": {1: 2, "a": 3, None: 4}}
    await saver.aput(at(), body, metadata, {})
    wanted = {"mixed": {"1": 2, "a": 3, "null": 4}}
    assert (await got(saver, at())).metadata == {"step": 1, **wanted}
    for filtered in (wanted, {"mixed": metadata["mixed"]}):
        assert [each.metadata async for each in saver.alist(at(), filter=filtered)] == [{"step": 1, **wanted}]
    body = checkpoint("2")
    with pytest.raises(UnstorableValue, match="metadata of a checkpoint cannot be stored"):
        await saver.aput(at(), body, cast(Any, {"at": datetime(2026, 1, 1, tzinfo=UTC)}), {})
