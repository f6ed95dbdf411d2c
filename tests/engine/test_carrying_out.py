"""How long an approval holds until it is carried out, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import AlreadyDecided, ApprovalStatus, ApprovalView, Choice, EventKind, RunStatus, RunView
from engine import approvals as statements
from engine.clock import utc_now
from engine.database import Database
from tests.engine.desk_driver import AMY, APPROVE, REJECT, RITA, Bench, edit, open_bench, seen, write_app

SOURCE = """
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    amount: int
    level: str
    paid: str

def pay(state: State) -> State:
    said = interrupt({"question": "Pay this?", "amount": state["amount"], "level": state.get("level", "")})
    return {"paid": f"{state['amount']} {said}"}

def ship(state: State) -> State:
    return {"paid": f"{state['amount']} shipped"}

def twice(state: State) -> State:
    said = [interrupt({"question": f"Pay {part}?", "level": state.get("level", "")}) for part in ("one", "two")]
    return {"paid": f"{state['amount']} {said}"}

pays = StateGraph(State).add_node("pay", pay).add_edge(START, "pay").compile()
pays_twice = StateGraph(State).add_node("pay", twice).add_edge(START, "pay").compile()
ships = StateGraph(State).add_node("ship", ship).add_edge(START, "ship").compile(interrupt_before=["ship"])
"""
RULES = """
[defaults]
channel = "#approvals"
approvers = { users = ["U0AMY"] }
carry_out_within = "1h"
[[workflows.pays.levels]]
when = { level = "patient" }
carry_out_within = "never"
[[workflows.pays_twice.levels]]
when = { level = "patient" }
carry_out_within = "never"
"""
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    """An engine driven by hand whose approvals hold for an hour."""
    app = write_app(tmp_path, SOURCE, names=("pays", "pays_twice", "ships"), rules=RULES)
    async with open_bench(database_url, app=app) as bench:
        yield bench


async def decided(
    bench: Bench, workflow: str = "pays", *, choice: Choice = APPROVE, **entries: str
) -> tuple[RunView, ApprovalView]:
    """Start a run and decide its question, which nobody carries out yet."""
    run = await bench.driver.start(workflow, actor=RITA, amount="5", **entries)
    await bench.runner.advance(run.id)
    return run, await bench.driver.decide(run, choice)


async def carried_out(
    bench: Bench, run: RunView, approval: ApprovalView, monkeypatch: pytest.MonkeyPatch, *, after: timedelta
) -> RunView:
    assert approval.decision is not None
    at = approval.decision.decided_at + after
    monkeypatch.setattr(Database, "now", lambda _: at)
    await bench.runner.advance(run.id)
    return await bench.driver.desk.run(run.id)


@pytest.mark.parametrize("choice", [APPROVE, edit(amount="7")], ids=["approved", "edited"])
@pytest.mark.parametrize("workflow", ["pays", "ships"])
async def test_t32_what_was_approved_too_long_ago_is_not_carried_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, workflow: str, choice: Choice
) -> None:
    """A second after its time nothing of it runs, also no edit; it is asked anew, says why, and can be approved."""
    run, approval = await decided(bench, workflow, choice=choice)
    late = await carried_out(bench, run, approval, monkeypatch, after=HOUR + SECOND)
    (anew,) = late.approvals
    assert (late.status, anew.status, anew.revision) == (RunStatus.WAITING, ApprovalStatus.PENDING, 2)
    assert anew.question.shown == approval.question.shown
    (withdrawn,) = [event for event in late.events if event.kind is EventKind.WITHDRAWN]
    assert withdrawn.detail["why"] == "It was not carried out in the time that an approval holds for."
    with pytest.raises(AlreadyDecided):
        await bench.driver.desk.decide(seen(approval), actor=AMY, choice=APPROVE)
    again = await bench.driver.decide(run)
    ended = await carried_out(bench, run, again, monkeypatch, after=SECOND)
    assert ended.status is RunStatus.FINISHED
    assert ended.result["amount"] == 5
    assert await bench.driver.desk.verify() == len(ended.events)


@pytest.mark.parametrize(
    ("entries", "choice", "after", "paid"),
    [
        ({}, APPROVE, HOUR, "5 True"),
        ({}, REJECT, 24 * HOUR, "5 False"),
        ({"level": "patient"}, APPROVE, 24 * HOUR, "5 True"),
    ],
    ids=["in time", "a rejection", "a level without such a time"],
)
async def test_t32_what_may_still_be_carried_out_is(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    entries: dict[str, str],
    choice: Choice,
    after: timedelta,
    paid: str,
) -> None:
    """To the very second of its time it is; so is to turn it down, and what holds however long."""
    run, approval = await decided(bench, choice=choice, **entries)
    ended = await carried_out(bench, run, approval, monkeypatch, after=after)
    assert (ended.status, ended.result["paid"]) == (RunStatus.FINISHED, paid)


async def test_t32_what_was_begun_is_carried_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its sending has begun nobody knows what the node did with it: to ask anew could do that twice."""
    run, approval = await decided(bench)
    async with bench.database.transaction() as tx:
        await statements.begin_attempt(tx, approval.id)
    ended = await carried_out(bench, run, approval, monkeypatch, after=24 * HOUR)
    assert ended.result["paid"] == "5 True"


async def test_t32_the_time_counts_from_the_decision(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long the question had waited for a person before is another matter."""
    run = await bench.driver.start("pays", amount="5")
    await bench.runner.advance(run.id)
    (asked,) = await bench.driver.asked(run)
    tomorrow = utc_now() + 24 * HOUR
    monkeypatch.setattr(Database, "now", lambda _: tomorrow)
    approval = await bench.driver.desk.decide(seen(asked), actor=AMY, choice=APPROVE)
    ended = await carried_out(bench, run, approval, monkeypatch, after=SECOND)
    assert ended.result["paid"] == "5 True"


@pytest.mark.parametrize(
    ("level", "second", "is_taken"),
    [("", True, False), ("", False, True), ("patient", True, True)],
    ids=["an approval", "a rejection", "a level without such a time"],
)
async def test_t32_what_was_given_ahead_holds_as_long(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, level: str, second: bool, is_taken: bool
) -> None:
    """The second of two values meets its question a day later: an approval counts no more, and people are asked."""
    run = await bench.driver.start("pays_twice", amount="5", level=level)
    await bench.runner.advance(run.id)
    await bench.driver.desk.resume(run.id, [False, second], actor=AMY)
    tomorrow = utc_now() + 24 * HOUR
    monkeypatch.setattr(Database, "now", lambda _: tomorrow)
    await bench.runner.advance(run.id)
    later = await bench.driver.desk.run(run.id)
    if is_taken:
        assert (later.status, later.result["paid"]) == (RunStatus.FINISHED, f"5 {[False, second]}")
        return
    (asked,) = await bench.driver.asked(run)
    assert asked.question.text == "Pay two?"
    (dropped,) = [event for event in later.events if event.kind is EventKind.DROPPED]
    assert dropped.detail["why"] == "It was given longer ago than an approval holds for."
    assert dropped.approval_id == asked.id
