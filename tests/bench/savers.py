"""Our checkpointer beside LangGraph's own, interleaved in one run: `python -m tests.bench savers`."""

from __future__ import annotations

import asyncio
import gc
import operator
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Annotated, Any, TypedDict, cast

import aiosqlite
import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

import engine
from tests.bench import commits
from tests.postgres import created

MEMORY, SQLITE, POSTGRES = "InMemorySaver", "AsyncSqliteSaver", "AsyncPostgresSaver"
OUR_SQLITE, OUR_POSTGRES = "ours, SQLite", "ours, PostgreSQL"
PEERS = {OUR_SQLITE: SQLITE, OUR_POSTGRES: POSTGRES}
ROUNDS = 5
CYCLES = {1: 200, 32: 640}
"""How many approval cycles a round has, by the number of threads at once."""
MESSAGES, DOCUMENT_STEPS, EARLY_STEP = 800, 200, 50
DOCUMENT_BYTES = 1_000_000


@dataclass
class Contender:
    """A saver that is measured. `size` tells the bytes that its data take on disk, `counted` counts commits."""

    name: str
    saver: BaseCheckpointSaver[Any]
    size: Callable[[], Awaitable[int]]
    reopened: Callable[[], Any]
    counted: commits.Counted
    per_second: dict[int, list[float]] = field(default_factory=dict)
    resume_ms: dict[int, list[float]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)


class Request(TypedDict, total=False):
    """The state of a small approval."""

    amount: int
    is_approved: bool
    done: str


class Chat(TypedDict, total=False):
    """A list that grows up to `wanted`, or a document that stays."""

    messages: Annotated[list[str], operator.add]
    document: str
    step: int
    wanted: int


def approval_graph(saver: BaseCheckpointSaver[Any]) -> Any:
    """Three nodes, the middle one asks."""

    async def prepare(state: Request) -> Request:
        return {"amount": state["amount"] + 1}

    async def ask(state: Request) -> Request:
        return {"is_approved": interrupt({"amount": state["amount"]})}

    async def finish(state: Request) -> Request:
        return {"done": "yes"}

    graph = StateGraph(Request)
    for node in (prepare, ask, finish):
        graph.add_node(node.__name__, node)
    graph.add_edge(START, "prepare")
    graph.add_edge("prepare", "ask")
    graph.add_edge("ask", "finish")
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=saver)


def loop_graph(saver: BaseCheckpointSaver[Any], *, grows: bool) -> Any:
    """One node that runs until `step` is `wanted`, and adds a message of 1 KB each time when it `grows`."""

    async def write(state: Chat) -> Chat:
        step = state["step"] + 1
        return {"step": step, "messages": [_text(step, 1000)]} if grows else {"step": step}

    graph = StateGraph(Chat)
    graph.add_node("write", write)
    graph.add_edge(START, "write")
    graph.add_conditional_edges("write", lambda state: END if state["step"] >= state["wanted"] else "write")
    return graph.compile(checkpointer=saver)


def _text(seed: int, size: int) -> str:
    """A text that nothing compresses to less than six bits for a character."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
    return "".join(random.Random(seed).choices(letters, k=size))  # noqa: S311


async def measure(folder: Path, postgres_url: str, *, is_quick: bool) -> list[Contender]:
    """Measure all savers on databases in `folder` and on this PostgreSQL server."""
    async with AsyncExitStack() as stack:
        contenders = [
            await stack.enter_async_context(each)
            for each in (_memory(), _sqlite(folder), _postgres(postgres_url), *_ours(folder, postgres_url))
        ]
        await _cycles(contenders)
        if not is_quick:
            for contender in contenders:
                if contender.name != MEMORY:
                    await _growth(contender)
            await _reads([each for each in contenders if each.name != MEMORY])
        return contenders


async def _cycles(contenders: list[Contender]) -> None:
    graphs = {each.name: approval_graph(each.saver) for each in contenders}
    names = iter(range(10**9))
    for graph in graphs.values():
        await _round(graph, names, at_once=4, cycles=20)
    before = {each.name: await each.size() for each in contenders}
    for at_once, cycles in CYCLES.items():
        for number in range(ROUNDS):
            turn = number % len(contenders)
            for contender in contenders[turn:] + contenders[:turn]:
                gc.collect()
                gc.freeze()  # what one saver keeps must not slow down the others
                began = time.perf_counter()
                took = await _round(graphs[contender.name], names, at_once=at_once, cycles=cycles)
                contender.per_second.setdefault(at_once, []).append(cycles / (time.perf_counter() - began))
                contender.resume_ms.setdefault(at_once, []).extend(took)
    for contender in contenders:
        grown = await contender.size() - before[contender.name]
        contender.figures["bytes per cycle"] = grown / (ROUNDS * sum(CYCLES.values()))
        for at_once, cycles in CYCLES.items():
            async with contender.counted() as tally:
                await _round(graphs[contender.name], names, at_once=at_once, cycles=cycles)
            contender.figures[f"commits, {at_once}"] = tally.count / cycles


async def _round(graph: Any, names: Iterator[int], *, at_once: int, cycles: int) -> list[float]:
    """Run approval cycles and return what the resumes took, in ms."""
    left, took = iter(range(cycles)), list[float]()

    async def work() -> None:
        for _ in left:
            config = {"configurable": {"thread_id": f"00000000-0000-0000-0000-{next(names):012}"}}
            asked = await graph.ainvoke({"amount": 1}, config, durability="sync")
            (question,) = asked["__interrupt__"]
            began = time.perf_counter()
            done = await graph.ainvoke(Command(resume={question.id: True}), config, durability="sync")
            took.append((time.perf_counter() - began) * 1000)
            if done["done"] != "yes":
                raise RuntimeError("A cycle did not come to its end.")

    await asyncio.gather(*(work() for _ in range(at_once)))
    return took


async def _growth(contender: Contender) -> None:
    """Fill a thread with messages and one with a document; note bytes, and early and late puts and gets."""
    for name, grows, steps in (("messages", True, MESSAGES), ("document", False, DOCUMENT_STEPS)):
        before, puts = await contender.size(), list[float]()
        graph = loop_graph(_timed(contender.saver, puts), grows=grows)
        given = {
            "messages": [],
            "step": 0,
            "wanted": steps,
            "document": "" if grows else _text(0, DOCUMENT_BYTES),
        }
        config = cast(
            RunnableConfig, {"configurable": {"thread_id": f"long-{name}"}, "recursion_limit": steps + 10}
        )
        await graph.ainvoke(given, config, durability="sync")
        contender.figures[f"{name}: bytes"] = await contender.size() - before
        contender.figures[f"{name}: put early"] = median(puts[EARLY_STEP - 16 : EARLY_STEP + 16])
        contender.figures[f"{name}: put late"] = median(puts[-32:])
        contender.figures[f"{name}: get late"] = await _get_ms(contender.saver, f"long-{name}")
        early = cast(RunnableConfig, {"configurable": {"thread_id": f"early-{name}"}, "recursion_limit": 100})
        await loop_graph(contender.saver, grows=grows).ainvoke(
            {**given, "wanted": EARLY_STEP}, early, durability="sync"
        )
        contender.figures[f"{name}: get early"] = await _get_ms(contender.saver, f"early-{name}")


def _timed(saver: BaseCheckpointSaver[Any], puts: list[float]) -> BaseCheckpointSaver[Any]:
    """Return the same saver, whose puts note what they took, in ms."""
    put = saver.aput

    async def aput(*args: Any, **kwargs: Any) -> RunnableConfig:
        began = time.perf_counter()
        try:
            return await put(*args, **kwargs)
        finally:
            puts.append((time.perf_counter() - began) * 1000)

    timed = cast(BaseCheckpointSaver[Any], type("Timed", (type(saver),), {"aput": staticmethod(aput)}))
    clone = object.__new__(cast(type[Any], timed))
    clone.__dict__ = saver.__dict__
    return cast(BaseCheckpointSaver[Any], clone)


async def _get_ms(saver: BaseCheckpointSaver[Any], thread_id: str, *, times: int = 20) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        found = await saver.aget_tuple({"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}})
        took.append((time.perf_counter() - began) * 1000)
        if found is None:
            raise RuntimeError(f"{thread_id} is not there.")
    return median(took)


async def _reads(contenders: list[Contender]) -> None:
    """Read a small state again and again, and states by id and in lists that were never read before."""
    for contender in contenders:
        await _round(approval_graph(contender.saver), iter(range(10**9, 10**9 + 1)), at_once=1, cycles=1)
    small = f"00000000-0000-0000-0000-{10**9:012}"
    for number in range(ROUNDS):
        turn = number % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            figures = contender.figures
            warm = await _get_ms(contender.saver, small, times=200)
            figures["warm get"] = min(figures.get("warm get", warm), warm)
            async with contender.reopened() as saver:
                ids = [item.config async for item in saver.alist(_at("long-messages"), limit=25)]
            async with contender.reopened() as saver:
                some = random.Random(number).sample(ids, 10)  # noqa: S311
                cold = [await _took_ms(saver.aget_tuple(config)) for config in some]
                listed = [await _took_ms(_listed(saver)) for _ in range(3)]
            figures["cold get"] = min(figures.get("cold get", 1e9), median(cold))
            figures["list 20"] = min(figures.get("list 20", 1e9), median(listed))
            if isinstance(contender.saver, engine.SQLModelSaver):

                async def allow(_: Any) -> None:
                    pass

                held = await _get_ms(contender.saver.guarded_by(allow), small, times=200)
                figures["warm get, lease held"] = min(figures.get("warm get, lease held", held), held)


async def _took_ms(work: Awaitable[Any]) -> float:
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1000


async def _listed(saver: BaseCheckpointSaver[Any]) -> int:
    return len([item async for item in saver.alist(_at("long-messages"), limit=20)])


def _at(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}


async def _nothing() -> int:
    return 0


@asynccontextmanager
async def _memory() -> AsyncIterator[Contender]:
    yield Contender(MEMORY, InMemorySaver(), _nothing, _memory, commits.nothing)


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Contender]:
    path = folder / "theirs.db"

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncSqliteSaver]:
        async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
            await saver.setup()
            await saver.conn.execute("PRAGMA synchronous=FULL")
            yield saver

    async with opened() as saver:
        counted = commits.on_sqlite(lambda note: saver.conn.set_trace_callback(cast(Any, note)))
        yield Contender(SQLITE, saver, lambda: _file_size(path), opened, counted)


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[Contender]:
    theirs = created(url, "theirs")

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncPostgresSaver]:
        settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        async with AsyncConnectionPool(theirs, min_size=16, max_size=16, open=False, kwargs=settings) as pool:
            saver = AsyncPostgresSaver(cast(Any, pool))
            await saver.setup()
            yield saver

    async with opened() as saver:
        yield Contender(POSTGRES, saver, lambda: _database_size(theirs), opened, commits.on_postgres(theirs))


def _ours(folder: Path, url: str) -> Iterator[Any]:
    path, ours = folder / "ours.db", created(url, "ours")
    for name, address, size in (
        (OUR_SQLITE, f"sqlite:///{path}", lambda: _file_size(path)),
        (OUR_POSTGRES, ours, lambda: _database_size(ours)),
    ):
        yield _our(name, address, size)


@asynccontextmanager
async def _our(name: str, url: str, size: Callable[[], Awaitable[int]]) -> AsyncIterator[Contender]:
    async with engine.open_saver(url) as saver:
        yield Contender(name, saver, size, lambda: engine.open_saver(url), _our_commits(saver, url))


def _our_commits(saver: engine.SQLModelSaver, url: str) -> commits.Counted:
    if saver.database.dialect == "postgresql":
        return commits.on_postgres(url)
    made: list[sqlite3.Connection] = []
    saver.database.sqlite_connection = commits.kept(saver.database.sqlite_connection, made)  # type: ignore[method-assign]

    async def trace(note: commits.Trace) -> None:
        for connection in made:
            connection.set_trace_callback(note)

    return commits.on_sqlite(trace)


async def _file_size(path: Path) -> int:
    async with aiosqlite.connect(path) as connection:
        await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size  # noqa: ASYNC240


async def _database_size(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname NOT LIKE 'pg_%'"
        )
        (size,) = await cursor.fetchone() or (0,)
        return int(size or 0)


def p99(values: list[float]) -> float:
    """Return the 99th percentile."""
    return quantiles(values, n=100, method="inclusive")[98]
