"""Anything at all: approve is True, reject is False, an edit changes the state that the payload shows."""

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


def _read(asked: Asked) -> Question:
    options = (APPROVE, REJECT, *edit_of(state_form(asked)))
    return Question(dialect="plain", text=asked_in(asked.value), shown=asked.value, options=options)


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    return Answer(resume=option.verdict is not Verdict.REJECT, update=update_of(option, values))


PLAIN = Dialect(name="plain", recognises=lambda _: True, read=_read, answer=_answer)
