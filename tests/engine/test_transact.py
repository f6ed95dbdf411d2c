"""Transactions on the database's own thread, and statements that are prepared once."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)

from engine.columns import JsonText, TextKey, UtcDateTime
from engine.database import Database
from engine.errors import Conflict, StoreError
from engine.prepared import _KNOWN, STATEMENTS_KEPT
from engine.transactions import Transaction, to_the_end
from tests.engine.tables import create
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
    await create(database, NOTES)
    return database


@pytest.fixture
async def on_postgres(postgres_url: str) -> AsyncIterator[Database]:
    """The same on PostgreSQL, at `postgres_url`, for what only a server does."""
    database = Database(postgres_url)
    await create(database, NOTES)
    yield database
    await database.close()


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


async def test_statements_that_are_gone_are_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was remembered of a statement goes with it, also of one that SQLAlchemy itself would not remember."""
    monkeypatch.setattr("engine.prepared.STATEMENTS_KEPT", 50)

    async def body(tx: Transaction) -> None:
        for number in range(300):
            wanted = select(NOTES.c.id, literal_column(str(number)).label("n")).where(NOTES.c.id == number)
            assert (await tx.execute(wanted)).all() == []
            await tx.execute(insert(NOTES).values([{"id": 2 * number}, {"id": 2 * number + 1}]))
            await tx.execute(delete(NOTES))

    gc.collect()
    before = len(_KNOWN)
    await database.transact(body)
    gc.collect()
    assert len(_KNOWN) <= before + 50


async def test_what_cannot_be_prepared_is_refused(database: Database) -> None:
    """Values that a statement would have to ask for, and rows of many at once, are refused before anything runs."""
    asks = select(NOTES.c.id).where(NOTES.c.id == bindparam("n", callable_=lambda: 1))
    with pytest.raises(TypeError, match="asked of a function"):
        await database.transact(lambda tx: tx.execute(asks))
    many = insert(NOTES).returning(NOTES.c.id)
    with pytest.raises(TypeError, match="one set of parameters"):
        await database.transact(lambda tx: tx.execute(many, [{"id": 1}, {"id": 2}]))
    assert await count(database) == 0


async def test_a_column_has_one_value_when_made_and_another_when_changed(database: Database) -> None:
    """`default` is for rows that are inserted, `onupdate` for those that are changed."""
    stamped = Table(
        "stamped",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("state", Integer, default=1, onupdate=2),
        Column("note.text", Text),
    )
    await create(database, stamped)

    async def body(tx: Transaction) -> list[Any]:
        await tx.execute(insert(stamped), [{"id": 1}, {"id": 2}])
        named = stamped.c["note.text"]
        some = update(stamped).where(stamped.c.id.in_([1, 3])).values({named: bindparam("note.text")})
        await tx.execute(some, {"note.text": "changed"})
        return [tuple(row) for row in (await tx.execute(select(stamped).order_by(stamped.c.id))).all()]

    assert await database.transact(body) == [(1, 2, "changed"), (2, 1, None)]


async def test_a_number_that_no_column_takes_is_a_store_error(database: Database) -> None:
    """More than 64 bit are refused by the driver, and nothing of them is stored."""
    with pytest.raises(StoreError):
        await store(database, {"id": 2**64})
    assert await count(database) == 0


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


async def test_connections_that_broke_meanwhile_are_replaced(
    on_postgres: Database, postgres_url: str
) -> None:
    """After the server has closed every connection, the next transaction works as if nothing had been."""
    await asyncio.gather(*(store(on_postgres, {"id": number}) for number in range(8)))
    end_other_sessions(postgres_url)
    await asyncio.gather(*(store(on_postgres, {"id": number}) for number in range(8, 16)))
    assert await count(on_postgres) == 16


async def test_nothing_is_committed_after_a_statement_that_failed(on_postgres: Database) -> None:
    """PostgreSQL takes nothing more after an error; a body that went on all the same hears that it stored nothing."""
    woken: list[str] = []

    async def body(tx: Transaction) -> None:
        tx.after_commit(lambda: woken.append("called"))
        await tx.execute(insert(NOTES), {"id": 1})
        with suppress(Conflict):
            await tx.execute(insert(NOTES), {"id": 1})

    with pytest.raises(StoreError, match="nothing of it was stored"):
        await on_postgres.transact(body)
    with pytest.raises(StoreError, match="nothing of it was stored"):
        async with on_postgres.transaction() as tx:
            await body(tx)
    assert (woken, await count(on_postgres)) == ([], 0)


async def test_who_is_cancelled_ends_though_the_database_fails(database: Database) -> None:
    """A task that is told to stop does, and does not take the database's error for an answer to go on with."""
    begun, may_fail = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        begun.set()
        await may_fail.wait()
        raise StoreError

    task = asyncio.create_task(to_the_end(fail()))
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    may_fail.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, StoreError)


@pytest.mark.parametrize("way", ["reading", "transaction"])
async def test_who_is_cancelled_ends_though_the_connection_breaks(postgres_url: str, way: str) -> None:
    """Giving a broken connection back takes no cancellation away."""
    database = Database(postgres_url)
    is_inside = asyncio.Event()

    async def wait() -> None:
        async with getattr(database, way)() as tx:
            await tx.execute(text("SELECT 1"))
            is_inside.set()
            await asyncio.sleep(LIMIT_S)

    for _ in range(3):
        is_inside.clear()
        task = asyncio.create_task(wait())
        await is_inside.wait()
        end_other_sessions(postgres_url)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await database.close()
