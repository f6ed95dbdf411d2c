"""A choice: `{"question": …, "options": ["approve", "reject", …]}` takes the bare word.

The shape is Dynamic Interrupts in LangGraph's guide to human-in-the-loop.
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
from engine.questions.review import offers_both
from engine.questions.text import asked_in


def _recognises(asked: Asked) -> bool:
    value = asked.value
    return isinstance(value, dict) and "action" not in value and offers_both(value.get("options"))


def _read(asked: Asked) -> Question:
    options = (APPROVE, REJECT, *edit_of(state_form(asked)))
    return Question(dialect="options", text=asked_in(asked.value), shown=asked.value, options=options)


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    word = "reject" if option.verdict is Verdict.REJECT else "approve"
    return Answer(resume=word, update=update_of(option, values))


OPTIONS = Dialect(name="options", recognises=_recognises, read=_read, answer=_answer)
