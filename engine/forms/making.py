"""Makes forms: from the JSON Schema of an object, or from values that are there already."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from engine.decisions import Json
from engine.forms.fields import MISSING, Field, FieldKind, Form, Missing, readable
from engine.forms.schemas import Property, Schema, fits, read_property

LONG_CHARS = 150
"""A text that has, or may have, more characters than this is entered in several lines."""

_FORMAT_HINTS = {
    "date": "A date such as 2026-01-31.",
    "date-time": "A date and time such as 2026-01-31T09:30:00Z.",
    "email": "An e-mail address.",
    "time": "A time such as 09:30.",
    "uuid": "An id such as 123e4567-e89b-12d3-a456-426614174000.",
}
_JSON_HINTS = {
    "array": 'A list in JSON, such as ["a", "b"].',
    "object": 'An object in JSON, such as {"name": "value"}.',
}
_ANY_HINT = 'JSON: text in "double quotes", a number, true, false, a [list] or an {"object": 1}.'


def form_from_schema(schema: Json, *, initial: Mapping[str, Json] | None = None) -> Form:
    """Make a form for an object, one field per property, in the order of the schema.

    `schema` is JSON Schema as pydantic writes it for an object ($ref/$defs, anyOf with null, enum, const,
    default, title, description, bounds). Objects, arrays and unions become JSON fields. A property with a
    default, and one that may be null, is not required even if the schema lists it. `initial` takes precedence
    over defaults; keys that the schema does not know are ignored.
    """
    given = initial or {}
    listed = set(schema.get("required", ()))
    made = {
        name: _field(name, prop, root=schema, is_required=name in listed, given=given)
        for name, prop in schema.get("properties", {}).items()
    }
    without_default = [
        name
        for name, field in made.items()
        if field.required or (name in listed and field.initial is MISSING)
    ]
    return Form(fields=tuple(made.values()), schema={**schema, "type": "object", "required": without_default})


def form_from_values(values: Mapping[str, Json], *, schema: Json | None = None) -> Form:
    """Make a form that edits `values`, one field per key, in their order.

    A field has the type of the schema's property of that name if the value fits it, else the type of the
    value: bool, int, float, str (several lines if it is long or has a line break), JSON for the rest. None fits
    every property and stays possible. A field that holds something is required unless it may be null: clearing
    it by accident must not pass for an edit.
    """
    root = schema or {}
    known = root.get("properties", {})
    properties = {name: _property_for(value, known.get(name), root=root) for name, value in values.items()}
    own = {"type": "object", "properties": properties, "$defs": root.get("$defs", {})}
    fields = tuple(
        _field(name, prop, root=own, is_required=values[name] not in ("", None), given=values)
        for name, prop in properties.items()
    )
    return Form(fields=fields, schema={**own, "required": [field.name for field in fields if field.required]})


def _property_for(value: Json, known: Json, *, root: Schema) -> Schema:
    texts = {key: known[key] for key in ("title", "description") if key in known} if known else {}
    if value is None:
        return {"anyOf": [known or {}, {"type": "null"}], **texts}
    if known and fits(value, known, root=root):
        held_as = read_property(known, root=root).kind
        if held_as is not FieldKind.JSON or isinstance(value, list | dict):
            return dict(known)
    return {"type": _type_name(value), **texts}


def _type_name(value: Json) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def _field(name: str, prop: Json, *, root: Schema, is_required: bool, given: Mapping[str, Json]) -> Field:
    held = read_property(prop, root=root)
    default = held.schema.get("default", MISSING)
    initial = given.get(name, default)
    return Field(
        name=name,
        label=_label(name, prop),
        kind=_kind(held, initial=initial),
        required=is_required and not held.nullable and default is MISSING,
        hint=_hint(prop, held=held),
        initial=initial,
        choices=held.choices,
        minimum=_minimum(held),
        maximum=_maximum(held),
        min_chars=held.schema.get("minLength"),
        max_chars=held.schema.get("maxLength"),
        nullable=held.nullable,
    )


def _label(name: str, prop: Json) -> str:
    title = prop.get("title") if isinstance(prop, Mapping) else None
    automatic = name.replace("_", " ").title()
    return str(title) if title and title != automatic else readable(name)


def _kind(held: Property, *, initial: Json | Literal[Missing.MISSING]) -> FieldKind:
    if held.kind is not FieldKind.TEXT:
        return held.kind
    is_long = isinstance(initial, str) and (len(initial) > LONG_CHARS or "\n" in initial or "\r" in initial)
    may_be_long = held.schema.get("maxLength", 0) > LONG_CHARS or held.schema.get("format") == "textarea"
    return FieldKind.LONG_TEXT if is_long or may_be_long else FieldKind.TEXT


def _hint(prop: Json, *, held: Property) -> str:
    texts = [prop.get("description", "") if isinstance(prop, Mapping) else ""]
    if held.kind is FieldKind.JSON:
        texts.append(_JSON_HINTS.get(str(held.schema.get("type")), _ANY_HINT))
    elif held.kind is FieldKind.TEXT and not texts[0]:
        texts.append(_FORMAT_HINTS.get(held.schema.get("format", ""), ""))
    return " ".join(text for text in texts if text)


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
