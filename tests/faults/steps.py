"""Seeded schedules of up to two faults within one step of a run: its start, or an answer and all that comes of it.

Each begins with a run that waits in a database that was copied, so that it takes a fraction of the time of a whole
run. What is violated tells the seed and the scale with which `python -m tests.faults steps` plays it again.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import random
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from engine.workflows import App
from tests.faults import loops
from tests.faults.checker import check
from tests.faults.figures import Figure, Plan
from tests.faults.histories import SPREAD, Told, evidence
from tests.faults.play import Disagreement, History
from tests.faults.stage import APP, Faults, Stage, next_release
from tests.postgres import created, dropped, postgres

SCHEDULES, ON_POSTGRESQL, STRIKES, REACH = 100_000, 2_000, 2, 16
WAITING, STARTED = 150, 50
"""Schedules of one block, each with a run of its own in it: those that wait already, and those that are started."""
BLOCKS = 25
"""Blocks that begin with copies of one database."""
RELEASES_SHARE = 0.2
"""Of the blocks, before which a release with other code comes."""
FINISHED = 8
"""One of so many runs is played on to its end, to see that no damage shows there only."""
POSTGRESQL_S = 60
"""Seconds that are kept for schedules on PostgreSQL."""


async def measure(plan: Plan) -> list[Figure]:
    """Play schedules on all cores until there are enough of them, or the time is over."""
    until = time.monotonic() + plan.left_s
    figure = await asyncio.to_thread(_on_all_cores, plan, SCHEDULES, until=until - POSTGRESQL_S)
    with postgres(plan.folder, is_durable=False) as server:
        return [
            figure,
            await asyncio.to_thread(_on_all_cores, plan, ON_POSTGRESQL, until=until, server=server),
        ]


def _on_all_cores(plan: Plan, whole: int, *, until: float, server: str | None = None) -> Figure:
    wanted, cores = plan.of(whole), os.cpu_count() or 1
    each = min(BLOCKS * (WAITING + STARTED), math.ceil(wanted / cores))
    counts = [min(each, wanted - begin) for begin in range(0, wanted, each)]
    told, name = Told(), "PostgreSQL" if server else "SQLite"
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        parts: list[Future[Told]] = [
            pool.submit(_in_a_process, plan.part(number, of=name), count, until=until, server=server)
            for number, count in enumerate(counts)
        ]
        for number, part in enumerate(parts):
            told.add(part.result(), f"--seed {plan.seed + number} --scale {each * cores / whole:g}")
    what = f"schedules of up to two faults in one step, {name}, of {wanted:,}"
    return Figure(what, told.count, told.violations, told.faults())


def _in_a_process(plan: Plan, count: int, *, until: float, server: str | None) -> Told:
    return loops.run(stepped(plan, count, until=until, server=server))


async def stepped(
    plan: Plan, count: int, *, waiting: int = WAITING, until: float = math.inf, server: str | None = None
) -> Told:
    """Play `count` schedules, in blocks that begin with the same runs. None is begun after `until`.

    `server` is the URL of a PostgreSQL; None: on SQLite.
    """
    told = Told()
    if time.monotonic() > until:
        return told
    plan.folder.mkdir(exist_ok=True)
    waiting = min(waiting, count)
    block = Block(plan, server)
    await block.prepare(waiting)
    numbers = iter(range(count))
    dice = random.Random(plan.seed)  # noqa: S311 - a dice, not a secret
    while some := list(itertools.islice(numbers, waiting + max(1, waiting * STARTED // WAITING))):
        if time.monotonic() > until:
            break
        await block.play(some, told, meets_release=dice.random() < RELEASES_SHARE)
    return told


class Block:
    """A database with runs that wait, and as many copies of it as are wanted."""

    def __init__(self, plan: Plan, server: str | None) -> None:
        self._plan = plan
        self._server = server
        self._name = f"origin_{plan.seed}"
        self._origin = plan.folder / "origin"
        self._apps: list[Path | App] = [APP, next_release(plan.folder / "next")]
        self._waiting: list[History] = []

    async def prepare(self, count: int) -> None:
        """Play runs without faults, each to some question on its way."""
        self._origin.mkdir()
        faults, dice = Faults(), random.Random(self._plan.seed)  # noqa: S311 - a dice, not a secret
        url = created(self._server, self._name) if self._server else ""
        stage = Stage(self._origin, faults, apps=self._apps, database_url=url)
        await stage.open()
        for number in itertools.count():
            history = History(
                stage, self._plan.seed + SPREAD * number, faults=faults, strikes=0, has_releases=False
            )
            await history.begin()
            for _ in range(dice.randint(0, 3)):
                if history.waits:
                    await history.answer()
            if history.waits:
                self._waiting.append(history)
            if len(self._waiting) == count:
                break
        await stage.close()
        self._apps = stage.apps
        loops.settled()

    async def play(self, numbers: Sequence[int], told: Told, *, meets_release: bool) -> None:
        """Play a schedule for each run that waits, and start runs for the other numbers; then check everything."""
        folder = self._plan.folder / str(numbers[0])
        shutil.copytree(self._origin, folder)
        copy = f"{self._name}_{numbers[0]}"
        url = created(self._server, copy, template=self._name) if self._server else ""
        faults = Faults()
        apps = self._apps[::-1] if meets_release else self._apps
        stage = Stage(folder, faults, apps=apps, database_url=url)
        await stage.open()
        waiting, before = iter(self._waiting), len(told.violations)
        for number in numbers:
            seed = self._plan.seed + SPREAD * (number + 1) + 1  # never that of a run that waits
            rested = next(waiting, None)
            history = (
                rested.resting(stage, seed, faults=faults, strikes=STRIKES, reach=REACH)
                if rested is not None
                else History(stage, seed, faults=faults, strikes=STRIKES, has_releases=False, reach=REACH)
            )
            try:
                await (history.begin() if rested is None else history.answer(meets_release=meets_release))
                if number % FINISHED == 0 or not history.waits:
                    await history.finish()
            except Disagreement as error:
                told.violations.append(f"schedule {number}: {error}; faults {faults.struck}")
            told.took(history, faults)
        await stage.close()
        self._apps = stage.apps[::-1] if meets_release else stage.apps
        found = check(evidence(stage))
        told.violations += [f"schedules from {numbers[0]}: {each}" for each in found]
        if len(told.violations) == before:
            shutil.rmtree(folder)
        if self._server:
            dropped(self._server, copy)
