"""Forms: schemas and values become fields, and what people enter becomes values or sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from engine.errors import InvalidInput
from engine.forms import (
    MISSING,
    FieldKind,
    Form,
    entries,
    form_from_schema,
    form_from_values,
    read_form,
)


class Category(Enum):
    TRAVEL = "travel"
    OFFICE = "office"


class Address(BaseModel):
    city: str


class Expense(BaseModel):
    amount: float = Field(title="Amount", description="In dollars.", gt=0, le=50_000)
    people: int = Field(ge=1, lt=10)
    purpose: str = Field(min_length=3, max_length=80)
    story: str = Field(default="", max_length=2000)
    urgent: bool = False
    category: Category
    kind: Literal["a", "b"] | None = None
    level: Literal[1, 2, None]
    price: Decimal | None = None
    due: date | None = None
    address: Address | None = None
    tags: list[str] = Field(default_factory=list)
    mixed: int | str = 5
    anything: Any = None


SCHEMA = Expense.model_json_schema()
RIGHT: dict[str, str | None] = {
    "amount": "12.5",
    "people": "3",
    "purpose": "Chairs",
    "category": "1",
    "level": "0",
}


def one(prop: dict[str, Any], *, initial: Any = MISSING, required: bool = True) -> Form:
    """A form with the single field `x`."""
    schema = {"type": "object", "properties": {"x": prop}, "required": ["x"] if required else []}
    return form_from_schema(schema, initial={} if initial is MISSING else {"x": initial})


def complaint(form: Form, entry: str | None) -> str:
    """The sentence under the field `x`."""
    with pytest.raises(InvalidInput) as caught:
        read_form(form, {"x": entry})
    assert list(caught.value.errors) == ["x"]
    return caught.value.errors["x"]


@pytest.mark.parametrize(
    ("name", "kind", "required", "nullable"),
    [
        ("amount", FieldKind.NUMBER, True, False),
        ("people", FieldKind.INTEGER, True, False),
        ("purpose", FieldKind.TEXT, True, False),
        ("story", FieldKind.LONG_TEXT, False, False),
        ("urgent", FieldKind.BOOLEAN, False, False),
        ("category", FieldKind.CHOICE, True, False),
        ("kind", FieldKind.CHOICE, False, True),
        ("level", FieldKind.CHOICE, False, True),
        ("price", FieldKind.NUMBER, False, True),
        ("due", FieldKind.DATE, False, True),
        ("address.city", FieldKind.TEXT, False, False),
        ("tags", FieldKind.LINES, False, False),
        ("mixed", FieldKind.JSON, False, False),
        ("anything", FieldKind.JSON, False, False),
    ],
)
def test_a_pydantic_schema_gives_typed_fields(
    name: str, kind: FieldKind, required: bool, nullable: bool
) -> None:
    """Every kind of annotation becomes the field that people expect, optional where it has a default or None."""
    field = next(field for field in form_from_schema(SCHEMA).fields if field.name == name)
    assert (field.kind, field.required, field.nullable) == (kind, required, nullable)


def test_fields_carry_what_a_form_needs_to_say() -> None:
    """Label, hint, bounds, choices and defaults come from the schema."""
    fields = {field.name: field for field in form_from_schema(SCHEMA).fields}
    assert (fields["amount"].label, fields["amount"].hint) == ("Amount", "In dollars.")
    assert (fields["amount"].minimum, fields["amount"].maximum) == (None, 50_000)
    assert (fields["people"].minimum, fields["people"].maximum) == (1, 9)
    assert (fields["purpose"].min_chars, fields["purpose"].max_chars) == (3, 80)
    assert fields["category"].choices == ("travel", "office")
    assert fields["level"].choices == (1, 2)
    assert fields["urgent"].initial is False
    assert fields["amount"].initial is MISSING
    assert fields["tags"].hint == "One per line."
    assert "JSON" in fields["mixed"].hint
    assert (fields["address.city"].path, fields["address.city"].section) == (
        ("address", "city"),
        "Address (optional)",
    )


def test_the_whole_form_reads_back_as_the_model_takes_it() -> None:
    """Entries for every kind of field become an object that the pydantic model accepts."""
    read = read_form(
        form_from_schema(SCHEMA),
        {
            **RIGHT,
            "story": "one\ntwo",
            "urgent": "true",
            "kind": "1",
            "price": " 2.50 ",
            "due": "2026-01-31",
            "address.city": "Bern",
            "tags": "x",
            "mixed": '"text"',
            "anything": "[null]",
        },
    )
    model = Expense.model_validate(read)
    assert (model.amount, model.people, model.category, model.level) == (12.5, 3, Category.OFFICE, 1)
    assert (model.kind, model.due, model.urgent) == ("b", date(2026, 1, 31), True)
    assert (model.address, model.tags, model.mixed, model.anything) == (
        Address(city="Bern"),
        ["x"],
        "text",
        [None],
    )


def test_what_is_left_empty_takes_its_default() -> None:
    """Only what was entered, what is needed as None and what was prefilled is given."""
    prefilled = entries(form_from_schema(SCHEMA))
    read = read_form(form_from_schema(SCHEMA), {**prefilled, **RIGHT})
    Expense.model_validate(read)
    assert read["urgent"] is False
    assert read["mixed"] == 5
    assert "tags" not in read


def test_every_error_is_reported_at_once() -> None:
    """People see all that is wrong, each under its own field, in the order of the form."""
    with pytest.raises(InvalidInput) as caught:
        read_form(
            form_from_schema(SCHEMA),
            {
                "amount": "-1",
                "people": "2.5",
                "purpose": "ab",
                "category": "7",
                "mixed": "[1]",
                "due": "soon",
            },
        )
    assert list(caught.value.errors.items()) == [
        ("amount", "Enter a number that is more than 0."),
        ("people", "Enter a whole number."),
        ("purpose", "Enter at least 3 characters."),
        ("category", "Choose one of the options."),
        ("due", "Enter a date such as 2026-01-31."),
        ("mixed", "This is none of the values that can stand here."),
    ]


NUMBER: dict[str, Any] = {"type": "number"}
INTEGER: dict[str, Any] = {"type": "integer"}
TEXT: dict[str, Any] = {"type": "string"}
OBJECT: dict[str, Any] = {
    "type": "object",
    "patternProperties": {"^n$": {"type": "integer", "minimum": 1}},
    "required": ["n"],
}
SENTENCES: list[tuple[dict[str, Any], str | None, str]] = [
    (TEXT, None, "This is needed."),
    (TEXT, "", "This is needed."),
    (TEXT, " \n", "This is needed."),
    (TEXT, "\ud800", "This contains a character that cannot be stored."),
    (INTEGER, "", "This is needed."),
    (INTEGER, "ten", "Enter a whole number."),
    (INTEGER, "1.0", "Enter a whole number."),
    (INTEGER, "1_000", "Enter a whole number."),
    (INTEGER, "٣", "Enter a whole number."),
    (INTEGER, str(2**64), "This number is too large to be stored."),
    (INTEGER, str(-(2**63) - 1), "This number is too large to be stored."),
    (INTEGER, "9" * 5000, "This number is too large to be stored."),
    ({"type": "integer", "minimum": 0}, "-1", "Enter a number that is at least 0."),
    ({"type": "integer", "maximum": 5}, "6", "Enter a number that is at most 5."),
    ({"type": "integer", "multipleOf": 5}, "6", "Enter a multiple of 5."),
    (NUMBER, "1,234.50", "Enter a number such as 1234.5, with a point and without other signs."),
    (NUMBER, "$5", "Enter a number such as 1234.5, with a point and without other signs."),
    (NUMBER, "nan", "Enter a number such as 1234.5, with a point and without other signs."),
    (NUMBER, "inf", "Enter a number such as 1234.5, with a point and without other signs."),
    (NUMBER, "1e999", "This number is too large to be stored."),
    (NUMBER, "1" + "0" * 30, "This number is too large to be stored."),
    ({"type": "number", "exclusiveMaximum": 1.5}, "1.5", "Enter a number that is less than 1.5."),
    (
        {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]},
        "0",
        "Enter a number that is more than 0.",
    ),
    ({"type": "string", "maxLength": 1}, "ab", "Enter at most 1 character."),
    ({"type": "string", "pattern": "^a+$"}, "b", "This does not have the expected form."),
    ({"type": "string", "format": "date-time"}, "now", "Enter a date and time such as 2026-01-31T09:30:00Z."),
    ({"type": "string", "format": "email"}, "amy", "Enter an e-mail address."),
    ({"type": "boolean"}, "yes", "Choose one of the options."),
    ({"enum": ["a", "b"]}, "a", "Choose one of the options."),
    ({"enum": ["a", "b"]}, "2", "Choose one of the options."),
    ({"enum": ["a", "b"]}, "-1", "Choose one of the options."),
    (
        OBJECT,
        "{",
        "This is not valid JSON: expecting property name enclosed in double quotes at line 1, column 2.",
    ),
    (
        OBJECT,
        "{'n': 1}",
        "This is not valid JSON: expecting property name enclosed in double quotes at line 1, column 2.",
    ),
    (OBJECT, " Europe please", 'Put text in double quotes: "Europe please"'),
    (OBJECT, "x" * 41, 'Put text in double quotes: "like this"'),
    (OBJECT, "a\nb", 'Put text in double quotes: "like this"'),
    (OBJECT, '{"n": 1, "n": 2}', "This is not valid JSON: “n” is there more than once."),
    (OBJECT, '{"n": NaN}', "This is not valid JSON: NaN is not a number."),
    (OBJECT, '{"n": 1e999}', "This number is too large to be stored."),
    (OBJECT, f'{{"n": {2**64}}}', "This number is too large to be stored."),
    (OBJECT, '{"n": 0}', "At n: Enter a number that is at least 1."),
    (OBJECT, "{}", "n is missing."),
    (OBJECT, "[]", "Enter an object in curly brackets."),
    ({"type": "array", "minItems": 2}, "[1]", "List at least 2 items."),
    (
        {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        "[[], [1]]",
        "At [1][0]: Enter a text.",
    ),
    ({"type": "array"}, "[" * 100_000, "This is nested too deeply."),
    ({"type": "array"}, "[" * 300 + "]" * 300, "This is nested too deeply."),
]


@pytest.mark.parametrize(("prop", "entry", "sentence"), SENTENCES, ids=range(len(SENTENCES)))
def test_a_wrong_entry_gets_one_plain_sentence(
    prop: dict[str, Any], entry: str | None, sentence: str
) -> None:
    """What does not fit is refused with a sentence that says what to do."""
    assert complaint(one(prop), entry) == sentence


VALUES: list[tuple[dict[str, Any], str, Any]] = [
    (TEXT, "  as typed ", "  as typed "),
    (TEXT, "a\nb", "a\nb"),
    (INTEGER, " 7 ", 7),
    (INTEGER, "+007", 7),
    (INTEGER, str(2**64 - 1), 2**64 - 1),
    (INTEGER, str(-(2**63)), -(2**63)),
    (NUMBER, "12500", 12500),
    (NUMBER, "12500.0", 12500.0),
    (NUMBER, "-.5", -0.5),
    (NUMBER, "1e3", 1000.0),
    ({"type": "boolean"}, "true", True),
    ({"type": "boolean"}, "false", False),
    ({"enum": [1, "1", True]}, "0", 1),
    ({"enum": [1, "1", True]}, "1", "1"),
    ({"enum": [1, "1", True]}, "2", True),
    (OBJECT, '{"n": 1, "more": [null, 1.5]}', {"n": 1, "more": [None, 1.5]}),
    ({}, "null", None),
    ({}, '"text"', "text"),
]


@pytest.mark.parametrize(("prop", "entry", "value"), VALUES, ids=range(len(VALUES)))
def test_a_right_entry_becomes_a_value_of_the_right_type(
    prop: dict[str, Any], entry: str, value: Any
) -> None:
    """What people enter reaches the graph as this value, in this type."""
    read = read_form(one(prop), {"x": entry})["x"]
    assert (read, type(read)) == (value, type(value))


INITIALS = [
    True,
    False,
    0,
    1,
    -0.0,
    1.0,
    1e22,
    0.1,
    12500,
    "",
    "text",
    " padded ",
    "one\r\ntwo\n",
    "x" * 4000,
    "é \U0001f600",
    None,
    [],
    [1, "two", None],
    {"b": 1, "a": {"c": []}},
    {"quote": '"'},
]


@pytest.mark.parametrize("value", INITIALS, ids=lambda value: repr(value)[:20])
def test_an_untouched_value_comes_back_the_same(value: Any) -> None:
    """Opening a form and sending it unchanged gives the very same value, with or without a schema."""
    for schema in (None, {"type": "object", "properties": {"x": {"type": "number"}}}):
        form = form_from_values({"x": value}, schema=schema)
        read = read_form(form, entries(form))["x"]
        assert json.dumps(read) == json.dumps(value)


def test_line_breaks_that_the_chat_changed_are_no_edit() -> None:
    r"""A text whose \r\n came back as \n is still the initial text, byte for byte."""
    form = form_from_values({"x": "one\r\ntwo\rthree"})
    assert read_form(form, {"x": "one\ntwo\nthree"}) == {"x": "one\r\ntwo\rthree"}
    assert read_form(form, {"x": "one\ntwo\nfour"}) == {"x": "one\ntwo\nfour"}


@pytest.mark.parametrize(
    ("value", "prop", "kind"),
    [
        (12500, {"type": "number"}, FieldKind.NUMBER),
        (12500, None, FieldKind.INTEGER),
        (1.5, {"type": "integer"}, FieldKind.NUMBER),
        (True, None, FieldKind.BOOLEAN),
        (True, {"type": "integer"}, FieldKind.BOOLEAN),
        ("a", {"enum": ["a", "b"]}, FieldKind.CHOICE),
        ("c", {"enum": ["a", "b"]}, FieldKind.TEXT),
        ("a", {}, FieldKind.TEXT),
        ("a", {"anyOf": [{"type": "string"}, {"type": "integer"}]}, FieldKind.TEXT),
        ("a\nb", {"type": "string"}, FieldKind.LONG_TEXT),
        ("a" * 151, None, FieldKind.LONG_TEXT),
        ("a" * 150, None, FieldKind.TEXT),
        ([1], {"type": "array"}, FieldKind.JSON),
        ({}, None, FieldKind.JSON),
        (None, {"type": "string"}, FieldKind.TEXT),
        (None, None, FieldKind.JSON),
    ],
)
def test_the_form_of_values_follows_schema_then_value(value: Any, prop: Any, kind: FieldKind) -> None:
    """The schema types a field if the value fits it; else the value does."""
    schema = None if prop is None else {"type": "object", "properties": {"x": prop}}
    (field,) = form_from_values({"x": value}, schema=schema).fields
    assert field.kind is kind
    assert field.initial == value


def test_a_none_may_be_filled_in_or_left() -> None:
    """A field that is None stays None when left empty and takes the schema's type when filled in."""
    form = form_from_values({"x": None}, schema={"properties": {"x": {"type": "integer", "minimum": 1}}})
    assert read_form(form, {"x": None}) == {"x": None}
    assert read_form(form, {"x": "4"}) == {"x": 4}
    assert complaint(form, "0") == "Enter a number that is at least 1."


def test_clearing_is_an_edit_only_where_empty_is_a_value() -> None:
    """A cleared field gives None or an empty text where these are allowed, and an error where they are not."""
    nullable = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert read_form(form_from_values({"x": 5}, schema={"properties": {"x": nullable}}), {"x": ""}) == {
        "x": None
    }
    assert read_form(one(TEXT, initial="a", required=False), {"x": None}) == {"x": ""}
    assert read_form(one(TEXT, required=False), {"x": None}) == {}
    assert read_form(one(nullable), {"x": None}) == {"x": None}
    assert complaint(form_from_values({"x": "a"}), "") == "This is needed."
    assert complaint(form_from_values({"x": 5}), None) == "This is needed."


def test_initial_values_take_precedence_over_defaults() -> None:
    """A prefilled value replaces the default, and an unknown one is ignored."""
    schema = {"type": "object", "properties": {"x": {"type": "string", "default": "d"}}}
    assert entries(form_from_schema(schema)) == {"x": "d"}
    assert entries(form_from_schema(schema, initial={"x": "i", "y": 1})) == {"x": "i"}


def test_entries_that_are_no_fields_are_ignored() -> None:
    """Nobody can smuggle a value in under a name that the form does not have."""
    assert read_form(one(TEXT), {"x": "a", "status": "approved"}) == {"x": "a"}


def test_a_complaint_about_the_whole_object_is_shown_at_the_first_field() -> None:
    """An error that belongs to no single field is not lost."""
    schema = {"type": "object", "properties": {"x": TEXT, "y": TEXT}, "maxProperties": 1}
    with pytest.raises(InvalidInput) as caught:
        read_form(form_from_schema(schema), {"x": "a", "y": "b"})
    assert list(caught.value.errors) == ["x"]


def test_a_name_that_is_needed_and_has_no_field_is_told_at_the_first_one() -> None:
    """What the schema wants beside the fields of the form is not let through in silence."""
    form = form_from_values({"x": "a"})
    stricter = replace(form, schema={**form.schema, "required": ["x", "y"]})
    assert complaint(stricter, "b") == "y is missing."


class Price(BaseModel):
    x: Decimal = Field(gt=0, le=Decimal("1e20"))


def test_a_decimal_is_known_with_a_pattern_and_without() -> None:
    """Older versions of pydantic give the text of a Decimal a pattern."""
    assert one({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9.]*$"}]}).fields[0].exact


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("2.50", 2.5),
        ("3", 3),
        ("0.1", 0.1),
        ("1e3", 1000.0),
        ("12345678901234567.89", "12345678901234567.89"),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_a_decimal_keeps_all_of_its_digits(entry: str, value: Any) -> None:
    """Where a float would be another number, what was written is given as a text, to the last digit."""
    form = form_from_schema(Price.model_json_schema())
    read = read_form(form, {"x": entry})
    assert (read["x"], type(read["x"])) == (value, type(value))
    assert Price.model_validate(read).x == Decimal(entry)
    again = form_from_schema(Price.model_json_schema(), initial=read)
    assert again.fields[0].kind is FieldKind.NUMBER
    assert read_form(again, entries(again)) == read


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("-12345678901234567.89", "Enter a number that is more than 0."),
        ("999999999999999999999", "Enter a number that is at most 100000000000000000000."),
        ("1e999", "This number is too large to be stored."),
    ],
)
def test_the_bounds_of_a_decimal_hold_for_its_text(entry: str, sentence: str) -> None:
    """A number that is given as a text is held against the bounds of the number."""
    assert complaint(form_from_schema(Price.model_json_schema()), entry) == sentence


def test_a_number_or_a_text_that_is_no_number_is_entered_as_either() -> None:
    """What may be a number or, say, a date is no Decimal: it is entered as JSON, which tells 5 from "5"."""
    form = one({"anyOf": [{"type": "number"}, {"type": "string", "format": "date"}]})
    assert [read_form(form, {"x": entry})["x"] for entry in ('"2026-01-31"', "5")] == ["2026-01-31", 5]
