"""What a SQLite ledger holds, read without the product's help, to be held against what it held before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

Rows: TypeAlias = dict[str, Counter[tuple[Any, ...]]]
TRAIL = "assent_audit"
NOTED = "assent_deliveries"
_LINKS = ("seq", "previous", "hash", "at")


def rows_of(database: Path) -> Rows:
    """Return the rows of every table but those of deliveries, which are no effect.

    Of the audit trail without what follows from its order, and without refused clicks: these may come in between.
    """
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name.startswith("assent_") and name != NOTED
        ]
        return {name: _rows(connection, name) for name in names}


def count(database: Path, query: str) -> int:
    """Return the one number that a query gives."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return int(connection.execute(query).fetchone()[0])


def changes(before: Rows, after: Rows) -> list[str]:
    """Say in a sentence per table what is different."""
    return [
        f"{name}: {sum((before[name] - after[name]).values())} rows gone, "
        f"{sum((after[name] - before[name]).values())} new, such as "
        f"{str(next(iter(after[name] - before[name] or before[name] - after[name])))[:200]}"
        for name in after
        if before[name] != after[name]
    ]


async def at_rest(database: Path, *, pause_s: float = 0.5, limit_s: float = 60) -> Rows:
    """Wait until nothing has changed for a while, and return what there is."""
    found = rows_of(database)
    async with asyncio.timeout(limit_s):
        while True:
            await asyncio.sleep(pause_s)
            if found == (found := rows_of(database)):
                return found


def _rows(connection: sqlite3.Connection, name: str) -> Counter[tuple[Any, ...]]:
    rows = connection.execute(f"SELECT * FROM {name}")  # noqa: S608  a name out of the schema
    columns = [each[0] for each in rows.description]
    kept = [at for at, column in enumerate(columns) if name != TRAIL or column not in _LINKS]
    return Counter(
        tuple(row[at] for at in kept)
        for row in rows
        if name != TRAIL or row[columns.index("kind")] != "refused"
    )
