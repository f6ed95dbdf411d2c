"""JSON Schemas with values that fit them, made by Hypothesis: pydantic's own, and what people write by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, create_model

from tests.bot.typist import NOTHING

Draw = Callable[[st.SearchStrategy[Any]], Any]

WORDS = st.text("aZ09-_.,:*<&@'\"/\\é日🎉", min_size=1, max_size=8)
BOOLEANS = st.booleans()
WHOLE = st.integers(-(10**12), 10**12)
DECIMAL = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)
DAYS = st.dates(date(1950, 1, 1), date(2150, 1, 1)).map(str)
TIMES = st.times().map(lambda each: f"{each:%H:%M}:00")
MOMENTS = st.integers(
    17_000_000, 90_000_000
).map(  # minutes since 1970
    lambda minutes: f"{datetime.fromtimestamp(60 * minutes, UTC).isoformat()[:19]}Z"
)
MAILS = WORDS.map(lambda word: f"{word.replace('@', '')}x@example.com")
ADDRESSES = st.integers(0, 10**6).map(lambda number: f"https://example.com/{number}")
PEOPLE = st.sampled_from(["U0AMY", "U0BEN", "U0DORA"])
CHANNELS = st.sampled_from(["C0APPROVALS", "C0GENERAL"])
CHOICES = st.lists(WORDS, min_size=1, max_size=14, unique=True)


@dataclass
class Made:
    """A schema, a value that fits it, and which of several shapes the value has, by path."""

    schema: Any
    value: Any
    chosen: dict[tuple[str, ...], int] = field(default_factory=dict)


def _or(draw: Draw, absent: Any, held: Any) -> Any:
    """Give a value or what stands for none; a value of which nothing can be entered (an empty list) is none."""
    return absent if _is_blank(held) or draw(BOOLEANS) else held


def _is_blank(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_blank, value.values()))
    return value is None or value == []


# -- pydantic ------------------------------------------------------------------------------------------------------


@dataclass
class Modelled(Made):
    """The same, with the model that the schema is of."""

    model: type[BaseModel] = BaseModel


def _formatted(name: str) -> Any:
    return Annotated[str, Field(json_schema_extra={"format": name})]


_TYPES: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (str, WORDS),
    (Annotated[str, Field(max_length=500)], st.lists(WORDS, min_size=1, max_size=4).map("\n".join)),
    (Annotated[str, Field(min_length=2, max_length=20)], WORDS.map(lambda word: word + "xx")),
    (int, WHOLE),
    (Annotated[int, Field(ge=-5, lt=100)], st.integers(-5, 99)),
    (float, DECIMAL),
    (Annotated[float, Field(gt=0, le=0.5)], st.sampled_from([0.25, 0.5])),
    (bool, st.booleans()),
    (date, DAYS),
    (time, TIMES),
    (datetime, MOMENTS),
    (AnyUrl, ADDRESSES),
    (_formatted("email"), MAILS),
    (_formatted("slack-user-id"), PEOPLE),
    (_formatted("slack-channel-id"), CHANNELS),
    (list[str], st.lists(WORDS, max_size=4)),
    (list[int], st.lists(WHOLE, max_size=4)),
    (list[float], st.lists(DECIMAL, max_size=4)),
    (list[bool], st.lists(st.booleans(), max_size=4)),
    (list[date], st.lists(DAYS, max_size=3)),
    (tuple[int, str], st.tuples(WHOLE, WORDS).map(list)),
    (dict[str, int], st.dictionaries(WORDS, WHOLE, max_size=3)),
    (list[dict[str, int]], st.lists(st.dictionaries(WORDS, WHOLE, max_size=2), max_size=2)),
)
_SOME_NAMES = st.lists(
    st.sampled_from(("amount", "to", "due_at", "note", "isUrgent", "x1")), min_size=1, max_size=4, unique=True
)
_ANY_TYPE = st.sampled_from(_TYPES)
_MODEL_USES = st.sampled_from(("needed", "needed", "null", "default null", "default"))
_MODEL_KINDS = st.sampled_from(("plain",) * 6 + ("literal", "literals", "model", "union"))
_TAGS = st.lists(st.sampled_from(("mail", "post", "call")), min_size=2, max_size=3, unique=True)


@st.composite
def models(draw: Draw) -> Modelled:
    """Make a pydantic model with a value; some properties are optional, may be null or have a default."""
    return _model(draw, depth=0)


def _model(draw: Draw, *, depth: int) -> Modelled:
    fields: dict[str, Any] = {}
    value: dict[str, Any] = {}
    chosen: dict[tuple[str, ...], int] = {}
    for name in draw(_SOME_NAMES):
        annotation, held, inner = _annotated(draw, depth=depth)
        default: Any = ...
        match draw(_MODEL_USES):
            case "null":
                annotation = annotation | None
                held = _or(draw, None, held)
            case "default null":
                annotation, default = annotation | None, None
                held = _or(draw, None, held)
            case "default" if isinstance(held, str | int | float):
                default = held
        fields[name] = (annotation, default)
        value[name] = held
        if held is not None:
            chosen |= {(name, *path): index for path, index in inner.items()}
    model = create_model("Made", **fields)
    schema = model.model_json_schema() if depth == 0 else {}  # which nobody asks the inner ones for
    return Modelled(schema, value, chosen, model=model)


def _annotated(draw: Draw, *, depth: int) -> tuple[Any, Any, dict[tuple[str, ...], int]]:
    kind: str = draw(_MODEL_KINDS)
    match kind:
        case "literal":
            words = draw(CHOICES)
            return Literal[tuple(words)], draw(st.sampled_from(words)), {}
        case "literals":
            words = draw(CHOICES)
            taken = draw(st.lists(st.sampled_from(words), unique=True))
            literal: Any = Literal[tuple(words)]
            return list[literal], taken, {}
        case "model" if depth < 2:
            made = _model(draw, depth=depth + 1)
            return made.model, made.value, made.chosen
        case "union" if depth < 2:
            return _union(draw, depth=depth + 1)
    annotation, values = draw(_ANY_TYPE)
    return annotation, draw(values), {}


def _union(draw: Draw, *, depth: int) -> tuple[Any, Any, dict[tuple[str, ...], int]]:
    """Make a discriminated union; pydantic then tells the branches by their `kind`."""
    tags = draw(_TAGS)
    branches = [_model(draw, depth=depth) for _ in tags]
    models_of = []
    for at, (tag, branch) in enumerate(zip(tags, branches, strict=True)):
        constant: Any = Literal[tag]
        kind: Any = (constant, ... if draw(BOOLEANS) else tag)
        models_of.append(create_model(f"Branch{at}", __base__=branch.model, kind=kind))
    index = draw(st.integers(0, len(tags) - 1))
    union: Any = models_of[0]
    for other in models_of[1:]:
        union = union | other
    value = {**branches[index].value, "kind": tags[index]}
    return Annotated[union, Field(discriminator="kind")], value, {(): index, **branches[index].chosen}


# -- by hand -------------------------------------------------------------------------------------------------------

_ODD_NAMES = ("a", "b.c", "b", "x#1", "~", "/", "", "two words", "ünï", "type", "$ref-like", "n" * 300)
_SCALARS: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    ({"type": "string"}, WORDS),
    ({"type": "string", "pattern": "^a+$"}, st.sampled_from(["a", "aaa"])),
    ({"type": "string", "format": "textarea"}, st.lists(WORDS, min_size=1, max_size=3).map("\n".join)),
    ({"type": "string", "format": "date"}, DAYS),
    ({"type": "string", "format": "time"}, TIMES),
    ({"type": "string", "format": "date-time"}, MOMENTS),
    ({"type": "string", "format": "email"}, MAILS),
    ({"type": "string", "format": "url"}, ADDRESSES),
    ({"type": "string", "format": "slack-user-id"}, PEOPLE),
    ({"type": "string", "format": "slack-channel-id"}, CHANNELS),
    ({"type": "integer", "minimum": 0, "exclusiveMaximum": 50}, st.integers(0, 49)),
    ({"type": "number", "multipleOf": 0.5}, st.integers(0, 99).map(lambda number: number / 2)),
    ({"type": "boolean"}, st.booleans()),
    ({"enum": ["1", 1, True, "yes", {"a": 1}]}, st.sampled_from(["1", 1, True, "yes", {"a": 1}])),
    ({"enum": [f"c{n}" for n in range(150)]}, st.integers(0, 149).map(lambda number: f"c{number}")),
    (
        {"type": "array", "items": {"enum": [f"c{n}" for n in range(12)]}, "uniqueItems": True},
        st.lists(st.sampled_from([f"c{n}" for n in range(12)]), min_size=1, unique=True),
    ),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, st.lists(WHOLE, min_size=1, max_size=3)),
)
_UNDRAWN: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, st.just([1, "x"])),
    ({"type": "object", "patternProperties": {"^a": {"type": "integer"}}}, st.just({"a1": 5})),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, st.just({"k": 1})),
    ({"not": {"type": "string"}}, st.sampled_from([5, [None], {"a": {}}])),
    ({"allOf": [{"type": "integer"}, {"minimum": 5}]}, st.integers(5, 9)),
    ({"type": ["string", "integer"]}, st.sampled_from(["a", 5])),
    ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, st.sampled_from(["5", 5])),
    ({"$ref": "#/$defs/tree"}, st.just({"name": "a", "children": [{"name": "b"}]})),
    (
        {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "if": {"properties": {"a": {"const": 1}}},
            "then": {"required": ["b"]},
        },
        st.sampled_from([{"a": 1, "b": 2}, {"a": 2}]),
    ),
)
_SOME_ODD_NAMES = st.lists(st.sampled_from(_ODD_NAMES), min_size=1, max_size=4, unique=True)
_ANY_SCALAR, _ANY_UNDRAWN = st.sampled_from(_SCALARS), st.sampled_from(_UNDRAWN)
_USES = st.sampled_from(("needed", "needed", "optional", "null"))
_USES_WITH_DEFAULT = st.sampled_from(("needed", "needed", "optional", "null", "default"))
_KINDS = st.sampled_from(("scalar",) * 5 + ("undrawn", "object", "shapes"))
_SHAPE_TAGS = st.sampled_from(("type", "b.c"))
_FOUR = st.integers(0, 3)
_TREE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
    },
    "required": ["name"],
    "additionalProperties": False,
}


@st.composite
def schemas(draw: Draw) -> Made:
    """Make a schema of an object or of several shapes, some of it behind $ref, with a value."""
    defs: dict[str, Any] = {"tree": _TREE}
    made = _object(draw, defs, depth=0, is_sure=True) if draw(BOOLEANS) else _shape(draw, defs, depth=0)
    return Made({**made.schema, "$defs": defs}, made.value, made.chosen)


def _object(draw: Draw, defs: dict[str, Any], *, depth: int, is_sure: bool) -> Made:
    """Make an object. One that may be missing as a whole (not `is_sure`) gets no defaults: they are not filled in."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    value: dict[str, Any] = {}
    chosen: dict[tuple[str, ...], int] = {}
    names = draw(_SOME_ODD_NAMES)
    for name in names:
        use = "needed" if name == names[0] else draw(_USES_WITH_DEFAULT if is_sure else _USES)
        made = _value(draw, defs, depth=depth + 1, is_sure=is_sure and use in ("needed", "default"))
        held = made.value
        prop = made.schema
        if use in ("needed", "null"):
            required.append(name)
        if use == "null":
            prop = {"anyOf": [prop, {"type": "null"}]}
            held = _or(draw, None, held)
        if use == "optional":
            held = _or(draw, NOTHING, held)
        if use == "default":
            prop = {**prop, "default": held}
        properties[name] = prop
        if held is not NOTHING:
            value[name] = held
            chosen |= (
                {(name, *path): index for path, index in made.chosen.items()} if held is not None else {}
            )
    schema = {"type": "object", "properties": properties, "required": required}
    return Made({**schema, **({"additionalProperties": False} if draw(BOOLEANS) else {})}, value, chosen)


def _value(draw: Draw, defs: dict[str, Any], *, depth: int, is_sure: bool) -> Made:
    kind = draw(_KINDS)
    if kind == "object" and depth < 3:
        made = _object(draw, defs, depth=depth, is_sure=is_sure)
    elif kind == "shapes" and depth < 3:
        made = _shape(draw, defs, depth=depth)
    else:
        schema, values = draw(_ANY_UNDRAWN if kind == "undrawn" else _ANY_SCALAR)
        made = Made(schema, draw(values))
    if draw(_FOUR) == 0:
        name = f"def{len(defs)}"
        defs[name] = made.schema
        return Made({"$ref": f"#/$defs/{name}"}, made.value, made.chosen)
    return made


def _shape(draw: Draw, defs: dict[str, Any], *, depth: int) -> Made:
    """Make oneOf or anyOf of objects that a constant tells apart, and perhaps of a number beside them."""
    tag = draw(_SHAPE_TAGS)
    count = 2 + draw(BOOLEANS)
    branches = []
    for at in range(count):
        made = _object(draw, defs, depth=depth + 1, is_sure=True)
        properties = {**made.schema["properties"], tag: {"const": f"shape {at}"}}
        required = [*{*made.schema["required"], tag}]
        schema = {**made.schema, "properties": properties, "required": sorted(required)}
        chosen = {path: index for path, index in made.chosen.items() if path[:1] != (tag,)}
        branches.append(Made(schema, {**made.value, tag: f"shape {at}"}, chosen))
    if depth and draw(BOOLEANS):
        branches.append(Made({"type": "integer"}, draw(WHOLE)))
    index = draw(st.integers(0, len(branches) - 1))
    union: dict[str, Any] = {"oneOf" if draw(BOOLEANS) else "anyOf": [each.schema for each in branches]}
    if draw(BOOLEANS) and len(branches) == count:
        union["discriminator"] = {"propertyName": tag}
    return Made(union, branches[index].value, {(): index, **branches[index].chosen})


def as_json(value: Any) -> str:
    """Write a value so that equal text means the same value in the same types."""
    return json.dumps(value, sort_keys=True)
