"""A workflow's own answers, in place of the dialect's; and which of them cannot be meant so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from langgraph.types import interrupt

from engine.questions import AnswerMapping, fault_of, read_question
from tests.engine.guide import State, content_reviewer, interactive_editor, review_node
from tests.engine.questions.conformance import APPROVE, REJECT, Chosen, answered, chosen, decided


def retried(state: State) -> dict[str, Any]:
    action = interrupt({"broken": "it broke", "current_input": state["input"]})

    if action["retry"]:
        return {"result": str(action["new_input"]), "input": action["new_input"]["current_input"]}
    return {"status": "gave up"}


MAPPED: list[tuple[str, AnswerMapping, Callable[[State], dict[str, Any]], State, Chosen, dict[str, Any]]] = [
    (
        "reject asks for changes",
        AnswerMapping(reject={"action": "request_changes", "comments": "Please: $reason"}),
        content_reviewer,
        {"draft": "Hi"},
        REJECT,
        {"draft": "Hi", "status": "needs_revision", "feedback": "Please: too much"},
    ),
    (
        "an approval of its own",
        AnswerMapping(approve="edit"),
        review_node,
        {"content": "a"},
        APPROVE,
        {"content": "the graph's own edit"},
    ),
    (
        "the graph's own words stay its own",
        AnswerMapping(approve="yes", reject="no"),
        content_reviewer,
        {"draft": "Hi"},
        chosen("request_changes", "Longer"),
        {"draft": "Hi", "status": "needs_revision", "feedback": "Longer"},
    ),
    (
        "an edit keeps the dialect's way with the mapped approval",
        AnswerMapping(approve={"action": "approve", "by": "us"}),
        content_reviewer,
        {"draft": "Hi"},
        chosen("edit", draft="Hello"),
        {"draft": "Hello", "status": "approved", "final": "Hello"},
    ),
    (
        "edits inside the answer",
        AnswerMapping(approve={"retry": True, "new_input": "$edits"}, reject={"retry": False}, edit="resume"),
        retried,
        {"input": "bad"},
        chosen("edit", current_input="good"),
        {"input": "good", "result": str({"broken": "it broke", "current_input": "good"})},
    ),
    (
        "an approval gives the values as they are",
        AnswerMapping(approve={"retry": True, "new_input": "$edits"}, edit="resume"),
        retried,
        {"input": "same"},
        APPROVE,
        {"input": "same", "result": str({"broken": "it broke", "current_input": "same"})},
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
        chosen("edit", content="b"),
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
    step: Chosen,
    end: dict[str, Any],
) -> None:
    """The settings' answers replace the dialect's, with the reason and the edits filled in."""
    assert answered(node, state, [step], mapping=mapping)[0] == end


def test_edits_alone_are_the_answer_where_the_mapping_gives_no_place_for_them() -> None:
    """`edit = "resume"` without `$edits` anywhere answers with the object of all values."""
    mapping = AnswerMapping(edit="resume")
    question = read_question({"a": 1, "b": "x"}, state={}, state_schema={}, mapping=mapping)
    given = decided(question, chosen("edit", a="2"), mapping=mapping)
    assert (given.resume, given.update) == ({"a": 2, "b": "x"}, None)


def test_a_protocol_has_no_other_answers() -> None:
    """What LangChain, Agent Inbox, a schema or approval() asks is answered in its own shape, whatever is mapped."""
    mapping = AnswerMapping(approve="yes", reject="no", edit="resume")
    question = read_question("Pay?", state={}, state_schema={}, schema={"type": "boolean"}, mapping=mapping)
    assert [decided(question, each, mapping=mapping).resume for each in (APPROVE, REJECT)] == [True, False]


@pytest.mark.parametrize(
    ("mapping", "key", "words"),
    [
        (AnswerMapping(approve=date(2026, 1, 31)), "approve", "in quotes"),
        (AnswerMapping(reject={"a": [float("nan")]}), "reject", "no JSON"),
        (AnswerMapping(reject="$reasons"), "reject", "write $reason"),
        (AnswerMapping(reject={"why": ["Because: $Reason"]}), "reject", "write $reason"),
        (AnswerMapping(approve={"x": "$edit"}, edit="resume"), "approve", "write $edits"),
        (AnswerMapping(approve="new: $edits", edit="resume"), "approve", "the whole text"),
        (AnswerMapping(approve="$edits"), "approve", 'edit = "resume"'),
        (AnswerMapping(approve="$edits", edit="update"), "approve", 'edit = "resume"'),
        (AnswerMapping(reject={"x": "$edits"}, edit="resume"), "reject", "edits nothing"),
        (AnswerMapping(approve=True, reject=True), "reject", "could not tell them apart"),
    ],
)
def test_what_cannot_be_meant_so_is_named(mapping: AnswerMapping, key: str, words: str) -> None:
    """A wrong mapping is found before any question is asked, with its key and what to do."""
    fault = fault_of(mapping)
    assert fault is not None
    assert fault[0] == key
    assert words in fault[1]


@pytest.mark.parametrize(
    "mapping",
    [
        AnswerMapping(),
        AnswerMapping(approve="yes", reject={"no": "It costs $5: $reason"}, edit="update"),
        AnswerMapping(approve={"retry": True, "new_input": "$edits"}, reject={"retry": False}, edit="resume"),
        AnswerMapping(approve=True, reject="true"),
    ],
)
def test_what_can_be_meant_is_taken(mapping: AnswerMapping) -> None:
    """Placeholders in their places and other dollar signs are no fault."""
    assert fault_of(mapping) is None


@pytest.mark.parametrize("state", [{}, {"draft": "hi"}])
def test_a_graphs_own_word_for_an_edit_takes_the_edited_values(state: dict[str, Any]) -> None:
    """With `edit = "resume"`, what was entered under the graph's own word "edit" is the answer."""
    mapping = AnswerMapping(approve={"new": "$edits"}, edit="resume")
    value = {"draft": "hi", "options": ["approve", "Edit", "reject"]}
    question = read_question(value, state=state, state_schema={}, mapping=mapping)
    assert [option.name for option in question.options] == ["approve", "Edit", "reject"]
    given = decided(question, chosen("Edit", draft="ho"), mapping=mapping)
    assert given.resume["new"]["draft"] == "ho"


def test_an_edit_of_a_graph_without_an_approval_keeps_the_graphs_word() -> None:
    """With `edit = "update"`, a graph that does not know "approve" is not told it."""
    mapping = AnswerMapping(edit="update")
    value = {"draft": "hi", "options": ["edit", "stop"]}
    question = read_question(value, state={"draft": "hi"}, state_schema={}, mapping=mapping)
    given = decided(question, chosen("edit", draft="ho"), mapping=mapping)
    assert (given.resume, given.update) == ("edit", {"draft": "ho"})
