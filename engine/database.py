"""One database, SQLite or PostgreSQL: transactions, and the driver's errors renamed once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import URL, CursorResult, Executable, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from engine import migrations
from engine.errors import BadDatabaseUrl, Conflict, StoreError

BUSY_TIMEOUT_MS = 5000
CONNECT_TIMEOUT_S = 5
WAL_ATTEMPTS, WAL_PAUSE_S = 100, 0.05

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
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
_WRITING: dict[str, dict[str, Any]] = {
    "sqlite": {"assent_begin": "BEGIN IMMEDIATE"},
    # each statement sees what was committed before it: guarded updates and the head of the audit chain need that
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
_READING: dict[str, dict[str, Any]] = {
    "sqlite": {"assent_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}

T = TypeVar("T")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Transaction:
    """What may be done between begin and commit. Not for use after its `async with` block."""

    def __init__(self, connection: AsyncConnection, *, is_read_only: bool) -> None:
        self._connection = connection
        self._is_read_only = is_read_only
        self._callbacks: list[Callable[[], None]] = []
        self.dialect: str = connection.dialect.name

    async def execute(self, statement: Executable, params: Parameters | None = None) -> CursorResult[Any]:
        """Run one Core statement; a list of parameter mappings runs it once for each.

        Raises: Conflict when a key is taken (on PostgreSQL the transaction is then of no more use),
        StoreError for everything else the database could not do.
        """
        if self._is_read_only and getattr(statement, "is_dml", False):
            raise RuntimeError("This transaction only reads: use database.transaction() to write.")
        with renamed_errors():
            return await self._connection.execute(statement, params)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transaction is committed, in the order given; never after a rollback.

        It must not raise: the commit is a fact by then.
        """
        self._callbacks.append(callback)

    def run_callbacks(self) -> None:
        for callback in self._callbacks:
            callback()


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
        self.engine = _sqlite_engine(self._url) if self.dialect == "sqlite" else _postgresql_engine(self._url)
        self._for_writing = self.engine.execution_options(**_WRITING[self.dialect])
        self._for_reading = self.engine.execution_options(**_READING[self.dialect])
        self._path = Path(self._url.database or "").resolve() if self.dialect == "sqlite" else None
        self._writer_queue = asyncio.Lock()
        self._writer: asyncio.Task[Any] | None = None

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
        async with (
            self._turn(),
            self._connection(self._for_writing) as connection,
        ):
            transaction = Transaction(connection, is_read_only=False)
            yield transaction
            with renamed_errors():
                await to_the_end(self._commit(connection, transaction))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a transaction that sees one unchanging state and may not write. Never waits for writers."""
        async with self._connection(self._for_reading) as connection:
            yield Transaction(connection, is_read_only=True)

    async def migrate(self) -> None:
        """Bring the tables up to date. Several processes may do this at once; a second time does nothing.

        Raises: DatabaseTooNew, StoreError.
        """
        if self.dialect == "sqlite":
            await self._use_wal()
        async with (
            self._turn(),
            self._connection(self._for_writing) as connection,
        ):
            with renamed_errors():
                await migrations.apply(connection)
                await connection.commit()

    async def ping(self) -> None:
        """Ask the database for a sign of life. Raises: StoreError."""
        async with self.reading() as transaction:
            await transaction.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close all connections. The next use would open new ones."""
        await self.engine.dispose()

    async def _commit(self, connection: AsyncConnection, transaction: Transaction) -> None:
        await connection.commit()
        transaction.run_callbacks()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self.dialect != "sqlite":
            yield
            return
        if self._writer is not None and self._writer is asyncio.current_task():
            raise RuntimeError("A transaction inside a transaction would wait for itself.")
        async with self._writer_queue:
            self._writer = asyncio.current_task()
            try:
                yield
            finally:
                self._writer = None

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Check a connection out with a transaction begun; what is not committed is rolled back."""
        self._check_folder()
        with renamed_errors():
            connection = await engine.connect()
        try:
            with renamed_errors():
                await connection.begin()
            yield connection
        finally:
            with renamed_errors():
                await to_the_end(connection.close())

    def _check_folder(self) -> None:
        """A connection that cannot open its file would leave a thread behind (aiosqlite 0.22.1)."""
        if self.path is not None and not self.path.parent.is_dir():
            raise StoreError(f"The folder of the database file is not there: {self.path.parent}")

    async def _use_wal(self) -> None:
        """Switch the file to write-ahead logging, which stays with the file.

        The busy timeout does not cover this switch, hence the retries
        (https://www.sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode).
        """
        self._check_folder()
        with renamed_errors():
            async with self.engine.connect() as connection:
                raw: Any = (await connection.get_raw_connection()).driver_connection
                for _ in range(WAL_ATTEMPTS):
                    try:
                        await raw.execute_fetchall("PRAGMA journal_mode=WAL")
                    except sqlite3.OperationalError as error:
                        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                            raise
                        await asyncio.sleep(WAL_PAUSE_S)
                    else:
                        return
        raise StoreError("The database file is locked by another process.")


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


@contextmanager
def renamed_errors() -> Iterator[None]:
    """Turn what driver and pool raise into Conflict and StoreError, without parameters in the text."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"The database refused a row: {_reason(error)}") from error
    except DBAPIError as error:
        raise StoreError(f"The database could not do this now: {_reason(error)}") from error
    except sqlite3.Error as error:
        raise StoreError(f"The database could not do this now: {error}") from error
    except PoolTimeout as error:
        raise StoreError("The database is too busy: no connection became free in time.") from error
    except (OSError, UnicodeEncodeError) as error:
        raise StoreError(f"The database could not do this: {type(error).__name__}.") from error


def _reason(error: DBAPIError) -> str:
    """The driver's first line; the later ones may hold values of the row."""
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__


async def to_the_end(work: Awaitable[T]) -> T:
    """Await `work` to its end even if this task is cancelled meanwhile; raise the cancellation afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except BaseException:  # noqa: BLE001, S110 - it is raised by task.result() below
            pass
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


def _sqlite_engine(url: URL) -> AsyncEngine:
    """WAL for readers beside the writer, synchronous=FULL so that a commit survives a power cut."""
    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
        pool_size=5,
        max_overflow=10,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_pragmas(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(connection.get_execution_options()["assent_begin"])

    return engine


def _postgresql_engine(url: URL) -> AsyncEngine:
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={**{k: v for k, v in _KEEPALIVE.items() if k not in url.query}, **timeout},
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _set_durability(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("SET synchronous_commit = on")
        cursor.close()
        connection.commit()

    return engine
