"""Slack as the witness of the audit trail: what a thread shows, and what a bot finds at its start."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from bot.main import Running, running
from bot.sandbox import Sandbox
from engine import Actor, ApprovalStatus
from engine.database import Database
from engine.tables import audit as table
from tests.bot.standing import CHANNEL, Standing, settings, write_app
from tests.engine.desk_driver import open_bench
from tests.engine.test_anchors import rows_of, sealed_anew
from tests.journeys.reading import words
from tests.waiting import eventually


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A Slack that outlives every bot."""
    async with Sandbox() as made:
        yield made


@asynccontextmanager
async def started(sandbox: Sandbox, folder: Path, *, accepted: Sequence[str] = ()) -> AsyncIterator[Standing]:
    """Start a bot on the database of a folder."""
    plain = settings(sandbox, folder, mode="http")
    given = {"assent_accepted_anchors": ",".join(accepted) or None}
    async with running(plain.model_copy(update=given)) as bot:
        sandbox.deliver_to(bot.slack_url)
        yield Standing(sandbox=sandbox, bot=bot)


async def decided(at: Standing) -> str:
    """Have a request approved, and return the anchor in its thread once the run has ended."""
    card = await at.card()
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    thread = card["thread_ts"]
    await at.sandbox.until(lambda: ended(at.sandbox, card))
    shown = words([each["blocks"] for each in at.sandbox.thread(CHANNEL, thread)])
    (anchor,) = re.findall(r"Audit anchor (\d+:[0-9a-f]{16})$", shown, re.MULTILINE)
    return str(anchor)


def ended(sandbox: Sandbox, card: dict[str, Any]) -> bool:
    """Say whether the thread of a card tells the end of its run."""
    return "Finished" in sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"]


async def looked(sandbox: Sandbox) -> None:
    """Wait until the bot that has just started has looked through the channel."""
    before = len(sandbox.transcript)
    await sandbox.until(
        lambda: [each for each in sandbox.transcript[before:] if each.method == "conversations.history"]
    )


async def trail(bot: Running) -> dict[str, Any]:
    """Ask a bot how its trail is."""
    async with aiohttp.ClientSession() as session, session.get(f"{bot.url}/readyz") as response:
        report: dict[str, Any] = (await response.json())["checks"]["trail"]
        return report


async def is_broken(bot: Running) -> str:
    """Wait until a bot says that its trail is broken, and return the sentence."""

    async def told() -> bool:
        return not (await trail(bot))["ok"]

    await eventually(told, timeout_s=10)
    return str((await trail(bot))["sentence"])


async def test_t28_the_thread_carries_the_anchor_of_each_decision(sandbox: Sandbox, tmp_path: Path) -> None:
    """The line of a decision names its audit entry, and the card carries the whole seal unseen."""
    async with started(sandbox, tmp_path) as at:
        anchor = await decided(at)
        run = await at.only_run()
        (entry,) = [each for each in run.events if each.kind.value == "decided"]
        assert anchor == f"{entry.seq}:{entry.seal[:16]}"
        carried = [
            each.args["metadata"]["event_payload"]
            for each in sandbox.transcript
            if each.method == "chat.update" and "anchor" in str(each.args.get("metadata"))
        ]
        assert {each["anchor"] for each in carried} == {f"{entry.seq}:{entry.seal}"}
        assert (await trail(at.bot))["ok"]


async def test_t28_a_trail_sealed_anew_is_found_at_the_start(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever changes who decided, and seals the rest anew, is found out by the cards that stand in Slack."""
    async with started(sandbox, tmp_path) as at:
        anchor = await decided(at)
    database = Database(f"sqlite:///{tmp_path / 'assent.db'}")
    rows = await rows_of(database)
    forged = sealed_anew([{**row, "actor_id": row["actor_id"] and "U0EVE"} for row in rows])
    async with database.transaction() as tx:
        for row in forged:
            await tx.execute(update(table).where(table.c.seq == row["seq"]).values(**row))
    await database.close()
    caplog.set_level(logging.ERROR)
    async with started(sandbox, tmp_path) as at:
        assert anchor in await is_broken(at.bot)
        assert await at.desk.verify() == len(rows)
        assert anchor in caplog.text


async def test_f26_a_database_restored_from_an_older_copy_is_found_at_the_start(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A copy taken before the latest decision does not know what Slack shows, and the bot is not ready."""
    async with started(sandbox, tmp_path) as at:
        await decided(at)
    shutil.copy(tmp_path / "assent.db", tmp_path / "copy.db")
    async with started(sandbox, tmp_path) as at:
        anchor = await decided(at)
        assert (await trail(at.bot))["ok"]
    shutil.copy(tmp_path / "copy.db", tmp_path / "assent.db")
    async with started(sandbox, tmp_path) as at:
        assert anchor in await is_broken(at.bot)
        await at.sandbox.slash("U0RITA", CHANNEL, "/approvals start pay-out")
        refused = await at.sandbox.submit("U0RITA", {"field:amount": "120"})
        assert "The records do not fit what Slack shows" in str(refused)
        assert len(await at.desk.recent()) == 1


async def test_f26_nothing_is_carried_on_before_slack_was_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    """What the copy has as decided and not yet carried out was carried out since: it is not done a second time."""
    url, copy = f"sqlite:///{tmp_path / 'assent.db'}", tmp_path / "copy.db"
    async with started(sandbox, tmp_path) as at:
        first, second = await at.card(), await at.card()
        waiting = await at.desk.recent()
    async with open_bench(url, app=write_app(tmp_path)) as bench:
        (run,) = [each for each in waiting if each.id in str(first)]
        await bench.driver.decide(run, actor=Actor("U0DORA", "Dora"))
    shutil.copy(tmp_path / "assent.db", copy)
    async with started(sandbox, tmp_path) as at:
        await at.sandbox.click("U0AMY", CHANNEL, second["ts"], "approve")
        await sandbox.until(lambda: all(ended(sandbox, each) for each in (first, second)))
    shutil.copy(copy, tmp_path / "assent.db")
    sandbox.faults.next("conversations.history", delay_s=0.5)
    async with started(sandbox, tmp_path) as at:
        await is_broken(at.bot)
        (left,) = (await at.desk.run(run.id)).approvals
        assert left.status is ApprovalStatus.DECIDED


async def test_f26_what_was_lost_can_be_given_up(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With just the anchors that the log names the bot works again, and says at each start what it does without."""
    async with started(sandbox, tmp_path) as at:
        await decided(at)
    shutil.copy(tmp_path / "assent.db", tmp_path / "copy.db")
    async with started(sandbox, tmp_path) as at:
        lost = [await decided(at) for _ in range(4)]
    shutil.copy(tmp_path / "copy.db", tmp_path / "assent.db")
    async with started(sandbox, tmp_path) as at:
        assert lost[0] in await is_broken(at.bot)
    assert f"All of them: {','.join(lost)}" in caplog.text
    async with started(sandbox, tmp_path, accepted=lost[:3]) as at:
        assert lost[3] in await is_broken(at.bot)
    async with started(sandbox, tmp_path, accepted=lost) as at:
        await looked(sandbox)
        await decided(at)
        assert (await trail(at.bot))["ok"]
    assert f"Given up by ASSENT_ACCEPTED_ANCHORS: {','.join(lost)}" in caplog.text


async def test_a_new_database_in_an_old_channel_is_no_trouble(sandbox: Sandbox, tmp_path: Path) -> None:
    """Cards of another database, and what other people write, witness nothing of this one."""
    async with started(sandbox, tmp_path) as at:
        await decided(at)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    async with running(settings(sandbox, elsewhere, mode="http")) as bot:
        await looked(sandbox)
        assert (await trail(bot))["ok"]
        assert await bot.desk.verify() == 0


async def test_a_channel_that_cannot_be_read_is_left_out(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack failing to say what it shows is logged, and the bot works."""
    sandbox.faults.next("conversations.history", status=500)
    async with started(sandbox, tmp_path) as at:
        await decided(at)
        assert "could not be compared" in caplog.text
        assert (await trail(at.bot))["ok"]
