"""Transactions on both databases, and what becomes of the driver's errors."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text, update

from engine import transactions
from engine.columns import JsonText, TextKey, UtcDateTime, canonical_json
from engine.database import Begun, Database
from engine.errors import BadDatabaseUrl, Conflict, StoreError
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
ODD_TEXT = "NUL \x00, half a pair \ud83d, whole 😀, quotes ' \" \\u0000"


@pytest.fixture
async def database(database: Database) -> Database:
    """The shared database with one table more."""
    await create(database, NOTES)
    return database


async def store(database: Database, *rows: dict[str, Any], fails: bool = False) -> None:
    async with database.transaction() as tx:
        for row in rows:
            await tx.execute(insert(NOTES), row)
        if fails:
            raise LookupError


async def count(database: Database) -> int:
    async with database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(NOTES))).scalar_one())


async def test_a_block_that_ends_is_committed(database: Database) -> None:
    """What a transaction wrote is seen by the next one."""
    async with database.transaction() as tx:
        await tx.execute(insert(NOTES), [{"id": 1}, {"id": 2}])
    assert await count(database) == 2


async def test_a_block_that_raises_is_rolled_back(database: Database) -> None:
    """After an exception in the block nothing of it is stored, and the exception is the caller's own."""
    with pytest.raises(LookupError):
        await store(database, {"id": 1}, fails=True)
    assert await count(database) == 0


async def test_callbacks_run_in_order_and_see_the_commit(database: Database) -> None:
    """Callbacks run after the commit, first registered first."""
    seen: list[str] = []
    async with database.transaction() as tx:
        await tx.execute(insert(NOTES), {"id": 1})
        tx.after_commit(lambda: seen.append("first"))
        tx.after_commit(lambda: seen.append("second"))
        assert seen == []
    assert seen == ["first", "second"]


async def test_callbacks_do_not_run_after_a_rollback(database: Database) -> None:
    """A rolled back transaction wakes nobody."""
    seen: list[str] = []

    async def register_and_fail() -> None:
        async with database.transaction() as tx:
            tx.after_commit(lambda: seen.append("called"))
            raise LookupError

    with pytest.raises(LookupError):
        await register_and_fail()
    assert seen == []


async def test_a_taken_key_is_a_conflict(database: Database) -> None:
    """A second row with the same key raises Conflict, and nothing of its transaction stays."""
    await store(database, {"id": 1})
    with pytest.raises(Conflict):
        await store(database, {"id": 2}, {"id": 1})
    assert await count(database) == 1


async def test_errors_do_not_show_what_was_to_be_stored(database: Database) -> None:
    """A StoreError names the reason, not the values of the statement."""
    with pytest.raises(StoreError) as caught:
        async with database.transaction() as tx:
            await tx.execute(text("INSERT INTO nowhere VALUES (:value)"), {"value": "geheim"})
    assert "nowhere" in str(caught.value)
    assert "geheim" not in f"{caught.value}{caught.value.__cause__}"


async def test_reading_refuses_to_write(database: Database) -> None:
    """A reading transaction takes no INSERT, UPDATE or DELETE."""
    async with database.reading() as tx:
        with pytest.raises(RuntimeError, match="only reads"):
            await tx.execute(insert(NOTES), {"id": 1})


async def test_reading_sees_one_state(database: Database) -> None:
    """A reader does not wait for a writer, and sees the same rows before and after the writer's commit."""
    async with database.reading() as tx:
        question = select(func.count()).select_from(NOTES)
        assert (await tx.execute(question)).scalar_one() == 0
        async with database.transaction() as writing:
            await writing.execute(insert(NOTES), {"id": 1})
        assert (await tx.execute(question)).scalar_one() == 0
    assert await count(database) == 1


async def test_a_hundred_writers_at_once(database: Database) -> None:
    """A hundred overlapping transactions that read a row for update and add one to it lose nothing."""
    await store(database, {"id": 1, "value": 0})

    async def add() -> None:
        async with database.transaction() as tx:
            lock = select(NOTES.c.value).where(NOTES.c.id == 1).with_for_update()
            value = (await tx.execute(lock)).scalar_one()
            await tx.execute(update(NOTES).where(NOTES.c.id == 1).values(value=value + 1))

    await asyncio.gather(*(add() for _ in range(100)))
    async with database.reading() as tx:
        assert (await tx.execute(select(NOTES.c.value).where(NOTES.c.id == 1))).scalar_one() == 100


async def test_two_databases_on_one_place_take_turns(database: Database, database_url: str) -> None:
    """Writers of two pools on one database, as in two processes, wait for each other and do not fail."""
    other = Database(database_url)

    await asyncio.gather(*(store((database, other)[n % 2], {"id": n}) for n in range(40)))
    await other.close()
    assert await count(database) == 40


async def test_cancelling_in_the_block_rolls_back_and_frees_the_turn(database: Database) -> None:
    """A writer that is cancelled leaves nothing behind, and the next writer gets through."""
    inside = asyncio.Event()

    async def write_and_hang() -> None:
        async with database.transaction() as tx:
            await tx.execute(insert(NOTES), {"id": 1})
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_and_hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await store(database, {"id": 2})
    assert await count(database) == 1


async def test_cancelling_during_the_commit_lets_it_finish(database: Database) -> None:
    """A task that is cancelled while its commit is under way is committed, its callbacks run, then it ends."""
    called = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as tx:
            await tx.execute(insert(NOTES), {"id": 1})
            tx.after_commit(called.set)

    task = asyncio.create_task(write())
    commit = database._commit

    async def cancelling(begun: Begun) -> None:
        asyncio.get_running_loop().call_soon(task.cancel)
        await commit(begun)

    database._commit = cancelling  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await task
    assert called.is_set()
    assert await count(database) == 1


async def test_a_transaction_inside_a_transaction_is_refused(sqlite_url: str) -> None:
    """On SQLite a second transaction of the same task would wait for the first for ever, so it raises."""
    database = Database(sqlite_url)
    async with database.transaction():
        with pytest.raises(RuntimeError, match="inside a transaction"):
            async with database.transaction():
                pass
    await database.close()


async def test_sqlite_is_durable_and_checks_references(sqlite_url: str) -> None:
    """Every SQLite connection runs with WAL, synchronous=FULL and foreign keys, and waits for nobody by itself."""
    database = Database(sqlite_url)
    await database.migrate()
    async with database.reading() as first, database.reading() as second:
        for tx in (first, second):
            found = {
                name: (await tx.execute(text(f"PRAGMA {name}"))).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
            assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 0}
    await database.close()


async def test_postgresql_waits_for_the_disk(postgres_url: str) -> None:
    """A database whose default is to lose the last commits in a crash is overruled for our sessions."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET synchronous_commit = off")
    database = Database(postgres_url)
    async with database.reading() as tx:
        assert (await tx.execute(text("SHOW synchronous_commit"))).scalar_one() == "on"
    await database.close()


async def test_dead_connections_are_replaced(postgres_url: str) -> None:
    """After the server ended every session, the next use connects anew without an error."""
    database = Database(postgres_url)
    await database.ping()
    end_other_sessions(postgres_url)
    await database.ping()
    await database.close()


async def test_f12_a_locked_file_is_a_store_error(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer kept out for longer than the busy timeout gets a StoreError, and gets in afterwards."""
    monkeypatch.setattr(transactions, "BUSY_TIMEOUT_MS", 10)
    database = Database(sqlite_url)
    await database.migrate()
    blocker = sqlite3.connect(tmp_path / "assent.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        async with database.transaction():
            pass
    blocker.execute("ROLLBACK")
    blocker.close()
    async with database.transaction():
        pass
    await database.close()


async def test_the_event_loop_goes_on_while_a_read_finds_the_file_locked(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A process that has the whole file, as one does that looks it through after a crash, is waited for by turns."""
    database = Database(sqlite_url)
    await database.migrate()
    await database.close()
    holder = sqlite3.connect(tmp_path / "assent.db", isolation_level=None)
    for statement in ("PRAGMA locking_mode=EXCLUSIVE", "CREATE TABLE invoices (id INTEGER)"):
        holder.execute(statement)
    asyncio.get_running_loop().call_later(0.3, holder.close)
    turns = 0

    async def read() -> set[str]:
        async with database.reading() as tx:
            rows = await tx.execute(text("SELECT name FROM sqlite_schema"))
            return set(rows.scalars())

    reading = asyncio.create_task(read())
    while not reading.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert "invoices" in await reading
    assert turns > 10
    await database.close()


async def test_f12_a_full_disk_is_a_store_error(sqlite_url: str) -> None:
    """When the file may not grow, a write raises StoreError and the earlier rows stay readable."""
    database = Database(sqlite_url)
    await database.migrate()
    async with database.transaction() as tx:
        await tx.execute(text("CREATE TABLE heap (body BLOB)"))
        await tx.execute(text("INSERT INTO heap VALUES (zeroblob(10))"))
    async with database.transaction() as tx:
        await tx.execute(text("PRAGMA max_page_count=1"))
        with pytest.raises(StoreError, match="full"):
            await tx.execute(text("INSERT INTO heap VALUES (zeroblob(1000000))"))
    async with database.reading() as tx:
        assert (await tx.execute(text("SELECT count(*) FROM heap"))).scalar_one() == 1
    await database.close()


async def test_f12_a_file_that_may_only_be_read_is_a_store_error(sqlite_url: str) -> None:
    """When SQLite may not write, a write raises StoreError, reading goes on, and writing does once it may."""
    database = Database(sqlite_url)
    await database.migrate()
    async with database.transaction() as tx:
        await tx.execute(text("PRAGMA query_only=1"))
    with pytest.raises(StoreError, match="readonly"):
        async with database.transaction() as tx:
            await tx.execute(text("CREATE TABLE heap (body BLOB)"))
    await database.ping()
    assert database._on_loop is not None
    database._on_loop.dispose()  # a new connection may write
    async with database.transaction() as tx:
        await tx.execute(text("CREATE TABLE heap (body BLOB)"))
    await database.close()


async def test_f12_a_wal_cut_or_garbled_anywhere_leaves_whole_commits(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Whatever is left of the write-ahead log, the file is sound and holds the first so many commits, each whole."""
    database = Database(sqlite_url)
    await database.migrate()
    await create(database, NOTES)
    for n in range(20):
        await store(database, {"id": 2 * n}, {"id": 2 * n + 1})  # two rows, one commit
    file, log = tmp_path / "assent.db", tmp_path / "assent.db-wal"
    kept, whole = file.read_bytes(), log.read_bytes()
    await database.close()
    chance = random.Random(20261126)  # noqa: S311  a seed makes it the same each time
    seen = set()
    for at in sorted(chance.sample(range(len(whole)), k=60)):
        garbled = bytes(255 - byte for byte in whole[at : at + 16])
        for left in (whole[:at], whole[:at] + garbled + whole[at + 16 :]):
            seen.add(_rows_in(tmp_path / "copy.db", kept, left))
    assert len(seen) > 5
    assert max(seen) <= 40


def _rows_in(copy: Path, kept: bytes, log: bytes) -> int:
    """Open a copy of the file with this log, check it and return how many rows it has."""
    copy.write_bytes(kept)
    Path(f"{copy}-wal").write_bytes(log)
    connection = sqlite3.connect(copy)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        ids = (
            [n for (n,) in connection.execute("SELECT id FROM notes ORDER BY id")]
            if "notes" in tables
            else []
        )
    finally:
        connection.close()
        Path(f"{copy}-shm").unlink(missing_ok=True)
    assert ids == list(range(len(ids)))
    assert len(ids) % 2 == 0
    return len(ids)


@pytest.mark.parametrize(
    "url", ["postgresql://bot:geheim@127.0.0.1:1/assent", "sqlite:////no/such/folder/assent.db"]
)
async def test_a_database_out_of_reach_is_a_store_error(url: str) -> None:
    """A server or folder that is not there is a StoreError at the first use, without the password."""
    database = Database(url)
    with pytest.raises(StoreError) as caught:
        await database.ping()
    assert "geheim" not in f"{caught.value}{caught.value.__cause__}{database!r}"
    await database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not usable"),
        ("bot:geheim@host", "not usable"),
        ("postgresql://bot:geheim@host:port/assent", "not usable"),
        ("mysql://bot:geheim@host/assent", "'mysql'"),
        ("postgresql+asyncpg://bot:geheim@host/assent", "only sqlite and postgresql"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "in memory"),
    ],
)
def test_a_bad_url_is_refused_without_its_password(url: str, reason: str) -> None:
    """A URL that cannot be used raises BadDatabaseUrl with a sentence that does not repeat the password."""
    with pytest.raises(BadDatabaseUrl, match=reason) as caught:
        Database(url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("sqlite:///a.db", "sqlite"),
        ("sqlite+aiosqlite:///a.db", "sqlite"),
        ("postgres://h/a", "postgresql"),
        ("postgresql://h/a", "postgresql"),
        ("postgresql+psycopg://h/a", "postgresql"),
    ],
)
def test_both_spellings_of_a_url_are_taken(url: str, dialect: str) -> None:
    """The driver may be named or left out."""
    assert Database(url).dialect == dialect


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    """An aware time from another zone is the same instant in UTC after a round trip, to the microsecond."""
    given = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    async with database.transaction() as tx:
        await tx.execute(insert(NOTES), {"id": 1, "at": given})
        found = (await tx.execute(select(NOTES.c.at))).scalar_one()
    assert found == given
    assert found.tzinfo is UTC


async def test_times_without_a_zone_are_refused(database: Database) -> None:
    """A naive datetime is never stored."""
    with pytest.raises(ValueError, match="aware"):
        await store(database, {"id": 1, "at": datetime(2026, 1, 1)})  # noqa: DTZ001


async def test_json_keeps_every_text(database: Database) -> None:
    """NUL, lone surrogates and quotes in JSON keys and values survive on both databases."""
    value = {ODD_TEXT: [ODD_TEXT, 2**70, 0.1, None, True]}
    async with database.transaction() as tx:
        await tx.execute(insert(NOTES), {"id": 1, "value": value})
        assert (await tx.execute(select(NOTES.c.value))).scalar_one() == value


def test_equal_json_has_equal_text() -> None:
    """The order of keys does not show in canonical text, which is ASCII."""
    assert canonical_json({"b": 1, "a": "é"}) == canonical_json({"a": "é", "b": 1}) == '{"a":"\\u00e9","b":1}'


async def test_keys_sort_alike_on_both(database: Database) -> None:
    """Text keys are ordered by code point, whatever the server's locale."""
    names = ["a-1", "a1", "B", "b", "É", "_", ""]
    async with database.transaction() as tx:
        await tx.execute(insert(NOTES), [{"id": n, "name": name} for n, name in enumerate(names)])
        found = list((await tx.execute(select(NOTES.c.name).order_by(NOTES.c.name))).scalars())
    assert found == sorted(names)


async def test_text_that_no_database_stores_is_a_store_error(database: Database) -> None:
    """A lone surrogate in a plain text column is refused by name, not with the driver's traceback."""
    with pytest.raises(StoreError, match="UnicodeEncodeError"):
        await store(database, {"id": 1, "name": "\ud83d"})
