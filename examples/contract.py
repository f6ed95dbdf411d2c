"""Several interrupts at once: two branches ask at the same time, and each answer goes to its own question.

Answer the two cards in any order: each is answered by the id of its interrupt, as "Interrupt Metadata" on LangGraph's
human-in-the-loop page does it. Finance is asked of the directors, by a level in approvals.toml.
"""

import operator
from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Contract(TypedDict):
    """What a person enters to start."""

    partner: Annotated[str, Field(title="Partner", min_length=1, max_length=60)]
    value: Annotated[int, Field(title="Value in dollars", ge=1)]


class State(Contract):
    """What the graph works with."""

    approvals: NotRequired[Annotated[list[str], operator.add]]
    status: NotRequired[str]


def legal(state: State) -> dict:
    answer = interrupt({"question": "Are the terms acceptable?", "team": "legal", "partner": state["partner"]})
    return {"approvals": ["legal"] if answer else []}


def finance(state: State) -> dict:
    answer = interrupt({"question": "Is the price acceptable?", "team": "finance", "value": state["value"]})
    return {"approvals": ["finance"] if answer else []}


def sign(state: State) -> dict:
    return {"status": "signed" if len(state["approvals"]) == 2 else "not signed"}


builder = StateGraph(State, input_schema=Contract)
for node in (legal, finance, sign):
    builder.add_node(node.__name__, node)
builder.add_edge(START, "legal")
builder.add_edge(START, "finance")
builder.add_edge(["legal", "finance"], "sign")
builder.add_edge("sign", END)

graph = builder.compile()
