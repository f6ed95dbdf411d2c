"""A review: `{"action": "review", "options": ["approve", …, "reject"], …}` takes `{"action": …}`.

The shape is Content Review in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.forms import readable
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
from engine.questions.text import NO_WORDS, asked_in, one_line


def offers_both(options: Json) -> bool:
    """Say whether `options` is a list of texts in which there is "approve" and "reject"."""
    is_list = isinstance(options, list) and all(isinstance(option, str) for option in options)
    return is_list and {"approve", "reject"} <= set(options)


def _recognises(asked: Asked) -> bool:
    value = asked.value
    return (
        isinstance(value, dict) and isinstance(value.get("action"), str) and offers_both(value.get("options"))
    )


def _read(asked: Asked) -> Question:
    options = (APPROVE, REJECT, *edit_of(state_form(asked)))
    return Question(dialect="review", text=_text(asked.value), shown=asked.value, options=options)


def _text(value: Json) -> str:
    own = asked_in(value)
    subject = next((key for key in value if key not in ("action", "options")), "")
    named = f"{readable(value['action'])} {readable(subject).lower()}"
    return one_line(named) if own == NO_WORDS and named.strip() else own


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if option.verdict is Verdict.REJECT:
        return Answer(resume={"action": "reject", "comments": reason})
    return Answer(resume={"action": "approve"}, update=update_of(option, values))


REVIEW = Dialect(name="review", recognises=_recognises, read=_read, answer=_answer)
