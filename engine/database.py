"""One database, SQLite or PostgreSQL: transactions, and the driver's errors renamed once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import psycopg
from sqlalchemy import Engine, Executable, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection

from engine import migrations
from engine.clock import Clock, ticks_s
from engine.connections import (
    BEGIN_WRITING,
    THREADS,
    asyncio_engine,
    direct_engine,
    loop_engine,
    normalised,
    sqlite_connection,
)
from engine.errors import StoreError
from engine.pipelines import Answer, Pipelines
from engine.prepared import Call, Parameters, Rows, Statements
from engine.transactions import (
    DRIVER_ERRORS,
    Transaction,
    driven,
    raise_if_aborted,
    renamed_errors,
    to_the_end,
    when_free,
)

_READ, _WRITE = "BEGIN", BEGIN_WRITING
"""How a SQLite transaction begins; on PostgreSQL they stand for the isolation below."""
_LOOK = "SELECT 1 FROM sqlite_schema LIMIT 1"
"""From here on a SQLite transaction that reads sees one state and finds nothing locked: BEGIN alone takes no lock."""

# each statement that writes sees what was committed before it: guarded updates and the audit chain's head need it
_ISOLATION: dict[str, dict[str, Any]] = {
    _WRITE: {"isolation_level": "READ COMMITTED"},
    _READ: {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
_BEGIN = {"sqlite": _WRITE, "postgresql": "BEGIN ISOLATION LEVEL READ COMMITTED"}

MIGRATION_PAUSE_S = 0.2
"""Between two looks whether another process has migrated the database."""
_TIME = select(func.clock_timestamp())

T = TypeVar("T")


class Begun(NamedTuple):
    """A transaction that has begun, and how it is committed."""

    transaction: Transaction
    commit: Callable[[], Awaitable[None]]


class Database:
    """A pool of connections to one database. Belongs to the event loop that first uses it.

    `url`: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host:port/name`,
    with or without the drivers `+aiosqlite` and `+psycopg`. A SQLite database in memory is refused: runs and
    decisions would be lost with the process. Nothing is opened until the first use.

    Raises: BadDatabaseUrl, without the password in its text.
    """

    def __init__(self, url: str) -> None:
        self._url = normalised(url)
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if self._url.get_backend_name() == "sqlite" else "postgresql"
        )
        self._engine = asyncio_engine(self._url) if self.dialect == "postgresql" else None
        self._through = (
            {name: self._engine.execution_options(**wanted) for name, wanted in _ISOLATION.items()}
            if self._engine is not None
            else {}
        )
        self._direct = direct_engine(self._url)
        self._on_loop = loop_engine(self._url) if self.dialect == "sqlite" else None
        self.statements = Statements(self.dialect)
        self._threads: ThreadPoolExecutor | None = None
        self._path = Path(self._url.database or "").resolve() if self.dialect == "sqlite" else None
        self._writers = _WritersTurn()
        self._clock = Clock()
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self.is_closing = False
        self._pipelines = Pipelines(self._url)
        self._pipelined = Statements("pipelined")

    @property
    def engine(self) -> AsyncEngine:
        """The pool for transactions in the event loop, of PostgreSQL only."""
        if self._engine is None:
            raise RuntimeError("SQLite has no pool for asyncio.")
        return self._engine

    @property
    def path(self) -> Path | None:
        """The absolute path of the SQLite file, links resolved; None on PostgreSQL."""
        return self._path

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)!r})"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that may write: commit at the end of the block, roll back on any exception.

        On SQLite the writers of this process take turns in the order they came, and writers of other
        processes are waited for up to 5 s. Cancelling during the commit lets the commit finish first.

        Raises: StoreError. When it comes from the commit itself, the outcome is not known: read again.
        """
        async with self.writers_turn(), self._opened(_WRITE) as begun:
            yield begun.transaction
            with renamed_errors():
                await to_the_end(self._commit(begun))

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Run `body` in one transaction on a thread of the database's own and return what it returns.

        For what a person waits for: the event loop is left once, not for each statement. `body` may await
        nothing but its transaction, and runs beside the event loop. Otherwise as `transaction`.

        Raises: StoreError. When it comes from the commit itself, the outcome is not known: read again.
        """
        async with self.writers_turn():
            self._check_folder()
            return await to_the_end(self._transact(body))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a transaction that sees one unchanging state and may not write. Never waits for writers."""
        async with self._opened(_READ) as begun:
            yield begun.transaction.reading_only()

    async def migrate(self, *, steps: Sequence[migrations.Step] = migrations.STEPS) -> None:
        """Bring the tables up to date; several processes may do so at once. Learn what time it is there.

        Raises: DatabaseTooNew, StoreError.
        """
        if self.dialect == "sqlite":
            await self._use_wal()
        async with self.writers_turn():
            with renamed_errors():
                while not await to_the_end(self.on_thread(lambda: self._migrated(steps))):  # noqa: ASYNC110
                    await asyncio.sleep(MIGRATION_PAUSE_S)
        await self.ask_time()

    def _migrated(self, steps: Sequence[migrations.Step]) -> bool:
        with self._direct.connect() as connection:
            connection.exec_driver_sql(_BEGIN[self.dialect])
            is_done = migrations.apply(connection, steps=steps)
            connection.exec_driver_sql("COMMIT")
        return is_done

    def now(self) -> datetime:
        """Return the time by the database's own clock, as it was last heard (see `ask_time`)."""
        return self._clock.now()

    async def ask_time(self) -> None:
        """Ask a server for its time, so that all processes tell deadlines by one clock. Raises: StoreError."""
        if self.dialect == "postgresql":
            async with self.reading() as tx:
                asked_s = ticks_s()
                self._clock.hear((await tx.execute(_TIME)).scalar_one(), asked_s=asked_s)

    async def ping(self) -> None:
        """Ask the database for a sign of life. Raises: StoreError."""
        async with self.reading() as transaction:
            await transaction.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections. The next use after that would open new ones."""
        self.is_closing = True
        try:
            for closer in reversed(self._closers):
                await closer()
            threads, self._threads = self._threads, None
            if threads is not None:
                await asyncio.get_running_loop().run_in_executor(threads, self._direct.dispose)
                await asyncio.to_thread(threads.shutdown)
            await self._pipelines.close()
            if self._engine is not None:
                await self._engine.dispose()
            if self._on_loop is not None:
                self._on_loop.dispose()
        finally:
            self.is_closing = False

    def before_close(self, closer: Callable[[], Awaitable[None]]) -> None:
        """Await `closer()` before the connections are closed, each time; the one named last goes first.

        Meanwhile the database `is_closing`: whoever is asked for something new then has to refuse it.
        """
        self._closers.append(closer)

    async def on_thread(self, work: Callable[[], T]) -> T:
        """Run `work` on the thread that transact() uses; on SQLite only by who has the writers' turn.

        Whoever is cancelled meanwhile does not learn how it ended.
        """
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS[self.dialect], "assent-store")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def ask(
        self, purpose: str, calls: Sequence[Call], *, is_repeatable: bool = False
    ) -> Sequence[Answer]:
        """Run statements in one transaction and one round trip (PostgreSQL). Each purpose has its own connection.

        What `is_repeatable` is run once more when the connection breaks meanwhile; otherwise nobody knows then how it
        ended, nor does whoever is cancelled. Raises: Conflict, StoreError.
        """
        with renamed_errors():
            return await self._pipelines.ask(purpose, calls, is_repeatable=is_repeatable)

    async def ask_for(self, purpose: str, statement: Executable, params: Parameters) -> Rows:
        """Run one statement that changes nothing, as `ask` does."""
        call, prepared = self._pipelined.called(statement, params)
        (answer,) = await self.ask(purpose, [call], is_repeatable=True)
        with renamed_errors():
            return prepared.rows(answer, answer.rows)

    def sqlite_connection(self) -> sqlite3.Connection:
        """Open a connection to the file beside the pools; a statement that finds it locked raises at once."""
        self._check_folder()
        return sqlite_connection(self._url)

    async def _transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        result, transaction = await self.on_thread(lambda: self._transacted(body))
        transaction.run_callbacks()
        return result

    def _transacted(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> tuple[T, Transaction]:
        """On the thread: begin, run `body`, commit; roll back on any exception."""
        connection, cursor = self._begun()
        try:

            async def run(statement: Executable, params: Parameters | None) -> Rows:
                return self.statements.run(cursor, statement, params)

            transaction = Transaction(run, self.dialect, cursor)
            result = driven(body(transaction))
            with renamed_errors():
                if self.dialect == "postgresql":
                    raise_if_aborted(cursor.connection)
                cursor.execute("COMMIT")
            return result, transaction
        finally:
            if getattr(connection.dbapi_connection, "closed", False):
                connection.invalidate()  # nothing is left to roll back
            with suppress(*DRIVER_ERRORS):
                connection.close()

    def _begun(self) -> tuple[PoolProxiedConnection, Any]:
        """Begin on a connection that lives; those that broke since their last use are found out and dropped."""
        with renamed_errors():
            for _ in range(THREADS[self.dialect]):
                connection = self._direct.raw_connection()
                cursor = connection.cursor()
                try:
                    cursor.execute(_BEGIN[self.dialect])
                except psycopg.OperationalError:
                    connection.invalidate()
                except sqlite3.Error:
                    connection.close()
                    raise
                else:
                    return connection, cursor
        raise StoreError("The database closed every connection.")

    async def _commit(self, begun: Begun) -> None:
        await begun.commit()
        begun.transaction.run_callbacks()

    def writers_turn(self) -> AbstractAsyncContextManager[None]:
        """Keep the other writers of this process out for a block; SQLite has one writer at a time."""
        return self._writers if self.dialect == "sqlite" else nullcontext()

    def _opened(self, purpose: str) -> AbstractAsyncContextManager[Begun]:
        if self._on_loop is not None:
            return self._in_the_loop(self._on_loop, purpose)
        return self._through_asyncio(purpose)

    @asynccontextmanager
    async def _in_the_loop(self, engine: Engine, purpose: str) -> AsyncIterator[Begun]:
        """Check a SQLite connection of the event loop out and begin; what is not committed is rolled back."""
        self._check_folder()
        await asyncio.sleep(
            0
        )  # nothing below waits, and others shall have their turn between two transactions
        with renamed_errors():
            connection = await when_free(engine.raw_connection)
        try:
            cursor = connection.cursor()
            with renamed_errors():
                await when_free(lambda: cursor.execute(purpose))
                if purpose == _READ:
                    await when_free(lambda: cursor.execute(_LOOK).fetchall())

            async def run(statement: Executable, params: Parameters | None) -> Rows:
                return self.statements.run(cursor, statement, params)

            # the commit waits for the disk
            yield Begun(Transaction(run, self.dialect, cursor), lambda: self.on_thread(connection.commit))
        finally:
            with suppress(*DRIVER_ERRORS):  # what was to be kept is committed by now
                connection.close()

    @asynccontextmanager
    async def _through_asyncio(self, purpose: str) -> AsyncIterator[Begun]:
        """Check a PostgreSQL connection out with a transaction begun; what is not committed is rolled back."""
        async with self._connection(purpose) as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            cursor = driver.cursor()

            async def run(statement: Executable, params: Parameters | None) -> Rows:
                try:
                    return await self.statements.run_async(cursor, statement, params)
                except psycopg.Error:
                    if driver.closed:
                        await connection.invalidate()  # else it would go back into the pool
                    raise

            async def commit() -> None:
                raise_if_aborted(driver)
                await connection.commit()

            yield Begun(Transaction(run, self.dialect), commit)

    @asynccontextmanager
    async def _connection(self, purpose: str) -> AsyncIterator[AsyncConnection]:
        with renamed_errors():
            connection = await self._through[purpose].connect()
        try:
            with renamed_errors():
                await connection.begin()
            yield connection
        except BaseException:
            with suppress(StoreError), renamed_errors():  # what is under way says more
                await to_the_end(connection.close())
            raise
        with renamed_errors():
            await to_the_end(connection.close())

    def _check_folder(self) -> None:
        """SQLite's own words for it, "unable to open database file", name no reason."""
        if self.path is not None and not self.path.parent.is_dir():
            raise StoreError(f"The folder of the database file is not there: {self.path.parent}")

    async def _use_wal(self) -> None:
        """Switch the file to write-ahead logging, which stays with the file.

        The busy timeout does not cover this switch, hence the retries
        (https://www.sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode).
        """

        def switch() -> None:
            with closing(self.sqlite_connection()) as connection:
                connection.execute("PRAGMA journal_mode=WAL")

        with renamed_errors():
            await when_free(switch)


class _WritersTurn:
    """A lock that says so when whoever holds it wants it once more."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if self._holder is task:
            raise RuntimeError("A transaction inside a transaction would wait for itself.")
        await self._lock.acquire()
        self._holder = task

    async def __aexit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()
