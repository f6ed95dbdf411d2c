"""Schemas: what cannot be used is refused before anybody sees a form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import AnyUrl, BaseModel, ValidationError

from engine.errors import AppError, InvalidInput
from engine.forms import FieldKind, check_schema, form_from_schema, form_from_values, read_form, readable


class Node(BaseModel):
    name: str
    children: list[Node] = []


SCHEMA = {"properties": {"tree": {"$ref": "#/$defs/Node"}}, "$defs": Node.model_json_schema()["$defs"]}


def test_references_that_repeat_for_ever_become_json() -> None:
    """A schema that refers to itself gives a JSON field instead of an endless loop."""
    schema = {"properties": {"x": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}}
    assert form_from_schema(schema).fields[0].kind is FieldKind.JSON


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "objekt"}, "$.type"),
        ({"properties": {"x": {"patternProperties": {"(": {}}}}}, "$.properties.x.patternProperties"),
        ({"properties": {"x": {"pattern": 5}}}, "$.properties.x.pattern"),
        ({"properties": {"x": {"$ref": "#/$defs/Gone"}}}, "#/$defs/Gone"),
        ({"properties": {"x": {"$ref": "https://example.invalid/x.json"}}}, "https://example.invalid/x.json"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: dict[str, Any], words: str) -> None:
    """A broken schema, or one that would have to be fetched, is named with the place."""
    with pytest.raises(AppError) as caught:
        check_schema(schema)
    assert words in str(caught.value)


def test_usable_schemas_are_accepted() -> None:
    """pydantic's own schema passes, and a property that is called $ref is no reference."""
    check_schema(SCHEMA)
    check_schema({"properties": {"$ref": {"type": "string"}}, "default": {"$ref": "text"}})


def test_a_pattern_that_only_another_language_reads_holds_nothing() -> None:
    """pydantic's patterns are Rust's: one that Python cannot read spoils neither the schema nor the form."""
    schema = {"properties": {"x": {"type": "string", "pattern": r"^\p{L}+$", "maxLength": 5}}}
    check_schema(schema)
    form = form_from_schema(schema)
    assert read_form(form, {"x": "Ärger"}) == {"x": "Ärger"}
    with pytest.raises(InvalidInput):
        read_form(form, {"x": "Ärgernis"})
    assert form_from_values({"x": "Ärger"}, schema=schema).fields[0].max_chars == 5


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("amount", "Amount"),
        ("unit_price", "Unit price"),
        ("unitPrice", "Unit price"),
        ("multi-level", "Multi level"),
        ("API_key", "API key"),
        ("_", "_"),
    ],
)
def test_identifiers_are_written_as_people_would(name: str, text: str) -> None:
    """A name of the code becomes a label."""
    assert readable(name) == text


class Timed(BaseModel):
    wait: timedelta
    link: AnyUrl


TEXTS = ["PT2H", "P1DT30M", "-P1D", "P2W", "P1Y2M", "PT0.5S", "P", "PT", "2 hours", "P1H", "PT2H "]
LINKS = ["https://example.com:8080/a?b", "mailto:amy@example.com", "http://[::1]/", "http://"]
LINKS += ["example.com", "http://a b.com", "http://[::1", "http://example.com:99999", "ftp://"]


@pytest.mark.parametrize(
    ("key", "text"), [("wait", text) for text in TEXTS] + [("link", link) for link in LINKS]
)
def test_durations_and_addresses_are_those_that_pydantic_takes(key: str, text: str) -> None:
    """What the graph's own type would refuse is told in the form, and what it takes is let through."""
    form = form_from_schema(Timed.model_json_schema())
    filled = {"wait": "PT1H", "link": "https://example.com", key: text}
    try:
        Timed.model_validate(filled)
    except ValidationError:
        with pytest.raises(InvalidInput) as caught:
            read_form(form, filled)
        assert list(caught.value.errors) == [key]
    else:
        assert read_form(form, filled) == filled
