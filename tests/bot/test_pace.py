"""Messages go out as fast as Slack takes them and no faster, the oldest run first, whatever is wrong on the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from bot.cards import ROOT, Message, postings
from bot.mirror import RUNS_AT_ONCE
from bot.pace import BURST, PER_S, Pace
from engine import Choice, RunStatus, RunView
from tests.bot.test_mirror import ASKED, CHANNEL, Clock, Stage, staged

FAULTS: Final[Sequence[dict[str, Any]]] = (
    {"status": 429, "retry_after": 1},
    {"status": 429, "retry_after": 30},
    {"status": 500},
    {"status": 503, "page": "<html><body>Slack is down</body></html>"},
    {"page": "<html></html>"},
    {"page": '{"ok": tru', "page_type": "application/json"},
    {"page": "null", "page_type": "application/json"},
    {"page": "upstream connect error", "page_type": "text/plain"},
    {"error": "internal_error"},
    {"cut": "before"},
    {"cut": "after"},
)
SEED: Final = 20261126
LONG_S: Final = 3_600.0
"""Far longer than it takes: who comes here waits for what never comes."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage at Slack's pace, on which only the clock of the test decides when something is sent again."""
    async with staged(tmp_path, retries=0) as made:
        made.mirror = made.new_mirror(per_s=PER_S)
        yield made


async def equals_the_database(stage: Stage, run: RunView) -> bool:
    """Say whether Slack has every message of a run once, in order, as the database has it now."""
    wanted = postings(await stage.desk.run(run.id))
    posted = await stage.desk.postings(run.id)
    if any(each.key not in posted or posted[each.key].reference is None for each in wanted):
        return False
    root = str(posted[ROOT].reference)
    shown = {each["ts"]: each["text"] for each in stage.sandbox.thread(CHANNEL, root)}
    told = [(posted[each.key].reference, each.text) for each in wanted if isinstance(each, Message)]
    return list(shown.items()) == told


def test_f04_a_channel_has_ten_turns_and_then_one_a_second() -> None:
    """A burst is used up and refilled by the clock alone, never beyond itself; each channel has its own."""
    clock = Clock()
    pace = Pace(monotonic=clock)
    assert [pace.take("C1") for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert pace.take("C2")
    clock.now_s = 0.9
    assert not pace.has_turn("C1")
    clock.now_s = 3.0
    assert [pace.take("C1") for _ in range(4)] == [True, True, True, False]
    clock.now_s = 1_000.0
    assert sum(pace.take("C1") for _ in range(100)) == BURST


def test_f04_a_channel_by_name_and_by_id_is_one() -> None:
    """What was posted under "#approvals" counts for the id that Slack gave for it."""
    pace = Pace(monotonic=Clock())
    for _ in range(7):
        pace.take("#approvals")
    pace.take("C0APPROVALS")
    pace.is_same("#approvals", "C0APPROVALS")
    assert sum(pace.take(place) for place in ["#approvals", "C0APPROVALS"] * 5) == BURST - 7


async def test_f04_every_message_is_there_in_the_end_and_none_too_soon(stage: Stage) -> None:
    """With 30 % of all calls spoilt, threads are whole and in order, and the channel is kept to its pace."""
    chance = random.Random(SEED)  # noqa: S311  a seed makes it the same each time
    runs = [await stage.start(key=f"k{n}") for n in range(5)]
    sent: list[float] = []
    while not all([await equals_the_database(stage, run) for run in runs]):
        for method in ("chat.postMessage", "conversations.replies", "conversations.history"):
            spoilt = chance.choice(FAULTS) if chance.random() < 0.3 else {"delay_s": 0}
            stage.sandbox.faults.next(method, **spoilt)
        before = stage.calls("chat.postMessage")
        for run in runs:
            await stage.mirror.catch_up(run.id)
        sent += [stage.clock.now_s] * (stage.calls("chat.postMessage") - before)
        stage.clock.now_s += 1.0
        assert stage.clock.now_s < LONG_S
    for first, last in combinations(range(len(sent)), 2):
        assert last - first + 1 <= BURST + (sent[last] - sent[first]) * PER_S


@pytest.mark.parametrize("after_s", [1, 30])
async def test_f04_retry_after_is_waited_out(stage: Stage, after_s: int) -> None:
    """After a 429 nothing of that run is sent before the time that Slack named, and all of it then."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", status=429, retry_after=after_s)
    await stage.mirror.catch_up(run.id)
    stage.clock.now_s += after_s - 0.1
    await stage.mirror.catch_up(run.id)
    assert stage.calls("chat.postMessage") == 1
    stage.clock.now_s += 0.1
    await stage.mirror.catch_up(run.id)
    assert stage.texts() == ASKED


async def test_f05_what_happened_while_slack_was_down_is_shown_afterwards(stage: Stage) -> None:
    """Ten minutes without Slack: decisions count all the while, and then every thread equals the database."""
    runs = [await stage.start(key=f"k{n}") for n in range(3)]
    await stage.mirror.catch_up(runs[0].id)
    stage.sandbox.faults.next("*", status=503, page="<html>down</html>", times=10_000)
    for run in runs[:2]:
        await stage.decide(run, 1, Choice("approve"), then=RunStatus.WAITING)
    for _ in range(15):
        await asyncio.gather(*(stage.mirror.catch_up(run.id) for run in runs))
        stage.clock.now_s += 40.0
    assert stage.texts() == ASKED
    assert stage.mirror.trouble is not None
    stage.sandbox.faults.clear()
    while not all([await equals_the_database(stage, run) for run in runs]):
        stage.clock.now_s += 1.0
        for run in runs:
            await stage.mirror.catch_up(run.id)
        assert stage.clock.now_s < LONG_S
    assert len(stage.posts()) == 8 + 8 + 4
    assert stage.mirror.trouble is None


async def test_f21_a_storm_after_an_outage_goes_out_oldest_first(stage: Stage) -> None:
    """Twelve runs that nobody has seen: no message twice, not even by two processes, and the oldest runs first."""
    runs = [await stage.start(key=f"k{n}") for n in range(12)]
    for second in range(0, 50, 5):
        if second == 20:
            stage.mirror = stage.new_mirror(per_s=PER_S)  # a new process goes on with it
        await asyncio.gather(*(stage.mirror.catch_up(run.id) for run in runs))
        stage.clock.now_s += 5.0
    assert all([await equals_the_database(stage, run) for run in runs])
    assert len(stage.posts()) == len(ASKED) * len(runs)
    roots = [str((await stage.desk.postings(run.id))[ROOT].reference) for run in runs]
    assert all(older < younger for older, younger in zip(roots, roots[RUNS_AT_ONCE:], strict=False))


async def test_f21_a_decided_card_loses_its_buttons_though_nothing_new_may_be_posted(stage: Stage) -> None:
    """While a channel has no turn, cards are still brought up to date, and a run that rests costs no call."""
    runs = [await stage.start(key=f"k{n}") for n in range(3)]
    for run in runs:
        await stage.mirror.catch_up(run.id)
    assert len(stage.posts()) == BURST
    await stage.decide(runs[0], 1, Choice("approve"), then=RunStatus.WAITING)
    await stage.mirror.catch_up(runs[0].id)
    card = stage.posts()[3]
    assert card["text"] == "Approved for Rita Requester: Pay this?"
    assert "actions" not in [block["type"] for block in card["blocks"]]
    before = len(stage.sandbox.transcript)
    for run in runs:
        await stage.mirror.catch_up(run.id)
    assert len(stage.sandbox.transcript) == before
    assert len(stage.posts()) == BURST
