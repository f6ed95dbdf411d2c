"""A node has failed, what it had answers to is stored somewhere inside, and a new release comes before the Retry."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ApprovalStatus, Choice, RunView, StoreError
from engine.driving import Drive
from engine.settling import Delivered, Delivery
from tests.engine.desk_driver import AMY, APPROVE, Bench, away_for, seen
from tests.engine.test_code_changed import Releases, pending, rest, start

SOURCE = """
import asyncio

DOWN = Path(__file__).with_name("down")


def reach():
    if DOWN.exists():
        raise ConnectionError("down")


async def asks(state):
    return {"told": [str(interrupt("Pay 5 to Bob?"))]}


GRAPHS = {"inner": StateGraph(State).add_node("asks", asks).add_edge(START, "asks").compile()}


async def calls(state):
    got = (await GRAPHS["inner"].ainvoke({"amount": 5}))["told"]
    reach()
    happened(f"paid 5 to Bob since {got}")
    return {"told": got}


async def left(state):
    got = interrupt("Pay 5 to Bob?")
    await asyncio.sleep(0.3)
    happened(f"paid 5 to Bob since {got}")
    return {"told": [str(got)]}


async def right(state):
    reach()
    return {"told": [str(interrupt("Three?"))]}


hidden = StateGraph(State).add_node("outer", calls).add_edge(START, "outer").compile()
flat = (
    StateGraph(State).add_node("left", left).add_node("right", right)
    .add_edge(START, "left").add_edge(START, "right").compile()
)
graph = WHICH
"""
ROLLED_BACK = """
async def asks(state):
    first, second = interrupt("Delete the old rows?"), interrupt("Drop the table?")
    happened(f"{first} {second}")
    return {"told": [f"{first} {second}"]}


def right(state):
    return {"told": [str(interrupt("Three?"))]}


inner = StateGraph(State).add_node("asks", asks).add_edge(START, "asks").compile()
builder = StateGraph(State).add_node("outer", inner).add_edge(START, "outer")
builder.add_node("RIGHT", right).add_edge(START, "RIGHT")
graph = builder.compile()
"""


@pytest.fixture
def releases(tmp_path: Path, database_url: str) -> Releases:
    """An app whose code changes, once on SQLite and once on PostgreSQL."""
    return Releases(tmp_path / "app", database_url)


async def failed(bench: Bench, down: Path) -> RunView:
    """Approve the payment, while a node is going to fail."""
    run = await start(bench)
    down.touch()  # noqa: ASYNC240
    (card,) = [each for each in run.approvals if each.question.text.startswith("Pay 5")]
    await bench.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
    return run


@pytest.mark.parametrize("which", ["hidden", "flat"])
async def test_t05_what_old_code_was_told_is_not_told_to_new_code(
    releases: Releases, tmp_path: Path, which: str
) -> None:
    """Whether a hidden graph has the answer or a node that was cancelled: the Retry asks for the payment anew."""
    source, down = SOURCE.replace("WHICH", which), tmp_path / "app" / "down"
    async with releases.running(source) as bench:
        run = await rest(bench, await failed(bench, down))
        assert "failed" in pending(run).question.text
    down.unlink()
    async with releases.running(source.replace("5 to Bob", "5000 to Eve")) as bench:
        run = await rest(bench, run)
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=Choice("retry"))
        run = await rest(bench, run)
        assert releases.sink == []
        assert "Pay 5000 to Eve?" in {each.question.text for each in run.approvals}


@pytest.mark.parametrize("release", ["Bob", "Eve"])
async def test_an_error_that_nobody_has_written_down_is_asked_about_first(
    releases: Releases, tmp_path: Path, release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died right after the node had failed: nothing is tried again before people say so."""
    source, down = SOURCE.replace("WHICH", "hidden"), tmp_path / "app" / "down"

    async def dying(self: Drive, outcome: Delivered, *, delivery: Delivery | None = None) -> None:
        raise StoreError("died")

    async with releases.running(source) as bench:
        run = await failed(bench, down)
        with monkeypatch.context() as patched:
            patched.setattr(Drive, "_settle", dying)
            with pytest.raises(StoreError, match="died"):
                await bench.runner.advance(run.id)
    down.unlink()
    async with releases.running(source.replace("5 to Bob", f"5 to {release}")) as bench:
        run = await rest(bench, run)
        assert "failed" in pending(run).question.text
        assert releases.sink == []


async def test_t05_a_release_that_is_rolled_back_asks_nothing_that_has_its_answer(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph inside took an answer that a release without a node withdrew: no second click goes to what is next."""
    source = ROLLED_BACK.replace("RIGHT", "right")
    async with releases.running(source) as bench:
        run = await start(bench)
        (card,) = [each for each in run.approvals if each.question.text.startswith("Delete")]
        await bench.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
        with away_for(monkeypatch, lambda namespace, _: not namespace):
            await bench.runner.advance(run.id)
    async with releases.running(ROLLED_BACK.replace("RIGHT", "renamed")) as bench:
        await rest(bench, run)
    async with releases.running(source) as bench:
        run = await rest(bench, run)
        asked = {each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING}
        assert asked == {"Drop the table?", "Three?"}
        assert releases.sink == []
