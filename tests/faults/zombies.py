"""Processes that are stopped (SIGSTOP), lose their locks, and go on (SIGCONT) after another process took over.

Only PostgreSQL can have them: on SQLite nobody else gets the file as long as its process exists, stopped or not.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine import StoreError
from tests.faults.checker import check
from tests.faults.figures import Figure, Plan, histogram
from tests.faults.kills import CONTEXT, LifeError, batch_of
from tests.faults.lives import Batch, live
from tests.faults.points import Death
from tests.faults.sink import append, lines
from tests.postgres import created, end_other_sessions, postgres

ZOMBIES, RUNS = 30, 4
POINTS = ("K1", "K2", "K3", "K4", "K4", "K5", "K6", "K7", "time")
STOP_LIMIT_S, HEIR_LIMIT_S, AWAKE_S = 30, 90, 2
"""A zombie that has had `AWAKE_S` to write what it still wanted to is killed: nobody tells it that all is over."""


@dataclass
class Stop(Death):
    """Where a process is stopped; afterwards it goes on with what it was about to do."""

    def die(self) -> None:
        """Write down where, and stop."""
        append(self.hits, {"point": self.point})
        os.kill(os.getpid(), signal.SIGSTOP)


async def measure(plan: Plan) -> list[Figure]:
    """Stop one process after the other, each at a point of its own."""
    dice = random.Random(plan.seed)  # noqa: S311 - a dice, not a secret
    stops, violations, approvals = Counter[str](), list[str](), 0
    with postgres(plan.folder, is_durable=False) as server:
        for number in range(plan.of(ZOMBIES)):
            database = created(server, f"zombies{number}")
            batch = replace(batch_of(plan, number, runs=RUNS), database=database)
            point = POINTS[number % len(POINTS)]
            count = dice.randint(20, 400) if point == "time" else dice.randint(1, 4)
            try:
                await asyncio.to_thread(outlived, batch, Stop(point, count, batch.hits))
            except LifeError as error:
                violations.append(f"zombie {number} at {point}: {error}")
                continue
            stops.update(told["point"] for told in lines(batch.hits))
            violations += [f"zombie {number} at {point}: {sentence}" for sentence in check(batch.evidence)]
            approvals += batch.questions
    detail = f"{stops.total()} stops: {histogram(stops)}"
    return [Figure("approvals beside a process that was stopped and went on", approvals, violations, detail)]


def outlived(batch: Batch, stop: Stop) -> None:
    """Stop a process, cut its connections, let another finish everything, and wake the first one."""
    zombie = CONTEXT.Process(target=_live_on, args=(batch, stop), daemon=True)
    zombie.start()
    try:
        _wait_until_stopped(zombie.pid or 0, batch.hits)
        end_other_sessions(batch.database)
        heir = CONTEXT.Process(target=live, args=(batch, None), daemon=True)
        heir.start()
        heir.join(HEIR_LIMIT_S)
        if heir.exitcode != 0:
            heir.kill()
            raise LifeError(f"The process that took over ended with {heir.exitcode}.")
        os.kill(zombie.pid or 0, signal.SIGCONT)
        zombie.join(AWAKE_S)
    finally:
        zombie.kill()
        zombie.join()


def _live_on(batch: Batch, stop: Stop) -> None:
    """Live, and end without a word when the connections are found to be cut: that is what was to happen."""
    logging.disable()
    with suppress(StoreError):
        live(batch, stop)


def _wait_until_stopped(pid: int, hits: Path) -> None:
    deadline = time.monotonic() + STOP_LIMIT_S
    while time.monotonic() < deadline:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "T" and any(lines(hits)):
            return
        time.sleep(0.01)
    raise LifeError("It did not come to the point where it was to stop.")
