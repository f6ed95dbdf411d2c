"""Connections of the checkpointer's own: one way in that all writes share, and quick reads beside it.

SQLAlchemy's pool and its asyncio layer around a statement take longer than either database does; so the statements
(engine.prepared) run on the drivers' own connections here. Settings and errors are the database's.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from psycopg import RawCursor
from sqlalchemy import Executable
from sqlalchemy.dialects import sqlite

from engine.checkpointing.changes import Change
from engine.checkpointing.records import Version
from engine.connections import BEGIN_WRITING
from engine.database import Database
from engine.errors import StoreError
from engine.prepared import PIPELINED, Parameters, Rows
from engine.transactions import Transaction, renamed_errors, to_the_end, when_free

QUICK_COMMIT_S = 0.001
SLOW_COMMITS = 16  # after a slow commit this many are made on the thread before the disk is tried again
PAGES_PER_COMMIT, WAL_PAGES = 4, 1000  # SQLite's own limit of a log: https://www.sqlite.org/wal.html#ckpt

CLOSING = "The database is being closed."
_TAKE_OVER = "PRAGMA wal_checkpoint(PASSIVE)"

Check = Callable[[Transaction], Awaitable[Change]]
"""Runs within the transaction, before anything is written, and says what to write; it awaits nothing else."""


class Lane(Protocol):
    """How changes and questions reach the database. For the event loop alone."""

    async def write(self, change: Change | Check, *, is_alone: bool) -> None:
        """Write a change in one transaction and return when it is durable. `is_alone`: nobody else waits."""

    async def read(self, statement: Executable, params: Parameters) -> Rows:
        """Ask one question, which sees one state of the database. Raises: StoreError, also while it is closed."""

    def version(self) -> Version | None:
        """Return what is another one after each commit by anybody; None: it would have to be asked for."""

    async def close(self) -> None: ...


def lane_of(database: Database) -> Lane:
    """Return a lane to the database; it connects at the first use."""
    return SQLiteLane(database) if database.dialect == "sqlite" else PostgresLane(database)


class SQLiteLane:
    """Two connections to the file, used on the event loop's thread: a statement takes microseconds.

    The one that writes also reads between two transactions: it has the pages that it wrote, while the other one has
    to read them again after each commit. That reads meanwhile, and sees whether anybody has committed anything.

    Only the commit, which waits for the disk, is made on the database's own thread; a thread that wrote row by row
    would have to ask a busy event loop for Python's lock at each of them. A single writer's commit stays on the loop
    as long as the disk takes less than `QUICK_COMMIT_S`, which is what a thread costs.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connections: dict[str, sqlite3.Connection] = {}
        self._count_opened = 0
        self._commits_left_to_thread = 0
        self._pages = 0
        self._is_writing = False

    async def write(self, change: Change | Check, *, is_alone: bool) -> None:
        async with self._database.writers_turn():
            with renamed_errors():
                cursor = await when_free(self._begun)
                connection = cursor.connection
                self._is_writing = True
                try:
                    if not isinstance(change, Change):
                        change = await change(Transaction(self._runner(cursor), "sqlite"))
                    for statement, rows in change.statements(_SQLITE):
                        statement.run(cursor, rows)
                    await self._commit(connection, is_alone=is_alone)
                finally:
                    if connection.in_transaction:
                        connection.rollback()
                    self._is_writing = False

    async def read(self, statement: Executable, params: Parameters) -> Rows:
        with renamed_errors():
            # busy: a process that died is being cleaned up after
            return await when_free(lambda: self._read(statement, params))

    def version(self) -> Version | None:
        """https://www.sqlite.org/pragma.html#pragma_data_version, of a connection that never writes."""
        _refuse_if_closing(self._database)
        with renamed_errors():
            (version,) = self._connection("reader").execute("PRAGMA data_version").fetchone()
            return self._count_opened, int(version)  # two connections may say the same of different states

    async def close(self) -> None:
        while self._connections:
            _, connection = self._connections.popitem()
            if connection.in_transaction:  # a statement that is still referred to would keep the file locked
                connection.rollback()
            connection.close()

    def _read(self, statement: Executable, params: Parameters) -> Rows:
        _refuse_if_closing(self._database)
        return self._database.statements.run(self._idle().cursor(), statement, params)

    def _idle(self) -> sqlite3.Connection:
        return self._connection("reader" if self._is_writing else "writer")

    def _begun(self) -> sqlite3.Cursor:
        cursor = self._connection("writer").cursor()
        cursor.execute(BEGIN_WRITING)
        return cursor

    async def _commit(self, connection: sqlite3.Connection, *, is_alone: bool) -> None:
        if is_alone and self._commits_left_to_thread == 0:
            began = time.perf_counter()
            connection.commit()
            if time.perf_counter() - began > QUICK_COMMIT_S:
                self._commits_left_to_thread = SLOW_COMMITS
        else:
            self._commits_left_to_thread = max(self._commits_left_to_thread - 1, 0)
            await to_the_end(self._database.on_thread(connection.commit))
        self._pages += PAGES_PER_COMMIT
        if self._pages >= WAL_PAGES:
            self._pages = 0
            with suppress(sqlite3.Error):  # the commit is a fact by now; the next round tries again
                work = self._database.on_thread(lambda: connection.execute(_TAKE_OVER).fetchall())
                await to_the_end(work)

    def _connection(self, name: str) -> sqlite3.Connection:
        if name not in self._connections:
            self._connections[name] = self._database.sqlite_connection()
            self._count_opened += 1
        return self._connections[name]

    def _runner(self, cursor: sqlite3.Cursor) -> Callable[[Executable, Parameters | None], Awaitable[Rows]]:
        async def run(statement: Executable, params: Parameters | None) -> Rows:
            return self._database.statements.run(cursor, statement, params)

        return run


class PostgresLane:
    """Two connections that the event loop sends statements on, one to write and one to read.

    A change without a check is one transaction and one round trip. A check locks rows: it runs on the database's own
    thread, so that a busy event loop does not keep them locked.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, change: Change | Check, *, is_alone: bool) -> None:  # noqa: ARG002
        if isinstance(change, Change):
            work = change.statements(PIPELINED)
            calls = [call for statement, rows in work for call in statement.calls(rows)]
            await self._database.ask("checkpoints", calls)
            return

        async def body(tx: Transaction) -> None:
            wanted = await change(tx)
            with renamed_errors():
                cursor = RawCursor(tx.cursor.connection)
                for statement, rows in wanted.statements(PIPELINED):
                    statement.run(cursor, rows)

        await self._database.transact(body)

    async def read(self, statement: Executable, params: Parameters) -> Rows:
        _refuse_if_closing(self._database)
        return await self._database.ask_for("reads", statement, params)

    def version(self) -> Version | None:
        return None

    async def close(self) -> None:
        """The connections are the database's."""


def _refuse_if_closing(database: Database) -> None:
    if database.is_closing:
        raise StoreError(CLOSING)


_SQLITE = sqlite.dialect()
