"""Retry after human review: a date that cannot be booked is asked of people, who give another one or give up.

Start it with "next week" and try Retry with a date such as 2027-03-01. The node is the one on LangGraph's
human-in-the-loop page: it asks within `except`, and raises the error again when people give up.
"""

from datetime import date
from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Booking(TypedDict):
    """What a person enters to start."""

    input: Annotated[str, Field(title="Day", description="Such as 2027-03-01", min_length=1, max_length=60)]


class State(Booking):
    """What the graph works with."""

    result: NotRequired[str]


def risky_operation(day: str) -> str:
    booked = date.fromisoformat(day)
    if booked.weekday() >= 5:
        raise ValueError(f"{booked:%d %B %Y} is a {booked:%A}, when the room is closed.")
    return f"The room is booked for {booked:%A, %d %B %Y}."


def safe_operation(state: State) -> dict:
    try:
        result = risky_operation(state["input"])
        return {"result": result}
    
    except Exception as e:
        # Let human decide whether to retry
        action = interrupt({
            "error": str(e),
            "question": "Retry with different input?",
            "current_input": state["input"]
        })
        
        if action["retry"]:
            # Try with modified input
            result = risky_operation(action["new_input"])
            return {"result": result, "input": action["new_input"]}
        else:
            raise


builder = StateGraph(State, input_schema=Booking)
builder.add_node("book", safe_operation)
builder.add_edge(START, "book")
builder.add_edge("book", END)

graph = builder.compile()
