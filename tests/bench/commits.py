"""How many commits a saver makes; each of them waits for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

Trace = Callable[[str], object] | None


@dataclass
class Tally:
    """What was counted, once the block has ended."""

    count: int = 0


Counted = Callable[[], AbstractAsyncContextManager[Tally]]


def on_sqlite(trace: Callable[[Trace], Awaitable[Any]]) -> Counted:
    """Count by the statements that a writing connection runs: `trace` has it tell them, or nobody any more.

    With WAL and synchronous=FULL each commit flushes the log: https://www.sqlite.org/pragma.html#pragma_synchronous.
    """

    @asynccontextmanager
    async def counted() -> AsyncIterator[Tally]:
        tally = Tally()

        def note(statement: str) -> None:
            tally.count += statement.strip().upper().startswith("COMMIT")

        await trace(note)
        try:
            yield tally
        finally:
            await trace(None)

    return counted


def on_postgres(url: str) -> Counted:
    """Count by the numbers that the server gives to transactions that write; each commit flushes its log."""

    async def number() -> int:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            cursor = await connection.execute("SELECT pg_current_xact_id()::text::bigint")
            (found,) = await cursor.fetchone() or (0,)
            return int(found)

    @asynccontextmanager
    async def counted() -> AsyncIterator[Tally]:
        tally = Tally()
        before = await number()
        yield tally
        tally.count = await number() - before - 1  # asking takes a number as well

    return counted


@asynccontextmanager
async def nothing() -> AsyncIterator[Tally]:
    """A saver that stores nothing."""
    yield Tally()


def kept(made: Callable[[], sqlite3.Connection], connections: list[sqlite3.Connection]) -> Any:
    """Return the same maker of connections, which also notes each of them."""

    def make() -> sqlite3.Connection:
        connections.append(made())
        return connections[-1]

    return make
