"""Agent Inbox: requests made of langgraph.prebuilt's own types, answers that those types accept."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from langgraph.types import interrupt
from langgraph.warnings import LangGraphDeprecatedSinceV10
from pydantic import ConfigDict, TypeAdapter, with_config

from engine.decisions import Json
from engine.questions import Question, read_question, refusal_of_value
from tests.engine.questions.conformance import Chosen, answered, chosen, decided, labels

with warnings.catch_warnings():
    warnings.simplefilter("ignore", LangGraphDeprecatedSinceV10)
    from langgraph.prebuilt.interrupt import HumanResponse

STRICT = TypeAdapter(with_config(ConfigDict(extra="forbid", strict=True))(HumanResponse))
ARGS = {"to": "amy@example.com", "copies": 2, "urgent": False}


def request(*allowed: str, description: str | None = "Send the mail?\nIt is long.") -> dict[str, Any]:
    """Make a HumanInterrupt that allows these."""
    names = ("ignore", "respond", "edit", "accept")
    return {
        "action_request": {"action": "send", "args": dict(ARGS)},
        "config": {f"allow_{name}": name in allowed for name in names},
        "description": description,
    }


def read(value: Json) -> Question:
    return read_question(value, state={}, state_schema={})


SENT = {"action": "send", "args": ARGS}
EVERYTHING = ("ignore", "respond", "edit", "accept")

# allowed -> buttons -> choice -> the one HumanResponse
TABLE: list[tuple[tuple[str, ...], list[str], list[tuple[Chosen, Json]]]] = [
    (
        EVERYTHING, ["Accept", "Edit", "Respond", "Ignore"],
        [
            (chosen("approve"), {"type": "accept", "args": SENT}),
            (chosen("edit", copies="3"), {"type": "edit", "args": {"action": "send", "args": {**ARGS, "copies": 3}}}),
            (chosen("respond", "Not today"), {"type": "response", "args": "Not today"}),
            (chosen("reject"), {"type": "ignore", "args": None}),
        ],
    ),
    (("accept",), ["Accept"], [(chosen("approve"), {"type": "accept", "args": None})]),
    (("respond", "ignore"), ["Respond", "Ignore"], [(chosen("respond", "Yes"), {"type": "response", "args": "Yes"})]),
    (
        ("edit",), ["Edit"],
        [(chosen("edit", to="b"), {"type": "edit", "args": {"action": "send", "args": {**ARGS, "to": "b"}}})],
    ),
    ((), ["Ignore"], [(chosen("reject"), {"type": "ignore", "args": None})]),
]  # fmt: skip


@pytest.mark.parametrize("as_list", [True, False])
@pytest.mark.parametrize(("allowed", "buttons", "answers"), TABLE)
def test_what_agent_inbox_asks(
    allowed: tuple[str, ...], buttons: list[str], answers: list[tuple[Chosen, Json]], as_list: bool
) -> None:
    """A request, alone or in a list, has the buttons that it allows; its answer is a list of one HumanResponse."""
    value = request(*allowed)
    question = read([value] if as_list else value)
    assert (question.dialect, question.text, labels(question)) == ("inbox", "Send the mail?", buttons)
    (part,) = question.parts
    assert (part.title, part.note, part.value) == ("send", "Send the mail?\nIt is long.", ARGS)
    for choice, response in answers:
        given = decided(question, choice)
        assert given.resume == [response]
        STRICT.validate_python(given.resume[0])


def test_a_request_without_a_description_is_told_by_its_action() -> None:
    """The question's one line is the action where nothing else is said."""
    assert read(request("accept", description=None)).text == "send"


def mailer(state: dict[str, Any]) -> dict[str, Any]:
    """A node as the README of agent-inbox has it."""
    response = interrupt([request(*EVERYTHING)])[0]
    if response["type"] == "accept":
        return {"result": response["args"]["args"]}
    if response["type"] == "edit":
        return {"result": response["args"]["args"]}
    if response["type"] == "response":
        return {"feedback": response["args"]}
    return {"status": "ignored"}


@pytest.mark.parametrize(
    ("choice", "end"),
    [
        (chosen("approve"), {"result": ARGS}),
        (chosen("edit", copies="7"), {"result": {**ARGS, "copies": 7}}),
        (chosen("respond", "Later"), {"feedback": "Later"}),
        (chosen("reject"), {"status": "ignored"}),
    ],
)
def test_a_graph_for_agent_inbox_understands_the_answers(choice: Chosen, end: dict[str, Any]) -> None:
    """A graph that was written for Agent Inbox runs on with each answer, in real JSON types."""
    assert answered(mailer, {"draft": "x"}, [choice])[0] == {"draft": "x", **end}


@pytest.mark.parametrize(
    ("allowed", "given", "sentence"),
    [
        (EVERYTHING, {"type": "accept", "args": None}, "list of one"),
        (EVERYTHING, [], "list of one"),
        (EVERYTHING, [{"type": "accept"}], "list of one"),
        (("accept",), [{"type": "ignore", "args": None}], "one of: accept"),
        (EVERYTHING, [{"type": "response", "args": None}], "needs a text"),
        (EVERYTHING, [{"type": "ignore", "args": "x"}], "null"),
        (EVERYTHING, [{"type": "edit", "args": {"to": "x"}}], "An edit needs"),
        (EVERYTHING, [{"type": "accept", "args": {"action": "send", "args": {}}}], "unchanged"),
    ],
)
def test_what_is_no_answer_is_told(allowed: tuple[str, ...], given: Json, sentence: str) -> None:
    """A value that no option gives is refused in one sentence."""
    assert sentence in str(refusal_of_value(read([request(*allowed)]), given))
