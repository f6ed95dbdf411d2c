"""Who may act on a key ("run:<id>", "mirror:<id>") at this moment."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database import Database
from engine.errors import DatabaseInUse, StoreError
from engine.transactions import renamed_errors, to_the_end

PULSE_S = 1.0
ANSWER_S = 5.0

_TRY = text("SELECT pg_try_advisory_lock(:number)")
_RELEASE = text("SELECT pg_advisory_unlock(:number)")
_PULSE = text("SELECT true")
_FREE_SOON = text(  # a client whose machine is gone must not keep its locks for hours
    "SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false), set_config('idle_session_timeout', '0', false)"
)


class Lease:
    """The right to act on `key` until the `async with` block ends, or until the lease is lost."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._lost = asyncio.Event()

    @property
    def is_lost(self) -> bool:
        """Another process may act on the key by now: write nothing more under this lease."""
        return self._lost.is_set()

    async def wait_lost(self) -> None:
        """Return when the lease is lost; usually never, so await it beside the work."""
        await self._lost.wait()

    def mark_lost(self) -> None:
        self._lost.set()


class Exclusion(Protocol):
    """How processes keep out of each other's way."""

    async def open(self) -> None: ...
    async def try_take(self, lease: Lease) -> bool: ...
    async def give_back(self, lease: Lease) -> None: ...
    async def close(self) -> None: ...


class Leases:
    """Hands out leases: one holder per key in this process and in all others on the same database.

    PostgreSQL: session advisory locks on one connection of its own, which the server frees at once when
    the process dies. When that connection breaks, which is noticed within `pulse_s` seconds, every lease
    handed out is lost, and the next `try_hold` connects anew. A pooler between must keep sessions
    (PgBouncer: session mode).
    SQLite: one process owns the file, by an operating system lock on `<file>.lock`; it loses no lease.
    """

    def __init__(self, database: Database, *, pulse_s: float = PULSE_S) -> None:
        self._held: dict[str, Lease] = {}
        self._exclusion: Exclusion = (
            FileOwnership(database)
            if database.dialect == "sqlite"
            else AdvisoryLocks(database, pulse_s=pulse_s)
        )

    async def open(self) -> None:
        """Get ready to hand out leases. Raises: DatabaseInUse (SQLite), StoreError."""
        await self._exclusion.open()

    async def close(self) -> None:
        """Let go of everything; leases still held are lost. May be called twice."""
        for lease in self._held.values():
            lease.mark_lost()
        await self._exclusion.close()

    @asynccontextmanager
    async def try_hold(self, key: str) -> AsyncIterator[Lease | None]:
        """Hold `key` for the block, or get None at once when somebody else holds it, here or elsewhere.

        A key whose lease was lost stays taken in this process until its block ends.

        Raises: StoreError when the database cannot be asked.
        """
        if key in self._held:
            yield None
            return
        lease = self._held[key] = Lease(key)
        try:
            is_taken = await to_the_end(self._exclusion.try_take(lease))
            yield lease if is_taken else None
        finally:
            try:
                with suppress(StoreError):  # the connection is given up then, and the lock with it
                    await to_the_end(self._exclusion.give_back(lease))
            finally:
                del self._held[key]


class FileOwnership:
    """SQLite: the process that holds the lock on `<file>.lock` may act on every key."""

    def __init__(self, database: Database) -> None:
        self._lock = FileLock(
            f"{database.path}.lock",
            thread_local=False,
            fallback_to_soft=False,  # a soft lock would outlive a killed process
        )

    async def open(self) -> None:
        if not Path(self._lock.lock_file).parent.is_dir():
            raise StoreError("The folder of the database file is not there.")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise DatabaseInUse from error
        except OSError as error:
            raise StoreError(f"The lock beside the database cannot be taken: {error.strerror}.") from error

    async def try_take(self, lease: Lease) -> bool:  # noqa: ARG002
        if not self._lock.is_locked:
            raise RuntimeError("Leases are not open.")
        return True

    async def give_back(self, lease: Lease) -> None:
        pass

    async def close(self) -> None:
        self._lock.release()


class AdvisoryLocks:
    """PostgreSQL: one connection that holds all advisory locks of this process."""

    def __init__(self, database: Database, *, pulse_s: float) -> None:
        self._engine = database.engine
        self._pulse_s = pulse_s
        self._taken: set[Lease] = set()
        self._connection: AsyncConnection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._heart: asyncio.Task[None] | None = None

    async def open(self) -> None:
        async with self._one_at_a_time:
            await self._connected()
        self._heart = asyncio.create_task(self._beat(), name="lease pulse")

    async def try_take(self, lease: Lease) -> bool:
        if self._heart is None:
            raise RuntimeError("Leases are not open.")
        async with self._one_at_a_time:
            is_taken = bool(await self._try(_number(lease.key)))
            if is_taken:
                self._taken.add(lease)
            return is_taken

    async def _try(self, number: int) -> Any:
        if self._connection is not None:
            with suppress(StoreError):  # broken since the last pulse: ask again on a new connection
                return await self._ask(self._connection, _TRY, number=number)
        return await self._ask(await self._connected(), _TRY, number=number)

    async def give_back(self, lease: Lease) -> None:
        """Do nothing for a lease that was never taken or is lost."""
        async with self._one_at_a_time:
            if lease in self._taken and self._connection is not None:
                self._taken.remove(lease)
                await self._ask(self._connection, _RELEASE, number=_number(lease.key))

    async def close(self) -> None:
        if self._heart is not None:
            self._heart.cancel()
            await asyncio.gather(self._heart, return_exceptions=True)
            self._heart = None
        async with self._one_at_a_time:
            await self._drop()

    async def _beat(self) -> None:
        """Notice a broken connection while nobody asks for anything."""
        while True:
            await asyncio.sleep(self._pulse_s)
            async with self._one_at_a_time:
                if self._connection is not None:
                    with suppress(StoreError):
                        await self._ask(self._connection, _PULSE)

    async def _connected(self) -> AsyncConnection:
        if self._connection is None:
            with renamed_errors():
                connection = await self._engine.connect()
                self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await self._ask(self._connection, _FREE_SOON)
        return self._connection

    async def _ask(self, connection: AsyncConnection, question: Any, **parameters: int) -> Any:
        """Return the first column of the answer; a connection that fails or is silent is given up."""
        try:
            async with asyncio.timeout(ANSWER_S):
                with renamed_errors():
                    return (await connection.execute(question, parameters)).scalar()
        except TimeoutError as error:
            await self._drop()
            raise StoreError("The database did not answer in time.") from error
        except BaseException:
            await self._drop()
            raise

    async def _drop(self) -> None:
        """Close the connection, not back into the pool: the server frees its locks with the session."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        for lease in self._taken:
            lease.mark_lost()
        self._taken.clear()
        with suppress(StoreError), renamed_errors():
            await connection.invalidate()
            await connection.close()


def _number(key: str) -> int:
    """A signed 64-bit number for the key, the same in every process and release."""
    return int.from_bytes(hashlib.blake2b(f"assent:{key}".encode(), digest_size=8).digest(), signed=True)
