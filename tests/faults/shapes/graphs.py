"""Six shapes of graphs, each of whose questions is told with its answer, and followed by an effect if it is a yes.

The nodes run on the event loop, so that everything happens in the same order each time.
"""

from __future__ import annotations

import operator
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt
from tests.faults.points import reached
from tests.faults.sink import happen
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    """What a run is called, and what was answered to its questions."""

    name: str
    told: Annotated[list[str], operator.add]


class Start(TypedDict):
    """What a run is started with."""

    name: str


def asking(*texts: str) -> Any:
    """Make a node of these questions."""

    async def node(state: State) -> dict[str, Any]:
        told = []
        for text in texts:
            answer = interrupt({"question": text, "name": state["name"]})
            reached("before the effect")
            if answer is True:
                happen(text)
            reached("after the effect")
            told.append(f"{text} {answer}")
        return {"told": told}

    return node


async def again(state: State) -> Command[Any]:
    """Ask until somebody approves, three times at most."""
    text = f"Round {len(state.get('told', ())) + 1}"
    answer = interrupt({"question": text, "name": state["name"]})
    if answer is True:
        happen(text)
    is_over = answer is True or text == "Round 3"
    return Command(update={"told": [f"{text} {answer}"]}, goto=END if is_over else "again")


async def one(state: dict[str, Any]) -> dict[str, Any]:
    """Ask about what was sent."""
    return await asking(state["text"])(state)


async def act(state: State) -> dict[str, Any]:
    """Do what the breakpoint holds up."""
    happen("act")
    return {}


def built() -> Any:
    return StateGraph(State, input_schema=Start)


sequence = built().add_node("ask", asking("A1", "A2", "A3")).add_edge(START, "ask")
loop = built().add_node("again", again, destinations=("again", END)).add_edge(START, "again")
parallel = (
    built()
    .add_node("left", asking("L1", "L2"))
    .add_node("right", asking("R1"))
    .add_node("join", asking("J1"))
    .add_edge(START, "left")
    .add_edge(START, "right")
    .add_edge(["left", "right"], "join")
)
send = built().add_node("one", one)
send.add_conditional_edges(
    START, lambda state: [Send("one", {"text": f"S{n}", "name": state["name"]}) for n in range(3)], ["one"]
)
inner = StateGraph(State).add_node("inner", asking("I1", "I2")).add_edge(START, "inner").compile()
subgraph = (
    built()
    .add_node("outer", inner)
    .add_node("then", asking("O1"))
    .add_edge(START, "outer")
    .add_edge("outer", "then")
)
static = (
    built()
    .add_node("first", asking("B1"))
    .add_node("act", act)
    .add_node("last", asking("C1"))
    .add_edge(START, "first")
    .add_edge("first", "act")
    .add_edge("act", "last")
    .compile(interrupt_before=["act"])
)
