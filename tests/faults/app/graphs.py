"""The graphs of the laboratory: each asks, and does something outside only where it was allowed."""

from __future__ import annotations

import operator
from typing import Annotated, Any

from langgraph.graph import START, StateGraph
from langgraph.types import Send, interrupt
from typing_extensions import TypedDict

from tests.faults.points import reached
from tests.faults.sink import happen


class State(TypedDict, total=False):
    """What a run is called, and what was answered to its questions."""

    name: str
    told: Annotated[list[str], operator.add]


def two_gates(state: State) -> dict[str, Any]:
    """Two questions of one node, with something done after each."""
    first = interrupt({"question": "First?", "name": state["name"]})
    reached("K4")
    if first is True:
        happen("first")
    reached("K5")
    second = interrupt({"question": "Second?", "name": state["name"]})
    reached("K4")
    if second is True:
        happen("second")
    reached("K5")
    return {"told": [f"First? {first}", f"Second? {second}"]}


def gate(state: State) -> dict[str, Any]:
    """One question."""
    answer = interrupt({"question": "Order?", "name": state["name"]})
    reached("K4")
    return {"told": [f"Order? {answer}"]}


def pay(state: State) -> dict[str, Any]:
    """Do what was approved."""
    if state["told"][-1] == "Order? True":
        happen("paid")
    reached("K5")
    return {}


def after(state: State) -> dict[str, Any]:
    """The node behind."""
    reached("K7")
    return {}


def each(state: dict[str, Any]) -> dict[str, Any]:
    """One of several questions at once."""
    text = f"Item {state['item']}?"
    answer = interrupt({"question": text, "name": state["name"]})
    reached("K4")
    if answer is True:
        happen(text)
    reached("K5")
    return {"told": [f"{text} {answer}"]}


def spread(state: State) -> list[Send]:
    """Ask about three items."""
    return [Send("each", {"item": item, "name": state["name"]}) for item in range(3)]


class Start(TypedDict):
    """What a run is started with."""

    name: str


gates = StateGraph(State, input_schema=Start).add_sequence([two_gates, after]).add_edge(START, "two_gates")
order = StateGraph(State, input_schema=Start).add_sequence([gate, pay, after]).add_edge(START, "gate")
fan = StateGraph(State, input_schema=Start).add_node("each", each).add_node("after", after)
fan.add_conditional_edges(START, spread, ["each"]).add_edge("each", "after")
