"""Makes forms: from the JSON Schema of a value, or from values that are there already."""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Json
from engine.forms.fields import MISSING, FieldKind, Form, Group, Leaf, Maybe
from engine.forms.layout import Edited, Layout, Place
from engine.forms.leaves import label_of, make_field
from engine.forms.references import with_all_in_defs
from engine.forms.schemas import Property, Schema, fits, is_drawable, read_property

WHOLE = "value"
"""The one field of an object of which fields of its own cannot make all that it has to be."""


def form_from_schema(
    schema: Json, *, initial: Mapping[str, Json] | None = None, edited: Edited | None = None
) -> Form:
    """Make a form for an object: a field per property in the order of the schema, nested ones under headings.

    `schema` is JSON Schema as pydantic writes it ($ref/$defs, anyOf with null, enum, const, default, title,
    description, format, bounds). A schema of several shapes (oneOf or anyOf, with a discriminator or without)
    gives a field that chooses one and the fields of each, also when the whole is such a schema: the form then
    makes what was chosen. What cannot be drawn (maps, tuples, lists of objects, what contains itself) becomes a
    JSON field, as the whole does (`WHOLE`) if it has conditions or requires what is no property. A property with
    a default, and one that may be null, is not required even if the schema lists it. An object that is not
    required is left out if all its fields are empty; its defaults are not filled in for that reason, but said.
    `initial` takes precedence over defaults; keys that the schema does not know are ignored. `edited` are values
    that are there already, by their paths (() is the whole): fields start with them, in a shape that is still to be
    chosen too, and what they lack stays absent unless it is entered, default or not.
    """
    schema = with_all_in_defs(schema)
    held = read_property(schema, root=schema)
    known = edited or {}
    given = known.get((), initial or {})
    if held.branches:
        layout = Layout(schema)
        chosen = layout.whole(held, given=given or MISSING) or layout.whole(held, given=MISSING)
        if chosen is not None:
            return Form(fields=tuple(layout.fields), schema=schema, root=chosen)
    properties = held.schema.get("properties", {})
    if properties and not is_drawable(held.schema):
        return _whole(schema, held=held, initial=known.get((), initial or MISSING))
    layout = Layout(schema, names=properties, edited=known)
    place = Place(above=held.refs, takes_defaults=() not in known, is_edited=() in known)
    parts = layout.properties({**held.schema, "properties": properties}, place, given=given)
    return Form(fields=tuple(layout.fields), schema={**schema, "type": "object"}, root=Group(parts=parts))


def _whole(schema: Json, *, held: Property, initial: Maybe) -> Form:
    """Make a form of one field that takes the whole object as JSON."""
    field = make_field(
        WHOLE, schema, label=label_of(WHOLE, schema), held=held.as_json, required=True, initial=initial
    )
    return Form(fields=(field,), schema={**schema, "type": "object"}, root=Leaf(WHOLE, needed=True))


def form_from_values(values: Mapping[str, Json], *, schema: Json | None = None) -> Form:
    """Make a form that edits `values`, one field per key in their order, nested objects under headings.

    A field has the type of the schema's property of that name if the value fits it, else the type of the
    value: bool, int, float, str (several lines if it is long or has a line break), JSON for the rest. None fits
    every property and stays possible. A field that holds something is required unless it may be null: clearing
    it by accident must not pass for an edit.
    """
    root = schema or {}
    known = root.get("properties", {})
    properties = {name: _property_for(value, known.get(name), root=root) for name, value in values.items()}
    own = {"type": "object", "properties": properties, "$defs": root.get("$defs", {})}
    layout = Layout(own, names=properties)
    parts = {
        name: layout.part(
            name,
            prop,
            Place().of(name),
            is_listed=values[name] not in ("", None),
            given=values[name],
            asks_fixed=True,
        )
        for name, prop in properties.items()
    }
    needed = [name for name, value in values.items() if value not in ("", None)]
    return Form(fields=tuple(layout.fields), schema={**own, "required": needed}, root=Group(parts=parts))


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
