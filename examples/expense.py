"""Multi-level approval: one node that asks twice, first a manager and, for large amounts, a director.

The node is the one on LangGraph's human-in-the-loop page. What surrounds it prepares the request and pays.
"""

from typing import Annotated, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Request(TypedDict):
    """What a person enters to start."""

    amount: Annotated[float, Field(title="Amount in dollars", gt=0, le=1_000_000)]
    purpose: Annotated[
        str, Field(title="Purpose", description="What is it for?", min_length=3, max_length=120)
    ]
    category: Annotated[
        Literal["Travel", "Equipment", "Software", "Training", "Other"], Field(title="Category")
    ]
    has_receipt: NotRequired[
        Annotated[bool, Field(title="Receipt at hand", description="Leave this open if you do not know yet.")]
    ]
    note: NotRequired[
        Annotated[str, Field(title="Note", description="Anything the approver should know.", max_length=1000)]
    ]


class State(Request):
    """What the graph works with."""

    status: NotRequired[str]
    receipt: NotRequired[str]


def prepare(state: State) -> dict:
    return {"purpose": state["purpose"].strip(), "status": "requested"}


def multi_level_approval(state: State) -> dict:
    amount = state["amount"]
    
    # Level 1: Manager approval for $1k+
    if amount >= 1000:
        manager_approval = interrupt(
            {"level": "manager", "amount": amount}
        )
        if not manager_approval:
            return {"status": "rejected"}
    
    # Level 2: Director approval for $10k+
    if amount >= 10000:
        director_approval = interrupt(
            {"level": "director", "amount": amount}
        )
        if not director_approval:
            return {"status": "rejected"}
    
    return {"status": "approved", "amount": amount}


def pay(state: State) -> dict:
    if state["status"] != "approved":
        return {"receipt": "Nothing was paid."}
    return {"receipt": f"Paid ${state['amount']:,.2f} for {state['purpose']} ({state['category']})."}


builder = StateGraph(State, input_schema=Request)
builder.add_node("prepare", prepare)
builder.add_node("approval", multi_level_approval)
builder.add_node("pay", pay)
builder.add_edge(START, "prepare")
builder.add_edge("prepare", "approval")
builder.add_edge("approval", "pay")
builder.add_edge("pay", END)

graph = builder.compile()
