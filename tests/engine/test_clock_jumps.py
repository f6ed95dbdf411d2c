"""Clocks that jump: order comes from the sequence, who drives a run from locks, deadlines from the database."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from langgraph.checkpoint.base import id as ids

from engine import ApprovalStatus, Expired, RunStatus, clock
from engine.checkpointing.ids import not_before
from engine.clock import SLOW_ANSWER_S, Clock
from engine.database import Database
from tests.engine.desk_driver import AMY, APPROVE, RITA, open_bench, seen, write_app

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("hours", [1, -1])
async def test_f14_a_clock_that_jumps_changes_no_order_and_no_lease(
    database_url: str, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """An hour on or back between asking and deciding: decided once, the trail holds, its order is that of events."""
    now = Database.now
    async with open_bench(database_url) as bench:
        run = await bench.driver.start("expense", actor=RITA, amount="5000")
        await bench.runner.advance(run.id)
        (card,) = await bench.driver.asked(run)
        monkeypatch.setattr(Database, "now", lambda self: now(self) + timedelta(hours=hours))
        await bench.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
        await bench.runner.advance(run.id)
        ended = await bench.driver.ended(run)
        assert ended.status is RunStatus.FINISHED
        assert [event.kind.value for event in ended.events] == [
            "started", "asked", "decided", "resumed", "finished",
        ]  # fmt: skip
        times = [event.at for event in ended.events]
        assert (times == sorted(times)) is (hours > 0)
        assert await bench.driver.desk.verify() == len(ended.events)


@pytest.mark.parametrize("is_wrong_from_the_start", [False, True])
async def test_f14_a_wrong_clock_of_the_bots_machine_moves_no_deadline(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, is_wrong_from_the_start: bool
) -> None:
    """Two days before or after: the deadline is an hour after asking by the server's clock all the same."""
    for days in (2, -2):
        with monkeypatch.context() as patch:
            if is_wrong_from_the_start:
                patch.setattr(clock, "utc_now", lambda days=days: datetime.now(UTC) + timedelta(days=days))
            async with open_bench(postgres_url) as bench:
                desk = bench.driver.desk
                run = await bench.driver.start("fan")
                await bench.runner.advance(run.id)
                first, *_ = await bench.driver.asked(run, count=3)
                patch.setattr(clock, "utc_now", lambda days=days: datetime.now(UTC) + timedelta(days=days))
                assert first.expires_at is not None
                assert abs(first.expires_at - timedelta(hours=1) - datetime.now(UTC)) < 60 * SECOND
                await desk.expire()
                assert (await desk.approval(first.id)).status is ApprovalStatus.PENDING
                decided = await desk.decide(seen(first), actor=AMY, choice=APPROVE)
                assert decided.status is ApprovalStatus.DECIDED


async def test_f14_two_replicas_tell_one_time(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica whose machine is ten minutes behind refuses a click that is a second late, and so does the other."""
    async with open_bench(postgres_url) as one:
        run = await one.driver.start("fan")
        await one.runner.advance(run.id)
        first, *_ = await one.driver.asked(run, count=3)
        monkeypatch.setattr(clock, "utc_now", lambda: datetime.now(UTC) - timedelta(minutes=10))
        async with open_bench(postgres_url) as other:
            assert abs(other.database.now() - one.database.now()) < SECOND
            assert first.expires_at is not None
            late = first.expires_at + SECOND
            for bench in (one, other):
                bench.database._clock.hear(late, asked_s=clock.ticks_s())
                with pytest.raises(Expired):
                    await bench.driver.desk.decide(seen(first), actor=AMY, choice=APPROVE)


SOURCE = """
import pathlib
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from engine import idempotency_key

class State(TypedDict, total=False):
    amount: int
    paid: str

def ask(state: State) -> State:
    return {"paid": str(interrupt({"question": "Pay?", "amount": state["amount"]}))}

def pay(state: State) -> State:
    with pathlib.Path(__file__).with_name("effects").open("a") as sink:
        sink.write(idempotency_key() + "\\n")
    return {"paid": state.get("paid", "") + " paid"}

def end(state: State) -> State:
    return {"paid": state["paid"] + " told"}

asked = StateGraph(State).add_node("ask", ask).add_node("pay", pay).add_node("end", end)
asked = asked.add_edge(START, "ask").add_edge("ask", "pay").add_edge("pay", "end").compile()
stopped = StateGraph(State).add_node("pay", pay).add_node("end", end)
stopped = stopped.add_edge(START, "pay").add_edge("pay", "end").compile(interrupt_before=["pay"])
"""


@pytest.mark.parametrize("workflow", ["asked", "stopped"])
@pytest.mark.parametrize("behind_s", [2, 600, 86_400])
async def test_f14_a_process_whose_clock_is_behind_goes_on_and_acts_once(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workflow: str, behind_s: int
) -> None:
    """A replica, or a restart after the clock was set back: the head is the latest step, not the latest time."""
    app = write_app(tmp_path, SOURCE, names=("asked", "stopped"))
    async with open_bench(database_url, app=app) as one:
        run = await one.driver.start(workflow, amount="5")
        await one.runner.advance(run.id)
        (card,) = await one.driver.asked(run)
    behind = SimpleNamespace(time_ns=lambda: time.time_ns() - behind_s * 10**9)
    monkeypatch.setattr(ids, "time", behind)
    monkeypatch.setattr(ids, "_last_v6_timestamp", None)
    async with open_bench(database_url, app=app) as other:
        await other.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
        for _ in range(3):
            await other.runner.advance(run.id)
        ended = await other.driver.ended(run)
        assert ended.status is RunStatus.FINISHED
        assert ended.result["paid"].endswith("paid told")
    assert len((tmp_path / "effects").read_text().splitlines()) == 1


def test_ids_of_another_kind_move_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of other tools may have names for ids, or random ones."""
    monkeypatch.setattr(ids, "_last_v6_timestamp", 7)
    for other in (
        "",
        "step-1",
        "ffffffff-ffff-4fff-bfff-ffffffffffff",
        "step 1 of the 6th that is 36 long!!!",
    ):
        not_before(other)
    assert ids._last_v6_timestamp == 7
    not_before("00000000-0000-6009-8000-000000000000")
    assert ids.uuid6() > UUID("00000000-0000-6009-8000-000000000000")


def test_a_server_that_is_slow_to_answer_does_not_move_a_time_that_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What it says counts for the middle of the wait; after a long one only when there is nothing better."""
    ticks = 100.0
    monkeypatch.setattr(clock, "ticks_s", lambda: ticks)
    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    told = Clock()
    told.hear(noon, asked_s=ticks - 2 * SLOW_ANSWER_S)
    assert told.now() == noon + timedelta(seconds=SLOW_ANSWER_S)
    told.hear(noon, asked_s=ticks)
    assert told.now() == noon
    told.hear(noon + 60 * SECOND, asked_s=ticks - 2 * SLOW_ANSWER_S)
    assert told.now() == noon
    ticks += 7
    assert told.now() == noon + 7 * SECOND
