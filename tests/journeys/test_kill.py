"""SIGKILL at every window of the click's way, and a start afterwards: nothing lost, nothing decided twice.

The windows are those of docs/architecture.md, "One click through the rooms". Each test kills the real bot there,
starts it again on the same database and the same Slack, and looks at three things: what the ledger says, what the
graph did outside (a file), and what stands in Slack.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import Ack, Sandbox
from engine import Event, EventKind, RunStatus, RunView, open_desk
from tests.journeys.bot_process import BotProcess
from tests.waiting import eventually

APP = Path(__file__).parent / "effects_app" / "langgraph.json"  # small, since every life loads it
CHANNEL = "C0APPROVALS"
RANDOM_KILLS = 12


@dataclass
class Scene:
    """One run of the graph `effects` (two questions, then a payment) and a bot that dies on the way."""

    sandbox: Sandbox
    bot: BotProcess
    folder: Path
    database_url: str

    async def start_run(self) -> Ack:
        """Rita starts the run."""
        await self.sandbox.slash("rita", CHANNEL, "/approvals start effects")
        values = {"field:sink": str(self.folder / "sink"), "field:deaths": str(self.folder)}
        return await self.sandbox.submit("rita", values)

    async def card(self, text: str) -> dict[str, Any]:
        """Wait for the card of this question with its buttons."""
        return await self.sandbox.until(lambda: self._live(text), timeout_s=20)

    async def approve(self, text: str, *, user: str = "amy") -> Ack:
        card = await self.card(text)
        return await self.sandbox.click(user, CHANNEL, card["ts"], "approve", message=card)

    def dies(self, place: str) -> None:
        """Have the graph kill the process at this place, once."""
        (self.folder / place).touch()

    async def finish(self) -> None:
        """Answer whatever still waits, as an approver would, until the thread says that the run has finished."""
        await eventually(self._answer_what_waits, timeout_s=30)

    async def _answer_what_waits(self) -> bool:
        for text in ("First?", "Second?"):
            if card := self._live(text):
                await self.sandbox.click("amy", CHANNEL, card["ts"], "approve", message=card)
        return any("Finished" in line for line in self.lines())

    def _live(self, text: str) -> dict[str, Any] | None:
        cards = [m for m in self.sandbox.messages(CHANNEL) if _buttons(m) and text in str(m["blocks"])]
        return cards[0] if cards else None

    def lines(self) -> list[str]:
        return [m["text"] for m in self.sandbox.messages(CHANNEL) if m.get("thread_ts", m["ts"]) != m["ts"]]

    async def ledger(self) -> RunView:
        """Return the one run, as the database has it."""
        async with open_desk(database_url=self.database_url, app=APP, drives=False) as desk:
            await desk.verify()
            (run,) = await desk.recent()
            return await desk.run(run.id)

    async def check(self, *, paid: int = 1) -> RunView:
        """Finish, and hold ledger, effect and Slack against each other."""
        await self.finish()
        await self.sandbox.until(self._is_settled, timeout_s=20)
        run = await self.ledger()
        counts = Counter(event.kind.value for event in _shown(run))
        assert run.status is RunStatus.FINISHED
        assert counts == {"started": 1, "asked": 2, "decided": 2, "resumed": 2, "finished": 1}
        assert (run.result["first"], run.result["second"]) == (True, True)
        assert (self.folder / "sink").read_text().splitlines() == ["paid"] * paid
        self._check_slack(run)
        return run

    def _is_settled(self) -> bool:
        """No button is left, and the root says so too."""
        messages = self.sandbox.messages(CHANNEL)
        return not any(_buttons(m) for m in messages) and "Finished" in messages[0]["text"]

    def _check_slack(self, run: RunView) -> None:
        """One root, one card a question, one line an event, in order; nothing twice."""
        messages = self.sandbox.messages(CHANNEL)
        root, replies = messages[0], messages[1:]
        assert all(reply["thread_ts"] == root["ts"] for reply in replies), self.sandbox.screen()
        texts = [reply["text"] for reply in replies]
        assert len(replies) == len(_shown(run)) + len(run.approvals), texts
        assert len(set(texts)) >= len(texts) - 4  # two rounds of asking have some equal sentences


def _shown(run: RunView) -> list[Event]:
    """Return the events that have a line; a second press while the card is on its way to be updated has none."""
    return [event for event in run.events if event.kind is not EventKind.REFUSED]


def _buttons(message: dict[str, Any]) -> list[str]:
    return [
        element["action_id"]
        for block in message.get("blocks") or []
        if block["type"] == "actions"
        for element in block["elements"]
    ]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack that outlives every bot."""
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def scene(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene on SQLite; its bot is not started yet."""
    url = f"sqlite:///{tmp_path}/assent.db"
    bot = BotProcess(sandbox, folder=tmp_path, app=APP, database_url=url)
    yield Scene(sandbox, bot, tmp_path, url)
    bot.end()


@pytest.fixture
async def postgres_scene(sandbox: Sandbox, tmp_path: Path, postgres_url: str) -> AsyncIterator[Scene]:
    """A scene on PostgreSQL; its bot is not started yet."""
    bot = BotProcess(sandbox, folder=tmp_path, app=APP, database_url=postgres_url)
    yield Scene(sandbox, bot, tmp_path, postgres_url)
    bot.end()


async def test_window_1_before_anything_is_decided(scene: Scene) -> None:
    """The person sees an error, nothing is decided, and a second click works."""
    await scene.bot.start()
    await scene.start_run()
    card = await scene.card("First?")
    scene.sandbox.faults.next("users.info", delay_s=20)
    click = asyncio.create_task(scene.sandbox.click("amy", CHANNEL, card["ts"], "approve", message=card))
    await scene.sandbox.until(lambda: scene.sandbox.faults.pending == 0)
    await scene.bot.kill()
    assert (await click).error
    assert [event.kind.value for event in (await scene.ledger()).events] == ["started", "asked"]
    await scene.bot.start()
    await scene.check()


@pytest.mark.parametrize(
    ("action", "is_seen"),
    [("run started", False), ("asked", True), ("card posted", True)],
)
async def test_windows_of_a_start(scene: Scene, action: str, is_seen: bool) -> None:
    """A run that was committed goes on, though its requester may have seen an error or nothing in the channel."""
    await scene.bot.start(dies_at=action)
    ack = await scene.start_run()
    await scene.bot.died()
    assert is_seen or ack.error
    await scene.bot.start()
    await scene.check()


@pytest.mark.parametrize("action", ["decided", "resumed"])
async def test_windows_3_and_6_right_after_a_commit(scene: Scene, action: str) -> None:
    """Decided but neither acknowledged nor resumed; resumed but not shown: the next start does what is left."""
    await scene.bot.start(dies_at=action)
    await scene.start_run()
    ack = await scene.approve("First?")
    assert ack.error or action == "resumed"
    await scene.bot.died()
    await scene.bot.start()
    run = await scene.check()
    assert {approval.decision.actor_id for approval in run.approvals if approval.decision} == {"U0AMY"}


async def test_window_4_right_after_the_ack(scene: Scene) -> None:
    """An acknowledged click is a committed row."""
    await scene.bot.start()
    await scene.start_run()
    ack = await scene.approve("First?")
    await scene.bot.kill()
    assert ack.error is None
    assert [event.kind.value for event in (await scene.ledger()).events][2] == "decided"
    await scene.bot.start()
    await scene.check()


@pytest.mark.parametrize(
    ("place", "paid"),
    [("in the resumed node", 1), ("before the effect", 1), ("after the effect", 2), ("in the next node", 1)],
)
async def test_window_5_while_the_graph_runs(scene: Scene, place: str, paid: int) -> None:
    """The graph goes on from its last checkpoint; a node that was cut off after its effect runs again.

    No checkpointer can tell a node that died before its effect from one that died after it: effects are at
    least once, decisions are not.
    """
    scene.dies(place)
    await scene.bot.start()
    await scene.start_run()
    await scene.approve("First?")
    if place != "in the resumed node":
        await scene.approve("Second?", user="ben")
    await scene.bot.died()
    await scene.bot.start()
    await scene.check(paid=paid)


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_window_7_slack_has_it_but_nobody_wrote_it_down(scene: Scene, method: str) -> None:
    """A message that Slack took while the process died is found again by its metadata, not posted twice."""
    await scene.bot.start()
    if method == "chat.postMessage":
        scene.sandbox.faults.next(method, cut="after")
        await scene.start_run()
    else:
        await scene.start_run()
        await scene.card("First?")
        scene.sandbox.faults.next(method, cut="after")
        await scene.approve("First?")
    await scene.sandbox.until(lambda: scene.sandbox.faults.pending == 0)
    await scene.bot.kill()
    await scene.bot.start()
    await scene.check()


async def test_a_card_that_slack_has_but_nobody_wrote_down_is_adopted(scene: Scene) -> None:
    """The same for a reply in the thread: the card itself."""
    await scene.bot.start()
    scene.sandbox.faults.next(
        "chat.postMessage", times=3
    )  # root, "started" and "asked" take their usual course
    scene.sandbox.faults.next("chat.postMessage", cut="after")
    await scene.start_run()
    await scene.sandbox.until(lambda: scene.sandbox.faults.pending == 0)
    await scene.bot.kill()
    await scene.bot.start()
    await scene.check()


async def test_dying_again_while_recovering(scene: Scene) -> None:
    """Recovery is the same code as the click, so dying in it is no special case."""
    await scene.bot.start(dies_at="decided")
    await scene.start_run()
    await scene.approve("First?")
    await scene.bot.died()
    for action in ("resumed", "card posted"):
        await scene.bot.start(dies_at=action, is_ready=False)
        await scene.bot.died()
    await scene.bot.start()
    await scene.check()


async def test_dying_while_the_tables_are_made(scene: Scene) -> None:
    """A first start that is cut off anywhere leaves nothing that hinders the second one."""
    for seed in range(3):
        await scene.bot.start(is_ready=False)
        await asyncio.sleep(random.Random(seed).uniform(0.2, 0.9))  # noqa: S311 - any moment of the start will do
        await scene.bot.kill()
    await scene.bot.start()
    await scene.start_run()
    await scene.check()


@pytest.mark.parametrize("seed", range(RANDOM_KILLS))
async def test_at_a_random_moment_after_the_click(scene: Scene, seed: int) -> None:
    """Wherever it dies in the first 60 ms after a click, every acknowledged decision stands, and once."""
    await scene.bot.start()
    await scene.start_run()
    card = await scene.card("First?")
    click = asyncio.create_task(scene.sandbox.click("amy", CHANNEL, card["ts"], "approve", message=card))
    await asyncio.sleep(random.Random(seed).uniform(0, 0.06))  # noqa: S311 - the moment is what is tried out
    await scene.bot.kill()
    ack = await click
    kinds = [event.kind.value for event in (await scene.ledger()).events]
    assert ack.error or "decided" in kinds
    await scene.bot.start()
    await scene.check()


@pytest.mark.parametrize("action", ["decided", "resumed"])
async def test_the_same_on_postgresql(postgres_scene: Scene, action: str) -> None:
    """Locks of a killed process are free at once, and the next one goes on."""
    await postgres_scene.bot.start(dies_at=action)
    await postgres_scene.start_run()
    await postgres_scene.approve("First?")
    await postgres_scene.bot.died()
    await postgres_scene.bot.start()
    await postgres_scene.check()
