"""`make faults`: the long figures of docs/reliability.md, printed as one table.

    python -m tests.faults [part …] [--scale 1.0] [--seed 1] [--whole]

Each part runs in a process of its own, as many at once as there are cores; the last ones have all for themselves.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import math
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.faults import loops
from tests.faults.figures import Plan, Told, dumped, loaded, table

PARTS = (
    "kills",
    "histories",
    "mutants",
    "schedules",
    "races",
    "offices",
    "texts",
    "zombies",
    "soak",
    "deliveries",
    "baselines",
    "requests",
)
"""Modules of this package that have `async def measure(plan: Plan) -> list[Figure]`, the longest first."""
ALONE = ("busy", "steps")
"""What measures how long people wait, and so runs when nothing else does; and what fills the time that is left."""
ALL_S, LEFT_S = 1_780, 120
"""Seconds for all parts, and how many of them the last one has at least."""
SEED = 20261126
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
"""No disk is needed: a process that is killed takes nothing back that it has written."""
ONE, WHOLE, LEFT = "--one", "--whole", "--left"


async def run_all(parts: Sequence[str], *, scale: float, seed: int, is_whole: bool) -> list[Told]:
    """Run the parts and return what came of each, in the order of `parts`."""
    began = time.monotonic()
    cores = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(part: str) -> Told:
        async with cores:
            left_s = math.inf if is_whole else max(ALL_S - (time.monotonic() - began), LEFT_S)
            told = await _in_a_process(part, scale=scale, seed=seed, is_whole=is_whole, left_s=left_s)
        print(f"{part}: {'holds' if told.holds else 'DOES NOT HOLD'} after {told.took_s:.0f} s", flush=True)
        return told

    told = await asyncio.gather(*(one(part) for part in parts if part not in ALONE))
    return [*told, *[await one(part) for part in parts if part in ALONE]]


async def _in_a_process(part: str, *, scale: float, seed: int, is_whole: bool, left_s: float) -> Told:
    began = time.monotonic()
    whole = [WHOLE] if is_whole else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults", ONE, part, "--scale", str(scale), "--seed", str(seed),
        LEFT, str(left_s), *whole,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    lines = out.decode().splitlines()
    if process.returncode or not lines:
        return Told(part, time.monotonic() - began, error=f"It ended with {process.returncode}.")
    return loaded(lines[-1])


async def run_one(part: str, *, scale: float, seed: int, is_whole: bool, left_s: float) -> Told:
    """Run one part here. Its folder is kept if something was violated."""
    folder = Path(tempfile.mkdtemp(prefix=f"assent-{part}-", dir=MEMORY))
    began = time.monotonic()
    figures = await importlib.import_module(f"tests.faults.{part}").measure(
        Plan(scale, seed, folder, is_whole, left_s)
    )
    told = Told(part, time.monotonic() - began, figures)
    if told.holds:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"What {part} left is in {folder}", file=sys.stderr)
    return told


def _machine(*, scale: float, seed: int) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("langgraph", "slack-bolt", "sqlalchemy"))
    return (
        f"Python {platform.python_version()}, {packages}, SQLite {sqlite3.sqlite_version}, "
        f"{os.cpu_count()} cores, scale {scale:g}, seed {seed}"
    )


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for; 1 when anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"any of {', '.join((*PARTS, *ALONE))}; all if none is given"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="1 makes the whole figures")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(WHOLE, action="store_true", help="every trial, however many hours it takes")
    parser.add_argument(ONE, choices=(*PARTS, *ALONE), help=argparse.SUPPRESS)
    parser.add_argument(LEFT, type=float, default=math.inf, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    how = {"scale": given.scale, "seed": given.seed, "is_whole": given.whole}
    if given.one:
        run = asyncio.run if given.one in ALONE else loops.run
        print(dumped(run(run_one(given.one, left_s=given.left, **how))))
        return 0
    if unknown := set(given.parts) - {*PARTS, *ALONE}:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    began = time.monotonic()
    told = asyncio.run(run_all(given.parts or (*PARTS, *ALONE), **how))
    print(f"\n{_machine(scale=given.scale, seed=given.seed)}; {time.monotonic() - began:.0f} s in all\n")
    print(table(told))
    return 0 if all(each.holds for each in told) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
