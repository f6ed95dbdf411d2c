"""Tables of a test's own in a database of the engine."""

from __future__ import annotations

from sqlalchemy import Table

from engine.database import Database


async def create(database: Database, table: Table) -> None:
    """Make a table that is not there yet."""
    await database.on_thread(lambda: table.create(database._direct))
