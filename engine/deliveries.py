"""What came in from outside and was answered: kept for a while, so that the same again is not handled twice."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from engine.database import Database
from engine.errors import StoreError
from engine.prepared import Call
from engine.tables import deliveries

LIFETIME = timedelta(minutes=15)
"""Slack's signature holds from 5 minutes before its time to 5 after it, so what is older cannot come again."""
WAIT_S, POLL_S = 1.0, 0.05

# Nothing is lost with a claim, so its commit need not wait for the disk, and others' claims must not wait for one.
_CLAIM = """
WITH quick AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '50', true)
)
INSERT INTO assent_deliveries (key, at, is_answered)
SELECT $1::text, $2::timestamptz, false FROM quick ON CONFLICT (key) DO NOTHING
"""
_IS_ANSWERED = "SELECT is_answered FROM assent_deliveries WHERE key = $1"


class Deliveries:
    """Knows by their keys which deliveries were answered.

    A delivery counts as answered only after its effect is committed. Whoever dies before leaves nothing behind that
    would keep the next one from handling it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answered: dict[str, datetime] = {}
        self._unwritten: dict[str, datetime] = {}

    async def remember(self) -> None:
        """Take up what was answered before this process began. Raises: StoreError."""
        async with self._database.reading() as tx:
            rows = await tx.execute(select(deliveries.c.key, deliveries.c.at).where(deliveries.c.is_answered))
            self._answered |= {row.key: row.at for row in rows}

    async def claim(self, key: str) -> bool:
        """Say whether a delivery is to be handled: it was not answered, as far as anybody knows.

        On PostgreSQL another process may be at it just now; it is waited for, but not longer than 1 s, since it may
        have died. Within one process never ask twice at the same time. Raises: StoreError.
        """
        if key in self._answered:
            return False
        if self._database.dialect == "sqlite":
            return True
        give_up_at = time.monotonic() + WAIT_S
        while time.monotonic() < give_up_at:
            match await self._claimed(key):
                case True:
                    return True
                case False:
                    self._answered[key] = self._database.now()
                    return False
            await asyncio.sleep(POLL_S)
        return True

    async def _claimed(self, key: str) -> bool | None:
        """Claim a key on PostgreSQL: True, it is ours; False, it was answered; None, somebody else is at it."""
        calls = [Call(_CLAIM, [key, self._database.now()]), Call(_IS_ANSWERED, [key])]
        try:
            claim, known = await self._database.ask("deliveries", calls, is_repeatable=True)
        except StoreError as error:
            if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                return None
            raise
        if claim.rowcount == 1:
            return True
        return False if known.rows == [(True,)] else None

    def answered(self, key: str) -> None:
        """Note that a delivery was answered; what it did is committed. `write` makes that last."""
        self._answered[key] = self._unwritten[key] = self._database.now()

    async def write(self) -> None:
        """Write down what was answered since the last time. Raises: StoreError; the next time tries again."""
        while self._unwritten:
            # In one order everywhere: two processes that write the same keys would lock each other out else.
            rows = [
                {"key": key, "at": at, "is_answered": True} for key, at in sorted(self._unwritten.items())
            ]
            async with self._database.transaction() as tx:
                await tx.execute(_note(tx.dialect), rows)
            for row in rows:
                del self._unwritten[str(row["key"])]

    async def drop_old(self) -> None:
        """Forget what cannot come again."""
        late = self._database.now() - LIFETIME
        self._answered = {key: at for key, at in self._answered.items() if at > late}
        async with self._database.reading() as tx:
            old = await tx.execute(select(deliveries.c.key).where(deliveries.c.at < late).limit(1))
            if old.first() is None:
                return
        async with self._database.transaction() as tx:
            await tx.execute(delete(deliveries).where(deliveries.c.at < late))


@cache
def _note(dialect: str) -> Any:
    made = (sqlite if dialect == "sqlite" else postgresql).insert(deliveries)
    values = made.values({column.name: bindparam(column.name) for column in deliveries.columns})
    return values.on_conflict_do_update(index_elements=["key"], set_={"is_answered": True})
