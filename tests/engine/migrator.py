"""A process of its own that migrates a database as soon as it is told to."""

from __future__ import annotations

import asyncio
import sys

from engine.database import Database


async def migrate(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


if __name__ == "__main__":
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    asyncio.run(migrate(sys.argv[1]))
