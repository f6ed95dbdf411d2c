"""Whole threads: copied, forgotten, thinned out; and the space that this gives back."""

from __future__ import annotations

import asyncio
import operator
import random
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypedDict, cast

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.channels import DeltaChannel
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Interrupt, interrupt
from psycopg import RawCursor
from sqlalchemy import select

from engine.checkpointer import SQLModelSaver, open_saver
from engine.checkpointing.encoding import encoded_checkpoint
from engine.checkpointing.packing import Packing
from engine.checkpointing.pruning import copy_thread, delete_threads
from engine.checkpointing.statements import BLOBS, CHECKPOINTS, INTERRUPTS, WRITES
from engine.database import Database
from engine.prepared import PIPELINED
from engine.transactions import Transaction
from tests.engine.test_checkpointer import at, checkpoint, got, ids, store


@pytest.fixture
async def saver(database: Database) -> SQLModelSaver:
    return SQLModelSaver(database)


class State(TypedDict, total=False):
    """Texts that grow, and how many there shall be."""

    texts: Annotated[list[str], operator.add]
    wanted: int


def writer() -> StateGraph[State]:
    """A loop that adds a long text in each step, and asks before it ends."""

    def write(state: State) -> State:
        return {"texts": [random.Random(len(state["texts"])).randbytes(400).hex()]}  # noqa: S311

    def ask(state: State) -> State:
        return {"texts": [interrupt("Enough?")]}

    graph = StateGraph(State)
    graph.add_node("write", write)
    graph.add_node("ask", ask)
    graph.add_edge(START, "write")
    graph.add_conditional_edges("write", lambda s: "ask" if len(s["texts"]) >= s["wanted"] else "write")
    graph.add_edge("ask", END)
    return graph


async def written(saver: SQLModelSaver, thread_id: str, count: int) -> Any:
    """Run the loop in a thread until it asks; return the graph."""
    graph = writer().compile(checkpointer=saver)
    await graph.ainvoke({"texts": [], "wanted": count}, thread(thread_id), durability="sync")
    return graph


def thread(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


async def count(database: Database, *tables: Any) -> list[int]:
    """Count the rows of these tables."""
    async with database.reading() as tx:
        return [len(list(await tx.execute(select(table)))) for table in tables]


async def test_pruning_keeps_the_question_and_gives_back_the_rest(
    saver: SQLModelSaver, database: Database, database_url: str
) -> None:
    """After 70 steps one checkpoint is left with what its texts are read from; the thread goes on from there."""
    await written(saver, "t", 70)
    (before,) = await count(database, BLOBS)
    await saver.aprune(["t"])
    kept, (blobs,) = await ids(saver.alist(at())), await count(database, BLOBS)
    assert len(kept) == 1
    assert blobs < before / 3
    async with open_saver(database_url) as other:
        graph = writer().compile(checkpointer=other)
        question = (await graph.aget_state(thread("t"))).interrupts[0]
        done = await graph.ainvoke(Command(resume={question.id: "yes"}), thread("t"), durability="sync")
    assert len(done["texts"]) == 71
    assert done["texts"][-1] == "yes"


async def test_pruning_keeps_what_it_is_told_to(saver: SQLModelSaver) -> None:
    """A state that somebody refers to stays readable; its neighbours go, and it has no parent any more."""
    await written(saver, "t", 40)
    every = await ids(saver.alist(at()))
    before = await got(saver, at("t", every[20]))
    await saver.aprune(["t"], keep=[every[20]])
    assert await ids(saver.alist(at())) == [every[0], every[20]]
    after = await got(saver, at("t", every[20]))
    assert after.checkpoint == before.checkpoint
    assert after.parent_config is None


async def test_a_copy_shares_its_values_and_outlives_the_original(
    saver: SQLModelSaver, database: Database
) -> None:
    """Copying stores no value again; the copy goes on after the original was forgotten, and then goes too."""
    graph = await written(saver, "t", 40)
    (blobs,) = await count(database, BLOBS)
    await saver.acopy_thread("t", "copy")
    assert await count(database, BLOBS) == [blobs]
    assert [
        (await got(saver, at("copy", each))).checkpoint for each in await ids(saver.alist(at("copy")))
    ] == [(await got(saver, at("t", each))).checkpoint for each in await ids(saver.alist(at("t")))]
    await saver.adelete_thread("t")
    (question,) = await saver.pending_interrupts("copy")
    done = await graph.ainvoke(
        Command(resume={question.interrupt_id: "yes"}), thread("copy"), durability="sync"
    )
    assert len(done["texts"]) == 41
    await saver.adelete_thread("copy")
    assert await count(database, CHECKPOINTS, BLOBS, WRITES, INTERRUPTS) == [0, 0, 0, 0]


async def test_a_copy_never_covers_a_thread(saver: SQLModelSaver) -> None:
    """A thread that has checkpoints is no target."""
    await store(saver, at("t"), "1", value="mine")
    await store(saver, at("other"), "1", value="theirs")
    with pytest.raises(ValueError, match="other"):
        await saver.acopy_thread("t", "other")
    assert (await got(saver, at("other"))).checkpoint["channel_values"] == {"value": "theirs"}


async def test_runs_are_forgotten_by_their_exact_id(saver: SQLModelSaver, database: Database) -> None:
    """Wildcards and quotes in a run's id find that run alone; what only it used is given back."""
    odd = "r%_/'\""
    for n, run_id in enumerate(["run", odd, "r"]):
        body = checkpoint(str(n), value=f"{n} " * 300)
        await saver.aput({**at("t"), "metadata": {"run_id": run_id}}, body, {}, body["channel_versions"])
    await saver.adelete_for_runs([odd, "nobody"])
    assert await ids(saver.alist(at())) == ["2", "0"]
    assert await count(database, BLOBS) == [2]


async def test_an_unknown_strategy_is_refused(saver: SQLModelSaver) -> None:
    """As is one id in place of a list; nothing is deleted then."""
    await store(saver, at("t"), "1")
    with pytest.raises(ValueError, match="keep_latest"):
        await saver.aprune(["t"], strategy="keep")
    with pytest.raises(TypeError):
        await saver.aprune("t")
    assert await ids(saver.alist(at())) == ["1"]


def outer() -> StateGraph[State]:
    """A graph whose node is a graph that asks twice."""

    def ask(state: State) -> State:
        return {"texts": [interrupt("first"), interrupt("second")]}

    inner = StateGraph(State)
    inner.add_node("ask", ask)
    inner.add_edge(START, "ask")
    graph = StateGraph(State)
    graph.add_node("inner", inner.compile())
    graph.add_node("after", lambda _: {"texts": [interrupt("last")]})
    graph.add_edge(START, "inner")
    graph.add_edge("inner", "after")
    return graph


async def test_a_subgraph_is_kept_while_it_waits_and_goes_with_its_step(saver: SQLModelSaver) -> None:
    """Pruned while its question is open the thread goes on; once it is over its namespace is pruned with the step."""
    graph = outer().compile(checkpointer=saver)
    await graph.ainvoke({"texts": []}, thread("t"), durability="sync")
    for answer in ("one", "two"):
        await saver.aprune(["t"])
        (question,) = await saver.pending_interrupts("t")
        assert question.checkpoint_ns.startswith("inner:")
        await graph.ainvoke(Command(resume={question.interrupt_id: answer}), thread("t"), durability="sync")
    assert len({item.config["configurable"]["checkpoint_ns"] async for item in saver.alist(thread("t"))}) == 2
    await saver.aprune(["t"])
    assert [item.config["configurable"]["checkpoint_ns"] async for item in saver.alist(thread("t"))] == [""]
    (question,) = await saver.pending_interrupts("t")
    done = await graph.ainvoke(
        Command(resume={question.interrupt_id: "three"}), thread("t"), durability="sync"
    )
    assert done["texts"] == ["one", "two", "three"]


class Delta(TypedDict):
    """A state whose list is kept as its changes."""

    texts: Annotated[
        list[str], DeltaChannel(lambda old, new: [*old, *(each for more in new for each in more)])
    ]


async def test_a_delta_channel_keeps_its_ancestors(saver: SQLModelSaver) -> None:
    """Pruning leaves what the channel is put together from, and the next step finds all of it."""
    graph = StateGraph(Delta)
    graph.add_node("write", lambda s: {"texts": [str(len(s["texts"]))]})
    graph.add_edge(START, "write")
    compiled = graph.compile(checkpointer=saver)
    for _ in range(4):
        await compiled.ainvoke({"texts": []}, thread("t"), durability="sync")
    before = (await compiled.aget_state(thread("t"))).values
    await saver.aprune(["t"])
    assert (await compiled.aget_state(thread("t"))).values == before == {"texts": ["0", "1", "2", "3"]}
    await compiled.ainvoke({"texts": []}, thread("t"), durability="sync")
    assert len((await compiled.aget_state(thread("t"))).values["texts"]) == 5


async def test_questions_are_rows_as_long_as_they_are_open(saver: SQLModelSaver) -> None:
    """Each question of a node has its ordinal and checkpoint; an answer closes it, and so does the next step."""
    graph = outer().compile(checkpointer=saver)
    config = thread("t")
    found = []
    result: Any = await graph.ainvoke({"texts": []}, config, durability="sync")
    while result.get("__interrupt__"):
        (asked,) = result["__interrupt__"]
        (row,) = await saver.pending_interrupts("t")
        assert await saver.pending_interrupts("t", asked.id) == [row]
        assert row.interrupt_id == asked.id
        place = {"thread_id": "t", "checkpoint_ns": row.checkpoint_ns}
        head = await got(saver, cast(RunnableConfig, {"configurable": place}))
        assert row.checkpoint_id == head.checkpoint["id"]
        found.append((row.checkpoint_ns.partition(":")[0], row.ordinal))
        result = await graph.ainvoke(Command(resume={asked.id: asked.value}), config, durability="sync")
    assert found == [("inner", 0), ("inner", 1), ("", 0)]
    assert await saver.pending_interrupts("t") == []
    assert await saver.pending_interrupts("nobody") == []


async def test_a_plain_answer_closes_the_question(saver: SQLModelSaver) -> None:
    """Command(resume=value) names no question; the one that waits is closed when it is written."""
    graph = writer().compile(checkpointer=saver)
    await graph.ainvoke({"texts": [], "wanted": 1}, thread("t"), durability="sync")
    assert len(await saver.pending_interrupts("t")) == 1
    await graph.ainvoke(Command(resume="yes"), thread("t"), durability="sync")
    assert await saver.pending_interrupts("t") == []


async def test_a_question_named_twice_is_one_row(saver: SQLModelSaver) -> None:
    """A task that reports the same interrupt twice, as nested functions do, has one question."""
    config = await store(saver, at(), "1")
    asked = Interrupt(value="sure?", id="i")
    await saver.aput_writes(config, [("__interrupt__", (asked, asked))], "task")
    assert [each.interrupt_id for each in await saver.pending_interrupts("t")] == ["i"]


class Interposed(Transaction):
    """A transaction of another process, before each statement of which something is written here."""

    def __init__(self, tx: Transaction, between: Callable[[], Awaitable[object]]) -> None:
        super().__init__(tx.execute, tx.dialect)
        self._between = between

    async def execute(self, statement: Any, params: Any = None) -> Any:
        await self._between()
        return await super().execute(statement, params)


@pytest.mark.parametrize("is_new", [True, False])
async def test_f23_a_copy_that_is_written_while_its_original_goes_keeps_its_values(
    migrated_postgres_url: str, is_new: bool
) -> None:
    """Whatever is stored between two statements of the sweep stays: new values, and what only the original had."""
    long = [[random.Random(n).randbytes(300).hex() for n in range(count)] for count in range(1, 30)]  # noqa: S311
    async with open_saver(migrated_postgres_url) as saver, open_saver(migrated_postgres_url) as other:
        config = await store(saver, at("s"), "001", value=long[0])
        await saver.acopy_thread("s", "t")
        for n, value in enumerate([] if is_new else long[1:], 2):
            config = await store(saver, config, f"{n:03}", value=value)
        told: list[tuple[RunnableConfig, Any]] = [(at("t", "001"), long[0])]

        async def write() -> None:
            n = len(told) + 1
            told.append((await store(saver, told[-1][0], f"{n:03}", value=long[n - 1]), long[n - 1]))

        async with other.database.transaction() as tx:
            await delete_threads(Interposed(tx, write), ["s"], Packing())
        assert len(told) > 5
    async with open_saver(migrated_postgres_url) as reader:
        for stored, value in told:
            assert (await got(reader, stored)).checkpoint["channel_values"] == {"value": value}


async def test_f23_what_is_just_named_anew_is_neither_waited_for_nor_swept(
    migrated_postgres_url: str,
) -> None:
    """The value of a checkpoint that is still to be committed, which nobody else needs any more."""
    text = "long" * 500
    async with open_saver(migrated_postgres_url) as saver, open_saver(migrated_postgres_url) as other:
        await store(saver, at("s"), "001", value="short")
        await saver.acopy_thread("s", "t")
        await store(saver, at("s", "001"), "002", value=text)
        body = checkpoint("002", value=text)
        encoded = encoded_checkpoint(
            ("t", ""),
            at("t", "001"),
            body,
            {},
            body["channel_versions"],
            parent=(await saver._store.known(("t", ""), "001", saver.serde))[0],
            older={},
            is_newest=True,
            serde=saver.serde,
            packing=Packing(),
        )
        with psycopg.connect(migrated_postgres_url) as connection:
            for statement, rows in encoded.change.statements(PIPELINED):
                statement.run(RawCursor(connection), rows)
            await asyncio.wait_for(other.adelete_thread("s"), 10)
        assert (await got(other, at("t", "002"))).checkpoint["channel_values"] == {"value": text}


async def test_a_copy_of_what_is_forgotten_at_that_moment_is_whole(migrated_postgres_url: str) -> None:
    """Who deletes the original waits for the copy to be committed, and then leaves what it needs."""
    async with open_saver(migrated_postgres_url) as saver, open_saver(migrated_postgres_url) as other:
        await store(saver, at("s"), "001", value="long" * 500)
        async with saver.database.transaction() as tx:
            await copy_thread(tx, "s", "t")
            deletion = asyncio.create_task(other.adelete_thread("s"))
            done, _ = await asyncio.wait({deletion}, timeout=0.3)
            assert not done
        await deletion
        assert (await got(other, at("t"))).checkpoint["channel_values"] == {"value": "long" * 500}


async def test_a_value_that_is_twice_in_a_checkpoint_is_stored_once(
    saver: SQLModelSaver, database: Database
) -> None:
    """Two channels that get the same large value in one step name the same row."""
    await store(saver, at(), "1", one="long" * 500, other="long" * 500)
    assert await count(database, BLOBS) == [1]
    saver._store._heads.forget_threads()
    assert (await got(saver, at())).checkpoint["channel_values"] == dict.fromkeys(
        ("one", "other"), "long" * 500
    )
