"""What a graph takes and holds, from whatever its author used to describe it."""

from __future__ import annotations

from datetime import date
from textwrap import dedent
from typing import Any

import pytest

from engine.errors import InvalidInput
from engine.forms import Field, FieldKind, entries, read_form
from tests.engine.workflows.apps import BUILDER, Write, only

STATES: dict[str, str] = {
    "typing_extensions.TypedDict": "from typing_extensions import TypedDict, NotRequired\nclass State(TypedDict):",
    "typing.TypedDict": "from typing import TypedDict, NotRequired\nclass State(TypedDict):",
    "annotations as text": (
        "from __future__ import annotations\nfrom typing import TypedDict, NotRequired\nclass State(TypedDict):"
    ),
}


@pytest.mark.parametrize("begin", STATES.values(), ids=STATES)
async def test_every_kind_of_typed_dict_gives_a_typed_form(write: Write, begin: str) -> None:
    """Keys keep their types, titles and bounds; managed values are left out, reducers not required."""
    source = f"""{begin}
    amount: Annotated[float, Field(title="Sum", gt=0)]
    note: NotRequired[str]
    log: Annotated[list[str], operator.add]
    left: RemainingSteps
    odd: Odd
graph = StateGraph(State)
graph.add_node("n", lambda state: None)
graph.add_edge(START, "n")
"""
    imports = dedent("""
    import operator
    from typing import Annotated
    from langgraph.graph import START, StateGraph
    from langgraph.managed import RemainingSteps
    from pydantic import Field
    class Odd: pass
    """)
    head, _, rest = source.partition("\n")
    source = f"{head}{imports}{rest}" if "__future__" in head else imports + source
    workflow = await only(write, source)
    fields: dict[str, Field] = {field.name: field for field in workflow.input_form.fields}
    assert list(fields) == ["amount", "note", "log", "odd"]
    assert [field.required for field in fields.values()] == [True, False, False, True]
    assert (fields["amount"].label, fields["amount"].kind) == ("Sum", FieldKind.NUMBER)
    assert fields["odd"].kind is FieldKind.JSON
    assert list(workflow.state_schema["properties"]) == ["amount", "note", "log", "odd"]


@pytest.mark.parametrize(
    "state",
    [
        "from pydantic import BaseModel\nclass State(BaseModel):\n    amount: int\n    name: str = 'pen'",
        "from dataclasses import dataclass\n@dataclass\nclass State:\n    amount: int\n    name: str = 'pen'",
    ],
)
async def test_models_and_dataclasses_give_their_defaults(write: Write, state: str) -> None:
    """A default becomes the initial value and makes its field optional."""
    source = (
        f"{state}\n" + BUILDER.replace("class State(TypedDict):\n    amount: int\n", "") + "graph = builder"
    )
    form = (await only(write, source)).input_form
    assert entries(form) == {"amount": None, "name": "pen"}
    assert [field.required for field in form.fields] == [True, False]


async def test_a_state_without_known_keys_is_entered_as_json(write: Write) -> None:
    """A graph whose state is a plain dict takes one JSON object."""
    source = """
    from langgraph.graph import START, StateGraph
    graph = StateGraph(dict)
    graph.add_node("n", lambda state: {"seen": state["a"]})
    graph.add_edge(START, "n")
    """
    workflow = await only(write, source)
    values = read_form(workflow.input_form, {"input": '{"a": 1}'})
    config: Any = {"configurable": {"thread_id": "t"}}
    assert await workflow.graph.ainvoke(workflow.input_of(values), config) == {"seen": 1}
    with pytest.raises(InvalidInput):
        read_form(workflow.input_form, {"input": "[1]"})


async def test_only_plain_values_of_plain_keys_may_be_edited(write: Write) -> None:
    """Reducers would add to an update and dates would come back as text, so neither is offered."""
    source = BUILDER.replace(
        "    amount: int\n",
        "    amount: int\n    log: Annotated[list, operator.add]\n    due: date\n",
    ).replace(
        "from typing_ext",
        "import operator\nfrom datetime import date\nfrom typing import Annotated\nfrom typing_ext",
    )
    workflow = await only(write, source + "graph = builder")
    assert workflow.editable_state({"amount": 5, "log": [1], "due": date(2026, 1, 1), "__x": 1}) == {
        "amount": 5
    }


async def test_a_functional_graph_takes_one_bare_value(write: Write) -> None:
    """An @entrypoint that takes a number gets the number, not an object around it."""
    source = """
    from langgraph.func import entrypoint
    @entrypoint()
    async def graph(count: int) -> int:
        return count + 1
    """
    workflow = await only(write, source)
    (field,) = workflow.input_form.fields
    assert (field.name, field.kind, field.required) == ("input", FieldKind.INTEGER, True)
    values = read_form(workflow.input_form, {"input": "4"})
    config: Any = {"configurable": {"thread_id": "t"}}
    assert await workflow.graph.ainvoke(workflow.input_of(values), config) == 5


async def test_a_functional_graph_may_take_a_model(write: Write) -> None:
    """An @entrypoint that takes a pydantic model has one field per key."""
    source = """
    from langgraph.func import entrypoint
    from pydantic import BaseModel
    class Order(BaseModel):
        count: int
        name: str = "pen"
    @entrypoint()
    def graph(order: Order) -> str:
        return "done"
    """
    workflow = await only(write, source)
    assert [field.name for field in workflow.input_form.fields] == ["count", "name"]
    assert workflow.input_of({"count": 1}) == {"count": 1}
