"""Seeded schedules of faults within one step of a run: its start, or an answer and all that comes of it.

Each begins with a run that waits in a database that was copied, so that it takes a fraction of the time of a whole
run. `python -m tests.faults steps --seed … --scale …` plays the same ones again, each block for itself.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from engine.workflows import App
from tests.faults.checker import check
from tests.faults.figures import Figure, Plan
from tests.faults.histories import SPREAD, Told, evidence
from tests.faults.play import Disagreement, History
from tests.faults.stage import APP, Faults, Stage, next_release

SCHEDULES, STRIKES, REACH = 100_000, 2, 16
WAITING, STARTED = 150, 50
"""Schedules of one block, each with a run of its own in it: those that wait already, and those that are started."""
BLOCKS = 25
"""Blocks that begin with copies of one database."""
RELEASES_SHARE = 0.2
"""Of the blocks, before which a release with other code comes."""


async def measure(plan: Plan) -> list[Figure]:
    """Play schedules on all cores until there are enough of them, or the time is over."""
    wanted = plan.of(SCHEDULES)
    until = time.monotonic() + plan.left_s
    told = await asyncio.to_thread(_on_all_cores, plan, wanted, until)
    struck = ", ".join(f"{name} {count}" for name, count in told.struck.most_common())
    detail = (
        f"{told.struck.total():,} faults: {struck}; {told.jumps:,} clock jumps, "
        f"{told.released:,} releases, {told.ahead:,} values given ahead"
    )
    return [Figure(f"fault schedules of one step each, of {wanted:,}", told.count, told.violations, detail)]


def _on_all_cores(plan: Plan, wanted: int, until: float) -> Told:
    each = BLOCKS * (WAITING + STARTED)
    counts = [min(each, wanted - begin) for begin in range(0, wanted, each)]
    told = Told()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        parts: list[Future[Told]] = [
            pool.submit(
                _in_a_process,
                replace(plan, seed=plan.seed + number, folder=plan.folder / str(number)),
                count,
                until,
            )
            for number, count in enumerate(counts)
        ]
        for number, part in enumerate(parts):
            told.add(part.result(), f"seed {plan.seed + number}")
    return told


def _in_a_process(plan: Plan, count: int, until: float) -> Told:
    return asyncio.run(stepped(plan, count, until=until))


async def stepped(plan: Plan, count: int, *, waiting: int = WAITING, until: float) -> Told:
    """Play `count` schedules, in blocks that begin with the same runs. None is begun after `until`."""
    told = Told()
    if time.monotonic() > until:
        return told
    plan.folder.mkdir(exist_ok=True)
    waiting = min(waiting, count)
    block = Block(plan)
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

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._origin = plan.folder / "origin"
        self._apps: list[Path | App] = [APP, next_release(plan.folder / "next")]
        self._waiting: list[History] = []

    async def prepare(self, count: int) -> None:
        """Play runs without faults, each to some question on its way."""
        self._origin.mkdir()
        faults, dice = Faults(), random.Random(self._plan.seed)  # noqa: S311 - a dice, not a secret
        stage = Stage(self._origin, faults, apps=self._apps)
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

    async def play(self, numbers: Sequence[int], told: Told, *, meets_release: bool) -> None:
        """Play a schedule for each run that waits, and start runs for the other numbers; then check everything."""
        folder = self._plan.folder / str(numbers[0])
        shutil.copytree(self._origin, folder)
        faults = Faults()
        stage = Stage(folder, faults, apps=self._apps[::-1] if meets_release else self._apps)
        await stage.open()
        waiting = iter(self._waiting)
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
            except Disagreement as error:
                told.violations.append(f"schedule {number}: {error}; faults {faults.struck}")
            told.took(history, faults)
        await stage.close()
        self._apps = stage.apps[::-1] if meets_release else stage.apps
        found = check(evidence(stage))
        told.violations += [f"schedules from {numbers[0]}: {each}" for each in found]
        shutil.rmtree(folder)
