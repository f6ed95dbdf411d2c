"""What an interrupt asks, and how it wants its answer: one file per dialect, tried from special to plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.canonical import jsonable
from engine.decisions import Answer, Json, Verdict
from engine.errors import InvalidInput, UnaskableValue
from engine.questions.batched import BATCHED
from engine.questions.bound import bound, edited, shared
from engine.questions.editor import EDITOR
from engine.questions.inbox import INBOX
from engine.questions.level import LEVEL
from engine.questions.mapping import fault_of, mapped_answer, mapped_question
from engine.questions.options import OPTIONS
from engine.questions.per_call import PER_CALL
from engine.questions.plain import PLAIN
from engine.questions.question import (
    APPROVE,
    REJECT,
    AnswerMapping,
    Asked,
    Dialect,
    Option,
    Part,
    Path,
    Question,
    ReasonWanted,
    told_fields,
)
from engine.questions.recent import RecentQuestions
from engine.questions.retry import RETRY
from engine.questions.review import REVIEW
from engine.questions.schema import SCHEMA
from engine.questions.static import STATIC, answer_static, read_static, refuses_static
from engine.questions.text import said_in

__all__ = [
    "APPROVE",
    "DIALECT_NAMES",
    "PROTOCOL_NAMES",
    "REJECT",
    "AnswerMapping",
    "Option",
    "Part",
    "Path",
    "Question",
    "ReasonWanted",
    "RecentQuestions",
    "answer",
    "edited",
    "fault_of",
    "read_question",
    "read_static",
    "refusal_of_value",
    "shared",
    "told",
]

_INSIDE: tuple[Dialect, ...] = (
    PER_CALL,
    SCHEMA,
    BATCHED,
    INBOX,
    REVIEW,
    OPTIONS,
    RETRY,
    EDITOR,
    LEVEL,
    PLAIN,
)
"""Tried in this order; the last recognises everything."""

_BOUND = bound(lambda asked: next(dialect for dialect in _INSIDE if dialect.recognises(asked)))
DIALECTS: tuple[Dialect, ...] = (_BOUND, *_INSIDE)

_BY_NAME = {dialect.name: dialect for dialect in DIALECTS}

DIALECT_NAMES: tuple[str, ...] = tuple(_BY_NAME)
"""What a workflow may name as its dialect."""

PROTOCOL_NAMES = frozenset(dialect.name for dialect in DIALECTS if dialect.is_protocol)
"""Those whose answers have a fixed shape, so that no workflow can want another."""


def read_question(
    value: Json,
    *,
    state: Mapping[str, Json],
    state_schema: Json,
    schema: Json | None = None,
    mapping: AnswerMapping | None = None,
    dialect: str | None = None,
) -> Question:
    """Make a question of what a graph gave to `interrupt()`, whatever it is.

    `state` holds only keys that an edit may change, as plain JSON; `state_schema` is the JSON Schema of the
    state object, `schema` the one that the answer has to fit. `dialect` is the one that a workflow names: it is tried
    first, and a value that it cannot read is recognised by its shape, as without it. The same value gives the same
    question in every process.

    Raises:
        UnaskableValue: the value cannot be shown, or nobody could answer it.
    """
    asked = Asked(jsonable(value), state=state, state_schema=state_schema, schema=schema)
    reader = _reader(asked, named=_BY_NAME[dialect] if dialect else None)
    question = reader.read(asked)
    said = said_in(question.text, question.shown)
    question = replace(question, protocol=question.protocol | said)
    if mapping is not None and not reader.is_protocol:
        question = mapped_question(question, mapping=mapping, asked=asked)
    names = [option.name for option in question.options]
    if not names or len(names) > len(set(names)):
        raise UnaskableValue(f"The {question.dialect} question has no options, or two of one name.")
    return question


def _reader(asked: Asked, *, named: Dialect | None) -> Dialect:
    """Find the dialect of a value; what has a shape that is fixed by a protocol is never read as anything else."""
    recognised = next(dialect for dialect in DIALECTS if dialect.recognises(asked))
    if named is None or recognised.is_protocol or not named.can_read(asked):
        return recognised
    return named


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
        InvalidInput: this would be no possible answer, such as one that does not fit the question's schema.
        ValueError: a static breakpoint was rejected; the caller stops the run instead.
    """
    if question.dialect == STATIC:
        return answer_static(option, values)
    dialect = _BY_NAME[question.dialect]
    own = dialect.answer(question, option=option, reason=reason, values=values)
    if refusal := dialect.refuses(question, own.resume):
        raise InvalidInput({"": refusal})
    if mapping is None or dialect.is_protocol:
        return own
    approve = next((each for each in question.options if each.verdict is Verdict.APPROVE), APPROVE)
    approval = dialect.answer(question, option=approve, reason="", values={}).resume
    if dialect.refuses(question, approval):
        approval = own.resume  # the graph knows no approval
    return mapped_answer(
        own,
        mapping=mapping,
        option=option,
        form=question.form,
        reason=reason,
        values=values,
        approval=approval,
    )


def refusal_of_value(question: Question, value: Json, *, mapping: AnswerMapping | None = None) -> str | None:
    """Say in one sentence why `value` is no possible answer to a question; None: it is one.

    It is about values that no form made, such as those of an ordered list. A workflow that wants its answers in
    another way than the dialect takes any value.
    """
    if question.dialect == STATIC:
        return refuses_static(value)
    dialect = _BY_NAME[question.dialect]
    return None if mapping is not None and not dialect.is_protocol else dialect.refuses(question, value)


def told(
    question: Question, *, option: Option, values: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Say what an answer holds as people read it: two objects (before, after) by name.

    A name that is in one of them only had, or has, no value there.
    """
    dialect = _BY_NAME.get(question.dialect)
    if dialect is None or dialect.tells is None:
        return told_fields(option, values)
    return dialect.tells(question, option=option, values=values)
