"""A real PostgreSQL for every test that asks for one."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from engine.database import Database
from tests.postgres import created, postgres

LONGEST = ("tests/journeys/", "tests/faults/", "tests/bot/test_", "tests/bot/sandbox/page/")
"""Where the files are that take longest; whatever is dealt out last should be short."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers more than there are cores: the journeys wait for half of their time."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest in front, for the workers take file after file."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _apps_are_read_anew() -> None:
    """Keep nothing compiled of what is imported from here on: of two releases of an app that a test writes within a
    second, Python would take the second for the first."""
    sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the test session, reached by a socket file."""
    with (
        tempfile.TemporaryDirectory(prefix="assent-pg-", ignore_cleanup_errors=True) as folder,
        postgres(Path(folder), is_durable=False) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> str:
    """The URL of one database on that server, to be emptied after each test: making one takes far longer."""
    return created(postgres_server, "test")


@pytest.fixture
def postgres_url(postgres_server: str, postgres_database: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that nobody else is connected to."""
    yield postgres_database
    _leave_alone(postgres_server, "test")
    _empty(postgres_database)


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> str:
    """The URL of one database with our tables."""
    url = created(postgres_server, "migrated")
    _migrate(url)
    return url


@pytest.fixture
def migrated_postgres_url(postgres_server: str, migrated_database: str) -> Iterator[str]:
    """The URL of a PostgreSQL database with our tables, which are empty; making them takes longer than most tests."""
    before = _shape(migrated_database)
    yield migrated_database
    _leave_alone(postgres_server, "migrated")
    if _shape(migrated_database) == before:
        with psycopg.connect(migrated_database, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {', '.join(_tables(connection))}".encode())
    else:
        _empty(migrated_database)
        _migrate(migrated_database)


def _leave_alone(server: str, name: str) -> None:
    """End every connection to a database, and take back what a test has set for it."""
    with psycopg.connect(server, autocommit=True) as connection:
        connected = "FROM pg_stat_activity WHERE datname = %s"
        connection.execute(f"SELECT pg_terminate_backend(pid) {connected}".encode(), [name])
        while connection.execute(f"SELECT 1 {connected}".encode(), [name]).fetchone():
            time.sleep(0.002)  # a session that is ending may still hold a lock
        connection.execute(f"ALTER DATABASE {name} RESET ALL".encode())
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def _empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def _migrate(url: str) -> None:
    async def migrate() -> None:
        database = Database(url)
        await database.migrate()
        await database.close()

    asyncio.run(migrate())


def _tables(connection: psycopg.Connection[tuple[str, ...]]) -> list[str]:
    """Name the tables that hold what tests store: all but the version of the tables themselves."""
    named = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return [name for (name,) in named if name != "assent_schema"]


def _shape(url: str) -> list[tuple[str, ...]]:
    """What tables and indexes there are, with their columns, and the version that they say they have."""
    with psycopg.connect(url, autocommit=True) as connection:
        columns = connection.execute(
            "SELECT c.relname, a.attname, a.atttypid::text, a.attnotnull::text FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace"
            " ORDER BY c.relname, a.attnum"
        ).fetchall()
        versions = connection.execute("SELECT version::text FROM assent_schema").fetchall()
        return [*columns, *versions]
