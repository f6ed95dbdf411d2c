"""The whole bot: it starts without Slack, goes on after a restart, and says when it cannot listen."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.main import CannotStart, running, serve
from bot.sandbox import Sandbox
from bot.sweeper import Sweeper
from bot.terminal import Lines
from engine import EventKind, RunStatus
from tests.bot.standing import CHANNEL, Standing, settings, standing


async def test_a_restart_takes_up_what_was_left(tmp_path: Path) -> None:
    """A card posted by one process is decided with the next one, and the run ends."""
    async with Sandbox() as sandbox:
        made = settings(sandbox, tmp_path, mode="http")
        async with running(made) as bot:
            sandbox.deliver_to(bot.slack_url)
            card = await Standing(sandbox=sandbox, bot=bot).card()
        async with running(made) as bot:
            sandbox.deliver_to(bot.slack_url)
            await sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
            await sandbox.until(lambda: "Finished" in sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"])
            (run,) = await bot.desk.recent()
            assert run.status is RunStatus.FINISHED


async def test_what_is_loaded_is_not_looked_through_for_garbage(tmp_path: Path) -> None:
    """Two hundred thousand objects stay as long as the bot; each full collection would hold up the clicks."""
    frozen = []

    def ready(_: object) -> None:
        frozen.append(gc.get_freeze_count())
        os.kill(os.getpid(), signal.SIGTERM)

    async with Sandbox() as sandbox:
        try:
            await serve(settings(sandbox, tmp_path, mode="http"), on_ready=ready)
        finally:
            gc.unfreeze()
    assert frozen[0] > 100_000


async def test_f20_a_stop_with_clicks_in_flight_loses_none_that_was_answered(tmp_path: Path) -> None:
    """Ten clicks under way when the bot stops: whatever was acknowledged is decided and comes to its end."""
    async with Sandbox() as sandbox:
        made = settings(sandbox, tmp_path, mode="http")
        async with running(made) as bot:
            sandbox.deliver_to(bot.slack_url)
            at = Standing(sandbox=sandbox, bot=bot)
            cards = [await at.card(amount=n) for n in range(10)]
            clicks = [
                asyncio.create_task(sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")) for card in cards
            ]
            await asyncio.wait(clicks, return_when=asyncio.FIRST_COMPLETED)
        acks = await asyncio.gather(*clicks)
        taken = [card for card, ack in zip(cards, acks, strict=True) if ack.error is None]
        assert taken
        async with running(made) as bot:
            for card in taken:
                await sandbox.until(partial(_has_ended, sandbox, card))
            runs = [await bot.desk.run(run.id) for run in await bot.desk.recent()]
        decided = [event for run in runs for event in run.events if event.kind is EventKind.DECIDED]
        assert len(decided) >= len(taken)
        assert len({event.run_id for event in decided}) == len(decided)


def _has_ended(sandbox: Sandbox, card: dict[str, Any]) -> bool:
    return "Finished" in sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"]


async def test_without_slack_it_starts_and_is_not_ready(tmp_path: Path) -> None:
    """While Slack cannot be reached the process lives, says that it is not ready, and is ready once Slack answers."""
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        sandbox.faults.next("auth.test", status=500, times=2)
        async with running(settings(sandbox, tmp_path, mode="http")) as bot:
            async with session.get(f"{bot.url}/readyz") as response:
                report = await response.json()
                assert (response.status, report["checks"]["slack"]["ok"]) == (503, False)
            async with asyncio.timeout(10):
                await sandbox.until(
                    lambda: [call for call in sandbox.transcript if (call.response or {}).get("ok")]
                )
                while response.status != 200:
                    async with session.get(f"{bot.url}/readyz") as response:
                        pass


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """An address that is in use ends the start with a sentence that names it and the keys."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with Sandbox() as sandbox:
            made = settings(sandbox, tmp_path, mode="http").model_copy(update={"assent_port": port})
            with pytest.raises(CannotStart, match=rf"127\.0\.0\.1:{port} \(ASSENT_HOST, ASSENT_PORT\)"):
                async with running(made):
                    pass


async def test_events_are_logged_with_ids_and_without_values(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each step of a run is one readable line; no entered value, reason or result is in the log."""
    caplog.set_level(logging.DEBUG, logger="assent")
    async with standing(tmp_path) as at:
        card = await at.card(amount=987654321)
        await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "reject")
        await at.sandbox.submit("U0AMY", {"reason": "hush-hush"})
        await at.sandbox.until(
            lambda: "Finished" in at.sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"]
        )
        run = await at.only_run()
    lines = [Lines().format(record) for record in caplog.records if record.name == "assent"]
    told = [line[10:] for line in lines if run.id in line]
    assert [line.split("  ")[0] for line in told] == [
        "run started",
        "asked",
        "card posted",
        "decided",
        "resumed",
        "finished",
    ]
    assert told[0].endswith("by Rita Requester")
    assert told[3].endswith("rejected by Amy Approver")
    assert "hush-hush" not in caplog.text
    assert "987654321" not in "\n".join(lines)


class FailingDesk:
    """A desk whose database is away for the first rounds."""

    def __init__(self, *, failures: int) -> None:
        self.failures = failures
        self.calls: list[str] = []
        self.went_round = asyncio.Event()
        self.drafts = self.deliveries = self
        self.witnessed = self
        self.is_halted = False

    async def recover(self) -> None:
        self.calls.append("recover")
        self.failures -= 1
        if self.failures >= 0:
            raise RuntimeError("hush-hush")

    async def expire(self) -> None:
        self.calls.append("expire")

    async def wake_behind(self) -> None:
        self.calls.append("wake_behind")

    async def drop_old(self) -> None:
        self.calls.append("drop_old")
        self.went_round.set()


async def test_the_sweep_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """A step that fails is logged by its name and type, and the other steps still have their turn."""
    desk = FailingDesk(failures=1)
    sweeper = Sweeper(desk, wake_behind=desk.wake_behind)  # type: ignore[arg-type]  # these verbs are all that it uses
    await sweeper.sweep()
    await sweeper.sweep()
    assert desk.calls == ["recover", "expire", "wake_behind", "drop_old", "drop_old"] * 2
    assert "could not recover: RuntimeError" in caplog.text
    assert "hush-hush" not in caplog.text
    assert sweeper.is_going()
