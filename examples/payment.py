"""Simple approval: a payment above $1000 is asked in one plain sentence, a smaller one asks nobody.

Approve gives the node True, Reject gives it False. The node is the one on LangGraph's human-in-the-loop page.
"""

from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Payment(TypedDict):
    """What a person enters to start."""

    amount: Annotated[int, Field(title="Amount in dollars", gt=0, le=1_000_000)]


class State(Payment):
    """What the graph works with."""

    status: NotRequired[str]


def requires_approval(state: State) -> dict:
    if state["amount"] > 1000:
        approval = interrupt(f"Approve ${state['amount']} transaction?")
        if not approval:
            return {"status": "rejected"}
    
    return {"status": "approved"}


builder = StateGraph(State, input_schema=Payment)
builder.add_node("approval", requires_approval)
builder.add_edge(START, "approval")
builder.add_edge("approval", END)

graph = builder.compile()
