"""Anything else: shown in full as data; approve is True, reject is False, and any other answer can be written.

An edit changes the state that the payload shows. The answer to a text or a number is a text, as people write it; the
answer to anything else is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from engine.decisions import Answer, Json, Verdict
from engine.forms import Form, form_from_schema
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

ANSWER = "answer"
ANSWER_LABEL = "Answer…"


def _read(asked: Asked) -> Question:
    is_scalar = isinstance(asked.value, str | int | float) and not isinstance(asked.value, bool)
    own_words = Option(ANSWER, ANSWER_LABEL, Verdict.RESPOND, form=_form(is_scalar=is_scalar))
    options = (APPROVE, REJECT, *edit_of(state_form(asked)), own_words)
    return Question(dialect="plain", text=asked_in(asked.value), shown=asked.value, options=options)


@cache
def _form(*, is_scalar: bool) -> Form:
    wanted = {"type": "string", "format": "textarea"} if is_scalar else {}
    return form_from_schema({"type": "object", "properties": {ANSWER: wanted}, "required": [ANSWER]})


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if option.verdict is Verdict.RESPOND:
        return Answer(resume=values[ANSWER])
    return Answer(resume=option.verdict is not Verdict.REJECT, update=update_of(option, values))


def _refuses(question: Question, value: Json) -> str | None:  # noqa: ARG001 (the dialects' signature)
    return None


PLAIN = Dialect(name="plain", recognises=lambda _: True, read=_read, answer=_answer, refuses=_refuses)
