"""Random histories over fourteen shapes of graphs: the engine has to agree with the model, step by step."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from engine.workflows import App
from tests.faults import loops
from tests.faults.checker import Evidence, check
from tests.faults.figures import Figure, Plan
from tests.faults.model import SHAPES
from tests.faults.play import REQUIRED, Disagreement, History
from tests.faults.stage import APP, Faults, Stage, next_release

HISTORIES, ON_ONE_DATABASE, TIME_S = 10_000, 100, 800
"""After so many seconds no further ones are begun, so that everything ends within half an hour."""
SPREAD = 1_000_003
"""Seeds of neighbouring histories are this far apart."""


async def measure(plan: Plan) -> list[Figure]:
    """Play histories without faults; `--seed` and the number that is told play one again."""
    told = await played(plan, plan.of(HISTORIES), strikes=0, time_s=plan.within(TIME_S))
    detail = f"{', '.join(SHAPES)}; {told.refused:,} wrong clicks refused, {told.came()}"
    name = f"random histories against the model, of {plan.of(HISTORIES):,}"
    return [Figure(name, told.count, told.violations, detail)]


class Told:
    """What came of many histories."""

    def __init__(self) -> None:
        self.count = self.refused = self.jumps = self.released = self.ahead = 0
        self.violations: list[str] = []
        self.struck: Counter[str] = Counter()

    def faults(self) -> str:
        """Tell what struck, and what came beside it."""
        struck = ", ".join(f"{name} {count}" for name, count in self.struck.most_common())
        return f"{self.struck.total():,} faults: {struck}; {self.came()}"

    def came(self) -> str:
        """Tell what came beside the clicks."""
        return f"{self.jumps:,} clock jumps, {self.released:,} releases, {self.ahead:,} values given ahead"

    def took(self, history: History, faults: Faults) -> None:
        """Count a history that was played."""
        self.count += 1
        self.refused += history.refused
        self.jumps += history.jumps
        self.released += history.released
        self.ahead += history.ahead
        self.struck.update(faults.struck)

    def add(self, other: Told, of: str) -> None:
        """Count all that another one has counted."""
        for name in ("count", "refused", "jumps", "released", "ahead"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.violations += [f"{of}, {each}" for each in other.violations]
        self.struck.update(other.struck)


async def played(plan: Plan, count: int, *, strikes: int, time_s: float = math.inf) -> Told:
    """Play `count` histories, each with `strikes` faults, and check each database that they were played on."""
    began = time.monotonic()
    told = Told()
    apps: Sequence[Path | App] = (APP, next_release(plan.folder / "next"))
    for begin in range(0, count, ON_ONE_DATABASE):
        if time.monotonic() - began > time_s:
            break
        folder = plan.folder / str(begin)
        folder.mkdir()
        faults = Faults()
        stage = Stage(folder, faults, apps=apps)
        await stage.open()
        if begin == 0:
            loops.settled()
        for number in range(begin, min(begin + ON_ONE_DATABASE, count)):
            history = History(stage, plan.seed + SPREAD * number, faults=faults, strikes=strikes)
            try:
                await history.play()
            except Disagreement as error:
                told.violations.append(f"history {number}: {error}; faults {faults.struck}")
            told.took(history, faults)
        await stage.close()
        apps = stage.apps
        told.violations += [f"histories from {begin}: {each}" for each in check(evidence(stage))]
        _clear(folder)
    return told


def evidence(stage: Stage) -> Evidence:
    """What the checker gets to see of a stage."""
    return Evidence(stage.database_url, effects=stage.effects, acks=stage.acks, required=REQUIRED)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
