"""A retry: `{"error": …, "question": …, "current_input": …}` takes `{"retry": …}`, with `new_input` if it is True.

The shape is Retry After Human Review in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.forms import form_from_values
from engine.questions.question import REJECT, Asked, Dialect, Option, Question
from engine.questions.text import asked_in


def _recognises(asked: Asked) -> bool:
    value = asked.value
    has_keys = isinstance(value, dict) and set(value) == {"error", "question", "current_input"}
    return has_keys and isinstance(value["error"], str) and isinstance(value["question"], str)


def _read(asked: Asked) -> Question:
    form = form_from_values({"new_input": asked.value["current_input"]})
    options = (Option("retry", "Retry", Verdict.RESPOND, form=form), REJECT)
    return Question(dialect="retry", text=asked_in(asked.value), shown=asked.value, options=options)


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if option.verdict is Verdict.RESPOND:
        return Answer(
            resume={"retry": True, "new_input": values.get("new_input", question.shown["current_input"])}
        )
    return Answer(resume={"retry": False})


def _refuses(question: Question, value: Json) -> str | None:  # noqa: ARG001 (the dialects' signature)
    if value == {"retry": False} and value["retry"] is False:
        return None
    is_retry = isinstance(value, dict) and set(value) == {"retry", "new_input"} and value["retry"] is True
    return None if is_retry else 'This takes {"retry": true, "new_input": …} or {"retry": false}.'


RETRY = Dialect(name="retry", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses)
