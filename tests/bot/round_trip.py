"""What must hold for every form: it comes back untouched, and a wrong entry gives a sentence under its field."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from engine import Field, FieldKind, Form, InvalidInput, active_fields, entries
from engine.forms import changed_fields, form_from_schema, form_from_values, read_form
from tests.bot.schemas import Made, as_json
from tests.bot.typist import untouched

EACH = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""The same cases on every machine."""

WRONG: dict[FieldKind, str] = {
    FieldKind.INTEGER: "two",
    FieldKind.NUMBER: "1,5",
    FieldKind.BOOLEAN: "maybe",
    FieldKind.CHOICE: "9999",
    FieldKind.CHOICES: "0,9999",
    FieldKind.DATE: "soon",
    FieldKind.TIME: "25:99",
    FieldKind.DATE_TIME: "soon",
    FieldKind.EMAIL: "amy",
    FieldKind.URL: "no address",
    FieldKind.USER: "amy",
    FieldKind.CHANNEL: "#pay",
    FieldKind.JSON: "{",
}


def assert_comes_back_untouched(made: Made) -> None:
    """An edit form that is sent as it opened gives the very same value and no change; a wrong entry gives none."""
    form = form_from_schema(made.schema, initial=made.value)
    assert as_json(untouched(form)) == as_json(made.value)
    filled = entries(form)
    for field in active_fields(form, filled)[-2:]:
        if (wrong := _wrong(field)) is not None:
            assert _complaints(form, {**filled, field.name: wrong})[field.name]
    if "properties" in made.schema:
        form = form_from_values(made.value, schema=made.schema)
        assert as_json(read_form(form, entries(form))) == as_json(made.value)
        assert changed_fields(form, made.value) == ({}, {})


def _wrong(field: Field) -> str | None:
    if field.kind is FieldKind.LINES and field.items is not FieldKind.TEXT:
        return "two"
    if field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT) and field.required:
        return " "
    return WRONG.get(field.kind)


def _complaints(form: Form, filled: dict[str, str | None]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        read_form(form, filled)
    return caught.value.errors
