"""An error inside a node that somebody has caught or handled is nobody's business: the run goes on beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ApprovalStatus, Choice, EventKind, RunStatus
from tests.engine.desk_driver import REJECT, open_bench, write_app

SOURCE = """
from pathlib import Path

from langgraph.func import task
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict


UP = Path(__file__).with_name("up")


class State(TypedDict, total=False):
    left: str
    right: str


async def raises(state):
    raise ConnectionError("down")


async def asks(state):
    return {"left": str(interrupt("In?"))}


async def asks_and_raises(state):
    raise ConnectionError(f"down {interrupt('First?')}")


async def right(state):
    return {"right": str(interrupt("Right?"))}


async def handles(state):
    return Command(update={"left": "handled"})


def alone(name, node, **more):
    return StateGraph(State).add_node(name, node, **more).add_edge(START, name)


def beside(name, node, **more):
    return alone(name, node, **more).add_node("right", right).add_edge(START, "right")


broken = alone("raises", raises).compile()
asking = alone("asks", asks).compile()
asking_broken = alone("asks", asks_and_raises).compile()


async def catches(state):
    try:
        await broken.ainvoke({})
    except ConnectionError:
        return {"left": "caught"}


async def catches_and_asks(state):
    try:
        await broken.ainvoke({})
    except ConnectionError:
        return {"left": str(interrupt("Own?"))}


async def catches_and_calls(state):
    try:
        await broken.ainvoke({})
    except ConnectionError:
        return {"left": (await asking.ainvoke({}))["left"]}


async def catches_what_asked(state):
    try:
        await asking_broken.ainvoke({})
    except ConnectionError as error:
        return {"left": str(error)}


@task
async def part():
    return str(interrupt("Part?"))


async def asks_in_part(state):
    return {"left": await part()}


async def raises_between(state):
    got = (await asking.ainvoke({}))["left"]
    if not UP.exists():
        raise ValueError("between")
    return {"left": f"{got} {interrupt('Own?')}"}


inner_handled = beside("raises", raises, error_handler=handles).compile()


async def calls(state):
    return await inner_handled.ainvoke({})


caught = beside("node", catches)
caught_late = beside("node", catches_what_asked)
caught_inside = alone("outer", beside("node", catches).compile())
caught_late_inside = alone("outer", beside("node", catches_what_asked).compile())
asked_inside = alone("outer", beside("node", catches_and_asks).compile())
called_inside = alone("outer", beside("node", catches_and_calls).compile())
remembered = alone("outer", beside("node", catches_and_calls).compile(checkpointer=True))
handled_inside = alone("outer", inner_handled)
handled_called = alone("outer", calls)
parts_inside = alone("outer", alone("node", asks_in_part).compile())
parts_beside = alone("outer", beside("node", asks_in_part).compile())
between = alone("outer", alone("node", raises_between).compile())
between_beside = alone("outer", beside("node", raises_between).compile())
"""
LEFT = {
    "caught": "caught",
    "caught_late": "down True",
    "caught_inside": "caught",
    "caught_late_inside": "down True",
    "asked_inside": "True",
    "called_inside": "True",
    "remembered": "True",
    "handled_inside": "handled",
    "handled_called": "handled",
}
OTHERS = {
    "parts_inside": ["Part?"],
    "parts_beside": ["Part?", "Right?"],
    "between": ["In?", "Own?"],
    "between_beside": ["In?", "Own?", "Right?"],
}


@pytest.mark.parametrize("is_right_first", [True, False])
@pytest.mark.parametrize("workflow", LEFT)
async def test_nobody_is_asked_about_an_error_that_is_over(
    sqlite_url: str, tmp_path: Path, workflow: str, is_right_first: bool
) -> None:
    """Whichever question is answered first, the run comes to its end and everybody was asked once."""
    async with open_bench(sqlite_url, app=write_app(tmp_path, SOURCE, names=(*LEFT, *OTHERS))) as bench:
        run = await bench.begun(workflow)
        while texts := [
            each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING
        ]:
            run = await bench.decided(
                run, min(texts, key=lambda text: (text == "Right?") is not is_right_first)
            )
        assert (run.status, run.result) == (RunStatus.FINISHED, {"left": LEFT[workflow], "right": "True"})
        assert {each.question.dialect for each in run.approvals} == {"plain"}
        assert len(run.approvals) == (1 if LEFT[workflow] in ("caught", "handled") else 2)


@pytest.mark.parametrize("workflow", OTHERS)
async def test_each_question_inside_is_asked_once(sqlite_url: str, tmp_path: Path, workflow: str) -> None:
    """Of a task in a graph inside, and of a graph that a node called before it raised: a no is never lost."""
    async with open_bench(sqlite_url, app=write_app(tmp_path, SOURCE, names=(*LEFT, *OTHERS))) as bench:
        run = await bench.begun(workflow)
        while texts := [
            each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING
        ]:
            failed = next((text for text in texts if "failed" in text), None)
            if failed is not None:
                (tmp_path / "up").touch()
                run = await bench.decided(run, failed, Choice("retry"))
            else:
                run = await bench.decided(run, texts[0], REJECT)
        assert run.status is RunStatus.FINISHED
        asked = [each.question.text for each in run.approvals if each.question.dialect != "failure"]
        assert sorted(asked) == OTHERS[workflow]
        assert EventKind.ASKED_ANEW not in [event.kind for event in run.events]
        assert {each.status.value for each in run.approvals} == {"resumed"}
        assert "True" not in str(run.result)
