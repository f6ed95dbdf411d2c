"""From a database URL to pools of connections: one driver per database, set so that a commit is durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.dialects.postgresql import psycopg as postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from engine.errors import BadDatabaseUrl

BUSY_TIMEOUT_MS = 5000
CONNECT_TIMEOUT_S = 5
BEGIN_WRITING = "BEGIN IMMEDIATE"
"""How a transaction that may write begins on SQLite: one that began to read first could not write any more."""
_DURABLE = "SET synchronous_commit = on"
_EACH_STATEMENT_SEES = "SET default_transaction_isolation = 'read committed'"
LOG_PAGES = 4000  # of 4 KiB: whoever commits more waits until they are taken over into the file

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15000,
}
THREADS = {"sqlite": 1, "postgresql": 4}
"""Decisions that are written at once: SQLite has one writer, and PostgreSQL more than this process can feed."""


def normalised(url: str) -> URL:
    """Return the URL with the one driver per database that is used here. Raises: BadDatabaseUrl."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):  # their texts repeat the URL and its password
        raise BadDatabaseUrl from None
    if parsed.drivername not in _DRIVERS:
        raise BadDatabaseUrl(
            f"The database URL begins with {parsed.drivername!r}; only sqlite and postgresql are supported."
        )
    parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if parsed.get_backend_name() == "sqlite" and _is_in_memory(parsed):
        raise BadDatabaseUrl(
            "A SQLite database in memory would lose every decision. Give it a file: sqlite:///assent.db."
        )
    return parsed


def _is_in_memory(url: URL) -> bool:
    name = url.database or ""
    return name in ("", ":memory:") or name.startswith("file:") or url.query.get("mode") == "memory"


def asyncio_engine(url: URL) -> AsyncEngine:
    """Make the pool for PostgreSQL's transactions in the event loop."""
    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args=_connect_args(url),
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
    )
    event.listen(engine.sync_engine, "connect", _set_durability)
    return engine


def direct_engine(url: URL) -> Engine:
    """Make the pool of the database's own threads, with the same settings as the other; BEGIN is for the caller."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            hide_parameters=True,
            connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
            pool_size=1,
        )
        event.listen(engine, "connect", _set_pragmas)
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are statements of ours, as on SQLite
        connect_args=_connect_args(url),
        pool_size=THREADS["postgresql"],
        pool_use_lifo=True,  # the connection used last is the warmest, its statements planned
    )
    event.listen(engine, "connect", _set_durability)
    return engine


def loop_engine(url: URL) -> Engine:
    """Make a pool of SQLite connections that the event loop itself works on; BEGIN is for the caller.

    To hand every call to a thread and back, some six for a statement, takes longer than the statement.
    A statement that finds the file locked raises at once, so that the loop never stands still.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 0},
        pool_size=5,
        max_overflow=-1,  # a pool that makes its users wait would stop the loop
    )
    event.listen(engine, "connect", _set_pragmas)
    return engine


def sqlite_connection(url: URL) -> sqlite3.Connection:
    """Open a connection with the same settings, for one thread after the other; it never waits for a lock."""
    connection = sqlite3.connect(
        url.database or "", timeout=0, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    with _closed_if_not_set(connection):
        cursor = connection.cursor()
        for pragma in ("synchronous=FULL", "foreign_keys=ON", f"wal_autocheckpoint={LOG_PAGES}"):
            cursor.execute(f"PRAGMA {pragma}")
    return connection


async def shared_connection(url: URL) -> psycopg.AsyncConnection[Any]:
    """Open a connection to PostgreSQL for engine.pipelines, with the same settings; each statement is a transaction.

    Raises: psycopg.Error.
    """
    _, wanted = postgresql.dialect().create_connect_args(url)  # type: ignore[no-untyped-call]
    connection = await psycopg.AsyncConnection.connect(**{**_connect_args(url), **wanted}, autocommit=True)
    try:
        for setting in (_DURABLE, _EACH_STATEMENT_SEES):
            await connection.execute(setting)
    except BaseException:
        await connection.close()
        raise
    return connection


def _connect_args(url: URL) -> dict[str, Any]:
    """What a connection to PostgreSQL is opened with, where the URL does not say otherwise."""
    wanted = {**_KEEPALIVE, "connect_timeout": CONNECT_TIMEOUT_S}
    return {name: value for name, value in wanted.items() if name not in url.query}


def _set_pragmas(connection: Any, _: Any) -> None:
    """Let a commit survive a power cut. How long a lock is waited for is the driver's `timeout`."""
    with _closed_if_not_set(connection):
        cursor = connection.cursor()
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _set_durability(connection: Any, _: Any) -> None:
    with _closed_if_not_set(connection):
        cursor = connection.cursor()
        cursor.execute(_DURABLE)
        cursor.close()
        connection.commit()  # else a rollback would undo it


@contextmanager
def _closed_if_not_set(connection: Any) -> Iterator[None]:
    """Close a connection that nobody gets: its settings failed, say because the file is locked."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
