"""How the tables of this folder read: what a graph asks, what people see, what they choose, what the graph gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from typing_extensions import TypedDict

from engine.decisions import Answer, Json
from engine.forms import entries, read_form
from engine.questions import AnswerMapping, Option, Question, answer, read_question, refusal_of_value


@dataclass(frozen=True)
class Chosen:
    """What a person does: the option, what they say, and what they enter; other fields stay as prefilled."""

    option: str
    reason: str = ""
    entries: Mapping[str, str | None] = field(default_factory=dict)


def chosen(option: str, reason: str = "", **entries: str | None) -> Chosen:
    """Write a choice in one line."""
    return Chosen(option, reason, entries)


APPROVE = chosen("approve")
REJECT = chosen("reject", "too much")


def option_of(question: Question, name: str) -> Option:
    """Give the option of this name, which has to be there."""
    option = question.option(name)
    assert option is not None, f"{name} is not among {[each.name for each in question.options]}"
    return option


def labels(question: Question) -> list[str]:
    """Give what stands on the buttons."""
    return [option.label for option in question.options]


def decided(question: Question, choice: Chosen, *, mapping: AnswerMapping | None = None) -> Answer:
    """Give what the graph gets for a choice, which has to be a possible answer in the dialect's own eyes."""
    option = option_of(question, choice.option)
    form = option.form
    values = read_form(form, {**entries(form), **choice.entries}) if form is not None else {}
    given = answer(question, option=option, reason=choice.reason, values=values, mapping=mapping)
    if question.dialect != "static":
        assert refusal_of_value(question, given.resume, mapping=mapping) is None
    return given


class State(TypedDict, total=False):
    """The state of a graph of one node."""

    amount: float
    draft: str
    content: str
    status: str
    final: str
    feedback: str
    input: str
    result: Any


SCHEMA: Json = {
    "type": "object",
    "properties": {"amount": {"type": "number", "exclusiveMinimum": 0}, "draft": {"type": "string"}},
}


def answered(
    node: Callable[[Any], Any],
    state: Any,
    steps: list[Chosen],
    *,
    mapping: AnswerMapping | None = None,
) -> tuple[dict[str, Any], list[Question]]:
    """Run the node in a graph, answer each pause with the next step; return the end state and the questions."""
    builder = StateGraph(State)
    builder.add_node("node", cast("Any", node))
    builder.add_edge(START, "node")
    builder.add_edge("node", END)
    graph = builder.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    questions = []
    graph.invoke(state, config)
    for step in steps:
        snapshot = graph.get_state(config)
        (pause,) = snapshot.interrupts
        question = read_question(
            pause.value,
            state=snapshot.values,
            state_schema=SCHEMA,
            schema=cast("Json", pause.response_schema),
            mapping=mapping,
        )
        given = decided(question, step, mapping=mapping)
        graph.invoke(Command(resume={pause.id: given.resume}, update=given.update), config)
        questions.append(question)
    assert graph.get_state(config).next == ()
    return graph.get_state(config).values, questions
