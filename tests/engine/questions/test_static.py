"""Static breakpoints: a question without words, answered by going on."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from engine.decisions import Json
from engine.questions import answer, read_static
from engine.questions.question import REJECT
from tests.engine.guide import Plan, create_plan, execute_plan


def planned() -> tuple[Any, Any]:
    """The guide's planner and executor, stopped before the executor."""
    builder = StateGraph(Plan)
    builder.add_node("planner", create_plan)
    builder.add_node("executor", execute_plan)
    builder.add_edge(START, "planner")
    builder.add_edge("planner", "executor")
    builder.add_edge("executor", END)
    graph = builder.compile(checkpointer=InMemorySaver(), interrupt_before=["executor"])
    config: Any = {"configurable": {"thread_id": "t"}}
    graph.invoke({"plan": "", "approved": False}, config)
    return graph, config


@pytest.mark.parametrize(
    ("name", "values", "plan"),
    [
        ("approve", {}, "Execute action X"),
        ("edit", {"plan": "Execute action Y"}, "Execute action Y"),
    ],
)
def test_a_static_breakpoint_goes_on_with_or_without_an_edit(
    name: str, values: dict[str, Json], plan: str
) -> None:
    """Approving runs the graph on with no value; editing changes the state first."""
    graph, config = planned()
    snapshot = graph.get_state(config)
    question = read_static(snapshot.next, when="before", state=snapshot.values, state_schema={})
    assert question.text == "Continue with executor?"
    assert question.shown == {"next": ["executor"], "state": {"plan": "Execute action X", "approved": False}}
    option = question.option(name)
    assert option
    given = answer(question, option=option, reason="", values=values)
    assert given.resume is None
    graph.invoke(Command(update=given.update) if given.update else None, config)
    assert graph.get_state(config).values == {"plan": plan, "approved": True}


def test_a_rejected_static_breakpoint_has_no_answer() -> None:
    """Nothing may resume it: the caller has to stop the run."""
    question = read_static(("executor",), when="before", state={}, state_schema={})
    with pytest.raises(ValueError, match="stopped"):
        answer(question, option=REJECT, reason="no", values={})


@pytest.mark.parametrize(
    ("next_nodes", "when", "text"),
    [
        (("a", "b", "c"), "before", "Continue with a, b and c?"),
        (("a", "b"), "after", "A step is done. Continue with a and b?"),
        ((), "after", "A step is done. Continue to the end?"),
    ],
)
def test_a_static_breakpoint_says_what_comes_next(next_nodes: tuple[str, ...], when: Any, text: str) -> None:
    """The text names every node that runs if the graph goes on."""
    assert read_static(next_nodes, when=when, state={}, state_schema={}).text == text


def test_a_static_breakpoint_offers_only_editable_keys() -> None:
    """All of the state is shown, and only what may be changed is in the form."""
    question = read_static(("x",), when="before", state={"a": 1, "log": [1]}, state_schema={}, editable={"a"})
    assert question.shown["state"] == {"a": 1, "log": [1]}
    assert question.form
    assert [field.name for field in question.form.fields] == ["a"]
