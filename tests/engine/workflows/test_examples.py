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

STARTS: dict[str, dict[str, str | None]] = {
    "expense": {"amount": "12500", "purpose": "Chairs", "category": "1"},
    "content": {"topic": "We move", "audience": "0"},
    "editor": {"content": "Hello"},
    "deploy": {"service": "1", "version": "2.4.1"},
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


@pytest.mark.parametrize(
    ("file", "function"),
    [
        ("expense.py", "multi_level_approval"),
        ("content.py", "content_reviewer"),
        ("editor.py", "interactive_editor"),
        ("deploy.py", "create_plan"),
        ("deploy.py", "execute_plan"),
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
