"""Our checkpointer in place of LangGraph's: appended to the conftest.py of LangGraph's tests, which is why it knows
nothing of this package.

Its parameters keep the names that LangGraph's snapshots are stored under.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from pathlib import Path

import psycopg
import pytest

import engine
from engine.checkpointer import SQLModelSaver
from engine.checkpointing.statements import BLOBS, CHECKPOINTS, INTERRUPTS, WRITES
from engine.database import Database

SERVER = os.environ["CONFORMANCE_SERVER"]
"""The URL of a PostgreSQL server, `{database}` in place of the database's name; empty for SQLite."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that use a checkpointer."""
    ours = {"sync_checkpointer", "async_checkpointer"}
    chosen = [item for item in items if not ours.isdisjoint(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """A migrated database of this worker's own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('assent')}/template.db"
    if SERVER:
        url = SERVER.format(database=f"conformance_{worker_id}")
        with psycopg.connect(SERVER.format(database="postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS conformance_{worker_id}")
            connection.execute(f"CREATE DATABASE conformance_{worker_id}")

    async def migrate() -> None:
        async with engine.open_saver(url):
            pass

    worker = threading.Thread(target=lambda: asyncio.run(migrate()))
    worker.start()
    worker.join()
    return url


@pytest.fixture
def empty_url(migrated: str, tmp_path: Path) -> str:
    """The URL of a migrated database without a row."""
    if not SERVER:
        shutil.copy(migrated.removeprefix("sqlite:///"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path}/test.db"
    tables = ", ".join(table.name for table in (CHECKPOINTS, BLOBS, WRITES, INTERRUPTS))
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables}")
    return migrated


@pytest.fixture(params=["sqlite"])
def sync_checkpointer(empty_url: str) -> Iterator[SQLModelSaver]:
    """A saver whose event loop runs on a thread beside the test."""
    opened: Future[tuple[SQLModelSaver, asyncio.Event]] = Future()

    async def hold() -> None:
        database, stop = Database(empty_url), asyncio.Event()
        opened.set_result((SQLModelSaver(database), stop))
        await stop.wait()
        await database.close()

    worker = threading.Thread(target=lambda: asyncio.run(hold()))
    worker.start()
    saver, stop = opened.result(10)
    yield saver
    saver._loop.call_soon_threadsafe(stop.set)
    worker.join(10)


@pytest.fixture(params=["sqlite_aio"])
async def async_checkpointer(empty_url: str) -> AsyncIterator[SQLModelSaver]:
    """A saver in the test's own event loop."""
    database = Database(empty_url)
    yield SQLModelSaver(database)
    await database.close()
