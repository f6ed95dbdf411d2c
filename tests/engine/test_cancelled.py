"""LangGraph cancels a node in the moment in which it comes to its end: it runs again, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import Choice
from tests.engine.desk_driver import open_bench, write_app

TURNS = range(5, 12)
"""How often the node leaves the event loop before it ends: among these is the moment, whichever it is."""
SOURCE = """
import asyncio
from pathlib import Path

from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

DOWN = Path(__file__).with_name("down")


class State(TypedDict, total=False):
    left: str
    right: str


def left_of(turns):
    async def left(state):
        answer = interrupt("One?")
        for _ in range(turns):
            await asyncio.sleep(0)
        return {"left": str(answer)}

    return left


async def right(state):
    for _ in range(4):
        await asyncio.sleep(0)
    if DOWN.exists():
        raise ConnectionError("down")
    return {"right": str(interrupt("Two?"))}


async def last(state):
    return {"left": state["left"] + " last"}


def graph(turns):
    builder = StateGraph(State).add_node("left", left_of(turns)).add_node("right", right).add_node("last", last)
    return builder.add_edge(START, "left").add_edge(START, "right").add_edge("left", "last")


"""


@pytest.mark.parametrize("turns", TURNS)
async def test_a_retry_runs_what_was_cancelled_at_its_end(tmp_path: Path, turns: int) -> None:
    """What it had written so far is not taken for all of it, and its error does not stay for ever."""
    app = write_app(tmp_path, SOURCE + f"flow = graph({turns})", names=["flow"])
    async with open_bench(f"sqlite:///{tmp_path}/assent.db", app=app) as bench:
        run = await bench.begun("flow")
        (tmp_path / "down").touch()
        run = await bench.decided(run, "One?")
        (tmp_path / "down").unlink()
        run = await bench.decided(run, "right failed", Choice("retry"))
        run = await bench.decided(run, "Two?")
        assert run.result == {"left": "True last", "right": "True"}
