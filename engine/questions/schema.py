"""`interrupt(value, response_schema=…)`: takes what fits the schema, and nothing else.

LangGraph 1.2.22 puts the JSON Schema of a pydantic model, dataclass or TypedDict, or the dict that was given, on the
interrupt. It holds answers against the former itself; against a dict it does not, so that is done here for all.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.canonical import canonical
from engine.decisions import Answer, Json, Verdict
from engine.forms import Field, FieldKind, Form, complaints, form_from_schema
from engine.questions.question import APPROVE, REJECT, Asked, Dialect, Option, Question, ReasonWanted
from engine.questions.text import asked_in
from engine.questions.words import MAX_WORDS, labels_of, option_of

ANSWER = "answer"
"""The name of the option that fills in the schema, and of the one field for what is no object."""

TRUTHS = {"approve": True, "reject": False}


def _recognises(asked: Asked) -> bool:
    return asked.schema is not None


def _read(asked: Asked) -> Question:
    return Question(
        dialect="schema",
        text=asked_in(asked.value),
        shown=asked.value,
        options=_options(asked.schema),
        schema=asked.schema,
    )


def _options(schema: Json) -> tuple[Option, ...]:
    form = _form(schema)
    field = form.fields[0] if _is_wrapped(schema) and len(form.fields) == 1 else None
    if field is not None and (choices := _choices(field)):
        names = list(choices)
        labels = labels_of(names)
        return tuple(
            option_of(name, label, edit=None, comments=ReasonWanted.NONE)
            for name, label in zip(names, labels, strict=True)
        )
    truths = [option for option in (APPROVE, REJECT) if _accepts(TRUTHS[option.name], schema)]
    if field is not None and _is_truth(field):
        return tuple(truths)
    return (*truths, Option(ANSWER, "Answer…", Verdict.RESPOND, form=form))


def _is_wrapped(schema: Json) -> bool:
    """Say whether the answer is no object with known keys, so that it is the one field of a form."""
    is_object = isinstance(schema, dict) and schema.get("type") == "object"
    return not (is_object and schema.get("properties"))


def _form(schema: Json) -> Form:
    return form_from_schema(_wrapped(schema) if _is_wrapped(schema) else schema)


def _wrapped(schema: Json) -> Json:
    """Make an object of one property of a schema, whose references lead to where they did."""
    inner = {"title": "Answer", **schema} if isinstance(schema, dict) else schema
    places = [key for key in ("$defs", "definitions") if isinstance(schema, dict) and key in schema]
    definitions = {key: schema[key] for key in places}
    return {"type": "object", "properties": {ANSWER: inner}, "required": [ANSWER], **definitions}


def _is_truth(field: Field) -> bool:
    """Say whether a field takes nothing but true and false."""
    has_truths = bool(field.choices) and all(isinstance(choice, bool) for choice in field.choices)
    return not field.nullable and (field.kind is FieldKind.BOOLEAN or has_truths)


def _choices(field: Field) -> dict[str, Json]:
    """Return the values that a field lets choose by the names of their options; empty if no buttons fit."""
    is_many = len(field.choices) > MAX_WORDS
    if field.kind is not FieldKind.CHOICE or field.nullable or is_many or _is_truth(field):
        return {}
    has_texts = all(isinstance(choice, str) and choice.strip() for choice in field.choices)
    named = {choice if has_texts else canonical(choice): choice for choice in field.choices}
    return named if len(named) == len(field.choices) else {}


def _accepts(value: Json, schema: Json) -> bool:
    return refusal_by_schema(value, schema) is None


def refusal_by_schema(value: Json, schema: Json) -> str | None:
    """Say in one sentence why a value does not fit a JSON Schema; None: it does."""
    found = complaints({ANSWER: value}, schema=_wrapped(schema))
    return " ".join(found.values()) or None


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    if option.form is not None:
        return Answer(resume=values.get(ANSWER) if _is_wrapped(question.schema) else dict(values))
    fields = _form(question.schema).fields
    chosen = _choices(fields[0]) if _is_wrapped(question.schema) else {}
    return Answer(resume=chosen[option.name] if chosen else TRUTHS[option.name])


def _refuses(question: Question, value: Json) -> str | None:
    return refusal_by_schema(value, question.schema)


SCHEMA = Dialect(
    name="schema", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses, is_protocol=True
)
