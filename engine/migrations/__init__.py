"""The numbered steps from an empty database to today's tables, and the one function that applies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Column, Connection, Integer, MetaData, Table, func, insert, select, text

from engine.clock import utc_now
from engine.columns import UtcDateTime
from engine.errors import DatabaseTooNew
from engine.migrations import s0001_first_tables

Step = Callable[[Connection], None]

STEPS: tuple[Step, ...] = (s0001_first_tables.apply,)
"""Append only. Step n (counted from 1) turns version n-1 into version n; released steps are never edited."""

LOCK_NUMBER = 0x617373656E74  # "assent"; any number serves that nobody else locks in the same database

SCHEMA = Table(
    "assent_schema",
    MetaData(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_at", UtcDateTime, nullable=False),
)


def apply(connection: Connection, *, steps: Sequence[Step] = STEPS) -> bool:
    """Apply the missing steps inside the caller's transaction, which the caller commits.

    False: another process is at it, and nothing was done. On SQLite the transaction must have begun with BEGIN
    IMMEDIATE, which is the lock there.

    Raises: DatabaseTooNew.
    """
    if connection.dialect.name == "postgresql":
        locked = text("SELECT pg_try_advisory_xact_lock(:number)")
        if not connection.scalar(locked, {"number": LOCK_NUMBER}):
            return False
    SCHEMA.create(connection, checkfirst=True)
    version = connection.scalar(select(func.max(SCHEMA.c.version))) or 0
    if version > len(steps):
        raise DatabaseTooNew(
            f"The database is at version {version}, this release knows {len(steps)}. "
            "Run the newer release, or restore a backup taken before it."
        )
    for number, step in enumerate(steps[version:], start=version + 1):
        step(connection)
        connection.execute(insert(SCHEMA).values(version=number, applied_at=utc_now()))
    return True
