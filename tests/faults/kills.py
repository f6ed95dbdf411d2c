"""SIGKILL at every point and at any time: the process is started again each time, and then everything is checked."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.context import ForkServerContext

from tests.faults.checker import check
from tests.faults.figures import Figure, Plan, histogram
from tests.faults.lives import Batch, live
from tests.faults.points import Death
from tests.faults.sink import lines
from tests.postgres import created, postgres

APPROVALS, TIME_S = 10_000, 1_000
"""Approvals in all; after so many seconds no further batch is begun."""
RUNS, DEATHS = 16, 8
"""Runs on one database, and how often its process is killed at most."""
CONTEXT: ForkServerContext = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["langgraph.graph", "engine", __name__])
Life = Callable[[Batch, Death | None], None]
ENGINE_POINTS = ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K10", "time")


class LifeError(Exception):
    """A process ended by something else than its planned death."""


async def measure(plan: Plan) -> list[Figure]:
    """Kill the engine while people decide, on SQLite and a tenth of it on PostgreSQL; no message is involved here."""
    figures = [
        await killed(plan, "SQLite", lambda number: f"sqlite:///{plan.folder / f'{number}.db'}", share=1)
    ]
    with postgres(plan.folder, is_durable=False) as server:
        figures.append(
            await killed(plan, "PostgreSQL", lambda number: created(server, f"kills{number}"), share=0.1)
        )
    return figures


async def killed(plan: Plan, name: str, database: Callable[[int], str], *, share: float) -> Figure:
    """Bring batches to their end, each on the database of its number, and check each."""
    wanted = plan.of(round(APPROVALS * share))
    approvals, deaths, calls, violations = 0, Counter[str](), 0, list[str]()
    number = 0
    began = time.monotonic()
    while approvals < wanted and time.monotonic() - began < plan.within(TIME_S) * share:
        batch = replace(batch_of(plan, number), database=database(number))
        try:
            await asyncio.to_thread(lived, batch, deaths_of(batch))
        except LifeError as error:
            violations.append(f"batch {number}: {error}")
            number += 1
            continue
        deaths.update(told["point"] for told in lines(batch.hits))
        calls += sum(1 for _ in lines(batch.sink))
        found = check(batch.evidence)
        violations += [f"batch {number}: {sentence}" for sentence in found]
        _clear(batch)
        approvals += batch.questions
        number += 1
    detail = f"{deaths.total():,} kills: {histogram(deaths)}; {calls:,} calls of effects"
    return Figure(f"approvals under SIGKILL, {name}, of {wanted:,}", approvals, violations, detail)


def batch_of(plan: Plan, number: int, *, runs: int = RUNS) -> Batch:
    """Name what a batch works on."""
    folder = plan.folder
    return Batch(
        seed=plan.seed + number,
        runs=runs,
        database=f"sqlite:///{folder / f'{number}.db'}",
        sink=folder / f"{number}.sink",
        acks=folder / f"{number}.acks",
        hits=folder / f"{number}.hits",
    )


def deaths_of(batch: Batch) -> Iterator[Death | None]:
    """Plan the lives of a batch: the first dies in the migration now and then, the last dies no more."""
    dice = random.Random(batch.seed)  # noqa: S311 - a dice, not a secret
    if dice.random() < 0.45:
        yield Death("K11", 1, batch.hits)
    for _ in range(DEATHS):
        point = dice.choice(ENGINE_POINTS)
        count = dice.randint(20, 400) if point == "time" else dice.randint(1, 8)
        yield Death(point, count, batch.hits)
    yield None


def lived(batch: Batch, deaths: Iterator[Death | None], life: Life = live) -> None:
    """Run one process after the other until every run has ended; `life` is what each of them does."""
    for death in deaths:
        process = CONTEXT.Process(target=life, args=(batch, death), daemon=True)
        process.start()
        process.join(90)
        if process.exitcode == 0:
            return
        if process.exitcode != -signal.SIGKILL:
            process.kill()
            raise LifeError(f"A life ended with {process.exitcode}.")
    raise LifeError("It did not come to its end.")


def _clear(batch: Batch) -> None:
    for path in batch.sink.parent.glob(f"{batch.sink.stem}.*"):
        path.unlink()
