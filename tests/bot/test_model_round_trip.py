"""A thousand pydantic models with values: drawn, filled in, read back equal; nothing wrong gets in."""

from __future__ import annotations

from hypothesis import given, settings

from engine.forms import form_from_schema
from tests.bot.round_trip import EACH, assert_comes_back_untouched
from tests.bot.schemas import Modelled, models
from tests.bot.typist import filled_in


@given(made=models())
@settings(EACH, max_examples=1000)
def test_a_pydantic_model_comes_back_from_slack_as_it_was_filled_in(made: Modelled) -> None:
    """Every value of a pydantic model can be entered through Slack's elements, and the model takes it back."""
    read = filled_in(form_from_schema(made.schema), made.value, chosen=made.chosen)
    wanted, taken = made.model.model_validate(made.value), made.model.model_validate(read)
    assert taken.model_dump(mode="json") == wanted.model_dump(mode="json")
    assert_comes_back_untouched(made)
