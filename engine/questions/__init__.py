"""What an interrupt asks, and how it wants its answer: one file per dialect, tried from special to plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.canonical import jsonable
from engine.decisions import Answer, Json, Verdict
from engine.errors import NotEditable
from engine.questions.editor import EDITOR
from engine.questions.mapping import mapped_answer, mapped_form
from engine.questions.options import OPTIONS
from engine.questions.plain import PLAIN
from engine.questions.question import AnswerMapping, Dialect, Question
from engine.questions.review import REVIEW
from engine.questions.static import STATIC, answer_static, read_static

__all__ = ["AnswerMapping", "Question", "answer", "read_question", "read_static"]

DIALECTS: tuple[Dialect, ...] = (REVIEW, OPTIONS, EDITOR, PLAIN)
"""Tried in this order; the last recognises everything."""

_BY_NAME = {dialect.name: dialect for dialect in DIALECTS}


def read_question(
    value: Json, *, state: Mapping[str, Json], state_schema: Json, mapping: AnswerMapping | None = None
) -> Question:
    """Make a question of what a graph gave to `interrupt()`, whatever it is.

    `state` holds only keys that an edit may change, as plain JSON; `state_schema` is the JSON Schema of the
    state object. The same value gives the same question in every process.

    Raises:
        UnaskableValue: the value cannot be shown.
    """
    shown = jsonable(value)
    dialect = next(dialect for dialect in DIALECTS if dialect.recognises(shown))
    question = dialect.read(shown, state=state, state_schema=state_schema)
    if mapping is None:
        return question
    return replace(
        question, form=mapped_form(question, mapping=mapping, state=state, state_schema=state_schema)
    )


def answer(
    question: Question,
    *,
    verdict: Verdict,
    reason: str,
    edits: Mapping[str, Json],
    mapping: AnswerMapping | None = None,
) -> Answer:
    """Say what the graph gets for a verdict.

    `edits` are the values of `read_form(question.form, …)`, used for an edit only; keys that the form does not
    have are dropped, and a state update holds only what differs from what was shown (None: nothing does). A
    static breakpoint takes no value: its `resume` is None and means "go on".

    Raises:
        NotEditable: an edit of a question that has no form.
        ValueError: a static breakpoint was rejected; the caller stops the run instead.
    """
    if verdict is Verdict.EDIT and question.form is None:
        raise NotEditable
    if question.dialect == STATIC:
        return answer_static(question, verdict=verdict, edits=edits)
    dialect = _BY_NAME[question.dialect]
    own = dialect.answer(question, verdict=verdict, reason=reason, edits=edits)
    if mapping is None:
        return own
    approval = dialect.answer(question, verdict=Verdict.APPROVE, reason="", edits={}).resume
    return mapped_answer(
        own,
        question=question,
        mapping=mapping,
        verdict=verdict,
        reason=reason,
        edits=edits,
        approval=approval,
    )
