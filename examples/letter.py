"""Update and resume in one step: an edit changes the draft in the state and answers the question, both at once.

Try Edit in Slack: the node runs again with your draft and gets "approve". On LangGraph's human-in-the-loop page this
is `Command(update={"draft": …}, resume="approve")`.
"""

from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Letter(TypedDict):
    """What a person enters to start."""

    name: Annotated[str, Field(title="To whom", min_length=1, max_length=60)]


class State(Letter):
    """What the graph works with."""

    draft: NotRequired[Annotated[str, Field(title="Draft", min_length=1, max_length=3000)]]
    sent: NotRequired[str]


def write(state: State) -> dict:
    return {"draft": f"Dear {state['name']},\n\nthank you for your order."}


def send(state: State) -> dict:
    answer = interrupt(
        {"question": "Send this letter?", "draft": state["draft"], "options": ["approve", "reject"]}
    )
    return {"sent": state["draft"] if answer == "approve" else "nothing"}


builder = StateGraph(State, input_schema=Letter)
builder.add_node("write", write)
builder.add_node("send", send)
builder.add_edge(START, "write")
builder.add_edge("write", "send")
builder.add_edge("send", END)

graph = builder.compile()
