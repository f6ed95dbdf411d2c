"""Multiple interrupts: one node asks twice, and each step runs only if it was approved.

Approve the first step and reject the second; or write an answer of your own, which counts as a yes. The node is the
one on LangGraph's human-in-the-loop page. It runs from its start after each answer, so its steps can be repeated.
"""

from typing import Annotated

from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Migration(TypedDict):
    """What a person enters to start."""

    database: Annotated[str, Field(title="Database", min_length=1, max_length=60)]


class State(Migration):
    """What the graph works with."""

    status: NotRequired[str]


def process_step1() -> None:
    get_stream_writer()("Step 1: the data is copied.")


def process_step2() -> None:
    get_stream_writer()("Step 2: everybody uses the copy.")


def complex_node(state: State) -> dict:
    # First interrupt
    step1_approval = interrupt("Approve step 1?")
    
    if step1_approval:
        process_step1()
    
    # Second interrupt
    step2_approval = interrupt("Approve step 2?")
    
    if step2_approval:
        process_step2()
    
    return {"status": "complete"}


builder = StateGraph(State, input_schema=Migration)
builder.add_node("migrate", complex_node)
builder.add_edge(START, "migrate")
builder.add_edge("migrate", END)

graph = builder.compile()
