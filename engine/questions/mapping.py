"""Answers as a workflow's own settings want them, in place of the dialect's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from engine.canonical import canonical, is_json
from engine.decisions import Answer, Json, Verdict
from engine.forms import MISSING, Form, form_from_values, form_keys, initial_values
from engine.questions.question import AnswerMapping, Asked, Option, Question, edit_of, state_form, update_of

EDITS, REASON = "$edits", "$reason"


def mapped_question(question: Question, *, mapping: AnswerMapping, asked: Asked) -> Question:
    """Let the question edit what the mapping has a place for: state keys for "update", the payload for "resume"."""
    if mapping.edit is None:
        return question
    form = state_form(asked) if mapping.edit == "update" else _payload_form(asked)
    made = edit_of(form)
    own = next((option for option in question.options if made and _is_edit(option)), None)
    if own is not None:
        edit = replace(made[0], name=own.name, label=own.label, can_stay=own.can_stay)
        options = tuple(edit if option is own else option for option in question.options)
        return replace(question, options=options)
    others = tuple(option for option in question.options if option.verdict is not Verdict.EDIT)
    return replace(question, options=(*others, *made))


def _is_edit(option: Option) -> bool:
    """Say whether this is the question's own way to edit, be it the bare word of a graph."""
    return option.verdict is Verdict.EDIT or option.name.strip().casefold() == "edit"


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
    """Replace `own`, the dialect's answer, where the mapping says otherwise; the graph's own words stay its own.

    `form` is what an edit may change, `approval` the dialect's value for a plain approval.
    """
    if option.verdict is Verdict.RESPOND:
        return own
    edits = _held(form, values if option.verdict is Verdict.EDIT else {})
    if option.verdict is Verdict.REJECT:
        return Answer(resume=_mapped(mapping.reject, own.resume, reason=reason, edits=edits))
    given = _mapped(mapping.approve, approval, reason=reason, edits=edits)
    if option.verdict is Verdict.EDIT and mapping.edit == "resume":
        return Answer(resume=given if EDITS in _texts(mapping.approve) else edits)
    if option.verdict is Verdict.EDIT and mapping.edit == "update":
        return Answer(resume=given, update=update_of(option, values))
    takes_approval = canonical(own.resume) == canonical(approval)
    return Answer(resume=given, update=own.update) if takes_approval else own


def fault_of(mapping: AnswerMapping) -> tuple[str, str] | None:
    """Name the key of a mapping that cannot be meant so, with what to do about it; None: there is none."""
    for key in ("approve", "reject"):
        template = getattr(mapping, key)
        if template is not MISSING and not is_json(template):
            return key, "has a value that is no JSON, such as a date; write it as a text in quotes"
        if misspelt := next((name for name in _placeholders(template) if name not in (EDITS, REASON)), None):
            meant = get_close_matches(misspelt, (EDITS, REASON), n=1)
            return key, f"has {misspelt}, which nothing stands for; write {meant[0]}"
        if any(EDITS in text and text != EDITS for text in _texts(template)):
            return key, f"has {EDITS} within a longer text; it has to be the whole text"
    if EDITS in _texts(mapping.reject):
        return "reject", f"has {EDITS}, but a rejection edits nothing; leave it out"
    if EDITS in _texts(mapping.approve) and mapping.edit != "resume":
        return "approve", f'has {EDITS}, which edit = "resume" alone fills; add that, or leave it out'
    if mapping.reject is not MISSING and canonical(mapping.approve) == canonical(mapping.reject):
        return "reject", "is the same as approve, so the graph could not tell them apart; change one of them"
    return None


def _placeholders(template: Json) -> list[str]:
    """Return the words after a dollar sign that look like the two that are known."""
    words = [word for text in _texts(template) for word in re.findall(r"\$[A-Za-z_]+", text)]
    return [word for word in words if get_close_matches(word, (EDITS, REASON), n=1, cutoff=0.75)]


def _texts(template: object) -> list[str]:
    if isinstance(template, dict):
        return [text for item in template.values() for text in _texts(item)]
    if isinstance(template, list):
        return [text for item in template for text in _texts(item)]
    return [template] if isinstance(template, str) else []


def _mapped(template: Json, own: Json, *, reason: str, edits: Mapping[str, Json]) -> Json:
    return own if template is MISSING else _filled(template, reason=reason, edits=edits)


def _held(form: Form | None, values: Mapping[str, Json]) -> dict[str, Json]:
    if form is None:
        return {}
    known = form_keys(form)
    return {**initial_values(form), **{key: value for key, value in values.items() if key in known}}


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
