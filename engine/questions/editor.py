"""An editor: `{"content": …, "prompt": …}` takes `{"type": "approve" | "reject"}` or an edit, and asks again.

The shape is Interactive Editing in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.decisions import Answer, Json, Verdict
from engine.forms import FieldKind, form_from_values
from engine.questions.question import Dialect, Question
from engine.questions.text import asked


def _recognises(value: Json) -> bool:
    has_keys = isinstance(value, dict) and set(value) == {"content", "prompt"}
    return has_keys and all(isinstance(text, str) for text in value.values())


def _read(value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Question:  # noqa: ARG001 (the dialects' signature)
    form = form_from_values({"content": value["content"]})
    field = replace(form.fields[0], kind=FieldKind.LONG_TEXT)
    return Question(dialect="editor", text=asked(value), shown=value, form=replace(form, fields=(field,)))


def _answer(question: Question, *, verdict: Verdict, reason: str, edits: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if verdict is Verdict.EDIT:
        content = edits.get("content", question.shown["content"])
        return Answer(resume={"type": "edit", "new_content": content})
    return Answer(resume={"type": "reject" if verdict is Verdict.REJECT else "approve"})


EDITOR = Dialect(name="editor", recognises=_recognises, read=_read, answer=_answer)
