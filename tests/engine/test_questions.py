"""Questions: every dialect's answer is fed to the guide's own node code in a real graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import UnaskableValue
from engine.forms import FieldKind, entries, read_form
from engine.questions import AnswerMapping, Option, Question, answer, read_question
from tests.engine.guide import (
    State,
    content_reviewer,
    interactive_editor,
    multi_level_approval,
    requires_approval,
    review_node,
)

SCHEMA = {
    "type": "object",
    "properties": {"amount": {"type": "number", "exclusiveMinimum": 0}, "draft": {"type": "string"}},
}


def retried(state: State) -> dict[str, Any]:
    action = interrupt(
        {"error": "it broke", "question": "Retry with different input?", "current_input": state["input"]}
    )

    if action["retry"]:
        return {"result": str(action["new_input"]), "input": action["new_input"]["current_input"]}
    return {"status": "gave up"}


Step = tuple[str, str, Mapping[str, str | None]]
APPROVE: Step = ("approve", "", {})
REJECT: Step = ("reject", "too much", {})


def edit(**changes: str) -> Step:
    """An edit that enters these texts and leaves the other fields as prefilled."""
    return ("edit", "", changes)


def option_of(question: Question, name: str) -> Option:
    option = question.option(name)
    assert option
    return option


def answered(
    node: Callable[[State], dict[str, Any]],
    state: State,
    steps: list[Step],
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
    for name, reason, changes in steps:
        snapshot = graph.get_state(config)
        (pause,) = snapshot.interrupts
        question = read_question(pause.value, state=snapshot.values, state_schema=SCHEMA, mapping=mapping)
        option = option_of(question, name)
        values = read_form(option.form, {**entries(option.form), **changes}) if option.form else {}
        given = answer(question, option=option, reason=reason, values=values, mapping=mapping)
        graph.invoke(Command(resume={pause.id: given.resume}, update=given.update), config)
        questions.append(question)
    assert graph.get_state(config).next == ()
    return graph.get_state(config).values, questions


STORIES: list[tuple[str, Callable[[State], dict[str, Any]], State, list[Step], dict[str, Any]]] = [
    (
        "simple approve",
        requires_approval,
        {"amount": 2000},
        [APPROVE],
        {"amount": 2000, "status": "approved"},
    ),
    ("simple reject", requires_approval, {"amount": 2000}, [REJECT], {"amount": 2000, "status": "rejected"}),
    (
        "two levels",
        multi_level_approval,
        {"amount": 12500},
        [APPROVE, APPROVE],
        {"amount": 12500, "status": "approved"},
    ),
    (
        "second level rejects",
        multi_level_approval,
        {"amount": 12500},
        [APPROVE, REJECT],
        {"amount": 12500, "status": "rejected"},
    ),
    (
        "edit below the second level",
        multi_level_approval,
        {"amount": 12500},
        [edit(amount="9000.5")],
        {"amount": 9000.5, "status": "approved"},
    ),
    (
        "edit without a change",
        multi_level_approval,
        {"amount": 2000},
        [edit()],
        {"amount": 2000, "status": "approved"},
    ),
    (
        "review approve",
        content_reviewer,
        {"draft": "Hi"},
        [APPROVE],
        {"draft": "Hi", "status": "approved", "final": "Hi"},
    ),
    ("review reject", content_reviewer, {"draft": "Hi"}, [REJECT], {"draft": "Hi", "status": "rejected"}),
    (
        "review edit",
        content_reviewer,
        {"draft": "Hi"},
        [edit(draft="Hello\nyou")],
        {"draft": "Hello\nyou", "status": "approved", "final": "Hello\nyou"},
    ),
    (
        "editor approve",
        interactive_editor,
        {"content": "a"},
        [APPROVE],
        {"content": "a", "status": "approved"},
    ),
    ("editor reject", interactive_editor, {"content": "a"}, [REJECT], {"content": "a", "status": "rejected"}),
    (
        "editor edits twice",
        interactive_editor,
        {"content": "a"},
        [edit(content="b"), edit(content="c"), APPROVE],
        {"content": "c", "status": "approved"},
    ),
    ("options approve", review_node, {"content": "a"}, [APPROVE], {"content": "a", "status": "approved"}),
    ("options reject", review_node, {"content": "a"}, [REJECT], {"content": "a", "status": "rejected"}),
    (
        "options edit",
        review_node,
        {"content": "a"},
        [edit(content="b")],
        {"content": "b", "status": "approved"},
    ),
]


@pytest.mark.parametrize(
    ("node", "state", "steps", "end"), [story[1:] for story in STORIES], ids=[s[0] for s in STORIES]
)
def test_the_guides_own_nodes_understand_the_answers(
    node: Callable[[State], dict[str, Any]], state: State, steps: list[Step], end: dict[str, Any]
) -> None:
    """Node code from LangGraph's guide, unmodified, ends where the people's decisions lead."""
    assert answered(node, state, steps)[0] == end


MAPPED: list[tuple[str, AnswerMapping, Callable[[State], dict[str, Any]], State, Step, dict[str, Any]]] = [
    (
        "reject asks for changes",
        AnswerMapping(reject={"action": "request_changes", "comments": "Please: $reason"}),
        content_reviewer,
        {"draft": "Hi"},
        REJECT,
        {"draft": "Hi", "status": "needs_revision", "feedback": "Please: too much"},
    ),
    (
        "an edit keeps the dialect's way with the mapped approval",
        AnswerMapping(approve="edit"),
        review_node,
        {"content": "a"},
        edit(content="b"),
        {"content": "the graph's own edit"},
    ),
    (
        "edits inside the answer",
        AnswerMapping(approve={"retry": True, "new_input": "$edits"}, reject={"retry": False}, edit="resume"),
        retried,
        {"input": "bad"},
        edit(current_input="good"),
        {
            "input": "good",
            "result": str(
                {"error": "it broke", "question": "Retry with different input?", "current_input": "good"}
            ),
        },
    ),
    (
        "an approval gives the values as they are",
        AnswerMapping(approve={"retry": True, "new_input": "$edits"}, edit="resume"),
        retried,
        {"input": "same"},
        APPROVE,
        {
            "input": "same",
            "result": str(
                {"error": "it broke", "question": "Retry with different input?", "current_input": "same"}
            ),
        },
    ),
    (
        "a mapped rejection",
        AnswerMapping(reject={"retry": False}),
        retried,
        {"input": "bad"},
        REJECT,
        {"input": "bad", "status": "gave up"},
    ),
    (
        "an editor's edit goes into the state",
        AnswerMapping(edit="update"),
        interactive_editor,
        {"content": "a"},
        edit(content="b"),
        {"content": "b", "status": "approved"},
    ),
]


@pytest.mark.parametrize(
    ("mapping", "node", "state", "step", "end"), [case[1:] for case in MAPPED], ids=[c[0] for c in MAPPED]
)
def test_a_workflow_may_say_how_it_wants_its_answers(
    mapping: AnswerMapping,
    node: Callable[[State], dict[str, Any]],
    state: State,
    step: Step,
    end: dict[str, Any],
) -> None:
    """The settings' answers replace the dialect's, with the reason and the edits filled in."""
    assert answered(node, state, [step], mapping=mapping)[0] == end


def test_edits_alone_are_the_answer_where_the_mapping_gives_no_place_for_them() -> None:
    """`edit = "resume"` without `$edits` anywhere answers with the object of all values."""
    mapping = AnswerMapping(edit="resume")
    question = read_question({"a": 1, "b": "x"}, state={}, state_schema={}, mapping=mapping)
    given = answer(
        question, option=option_of(question, "edit"), reason="", values={"a": 2, "b": "x"}, mapping=mapping
    )
    assert (given.resume, given.update) == ({"a": 2, "b": "x"}, None)


@pytest.mark.parametrize(
    ("value", "dialect"),
    [
        ({"action": "review", "options": ["approve", "reject"]}, "review"),
        ({"action": "review", "options": ["approve"]}, "plain"),
        ({"action": "review", "options": "approve reject"}, "plain"),
        ({"action": 1, "options": ["approve", "reject"]}, "plain"),
        ({"options": ["approve", "reject", 1]}, "plain"),
        ({"options": ["approve", "reject"]}, "options"),
        ({"content": "a", "prompt": "b"}, "editor"),
        ({"content": "a", "prompt": "b", "c": 1}, "plain"),
        ({"content": ["a"], "prompt": "b"}, "plain"),
        ("text", "plain"),
        ([1], "plain"),
        (None, "plain"),
        ({}, "plain"),
    ],
)
def test_dialects_are_recognised_by_their_exact_shape(value: Json, dialect: str) -> None:
    """What nearly looks like a dialect is taken as plain, never answered in words that it does not know."""
    assert read_question(value, state={}, state_schema={}).dialect == dialect


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Approve $2000 transaction?", "Approve $2000 transaction?"),
        ("  two\nlines\t", "two lines"),
        ("", "Approval needed"),
        ("\u202eevil\u202c", "evil"),
        ("a" * 400, "a" * 299 + "…"),
        ({"description": "d", "question": "q"}, "q"),
        ({"question": " ", "title": "t"}, "t"),
        ({"question": 5, "message": "m"}, "m"),
        ({"level": "manager", "amount": 1}, "Manager approval"),
        ({"level": 2}, "Level 2 approval"),
        ({"level": True}, "Approval needed"),
        ({"action": "review", "draft": "x", "options": ["approve", "reject"]}, "Review draft"),
        ({"action": "review", "message": "Look!", "options": ["approve", "reject"]}, "Look!"),
        ({"content": "c", "prompt": "Edit, approve, or reject?"}, "Edit, approve, or reject?"),
        (17, "Approval needed"),
    ],
)
def test_the_text_is_one_plain_line(value: Json, text: str) -> None:
    """People read the graph's own words where it has some, in one line without hidden characters."""
    assert read_question(value, state={}, state_schema={}).text == text


def test_the_value_is_shown_in_full_as_json() -> None:
    """What is shown is the whole value in its one JSON form."""
    question = read_question({"ids": {2, 1}, "pair": (1, 2)}, state={}, state_schema={})
    assert question.shown == {"ids": [1, 2], "pair": [1, 2]}


def test_what_cannot_be_shown_is_an_error() -> None:
    """A payload that contains itself is refused instead of shown in part."""
    loop: dict[str, Any] = {}
    loop["again"] = loop
    with pytest.raises(UnaskableValue):
        read_question(loop, state={}, state_schema={})


def test_only_equal_keys_of_the_state_can_be_edited() -> None:
    """A payload key that merely has the name of a state key, or differs in type, is not offered."""
    value = {"amount": 5, "draft": "shown", "status": "a", "other": 1}
    question = read_question(value, state={"amount": 5, "draft": "held", "status": "a"}, state_schema=SCHEMA)
    assert question.form
    assert [field.name for field in question.form.fields] == ["amount", "status"]
    assert question.form.fields[0].kind is FieldKind.NUMBER
    assert read_question({"amount": 5}, state={"amount": 5.0}, state_schema=SCHEMA).form is None
    assert read_question("text", state={"amount": 5}, state_schema=SCHEMA).form is None


def test_without_a_form_there_is_no_edit() -> None:
    """A question that has nothing to edit has no option to edit it."""
    question = read_question("Approve?", state={"amount": 5}, state_schema=SCHEMA)
    assert question.option("edit") is None


def test_an_edit_reaches_no_other_key() -> None:
    """Values under names that the form does not have never become a state update."""
    question = read_question({"amount": 5}, state={"amount": 5}, state_schema=SCHEMA)
    values = {"amount": 6, "status": "approved"}
    given = answer(question, option=option_of(question, "edit"), reason="", values=values)
    assert (given.resume, given.update) == (True, {"amount": 6})


def test_a_question_is_the_same_every_time() -> None:
    """Reading the same value twice gives equal questions, so a digest of it names it."""
    value = {"level": "manager", "amount": 5, "tags": {"b", "a"}}
    first, second = (read_question(value, state={"amount": 5}, state_schema=SCHEMA) for _ in range(2))
    assert first == second
    assert canonical(first.shown) == canonical(second.shown)
