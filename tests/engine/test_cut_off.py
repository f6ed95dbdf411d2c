"""A branch that was cut off before it came to its question, beside one that asks, does not wait for its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine import ApprovalStatus, RunView, StoreError
from engine.checkpointing.store import CheckpointStore
from tests.engine.desk_driver import RITA, Bench, away_for, open_bench, write_app

SOURCE = """
from asyncio import gather
from pathlib import Path

from langgraph.func import task
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

SINK = Path(__file__).with_name("sink")


class State(TypedDict, total=False):
    left: str
    right: str


def left(state):
    return {"left": str(interrupt("Left?"))}


def right(state):
    return {"right": str(interrupt("Right?"))}


def acts(state):
    SINK.write_text("passed")
    return {}


def first(state):
    return {}


def graph(outer):
    builder = StateGraph(State).add_node("left", outer).add_node("right", right)
    return builder.add_edge(START, "left").add_edge(START, "right")


holding = (
    StateGraph(State).add_node("first", first).add_node("acts", acts)
    .add_edge(START, "first").add_edge("first", "acts")
)
plain = graph(left)
nested = graph(StateGraph(State).add_node("asks", left).add_edge(START, "asks").compile())
inner = StateGraph(State).add_node("asks", left).add_edge(START, "asks").compile()


async def calls_left(state):
    await inner.ainvoke({})
    return {}


async def gathers(state):
    await gather(GRAPHS["held"].ainvoke({}), GRAPHS["inner"].ainvoke({}))
    return {}


called = graph(calls_left)
quick = StateGraph(State).add_node("first", first).add_edge(START, "first").compile()
finished = graph(left).add_node("outer", quick).add_edge(START, "outer")
GRAPHS = {
    "inner": inner,
    "held": holding.compile(interrupt_before=["acts"]),
    "with_memory": holding.compile(interrupt_before=["acts"], checkpointer=True),
}


async def calls(state):
    await GRAPHS["held"].ainvoke({})
    return {}


async def calls_memory(state):
    await GRAPHS["with_memory"].ainvoke({})
    return {}


@task
async def part():
    await GRAPHS["held"].ainvoke({})


async def in_parts(state):
    await part()
    return {}


holds = graph(calls)
holds_gathered = graph(gathers)
holds_in_memory = graph(calls_memory)
holds_in_part = graph(in_parts)
holds_deeper = graph(StateGraph(State).add_node("calls", calls).add_edge(START, "calls").compile())
"""

HOLDING = ("holds", "holds_gathered", "holds_in_memory", "holds_in_part", "holds_deeper")


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    """An engine driven by hand, once on SQLite and once on PostgreSQL."""
    app = write_app(tmp_path, SOURCE, names=("plain", "nested", "called", "finished", *HOLDING))
    async with open_bench(database_url, app=app) as bench:
        yield bench


def asked(run: RunView) -> set[str]:
    return {each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING}


@pytest.mark.parametrize("workflow", ["plain", "nested", "finished"])
async def test_it_goes_on_when_the_run_is_taken_up(
    bench: Bench, workflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both questions are asked, though the database was away when one of the nodes came to its own."""
    run = await bench.driver.desk.start(workflow, entries={}, actor=RITA, request_key="k")
    with away_for(monkeypatch, lambda _, writes: "Left?" in str(writes)):
        await bench.runner.advance(run.id)
    run = await bench.driven(run)
    assert asked(run) == {"Left?", "Right?"}


@pytest.mark.parametrize("workflow", HOLDING)
async def test_a_breakpoint_of_a_hidden_graph_looks_the_same_and_holds(
    bench: Bench, workflow: str, tmp_path: Path
) -> None:
    """However often the run is looked at, what stands behind the breakpoint waits."""
    run = await bench.driver.desk.start(workflow, entries={}, actor=RITA, request_key="k")
    for _ in range(3):
        run = await bench.driven(run)
    assert asked(run) - {"Left?"} == {"Right?"}
    assert not (tmp_path / "sink").exists()


@pytest.mark.parametrize("workflow", ["nested", "called"])
async def test_f11_a_graph_inside_that_could_not_read_is_nobodys_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, workflow: str
) -> None:
    """The database was away when a graph inside looked for where it stands: nobody is asked about a failed node."""
    run = await bench.driver.desk.start(workflow, entries={}, actor=RITA, request_key="k")
    latest = CheckpointStore.latest

    async def away(self: CheckpointStore, place: tuple[str, str], *given: Any, **more: Any) -> Any:
        if place[1]:
            raise StoreError("away")
        return await latest(self, place, *given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(CheckpointStore, "latest", away)
        with pytest.raises(StoreError, match="away"):
            await bench.runner.advance(run.id)
    run = await bench.driven(run)
    assert asked(run) == {"Left?", "Right?"}
