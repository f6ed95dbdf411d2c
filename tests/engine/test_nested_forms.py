"""Nested objects, several shapes, lists and what Slack has elements for: fields, values, complaints and changes."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from engine.errors import InvalidInput
from engine.forms import (
    MISSING,
    FieldKind,
    Form,
    active_fields,
    changed_fields,
    changed_values,
    check_entries,
    entries,
    form_from_schema,
    form_from_values,
    form_keys,
    initial_values,
    read_form,
)


class Address(BaseModel):
    city: str = Field(min_length=2)
    country: str = "CH"
    tags: list[str]


class Mail(BaseModel):
    kind: Literal["mail"]
    to: str


class Post(BaseModel):
    kind: Literal["post"] = "post"
    street: str
    home: Address | None = None


class Order(BaseModel):
    sent: Annotated[Mail | Post, Field(discriminator="kind")]
    billed: Address
    also: Address | None = None
    copy_: Annotated[Mail | Post, Field(discriminator="kind")] | None = None
    version: Literal[2] = 2


ORDER = form_from_schema(Order.model_json_schema())
RIGHT = {"sent": "0", "sent#0.to": "amy", "billed.city": "Bern"}

# The schema of one gated tool call as LangChain's HumanInTheLoopMiddleware gives it (interrupt_mode="per_call").
DECISION: dict[str, Any] = {
    "$defs": {
        "ApproveDecision": {
            "type": "object",
            "properties": {"type": {"const": "approve", "type": "string"}},
            "required": ["type"],
        },
        "EditDecision": {
            "type": "object",
            "properties": {"type": {"const": "edit"}, "edited_action": {"$ref": "#/$defs/EditedAction"}},
            "required": ["type", "edited_action"],
        },
        "EditedAction": {
            "type": "object",
            "properties": {"name": {"const": "send_email"}, "args": {"$ref": "#/$defs/send_email"}},
            "required": ["name", "args"],
        },
        "RejectDecision": {
            "type": "object",
            "properties": {"type": {"const": "reject"}, "message": {"type": "string"}},
            "required": ["type"],
        },
        "send_email": {
            "type": "object",
            "properties": {"to": {"type": "string"}, "urgent": {"type": "boolean", "default": False}},
            "required": ["to"],
        },
    },
    "discriminator": {"propertyName": "type", "mapping": {}},
    "oneOf": [
        {"$ref": "#/$defs/ApproveDecision"},
        {"$ref": "#/$defs/EditDecision"},
        {"$ref": "#/$defs/RejectDecision"},
    ],
}


def one(prop: dict[str, Any], *, initial: Any = MISSING, required: bool = True) -> Form:
    """A form with the single property `x`."""
    schema = {"type": "object", "properties": {"x": prop}, "required": ["x"] if required else []}
    return form_from_schema(schema, initial={} if initial is MISSING else {"x": initial})


def read(form: Form, **changes: str | None) -> Any:
    """What comes of a form of which some entries were changed."""
    return read_form(form, {**entries(form), **changes})


def complaints(form: Form, **changes: str | None) -> dict[str, str]:
    """The sentences under the fields."""
    with pytest.raises(InvalidInput) as caught:
        read(form, **changes)
    return caught.value.errors


def test_nested_objects_become_fields_under_headings() -> None:
    """A nested field has a path, a name made of it, and the heading of the object that it belongs to."""
    found = {field.name: (field.path, field.section, field.required) for field in ORDER.fields}
    assert found["billed.city"] == (("billed", "city"), "Billed", True)
    assert found["also.city"] == (("also", "city"), "Also (optional)", False)
    assert found["sent#1.home.city"] == (("sent", "home", "city"), "Sent: Post › Home (optional)", False)


def test_names_stay_apart_whatever_properties_are_called() -> None:
    """A dot, a sign of ours or a twin in a property's name gives no two fields the same name."""
    inner = {"type": "object", "properties": {"c": {"type": "string"}, "b.c": {"type": "string"}}}
    schema = {"properties": {"a.b": inner, "a": {"type": "object", "properties": {"b": inner}}, "a.b.c": {}}}
    form = form_from_schema({**schema, "type": "object", "required": ["a.b", "a"]})
    names = [field.name for field in form.fields]
    assert len(set(names)) == len(names) == 5
    assert "a.b.c" in names
    filled = {name: str(at) for at, name in enumerate(names)}
    assert read_form(form, filled) == {
        "a.b": {"c": "0", "b.c": "1"},
        "a": {"b": {"c": "2", "b.c": "3"}},
        "a.b.c": 4,
    }


def test_an_object_that_is_not_needed_is_absent_while_all_of_it_is_empty() -> None:
    """Nothing entered gives None or nothing; one entry makes the object, and asks for what it needs."""
    value = read(ORDER, **RIGHT)
    assert (value["also"], value["copy_"]) == (None, None)
    assert read(ORDER, **RIGHT, **{"also.city": "Rome"})["also"] == {"city": "Rome", "tags": []}
    assert complaints(ORDER, **RIGHT, **{"also.country": "IT"}) == {"also.city": "This is needed."}
    optional = one({"type": "object", "properties": {"n": {"type": "integer"}}}, required=False)
    assert read(optional) == {}


def test_defaults_of_what_may_be_absent_are_said_and_not_filled_in() -> None:
    """A default would make an object of every empty one; it stands in the hint instead."""
    fields = {field.name: field for field in ORDER.fields}
    assert (fields["billed.country"].initial, fields["also.country"].initial) == ("CH", MISSING)
    assert fields["also.country"].hint == "Left empty: CH"


def test_an_object_can_be_taken_away() -> None:
    """Clearing every field of an object that may be null gives None; clearing some asks for what is needed."""
    form = form_from_schema(Order.model_json_schema(), initial={"also": {"city": "Rome", "tags": ["a"]}})
    assert read(form, **RIGHT, **{"also.city": None, "also.tags": None})["also"] is None
    assert complaints(form, **RIGHT, **{"also.city": None}) == {"also.city": "This is needed."}


def test_what_no_field_shows_of_an_object_stays_in_it() -> None:
    """An edit inside an object keeps its other keys, in their order, also those that the schema does not know."""
    prop = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    form = form_from_values({"x": {"extra": [1.0], "b": 1, "a": 2}}, schema={"properties": {"x": prop}})
    assert json.dumps(read(form)) == '{"x": {"extra": [1.0], "b": 1, "a": 2}}'
    assert json.dumps(read(form, **{"x.a": "3"})) == '{"x": {"extra": [1.0], "b": 1, "a": 3}}'


def test_a_shape_is_chosen_and_its_constant_filled_in() -> None:
    """The choice has the constants as labels; fields of a shape count only while it is chosen."""
    fields = {field.name: field for field in ORDER.fields}
    assert (fields["sent"].kind, fields["sent"].choices) == (FieldKind.CHOICE, ("Mail", "Post"))
    assert (fields["sent#0.to"].when, fields["sent#1.street"].when) == (("sent", 0), ("sent", 1))
    assert not any("kind" in field.path or field.name == "version" for field in ORDER.fields)
    assert "sent#0.to" not in {field.name for field in active_fields(ORDER, entries(ORDER))}
    value = read(ORDER, **RIGHT, **{"sent#1.street": "ignored"})
    assert value["sent"] == {"kind": "mail", "to": "amy"}
    assert value["version"] == 2
    Order.model_validate(value)


@pytest.mark.parametrize(
    ("filled", "value"),
    [
        ({"type": "0"}, {"type": "approve"}),
        ({"type": "2"}, {"type": "reject"}),
        ({"type": "2", "2.message": "No."}, {"type": "reject", "message": "No."}),
        (
            {"type": "1", "1.edited_action.args.to": "amy"},
            {
                "type": "edit",
                "edited_action": {"name": "send_email", "args": {"to": "amy", "urgent": False}},
            },
        ),
    ],
)
def test_a_whole_of_several_shapes_gives_the_chosen_one(filled: dict[str, str], value: Any) -> None:
    """LangChain's schema for one tool call is a form whose value is the decision."""
    assert read(form_from_schema(DECISION), **filled) == value


def test_complaints_stand_under_the_field_inside_a_shape() -> None:
    """What is wrong within the chosen shape is told there, in words; without a choice the choice is needed."""
    form = form_from_schema(DECISION)
    assert complaints(form) == {"type": "This is needed."}
    assert complaints(form, type="1") == {"1.edited_action.args.to": "This is needed."}
    wrong = {**RIGHT, "sent": "1", "sent#1.street": "Main", "sent#1.home.city": "B", "billed.city": "R"}
    assert complaints(ORDER, **wrong) == {
        "sent#1.home.city": "Enter at least 2 characters.",
        "billed.city": "Enter at least 2 characters.",
    }


def test_a_shape_without_a_constant_is_named_by_its_title_or_type() -> None:
    """anyOf of objects and a scalar becomes a choice too; equal titles are numbered."""
    thing = {"type": "object", "title": "Thing", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form = one({"anyOf": [thing, {**thing, "required": []}, {"type": "string"}, {"type": "null"}]})
    assert form.fields[0].choices == ("Thing (1)", "Thing (2)", "Text")
    assert read(form, x="2", **{"x#2": "free"}) == {"x": "free"}
    assert read(form) == {"x": None}
    form = one({"anyOf": [thing, {"type": "string"}]}, initial={"n": 5})
    assert entries(form) == {"x": "0", "x#0.n": "5", "x#1": None}


def test_a_value_that_fits_two_shapes_is_told() -> None:
    """oneOf wants exactly one: where two take the value, the choice says that it is not clear."""
    shapes = [{"type": "object", "properties": {name: {"type": "integer"}}} for name in ("a", "b")]
    assert complaints(one({"oneOf": shapes}), x="0", **{"x#0.a": "1"}) == {
        "x": "This fits more than one of the options, so it is not clear which one is meant."
    }


@pytest.mark.parametrize(
    "prop",
    [
        {"type": "array", "prefixItems": [{"type": "integer"}]},
        {"type": "array", "items": {"type": "object", "properties": {"a": {}}}},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {}}, "patternProperties": {"^b": {}}},
        {"type": "object", "properties": {"a": {}}, "if": {}, "then": {}},
        {"type": "object", "properties": {"a": {}}, "not": {"required": ["b"]}},
        {"allOf": [{"type": "object", "properties": {"a": {}}}, {"required": ["a"]}]},
    ],
)
def test_what_cannot_be_drawn_is_json(prop: dict[str, Any]) -> None:
    """Tuples, lists of objects, maps, patterns and conditions are entered as JSON."""
    assert one(prop).fields[0].kind is FieldKind.JSON


def test_a_shape_is_found_whatever_its_references_are() -> None:
    """An initial value is held against each shape, also where that is described outside of $defs."""
    shape = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    schema = {
        "type": "object",
        "properties": {"x": {"anyOf": [{"$ref": "#/definitions/shape"}, {"type": "string"}]}},
        "definitions": {"shape": shape},
    }
    form = form_from_schema(schema, initial={"x": {"n": 5}})
    assert entries(form) == {"x": "0", "x#0.n": "5", "x#1": None}
    assert read(form, **{"x#0.n": "6"}) == {"x": {"n": 6}}


CONDITIONED: list[dict[str, Any]] = [
    {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["extra"]}},
    {"required": ["a", "extra"]},
    {"dependentRequired": {"a": ["extra"]}},
]


@pytest.mark.parametrize("more", CONDITIONED)
def test_an_object_that_fields_cannot_make_is_json_as_a_whole(more: dict[str, Any]) -> None:
    """What wants a name that is no property, be it under a condition, is one JSON field, at the top and below."""
    prop = {"type": "object", "properties": {"a": {"type": "integer"}}, **more}
    form = form_from_schema(prop)
    assert [(field.name, field.kind) for field in form.fields] == [("value", FieldKind.JSON)]
    assert read(form, value='{"a": 1, "extra": 2}') == {"a": 1, "extra": 2}
    assert "extra" in complaints(form, value='{"a": 1}')["value"]
    assert complaints(form) == {"value": "This is needed."}
    assert one(prop).fields[0].kind is FieldKind.JSON


def test_what_contains_itself_is_json_from_the_second_time_on() -> None:
    """A node has fields of its own; the node inside it is entered as JSON."""
    node = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        },
        "required": ["name"],
    }
    form = form_from_schema({"$ref": "#/$defs/node", "$defs": {"node": node}})
    assert [(field.name, field.kind) for field in form.fields] == [
        ("name", FieldKind.TEXT),
        ("next", FieldKind.JSON),
    ]
    form = form_from_schema({"properties": {"top": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}})
    assert [field.name for field in form.fields] == ["top.name", "top.next"]


def test_schemas_that_branch_without_end_give_a_form_of_bounded_size() -> None:
    """Ten levels of five objects each would be millions of fields; the rest is JSON."""
    defs: dict[str, Any] = {"d0": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    for depth in range(1, 10):
        inner = {f"p{n}": {"$ref": f"#/$defs/d{depth - 1}"} for n in range(5)}
        defs[f"d{depth}"] = {"type": "object", "properties": inner, "required": list(inner)}
    form = form_from_schema({"$ref": "#/$defs/d9", "$defs": defs})
    assert 100 < len(form.fields) < 600


KINDS: list[tuple[dict[str, Any], FieldKind, str, Any]] = [
    ({"type": "string", "format": "date"}, FieldKind.DATE, "2026-01-31", "2026-01-31"),
    ({"type": "string", "format": "time"}, FieldKind.TIME, "09:30", "09:30:00"),
    ({"type": "string", "format": "time"}, FieldKind.TIME, "09:30:15Z", "09:30:15Z"),
    (
        {"type": "string", "format": "date-time"},
        FieldKind.DATE_TIME,
        "2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00Z",
    ),
    ({"type": "string", "format": "email"}, FieldKind.EMAIL, " amy@example.com ", "amy@example.com"),
    ({"type": "string", "format": "uri"}, FieldKind.URL, "https://example.com/a", "https://example.com/a"),
    ({"type": "string", "format": "slack-user-id"}, FieldKind.USER, "U012AB3CD", "U012AB3CD"),
    ({"type": "string", "format": "slack-channel-id"}, FieldKind.CHANNEL, "C012AB3CD", "C012AB3CD"),
    ({"type": "array", "items": {"enum": ["a", "b", "c"]}}, FieldKind.CHOICES, "2,0", ["c", "a"]),
    ({"type": "array", "items": {"type": "string"}}, FieldKind.LINES, "one\n\n two \n", ["one", "two"]),
    ({"type": "array", "items": {"type": "integer"}}, FieldKind.LINES, "1\n-2", [1, -2]),
    ({"type": "array", "items": {"type": "number"}}, FieldKind.LINES, "1\n2.0", [1, 2.0]),
    ({"type": "array", "items": {"type": "boolean"}}, FieldKind.LINES, "true\nfalse", [True, False]),
    (
        {"type": "array", "items": {"type": "string", "format": "date"}},
        FieldKind.LINES,
        "2026-01-31",
        ["2026-01-31"],
    ),
    ({"enum": [f"c{n}" for n in range(2000)]}, FieldKind.TEXT, "c1999", "c1999"),
]


@pytest.mark.parametrize(("prop", "kind", "entry", "value"), KINDS, ids=range(len(KINDS)))
def test_each_kind_reads_its_raw_text(prop: dict[str, Any], kind: FieldKind, entry: str, value: Any) -> None:
    """The raw text of a kind becomes a value of the schema's type, and is prefilled so that it is the same again."""
    form = one(prop)
    assert form.fields[0].kind is kind
    assert json.dumps(read(form, x=entry)["x"]) == json.dumps(value)
    again = one(prop, initial=value)
    assert json.dumps(read(again)["x"]) == json.dumps(value)


SENTENCES: list[tuple[dict[str, Any], str | None, str]] = [
    ({"type": "string", "format": "date"}, "31.1.2026", "Enter a date such as 2026-01-31."),
    ({"type": "string", "format": "time"}, "25:00", "Enter a time such as 09:30."),
    (
        {"type": "string", "format": "uri"},
        "not a web address",
        "Enter a web address such as https://example.com.",
    ),
    ({"type": "string", "format": "slack-user-id"}, "amy", "Choose a person."),
    ({"type": "string", "format": "slack-channel-id"}, "#pay", "Choose a channel."),
    ({"type": "array", "items": {"enum": ["a"]}}, "1", "Choose one of the options."),
    ({"type": "array", "items": {"type": "integer"}}, "1\ntwo", "Item 2: Enter a whole number."),
    ({"type": "array", "items": {"type": "boolean"}}, "yes", "Item 1: Enter true or false."),
    (
        {"type": "array", "items": {"type": "string", "maxLength": 1}},
        "a\nbc",
        "Item 2: Enter at most 1 character.",
    ),
    ({"type": "array", "items": {"type": "string"}, "minItems": 1}, None, "This is needed."),
    ({"type": "array", "items": {"type": "string"}, "maxItems": 1}, "a\nb", "List at most 1 item."),
    (
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "a\na",
        "List each item only once.",
    ),
]


@pytest.mark.parametrize(("prop", "entry", "sentence"), SENTENCES, ids=range(len(SENTENCES)))
def test_each_kind_says_what_is_wrong(prop: dict[str, Any], entry: str | None, sentence: str) -> None:
    """A wrong entry of any kind gets a sentence that says what to do."""
    assert complaints(one(prop), x=entry) == {"x": sentence}


EXACT: list[tuple[dict[str, Any], Any, str | None]] = [
    ({"type": "string", "format": "time"}, "09:30:00", "09:30"),
    ({"type": "string", "format": "time"}, "09:30:15", "09:30:15"),
    ({"type": "string", "format": "date-time"}, "2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00Z"),
    ({"type": "string", "format": "date-time"}, "2026-01-31T09:30:15.5Z", "2026-01-31T09:30:15.5Z"),
    ({"type": "string", "format": "date-time"}, "2026-01-31T09:30:00", "2026-01-31T09:30:00"),
    ({"type": "string", "format": "date-time"}, "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ({"type": "string", "format": "date"}, "0001-01-01", "0001-01-01"),
    ({"type": "array", "items": {"enum": ["a", "b", "c"]}}, ["c", "a"], "2,0"),
    ({"type": "array", "items": {"type": "string"}}, ["a", "b"], "a\nb"),
    ({"type": "array", "items": {"type": "string"}}, [], ""),
]


@pytest.mark.parametrize(("prop", "value", "entry"), EXACT, ids=range(len(EXACT)))
def test_a_value_that_is_shown_otherwise_comes_back_as_it_was(
    prop: dict[str, Any], value: Any, entry: str | None
) -> None:
    """A moment is shown in UTC and a time to the minute; left alone, the value is the initial one to the byte."""
    form = one(prop, initial=value)
    assert entries(form) == {"x": entry}
    assert json.dumps(read(form)["x"]) == json.dumps(value)


@pytest.mark.parametrize(
    ("prop", "value"),
    [
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["a", "a"]),
        ({"type": "array", "items": {"type": "string"}}, ["a\nb"]),
        ({"type": "array", "items": {"type": "string"}}, ["", " padded "]),
        ({"type": "array", "items": {"type": "integer"}}, [2**70]),
    ],
)
def test_a_list_that_lines_would_change_is_json(prop: dict[str, Any], value: Any) -> None:
    """Repeated choices, items with line breaks or spaces around them start as JSON, so that nothing is lost."""
    form = one(prop, initial=value)
    assert form.fields[0].kind is FieldKind.JSON
    assert read(form)["x"] == value


def test_choices_in_another_order_are_no_edit() -> None:
    """Slack may give chosen options back in the order of the menu; only another set is a change."""
    form = one({"type": "array", "items": {"enum": ["a", "b", "c"]}}, initial=["c", "a"])
    assert read(form, x="0,2") == {"x": ["c", "a"]}
    assert read(form, x="0,2,1") == {"x": ["a", "c", "b"]}


def test_a_required_list_may_be_empty_unless_the_schema_says_otherwise() -> None:
    """No line gives an empty list where one is required; with minItems something has to be entered."""
    assert read(one({"type": "array", "items": {"type": "string"}})) == {"x": []}
    assert not one({"type": "array", "items": {"type": "string"}}).fields[0].required


def test_a_page_is_checked_for_its_own_fields_only() -> None:
    """What is still to be asked is no complaint; what is wrong by itself is one."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a", "b"],
        "maxProperties": 1,
    }
    form = form_from_schema(schema)
    check_entries(form, {"a": "1", "b": None}, names=["a"])
    with pytest.raises(InvalidInput) as caught:
        check_entries(form, {"a": "one", "b": None}, names=["a"])
    assert caught.value.errors == {"a": "Enter a whole number."}
    check_entries(form, {"a": "1", "b": "x"}, names=["a", "b"])  # maxProperties is about the whole


def test_changes_are_told_leaf_by_leaf() -> None:
    """Only what differs in value or type is named, also within objects and when another shape is chosen."""
    start = {
        "sent": {"kind": "mail", "to": "amy"},
        "billed": {"city": "Bern", "country": "CH", "tags": ["a"]},
    }
    form = form_from_schema(Order.model_json_schema(), initial=start)
    assert initial_values(form) == {**start, "also": None, "copy_": None, "version": 2}
    assert changed_fields(form, read(form)) == ({}, {})
    edited = read(form, **{"billed.city": "Rome", "also.city": "Oslo"})
    assert changed_fields(form, edited) == (
        {"billed.city": "Bern"},
        {"billed.city": "Rome", "also.city": "Oslo", "also.tags": []},
    )
    assert set(changed_values(form, edited)) == {"billed", "also"}
    other = read(form, sent="1", **{"sent#1.street": "Main"})
    assert changed_fields(form, other) == (
        {"sent": "Mail", "sent#0.to": "amy"},
        {"sent": "Post", "sent#1.street": "Main", "sent#1.home": None},
    )


def test_another_type_is_a_change() -> None:
    """1, 1.0 and true are three values."""
    form = form_from_values({"x": 1}, schema={"properties": {"x": {"type": "number"}}})
    assert changed_fields(form, read(form, x="1.0")) == ({"x": 1}, {"x": 1.0})
    assert changed_fields(form, read(form, x="1")) == ({}, {})
    assert changed_values(form, {"x": True, "y": 1}) == {"x": True}
    assert form_keys(form) == {"x"}
