"""Anything at all: approve is True, reject is False, an edit changes the state that the payload shows."""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.questions.question import Dialect, Question, changed, state_form
from engine.questions.text import asked


def _read(value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Question:
    form = state_form(value, state=state, state_schema=state_schema)
    return Question(dialect="plain", text=asked(value), shown=value, form=form)


def _answer(question: Question, *, verdict: Verdict, reason: str, edits: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if verdict is Verdict.REJECT:
        return Answer(resume=False)
    return Answer(resume=True, update=changed(question, edits) if verdict is Verdict.EDIT else None)


PLAIN = Dialect(name="plain", recognises=lambda _: True, read=_read, answer=_answer)
