"""From an empty database to today's tables, by any number of processes at once."""

from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
import sys
from pathlib import Path
from subprocess import PIPE

import psycopg
import pytest
from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlmodel import Field, SQLModel

from engine.clock import utc_now
from engine.database import Database
from engine.errors import DatabaseTooNew, StoreError
from engine.migrations import LOCK_NUMBER, SCHEMA, STEPS

ROOT = Path(__file__).parents[2]
MIGRATOR = Path(__file__).with_name("migrator.py")
LIMIT_S = 60


class Invoice(SQLModel, table=True):
    """A table that a workflow's author keeps in the same SQLModel metadata."""

    id: int | None = Field(default=None, primary_key=True)


@pytest.fixture
def database_url(bare_url: str) -> str:
    """The URL of a database without any table."""
    return bare_url


async def table_names(database: Database) -> set[str]:
    return await database.on_thread(lambda: set(inspect(database._direct).get_table_names()))


async def versions(database: Database) -> list[int]:
    async with database.reading() as tx:
        return list((await tx.execute(select(SCHEMA.c.version).order_by(SCHEMA.c.version))).scalars())


async def test_an_empty_database_gets_every_table(database: Database) -> None:
    """After migrate() the database has exactly the tables that our models describe, and the step's number."""
    ours = {name for name in SQLModel.metadata.tables if name.startswith("assent_")}
    assert ours >= {"assent_checkpoints", "assent_checkpoint_blobs", "assent_checkpoint_writes"}
    assert await table_names(database) == ours | {"assent_schema"}
    assert await versions(database) == list(range(1, len(STEPS) + 1))


async def test_a_second_time_does_nothing(database: Database) -> None:
    """Migrating again neither fails nor repeats a step."""
    before = await versions(database)
    await database.migrate()
    assert await versions(database) == before


async def test_only_the_missing_steps_run(database: Database) -> None:
    """A new step runs once, after the steps that are there already."""
    ran: list[str] = []

    def forget(connection: Connection) -> None:
        raise AssertionError("this step was applied before")

    def add_column(connection: Connection) -> None:
        ran.append("add_column")
        connection.execute(text("ALTER TABLE assent_checkpoints ADD COLUMN colour TEXT"))

    steps = (*(forget for _ in STEPS), add_column)
    await database.migrate(steps=steps)
    await database.migrate(steps=steps)
    assert ran == ["add_column"]
    assert await versions(database) == list(range(1, len(STEPS) + 2))


async def test_a_step_that_fails_leaves_nothing(database_url: str) -> None:
    """When a step fails half-way, the database is as it was before, and the repaired step can run."""
    database = Database(database_url)

    def first(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE assent_one (id INTEGER)"))

    def broken(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE assent_two (id INTEGER)"))
        raise LookupError

    with pytest.raises(LookupError):
        await database.migrate(steps=(first, broken))
    assert await table_names(database) == set()
    await database.migrate(steps=(first,))
    assert await table_names(database) == {"assent_one", "assent_schema"}
    await database.close()


async def test_a_newer_database_is_refused(database: Database) -> None:
    """A release that knows fewer steps than the database has seen says so and touches nothing."""
    async with database.transaction() as tx:
        await tx.execute(insert(SCHEMA), {"version": len(STEPS) + 1, "applied_at": utc_now()})
    with pytest.raises(DatabaseTooNew, match=f"version {len(STEPS) + 1}, this release knows {len(STEPS)}"):
        await database.migrate()


async def test_processes_at_once(database_url: str) -> None:
    """Four processes that migrate the same empty database at the same moment all succeed, and each step ran once."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(MIGRATOR),
        database_url,
        "4",
        stdout=PIPE,
        stderr=PIPE,
        env={"PYTHONPATH": str(ROOT)},
    )
    async with asyncio.timeout(LIMIT_S):
        exit_codes, errors = await process.communicate()
    assert exit_codes.split() == [b"0"] * 4, errors.decode()
    database = Database(database_url)
    assert await versions(database) == list(range(1, len(STEPS) + 1))
    await database.close()


async def test_pools_at_once(database_url: str) -> None:
    """Ten pools in one process that migrate at once all succeed."""
    pools = [Database(database_url) for _ in range(10)]
    await asyncio.gather(*(pool.migrate() for pool in pools))
    async with pools[0].reading() as tx:
        assert (await tx.execute(select(func.count()).select_from(SCHEMA))).scalar_one() == len(STEPS)
    for pool in pools:
        await pool.close()


async def test_a_file_that_somebody_writes_is_waited_for(sqlite_url: str, tmp_path: Path) -> None:
    """A writer that holds the file while it is switched to WAL delays the migration and does not fail it."""
    writer = sqlite3.connect(tmp_path / "assent.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("CREATE TABLE invoices (id INTEGER)")
    asyncio.get_running_loop().call_later(0.1, writer.execute, "COMMIT")
    database = Database(sqlite_url)
    await database.migrate()
    assert await table_names(database) > {"assent_schema", "invoices"}
    await database.close()
    writer.close()


async def test_the_event_loop_goes_on_while_a_file_is_locked(sqlite_url: str, tmp_path: Path) -> None:
    """Nothing waits on the loop for somebody who has the whole file, be it to switch it or to open it."""
    holder = sqlite3.connect(tmp_path / "assent.db", isolation_level=None)
    holder.execute("CREATE TABLE invoices (id INTEGER)")
    holder.execute("BEGIN EXCLUSIVE")
    asyncio.get_running_loop().call_later(0.3, holder.execute, "COMMIT")
    database = Database(sqlite_url)
    migrating = asyncio.create_task(database.migrate())
    turns = 0
    while not migrating.done():
        await asyncio.sleep(0.01)
        turns += 1
    await migrating
    assert turns > 10
    await database.close()
    holder.close()


def times_open(path: Path) -> int:
    opened = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
    return opened.count(os.path.realpath(path))


async def test_what_waits_for_a_locked_file_keeps_no_file_open(sqlite_url: str, tmp_path: Path) -> None:
    """Each try that is refused closes its connection, and leaves it to no garbage collector."""
    path = tmp_path / "assent.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE invoices (id INTEGER)")
    holder.execute("BEGIN EXCLUSIVE")
    database = Database(sqlite_url)
    gc.disable()
    try:
        migrating = asyncio.create_task(database.migrate())
        await asyncio.sleep(0.3)
        assert not migrating.done()
        assert times_open(path) <= 2  # by the holder, and by the try that is being made
    finally:
        gc.enable()
        holder.close()
    await migrating
    await database.close()


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """SQLite itself says only that it cannot open the file."""
    database = Database(f"sqlite:///{tmp_path}/missing/assent.db")
    with pytest.raises(StoreError, match="folder of the database file is not there"):
        await database.migrate()
    await database.close()


async def test_who_waits_for_another_process_can_be_stopped(postgres_url: str) -> None:
    """A migration that hangs elsewhere keeps nobody from ending; once it is over, the next one goes on."""
    database = Database(postgres_url)
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_NUMBER,))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await database.migrate()
        migrating = asyncio.create_task(database.migrate())
        await asyncio.sleep(0.3)
        assert not migrating.done()
        other.rollback()
    await migrating
    assert await versions(database) == list(range(1, len(STEPS) + 1))
    await database.close()


async def test_a_file_that_is_no_database_is_a_store_error(tmp_path: Path) -> None:
    """A file with other contents is refused and stays as it is."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="not a database"):
        await database.migrate()
    await database.close()
    assert path.read_text() == "Dear Sir or Madam, " * 100
