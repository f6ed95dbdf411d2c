"""What people read of an answer: what a form started with and what it came to, whatever the answer counts as."""

from __future__ import annotations

import pytest

from engine.decisions import Json
from engine.forms import entries, read_form
from engine.gate import asked_with
from engine.questions import read_question, told
from tests.engine.questions.conformance import option_of

RETRY = {"error": "bad", "question": "Retry?", "current_input": "next week"}
SCHEMA = {
    "type": "object",
    "properties": {
        "level": {"type": "string", "default": "low"},
        "place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "note": {"type": "string"},
    },
    "required": ["place", "note"],
}


def said(value: Json, name: str, *, schema: Json | None = None, **given: str) -> tuple[Json, Json]:
    """Fill in the form of an option and return what is told of it."""
    question = read_question(value, state={}, state_schema={}, schema=schema)
    option = option_of(question, name)
    assert option.form
    values = read_form(option.form, {**entries(option.form), **given})
    return told(question, option=option, values=values)


@pytest.mark.parametrize("wrap", [False, True])
def test_a_retry_with_other_input_tells_the_old_one_too(wrap: bool) -> None:
    """A retry is no edit, yet what its form started with stands before what was entered, also in an `approval()`."""
    asked = asked_with(RETRY, schema=None) if wrap else RETRY
    assert said(asked, "retry", new_input="tomorrow") == (
        {"new_input": "next week"},
        {"new_input": "tomorrow"},
    )


def test_a_retry_with_the_same_input_tells_that_input() -> None:
    """What was left as it was is the answer too; nothing stands before it, since nothing changed."""
    assert said(RETRY, "retry") == ({}, {"new_input": "next week"})


def test_an_answer_tells_changed_defaults_and_all_its_values_once() -> None:
    """A value in place of a default stands with it, a value of its own alone, and none of them twice."""
    given = {"level": "high", "place.city": "Rome", "note": "ok"}
    before, after = said("Where?", "answer", schema=SCHEMA, **given)
    assert (before, after) == ({"level": "low"}, {"level": "high", "place.city": "Rome", "note": "ok"})
    assert said("Where?", "answer", schema=SCHEMA, **{"place.city": "Rome", "note": "ok"}) == (
        {},
        {"level": "low", "place.city": "Rome", "note": "ok"},
    )
