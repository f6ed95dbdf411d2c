"""Small apps for the tests of loading: their sources, and how to load them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from engine.workflows import App, Workflow, load_app

BUILDER = """
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
class State(TypedDict):
    amount: int
def ask(state: State) -> dict:
    return {"amount": state["amount"] + interrupt("How many?")}
builder = StateGraph(State)
builder.add_node("ask", ask)
builder.add_edge(START, "ask")
"""

Files = dict[str, str]
Write = Callable[[Files], Path]


def graphs(**located: Any) -> str:
    """A langgraph.json with these graphs and the app's folder as dependency."""
    return json.dumps({"dependencies": ["."], "graphs": located})


async def load(path: Path) -> App:
    return await load_app(path, saver=InMemorySaver())


def state_type(workflow: Workflow) -> Any:
    """The class that the author wrote for the state."""
    graph: Any = workflow.graph
    return graph.builder.state_schema


async def only(write: Write, source: str, *, attribute: str = "graph", approvals: str = "") -> Workflow:
    """Load the one workflow `it` from this source."""
    files = {
        "langgraph.json": graphs(it=f"./it.py:{attribute}"),
        "it.py": source,
        "approvals.toml": approvals,
    }
    app = await load(write(files))
    assert app.broken == {}
    return app.workflows["it"]
