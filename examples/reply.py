"""Dynamic interrupt: a reply to a customer goes out at once, unless it promises something; then people read it first.

Start it with "You get a full refund." and try Edit: the graph takes the new text and asks about it again. The node
is the one on LangGraph's human-in-the-loop page, with both functions that it leaves open filled in.
"""

from contextvars import ContextVar
from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict

PROMISES = ("refund", "discount", "guarantee", "free of charge")

under_review: ContextVar[str] = ContextVar("under_review")


class Reply(TypedDict):
    """What a person enters to start."""

    content: Annotated[str, Field(title="Reply", description="What the customer gets.", min_length=1, max_length=3000)]


class State(Reply):
    """What the graph works with."""

    status: NotRequired[str]


def requires_review(content: str) -> bool:
    under_review.set(content)
    return any(promise in content.lower() for promise in PROMISES)


def get_edited_content() -> str:
    # An edit is in the state before the node runs again, so what is under review now is the edited text
    return under_review.get()


def review_node(state: State) -> dict:
    # Analyze the content
    if requires_review(state["content"]):
        # Interrupt and ask for human input
        human_input = interrupt(
            {
                "question": "Does this look correct?",
                "content": state["content"],
                "options": ["approve", "reject", "edit"]
            }
        )
        
        # This code runs AFTER human resumes
        if human_input == "reject":
            return {"status": "rejected"}
        elif human_input == "edit":
            return {"content": get_edited_content()}
    
    return {"status": "approved"}


def after_review(state: State) -> str:
    return END if state.get("status") else "review"


builder = StateGraph(State, input_schema=Reply)
builder.add_node("review", review_node)
builder.add_edge(START, "review")
builder.add_conditional_edges("review", after_review, ["review", END])

graph = builder.compile()
