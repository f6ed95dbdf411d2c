"""`interrupt(value, response_schema=…)`: every kind of schema, with LangGraph itself on the other side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import pytest
from langgraph.types import interrupt
from pydantic import BaseModel, Field, TypeAdapter
from typing_extensions import TypedDict

from engine.decisions import Json, Verdict
from engine.errors import InvalidInput
from engine.questions import Question, read_question, refusal_of_value
from tests.engine.questions.conformance import Chosen, answered, chosen, decided, labels


class Reply(BaseModel):
    """A pydantic model."""

    amount: int = Field(ge=1, le=100)
    note: str = ""


class Draft(TypedDict):
    """A TypedDict."""

    title: str
    words: int


@dataclass
class Trip:
    """A dataclass."""

    city: str
    nights: int = 1


class Colour(Enum):
    """An enum."""

    RED = "red"
    DEEP_BLUE = "deep_blue"


class Card(BaseModel):
    """One of two shapes."""

    kind: Literal["card"]
    number: int


class Transfer(BaseModel):
    """The other."""

    kind: Literal["transfer"]
    iban: str


class Outer(BaseModel):
    """A model whose schema has $defs."""

    colour: Colour
    reply: Reply


OBJECT: Json = {
    "type": "object",
    "properties": {"date": {"type": "string", "format": "date"}},
    "required": ["date"],
    "additionalProperties": False,
}


def schema_of(kind: Any) -> Json:
    """Give the JSON Schema that LangGraph puts on the interrupt."""
    return kind if isinstance(kind, dict) else TypeAdapter(kind).json_schema()


def read(kind: Any) -> Question:
    return read_question({"question": "What?"}, state={}, state_schema={}, schema=schema_of(kind))


# response_schema -> buttons -> choice -> resume value
TABLE: list[tuple[str, Any, list[str], list[tuple[Chosen, Json]]]] = [
    (
        "pydantic", Reply, ["Answer…"],
        [
            (chosen("answer", amount="7", note="ok"), {"amount": 7, "note": "ok"}),
            (chosen("answer", amount="100"), {"amount": 100, "note": ""}),
        ],
    ),
    ("TypedDict", Draft, ["Answer…"], [(chosen("answer", title="Hi", words="2"), {"title": "Hi", "words": 2})]),
    ("dataclass", Trip, ["Answer…"], [(chosen("answer", city="Ulm"), {"city": "Ulm", "nights": 1})]),
    ("dict", OBJECT, ["Answer…"], [(chosen("answer", date="2026-01-31"), {"date": "2026-01-31"})]),
    ("boolean", bool, ["Approve", "Reject"], [(chosen("approve"), True), (chosen("reject", "No"), False)]),
    (
        "Literal", Literal["ship_it", "wait", "reject"], ["Ship it", "Wait", "Reject"],
        [(chosen("ship_it"), "ship_it"), (chosen("wait"), "wait"), (chosen("reject", "No"), "reject")],
    ),
    ("Enum", Colour, ["Red", "Deep blue"], [(chosen("red"), "red"), (chosen("deep_blue"), "deep_blue")]),
    ("numbers", Literal[1, 2, 3], ["1", "2", "3"], [(chosen("2"), 2)]),
    (
        "values of several types", {"enum": ["1", 1, True]}, ['"1"', "1", "True"],
        [(chosen('"1"'), "1"), (chosen("1"), 1), (chosen("true"), True)],
    ),
    ("text", str, ["Answer…"], [(chosen("answer", answer="On Monday"), "On Monday")]),
    ("number", {"type": "number", "minimum": 0}, ["Answer…"], [(chosen("answer", answer="1.5"), 1.5)]),
    ("list", list[int], ["Answer…"], [(chosen("answer", answer="1\n2"), [1, 2])]),
    (
        "one object only", {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}, ["Answer…"],
        [(chosen("answer"), {"a": 1})],
    ),
    ("one text only", {"const": "go"}, ["Go"], [(chosen("go"), "go")]),
    (
        "anything", {}, ["Approve", "Reject", "Answer…"],
        [(chosen("approve"), True), (chosen("answer", answer="[]"), [])],
    ),
    (
        "yes, or a text", {"type": ["boolean", "string"]}, ["Approve", "Reject", "Answer…"],
        [(chosen("reject", "No"), False)],
    ),
    ("only true", {"const": True}, ["Approve"], [(chosen("approve"), True)]),
    ("both truths", Literal[True, False], ["Approve", "Reject"], [(chosen("reject", "No"), False)]),
    ("optional", int | None, ["Answer…"], [(chosen("answer", answer="5"), 5), (chosen("answer"), None)]),
    (
        "one of several shapes", Card | Transfer, ["Answer…"],
        [
            (Chosen("answer", "", {"answer": "0", "answer#0.number": "12"}), {"kind": "card", "number": 12}),
            (Chosen("answer", "", {"answer": "1", "answer#1.iban": "DE1"}), {"kind": "transfer", "iban": "DE1"}),
        ],
    ),
    (
        "a condition", {"type": "object", "properties": {"a": {}}, "if": {}, "then": {"required": ["b"]}},
        ["Answer…"], [(chosen("answer", value='{"a": 1, "b": 2}'), {"a": 1, "b": 2})],
    ),
    (
        "references", Outer, ["Answer…"],
        [
            (
                Chosen("answer", "", {"colour": "1", "reply.amount": "2"}),
                {"colour": "deep_blue", "reply": {"amount": 2, "note": ""}},
            )
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "buttons", "answers"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_a_schema_asks(kind: Any, buttons: list[str], answers: list[tuple[Chosen, Json]]) -> None:
    """A schema gives buttons where it allows few values, else a form; what comes of it fits the schema."""
    question = read(kind)
    assert (question.dialect, question.text, labels(question)) == ("schema", "What?", buttons)
    for choice, resume in answers:
        given = decided(question, choice).resume
        assert (given, type(given)) == (resume, type(resume))
        if not isinstance(kind, dict):
            TypeAdapter(kind).validate_python(given)


def test_approve_and_reject_are_words_with_their_meaning() -> None:
    """Among the values of a schema, "approve" and "reject" count as such; other values are answers."""
    question = read(Literal["approve", "reject", "later"])
    assert [option.verdict for option in question.options] == [
        Verdict.APPROVE,
        Verdict.REJECT,
        Verdict.RESPOND,
    ]


@pytest.mark.parametrize(
    ("kind", "choice", "end"),
    [
        (Reply, chosen("answer", amount="7", note="ok"), "Reply(amount=7, note='ok')"),
        (Draft, chosen("answer", title="Hi", words="2"), "{'title': 'Hi', 'words': 2}"),
        (Trip, chosen("answer", city="Ulm", nights="3"), "Trip(city='Ulm', nights=3)"),
        (Colour, chosen("red"), "<Colour.RED: 'red'>"),
        (Literal["ship_it", "wait"], chosen("wait"), "'wait'"),
        (bool, chosen("reject", "No"), "False"),
        (OBJECT, chosen("answer", date="2026-01-31"), "{'date': '2026-01-31'}"),
    ],
)
def test_langgraph_takes_the_answers(kind: Any, choice: Chosen, end: str) -> None:
    """LangGraph validates each answer itself and gives the node the object that its author asked for."""

    def node(state: dict[str, Any]) -> dict[str, Any]:
        return {"result": repr(interrupt({"question": "What?"}, response_schema=kind))}

    assert answered(node, {"draft": ""}, [choice])[0]["result"] == end


@pytest.mark.parametrize(
    ("kind", "choice", "where"),
    [
        (Reply, chosen("answer", amount="0"), "amount"),
        (Reply, chosen("answer"), "amount"),
        (OBJECT, chosen("answer", date="tomorrow"), "date"),
        ({"type": "integer"}, chosen("answer", answer="1.5"), "answer"),
        ({"type": "array", "items": {"type": "integer"}}, chosen("answer", answer='["x"]'), "answer"),
        ({"not": {"const": 5}}, chosen("answer", answer="5"), "answer"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_under_its_field(kind: Any, choice: Chosen, where: str) -> None:
    """Nothing that the schema refuses leaves the form, although LangGraph would take it for a dict schema."""
    with pytest.raises(InvalidInput) as caught:
        decided(read(kind), choice)
    assert list(caught.value.errors) == [where]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (Reply, {"amount": "7"}),
        (Reply, {}),
        (Reply, True),
        (bool, "yes"),
        (bool, 1),
        (Colour, "green"),
        (OBJECT, {"date": "x"}),
    ],
)
def test_a_value_that_does_not_fit_is_told(kind: Any, given: Json) -> None:
    """A value from elsewhere is held against the schema, dict or not."""
    assert refusal_of_value(read(kind), given)


TREE: Json = {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"$ref": "#"}]}}
NODE: Json = {
    "oneOf": [{"$ref": "#/definitions/leaf"}, {"$ref": "#/definitions/leaf/properties/more"}],
    "definitions": {
        "leaf": {
            "type": "object",
            "properties": {
                "default": {"type": "integer"},
                "more": {"type": "object", "properties": {"inner": {"$ref": "#"}}, "required": ["inner"]},
            },
            "required": ["default"],
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "choice", "resume"),
    [
        (TREE, chosen("answer", answer="[1, [2, []]]"), [1, [2, []]]),
        (
            {"type": "object", "additionalProperties": {"$ref": "#"}},
            chosen("answer", answer='{"a": {}}'),
            {"a": {}},
        ),
        (NODE, Chosen("answer", "", {"answer": "0", "answer#0.default": "5"}), {"default": 5}),
        (
            NODE,
            Chosen("answer", "", {"answer": "1", "answer#1.inner": '{"default": 5}'}),
            {"inner": {"default": 5}},
        ),
    ],
)
def test_references_lead_where_they_did(schema: Json, choice: Chosen, resume: Json) -> None:
    """A schema may refer to itself and to any place in it, also where its answer is one field of a form."""
    assert decided(read(schema), choice).resume == resume
