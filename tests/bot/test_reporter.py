"""The progress of runs in Slack: below the line that set the run going, within Slack's limits, gone at the rest."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.mirror import Mirror
from bot.pace import Pace
from bot.reporter import BURST, PER_MINUTE, Reporter
from bot.sandbox import Sandbox
from bot.slack import open_progress_slack, open_slack
from engine import Actor, ApprovalStatus, Choice, Desk, RunView, Seen, open_desk
from tests.bot.slow import slow_answers
from tests.waiting import eventually

APP = Path(__file__).parent.parent / "app" / "langgraph.json"
CHANNEL = "C0APPROVALS"
RITA, AMY = Actor(id="U0RITA", name="Rita Requester"), Actor(id="U0AMY", name="Amy Approver")


class Clock:
    """A monotonic clock that stands still until it is moved."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Stage:
    """A desk on the slow graph, a sandbox, and a mirror and reporter that are called by the test alone."""

    def __init__(self, desk: Desk, sandbox: Sandbox, mirror: Mirror, folder: Path) -> None:
        self.desk, self.sandbox, self.mirror, self.folder = desk, sandbox, mirror, folder
        self.clock = Clock()
        self.reporter = Reporter(mirror, desk=desk, monotonic=self.clock)

    async def start(self, key: str = "k1") -> RunView:
        """Start a run, show it, and wait until it has progress to tell."""
        (self.folder / key).mkdir()
        entries = {"folder": str(self.folder / key)}
        run = await self.desk.start("slow", entries=entries, actor=RITA, request_key=key)
        await self.mirror.catch_up(run.id)
        return await self.until(run, lambda now: now.progress is not None and now.progress.lines)

    async def until(self, run: RunView, holds: Any) -> RunView:
        """Wait until this holds of the run."""

        async def look() -> RunView | None:
            now = await self.desk.run(run.id)
            return now if holds(now) else None

        return await eventually(look)

    async def asks(self, run: RunView, key: str = "k1") -> RunView:
        """Let the run go on until it asks."""
        for name in ("searched", "dug"):
            (self.folder / key / name).touch()
        return await self.until(run, lambda now: now.approvals)

    async def is_behind(self) -> bool:
        """Say whether the desk takes some run for not yet shown."""
        heard = asyncio.Event()

        async def hear(_run_id: str) -> None:
            heard.set()

        self.desk.on_change(hear)
        await self.desk.wake_behind()
        try:
            await asyncio.wait_for(heard.wait(), 0.1)  # the handler is called 5 ms after the commit
        except TimeoutError:
            return False
        return True

    def line(self, number: int = 1) -> str:
        """Return all of the thread's message with this number, the root being 0."""
        return json.dumps(self.sandbox.messages(CHANNEL)[number]["blocks"], ensure_ascii=False)

    def updates(self) -> int:
        """Count the calls of chat.update so far."""
        return sum(call.method == "chat.update" for call in self.sandbox.transcript)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage whose nodes are let go in the end, whatever the test came to."""
    async with (
        Sandbox() as sandbox,
        open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client,
        open_progress_slack(sandbox.bot_token, base_url=sandbox.api_url) as progress_client,
        open_desk(database_url=f"sqlite:///{tmp_path}/a.db", app=APP) as desk,
    ):
        folder = tmp_path / "free"
        folder.mkdir()
        try:
            mirror = Mirror(client, progress_client=progress_client, desk=desk, pace=Pace(per_s=None))
            yield Stage(desk, sandbox, mirror, folder)
        finally:
            for run in folder.iterdir():
                for name in ("searched", "dug", "reported"):
                    (run / name).touch()


async def test_progress_stands_below_the_line_and_goes_at_the_rest(stage: Stage) -> None:
    """One update shows the node and what it streams, as plain text; the question's own update takes it away."""
    run = await stage.start()
    assert "Now running" not in stage.line()
    before = stage.updates()
    await stage.reporter.report()
    assert stage.updates() == before + 1
    for part in ("Now running", "search", "page: 7, of: 7", "*reading* <!channel>"):
        assert part in stage.line()
    assert "mrkdwn" not in stage.line()
    await stage.asks(run)
    await stage.mirror.catch_up(run.id)
    assert "Now running" not in stage.line()
    assert "Started" in stage.line()
    posts = len(stage.sandbox.messages(CHANNEL))
    assert posts == 4  # the root, two lines, the card


async def test_after_a_decision_it_stands_below_that(stage: Stage) -> None:
    """The line of the decision shows how the run goes on, and the end is on the last card itself."""
    run = await stage.start()
    run = await stage.asks(run)
    (asked,) = run.approvals
    await stage.desk.decide(Seen(asked.id, asked.revision, asked.digest), actor=AMY, choice=Choice("approve"))
    await stage.until(run, lambda now: now.progress is not None and "report" in now.progress.nodes)
    await stage.mirror.catch_up(run.id)
    assert "Now running" in stage.line(4)
    assert "report" in stage.line(4)
    assert "Now running" not in stage.line(1)
    (stage.folder / "k1" / "reported").touch()
    run = await stage.until(run, lambda now: now.ended_at)
    assert run.approvals[0].status is ApprovalStatus.RESUMED
    await stage.mirror.catch_up(run.id)
    assert "Now running" not in stage.line(4)
    assert "Finished" in stage.line(3)
    assert "a bicycle" in stage.line(3)


async def test_what_did_not_change_is_not_sent_again(stage: Stage) -> None:
    """However often the loop goes round, the same progress is one call."""
    await stage.start()
    before = stage.updates()
    for _ in range(5):
        stage.clock.now_s += 1
        await stage.reporter.report()
    assert stage.updates() == before + 1


async def test_a_crash_leaves_nothing_to_clean_up(stage: Stage) -> None:
    """Another process, which knows of no progress, draws the line without it as soon as the run changes."""
    run = await stage.start()
    await stage.reporter.report()
    assert "Now running" in stage.line()
    async with open_slack(stage.sandbox.bot_token, base_url=stage.sandbox.api_url) as client:
        await stage.asks(run)
        other = Mirror(client, progress_client=client, desk=stage.desk, pace=Pace())
        await other.catch_up(run.id)
    assert "Now running" not in stage.line()


async def test_progress_that_comes_after_what_another_process_showed_is_taken_away(stage: Stage) -> None:
    """It was on its way when the run came to rest, and the other process knows nothing of it."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.update", delay_s=0.5)
    telling = asyncio.create_task(stage.reporter.report())
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    async with open_slack(stage.sandbox.bot_token, base_url=stage.sandbox.api_url) as client:
        await stage.asks(run)
        await Mirror(client, progress_client=client, desk=stage.desk, pace=Pace(per_s=None)).catch_up(run.id)
        assert not await stage.is_behind()
    assert not telling.done()
    await telling
    assert "Now running" not in stage.line()
    assert not await stage.is_behind()


async def test_progress_that_is_answered_while_cards_are_posted_is_taken_away(stage: Stage) -> None:
    """The line had been shown anew by then, and Slack carried the progress out after that."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.update", delay_s=0.4)
    telling = asyncio.create_task(stage.reporter.report())
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    await stage.asks(run)
    stage.sandbox.faults.next("chat.postMessage", delay_s=0.8)
    showing = asyncio.create_task(stage.mirror.catch_up(run.id))
    await asyncio.wait([telling], timeout=0.7)
    assert "Now running" in stage.line()
    await asyncio.gather(showing, telling)
    assert "Now running" not in stage.line()


async def test_progress_that_comes_while_another_process_shows_the_line_is_taken_away(stage: Stage) -> None:
    """That process has not heard yet that its update was carried out, so nothing tells of it."""
    run = await stage.start()
    await stage.reporter.report()
    stage.sandbox.faults.next("chat.update", delay_s=0.4)
    telling = asyncio.create_task(stage.mirror.show_progress(run.id))
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    async with open_slack(stage.sandbox.bot_token, base_url=stage.sandbox.api_url) as client:
        await stage.asks(run)
        slow = slow_answers(client, "chat_update", "Started", by_s=0.8)
        other = Mirror(slow, progress_client=client, desk=stage.desk, pace=Pace(per_s=None))
        showing = asyncio.create_task(other.catch_up(run.id))
        await telling
        assert "Now running" in stage.line()
        await showing
    assert "Now running" not in stage.line()


async def test_many_runs_share_what_slack_allows() -> None:
    """Three runs that stream without end have 30 updates a minute together, one a second at most, in turn."""
    changes, shown, clock = 0, list[str](), Clock()

    class Endless:
        """Runs that always have something new to tell."""

        @property
        def underway(self) -> dict[str, int]:
            nonlocal changes
            changes += 1
            return dict.fromkeys("abc", changes)

    class Shown:
        """Takes down what would be shown."""

        async def show_progress(self, run_id: str) -> bool:
            shown.append(run_id)
            return True

    reporter = Reporter(Shown(), desk=Endless(), monotonic=clock)  # type: ignore[arg-type]
    for _ in range(600):
        clock.now_s += 1
        before = len(shown)
        await reporter.report()
        assert len(shown) <= before + 1
    assert 10 * PER_MINUTE <= len(shown) <= 10 * PER_MINUTE + BURST
    assert {run_id: shown.count(run_id) for run_id in "abc"} == pytest.approx(
        dict.fromkeys("abc", len(shown) / 3), abs=1
    )


async def test_when_slack_refuses_it_is_quiet_and_no_trouble(stage: Stage) -> None:
    """Progress is the first thing to do without: nothing of it is tried for a minute, and the bot counts as well."""
    await stage.start()
    stage.sandbox.faults.next("chat.update", error="fatal_error")
    await stage.reporter.report()
    before = stage.updates()
    assert stage.mirror.trouble is None
    (stage.folder / "k1" / "searched").touch()
    await asyncio.wait_for(_until_changed(stage), 10)
    for _ in range(60):
        await stage.reporter.report()
        stage.clock.now_s += 1
    assert stage.updates() == before
    stage.clock.now_s += 3
    await stage.reporter.report()
    assert stage.updates() == before + 1
    assert "digging" in stage.line()


async def test_a_refused_update_is_not_tried_again_and_holds_up_no_card(stage: Stage) -> None:
    """Slack's half a minute of Retry-After is for progress alone: the card is there within a second."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.update", status=429, retry_after=30)
    report = asyncio.create_task(stage.reporter.report())
    await stage.sandbox.until(lambda: stage.sandbox.faults.pending == 0)
    await stage.asks(run)
    async with asyncio.timeout(1):
        await stage.mirror.catch_up(run.id)
        await report
    assert "Approval needed" in stage.sandbox.messages(CHANNEL)[-1]["text"]
    assert "Now running" not in stage.line()
    assert not await stage.is_behind()


async def test_a_slow_update_holds_up_no_card_and_does_not_have_the_last_word(stage: Stage) -> None:
    """The card comes before the answer; what Slack then puts over the newer line is taken away again."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.update", delay_s=4)
    report = asyncio.create_task(stage.reporter.report())
    await stage.sandbox.until(lambda: stage.sandbox.faults.pending == 0)
    await stage.asks(run)
    async with asyncio.timeout(1):
        await stage.mirror.catch_up(run.id)
    assert not report.done()
    assert "Approval needed" in stage.sandbox.messages(CHANNEL)[-1]["text"]
    assert await stage.is_behind()  # or nobody would take the late words away after a crash
    await stage.sandbox.until(lambda: "Now running" in stage.line())
    await report
    assert "Now running" not in stage.line()
    assert not await stage.is_behind()


async def test_an_update_without_an_answer_is_drawn_over(stage: Stage) -> None:
    """Slack took it and the connection broke: nobody knows, so the next change draws the line anew."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.update", cut="after")
    await stage.reporter.report()
    assert "Now running" in stage.line()
    await stage.asks(run)
    await stage.mirror.catch_up(run.id)
    assert "Now running" not in stage.line()


async def test_a_deleted_line_is_posted_anew_and_silences_nothing(stage: Stage) -> None:
    """Progress of a line that somebody deleted is no refusal; the line is back with the next change."""
    run = await stage.start()
    async with open_slack(stage.sandbox.bot_token, base_url=stage.sandbox.api_url) as client:
        await client.chat_delete(channel=CHANNEL, ts=stage.sandbox.messages(CHANNEL)[1]["ts"])
    assert await stage.mirror.show_progress(run.id)
    before = stage.updates()
    assert await stage.mirror.show_progress(run.id)
    assert stage.updates() == before
    await stage.mirror.catch_up(run.id)
    assert "Started" in stage.line()


async def _until_changed(stage: Stage) -> None:
    async def look() -> bool | None:
        (run,) = await stage.desk.recent()
        now = (await stage.desk.run(run.id)).progress
        return True if now is not None and "digging" in now.lines else None

    await eventually(look)
