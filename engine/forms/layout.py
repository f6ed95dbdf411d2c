"""Lays a schema out as fields: nested objects under headings, a choice where there are several shapes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from engine.decisions import Json
from engine.forms.fields import (
    LISTS,
    MISSING,
    Branches,
    Field,
    FieldKind,
    Fixed,
    Group,
    Leaf,
    Maybe,
    Part,
    readable,
)
from engine.forms.leaves import label_of, make_field
from engine.forms.schemas import Property, Schema, fits, read_property, same

MAX_DEPTH: Final = 6
"""Objects inside each other that get fields; deeper ones are entered as JSON."""
MAX_FIELDS: Final = 400
"""Once a form has as many fields, further objects deep in it are entered as JSON: schemas may grow without end."""
ALWAYS_OPEN: Final = 2
"""Objects inside each other that get fields in any case, so that what is chosen first is never written as JSON."""
HINT_CHARS: Final = 100

_ESCAPES: Final = str.maketrans({"~": "~0", ".": "~1", "#": "~2"})
_SHAPES: Final = {
    "array": "List",
    "boolean": "Yes or no",
    "integer": "Whole number",
    "number": "Number",
    "object": "Object",
    "string": "Text",
}


Edited: TypeAlias = Mapping[tuple[str, ...], Json]
"""Values that are there already, by their paths."""


@dataclass(frozen=True)
class Place:
    """Where a value stands. `trail` is its path as a name, `above` are the references that led here.

    `is_sure`: what is around it will be there in any case. `takes_defaults`: the schema's defaults are filled in.
    `is_edited`: the object around it is there already, and what it lacks stays absent.
    `tag`: it is one of several shapes, told by this property.
    """

    path: tuple[str, ...] = ()
    trail: str = ""
    section: str = ""
    when: tuple[str, int] | None = None
    is_sure: bool = True
    takes_defaults: bool = True
    is_edited: bool = False
    above: frozenset[str] = frozenset()
    depth: int = 0
    tag: str | None = None

    def of(self, key: str) -> Place:
        """Return the place of a property of the object here."""
        escaped = key.translate(_ESCAPES)
        trail = f"{self.trail}.{escaped}" if self.trail else escaped
        return replace(self, path=(*self.path, key), trail=trail, tag=None)

    def of_branch(self, number: int, *, name: str, label: str, tag: str) -> Place:
        """Return the place of one of several shapes of the value here."""
        trail = f"{self.trail}#{number}" if self.trail else str(number)
        when, section = (name, number), _under(self.section, label)
        return replace(
            self, trail=trail, section=section, when=when, is_sure=True, takes_defaults=True, tag=tag
        )


@dataclass(frozen=True)
class Slot:
    """A value to be laid out. `is_listed`: the object around it requires it. `initial` counts defaults in."""

    name: str
    label: str
    prop: Json
    held: Property
    place: Place
    is_listed: bool
    initial: Maybe

    @property
    def default(self) -> Maybe:
        """What the schema says it is if nobody gives it."""
        return self.held.schema.get("default", MISSING)

    @property
    def is_needed(self) -> bool:
        """Say whether what is around it cannot do without an entry here."""
        return self.is_listed and not self.held.nullable and self.default is MISSING

    @property
    def empty(self) -> Maybe:
        """What it is if nothing is entered."""
        if self.held.nullable and (self.is_listed or self.initial is not MISSING):
            return None
        return self.default if self.is_listed else MISSING


class Layout:
    """Collects the fields of one form while its parts are made."""

    def __init__(self, root: Schema, *, names: Iterable[str] = (), edited: Edited | None = None) -> None:
        self._root = root
        self._names = set(names)
        self._edited = edited or {}
        self.fields: list[Field] = []

    def properties(self, schema: Schema, place: Place, *, given: Maybe) -> dict[str, Part]:
        """Lay out the properties of an object. `given` is what it starts with, if that is an object."""
        listed = {*schema.get("required", ()), *([place.tag] if place.tag else [])}
        known = given if isinstance(given, Mapping) else {}
        return {
            key: self.part(key, prop, place.of(key), is_listed=key in listed, given=known.get(key, MISSING))
            for key, prop in schema["properties"].items()
        }

    def part(
        self, key: str, prop: Json, place: Place, *, is_listed: bool, given: Maybe, asks_fixed: bool = False
    ) -> Part:
        """Lay out one value. `asks_fixed`: it gets a field also where there is nothing to choose."""
        held = read_property(prop, root=self._root)
        default = held.schema.get("default", MISSING)
        given = self._edited.get(place.path, MISSING) if given is MISSING else given
        slot = Slot(
            name=key if len(place.path) == 1 and not place.when else self._named(place.trail),
            label=label_of(key, prop),
            prop=prop,
            held=held,
            place=place,
            is_listed=is_listed,
            initial=default if given is MISSING and place.takes_defaults else given,
        )
        begun = len(self.fields)
        made = self._fixed(slot) or self._opened(slot) or self._leaf(slot)
        return self._leaf(slot) if asks_fixed and len(self.fields) == begun else made

    def whole(self, held: Property, *, given: Maybe) -> Branches | None:
        """Lay out a value that has one of several shapes and nothing around it; None: `given` has none of them."""
        tag = _tag(held, root=self._root)
        name = tag or "choice"
        self._names.add(name)
        slot = Slot(name, readable(name), {}, held, Place(), is_listed=True, initial=given)
        return self._branches(slot)

    def _named(self, trail: str) -> str:
        """Return a name that no other field has."""
        while trail in self._names:
            trail += "~"  # no escaped name ends so
        self._names.add(trail)
        return trail

    def _fixed(self, slot: Slot) -> Fixed | None:
        """Fill in a value that leaves no choice."""
        if "const" not in slot.held.schema or slot.held.nullable:
            return None
        value = slot.held.schema["const"]
        is_default = slot.default is not MISSING and same(slot.default, value)
        is_always_there = slot.is_listed or (is_default and not slot.place.is_edited)
        starts_so = slot.initial is MISSING or same(slot.initial, value)
        return Fixed(value) if is_always_there and starts_so else None

    def _opened(self, slot: Slot) -> Part | None:
        """Lay out fields for what is inside; None: it is held by one field."""
        depth, is_full = slot.place.depth, len(self.fields) >= MAX_FIELDS
        is_open = depth < ALWAYS_OPEN or (depth < MAX_DEPTH and not is_full)
        if not is_open or slot.held.refs & slot.place.above:
            return None
        if slot.held.branches:
            return self._branches(slot)
        is_shown = slot.initial in (MISSING, None) or isinstance(slot.initial, Mapping)
        return self._group(slot) if slot.held.is_object and is_shown else None

    def _leaf(self, slot: Slot) -> Leaf:
        held, place = slot.held, slot.place
        may_be_empty = held.kind in LISTS and not held.schema.get("minItems")
        field = make_field(
            slot.name,
            slot.prop,
            label=slot.label,
            held=held,
            required=slot.is_needed and place.is_sure and not may_be_empty,
            initial=slot.initial,
            hint="" if place.takes_defaults else _default_hint(slot.default),
        )
        self.fields.append(replace(field, path=place.path, section=place.section, when=place.when))
        is_list = slot.is_needed and may_be_empty and field.kind in LISTS
        return Leaf(slot.name, needed=slot.is_needed, empty=[] if is_list else slot.empty)

    def _group(self, slot: Slot) -> Group | None:
        """Lay out an object; None: it has no fields that could say whether it is there."""
        begun, place = len(self.fields), slot.place
        note = "" if slot.is_needed else " (optional)"
        inside = replace(
            place,
            section=place.section if place.tag is not None else _under(place.section, slot.label + note),
            is_sure=place.is_sure and slot.is_needed,
            takes_defaults=place.takes_defaults and slot.is_needed and not isinstance(slot.initial, Mapping),
            is_edited=isinstance(slot.initial, Mapping),
            above=place.above | slot.held.refs,
            depth=place.depth + 1,
        )
        parts = self.properties(slot.held.schema, inside, given=slot.initial)
        if len(self.fields) == begun and not slot.is_needed:
            return None
        return Group(slot.name, parts, needed=slot.is_needed, empty=slot.empty, initial=slot.initial)

    def _branches(self, slot: Slot) -> Branches | None:
        """Lay out a choice and the fields of every shape; None: the initial value has none of them."""
        held, place = slot.held, slot.place
        taken = self._taken(slot)
        if taken is None and slot.initial not in (MISSING, None):
            return None
        tag = _tag(held, root=self._root)
        labels = self._labels(held, tag=tag)
        choice = Field(
            slot.name,
            slot.label,
            FieldKind.CHOICE,
            required=slot.is_needed and place.is_sure,
            hint=_description(slot.prop),
            initial=slot.initial if taken is None else labels[taken],
            choices=labels,
            nullable=held.nullable,
            path=place.path,
            section=place.section,
            when=place.when,
        )
        self.fields.append(choice)
        inside = replace(place, above=place.above | held.refs, depth=place.depth + 1)
        parts = []
        for number, branch in enumerate(held.branches):
            label = f"{slot.label}: {labels[number]}"
            at = inside.of_branch(number, name=slot.name, label=label, tag=tag or "")
            given = slot.initial if number == taken else MISSING
            parts.append(self.part(labels[number], branch.schema, at, is_listed=True, given=given))
        return Branches(
            slot.name,
            parts=tuple(parts),
            schemas=tuple({**each.schema, "$defs": self._root.get("$defs", {})} for each in held.branches),
            numbers=tuple(each.number for each in held.branches),
            empty=slot.empty,
            initial=slot.initial,
        )

    def _taken(self, slot: Slot) -> int | None:
        """Find the shape that the initial value has."""
        fitting = (
            number
            for number, each in enumerate(slot.held.branches)
            if slot.initial is not MISSING and fits(slot.initial, each.schema, root=self._root)
        )
        return next(fitting, None)

    def _labels(self, held: Property, *, tag: str | None) -> tuple[str, ...]:
        """Name the shapes: by what tells them apart, by title or by type; each name once."""
        names = []
        for branch in held.branches:
            schema = read_property(branch.schema, root=self._root).schema
            told = schema.get("properties", {}).get(tag, {}).get("const") if tag else None
            kind = _SHAPES.get(str(schema.get("type")), "Other")
            title = branch.schema.get("title") or schema.get("title")
            names.append(readable(str(told if told is not None else title or kind)))
        return tuple(
            name if names.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(names, 1)
        )


def _tag(held: Property, *, root: Schema) -> str | None:
    """Name the property that tells the shapes apart: a constant in each object, never the same one twice."""
    named = held.schema.get("discriminator")
    if isinstance(named, Mapping) and isinstance(named.get("propertyName"), str):
        return str(named["propertyName"])
    schemas = [read_property(each.schema, root=root).schema for each in held.branches]
    objects = [each["properties"] for each in schemas if isinstance(each.get("properties"), Mapping)]
    for key in objects[0] if objects else ():
        constants = [
            json.dumps(each[key]["const"])
            for each in objects
            if isinstance(each.get(key), Mapping) and "const" in each[key]
        ]
        if len(set(constants)) == len(objects) == len(constants):
            return str(key)
    return None


def _under(section: str, label: str) -> str:
    return f"{section} › {label}" if section else label


def _description(prop: Json) -> str:
    return str(prop.get("description") or "") if isinstance(prop, Mapping) else ""


def _default_hint(default: Maybe) -> str:
    if default is MISSING or default is None or default in ("", []):
        return ""
    said = default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
    return f"Left empty: {said}" if len(said) <= HINT_CHARS else ""
