"""Many approvals one after the other in one process: neither its open files nor its memory grow with their number."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path
from typing import Final
from uuid import uuid4

from engine import Desk, RunStatus, RunView, open_desk
from tests.engine.desk_driver import AMY, APP, APPROVE, RITA, seen
from tests.faults.figures import Figure, Plan

APPROVALS: Final = 1_200
AT_ONCE: Final = 8
BLOCKS_EACH: Final = 60
"""What an approval may leave in memory, in blocks of Python's allocator: it leaves entries in caches that have a
bound, of policies, heads and statements, which take longer to fill than this goes on."""


async def measure(plan: Plan) -> list[Figure]:
    """Decide, and look at the process after the first third and at the end."""
    wanted = plan.of(APPROVALS)
    url = f"sqlite:///{plan.folder / 'soak.db'}"
    async with open_desk(database_url=url, app=APP) as desk:
        await _decide(desk, wanted // 3)
        before = _held()
        left = wanted - wanted // 3
        await _decide(desk, left)
        after = _held()
    files, blocks = after[0] - before[0], (after[1] - before[1]) / left
    violations = []
    if files > 0:
        violations.append(f"{files} more files are open than before.")
    if blocks > BLOCKS_EACH:
        violations.append(f"Each approval leaves {blocks:.0f} blocks of memory.")
    detail = f"{before[0]} and {after[0]} files open; {blocks:.1f} blocks of memory for each approval"
    return [Figure("approvals without growth", wanted, violations, detail)]


async def _decide(desk: Desk, count: int) -> None:
    """Start, ask, decide and finish so many requests, a few at a time."""
    few, changed = asyncio.Semaphore(AT_ONCE), dict[str, asyncio.Event]()

    async def hear(run_id: str) -> None:
        if run_id in changed:
            changed[run_id].set()

    async def until(run_id: str, status: RunStatus) -> RunView:
        while (run := await desk.run(run_id)).status is not status:
            await changed[run_id].wait()
            changed[run_id].clear()
        return run

    async def one() -> None:
        async with few:
            key = uuid4().hex
            run = await desk.start("expense", entries={"amount": "2000"}, actor=RITA, request_key=key)
            changed[run.id] = asyncio.Event()
            (asked,) = (await until(run.id, RunStatus.WAITING)).approvals
            await desk.decide(seen(asked), actor=AMY, choice=APPROVE)
            run = await until(run.id, RunStatus.FINISHED)
            await desk.mirrored(run.id, revision=run.revision)
            del changed[run.id]

    desk.on_change(hear)
    await asyncio.gather(*(one() for _ in range(count)))


def _held() -> tuple[int, int]:
    """Count the open files and the blocks of memory in use."""
    gc.collect()
    files = len(list(Path("/proc/self/fd").iterdir())) if os.path.isdir("/proc/self/fd") else 0
    return files, sys.getallocatedblocks()
