"""Answers as a workflow's own settings want them, in place of the dialect's."""

from __future__ import annotations

from collections.abc import Mapping

from engine.canonical import canonical
from engine.decisions import Answer, Json, Verdict
from engine.forms import MISSING, Form, form_from_values, form_keys, initial_values
from engine.questions.question import AnswerMapping, Question, changed, state_form

EDITS, REASON = "$edits", "$reason"


def mapped_form(
    question: Question, *, mapping: AnswerMapping, state: Mapping[str, Json], state_schema: Json
) -> Form | None:
    """Make the form that fits where edits go: state keys for "update", every key of the payload for "resume"."""
    if mapping.edit == "update":
        return state_form(question.shown, state=state, state_schema=state_schema)
    if mapping.edit == "resume":
        is_filled = isinstance(question.shown, dict) and question.shown
        return form_from_values(question.shown, schema=state_schema) if is_filled else None
    return question.form


def mapped_answer(
    own: Answer,
    *,
    question: Question,
    mapping: AnswerMapping,
    verdict: Verdict,
    reason: str,
    edits: Mapping[str, Json],
    approval: Json,
) -> Answer:
    """Replace `own`, the dialect's answer, where the mapping says otherwise.

    `approval` is the dialect's value for a plain approval.
    """
    values = _values(question, edits=edits if verdict is Verdict.EDIT else {})
    if verdict is Verdict.REJECT:
        return (
            own
            if mapping.reject is MISSING
            else Answer(resume=_filled(mapping.reject, reason=reason, edits=values))
        )
    given = approval if mapping.approve is MISSING else _filled(mapping.approve, reason=reason, edits=values)
    if verdict is Verdict.EDIT and mapping.edit == "resume":
        return Answer(resume=given if _mentions_edits(mapping.approve) else values)
    if verdict is Verdict.EDIT and mapping.edit == "update":
        return Answer(resume=given, update=changed(question, edits))
    takes_approval = canonical(own.resume) == canonical(approval)
    return Answer(resume=given, update=own.update) if takes_approval else own


def _values(question: Question, *, edits: Mapping[str, Json]) -> dict[str, Json]:
    if question.form is None:
        return {}
    known = form_keys(question.form)
    return {**initial_values(question.form), **{key: value for key, value in edits.items() if key in known}}


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
