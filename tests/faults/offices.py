"""The whole bot under SIGKILL, with a Slack that outlives it: what people see is held against the ledger as well."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bot.sandbox import NotPossible, Sandbox
from tests.faults import points
from tests.faults.checker import Evidence, approval_of, check
from tests.faults.figures import Figure, Plan, histogram
from tests.faults.lives import APP
from tests.faults.points import Death
from tests.faults.sink import SINK, append, lines
from tests.faults.wiring import wire
from tests.journeys.bot_process import BotProcess

APPROVALS, RUNS, DEATHS, AT_ONCE = 450, 6, 6, 2
"""Approvals in all, runs on one database, how often its bot is killed, and databases at once."""
CHANNEL = "C0APPROVALS"
APPROVALS_OF_A_TRIAL = RUNS * 3 // 2
DEATH_POINTS = ("K8", "K9", "K8", "K9", "K8", "K9", "K1", "K5")
LIMIT_S = 120


def prepare(death: Death | None, sink: str) -> None:
    """Wire a bot's process and plan its death."""
    os.environ[SINK] = sink
    wire()
    points.plan(death)


class Trial:
    """One database, one Slack, and the bots that run on them one after the other."""

    def __init__(
        self, sandbox: Sandbox, folder: Path, *, number: int, seed: int, database: str, runs: int = RUNS
    ) -> None:
        self._sandbox = sandbox
        self._dice = random.Random(seed + number)  # noqa: S311 - a dice, not a secret
        self.sink, self.acks, self.hits = (folder / f"{number}.{name}" for name in ("sink", "acks", "hits"))
        self.database = database
        self._bot = BotProcess(sandbox, folder=folder, app=APP, database_url=database)
        self._runs = runs
        self.dies([self._dice.choice(DEATH_POINTS) for _ in range(DEATHS)])

    def dies(self, points_of_death: Sequence[str]) -> None:
        """Plan where its bots die, one after the other."""
        self._deaths = [Death(point, self._dice.randint(1, 6), self.hits) for point in points_of_death]

    async def run(self) -> None:
        """Have everything asked, decided and shown, however often the bot dies."""
        async with asyncio.timeout(LIMIT_S):
            await self._live()
            for number in range(self._runs):
                await self._start_run(number)
            while not await self._rests():
                await self._live()
                await self._click()
                await asyncio.sleep(0.02)
        self._bot.end()

    async def _rests(self) -> bool:
        """Say whether everything is done, and stays so for as long as a bot takes to show what it found."""
        for _ in range(20):
            if not (self._bot.is_alive and self._is_done()):
                return False
            await asyncio.sleep(0.05)
        return True

    async def _live(self) -> None:
        while not self._bot.is_alive:
            with suppress(AssertionError):  # it died before it was ready
                death = self._deaths.pop(0) if self._deaths else None
                await self._bot.start(first=partial(prepare, death, str(self.sink)))

    async def _start_run(self, number: int) -> None:
        workflow = ("gates", "order")[number % 2]
        while True:
            await self._live()
            with suppress(NotPossible):
                await self._sandbox.slash("rita", CHANNEL, f"/approvals start {workflow}")
                if self._sandbox.views("rita"):
                    ack = await self._sandbox.submit("rita", {"field:name": f"run {number}"})
                    if ack.error is None:
                        return
            while self._sandbox.views("rita"):
                await self._sandbox.close("rita")

    async def _click(self) -> None:
        for message in self._sandbox.messages(CHANNEL):
            approval_id = approval_of(message)
            if approval_id is None:
                continue
            ack = await self._sandbox.click("amy", CHANNEL, message["ts"], "approve", message=message)
            if ack.error is None:
                append(self.acks, {"approval": approval_id, "revision": 1, "verdict": "approve"})
            else:
                return

    def _is_done(self) -> bool:
        """A start whose ack was lost may have begun a run as well: each root has to have its end."""
        messages = self._sandbox.messages(CHANNEL)
        roots = [message for message in messages if message.get("thread_ts", message["ts"]) == message["ts"]]
        finished = [message for message in messages if message["text"].startswith("Finished")]
        return len(finished) == len(roots) >= self._runs and not any(map(approval_of, messages))

    def evidence(self) -> Evidence:
        """What the checker gets to see."""
        messages: list[Mapping[str, Any]] = list(self._sandbox.messages(CHANNEL))
        return Evidence(self.database, effects=self.sink, acks=self.acks, messages=messages)

    def died(self) -> Counter[str]:
        """Where the bots died."""
        return Counter(told["point"] for told in lines(self.hits))


def _trial(sandbox: Sandbox, plan: Plan, number: int) -> Trial:
    folder = plan.folder / str(number)
    folder.mkdir()
    database = f"sqlite:///{folder / 'assent.db'}"
    return Trial(sandbox, folder, number=number, seed=plan.seed, database=database)


async def measure(plan: Plan) -> list[Figure]:
    """Kill the whole bot, with messages on their way."""
    wanted = plan.of(APPROVALS)
    deaths, violations = Counter[str](), list[str]()
    numbers = iter(range(-(-wanted // APPROVALS_OF_A_TRIAL)))

    async def some() -> int:
        done = 0
        for number in numbers:
            async with Sandbox() as sandbox:
                trial = _trial(sandbox, plan, number)
                await trial.run()
                violations.extend(f"trial {number}: {sentence}" for sentence in check(trial.evidence()))
            deaths.update(trial.died())
            done += APPROVALS_OF_A_TRIAL
        return done

    approvals = sum(await asyncio.gather(*(some() for _ in range(AT_ONCE))))
    detail = f"{deaths.total():,} kills: {histogram(deaths)}"
    return [Figure("approvals in Slack under SIGKILL", approvals, violations, detail)]
