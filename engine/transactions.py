"""What a transaction is to those who use one, and the driver's errors renamed once."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from engine.connections import BUSY_TIMEOUT_MS
from engine.errors import Conflict, StoreError
from engine.prepared import Parameters, Rows

DRIVER_ERRORS = (sqlite3.Error, psycopg.Error)
BUSY_PAUSE_S = 0.005

T = TypeVar("T")
Run = Callable[[Executable, Parameters | None], Awaitable[Rows]]


class Transaction:
    """What may be done between begin and commit. Not for use after its `async with` block.

    `cursor` is the driver's own where the transaction runs on it, else None.
    """

    def __init__(self, run: Run, dialect: str, cursor: Any = None) -> None:
        self._run = run
        self.cursor = cursor
        self._callbacks: list[Callable[[], None]] = []
        self.dialect = dialect

    async def execute(self, statement: Executable, params: Parameters | None = None) -> Rows:
        """Run one Core statement; a list of parameter mappings runs it once for each.

        Raises: Conflict when a key is taken (on PostgreSQL the transaction is then of no more use),
        StoreError for everything else the database could not do.
        """
        with renamed_errors():
            return await self._run(statement, params)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transaction is committed, in the order given; never after a rollback.

        It must not raise: the commit is a fact by then.
        """
        self._callbacks.append(callback)

    def reading_only(self) -> Transaction:
        """Return the same, but for statements that write: these raise RuntimeError."""

        async def read(statement: Executable, params: Parameters | None) -> Rows:
            if getattr(statement, "is_dml", False):
                raise RuntimeError("This transaction only reads: use database.transaction() to write.")
            return await self._run(statement, params)

        return Transaction(read, self.dialect)

    def run_callbacks(self) -> None:
        for callback in self._callbacks:
            callback()


class renamed_errors:  # noqa: N801 - used like a function, once for each statement
    """Turn what driver and pool raise into Conflict and StoreError, without parameters in the text."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and (renamed := _renamed(error)) is not None:
            raise renamed from error


def _renamed(error: BaseException) -> StoreError | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, (IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)):
        return Conflict(f"The database refused a row: {_first_line(cause)}")
    if isinstance(error, (DBAPIError, *DRIVER_ERRORS)):
        return StoreError(f"The database could not do this now: {_first_line(cause)}")
    if isinstance(error, PoolTimeout):
        return StoreError("The database is too busy: no connection became free in time.")
    if isinstance(error, (OSError, OverflowError, UnicodeEncodeError)):
        return StoreError(f"The database could not do this: {type(error).__name__}.")
    return None


def _first_line(error: BaseException | None) -> str:
    """The driver's first line; the later ones may hold values of the row."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def raise_if_aborted(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """Refuse to commit where a statement has failed: the server would roll back, and report that as done.

    Raises: StoreError.
    """
    if connection.info.transaction_status == TransactionStatus.INERROR:
        raise StoreError("A statement of this transaction has failed, so nothing of it was stored.")


async def when_free(work: Callable[[], T]) -> T:
    """Call `work`, again and again for up to 5 s while other processes have the SQLite file locked.

    SQLite's own waiting would stop the event loop. Raises: the driver's error.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        await asyncio.sleep(BUSY_PAUSE_S)


def driven(body: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits to its end, without an event loop."""
    try:
        body.send(None)
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]
    body.close()
    raise RuntimeError("A transaction on the database's thread may await nothing but its statements.")


async def to_the_end(work: Awaitable[T]) -> T:
    """Await `work` to its end even if this task is cancelled meanwhile; raise the cancellation afterwards.

    What `work` itself failed with is then the cancellation's cause: whoever stops a task waits for it to end.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:  # noqa: BLE001, S110 - it is raised below
            pass
    if cancelled is not None:
        raise cancelled from (None if task.cancelled() else task.exception())
    return task.result()
