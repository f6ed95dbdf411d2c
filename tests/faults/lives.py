"""One life of a process: it takes up what the last one left, lets people decide, and dies on the way."""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import (
    Actor,
    ApprovalStatus,
    ApprovalView,
    Choice,
    Desk,
    Refused,
    RunStatus,
    RunView,
    Seen,
    open_desk,
)
from tests.faults import loops, points
from tests.faults.checker import Evidence
from tests.faults.points import Death, reached
from tests.faults.sink import SINK, append
from tests.faults.wiring import wire

APP = Path(__file__).parent / "app" / "langgraph.json"
RITA, AMY, BEN = Actor("U0RITA", "Rita"), Actor("U0AMY", "Amy"), Actor("U0BEN", "Ben")
WORKFLOWS = ("gates", "order", "fan")
QUESTIONS = {"gates": 2, "order": 1, "fan": 3}
LIMIT_S = 60


@dataclass(frozen=True)
class Batch:
    """Some runs on one database, to be brought to their end by one process after the other."""

    seed: int
    runs: int
    database: str
    sink: Path
    acks: Path
    hits: Path

    def workflow(self, number: int) -> str:
        return WORKFLOWS[(self.seed + number) % len(WORKFLOWS)]

    @property
    def evidence(self) -> Evidence:
        """What the checker gets to see of it."""
        return Evidence(self.database, effects=self.sink, acks=self.acks)

    @property
    def questions(self) -> int:
        """How many questions its runs ask."""
        return sum(QUESTIONS[self.workflow(number)] for number in range(self.runs))


def wants(name: str, question: str) -> bool:
    """Say what people think of a question: most are approved. The same in every life."""
    return random.Random(f"{name} {question}").random() < 0.7  # noqa: S311 - a dice, not a secret


def live(batch: Batch, death: Death | None) -> None:
    """Live once; returns only when every run has ended."""
    os.environ[SINK] = str(batch.sink)
    wire()
    loops.run(_live(batch, death))


async def _live(batch: Batch, death: Death | None) -> None:
    points.plan(death)
    async with asyncio.timeout(LIMIT_S), open_desk(database_url=batch.database, app=APP) as desk:
        changes: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

        async def changed(run_id: str) -> None:
            changes[run_id].set()

        desk.on_change(changed)
        await desk.recover()
        sweep = asyncio.create_task(_sweep(desk))
        runs = [await _started(desk, batch, number) for number in range(batch.runs)]
        await asyncio.gather(*(_brought_to_its_end(desk, batch, run, changes[run.id]) for run in runs))
        sweep.cancel()


async def _sweep(desk: Desk) -> None:
    """Recover every second, as the bot's sweeper does: PostgreSQL takes a moment to free a dead process's locks."""
    while True:
        await asyncio.sleep(1)
        await desk.recover()


async def _started(desk: Desk, batch: Batch, number: int) -> RunView:
    name = f"{batch.seed}:{number}"
    return await desk.start(batch.workflow(number), entries={"name": name}, actor=RITA, request_key=name)


async def _brought_to_its_end(desk: Desk, batch: Batch, run: RunView, changed: asyncio.Event) -> None:
    while True:
        changed.clear()  # before the look: what changes meanwhile is looked at again
        run = await desk.run(run.id)
        if run.status not in (RunStatus.RUNNING, RunStatus.WAITING):
            return
        for approval in run.approvals:
            if approval.status is not ApprovalStatus.PENDING:
                continue
            await _click(desk, batch, run, approval)
        with suppress(TimeoutError):  # another process tells nobody here what it has done
            async with asyncio.timeout(1):
                await changed.wait()


async def _click(desk: Desk, batch: Batch, run: RunView, approval: ApprovalView) -> None:
    """Decide as a person would whose ack is written down; every fourth person clicks twice."""
    is_wanted = wants(run.input["name"], approval.question.shown["question"])
    choice = Choice("approve") if is_wanted else Choice("reject", reason="No")
    seen = Seen(approval.id, approval.revision, approval.digest)
    twice = random.Random(f"{approval.id}").random() < 0.25  # noqa: S311 - a dice
    for actor in (AMY, BEN) if twice else (AMY,):
        try:
            await desk.decide(seen, actor=actor, choice=choice)
        except Refused:
            continue
        reached("K2")
        append(batch.acks, {"approval": approval.id, "revision": approval.revision, "verdict": choice.option})
        reached("K3")
