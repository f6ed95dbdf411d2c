"""Graphs in which an edit would reach further than whoever edits: a user's app, written as users write them."""

from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import BaseModel, field_validator


class Wire(TypedDict, total=False):
    amount: int
    status: str


def director_first(state: Wire) -> dict:
    """The question in the first place of this node depends on the amount."""
    amount = state["amount"]
    if amount >= 10000 and not interrupt({"level": "director", "amount": amount}):
        return {"status": "the director said no"}
    if not interrupt({"level": "manager", "amount": amount}):
        return {"status": "the manager said no"}
    return {"status": f"paid {amount}"}


def manager_first(state: Wire) -> dict:
    amount = state["amount"]
    if not interrupt({"level": "manager", "amount": amount}):
        return {"status": "the manager said no"}
    if amount >= 10000 and not interrupt({"level": "director", "amount": amount}):
        return {"status": "the director said no"}
    if amount == 12000:
        raise RuntimeError("the bank is away")
    return {"status": f"paid {amount}"}


def told(state: Wire) -> dict:
    """The words of this question depend on the amount."""
    amount = state["amount"]
    question = f"Wire {amount}" + (" and waive the fraud check?" if amount > 100 else "?")
    return {"status": f"{interrupt({'question': question, 'amount': amount})}: {amount}"}


class Small(BaseModel):
    """A state that checks itself."""

    amount: int = 0
    status: str = ""

    @field_validator("amount")
    @classmethod
    def is_small(cls, amount):
        if amount > 100:
            raise ValueError("100 at most")
        return amount


def small_amount(state: Small) -> dict:
    return {"status": f"{interrupt({'question': 'Pay?', 'amount': state.amount})} {state.amount}"}


def graph(node, state=Wire):
    builder = StateGraph(state)
    builder.add_node("wire", node)
    builder.add_edge(START, "wire")
    builder.add_edge("wire", END)
    return builder.compile()




def gated():
    """Two gates of two nodes, then a breakpoint, where the state could be edited."""
    builder = StateGraph(Wire)
    builder.add_node("gate", lambda state: interrupt({"level": "director", "amount": state["amount"]}) and {})
    builder.add_node("pay", lambda state: {"status": f"paid {state['amount']}"})
    builder.add_edge(START, "gate")
    builder.add_edge("gate", "pay")
    builder.add_edge("pay", END)
    return builder.compile(interrupt_before=["pay"])


wire = graph(director_first)
wire_back = graph(manager_first)
wire_told = graph(told)
wire_gated = gated()
wire_small = graph(small_amount, Small)
