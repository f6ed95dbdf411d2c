"""A thousand schemas by hand with values: drawn, filled in, read back equal; nothing wrong gets in."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine import InvalidInput, entries
from engine.forms import form_from_schema, read_form
from tests.bot.round_trip import EACH, assert_comes_back_untouched
from tests.bot.schemas import Made, as_json, schemas
from tests.bot.typist import filled_in


@given(made=schemas())
@settings(EACH, max_examples=1000)
def test_a_schema_by_hand_comes_back_from_slack_as_it_was_filled_in(made: Made) -> None:
    """The same for schemas as people write them: odd names, shapes without a discriminator, what cannot be drawn."""
    read = filled_in(form_from_schema(made.schema), made.value, chosen=made.chosen)
    assert as_json(read) == as_json(made.value)
    assert_comes_back_untouched(made)


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
