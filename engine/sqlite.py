"""The driver beneath SQLAlchemy's aiosqlite dialect: statements run where they are called, only waiting gets a thread.

aiosqlite hands each call to a thread: four of them for one SELECT, some sixty for one decision, each a few dozen µs
on an idle machine and up to Python's switch interval of 5 ms on a busy one, while the statement itself takes about
10 µs. What can wait for the disk (a commit) or for another process (a taken write lock) still goes to a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Cursor:
    """A cursor whose methods are awaited, as the dialect wants it; none of them waits but for a taken lock."""

    def __init__(self, connection: Connection, raw: sqlite3.Cursor) -> None:
        self._connection = connection
        self._raw = raw

    async def __aenter__(self) -> Cursor:
        return self

    @property
    def description(self) -> Any:
        return self._raw.description

    @property
    def rowcount(self) -> int:
        return self._raw.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._raw.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Cursor:
        if statement == "BEGIN IMMEDIATE":
            await self._connection.take_write_lock()
        else:
            self._raw.execute(statement, parameters)
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> Cursor:
        self._raw.executemany(statement, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._raw.fetchall()

    async def close(self) -> None:
        self._raw.close()


class Connection:
    """One sqlite3 connection, used by the event loop, and by its own thread while the loop awaits that."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._connection = raw  # the name under which the dialect asks whether it is open
        self._thread = ThreadPoolExecutor(1, "assent-sqlite")  # starts with the first call

    def cursor(self) -> Cursor:
        return Cursor(self, self._connection.cursor())

    async def execute_fetchall(self, statement: str) -> list[Any]:
        """Run one statement, in the thread: what is asked in this way may take long."""
        return await self._aside(lambda: self._connection.execute(statement).fetchall())

    async def take_write_lock(self) -> None:
        """Begin to write: at once if nobody else writes, else as soon as the busy timeout allows.

        Raises: sqlite3.OperationalError when the lock stays taken.
        """
        try:
            self._at_once("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await self._aside(lambda: self._connection.execute("BEGIN IMMEDIATE"))

    async def commit(self) -> None:
        if self._connection.in_transaction:
            await self._aside(self._connection.commit)

    async def rollback(self) -> None:
        self._connection.rollback()

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Close without awaiting; twice does nothing."""
        self._thread.shutdown(wait=False)
        self._connection.close()

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        self._connection.create_function(*arguments, **options)

    def _at_once(self, statement: str) -> None:
        (timeout_ms,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
        self._connection.execute("PRAGMA busy_timeout=0")
        try:
            self._connection.execute(statement)
        finally:
            self._connection.execute(f"PRAGMA busy_timeout={timeout_ms}")

    async def _aside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


async def connect(path: str, **options: Any) -> Connection:
    """Open a database file; `options` as for sqlite3.connect. Raises: sqlite3.Error."""
    return Connection(sqlite3.connect(path, **{**options, "check_same_thread": False}))
