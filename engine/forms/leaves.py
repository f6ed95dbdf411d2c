"""One field of a form: how a property is called, entered, bounded and explained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engine.decisions import Json
from engine.forms.fields import Field, FieldKind, Maybe, readable
from engine.forms.raw import holds
from engine.forms.schemas import Property

LONG_CHARS = 150
"""A text that has, or may have, more characters than this is entered in several lines."""

_FORMAT_HINTS = {
    "duration": "A duration such as PT2H or P1DT30M.",
    "uuid": "An id such as 123e4567-e89b-12d3-a456-426614174000.",
}
_JSON_HINTS = {
    "array": 'A list in JSON, such as ["a", "b"].',
    "object": 'An object in JSON, such as {"name": "value"}.',
}
_ANY_HINT = 'JSON: text in "double quotes", a number, true, false, a [list] or an {"object": 1}.'
_LINES_HINT = "One per line."


def make_field(
    name: str, prop: Json, *, label: str, held: Property, required: bool, initial: Maybe, hint: str = ""
) -> Field:
    """Make the field of a property at the top level. `hint` is said after the schema's own description.

    An initial value that its kind could not give back is entered as JSON.
    """
    kind = _kind(held, initial=initial)
    field = Field(
        name=name,
        label=label,
        kind=kind,
        required=required,
        initial=initial,
        choices=held.choices,
        items=held.items,
        minimum=_minimum(held),
        maximum=_maximum(held),
        min_chars=held.schema.get("minLength"),
        max_chars=held.schema.get("maxLength"),
        exact=held.exact if kind is FieldKind.NUMBER else None,
        nullable=held.nullable,
        hint=_hint(prop, held=held, kind=kind, more=hint),
    )
    if holds(field, initial):
        return field
    return make_field(
        name, prop, label=label, held=held.as_json, required=required, initial=initial, hint=hint
    )


def label_of(name: str, prop: Json) -> str:
    """Say what people call a property: its title, unless that was made from the name, else the name as words."""
    title = prop.get("title") if isinstance(prop, Mapping) else None
    automatic = name.replace("_", " ").title()
    return str(title) if title and title != automatic else readable(name)


def _kind(held: Property, *, initial: Maybe) -> FieldKind:
    if held.kind is not FieldKind.TEXT:
        return held.kind
    is_long = isinstance(initial, str) and (len(initial) > LONG_CHARS or "\n" in initial or "\r" in initial)
    may_be_long = held.schema.get("maxLength", 0) > LONG_CHARS or held.schema.get("format") == "textarea"
    return FieldKind.LONG_TEXT if is_long or may_be_long else FieldKind.TEXT


def _hint(prop: Json, *, held: Property, kind: FieldKind, more: str) -> str:
    own = prop.get("description") if isinstance(prop, Mapping) else None
    texts = [own or held.schema.get("description") or ""]
    match kind:
        case FieldKind.JSON:
            texts.append(_JSON_HINTS.get(str(held.schema.get("type")), _ANY_HINT))
        case FieldKind.LINES:
            texts.append(_LINES_HINT)
        case FieldKind.TEXT if not texts[0]:
            texts.append(_FORMAT_HINTS.get(held.schema.get("format", ""), ""))
    return " ".join(text for text in (*texts, more) if text)


def _minimum(held: Property) -> Any:
    least = held.schema.get("minimum")
    if held.kind is not FieldKind.INTEGER:
        return least
    above = held.schema.get("exclusiveMinimum")
    bounds = [math.ceil(least)] if least is not None else []
    bounds += [math.floor(above) + 1] if above is not None else []
    return max(bounds, default=None)


def _maximum(held: Property) -> Any:
    most = held.schema.get("maximum")
    if held.kind is not FieldKind.INTEGER:
        return most
    below = held.schema.get("exclusiveMaximum")
    bounds = [math.floor(most)] if most is not None else []
    bounds += [math.ceil(below) - 1] if below is not None else []
    return min(bounds, default=None)
