"""A choice: `{"question": …, "options": ["approve", "retry", …]}` takes the bare word.

The shape is Dynamic Interrupts in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json
from engine.questions.question import Asked, Dialect, Option, Question, ReasonWanted, update_of
from engine.questions.text import asked_in
from engine.questions.words import are_words, options_of, said_by, word_of


def _recognises(asked: Asked) -> bool:
    return _fits(asked) and "action" not in asked.value


def _fits(asked: Asked) -> bool:
    return isinstance(asked.value, dict) and are_words(asked.value.get("options"))


def _read(asked: Asked) -> Question:
    options = options_of(asked, comments=ReasonWanted.NONE)
    return Question(
        dialect="options",
        text=asked_in(asked.value),
        shown=asked.value,
        options=options,
        protocol=said_by(options, words=asked.value["options"]),
    )


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    word = word_of(option, values, words=question.shown["options"])
    return Answer(resume=word, update=update_of(option, values))


def _refuses(question: Question, value: Json) -> str | None:
    words = question.shown["options"]
    return None if isinstance(value, str) and value in words else f"This takes one of: {', '.join(words)}."


OPTIONS = Dialect(
    name="options", recognises=_recognises, fits=_fits, read=_read, answer=_answer, refuses=_refuses
)
