"""Answers as a workflow's own settings want them, in place of the dialect's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.canonical import canonical
from engine.decisions import Answer, Json, Verdict
from engine.forms import MISSING, Form, form_from_values
from engine.questions.question import AnswerMapping, Asked, Option, Question, edit_of, state_form, update_of

EDITS, REASON = "$edits", "$reason"


def mapped_question(question: Question, *, mapping: AnswerMapping, asked: Asked) -> Question:
    """Let the question edit what the mapping has a place for: state keys for "update", the payload for "resume"."""
    if mapping.edit is None:
        return question
    form = state_form(asked) if mapping.edit == "update" else _payload_form(asked)
    others = tuple(option for option in question.options if option.verdict is not Verdict.EDIT)
    return replace(question, options=(*others, *edit_of(form)))


def _payload_form(asked: Asked) -> Form | None:
    is_filled = isinstance(asked.value, dict) and asked.value
    return form_from_values(asked.value, schema=asked.state_schema) if is_filled else None


def mapped_answer(
    own: Answer,
    *,
    mapping: AnswerMapping,
    option: Option,
    form: Form | None,
    reason: str,
    values: Mapping[str, Json],
    approval: Json,
) -> Answer:
    """Replace `own`, the dialect's answer, where the mapping says otherwise.

    `approval` is the dialect's value for a plain approval, `form` what an edit may change.
    """
    if option.verdict is Verdict.RESPOND:
        return own
    edits = _held(form, values if option.verdict is Verdict.EDIT else {})
    if option.verdict is Verdict.REJECT:
        return (
            own
            if mapping.reject is MISSING
            else Answer(resume=_filled(mapping.reject, reason=reason, edits=edits))
        )
    given = approval if mapping.approve is MISSING else _filled(mapping.approve, reason=reason, edits=edits)
    if option.verdict is Verdict.EDIT and mapping.edit == "resume":
        return Answer(resume=given if _mentions_edits(mapping.approve) else edits)
    if option.verdict is Verdict.EDIT and mapping.edit == "update":
        return Answer(resume=given, update=update_of(option, values))
    takes_approval = canonical(own.resume) == canonical(approval)
    return Answer(resume=given, update=own.update) if takes_approval else own


def _held(form: Form | None, values: Mapping[str, Json]) -> dict[str, Json]:
    fields = form.fields if form else ()
    held = {field.name: values.get(field.name, field.initial) for field in fields}
    return {name: value for name, value in held.items() if value is not MISSING}


def _filled(template: Json, *, reason: str, edits: Mapping[str, Json]) -> Json:
    if template == EDITS:
        return dict(edits)
    if isinstance(template, str):
        return template.replace(REASON, reason)
    if isinstance(template, list):
        return [_filled(item, reason=reason, edits=edits) for item in template]
    if isinstance(template, dict):
        return {key: _filled(item, reason=reason, edits=edits) for key, item in template.items()}
    return template


def _mentions_edits(template: object) -> bool:
    if isinstance(template, dict):
        return any(map(_mentions_edits, template.values()))
    return any(map(_mentions_edits, template)) if isinstance(template, list) else template == EDITS
