"""Every question can be answered: it has options, each of a name of its own, and one that lets the graph go on."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from engine.decisions import Json, Verdict
from engine.gate import asked_with
from engine.questions import DIALECT_NAMES, AnswerMapping, Question, read_question
from tests.engine.questions.conformance import SCHEMA, chosen, decided

DECISIONS = ("approve", "edit", "reject", "respond")
CONFIGS = ("allow_accept", "allow_edit", "allow_respond", "allow_ignore")
STATE: Json = {"amount": 5, "draft": "hello"}


def some(names: tuple[str, ...]) -> list[list[str]]:
    """Give every choice of at least one of the names."""
    return [list(each) for count in range(1, len(names) + 1) for each in combinations(names, count)]


def batched(allowed: list[str], *args: Json, schema: Json = None) -> Json:
    more = {} if schema is None else {"args_schema": schema}
    review = {"action_name": "send", "allowed_decisions": allowed, **more}
    return {
        "action_requests": [{"name": "send", "args": each} for each in args],
        "review_configs": [review] * len(args),
    }


def inbox(allowed: list[str], args: Json) -> Json:
    config = {name: name in allowed for name in CONFIGS}
    return {"action_request": {"action": "send", "args": args}, "config": config, "description": None}


def per_call(allowed: list[str], args: Json) -> tuple[Json, Json]:
    """Give a request and its schema, in which the tool takes no arguments of known names."""
    value = {"type": "tool_approval", "tool_call_id": "c", "name": "send", "args": args, "description": ""}
    branches = [
        {"type": "object", "properties": {"type": {"const": kind}}, "required": ["type"]} for kind in allowed
    ]
    return value, {"oneOf": branches}


WORDS = [
    ["approve", "reject"],
    ["approve", "edit", "reject"],
    ["edit"],
    ["Edit", "stop"],
    ["approve", "edit."],
]
STATES: list[Json] = [{}, STATE]
SCHEMAS: list[Json] = [
    {},
    True,
    {"type": "boolean"},
    {"enum": []},
    {"type": "null"},
    {"enum": ["edit", "a"]},
]
ASKED: list[tuple[Json, Json]] = [
    *[(batched(allowed, args), None) for allowed in some(DECISIONS) for args in ({}, {"a": 1})],
    *[(batched(allowed, {}, {"a": 1}), None) for allowed in some(DECISIONS)],
    *[
        (batched(allowed, {}, schema={"properties": {"a": {"const": 1}}}), None)
        for allowed in some(DECISIONS)
    ],
    *[(inbox(allowed, args), None) for allowed in ([], *some(CONFIGS)) for args in ({}, {"a": 1})],
    *[per_call(allowed, args) for allowed in some(DECISIONS) for args in ({}, {"a": 1})],
    *[({"options": words, **more}, None) for words in WORDS for more in STATES],
    *[({"action": "review", "options": words, **STATE}, None) for words in WORDS],
    *[({"options": ["approve", "reject", *(str(n) for n in range(20)), "more"], **STATE}, None)],
    *[("What?", schema) for schema in SCHEMAS],
    ({"error": "e", "question": "q", "current_input": None}, None),
    ({"content": "", "prompt": ""}, None),
    ({"level": 1, **STATE}, None),
    ({}, None),
    (STATE, None),
    (asked_with(STATE, schema=None), None),
    (asked_with(batched(["edit"], {}), schema=None), None),
]
MAPPINGS = [None, AnswerMapping(), AnswerMapping(edit="resume"), AnswerMapping(edit="update")]


def read(value: Json, schema: Json = None, *, mapping: AnswerMapping | None = None) -> Question:
    return read_question(value, state=STATE, state_schema=SCHEMA, schema=schema, mapping=mapping)


def test_no_question_is_without_an_answer() -> None:
    """Whatever is asked and however a workflow wants its answers, there are options, each found by its name."""
    dialects = set()
    for value, schema in ASKED:
        for mapping in MAPPINGS:
            question = read(value, schema, mapping=mapping)
            dialects.add(question.dialect)
            assert question.options, value
            assert all(question.option(each.name) is each for each in question.options), value
    assert dialects == set(DIALECT_NAMES)


@pytest.mark.parametrize("args", [{}, {"a": 1}])
@pytest.mark.parametrize("make", [batched, inbox, per_call])
def test_a_call_that_may_only_be_edited_can_go_on_unchanged(make: Any, args: Json) -> None:
    """Where nothing can be approved, an edit may leave the arguments as they are, also where there are none."""
    made = make(["allow_edit" if make is inbox else "edit"], args)
    question = read(*made) if make is per_call else read(made)
    (option,) = question.options
    assert (option.verdict, option.can_stay, option.form is None) == (Verdict.EDIT, True, not args)
    if make is not per_call:
        assert f"'args': {args}" in str(decided(question, chosen("edit")).resume)


@pytest.mark.parametrize("allowed", [["approve", "edit"], ["approve"]])
def test_an_approval_is_no_edit(allowed: list[str]) -> None:
    """Where a call can be approved, an edit that changes nothing is none, and without arguments it is not offered."""
    assert [option.name for option in read(batched(allowed, {})).options] == ["approve"]
    assert not any(option.can_stay for option in read(batched(allowed, {"a": 1})).options)
