"""The shapes of LangGraph's guide to human-in-the-loop, in tables, with the guide's own nodes on the other side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.decisions import Json, Verdict
from engine.questions import read_question, refusal_of_value
from engine.questions.text import NO_WORDS
from tests.engine.guide import (
    State,
    content_reviewer,
    interactive_editor,
    multi_level_approval,
    requires_approval,
    review_node,
    safe_operation,
)
from tests.engine.questions.conformance import APPROVE, REJECT, Chosen, answered, chosen, decided, labels

PLAIN = "Approve $2000 transaction?"
LEVEL = {"level": "manager", "amount": 5}
OPTIONS = {"question": "Right?", "content": "a", "options": ["approve", "reject", "edit"]}
WORDS = {"question": "It broke.", "options": ["retry", "v1.2-beta", "Give up!"]}
REVIEW = {"action": "review", "draft": "Hi", "options": ["approve", "request_changes", "reject", "hold"]}
EDITOR = {"content": "a", "prompt": "Edit, approve, or reject?"}
RETRY = {"error": "bad", "question": "Retry with different input?", "current_input": 7}
DATA = [{"a": 1}]

STATE = {"amount": 5, "draft": "Hi", "content": "a"}

# interrupt value -> dialect, text, buttons -> choice -> resume value, state update
TABLE: list[tuple[Json, str, str, list[str], list[tuple[Chosen, Json, Json]]]] = [
    (
        PLAIN, "plain", "Approve $2000 transaction?", ["Approve", "Reject", "Answer…"],
        [
            (APPROVE, True, None),
            (REJECT, False, None),
            (chosen("answer", answer="On Monday"), "On Monday", None),
            (chosen("answer", answer="42"), "42", None),
        ],
    ),
    (
        17, "plain", "Approval needed", ["Approve", "Reject", "Answer…"],
        [(APPROVE, True, None), (REJECT, False, None), (chosen("answer", answer="18"), "18", None)],
    ),
    (
        DATA, "plain", "Approval needed", ["Approve", "Reject", "Answer…"],
        [
            (APPROVE, True, None),
            (REJECT, False, None),
            (chosen("answer", answer='{"b": [1.5, null]}'), {"b": [1.5, None]}, None),
            (chosen("answer", answer="18"), 18, None),
            (chosen("answer", answer="null"), None, None),
        ],
    ),
    (
        {"question": "Pay?", "amount": 5}, "plain", "Pay?", ["Approve", "Reject", "Edit", "Answer…"],
        [(APPROVE, True, None), (chosen("edit", amount="9"), True, {"amount": 9})],
    ),
    (
        LEVEL, "level", "Manager approval", ["Approve", "Reject", "Edit"],
        [(APPROVE, True, None), (REJECT, False, None), (chosen("edit", amount="9"), True, {"amount": 9})],
    ),
    (
        OPTIONS, "options", "Right?", ["Approve", "Reject", "Edit"],
        [
            (APPROVE, "approve", None),
            (REJECT, "reject", None),
            (chosen("edit", content="b"), "edit", {"content": "b"}),
        ],
    ),
    (
        {**OPTIONS, "content": "not the state's"}, "options", "Right?", ["Approve", "Reject", "Edit"],
        [(chosen("edit"), "edit", None)],
    ),
    (
        {"content": "a", "options": ["approve", "reject"]}, "options", NO_WORDS, ["Approve", "Reject", "Edit"],
        [(chosen("edit", content="b"), "approve", {"content": "b"})],
    ),
    (
        WORDS, "options", "It broke.", ["Retry", "v1.2-beta", "Give up!"],
        [
            (chosen("retry"), "retry", None),
            (chosen("v1.2-beta"), "v1.2-beta", None),
            (chosen("Give up!"), "Give up!", None),
        ],
    ),
    (
        REVIEW, "review", "Review draft", ["Approve", "Request changes", "Reject", "Hold", "Edit"],
        [
            (APPROVE, {"action": "approve"}, None),
            (chosen("request_changes", "Shorter"), {"action": "request_changes", "comments": "Shorter"}, None),
            (REJECT, {"action": "reject", "comments": "too much"}, None),
            (chosen("hold"), {"action": "hold", "comments": ""}, None),
            (chosen("edit", draft="Hello"), {"action": "approve"}, {"draft": "Hello"}),
        ],
    ),
    (
        EDITOR, "editor", "Edit, approve, or reject?", ["Approve", "Reject", "Edit"],
        [
            (APPROVE, {"type": "approve"}, None),
            (REJECT, {"type": "reject"}, None),
            (chosen("edit", content="b"), {"type": "edit", "new_content": "b"}, None),
        ],
    ),
    (
        RETRY, "retry", "Retry with different input?", ["Retry", "Reject"],
        [
            (chosen("retry"), {"retry": True, "new_input": 7}, None),
            (chosen("retry", new_input="8"), {"retry": True, "new_input": 8}, None),
            (REJECT, {"retry": False}, None),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("value", "dialect", "text", "buttons", "answers"), TABLE)
def test_what_the_guide_asks(
    value: Json, dialect: str, text: str, buttons: list[str], answers: list[tuple[Chosen, Json, Json]]
) -> None:
    """Each value is read as one dialect, shown with its buttons, and answered in the shape that it wants."""
    question = read_question(value, state=STATE, state_schema={})
    assert (question.dialect, question.text, labels(question)) == (dialect, text, buttons)
    assert question.shown == value
    for choice, resume, update in answers:
        given = decided(question, choice)
        assert (given.resume, given.update) == (resume, update)
        assert type(given.resume) is type(resume)


def test_an_option_counts_as_what_its_word_says() -> None:
    """Approve, reject and edit keep their meaning for policy and audit in any spelling; other words are answers."""
    options = ["Approve", "REJECT", "edit", "request_changes", "later"]
    question = read_question({"options": options, "draft": "Hi"}, state={"draft": "Hi"}, state_schema={})
    assert [(option.name, option.verdict) for option in question.options] == [
        ("Approve", Verdict.APPROVE),
        ("REJECT", Verdict.REJECT),
        ("edit", Verdict.EDIT),
        ("request_changes", Verdict.RESPOND),
        ("later", Verdict.RESPOND),
    ]
    assert decided(question, chosen("Approve")).resume == "Approve"


def test_a_long_list_of_options_is_one_choice() -> None:
    """More than ten words leave approve and reject as buttons; the others are chosen from one list."""
    words = ["approve", *(f"team_{number}" for number in range(30)), "more"]
    question = read_question({"options": words}, state={}, state_schema={})
    assert [option.name for option in question.options] == ["approve", "more."]
    assert decided(question, chosen("more.", more="3")).resume == "team_3"
    assert decided(question, APPROVE).resume == "approve"


def test_options_that_look_the_same_are_told_apart() -> None:
    """Labels that would look alike on their buttons are numbered."""
    question = read_question({"options": ["try_again", "Try again", "7" * 80]}, state={}, state_schema={})
    assert labels(question) == ["1. Try again", "2. Try again", "3. " + "7" * 80]


@pytest.mark.parametrize(
    ("value", "given", "sentence"),
    [
        (LEVEL, "yes", "true or false"),
        (OPTIONS, "later", "one of: approve, reject, edit"),
        (OPTIONS, ["approve"], "one of"),
        (REVIEW, "approve", '{"action"'),
        (REVIEW, {"action": "later"}, '{"action"'),
        (REVIEW, {"action": "approve", "x": 1}, '{"action"'),
        (REVIEW, {"action": "hold", "comments": 1}, "have to be a text"),
        (REVIEW, {"action": "request_changes"}, "has to say which"),
        (EDITOR, {"type": "edit"}, "new_content"),
        (EDITOR, {"type": "edit", "new_content": 1}, "new_content"),
        (RETRY, {"retry": True}, "new_input"),
        (RETRY, {"retry": 0}, "new_input"),
        (RETRY, True, "new_input"),
    ],
)
def test_what_is_no_answer_is_told(value: Json, given: Json, sentence: str) -> None:
    """A value that no option gives is refused in one sentence before the graph gets it."""
    question = read_question(value, state={}, state_schema={})
    assert sentence in str(refusal_of_value(question, given))


def edit(**changes: str) -> Chosen:
    """An edit that enters these texts and leaves the other fields as prefilled."""
    return chosen("edit", **changes)


RETRIED = chosen("retry", new_input="fine")

STORIES: list[tuple[str, Callable[[State], dict[str, Any]], State, list[Chosen], dict[str, Any]]] = [
    ("simple approve", requires_approval, {"amount": 2000}, [APPROVE], {"amount": 2000, "status": "approved"}),
    ("simple reject", requires_approval, {"amount": 2000}, [REJECT], {"amount": 2000, "status": "rejected"}),
    (
        "two levels", multi_level_approval, {"amount": 12500}, [APPROVE, APPROVE],
        {"amount": 12500, "status": "approved"},
    ),
    (
        "second level rejects", multi_level_approval, {"amount": 12500}, [APPROVE, REJECT],
        {"amount": 12500, "status": "rejected"},
    ),
    (
        "edit below the second level", multi_level_approval, {"amount": 12500}, [edit(amount="9000.5")],
        {"amount": 9000.5, "status": "approved"},
    ),
    (
        "review approve", content_reviewer, {"draft": "Hi"}, [APPROVE],
        {"draft": "Hi", "status": "approved", "final": "Hi"},
    ),
    ("review reject", content_reviewer, {"draft": "Hi"}, [REJECT], {"draft": "Hi", "status": "rejected"}),
    (
        "review asks for changes", content_reviewer, {"draft": "Hi"}, [chosen("request_changes", "Longer")],
        {"draft": "Hi", "status": "needs_revision", "feedback": "Longer"},
    ),
    (
        "review edit", content_reviewer, {"draft": "Hi"}, [edit(draft="Hello\nyou")],
        {"draft": "Hello\nyou", "status": "approved", "final": "Hello\nyou"},
    ),
    ("editor approve", interactive_editor, {"content": "a"}, [APPROVE], {"content": "a", "status": "approved"}),
    ("editor reject", interactive_editor, {"content": "a"}, [REJECT], {"content": "a", "status": "rejected"}),
    (
        "editor edits twice", interactive_editor, {"content": "a"}, [edit(content="b"), edit(content="c"), APPROVE],
        {"content": "c", "status": "approved"},
    ),
    ("options approve", review_node, {"content": "a"}, [APPROVE], {"content": "a", "status": "approved"}),
    ("options reject", review_node, {"content": "a"}, [REJECT], {"content": "a", "status": "rejected"}),
    (
        "options edit, by the graph itself", review_node, {"content": "a"}, [edit(content="b")],
        {"content": "the graph's own edit"},
    ),
    (
        "retry with other input", safe_operation, {"input": "bad"}, [RETRIED],
        {"input": "fine", "result": "did fine"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("node", "state", "steps", "end"), [story[1:] for story in STORIES], ids=[s[0] for s in STORIES]
)
def test_the_guides_own_nodes_understand_the_answers(
    node: Callable[[State], dict[str, Any]], state: State, steps: list[Chosen], end: dict[str, Any]
) -> None:
    """Node code from LangGraph's guide, unmodified, ends where the people's decisions lead."""
    assert answered(node, state, steps)[0] == end


def test_a_retry_that_is_given_up_raises_the_error_again() -> None:
    """The guide's node that asks within `except` raises what went wrong when nobody wants to try again."""
    with pytest.raises(ValueError, match="bad is bad"):
        answered(safe_operation, {"input": "bad"}, [REJECT])
