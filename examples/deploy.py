"""Static breakpoints: the graph knows nothing of approvals, it is compiled to stop before a node, after one, or at all.

Try Edit in Slack: it changes the state that the next node works with. Reject stops the run, and nothing more runs.
The nodes and the compiling are those on LangGraph's human-in-the-loop page, with the checkpointer of that page.
"""

from typing import Annotated, Literal

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from typing_extensions import NotRequired, TypedDict


class Release(TypedDict):
    """What a person enters to start."""

    service: Annotated[Literal["Website", "Shop", "Billing"], Field(title="Service")]
    version: Annotated[str, Field(title="Version", description="Such as 2.4.1", pattern=r"^\d+(\.\d+){1,2}$")]


class State(Release):
    """What the graph works with."""

    plan: NotRequired[str]
    approved: NotRequired[bool]


def create_plan(state: State) -> dict:
    return {"plan": "Execute action X"}

def execute_plan(state: State) -> dict:
    # This only runs after human approval
    return {"approved": True}


builder = StateGraph(State, input_schema=Release)
builder.add_node("planner", create_plan)
builder.add_node("executor", execute_plan)
builder.add_edge(START, "planner")
builder.add_edge("planner", "executor")
builder.add_edge("executor", END)

# Pause before executor runs
checkpointer = InMemorySaver()
graph = builder.compile(
    checkpointer=checkpointer,
    interrupt_before=["executor"]
)

# Review output before continuing
reviewed = builder.compile(
    checkpointer=checkpointer,
    interrupt_after=["planner"]  # Review plan before execution
)

stepwise = builder.compile(
    checkpointer=checkpointer,
    interrupt_before="*",  # Pause before every node
    interrupt_after="*"     # Or after every node
)
