"""`interrupt(value, response_schema=…)`: takes what fits the schema, and nothing else.

LangGraph 1.2.22 puts the JSON Schema of a pydantic model, dataclass or TypedDict, or the dict that was given, on the
interrupt. It holds answers against the former itself; against a dict it does not, so that is done here for all.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.canonical import canonical
from engine.decisions import Answer, Json, Verdict
from engine.forms import FieldKind, Form, form_from_schema, initial_values, misfit, moved
from engine.forms.fields import Fixed, Group, Leaf, Part
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
    if choices := _choices(form, schema):
        names = list(choices)
        return tuple(
            option_of(name, label, edit=None, comments=ReasonWanted.NONE)
            for name, label in zip(names, labels_of(names), strict=True)
        )
    truths = tuple(option for option in (APPROVE, REJECT) if _accepts(TRUTHS[option.name], schema))
    if truths and _takes_truth_alone(form, schema):
        return truths
    return (*truths, Option(ANSWER, "Answer…", Verdict.RESPOND, form=form if form.fields else None))


def _is_wrapped(schema: Json) -> bool:
    """Say whether the answer is no object with known keys, so that it is the one field of a form."""
    is_object = isinstance(schema, dict) and schema.get("type") == "object"
    return not (is_object and schema.get("properties"))


def _form(schema: Json) -> Form:
    return form_from_schema(_wrapped(schema) if _is_wrapped(schema) else schema)


def _wrapped(schema: Json) -> Json:
    """Make an object of one property of a schema, whose references lead to where they did."""
    place = f"#/$defs/{ANSWER}"
    texts = ("title", "description")
    own = {key: schema[key] for key in texts if key in schema} if isinstance(schema, dict) else {}
    return {
        "type": "object",
        "properties": {ANSWER: {"title": "Answer", **own, "$ref": place}},
        "required": [ANSWER],
        "$defs": {ANSWER: moved(schema, place=place)},
    }


def _choices(form: Form, schema: Json) -> dict[str, Json]:
    """Return the few values that an answer can have by the names of their options; empty where no buttons fit."""
    values = _values(form, schema)
    if not 0 < len(values) <= MAX_WORDS or all(isinstance(value, bool) for value in values):
        return {}
    has_texts = all(isinstance(value, str) and value.strip() for value in values)
    named = {value if has_texts else canonical(value): value for value in values}
    return named if len(named) == len(values) else {}


def _values(form: Form, schema: Json) -> tuple[Json, ...]:
    """Return all values that an answer can have; none if they are not listed."""
    match _part(form, schema):
        case Fixed(value):
            return (value,)
        case Leaf() if form.fields[0].kind is FieldKind.CHOICE and not form.fields[0].nullable:
            return form.fields[0].choices
        case _:
            return ()


def _takes_truth_alone(form: Form, schema: Json) -> bool:
    if values := _values(form, schema):
        return all(isinstance(value, bool) for value in values)
    is_leaf = isinstance(_part(form, schema), Leaf)
    return is_leaf and form.fields[0].kind is FieldKind.BOOLEAN and not form.fields[0].nullable


def _part(form: Form, schema: Json) -> Part | None:
    """Return what the form makes of an answer that is no object with known keys."""
    return form.root.parts[ANSWER] if _is_wrapped(schema) and isinstance(form.root, Group) else None


def _accepts(value: Json, schema: Json) -> bool:
    return refusal_by_schema(value, schema) is None


def refusal_by_schema(value: Json, schema: Json) -> str | None:
    """Say in one sentence why a value does not fit a JSON Schema; None: it does."""
    return misfit(value, schema)


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:  # noqa: ARG001 (the dialects' signature)
    schema, form = question.schema, _form(question.schema)
    if choices := _choices(form, schema):
        return Answer(resume=choices[option.name])
    if option.name in TRUTHS:
        return Answer(resume=TRUTHS[option.name])
    made = initial_values(form) if option.form is None else values
    return Answer(resume=made.get(ANSWER) if _is_wrapped(schema) else dict(made))


def _refuses(question: Question, value: Json) -> str | None:
    return refusal_by_schema(value, question.schema)


SCHEMA = Dialect(
    name="schema", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses, is_protocol=True
)
