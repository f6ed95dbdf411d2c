"""A graph that asks about as many items as it is told to."""

from __future__ import annotations

from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

ITEM = {
    "name": "Chair, oak, with a seat of woven straw",
    "price": 49.5,
    "count": 4,
    "tags": ["garden", "oak"],
}


class Order(TypedDict, total=False):
    """What is to be ordered."""

    wanted: int
    items: list[Any]
    is_approved: bool


class Outcome(TypedDict, total=False):
    """What came of it."""

    is_approved: bool


async def choose(state: Order) -> Order:
    """Fill the list."""
    return {"items": [{"id": number, **ITEM} for number in range(state["wanted"])]}


async def ask(state: Order) -> Order:
    """Ask about all of it."""
    return {"is_approved": interrupt({"question": "Order this?", "items": state["items"]})}


async def order(state: Order) -> Order:
    """Nothing is ordered here."""
    return {}


builder = StateGraph(Order, output_schema=Outcome)
for node in (choose, ask, order):
    builder.add_node(node.__name__, node)
builder.add_edge(START, "choose")
builder.add_edge("choose", "ask")
builder.add_edge("ask", "order")
builder.add_edge("order", END)
graph = builder.compile()
