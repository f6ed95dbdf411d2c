"""What can be known of an app without running it."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from engine import inspect_app
from engine.errors import AppError
from engine.inspection import Terms, WorkflowReport
from engine.policy import Policy

SOURCE = """
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict
import operator
from typing import Annotated
class State(TypedDict, total=False):
    draft: str
    log: Annotated[list, operator.add]
def plain(state): interrupt("Pay?")
def choice(state): interrupt({"question": "Which?", "options": ["red", "blue"]})
def inbox(state):
    interrupt({"action_request": {"action": "buy", "args": {}}, "config": {
        "allow_ignore": True, "allow_respond": True, "allow_edit": True, "allow_accept": True}})
def later(state): interrupt(state["draft"])
def swallowing(state):
    try:
        interrupt("Pay?")
    except Exception:
        pass
def graph_of(node):
    return StateGraph(State).add_node("ask", node).add_edge(START, "ask")
asks_plain, asks_choice, asks_inbox, asks_later, asks_nobody = map(
    graph_of, (plain, choice, inbox, later, swallowing))
stops = graph_of(lambda state: {}).compile(interrupt_before="*")
"""

RIGHT = """
[defaults]
channel = "#approvals"
approvers = { groups = ["S0APPROVERS"] }
expires_after = "90s"
"""


async def report(folder: Path, attribute: str, approvals: str = RIGHT) -> WorkflowReport:
    """Inspect an app whose one workflow `it` is this graph of the source."""
    (folder / "langgraph.json").write_text(json.dumps({"graphs": {"it": f"./inspected.py:{attribute}"}}))
    (folder / "inspected.py").write_text(SOURCE)
    (folder / "approvals.toml").write_text(dedent(approvals))
    found = await inspect_app(folder / "langgraph.json")
    assert found.broken == {}
    (workflow,) = found.workflows
    assert found.is_sound is not bool(workflow.problems)
    return workflow


async def test_a_workflow_is_told_as_it_is_set_up(tmp_path: Path) -> None:
    """Title, inputs, questions, answers, people, deadline and channel are those of both files."""
    told = await report(
        tmp_path,
        "asks_plain",
        f"""{RIGHT}
[workflows.it]
title = "Pay out"
starters = {{ users = ["U0RITA"] }}
answers = {{ approve = "yes" }}
[[workflows.it.levels]]
when = {{ level = "director" }}
approvers = {{ users = ["U0DORA"] }}
expires_after = "never"
""",
    )
    assert (told.title, told.channel, told.answers) == ("Pay out", "#approvals", {"approve": "yes"})
    assert [field.name for field in told.form.fields] == ["draft", "log"]
    assert [(ask.dialect, ask.text) for ask in told.asks] == [("plain", "Pay?")]
    assert told.starters is not None
    assert told.starters.users == {"U0RITA"}
    director, others = told.terms
    assert director == Terms({"level": "director"}, Policy(users=frozenset({"U0DORA"})))
    assert others == Terms({}, Policy(groups=frozenset({"S0APPROVERS"}), expires_after_s=90))


async def test_a_breakpoint_is_told_with_what_an_edit_changes(tmp_path: Path) -> None:
    """A state key with a reducer is left out, since an update would be added to it."""
    told = await report(tmp_path, "stops")
    assert (told.before, told.after, told.editable, told.asks) == ("*", frozenset(), ("draft",), ())


@pytest.mark.parametrize(
    ("attribute", "approvals", "problem"),
    [
        ("asks_plain", '[defaults]\napprovers = { users = ["U0AMY"] }', "sets no channel"),
        ("asks_plain", '[defaults]\nchannel = "#approvals"', "names no approvers"),
        ("asks_nobody", RIGHT, "inspected.py: interrupt() in line 18 never pauses"),
        (
            "asks_plain",
            f'{RIGHT}[workflows.it]\ndialect = "editor"',
            "'editor' fits nothing that this graph asks",
        ),
        ("asks_inbox", f"{RIGHT}[workflows.it]\nanswers = {{ approve = 1 }}", "answers are never used"),
    ],
)
async def test_what_cannot_work_is_told(tmp_path: Path, attribute: str, approvals: str, problem: str) -> None:
    """Each thing that keeps questions from being asked or answered as set up is a sentence."""
    (told,) = (await report(tmp_path, attribute, approvals)).problems
    assert problem in told


@pytest.mark.parametrize("attribute", ["asks_later", "asks_plain", "asks_choice"])
async def test_what_may_be_right_is_no_problem(tmp_path: Path, attribute: str) -> None:
    """A dialect or a mapping that some question may follow is left alone."""
    named = {"asks_later": 'dialect = "editor"', "asks_plain": "answers = { approve = 1 }", "asks_choice": ""}
    assert (await report(tmp_path, attribute, f"{RIGHT}[workflows.it]\n{named[attribute]}")).problems == ()


async def test_an_app_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A path that leads nowhere raises a sentence, as at a start."""
    with pytest.raises(AppError, match=r"There is no .*langgraph\.json"):
        await inspect_app(tmp_path / "langgraph.json")
