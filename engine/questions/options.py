"""A choice: `{"question": …, "options": ["approve", "reject", …]}` takes the bare word.

The shape is Dynamic Interrupts in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.questions.question import Dialect, Question, changed, state_form
from engine.questions.review import offers_both
from engine.questions.text import asked


def _recognises(value: Json) -> bool:
    return isinstance(value, dict) and "action" not in value and offers_both(value.get("options"))


def _read(value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Question:
    form = state_form(value, state=state, state_schema=state_schema)
    return Question(dialect="options", text=asked(value), shown=value, form=form)


def _answer(question: Question, *, verdict: Verdict, reason: str, edits: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if verdict is Verdict.REJECT:
        return Answer(resume="reject")
    return Answer(resume="approve", update=changed(question, edits) if verdict is Verdict.EDIT else None)


OPTIONS = Dialect(name="options", recognises=_recognises, read=_read, answer=_answer)
