"""Fourteen shapes of graphs, each of whose questions is told with its answer, and followed by an effect if it is a yes.

The nodes run on the event loop, so that everything happens in the same order each time.
"""

from __future__ import annotations

import operator
from typing import Annotated, Any

from langgraph.func import task
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt
from tests.faults.model import NOTE
from tests.faults.points import reached
from tests.faults.sink import happen
from typing_extensions import TypedDict

RELEASE = 1
"""What all nodes have in their code: another number makes all of them other code."""


class State(TypedDict, total=False):
    """What a run is called, what was answered to its questions, and a note that people may change."""

    name: str
    note: str
    told: Annotated[list[str], operator.add]


class Start(TypedDict):
    """What a run is started with."""

    name: str


def released(update: dict[str, Any]) -> dict[str, Any]:
    """Have it in a node's code which release this is; it changes nothing else."""
    return update if RELEASE else {}


def asking(*texts: str, shown: tuple[str, ...] = ("name",)) -> Any:
    """Make a node of these questions, which show values of the state."""

    async def node(state: State) -> dict[str, Any]:
        told = []
        for text in texts:
            answer = interrupt({"question": text, **{key: state[key] for key in shown}})  # type: ignore[literal-required]
            reached("before the effect")
            if answer is True:
                happen(text)
            reached("after the effect")
            told.append(f"{text} {answer}")
        return released({"told": told})

    return node


async def again(state: State) -> Command[Any]:
    """Ask until somebody approves, three times at most."""
    text = f"Round {len(state.get('told', ())) + 1}"
    answer = interrupt({"question": text, "name": state["name"]})
    if answer is True:
        happen(text)
    is_over = answer is True or text == "Round 3"
    return Command(update=released({"told": [f"{text} {answer}"]}), goto=END if is_over else "again")


async def one(state: dict[str, Any]) -> dict[str, Any]:
    """Ask about what was sent."""
    return await asking(state["text"])(state)


async def calls(state: State) -> dict[str, Any]:
    """Ask by a graph that is called in here."""
    return released({"told": (await inside.ainvoke({"name": state["name"]}))["told"]})


async def calls_deep(state: State) -> dict[str, Any]:
    """Ask by a graph that is called in a graph that is called in here."""
    return released({"told": (await middle.ainvoke({"name": state["name"]}))["told"]})


async def passes_on(state: State) -> dict[str, Any]:
    """Ask by a graph that is called in here."""
    return {"told": (await bottom.ainvoke({"name": state["name"]}))["told"]}


async def calls_hidden(state: State) -> dict[str, Any]:
    """Ask by a graph that LangGraph does not find in this code."""
    return released({"told": (await KEPT["hidden"].ainvoke({"name": state["name"]}))["told"]})


@task
async def part(text: str, name: str) -> str:
    """Ask as a part of a node."""
    answer = interrupt({"question": text, "name": name})
    reached("before the effect")
    if answer is True:
        happen(text)
    reached("after the effect")
    return f"{text} {answer}"


async def in_parts(state: State) -> dict[str, Any]:
    """Ask by one task after the other, and then here."""
    told = [await part(text, state["name"]) for text in ("T1", "T2")]
    answer = interrupt({"question": "T3", "name": state["name"]})
    if answer is True:
        happen("T3")
    return released({"told": [*told, f"T3 {answer}"]})


async def fails(state: State) -> dict[str, Any]:
    """Do nothing but raise."""
    raise ConnectionError("down")


async def catches(state: State) -> dict[str, Any]:
    """Catch what a graph that is called in here has raised."""
    try:
        await broken.ainvoke({"name": state["name"]})
    except ConnectionError:
        return released({"note": NOTE})
    return {}


async def handles(state: State) -> Command[Any]:
    """Take care of what a node has raised."""
    return Command(update={"note": NOTE})


async def begin(state: State) -> dict[str, Any]:
    """Write the note."""
    return {"note": NOTE}


async def act(state: State) -> dict[str, Any]:
    """Do what the breakpoint holds up."""
    happen("act")
    return released({})


def built() -> Any:
    return StateGraph(State, input_schema=Start)


def with_error(node: Any, asks: Any, *, last: str, **more: Any) -> Any:
    """Make a graph of one with an error that is somebody's own, beside a question, and a question after that."""
    inside = StateGraph(State).add_node("errs", node, **more).add_node("asks", asks)
    inside.add_edge(START, "errs").add_edge(START, "asks")
    builder = built().add_node("outer", inside.compile()).add_node("last", asking(last))
    return builder.add_edge(START, "outer").add_edge("outer", "last")


def calling(node: Any, *, beside: str, last: str) -> Any:
    """Make a graph of a node that calls another graph, one that asks beside it, and one that asks after both."""
    builder = built().add_node("calls", node).add_node("beside", asking(beside)).add_node("last", asking(last))
    builder.add_edge(START, "calls").add_edge(START, "beside")
    return builder.add_edge(["calls", "beside"], "last")


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
edits = (
    built()
    .add_node("begin", begin)
    .add_node("left", asking("E1", "E2", shown=("note",)))
    .add_node("right", asking("F1"))
    .add_node("last", asking("E3", shown=("note", "name")))
    .add_edge(START, "begin")
    .add_edge("begin", "left")
    .add_edge("begin", "right")
    .add_edge(["left", "right"], "last")
)
inside = StateGraph(State).add_node("asks", asking("G1", "G2")).add_edge(START, "asks").compile()
called = calling(calls, beside="H1", last="K1")
several = built().add_node("ask", asking("V1", "V2")).add_edge(START, "ask")
bottom = StateGraph(State).add_node("asks", asking("D1", "D2")).add_edge(START, "asks").compile()
middle = StateGraph(State).add_node("passes", passes_on).add_edge(START, "passes").compile()
deep = calling(calls_deep, beside="X1", last="Y1")
KEPT = {"hidden": StateGraph(State).add_node("asks", asking("M1", "M2")).add_edge(START, "asks").compile()}
hidden = calling(calls_hidden, beside="N1", last="O2")
broken = StateGraph(State).add_node("fails", fails).add_edge(START, "fails").compile()
caught = with_error(catches, asking("U1", "U2"), last="U3")
handled = with_error(fails, asking("W1", "W2"), last="W3", error_handler=handles)
parts = built().add_node("ask", in_parts).add_edge(START, "ask")
