"""What an interrupt asks, and how it wants its answer: one file per dialect, tried from special to plain."""

from __future__ import annotations

from collections.abc import Mapping

from engine.canonical import jsonable
from engine.decisions import Answer, Json
from engine.questions.editor import EDITOR
from engine.questions.mapping import mapped_answer, mapped_question
from engine.questions.options import OPTIONS
from engine.questions.plain import PLAIN
from engine.questions.question import (
    APPROVE,
    AnswerMapping,
    Asked,
    Dialect,
    Option,
    Part,
    Question,
    ReasonWanted,
    changes,
)
from engine.questions.review import REVIEW
from engine.questions.static import STATIC, answer_static, read_static

__all__ = [
    "AnswerMapping",
    "Option",
    "Part",
    "Question",
    "ReasonWanted",
    "answer",
    "changes",
    "read_question",
    "read_static",
]

DIALECTS: tuple[Dialect, ...] = (REVIEW, OPTIONS, EDITOR, PLAIN)
"""Tried in this order; the last recognises everything."""

_BY_NAME = {dialect.name: dialect for dialect in DIALECTS}


def read_question(
    value: Json,
    *,
    state: Mapping[str, Json],
    state_schema: Json,
    schema: Json | None = None,
    mapping: AnswerMapping | None = None,
) -> Question:
    """Make a question of what a graph gave to `interrupt()`, whatever it is.

    `state` holds only keys that an edit may change, as plain JSON; `state_schema` is the JSON Schema of the
    state object, `schema` the one that the answer has to fit. The same value gives the same question in every
    process.

    Raises:
        UnaskableValue: the value cannot be shown.
    """
    asked = Asked(jsonable(value), state=state, state_schema=state_schema, schema=schema)
    dialect = next(dialect for dialect in DIALECTS if dialect.recognises(asked))
    question = dialect.read(asked)
    return question if mapping is None else mapped_question(question, mapping=mapping, asked=asked)


def answer(
    question: Question,
    *,
    option: Option,
    reason: str,
    values: Mapping[str, Json],
    mapping: AnswerMapping | None = None,
) -> Answer:
    """Say what the graph gets for one of the question's options.

    `values` are those of `read_form(option.form, …)`; keys that the form of an edit does not have are dropped, and a
    state update holds only what differs from what was shown (None: nothing does). A static breakpoint takes no
    value: its `resume` is None and means "go on".

    Raises:
        ValueError: a static breakpoint was rejected; the caller stops the run instead.
    """
    if question.dialect == STATIC:
        return answer_static(option, values)
    dialect = _BY_NAME[question.dialect]
    own = dialect.answer(question, option=option, reason=reason, values=values)
    if mapping is None:
        return own
    approval = dialect.answer(question, option=APPROVE, reason="", values={}).resume
    return mapped_answer(
        own,
        mapping=mapping,
        option=option,
        form=question.form,
        reason=reason,
        values=values,
        approval=approval,
    )
