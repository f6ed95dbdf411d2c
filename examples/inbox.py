"""Agent Inbox: a graph that asks with a `HumanInterrupt` and takes a list of one `HumanResponse`.

Try each button in Slack: Accept runs the action as it stands, Edit runs it with your values (numbers stay numbers),
Respond answers in words, Ignore lets it be.
"""

from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Order(TypedDict):
    """What a person enters to start."""

    item: Annotated[str, Field(title="Item", min_length=1, max_length=60)]
    count: Annotated[int, Field(title="How many", ge=1, le=1000)]


class State(Order):
    """What the graph works with."""

    result: NotRequired[str]


def order(state: State) -> dict:
    request = {
        "action_request": {"action": "order", "args": {"item": state["item"], "count": state["count"]}},
        "config": {
            "allow_ignore": True,
            "allow_respond": True,
            "allow_edit": True,
            "allow_accept": True,
        },
        "description": "Order this?\nThe supplier ships within two days.",
    }
    response = interrupt([request])[0]
    if response["type"] == "ignore":
        return {"result": "Nothing was ordered."}
    if response["type"] == "response":
        return {"result": f"Not ordered yet. The answer was: {response['args']}"}
    args = response["args"]["args"]
    return {"result": f"Ordered {args['count']:d} x {args['item']}."}


builder = StateGraph(State, input_schema=Order)
builder.add_node("order", order)
builder.add_edge(START, "order")
builder.add_edge("order", END)

graph = builder.compile()
