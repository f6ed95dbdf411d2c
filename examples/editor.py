"""Interactive editing: the same question again after every edit, until somebody approves or rejects.

The node is the one on LangGraph's human-in-the-loop page. `graph` is a factory here.
"""

from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Text(TypedDict):
    """What a person enters to start."""

    content: Annotated[
        str, Field(title="Text", description="The text to work on.", min_length=1, max_length=3000)
    ]


class State(Text):
    """What the graph works with."""

    status: NotRequired[str]


def interactive_editor(state: State) -> dict:
    content = state["content"]
    
    while True:
        # Show content and get feedback
        action = interrupt({
            "content": content,
            "prompt": "Edit, approve, or reject?"
        })
        
        if action["type"] == "edit":
            content = action["new_content"]
            continue
        
        elif action["type"] == "approve":
            return {"content": content, "status": "approved"}
        
        else:  # reject
            return {"status": "rejected"}


def graph():
    builder = StateGraph(State, input_schema=Text)
    builder.add_node("editor", interactive_editor)
    builder.add_edge(START, "editor")
    builder.add_edge("editor", END)
    return builder.compile()
