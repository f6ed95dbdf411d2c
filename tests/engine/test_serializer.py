"""Stored bytes that try to run something."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict
from uuid import uuid4

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Table, select, update

from engine.checkpointer import SQLModelSaver, for_graph
from engine.checkpointing.packing import Packing
from engine.checkpointing.records import Small
from engine.checkpointing.rows import about_checkpoint, about_writes, packed_checkpoint, packed_writes
from engine.checkpointing.statements import CHECKPOINTS, WRITES
from engine.database import Database
from engine.errors import DamagedCheckpoint, UnstorableValue
from engine.serializer import StrictSerializer
from tests.engine.test_checkpointer import at, checkpoint, store

STRUCTURE = Small(*StrictSerializer().dumps_typed(dict(checkpoint("1"))))


class State(TypedDict):
    """A graph's state that names no types of its own."""

    value: int


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize(
    "value", [True, False, 0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 0.5, float("inf"), "", "Zoë?", "\x00", None]
)
def test_what_is_simple_is_packed_as_langgraph_packs_it(value: Any) -> None:
    """The quick way for numbers gives the same bytes, so that LangGraph's serializer reads them."""
    packed = StrictSerializer().dumps_typed(value)
    assert packed == JsonPlusSerializer().dumps_typed(value)
    assert JsonPlusSerializer().loads_typed(packed) == value


@pytest.mark.parametrize("value", ["\ud83d", "a?\udfff", ["\ud83d"], {"k": "\ud83d"}])
def test_half_a_character_is_called_so(value: Any) -> None:
    """The sentence is the same wherever in a value the text stands."""
    with pytest.raises(UnstorableValue, match="half a character"):
        StrictSerializer().dumps_typed(value)


@dataclass(slots=True)
class Slotted:
    text: str


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Tree(BaseModel):
    text: str
    parent: Tree | None = Field(default=None, exclude=True, repr=False)
    children: list[Tree] = []


@dataclass
class Itself:
    """Has an attribute that is no field of it."""

    text: str

    def __post_init__(self) -> None:
        self.me = self


class Owned(Exception):
    """Refers to itself, as errors of HTTP clients do by request and response."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.owner = self


class Odd(Exception):
    def __repr__(self) -> str:
        return "Odd \ud83d?"


@pytest.mark.parametrize(
    "value",
    [
        Slotted("\ud83d"),
        Open.model_validate({"y": "\ud83d"}),
        Path("/\udcff"),
        re.compile("\ud83d"),
        Send("node", {"a": ["\ud83d"]}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_half_a_character_is_found_in_whatever_is_packed(value: Any) -> None:
    """Also where an object keeps its texts elsewhere than in its attributes."""
    for each in (value, [value]):
        with pytest.raises(UnstorableValue, match="half a character"):
            StrictSerializer().dumps_typed(each)


def test_only_what_is_stored_is_looked_at() -> None:
    """An error, a model and a dataclass that lead back to themselves are packed as LangGraph packs them."""
    tree = Tree(text="Why?")
    tree.children.append(Tree(text="So?", parent=tree))
    for value in (Owned("What?"), tree, Itself("Who?"), [Itself("Who?"), {"?": tree}], {1, "?"}, Path("/?")):
        assert StrictSerializer().dumps_typed(value) == JsonPlusSerializer().dumps_typed(value)


def test_an_error_is_told_whatever_stands_in_it() -> None:
    """A run that has failed with it would not know why otherwise."""
    serializer = StrictSerializer()
    assert serializer.loads_typed(serializer.dumps_typed(Odd())) == "Odd ??"


def _extension(code: int, *parts: Any) -> tuple[str, bytes]:
    return "msgpack", ormsgpack.packb(ormsgpack.Ext(code, ormsgpack.packb(parts)))


def _json(**envelope: Any) -> tuple[str, bytes]:
    return "json", json.dumps(envelope).encode()


CRAFTED: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "one argument": lambda path: _extension(0, "os", "mkdir", path),
    "arguments": lambda path: _extension(1, "os", "mkdir", (path,)),
    "keywords": lambda path: _extension(2, "os", "mkdir", {"path": path}),
    "method": lambda path: _extension(3, "shutil", "os", path, "mkdir"),
    "pydantic 1": lambda path: _extension(4, "os", "mkdir", {"path": path}),
    "pydantic 2": lambda path: _extension(5, "os", "mkdir", {"path": path}, "model_validate_json"),
    "nested": lambda path: (
        "msgpack",
        ormsgpack.packb({"a": [ormsgpack.Ext(0, ormsgpack.packb(("os", "mkdir", path)))]}),
    ),
    "json constructor": lambda path: _json(lc=2, type="constructor", id=["os", "mkdir"], args=[path]),
    "pickle": lambda path: ("pickle", pickle.dumps(Bomb(path))),
}
PERMISSIVE = JsonPlusSerializer(pickle_fallback=True, allowed_json_modules=True, allowed_msgpack_modules=True)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """The folder that a crafted value makes when it gets what it wants."""
    return tmp_path / "ran"


@pytest.mark.parametrize("name", sorted(CRAFTED.keys() - {"method"}))  # refused everywhere since 4.3
def test_the_crafted_bytes_do_work_where_everything_is_allowed(name: str, marker: Path) -> None:
    """The bytes of the other tests are sharp: LangGraph's permissive serializer runs what they name."""
    PERMISSIVE.loads_typed(CRAFTED[name](str(marker)))
    assert marker.is_dir()


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_bytes_run_nothing(name: str, marker: Path) -> None:
    """Bytes that name a function are plain data or refused, also when a graph's own types are allowed."""
    strict = StrictSerializer()
    for serializer in (strict, strict.with_msgpack_allowlist({("some.module", "Model")})):
        kind, body = CRAFTED[name](str(marker))
        if kind == "msgpack":
            serializer.loads_typed((kind, body))
        else:
            with pytest.raises(DamagedCheckpoint, match=kind):
                serializer.loads_typed((kind, body))
    assert not marker.exists()


def test_t25_json_of_older_releases_is_refused_whole() -> None:
    """Even plain JSON rows are not read: nothing here ever writes them."""
    with pytest.raises(DamagedCheckpoint):
        StrictSerializer().loads_typed(("json", b"{}"))


async def about(database: Database, table: Table, thread_id: str) -> bytes:
    """Return what the body of this thread's one row is packed with."""
    async with database.reading() as tx:
        (row,) = await tx.execute(select(table).where(table.c.thread_id == thread_id))
    if table is CHECKPOINTS:
        return about_checkpoint(row.checkpoint_ns, row.checkpoint_id, row.metadata)
    return about_writes(row.checkpoint_ns, row.checkpoint_id, row.task_id, row.idx, row.task_path)


async def test_t25_crafted_rows_run_nothing(database: Database, tmp_path: Path) -> None:
    """Whichever column of whichever table holds crafted bytes, reading the thread runs nothing."""
    graph = StateGraph(State)
    graph.add_node("pass", lambda _: None)
    graph.add_edge(START, "pass")
    saver = for_graph(SQLModelSaver(database), graph.compile())
    for name, craft in CRAFTED.items():
        for place_in, table in (("structure", CHECKPOINTS), ("value", CHECKPOINTS), ("write", WRITES)):
            place = f"{name} in {place_in}"
            marker = tmp_path / place
            config = await store(saver, at(place), "1", value=1)
            await saver.aput_writes(config, [("value", 1)], "task")
            crafted_value = Small(*craft(str(marker)))
            body = Packing().pack(
                {
                    "structure": packed_checkpoint(crafted_value, {}),
                    "value": packed_checkpoint(STRUCTURE, {"value": crafted_value}),
                    "write": packed_writes([(0, "value", crafted_value)]),
                }[place_in],
                await about(database, table, place),
            )
            async with database.transaction() as tx:
                crafted = update(table).where(table.c.thread_id == place).values(body=body)
                assert (await tx.execute(crafted)).rowcount == 1
            saver = for_graph(SQLModelSaver(database), graph.compile())  # remembers nothing
            with suppress(DamagedCheckpoint):
                await saver.aget_tuple(config)
            with suppress(DamagedCheckpoint):
                _ = [item async for item in saver.alist(config)]
            assert not os.path.lexists(marker), place  # noqa: ASYNC240


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"\x00",
        bytearray(b"\x00"),
        "text \x00",
        2**63,
        -1.5,
        [1, (2,)],
        {"k": {1: 2}},
        {1, 2},
        uuid4(),
        datetime.now(UTC),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_values_come_back(value: Any) -> None:
    """What LangGraph counts as safe makes the round trip; tuples become lists as in all its savers."""
    serializer = StrictSerializer()
    expected = [1, [2]] if isinstance(value, list) else value
    assert serializer.loads_typed(serializer.dumps_typed(value)) == expected
