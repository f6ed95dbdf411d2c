"""A node that wants to end the process: its run says so, and nothing else notices."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from engine import ApprovalStatus, ApprovalView, Choice, RunStatus, open_desk
from engine.exits import NodeExited, keep_running, running_nodes
from tests.engine.desk_driver import Driver, write_app
from tests.waiting import eventually

SOURCE = """
import argparse, asyncio, pathlib, sys
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    flag: str
    done: bool

def ask(state: State) -> State:
    interrupt({"question": "Go?"})
    return {}

def plain(state: State) -> State:
    if not pathlib.Path(state["flag"]).exists():
        argparse.ArgumentParser().parse_args(["--unknown"])
    return {"done": True}

async def later(state: State) -> State:
    async def inside() -> None:
        await asyncio.sleep(0)
        if not pathlib.Path(state["flag"]).exists():
            sys.exit(3)
    await asyncio.create_task(inside())
    return {"done": True}

def beside(state: State) -> State:
    return {}

def built(node, *more):
    graph = StateGraph(State).add_node("ask", ask).add_node("work", node)
    graph.add_edge(START, "ask").add_edge("ask", "work")
    for other in more:
        graph.add_node(other.__name__, other).add_edge("ask", other.__name__)
    return graph.compile()

alone, in_a_task, with_another = built(plain), built(later), built(plain, beside)
"""
NAMES = ("alone", "in_a_task", "with_another")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app whose nodes leave the process unless a file is there."""
    return write_app(tmp_path, SOURCE, names=NAMES)


@pytest.mark.parametrize("workflow", NAMES)
@pytest.mark.filterwarnings("ignore:Task exception was never retrieved")
async def test_a_node_that_leaves_has_failed_and_can_be_tried_again(
    database_url: str, app: Path, tmp_path: Path, workflow: str
) -> None:
    """People are asked about it as about any error, other runs go on, and Retry runs it once more."""
    async with open_desk(database_url=database_url, app=app) as desk:
        driver = Driver(desk)
        flag = tmp_path / "flag"
        run = await driver.start(workflow, flag=str(flag))
        other = await driver.start("alone", flag=str(app))
        await driver.decide(run)

        async def failed() -> ApprovalView | None:
            approvals = (await desk.run(run.id)).approvals
            found = [each for each in approvals if each.status is ApprovalStatus.PENDING]
            return found[0] if found and found[0].question.dialect == "failure" else None

        assert "work failed" in (await eventually(failed)).question.text
        await driver.decide(other)
        assert (await driver.ended(other)).status is RunStatus.FINISHED
        flag.touch()
        await driver.decide(run, Choice("retry"))
        assert (await driver.ended(run)).result["done"] is True


async def test_what_is_no_node_may_still_end_the_process() -> None:
    """Only tasks that begin with the nodes are kept from it, and what they return or raise else is left alone."""
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()

    async def leaves() -> None:
        sys.exit(3)

    async def returns() -> int:
        return 7

    try:
        keep_running(loop)
        with running_nodes():
            leaving, returning = asyncio.create_task(leaves()), asyncio.create_task(returns(), name="told")
            never = asyncio.create_task(returns())
            never.cancel()  # before it begins: no warning of a coroutine that nobody awaited
        with pytest.raises(NodeExited, match=r"SystemExit\(3\)"):
            await leaving
        assert (await returning, returning.get_name()) == (7, "told")
        with pytest.raises(asyncio.CancelledError):
            await never
        coro = returns()
        outside = asyncio.create_task(coro)
        assert outside.get_coro() is coro
        await outside
    finally:
        loop.set_task_factory(before)
