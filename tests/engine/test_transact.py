"""Transactions on the database's own thread, and statements that are prepared once."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, bindparam, func, insert, select, text, update
from sqlalchemy.schema import CreateTable

from engine.columns import JsonText, TextKey, UtcDateTime
from engine.database import Database
from engine.errors import Conflict, StoreError
from engine.prepared import STATEMENTS_KEPT
from engine.transactions import Transaction
from tests.postgres import end_other_sessions

NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime),
    Column("value", JsonText),
    Column("name", TextKey),
)
LIMIT_S = 10
ODD_TEXT = "NUL \x00, half a pair \ud83d, whole 😀, quotes ' \" %s :name ?"


@pytest.fixture
async def database(database: Database) -> Database:
    """The shared database with one table more."""
    async with database.engine.begin() as connection:
        await connection.execute(CreateTable(NOTES))
    return database


async def store(database: Database, *rows: dict[str, Any], fails: bool = False) -> int:
    async def body(tx: Transaction) -> int:
        for row in rows:
            await tx.execute(insert(NOTES), row)
        if fails:
            raise LookupError
        return len(rows)

    return await database.transact(body)


async def count(database: Database) -> int:
    async with database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(NOTES))).scalar_one())


async def test_what_a_body_wrote_is_committed(database: Database) -> None:
    """The result of the body comes back, and others see its rows."""
    assert await store(database, {"id": 1}, {"id": 2}) == 2
    assert await count(database) == 2


async def test_a_body_that_raises_is_rolled_back(database: Database) -> None:
    """The exception is the body's own, nothing of it is stored, nobody is woken, and the next one works."""
    woken: list[str] = []

    async def body(tx: Transaction) -> None:
        tx.after_commit(lambda: woken.append("called"))
        await tx.execute(insert(NOTES), {"id": 1})
        raise LookupError

    with pytest.raises(LookupError):
        await database.transact(body)
    assert (woken, await count(database)) == ([], 0)
    await store(database, {"id": 1})
    assert await count(database) == 1


async def test_callbacks_run_in_the_event_loop_after_the_commit(database: Database) -> None:
    """Whoever is woken by a commit is woken where asyncio's tasks live."""
    seen: list[asyncio.AbstractEventLoop] = []

    async def body(tx: Transaction) -> None:
        await tx.execute(insert(NOTES), {"id": 1})
        tx.after_commit(lambda: seen.append(asyncio.get_running_loop()))
        assert seen == []

    await database.transact(body)
    assert seen == [asyncio.get_running_loop()]


async def test_a_taken_key_is_a_conflict_and_shows_no_values(database: Database) -> None:
    """The driver's errors get the engine's names, without what was to be stored."""
    await store(database, {"id": 1})
    with pytest.raises(Conflict):
        await store(database, {"id": 2, "name": "geheim"}, {"id": 1})
    assert await count(database) == 1

    async def wrong(tx: Transaction) -> None:
        await tx.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "geheim"})

    with pytest.raises(StoreError) as caught:
        await database.transact(wrong)
    assert "nowhere" in str(caught.value)
    assert "geheim" not in f"{caught.value}{caught.value.__cause__}"


async def test_a_body_that_waits_for_something_else_is_refused(database: Database) -> None:
    """On its thread there is no event loop to wait in; what was written until then is rolled back."""

    async def body(tx: Transaction) -> None:
        await tx.execute(insert(NOTES), {"id": 1})
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="await nothing but"):
        await database.transact(body)
    assert await count(database) == 0


async def test_values_come_back_as_the_columns_say(database: Database) -> None:
    """Times are aware, JSON is JSON, odd text survives, and None is None: written and read on either way."""
    row = {
        "id": 1,
        "at": datetime(2026, 1, 31, 9, 30, 15, 250, UTC),
        "value": {"odd": ODD_TEXT},
        "name": "a?%s",
    }
    blank = {"id": 2, "at": None, "value": None, "name": None}

    async def body(tx: Transaction) -> list[dict[str, Any]]:
        await tx.execute(insert(NOTES), [row, blank])
        wanted = select(NOTES).where(NOTES.c.id > bindparam("least")).order_by(NOTES.c.id)
        return [found._asdict() for found in (await tx.execute(wanted, {"least": 0})).all()]

    assert await database.transact(body) == [row, blank]
    async with database.reading() as tx:
        found = (await tx.execute(select(NOTES).order_by(NOTES.c.id))).all()
    assert [each._asdict() for each in found] == [row, blank]


async def test_a_guarded_update_counts_its_rows(database: Database) -> None:
    """`rowcount` tells whether a guard held, with fixed values in the statement and without."""
    await store(database, {"id": 1, "name": "pending"})
    guarded = (
        update(NOTES)
        .where(NOTES.c.id == bindparam("which"), NOTES.c.name == "pending")
        .values(name="decided", value=bindparam("said"))
    )

    async def body(tx: Transaction) -> list[int]:
        return [(await tx.execute(guarded, {"which": 1, "said": {"a": 1}})).rowcount for _ in range(2)]

    assert await database.transact(body) == [1, 0]


async def test_many_different_statements_are_not_kept_for_ever(database: Database) -> None:
    """Statements that are made anew each time work as well, also when there are more than are kept."""

    async def body(tx: Transaction) -> int:
        for number in range(STATEMENTS_KEPT + 10):
            await tx.execute(insert(NOTES).values(id=number, name=f"note {number}"))
        return int((await tx.execute(select(func.count().label("n")).select_from(NOTES))).scalar_one())

    assert await database.transact(body) == STATEMENTS_KEPT + 10


async def test_a_hundred_bodies_at_once(database: Database) -> None:
    """A hundred overlapping read-modify-writes, beside a hundred on the event loop's connections, lose nothing."""
    await store(database, {"id": 1, "value": 0})
    locked = select(NOTES.c.value).where(NOTES.c.id == 1).with_for_update()

    async def add(tx: Transaction) -> None:
        value = (await tx.execute(locked)).scalar_one()
        await tx.execute(update(NOTES).where(NOTES.c.id == 1).values(value=value + 1))

    async def beside() -> None:
        async with database.transaction() as tx:
            await add(tx)

    await asyncio.gather(*(work for _ in range(100) for work in (database.transact(add), beside())))
    async with database.reading() as tx:
        assert (await tx.execute(select(NOTES.c.value).where(NOTES.c.id == 1))).scalar_one() == 200


async def test_a_cancelled_caller_leaves_a_whole_transaction(database: Database) -> None:
    """Cancelling whoever waits neither tears the transaction nor loses its callbacks."""
    woken: list[str] = []
    loop, is_cancelled = asyncio.get_running_loop(), threading.Event()

    def cancel() -> None:
        task.cancel()
        loop.call_soon(is_cancelled.set)  # once the task has heard of it

    async def body(tx: Transaction) -> None:
        await tx.execute(insert(NOTES), {"id": 1})
        tx.after_commit(lambda: woken.append("called"))
        loop.call_soon_threadsafe(cancel)
        assert is_cancelled.wait(LIMIT_S)  # on the database's thread

    task = asyncio.create_task(database.transact(body))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert woken == ["called"]
    assert await count(database) == 1


async def test_connections_that_broke_meanwhile_are_replaced(postgres_url: str) -> None:
    """After the server has closed every connection, the next transaction works as if nothing had been."""
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.execute(CreateTable(NOTES))
    await asyncio.gather(*(store(database, {"id": number}) for number in range(8)))
    end_other_sessions(postgres_url)
    await asyncio.gather(*(store(database, {"id": number}) for number in range(8, 16)))
    assert await count(database) == 16
    await database.close()
