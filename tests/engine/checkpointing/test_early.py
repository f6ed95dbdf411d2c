"""What this process no longer remembers, or never knew: writes that came before their checkpoint, and other heads."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

from engine.checkpointer import SQLModelSaver
from engine.checkpointing.heads import EARLY_KEPT, HEADS_KEPT
from engine.database import Database
from engine.errors import DamagedCheckpoint
from engine.transactions import Transaction
from tests.engine.test_checkpointer import at, got, ids, store


@pytest.fixture
async def saver(database: Database) -> SQLModelSaver:
    return SQLModelSaver(database)


async def allow(_: Transaction) -> None:
    """Nobody else has the run."""


async def write(saver: SQLModelSaver, checkpoint_id: str, *, thread_id: str = "t") -> None:
    """Store what a task wrote on a checkpoint."""
    await saver.aput_writes(at(thread_id, checkpoint_id), [("x", "done")], "task")


async def forget(saver: SQLModelSaver) -> None:
    """Let so many other threads come that the first ones are not remembered any more."""
    for number in range(HEADS_KEPT + 1):
        await store(saver, at(f"other {number}"), "1")


async def tasks(saver: SQLModelSaver) -> list[str]:
    """Return who has written on the newest checkpoint."""
    return [task for task, _, _ in (await got(saver, at())).pending_writes or ()]


async def test_early_writes_of_a_thread_that_is_not_remembered_are_seen(saver: SQLModelSaver) -> None:
    """A driver under its lease does not ask the database again, so it must not take what it knows for all."""
    run = saver.guarded_by(allow)
    await store(run, at(), "001")
    assert await tasks(run) == []
    await forget(saver)
    await write(run, "002")
    await store(run, at("t", "001"), "002")
    assert await tasks(run) == await tasks(saver) == ["task"]


async def test_early_writes_among_many_are_seen(saver: SQLModelSaver) -> None:
    """More of them wait for their checkpoints than are remembered."""
    run = saver.guarded_by(allow)
    await store(run, at(), "001")
    assert await tasks(run) == []
    await write(run, "002")
    for number in range(EARLY_KEPT):
        await write(run, f"x{number:05}")
    await store(run, at("t", "001"), "002")
    assert await tasks(run) == await tasks(saver) == ["task"]


async def test_when_no_more_can_be_noted_nothing_is_taken_for_all(saver: SQLModelSaver) -> None:
    """Even the marks are bounded: beyond that a thread that is not known is read from the database."""
    run = saver.guarded_by(allow)
    await store(run, at(), "001")
    assert await tasks(run) == []
    await forget(saver)
    await write(run, "002")
    for number in range(EARLY_KEPT):
        await write(run, f"x{number:05}")
    await store(run, at("t", "001"), "002")
    assert await tasks(run) == await tasks(saver) == ["task"]


class State(TypedDict, total=False):
    """Texts that grow."""

    texts: Annotated[list[str], operator.add]


def asking(saver: SQLModelSaver, *, is_inside: bool = False) -> Any:
    """A graph that writes and then asks, in a graph inside it or by itself."""

    def before(_: State) -> State:
        return {"texts": ["before"]}

    def ask(_: State) -> State:
        return {"texts": [interrupt("ok?")]}

    inner: Any = StateGraph(State)
    inner.add_node("ask", ask).add_edge(START, "ask")
    outer: Any = StateGraph(State)
    outer.add_node("before", before).add_node("ask", inner.compile() if is_inside else ask)
    return outer.add_edge(START, "before").add_edge("before", "ask").compile(checkpointer=saver)


THREAD: RunnableConfig = {"configurable": {"thread_id": "t"}}


@pytest.mark.parametrize("is_inside", [True, False])
async def test_a_question_is_over_when_its_node_is_said_to_be_done(
    saver: SQLModelSaver, is_inside: bool
) -> None:
    """`update_state(as_node=…)` writes for the task that waits; what the graph inside it has asked is over too."""
    graph = asking(saver, is_inside=is_inside)
    await graph.ainvoke({"texts": []}, THREAD, durability="sync")
    assert len(await saver.pending_interrupts("t")) >= 1
    await graph.aupdate_state(THREAD, {"texts": ["yes"]}, as_node="ask")
    assert (await graph.aget_state(THREAD)).next == ()
    assert await saver.pending_interrupts("t") == []


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_question_is_over_when_its_thread_goes_on_from_before_it(
    saver: SQLModelSaver, is_known: bool
) -> None:
    """A fork of an earlier step leaves the newest one behind, whether that is remembered or not."""
    graph = asking(saver)
    await graph.ainvoke({"texts": []}, THREAD, durability="sync")
    early = [each async for each in graph.aget_state_history(THREAD)][-1]
    if not is_known:
        await forget(saver)
    await graph.aupdate_state(early.config, {"texts": ["other"]})
    assert not (await graph.aget_state(THREAD)).interrupts
    assert await saver.pending_interrupts("t") == []


async def test_a_limit_below_nothing_gives_nothing(saver: SQLModelSaver) -> None:
    """As with LangGraph's own saver in memory; it listed without end on SQLite."""
    for number in range(3):
        await store(saver, at(), f"00{number}")
    assert await ids(saver.alist(at(), limit=-1)) == []
    assert await ids(saver.alist(at(), limit=0)) == []
    assert len(await ids(saver.alist(at(), limit=2))) == 2


async def test_what_follows_a_deleted_checkpoint_is_stored_whole(
    saver: SQLModelSaver, database: Database
) -> None:
    """Another process has deleted the thread, and this one has seen that; then it goes on all the same."""
    text = "long" * 2000
    await store(saver, at(), "001", value=text)
    await SQLModelSaver(database).adelete_thread("t")
    assert await saver.aget_tuple(at("t", "001")) is None
    await store(saver, at("t", "001"), "002", value=text + "er")
    try:
        assert (await got(SQLModelSaver(database), at())).checkpoint["channel_values"] == {
            "value": text + "er"
        }
    except DamagedCheckpoint as error:
        pytest.fail(str(error))
