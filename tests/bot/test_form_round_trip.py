"""Two thousand schemas with values: drawn as Slack takes it, filled in, read back equal; nothing wrong gets in."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine import Field, FieldKind, Form, InvalidInput, active_fields, entries
from engine.forms import changed_fields, form_from_schema, form_from_values, read_form
from tests.bot.schemas import Made, Modelled, as_json, models, schemas
from tests.bot.typist import filled_in, untouched

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


@given(made=models())
@settings(EACH, max_examples=1000)
def test_a_pydantic_model_comes_back_from_slack_as_it_was_filled_in(made: Modelled) -> None:
    """Every value of a pydantic model can be entered through Slack's elements, and the model takes it back."""
    read = filled_in(form_from_schema(made.schema), made.value, chosen=made.chosen)
    wanted, taken = made.model.model_validate(made.value), made.model.model_validate(read)
    assert taken.model_dump(mode="json") == wanted.model_dump(mode="json")
    _comes_back_untouched(made)


@given(made=schemas())
@settings(EACH, max_examples=1000)
def test_a_schema_by_hand_comes_back_from_slack_as_it_was_filled_in(made: Made) -> None:
    """The same for schemas as people write them: odd names, shapes without a discriminator, what cannot be drawn."""
    read = filled_in(form_from_schema(made.schema), made.value, chosen=made.chosen)
    assert as_json(read) == as_json(made.value)
    _comes_back_untouched(made)


def _comes_back_untouched(made: Made) -> None:
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


@given(made=schemas(), data=st.data())
@settings(EACH, max_examples=200)
def test_whatever_is_entered_gives_a_valid_value_or_a_sentence(made: Made, data: st.DataObject) -> None:
    """Random entries are never read as a value that the schema refuses; each complaint is under a field."""
    form = form_from_schema(made.schema, initial=made.value)
    filled = entries(form)
    anything = st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["0", "1", "5", "null", "{}"]))
    noise = {each.name: data.draw(anything) for each in form.fields if data.draw(st.booleans())}
    try:
        read = read_form(form, {**filled, **noise})
    except InvalidInput as error:
        told = error.errors
    else:
        assert Draft202012Validator(made.schema).is_valid(read)
        return
    assert set(told) <= set(filled)
    assert all(told.values())


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
