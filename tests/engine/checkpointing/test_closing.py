"""A database that is closed, and an event loop that ends, while calls to its checkpointer are under way."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest
from langchain_core.runnables import RunnableConfig

from engine.checkpointer import SQLModelSaver
from engine.database import Database
from engine.errors import StoreError
from engine.transactions import Transaction
from tests.engine.test_checkpointer import at, checkpoint, got, ids, store
from tests.waiting import eventually


@pytest.fixture
async def saver(database: Database) -> SQLModelSaver:
    return SQLModelSaver(database)


async def allow(_: Transaction) -> None:
    """Guard nothing."""


async def written(saver: SQLModelSaver, thread_id: str, *, is_closed: asyncio.Event) -> list[str]:
    """Store checkpoints one after the other until that is refused, or all is closed; return their ids."""
    config: RunnableConfig = at(thread_id)
    told: list[str] = []
    while not is_closed.is_set():
        try:
            config = await store(saver, config, f"{len(told):06}", value="x" * 500)
        except StoreError as error:
            assert "is being closed" in str(error)  # noqa: PT017
            break
        told.append(config["configurable"]["checkpoint_id"])
    return told


@pytest.mark.parametrize("count", [1, 2, 8])
async def test_what_is_under_way_is_stored_and_what_comes_then_is_refused(
    saver: SQLModelSaver, database: Database, count: int
) -> None:
    """Closing comes to its end however many go on writing, and leaves neither a lock nor a connection."""
    is_closed = asyncio.Event()
    writers = [asyncio.create_task(written(saver, f"t{n}", is_closed=is_closed)) for n in range(count)]
    await eventually(lambda: saver.aget_tuple(at(f"t{count - 1}")))
    await asyncio.wait_for(database.close(), 20)
    is_closed.set()
    told = await asyncio.wait_for(asyncio.gather(*writers), 20)
    await database.close()  # who was between two calls meanwhile has opened it again
    assert not database._pipelines._all
    if database.path is not None:
        with closing(sqlite3.connect(database.path, timeout=0, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
    for n, each in enumerate(told):
        assert each
        assert await ids(saver.alist(at(f"t{n}"))) == each[::-1]


async def test_reads_are_refused_while_the_database_is_closed(
    saver: SQLModelSaver, database: Database
) -> None:
    """They would open connections that nobody closes."""
    config = await store(saver, at(), "1")
    refused: list[bool] = []

    async def read() -> None:
        for place in (at(), config):
            with pytest.raises(StoreError, match="is being closed"):
                await got(saver, place)
            refused.append(True)

    database.before_close(read)
    await database.close()
    assert refused == [True, True]
    assert (await got(saver, at())).config == config


async def test_a_series_that_was_refused_once_is_refused_later_too(
    saver: SQLModelSaver, database: Database
) -> None:
    """What builds upon a write that closing has refused is not stored by a database that is used again."""
    guarded = saver.guarded_by(allow)

    async def write() -> None:
        with pytest.raises(StoreError, match="is being closed"):
            await store(guarded, at(), "1")

    database.before_close(write)
    await database.close()
    with pytest.raises(StoreError, match="is being closed"):
        await store(guarded, at("other"), "2")


async def test_a_lock_that_a_connection_holds_goes_with_it(sqlite_url: str) -> None:
    """Also while somebody still has a cursor whose statement has not come to its end."""
    database = Database(sqlite_url)
    await database.migrate()
    assert database.path is not None
    saver = SQLModelSaver(database)
    await store(saver, at(), "1")
    await store(saver, at(), "2")
    connection = saver._store._lane._connections["writer"]  # type: ignore[attr-defined]
    connection.execute("BEGIN IMMEDIATE")
    cursor = connection.execute("SELECT * FROM assent_checkpoints")
    cursor.fetchone()
    await database.close()
    with closing(sqlite3.connect(database.path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
    del cursor


async def test_who_is_stopped_before_its_first_turn_says_so(saver: SQLModelSaver) -> None:
    """An event loop that ends cancels what it has not begun; whoever waits for it is told, and the next is served."""
    await store(saver, at(), "0")
    call = asyncio.create_task(store(saver, at(), "1"))
    await asyncio.sleep(0)
    task = saver._store._commit._task
    assert task is not None
    task.cancel()
    with pytest.raises(StoreError, match="stopped"):
        await asyncio.wait_for(call, 10)
    await store(saver, at(), "2")
    assert await ids(saver.alist(at())) == ["2", "0"]


def test_a_thread_that_waits_for_a_loop_that_ends_is_told(sqlite_url: str) -> None:
    """It waits for no answer that nobody can give any more, and later calls are told at once."""

    async def opened() -> SQLModelSaver:
        database = Database(sqlite_url)
        await database.migrate()
        return SQLModelSaver(database)

    told: list[BaseException] = []
    loop = asyncio.new_event_loop()
    saver = loop.run_until_complete(opened())

    def call() -> None:
        try:
            body = checkpoint("1", value=1)
            saver.put(at(), body, {}, body["channel_versions"])
        except BaseException as error:  # noqa: BLE001
            told.append(error)

    thread = threading.Thread(target=call, daemon=True)

    async def started() -> None:
        """Ends in the same turn of the loop as the call comes in."""
        thread.start()
        while not loop._ready:  # type: ignore[attr-defined]
            pass

    loop.run_until_complete(started())
    thread.join(10)
    assert not thread.is_alive()
    assert [type(each) for each in told] == [asyncio.InvalidStateError]
    loop.run_until_complete(saver.database.close())
    loop.close()
    call()
    assert [type(each) for each in told] == [asyncio.InvalidStateError] * 2
