"""What a graph asks, and what it keeps from asking, told without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.workflows import Ask, Workflow, asks_of
from tests.engine.workflows.apps import Write, load, only

EXAMPLES = Path(__file__).parents[3] / "examples" / "langgraph.json"

HEAD = """
import functools
import langgraph.types as types
from langchain_core.runnables import RunnableLambda
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from langgraph.types import interrupt as pause
from pydantic import BaseModel
from typing_extensions import TypedDict
from engine import approval

class State(TypedDict, total=False):
    draft: str

class Reply(BaseModel):
    is_right: bool
    note: str

class Asking(TypedDict):
    question: str
    options: list[str]
"""

FOOT = """
builder = StateGraph(State)
builder.add_node("ask", ask)
builder.add_edge(START, "ask")
graph = builder.compile()
"""

YES_NO = {"Approve": (), "Reject": ()}
PLAIN = {**YES_NO, "Answer…": ()}

NODES = {
    "a text": ("def ask(state): interrupt('Pay?')", "plain", PLAIN),
    "its name in another module": ("def ask(state): types.interrupt('Pay?')", "plain", PLAIN),
    "an alias": ("def ask(state): pause(value='Pay?')", "plain", PLAIN),
    "imported within": (
        "def ask(state):\n    from langgraph.types import interrupt\n    interrupt('Pay?')", "plain", PLAIN,
    ),
    "async": ("async def ask(state): interrupt('Pay?')", "plain", PLAIN),
    "a variable": (
        "def ask(state):\n    what = {'level': 'boss', 'sum': state['x']}\n    interrupt(what)", "level", YES_NO,
    ),
    "an edit of the state": (
        "def ask(state): interrupt({'question': 'Send?', 'draft': state['draft']})",
        "plain", {**YES_NO, "Edit": ("draft",), "Answer…": ()},
    ),
    "a TypedDict": (
        "def ask(state): interrupt(Asking(question='How?', options=['retry', 'give_up']))",
        "options", {"Retry": (), "Give up": ()},
    ),
    "options that are only known when it asks": (
        "def ask(state): interrupt({'question': 'How?', 'options': state['options']})", "options", {"…": ()},
    ),
    "an inbox with unknown arguments": (
        "def ask(state): interrupt([{'action_request': {'action': 'buy', 'args': state['args']}, 'config':"
        " {'allow_ignore': True, 'allow_respond': False, 'allow_edit': False, 'allow_accept': True}}])",
        "inbox", {"Accept": (), "Ignore": ()},
    ),
    "a schema": (
        "def ask(state): interrupt('Right?', response_schema=Reply)", "schema", {"Answer…": ("is_right", "note")},
    ),
    "approval()": ("def ask(state): approval('Pay?')", "approval", PLAIN),
    "only known when it asks": ("def ask(state): interrupt(state['what'])", None, {}),
    "in a helper": ("def boss(): return interrupt('Pay?')\ndef ask(state): boss()", "plain", PLAIN),
    "in a method": (
        "class Asker:\n    def __call__(self, state): self.boss()\n    def boss(self): interrupt('Pay?')\n"
        "ask = Asker()", "plain", PLAIN,
    ),
    "a bound method": (
        "class Asker:\n    def ask(self, state): interrupt('Pay?')\nask = Asker().ask", "plain", PLAIN,
    ),
    "a partial": (
        "def asked(state, how): interrupt('Pay?')\nask = functools.partial(asked, how=1)", "plain", PLAIN,
    ),
    "a decorator": (
        "def logged(node):\n    def inner(state): return node(state)\n    return inner\n"
        "@logged\ndef ask(state): interrupt('Pay?')", "plain", PLAIN,
    ),
    "a chain": (
        "def asked(state): interrupt('Pay?')\nask = RunnableLambda(lambda state: state) | RunnableLambda(asked)",
        "plain", PLAIN,
    ),
}  # fmt: skip


def found(workflow: Workflow) -> tuple[Ask, ...]:
    """Read what a workflow asks, as `assent check` does."""
    return asks_of(workflow.graph, editable=workflow.editable, dialect=workflow.dialect)


@pytest.mark.parametrize(("source", "dialect", "options"), NODES.values(), ids=NODES)
async def test_a_question_is_found_however_its_node_is_written(
    write: Write, source: str, dialect: str | None, options: dict[str, tuple[str, ...]]
) -> None:
    """Wherever the call stands, its dialect and buttons are told, and the line where it is."""
    text = f"{HEAD}{source}{FOOT}"
    (ask,) = found(await only(write, text))
    assert (ask.node, ask.dialect, dict(ask.options)) == ("ask", dialect, options)
    file, _, line = ask.place.partition(":")
    assert file == "it.py"
    assert any(name in text.splitlines()[int(line) - 1] for name in ("interrupt(", "pause(", "approval("))


async def test_the_dialect_that_is_named_is_the_one_that_is_told(write: Write) -> None:
    """A dialect of approvals.toml that can read the value comes before the one that its shape has."""
    source = f"{HEAD}def ask(state): interrupt({{'action': 'choose', 'options': ['blue', 'green']}}){FOOT}"
    (ask,) = found(await only(write, source))
    assert ask.dialect == "plain"
    (ask,) = found(await only(write, source, approvals='[workflows.it]\ndialect = "review"'))
    assert (ask.dialect, list(ask.options)) == ("review", ["Blue", "Green"])


async def test_a_graph_within_is_read_and_has_no_edit(write: Write) -> None:
    """Nodes of a subgraph, and of a graph that a node calls, are told; the state is not theirs."""
    source = """
def inner(state): interrupt({"draft": state["draft"]})
within = StateGraph(State).add_node("inner", inner).add_edge(START, "inner").compile()
def calls(state): return within.invoke(state)
builder = StateGraph(State).add_node("sub", within).add_edge(START, "sub")
graph = builder.compile()
calling = StateGraph(State).add_node("calls", calls).add_edge(START, "calls").compile()
"""
    for attribute, node in (("graph", "sub/inner"), ("calling", "calls/inner")):
        (ask,) = found(await only(write, HEAD + source, attribute=attribute))
        assert (ask.node, dict(ask.options)) == (node, PLAIN)


@pytest.mark.parametrize(("name", "mode"), [("assistant", "batched"), ("assistant_each", "per_call")])
async def test_langchains_middleware_is_found_in_an_agent(name: str, mode: str) -> None:
    """The middleware of an agent within a graph is told with its mode and what each tool allows."""
    app = await load(EXAMPLES)
    (ask,) = found(app.workflows[name])
    assert (ask.node, ask.place, ask.dialect) == ("agent", "HumanInTheLoopMiddleware", mode)
    assert ask.options["issue_refund"] == ("approve", "edit", "reject")
    assert set(ask.options) == {"issue_refund", "send_email"}


async def test_a_tool_that_asks_is_found(write: Write) -> None:
    """A tool of a ToolNode that calls interrupt() itself is told under the node."""
    source = """
from langgraph.graph import MessagesState
from langgraph.prebuilt import ToolNode
def buy(item: str) -> str:
    "Buy something."
    return interrupt({"question": "Buy this?", "item": item})
graph = StateGraph(MessagesState).add_node("tools", ToolNode([buy])).add_edge(START, "tools").compile()
"""
    (ask,) = found(await only(write, HEAD + source))
    assert (ask.node, ask.text) == ("tools", "Buy this?")


SWALLOWING = """
def ask(state):
    try:
        return {"draft": boss()}
    except Exception:
        return {"draft": "nobody asked"}
def boss():
    return deputy()
def deputy():
    return interrupt("Pay?")
"""


async def test_a_swallowed_question_is_a_problem_of_the_workflow(write: Write) -> None:
    """A broad `except` around a helper that asks is told when the app is loaded, with the line in the file."""
    text = HEAD + SWALLOWING + FOOT
    workflow = await only(write, text)
    (problem,) = workflow.faults
    line = text.splitlines().index('        return {"draft": boss()}') + 1
    assert problem.startswith(
        f"it.py: boss() in line {line} never pauses: “except Exception” in line {line + 1}"
    )
    assert problem in str(workflow.problem)


async def test_the_guides_retry_is_no_problem() -> None:
    """The examples have no faults, also the one that asks within its `except Exception`."""
    app = await load(EXAMPLES)
    assert {name: workflow.problems for name, workflow in app.workflows.items() if workflow.problems} == {}


async def test_functions_that_call_each_other_are_read_once(write: Write) -> None:
    """Helpers that call each other, and a node without source, do no harm."""
    source = """
def one(): two()
def two(): one(); interrupt("Pay?")
def ask(state): one()
builder = StateGraph(State)
exec("def made(state): interrupt('Hidden?')")
builder.add_node("made", made)
builder.add_edge("ask", "made")
"""
    text = f"{HEAD}{source}{FOOT.replace('builder = StateGraph(State)', '')}"
    assert [ask.text for ask in found(await only(write, text))] == ["Pay?"]


async def test_odd_objects_do_no_harm(write: Write) -> None:
    """Names whose comparison raises, and nodes with attributes like those of wrappers, are read like any other."""
    source = """
class Odd:
    def __eq__(self, other): raise ValueError("The truth of this is ambiguous.")
    __hash__ = None
odd = Odd()
class Node:
    steps, func, tools_by_name = 3, None, 4
    def __call__(self, state): return interrupt("Pay?") if odd else None
ask = Node()
"""
    workflow = await only(write, HEAD + source + FOOT)
    assert [ask.text for ask in found(workflow)] == ["Pay?"]
    assert workflow.faults == ()
