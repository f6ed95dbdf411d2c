"""The examples work as a newcomer finds them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from engine.forms import read_form
from tests.engine.workflows.apps import load

GUIDE = Path(__file__).parents[1] / "guide.py"
EXAMPLES = Path(__file__).parents[3] / "examples"

RELEASE: dict[str, str | None] = {"service": "1", "version": "2.4.1"}

STARTS: dict[str, dict[str, str | None]] = {
    "deploy": RELEASE,
    "deploy_reviewed": RELEASE,
    "deploy_stepwise": RELEASE,
    "reply": {"content": "A full refund."},
    "migration": {"database": "crm"},
    "newsletter": {"draft": "News"},
    "letter": {"name": "Carol"},
    "contract": {"partner": "Acme", "value": "5000"},
    "payment": {"amount": "2000"},
    "expense": {"amount": "12500", "purpose": "Chairs", "category": "1"},
    "content": {"topic": "We move", "audience": "0"},
    "editor": {"content": "Hello"},
    "booking": {"input": "next week"},
    "assistant": {"complaint": "The chair is broken."},
    "assistant_each": {"complaint": "The chair is broken."},
    "inbox": {"item": "chair", "count": "3"},
}

BREAKPOINTS = {
    "deploy": (frozenset({"executor"}), frozenset()),
    "deploy_reviewed": (frozenset(), frozenset({"planner"})),
    "deploy_stepwise": ("*", "*"),
}


@pytest.mark.parametrize("name", STARTS)
async def test_each_example_starts_from_its_form_and_waits(name: str) -> None:
    """What a newcomer sees first works: the form is filled in, the graph runs and asks."""
    app = await load(EXAMPLES / "langgraph.json")
    assert app.broken == {}
    assert set(app.workflows) == set(STARTS)
    workflow = app.workflows[name]
    assert workflow.problem is None
    assert workflow.description
    config: Any = {"configurable": {"thread_id": "t"}}
    await workflow.graph.ainvoke(workflow.input_of(read_form(workflow.input_form, STARTS[name])), config)
    assert (await workflow.graph.aget_state(config)).next


async def test_the_breakpoints_are_those_of_the_guide() -> None:
    """Interrupt before, after and all are compiled as the guide has them, and kept when the app is loaded."""
    app = await load(EXAMPLES / "langgraph.json")
    assert {
        name: (app.workflows[name].before, app.workflows[name].after) for name in BREAKPOINTS
    } == BREAKPOINTS


@pytest.mark.parametrize(
    ("file", "function"),
    [
        ("deploy.py", "create_plan"),
        ("deploy.py", "execute_plan"),
        ("reply.py", "review_node"),
        ("migration.py", "complex_node"),
        ("payment.py", "requires_approval"),
        ("expense.py", "multi_level_approval"),
        ("content.py", "content_reviewer"),
        ("editor.py", "interactive_editor"),
        ("booking.py", "safe_operation"),
    ],
)
def test_the_examples_ask_with_the_guides_own_code(file: str, function: str) -> None:
    """The asking nodes in the examples are, statement for statement, those that the question tests answer."""
    example, copied = (_body(path, function) for path in (EXAMPLES / file, GUIDE))
    assert example == copied


def _body(path: Path, function: str) -> str:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    (found,) = (node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == function)
    return ast.dump(ast.Module(body=found.body, type_ignores=[]))
