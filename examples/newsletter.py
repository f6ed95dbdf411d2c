"""State editing: the graph stops once the editor has tidied a draft, and people change the state itself.

Try Edit in Slack: the draft that you write is the one that is published. On LangGraph's human-in-the-loop page this
is `update_state(…, as_node="editor")` and `invoke(None)`.
"""

from typing import Annotated

from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Draft(TypedDict):
    """What a person enters to start."""

    draft: Annotated[str, Field(title="Draft", min_length=1, max_length=3000)]


class State(Draft):
    """What the graph works with."""

    published: NotRequired[str]


def editor(state: State) -> dict:
    return {"draft": " ".join(state["draft"].split())}


def publisher(state: State) -> dict:
    return {"published": f"To all subscribers: {state['draft']}"}


builder = StateGraph(State, input_schema=Draft)
builder.add_node("editor", editor)
builder.add_node("publisher", publisher)
builder.add_edge(START, "editor")
builder.add_edge("editor", "publisher")
builder.add_edge("publisher", END)

graph = builder.compile(interrupt_after=["editor"])
