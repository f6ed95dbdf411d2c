"""A process that forks into several, which migrate one database at the same moment."""

from __future__ import annotations

import asyncio
import os
import sys

from engine.database import Database
from engine.errors import EngineError


async def migrate(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


def fork_and_migrate(url: str, *, starting_gun: int) -> int:
    """Return the id of a child that waits until the pipe is closed, migrates, and exits 0 if that worked."""
    child = os.fork()
    if child:
        return child
    os.read(starting_gun, 1)
    code = 1
    try:
        asyncio.run(migrate(url))
        code = 0
    except EngineError as error:
        print(repr(error), file=sys.stderr, flush=True)  # noqa: T201
    finally:
        os._exit(code)


def main(url: str, count: str) -> None:
    reader, writer = os.pipe()
    children = [fork_and_migrate(url, starting_gun=reader) for _ in range(int(count))]
    os.write(writer, b"x" * len(children))
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    print(*codes)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
