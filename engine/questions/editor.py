"""An editor: `{"content": …, "prompt": …}` takes `{"type": "approve" | "reject"}` or an edit, and asks again.

The shape is Interactive Editing in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.decisions import Answer, Json, Verdict
from engine.forms import FieldKind, form_from_values
from engine.questions.question import APPROVE, REJECT, Asked, Dialect, Option, Question, edit_of
from engine.questions.text import asked_in


def _recognises(asked: Asked) -> bool:
    value = asked.value
    has_keys = isinstance(value, dict) and set(value) == {"content", "prompt"}
    return has_keys and all(isinstance(text, str) for text in value.values())


def _read(asked: Asked) -> Question:
    value = asked.value
    form = form_from_values({"content": value["content"]})
    field = replace(form.fields[0], kind=FieldKind.LONG_TEXT)
    options = (APPROVE, REJECT, *edit_of(replace(form, fields=(field,))))
    return Question(dialect="editor", text=asked_in(value), shown=value, options=options)


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if option.verdict is Verdict.EDIT:
        content = values.get("content", question.shown["content"])
        return Answer(resume={"type": "edit", "new_content": content})
    return Answer(resume={"type": "reject" if option.verdict is Verdict.REJECT else "approve"})


def _refuses(question: Question, value: Json) -> str | None:  # noqa: ARG001 (the dialects' signature)
    if value in ({"type": "approve"}, {"type": "reject"}):
        return None
    is_edit = isinstance(value, dict) and set(value) == {"type", "new_content"} and value["type"] == "edit"
    if is_edit and isinstance(value["new_content"], str):
        return None
    return 'This takes {"type": "approve"}, {"type": "reject"} or {"type": "edit", "new_content": "…"}.'


EDITOR = Dialect(name="editor", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses)
