"""A real PostgreSQL for every test that asks for one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import postgres

LONGEST = ("tests/journeys/", "tests/faults/", "tests/bot/test_", "tests/bot/sandbox/page/")
"""Where the files are that take longest; whatever is dealt out last should be short."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers more than there are cores: the journeys wait for half of their time."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest in front, for the workers take file after file."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


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
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test")
    return postgres_server.replace("/postgres?", "/test?")


@pytest.fixture
def postgres_url(postgres_server: str, postgres_database: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that nobody else is connected to."""
    yield postgres_database
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'")
        connection.execute("ALTER DATABASE test RESET ALL")
        connection.execute("ALTER DATABASE test ALLOW_CONNECTIONS true")
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
