"""A process of its own that takes one lease, says so, and holds it until it is killed."""

from __future__ import annotations

import asyncio
import sys

from engine.database import Database
from engine.errors import DatabaseInUse
from engine.leases import Leases


async def hold(url: str, key: str) -> None:
    leases = Leases(Database(url))
    try:
        await leases.open()
    except DatabaseInUse as refusal:
        print(refusal, flush=True)  # noqa: T201
        return
    async with leases.try_hold(key) as lease:
        print("taken" if lease is None else "held", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold(*sys.argv[1:]))
