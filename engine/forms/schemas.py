"""Reads JSON Schema: references, what may be null, which kind of field a property is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import AppError
from engine.forms.fields import FieldKind
from engine.forms.references import references, target_of

MAX_REFS = 20
"""References followed in a row before a schema is taken as too deep for a field of its own."""

MAX_ABOVE = 3
"""How many lists and unions are looked through, one inside the other."""

MAX_CHOICES = 1_000
"""More choices than this are typed: as a menu they would not fit the 250 kB that Slack allows a form."""

USER_FORMAT, CHANNEL_FORMAT = "slack-user-id", "slack-channel-id"
"""What `format` says of a text that is the id of a person or a channel in Slack, such as U012AB3CD, C012AB3CD."""

Schema = Mapping[str, Any]

_SCALARS = {
    "string": FieldKind.TEXT,
    "integer": FieldKind.INTEGER,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
}
_TEXTS = {
    "date": FieldKind.DATE,
    "time": FieldKind.TIME,
    "date-time": FieldKind.DATE_TIME,
    "email": FieldKind.EMAIL,
    "idn-email": FieldKind.EMAIL,
    "uri": FieldKind.URL,
    "url": FieldKind.URL,
    USER_FORMAT: FieldKind.USER,
    CHANNEL_FORMAT: FieldKind.CHANNEL,
}
_DECIMAL_TEXT = frozenset({"type", "pattern"})
_SAID_BESIDE = frozenset(
    {"$defs", "$schema", "default", "definitions", "description", "discriminator", "examples", "title"}
)
_UNDRAWABLE = frozenset(
    {
        "$dynamicRef", "allOf", "anyOf", "dependentSchemas", "else", "if", "not", "oneOf", "patternProperties",
        "then", "unevaluatedProperties",
    }
)  # fmt: skip
"""What an object may say that fields of its own would not: it is entered as JSON."""

_USER, _CHANNEL = re.compile(r"[UW][A-Z0-9]{2,30}"), re.compile(r"[CDG][A-Z0-9]{2,30}")
_WITH_HOST = frozenset({"ftp", "ftps", "http", "https", "ws", "wss"})
_DURATION = re.compile(
    r"[+-]?P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?"
    r"(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]+)?S)?)?"
)
"""ISO 8601, as far as pydantic reads it into a timedelta."""

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


@_FORMATS.checks("uri", raises=ValueError)
@_FORMATS.checks("url", raises=ValueError)
def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    is_whole = bool(parts.hostname) or parts.scheme not in _WITH_HOST
    has_port = parts.port is None or parts.port >= 0  # a port that cannot be is a ValueError
    return not re.search(r"\s", value) and bool(parts.scheme) and is_whole and has_port


@_FORMATS.checks("duration")
def _is_duration(value: object) -> bool:
    return not isinstance(value, str) or bool(_DURATION.fullmatch(value))


@_FORMATS.checks(USER_FORMAT)
def _is_user(value: object) -> bool:
    return not isinstance(value, str) or bool(_USER.fullmatch(value))


@_FORMATS.checks(CHANNEL_FORMAT)
def _is_channel(value: object) -> bool:
    return not isinstance(value, str) or bool(_CHANNEL.fullmatch(value))


class Alternative(NamedTuple):
    """One of several shapes of a value: its place in anyOf or oneOf, and its schema as it stands there."""

    number: int
    schema: Schema


@dataclass(frozen=True)
class Property:
    """A property without references: the one schema that is not null, whether null is allowed, its kind.

    `kind` is JSON where no single field holds the value. `items` is the kind of each item of LINES. `branches`
    are the shapes that it may have, if some are objects; `is_object`: fields of its own can hold it. `refs` are
    the references that were followed. `exact` is the schema of a number that may be a text too, to keep its digits.
    """

    schema: Schema
    nullable: bool
    kind: FieldKind
    choices: tuple[Json, ...] = ()
    items: FieldKind | None = None
    branches: tuple[Alternative, ...] = ()
    is_object: bool = False
    refs: frozenset[str] = frozenset()
    exact: Schema | None = None

    @property
    def as_json(self) -> Property:
        """The same property, entered as JSON."""
        return Property(schema=self.schema, nullable=self.nullable, kind=FieldKind.JSON)


def check_schema(schema: Json) -> None:
    """Check that a JSON Schema can be used offline: it is valid and every reference in it leads somewhere.

    A `pattern` that Python cannot read is let through, and holds nothing.

    Raises:
        AppError: says what is wrong and where in the schema.
    """
    if (wrong := _wrong_with(json.dumps(schema, default=str))) is not None:
        raise AppError(wrong)


@lru_cache(maxsize=256)
def _wrong_with(text: str) -> str | None:
    """Say what is wrong with a schema. Each is seen often: with every look at a thread that asks with it."""
    schema = json.loads(text)
    checking = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=_FORMATS)
    found = best_match(error for error in checking.iter_errors(schema) if not _is_about_pattern(error))
    if found is not None:
        return f"This JSON Schema is not valid at {found.json_path}: {found.message}."
    for reference in references(schema):
        if target_of(reference, root=schema) is None:
            return f"This JSON Schema refers to {reference!r}, which is not in it."
    return None


def _is_about_pattern(error: ValidationError) -> bool:
    return error.validator == "format" and bool(error.path) and error.path[-1] == "pattern"


def _matches(checking: Any, pattern: str, value: Json, schema: Json) -> Iterator[ValidationError]:
    """Check a `pattern`, which counts as none where only another dialect of regex knows it: pydantic's is Rust's."""
    try:
        yield from Draft202012Validator.VALIDATORS["pattern"](checking, pattern, value, schema) or ()
    except re.error:
        return


_Validator: type[Draft202012Validator] = cast("Any", validators).extend(
    Draft202012Validator, {"pattern": _matches}
)


def validator(schema: Json) -> Draft202012Validator:
    """Return a validator that never fetches anything and knows dates, times, e-mail addresses and UUIDs."""
    return _Validator(schema, registry=Registry(), format_checker=_FORMATS)


def fits(value: Json, schema: Schema, *, root: Schema) -> bool:
    """Say whether `value` is valid for one property of the schema `root`."""
    return validator({**schema, "$defs": root.get("$defs", {})}).is_valid(value)


def read_property(schema: Json, *, root: Schema, above: int = 0) -> Property:
    """Look through references, `allOf` with one entry and `anyOf` with null at what a property holds.

    `above` counts the properties that are being read around this one, as schemas may contain themselves.
    """
    flat, refs = _flat(schema, root=root)
    branches: list[Alternative] = []
    nullable, exact = False, None
    for _ in range(MAX_REFS):
        found = _alternatives(flat)
        branches = [each for each in found if not _is_null(_flat(each.schema, root=root)[0])]
        nullable = nullable or len(branches) < len(found)
        resolved = [_flat(each.schema, root=root) for each in branches]
        exact = exact or _decimal([schema for schema, _ in resolved])
        merged, more = _merged(resolved)
        if not merged:
            break
        refs |= more
        flat = {**merged, **_without(flat, "anyOf", "oneOf")}
    kinds = flat.get("type")
    if isinstance(kinds, list):
        nullable = nullable or "null" in kinds
        left = [kind for kind in kinds if kind != "null"]
        flat = {**flat, "type": left[0] if len(left) == 1 else left}
    values = _values(flat)
    choices = tuple(value for value in values if value is not None)
    kind, items = _kind(flat, choices=choices, root=root, above=above)
    offered = {FieldKind.CHOICE: choices, FieldKind.CHOICES: items.choices if items else ()}
    return Property(
        schema=flat,
        nullable=nullable or None in values,
        kind=kind,
        choices=offered.get(kind, ()),
        items=items.kind if items and kind is FieldKind.LINES else None,
        branches=tuple(branches) if _can_branch(flat, branches, root=root, above=above) else (),
        is_object=kind is FieldKind.JSON and _is_object(flat),
        refs=refs,
        exact=exact,
    )


def _flat(schema: Json, *, root: Schema) -> tuple[Schema, frozenset[str]]:
    flat = schema if isinstance(schema, Mapping) else {}
    refs: frozenset[str] = frozenset()
    for _ in range(MAX_REFS):
        inner: Json = None
        if "$ref" in flat:
            inner = target_of(flat["$ref"], root=root)
            refs |= {flat["$ref"]}
        elif len(flat.get("allOf", ())) == 1:
            inner = flat["allOf"][0]
        else:
            return flat, refs
        outer = _without(flat, "$ref", "allOf")
        flat = {**(inner if isinstance(inner, Mapping) else {}), **outer}
    return {}, refs


def _without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}


def _alternatives(flat: Schema) -> list[Alternative]:
    """List what anyOf or oneOf offers; [] where more than those would have to hold."""
    given = flat.get("anyOf") or flat.get("oneOf") or ()
    if "anyOf" in flat and "oneOf" in flat:
        return []
    return [Alternative(at, each if isinstance(each, Mapping) else {}) for at, each in enumerate(given)]


def _is_null(schema: Schema) -> bool:
    return schema.get("type") == "null" or _values(schema) == [None]


def _merged(branches: list[tuple[Schema, frozenset[str]]]) -> tuple[Schema, frozenset[str]]:
    """Make one schema of the alternatives where a single field can hold them all; else an empty one."""
    schemas = [schema for schema, _ in branches]
    refs = frozenset(ref for _, followed in branches for ref in followed)
    if not schemas:
        return {}, refs
    if len(schemas) == 1:
        return schemas[0], refs
    if all(_values(branch) for branch in schemas):
        return {"enum": [value for branch in schemas for value in _values(branch)]}, refs
    kinds = [branch.get("type") for branch in schemas]
    if set(map(str, kinds)) == {"integer", "number"}:
        return {"type": "number"}, refs
    return _decimal(schemas) or {}, refs


def _decimal(schemas: Sequence[Schema]) -> Schema | None:
    """Return the number of what pydantic writes for a Decimal: a number, or a text with a pattern or nothing more.

    pydantic 2.14 writes `float | str` the same; amounts matter more. None: it is neither.
    """
    numbers = [schema for schema in schemas if schema.get("type") == "number"]
    texts = [schema for schema in schemas if schema.get("type") == "string" and set(schema) <= _DECIMAL_TEXT]
    return numbers[0] if len(schemas) == 2 and numbers and texts else None


def _can_branch(flat: Schema, branches: list[Alternative], *, root: Schema, above: int) -> bool:
    """Say whether a choice between the alternatives helps: nothing else has to hold, and some are objects."""
    beside = _SAID_BESIDE | {"anyOf", "oneOf"} | ({"type"} if flat.get("type") == "object" else set())
    if len(branches) < 2 or not set(flat) <= beside or above >= MAX_ABOVE:
        return False
    read = (read_property(each.schema, root=root, above=above + 1) for each in branches)
    return any(each.is_object or each.branches for each in read)


def _is_object(flat: Schema) -> bool:
    return (
        flat.get("type", "object") == "object"
        and isinstance(flat.get("properties"), Mapping)
        and is_drawable(flat)
        and flat.get("additionalProperties", False) in (True, False, {})
    )


def is_drawable(flat: Schema) -> bool:
    """Say whether fields for the properties of an object can make all that it has to be."""
    asked_for = {*flat.get("required", ())}.union(*flat.get("dependentRequired", {}).values())
    return not _UNDRAWABLE & set(flat) and asked_for <= set(flat.get("properties", ()))


def _values(schema: Schema) -> list[Json]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _kind(
    schema: Schema, *, choices: tuple[Json, ...], root: Schema, above: int
) -> tuple[FieldKind, Property | None]:
    """Choose the kind of a field, and for a list read what its items are."""
    if 0 < len(choices) <= MAX_CHOICES:
        return FieldKind.CHOICE, None
    kind = schema.get("type")
    if choices:
        kind = "string" if all(isinstance(each, str) for each in choices) else None
    if kind == "array":
        return _list_kind(schema, root=root, above=above)
    if kind == "string" and "pattern" not in schema:
        return _TEXTS.get(str(schema.get("format")), FieldKind.TEXT), None
    return _SCALARS.get(kind, FieldKind.JSON) if isinstance(kind, str) else FieldKind.JSON, None


def _list_kind(schema: Schema, *, root: Schema, above: int) -> tuple[FieldKind, Property | None]:
    is_plain = isinstance(schema.get("items"), Mapping) and "prefixItems" not in schema
    if not is_plain or _UNDRAWABLE & set(schema) or above >= MAX_ABOVE:
        return FieldKind.JSON, None
    items = read_property(schema["items"], root=root, above=above + 1)
    if items.nullable:
        return FieldKind.JSON, None
    if items.kind is FieldKind.CHOICE:
        return FieldKind.CHOICES, items
    can_be_lines = items.kind in (*_SCALARS.values(), *_TEXTS.values())
    return (FieldKind.LINES, items) if can_be_lines else (FieldKind.JSON, None)


def same(left: Json, right: Json) -> bool:
    """Say whether two JSON values are equal in value and type (`1`, `1.0` and `true` are three values)."""
    return canonical(left) == canonical(right)
