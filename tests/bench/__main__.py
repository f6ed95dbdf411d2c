"""`make bench`: what a click and a whole approval take, and our checkpointer beside others.

    python -m tests.bench [clicks|large|savers] [--picture docs/checkpointers.svg]

Clicks take under two minutes, checkpointers about two, small and large questions a quarter.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psycopg

from bot.sandbox import Sandbox
from tests.bench.clicks import Clicker, Door
from tests.bench.figures import Row, table
from tests.postgres import postgres
from tests.unhurried import unhurried

WARM, ROUNDS, BATCH = 20, 200, 20
TIME_S = 80
"""After this many seconds no further batch is begun: a busy machine gives fewer rounds, not a longer wait."""
ACK_OVER_EMPTY_MS, CARD_MS = 5.0, 300.0
"""What a person should not have to wait longer for."""


async def bench(folder: Path) -> None:
    """Measure and print. The databases lie in `folder`, which has to be on a real disk."""
    async with AsyncExitStack() as stack:
        postgres_url = stack.enter_context(postgres(folder, is_durable=True))
        _print(_machine(folder, postgres_url))
        sandbox = await stack.enter_async_context(Sandbox())
        app = unhurried(folder)
        stored = {"SQLite": f"sqlite:///{folder / 'assent.db'}", "PostgreSQL": postgres_url}
        doors = [
            Door(name, await stack.enter_async_context(_standing("bot", sandbox, app=app, database_url=url)))
            for name, url in stored.items()
        ]
        empty = Door("empty", await stack.enter_async_context(_standing("empty", sandbox, app=app)))
        await _measure(Clicker(sandbox), doors, empty)
        _print(_report(doors, empty))


async def _measure(clicker: Clicker, doors: list[Door], empty: Door) -> None:
    """Click at every door in each round, beginning with another one each time."""
    began_s = time.monotonic()
    for first in range(0, WARM + ROUNDS, BATCH):
        if time.monotonic() - began_s > TIME_S:
            return
        asked = [(door, await clicker.ask(door, count=BATCH)) for door in doors]
        everyone = [*asked, (empty, asked[0][1])]
        for number in range(BATCH):
            turn = number % len(everyone)
            for door, cards in everyone[turn:] + everyone[:turn]:
                await clicker.click(door, cards[number], is_warm=first >= WARM)


def _report(doors: list[Door], empty: Door) -> str:
    acks = [
        Row(name=door.name, took_ms=door.ack_ms, over_ms=empty.ack_ms, limit_ms=ACK_OVER_EMPTY_MS)
        for door in doors
    ]
    cards = [Row(name=door.name, took_ms=door.card_ms, limit_ms=CARD_MS) for door in doors]
    return (
        "\nClick to ack, the decision committed\n\n"
        f"{table([Row(name='empty Bolt handler', took_ms=empty.ack_ms), *acks])}\n"
        f"\nClick to card updated\n\n{table(cards)}"
    )


@asynccontextmanager
async def _standing(kind: str, sandbox: Sandbox, *, app: Path, database_url: str = "") -> AsyncIterator[str]:
    """Start a door in a process of its own and give its request URL; it stops when its input ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench.doors", kind, sandbox.api_url, database_url, str(app)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=None if "-v" in sys.argv else asyncio.subprocess.DEVNULL,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("A door was started without its pipes.")
    try:
        async with asyncio.timeout(30):
            url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise RuntimeError(f"The door {kind} did not start; `python -m tests.bench -v` shows its log.")
        yield url
    finally:
        process.stdin.close()
        await process.wait()


def _machine(folder: Path, postgres_url: str) -> str:
    with psycopg.connect(postgres_url) as connection:
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in _DURABLE]
    durable = ", ".join(f"{name}={(row or ('?',))[0]}" for name, row in zip(_DURABLE, settings, strict=True))
    packages = ", ".join(f"{name} {version(name)}" for name in ("langgraph", "slack-bolt", "sqlalchemy"))
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), load {os.getloadavg()[0]:.1f};"
        f" Python {platform.python_version()}, {packages}\n"
        f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL); PostgreSQL ({durable})\n"
        f"flush of 4 KiB to this disk: {_flush_ms(folder):.2f} ms (p50)"
    )


_DURABLE = ("server_version", "fsync", "synchronous_commit")


def _flush_ms(folder: Path, *, times: int = 100) -> float:
    """Measure what the disk itself takes for a small durable write, in ms."""
    took = []
    with (folder / "flushed").open("wb", buffering=0) as file:
        for _ in range(times):
            started_s = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started_s) * 1000)
    return median(took)


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def bench_savers(folder: Path, picture_at: Path | None) -> None:
    """Measure the checkpointers and print; draw them too where a path is given."""
    from tests.bench.savers import measure
    from tests.bench.savers_report import picture, report

    with postgres(folder, is_durable=True) as url:
        _print(_machine(folder, url))
        contenders = asyncio.run(measure(folder, url, is_quick=False))
    _print(f"\n{report(contenders)}")
    if picture_at is not None:
        picture_at.write_text(picture(contenders))


async def bench_large(folder: Path) -> None:
    """Measure approvals of small and large questions and print."""
    from tests.bench.large import measure, report

    _print(f"\n{report(await measure(folder))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tests.bench")
    parser.add_argument("parts", nargs="*", default=["clicks", "large", "savers"])
    parser.add_argument("--picture", type=Path)
    parser.add_argument("-v", action="store_true", help="show the logs of the bots")
    given = parser.parse_args()
    for part in given.parts:
        with tempfile.TemporaryDirectory(prefix="assent-bench-", ignore_cleanup_errors=True) as made:
            if part == "savers":
                bench_savers(Path(made), given.picture)
            elif part == "large":
                asyncio.run(bench_large(Path(made)))
            else:
                asyncio.run(bench(Path(made)))
