"""One graph that asks, and one that is busy for a long time without ever letting go."""

import time

from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    name: str


def question(state: State) -> dict:
    interrupt("Go on?")
    return {}


def work(state: State) -> dict:
    """Sleep for so many tenths of a second as its name says, and calculate in between."""
    for _ in range(int(state["name"])):
        time.sleep(0.1)
        sum(range(20_000))
    return {}


ask = StateGraph(State).add_node("question", question).add_edge(START, "question")
toil = StateGraph(State).add_node("work", work).add_edge(START, "work")
