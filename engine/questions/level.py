"""A level of approval: `{"level": "manager", …}` takes True or False.

The shape is Multi-Level Approval in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.questions.question import (
    APPROVE,
    REJECT,
    Asked,
    Dialect,
    Option,
    Question,
    edit_of,
    state_form,
    update_of,
)
from engine.questions.text import asked_in

_OTHER_QUESTIONS = {"action", "options", "prompt", "question"}


def _recognises(asked: Asked) -> bool:
    value = asked.value
    if not isinstance(value, dict) or not _OTHER_QUESTIONS.isdisjoint(value):
        return False
    level = value.get("level")
    return type(level) is int or (isinstance(level, str) and bool(level.strip()))


def _read(asked: Asked) -> Question:
    options = (APPROVE, REJECT, *edit_of(state_form(asked)))
    return Question(dialect="level", text=asked_in(asked.value), shown=asked.value, options=options)


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    return Answer(resume=option.verdict is not Verdict.REJECT, update=update_of(option, values))


def _refuses(question: Question, value: Json) -> str | None:  # noqa: ARG001 (the dialects' signature)
    return None if isinstance(value, bool) else "This takes true or false."


LEVEL = Dialect(name="level", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses)
