"""What is told of a run between two rests: what it streams, in short, and only while that takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine import ApprovalStatus, RunStatus, RunView
from engine.progress import LINE_CHARS, LINES, NODES, Progress
from engine.views import ProgressView
from tests.engine.desk_driver import AMY, APPROVE, RITA, Bench, open_bench, seen
from tests.waiting import eventually


class Clock:
    """A monotonic clock that stands still until it is moved."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """The time as the progress has it."""
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    """What is told, by that clock."""
    return Progress(monotonic=clock)


@pytest.fixture
async def bench(sqlite_url: str, progress: Progress) -> AsyncIterator[Bench]:
    """An engine driven by hand."""
    async with open_bench(sqlite_url, progress=progress) as bench:
        yield bench


async def says(bench: Bench, run: RunView, part: str, *, clock: Clock) -> ProgressView:
    """Let time pass until the run's progress has a line or node with these words."""

    async def look() -> ProgressView | None:
        clock.now_s += 1
        now = (await bench.driver.desk.run(run.id)).progress
        return now if now is not None and any(part in each for each in (*now.nodes, *now.lines)) else None

    return await eventually(look)


async def test_what_a_graph_streams_is_told_while_it_runs(
    bench: Bench, clock: Clock, progress: Progress, tmp_path: Path
) -> None:
    """The running node, the last lines of what it streams and what nodes wrote; nothing any more at a rest."""
    run = await bench.driver.start("slow", folder=str(tmp_path))
    driving = asyncio.create_task(bench.runner.advance(run.id))
    now = await says(bench, run, "*reading*", clock=clock)
    assert now.nodes == ("search",)
    assert now.lines == (
        "page: 4, of: 7",
        "page: 5, of: 7",
        "page: 6, of: 7",
        "page: 7, of: 7",
        "*reading* <!channel>",
    )
    (tmp_path / "searched").touch()
    now = await says(bench, run, "digging", clock=clock)
    assert now.nodes == ("deeper", "deeper › dig")
    assert now.lines[-2:] == ("search: found: a bicycle", "digging")
    assert list(bench.driver.desk.underway) == [run.id]
    (tmp_path / "dug").touch()
    await driving
    (approval,) = await bench.driver.asked(run)
    assert (await bench.driver.desk.run(run.id)).progress is None
    assert bench.driver.desk.underway == {}
    (tmp_path / "reported").touch()
    await bench.driver.desk.decide(seen(approval), actor=AMY, choice=APPROVE)
    await bench.runner.advance(run.id)
    assert (await bench.driver.ended(run)).approvals[0].status is ApprovalStatus.RESUMED


async def test_a_run_that_has_ended_does_nothing_any_more(
    bench: Bench, clock: Clock, progress: Progress
) -> None:
    """A deadline may pass while a node still works beside the question: the run has ended all the same."""
    run = await bench.driver.start("expense", actor=RITA, amount="5")
    progress.begin(run.id)
    clock.now_s += 2
    assert (await bench.driver.desk.run(run.id)).progress is not None
    await bench.runner.advance(run.id)
    progress.begin(run.id)
    clock.now_s += 2
    assert (await bench.driver.desk.run(run.id)).status is RunStatus.FINISHED
    assert (await bench.driver.desk.run(run.id)).progress is None


async def test_f09_a_driver_that_has_lost_its_run_takes_its_progress_away(
    bench: Bench, clock: Clock, tmp_path: Path
) -> None:
    """Who has the run now knows of none, and might never show it anew."""
    run = await bench.driver.start("slow", folder=str(tmp_path))
    driving = asyncio.create_task(bench.runner.advance(run.id))
    await says(bench, run, "*reading*", clock=clock)
    now = await bench.driver.desk.run(run.id)
    await bench.driver.desk.mirrored(run.id, revision=now.revision)
    assert run.id not in await bench.driver.desk.wake_behind()
    await bench.take(run.id)
    (tmp_path / "searched").touch()
    (tmp_path / "dug").touch()
    await driving
    assert (await bench.driver.desk.run(run.id)).progress is None
    assert run.id in await bench.driver.desk.wake_behind()


async def test_nothing_is_told_within_the_first_second(clock: Clock, progress: Progress) -> None:
    """A run that comes to rest soon shows no progress at all."""
    progress.begin("r")
    progress.hear("r", (), "custom", "hello")
    clock.now_s = 0.9
    assert (progress.of("r"), progress.underway()) == (None, {})
    clock.now_s = 1.0
    assert progress.of("r") == ProgressView(nodes=(), lines=("hello",))
    progress.end("r")
    assert progress.of("r") is None


def test_little_is_kept_whatever_is_streamed(clock: Clock, progress: Progress) -> None:
    """Of a flood of long lines and many nodes a few are told, each cut."""
    progress.begin("r")
    for number in range(1000):
        progress.hear("r", (), "custom", "x" * 10_000)
        progress.hear(
            "r", (), "tasks", {"id": str(number), "name": "n" * 5_000, "input": None, "triggers": ()}
        )
        progress.hear(
            "r", (), "tasks", {"id": f"{number}b", "name": f"node{number}", "input": None, "triggers": ()}
        )
    clock.now_s = 2
    now = progress.of("r")
    assert now is not None
    assert (len(now.lines), len(now.nodes)) == (LINES, NODES)
    assert max(map(len, (*now.lines, *now.nodes))) == LINE_CHARS


class Hostile:
    """An object that can say nothing about itself."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Hostile(), "<Hostile instance at"),
        ({"a": Hostile()}, "a: <Hostile instance at"),
        ({"a": {"b": {"c": {"d": 1}}}}, "a: {'b': {'c': {...}}}"),
        ([1] * 100, "[1, 1, 1, 1, 1, 1, ...]"),
        (12, "12"),
        (b"\x00" * 1000, "b'"),
    ],
)
def test_whatever_is_streamed_is_told_in_short(
    clock: Clock, progress: Progress, value: Any, said: str
) -> None:
    """Objects that fail, deep and long ones make one short line, and raise nothing."""
    progress.begin("r")
    progress.hear("r", (), "custom", value)
    clock.now_s = 2
    now = progress.of("r")
    assert now is not None
    assert now.lines[0].startswith(said)
    assert len(now.lines[0]) <= LINE_CHARS


def test_a_node_that_has_ended_is_no_longer_told(clock: Clock, progress: Progress) -> None:
    """Nodes side by side are told together, until each ends."""
    progress.begin("r")
    for name in ("left", "right"):
        progress.hear("r", (), "tasks", {"id": name, "name": name, "input": None, "triggers": ()})
    clock.now_s = 2
    progress.hear(
        "r", (), "tasks", {"id": "left", "name": "left", "error": None, "result": {}, "interrupts": []}
    )
    assert progress.of("r") == ProgressView(nodes=("right",), lines=())


def test_what_inner_graphs_write_is_not_told(clock: Clock, progress: Progress) -> None:
    """Only the output of the graph itself, and what its authors stream, is for people."""
    progress.begin("r")
    progress.hear("r", ("inner:1",), "updates", {"node": {"secret": 1}})
    progress.hear("r", (), "updates", {"__interrupt__": ()})
    clock.now_s = 2
    assert progress.of("r") == ProgressView(nodes=(), lines=())
