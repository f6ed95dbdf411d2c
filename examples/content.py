"""Review with edit: a draft is approved, edited or rejected; asking for changes writes another draft.

The reviewing node is the one on LangGraph's human-in-the-loop page. `graph` is not compiled here: that is
left to whoever loads it.
"""

from typing import Annotated, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Brief(TypedDict):
    """What a person enters to start."""

    topic: Annotated[
        str, Field(title="Topic", description="What is announced?", min_length=3, max_length=100)
    ]
    audience: Annotated[Literal["Customers", "Colleagues", "Press"], Field(title="Audience")]
    details: NotRequired[
        Annotated[str, Field(title="Details", description="Facts that must be in it.", max_length=2000)]
    ]


class State(Brief):
    """What the graph works with."""

    draft: NotRequired[Annotated[str, Field(title="Draft", max_length=3000)]]
    feedback: NotRequired[str]
    status: NotRequired[str]
    final: NotRequired[str]


def writer(state: State) -> dict:
    lines = [f"To our {state['audience'].lower()}: {state['topic']}."]
    if state.get("details"):
        lines.append(state["details"])
    if state.get("feedback"):
        lines.append(f"(Revised: {state['feedback']})")
    return {"draft": "\n\n".join(lines)}


def content_reviewer(state: State) -> dict:
    draft = state["draft"]
    
    # Human reviews the draft
    feedback = interrupt({
        "action": "review",
        "draft": draft,
        "options": ["approve", "request_changes", "reject"]
    })
    
    if feedback["action"] == "approve":
        return {"status": "approved", "final": draft}
    
    elif feedback["action"] == "request_changes":
        # Loop back for revisions
        return {
            "status": "needs_revision",
            "feedback": feedback["comments"]
        }
    
    else:  # reject
        return {"status": "rejected"}


def after_review(state: State) -> str:
    return "writer" if state["status"] == "needs_revision" else END


graph = StateGraph(State, input_schema=Brief)
graph.add_node("writer", writer)
graph.add_node("reviewer", content_reviewer)
graph.add_edge(START, "writer")
graph.add_edge("writer", "reviewer")
graph.add_conditional_edges("reviewer", after_review, ["writer", END])
