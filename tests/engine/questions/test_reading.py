"""How a value becomes a question: which dialect it is, its one line, what can be edited."""

from __future__ import annotations

from typing import Any

import pytest

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import UnaskableValue
from engine.forms import FieldKind
from engine.gate import asked_with
from engine.questions import DIALECT_NAMES, answer, read_question
from tests.engine.questions.conformance import SCHEMA, chosen, decided, option_of

CALL = {"name": "send", "args": {"to": "a"}, "description": "Send it"}
REVIEW = {"action_name": "send", "allowed_decisions": ["approve"]}
TOOL = {"type": "tool_approval", "tool_call_id": "c1", **CALL}
CONFIG = {"allow_ignore": True, "allow_respond": True, "allow_edit": True, "allow_accept": True}
INBOX = {"action_request": {"action": "send", "args": {}}, "config": CONFIG, "description": None}
APPROVES = {"properties": {"type": {"const": "approve"}}, "required": ["type"], "type": "object"}


@pytest.mark.parametrize(
    ("value", "schema", "dialect"),
    [
        ({"action": "review", "options": ["approve", "reject"]}, None, "review"),
        ({"action": "review", "options": ["approve"]}, None, "plain"),
        ({"action": "review", "options": "approve reject"}, None, "plain"),
        ({"action": 1, "options": ["approve", "reject"]}, None, "plain"),
        ({"options": ["approve", "reject", 1]}, None, "plain"),
        ({"options": ["approve", "reject", " "]}, None, "plain"),
        ({"options": ["again", "again"]}, None, "plain"),
        ({"options": []}, None, "plain"),
        ({"options": ["approve", "reject"]}, None, "options"),
        ({"options": ["again"]}, None, "options"),
        ({"content": "a", "prompt": "b"}, None, "editor"),
        ({"content": "a", "prompt": "b", "c": 1}, None, "plain"),
        ({"content": ["a"], "prompt": "b"}, None, "plain"),
        ({"level": "manager"}, None, "level"),
        ({"level": 2, "amount": 5}, None, "level"),
        ({"level": True}, None, "plain"),
        ({"level": " "}, None, "plain"),
        ({"level": 2, "question": "Which date?"}, None, "plain"),
        ({"error": "e", "question": "q", "current_input": None}, None, "retry"),
        ({"error": "e", "question": "q", "current_input": 1, "more": 1}, None, "plain"),
        ({"error": 1, "question": "q", "current_input": 1}, None, "plain"),
        ({"action_requests": [CALL], "review_configs": [REVIEW]}, None, "batched"),
        ({"action_requests": [CALL, CALL], "review_configs": [REVIEW]}, None, "plain"),
        ({"action_requests": [], "review_configs": []}, None, "plain"),
        ({"action_requests": [{**CALL, "name": "x"}], "review_configs": [REVIEW]}, None, "plain"),
        ({"action_requests": [CALL], "review_configs": [{**REVIEW, "allowed_decisions": []}]}, None, "plain"),
        (
            {"action_requests": [CALL], "review_configs": [{**REVIEW, "allowed_decisions": ["ok"]}]},
            None,
            "plain",
        ),
        ({"action_requests": [CALL], "review_configs": [REVIEW], "more": 1}, None, "plain"),
        ({"action_requests": [{**CALL, "args": "x"}], "review_configs": [REVIEW]}, None, "plain"),
        (TOOL, APPROVES, "per_call"),
        (TOOL, None, "plain"),
        (TOOL, {}, "schema"),
        ({**TOOL, "more": 1}, APPROVES, "schema"),
        (TOOL, {"oneOf": [APPROVES, {"type": "string"}]}, "schema"),
        (TOOL, {"properties": {"type": {"const": "escalate"}}, "type": "object"}, "schema"),
        (INBOX, None, "inbox"),
        ([INBOX], None, "inbox"),
        ([INBOX, INBOX], None, "plain"),
        ({**INBOX, "config": {**CONFIG, "allow_accept": "yes"}}, None, "plain"),
        ({**INBOX, "config": {"allow_accept": True}}, None, "plain"),
        ({**INBOX, "more": 1}, None, "plain"),
        ("text", {"type": "boolean"}, "schema"),
        ({"options": ["approve", "reject"]}, {"type": "boolean"}, "schema"),
        (asked_with("text", schema=None), None, "approval"),
        ({**asked_with("text", schema=None), "asked": "other"}, None, "plain"),
        ({**asked_with("text", schema=None), "more": 1}, None, "plain"),
        ("text", None, "plain"),
        ([1], None, "plain"),
        (None, None, "plain"),
        ({}, None, "plain"),
    ],
)
def test_dialects_are_recognised_by_their_exact_shape(value: Json, schema: Json, dialect: str) -> None:
    """What nearly looks like a dialect is taken as data, never answered in words that it does not know."""
    assert read_question(value, state={}, state_schema={}, schema=schema).dialect == dialect


@pytest.mark.parametrize(
    ("value", "named", "dialect"),
    [
        ({"action": "deploy", "options": ["blue", "green"]}, "review", "review"),
        ({"action": "deploy", "options": ["blue", "green"]}, "options", "options"),
        ({"action": "review", "options": ["approve", "reject"]}, "options", "options"),
        ({"action": "review", "options": ["approve", "reject"]}, "plain", "plain"),
        ("text", "review", "plain"),
        ({"level": 1}, "editor", "level"),
        ([INBOX], "plain", "inbox"),
        (asked_with("text", schema=None), "plain", "approval"),
    ],
)
def test_a_workflow_may_name_its_dialect(value: Json, named: str, dialect: str) -> None:
    """What fits the named dialect is read as such; what does not, or belongs to a protocol, is told by its shape."""
    assert named in DIALECT_NAMES
    assert read_question(value, state={}, state_schema={}, dialect=named).dialect == dialect


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


def test_an_edit_that_changes_nothing_updates_nothing() -> None:
    """Values as they were prefilled give the approval alone."""
    question = read_question({"amount": 5}, state={"amount": 5}, state_schema=SCHEMA)
    assert decided(question, chosen("edit")).update is None


def test_a_question_is_the_same_every_time() -> None:
    """Reading the same value twice gives equal questions, so a digest of it names it."""
    value = {"level": "manager", "amount": 5, "tags": {"b", "a"}}
    first, second = (read_question(value, state={"amount": 5}, state_schema=SCHEMA) for _ in range(2))
    assert first == second
    assert canonical(first.shown) == canonical(second.shown)
