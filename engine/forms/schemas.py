"""Reads JSON Schema: references, what may be null, which kind of field a property is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from referencing import Registry

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import AppError
from engine.forms.fields import FieldKind

MAX_REFS = 20
"""References followed in a row before a schema is taken as too deep for a field of its own."""

Schema = Mapping[str, Any]

_SCALARS = {
    "string": FieldKind.TEXT,
    "integer": FieldKind.INTEGER,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
}
_NOT_SCHEMAS = frozenset({"const", "default", "enum", "examples"})
_FORMATS = FormatChecker(["email", "ipv4", "ipv6", "regex", "uuid"])


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


@_FORMATS.checks("time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or time.fromisoformat(value) is not None


@dataclass(frozen=True)
class Property:
    """A property without references: the one schema that is not null, whether null is allowed, its kind."""

    schema: Schema
    nullable: bool
    kind: FieldKind
    choices: tuple[Json, ...] = ()


def check_schema(schema: Json) -> None:
    """Check that a JSON Schema can be used offline: it is valid and every reference in it leads somewhere.

    Raises:
        AppError: says what is wrong and where in the schema.
    """
    try:
        Draft202012Validator.check_schema(schema, format_checker=_FORMATS)
    except SchemaError as exc:
        raise AppError(f"This JSON Schema is not valid at {exc.json_path}: {exc.message}.") from exc
    for reference in _references(schema):
        if _target(reference, root=schema) is None:
            raise AppError(f"This JSON Schema refers to {reference!r}, which is not in it.")


def validator(schema: Json) -> Draft202012Validator:
    """Return a validator that never fetches anything and knows dates, times, e-mail addresses and UUIDs."""
    return Draft202012Validator(schema, registry=Registry(), format_checker=_FORMATS)


def fits(value: Json, schema: Schema, *, root: Schema) -> bool:
    """Say whether `value` is valid for one property of the schema `root`."""
    return validator({**schema, "$defs": root.get("$defs", {})}).is_valid(value)


def read_property(schema: Json, *, root: Schema) -> Property:
    """Look through references, `allOf` with one entry and `anyOf` with null at what a property holds."""
    flat = _flat(schema, root=root)
    branches = [_flat(branch, root=root) for branch in flat.get("anyOf") or flat.get("oneOf") or ()]
    solid = [branch for branch in branches if branch.get("type") != "null"]
    nullable = len(solid) < len(branches)
    if solid:
        outer = {key: value for key, value in flat.items() if key not in ("anyOf", "oneOf")}
        flat = {**_merged(solid), **outer}
    kinds = flat.get("type")
    if isinstance(kinds, list):
        nullable = nullable or "null" in kinds
        left = [kind for kind in kinds if kind != "null"]
        flat = {**flat, "type": left[0] if len(left) == 1 else left}
    values = _values(flat)
    nullable = nullable or None in values
    choices = tuple(value for value in values if value is not None)
    return Property(schema=flat, nullable=nullable, kind=_kind(flat, choices=choices), choices=choices)


def _flat(schema: Json, *, root: Schema) -> Schema:
    flat = schema if isinstance(schema, Mapping) else {}
    for _ in range(MAX_REFS):
        inner: Json = None
        if "$ref" in flat:
            inner = _target(flat["$ref"], root=root)
        elif len(flat.get("allOf", ())) == 1:
            inner = flat["allOf"][0]
        else:
            return flat
        outer = {key: value for key, value in flat.items() if key not in ("$ref", "allOf")}
        flat = {**(inner if isinstance(inner, Mapping) else {}), **outer}
    return {}


def _merged(branches: list[Schema]) -> Schema:
    """Make one schema of the alternatives where a single field can hold them all; else an empty one."""
    if len(branches) == 1:
        return branches[0]
    if all(_values(branch) for branch in branches):
        return {"enum": [value for branch in branches for value in _values(branch)]}
    kinds = [branch.get("type") for branch in branches]
    if set(kinds) == {"integer", "number"}:
        return {"type": "number"}
    # pydantic 2.14 writes Decimal as a number or a string; amounts matter more than `float | str`.
    if sorted(map(str, kinds)) == ["number", "string"]:
        return branches[kinds.index("number")]
    return {}


def _values(schema: Schema) -> list[Json]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _kind(schema: Schema, *, choices: tuple[Json, ...]) -> FieldKind:
    if choices:
        return FieldKind.CHOICE
    kind = schema.get("type")
    return _SCALARS.get(kind, FieldKind.JSON) if isinstance(kind, str) else FieldKind.JSON


def _references(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for key, item in schema.items():
            if key not in _NOT_SCHEMAS:
                yield from _references(item)


def _target(reference: str, *, root: Schema) -> Json:
    """Follow a reference within the document (RFC 6901); None: it leads nowhere."""
    if not re.match(r"#(/|$)", reference):
        return None
    found: Json = root
    for part in reference.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def same(left: Json, right: Json) -> bool:
    """Say whether two JSON values are equal in value and type (`1`, `1.0` and `true` are three values)."""
    return canonical(left) == canonical(right)
