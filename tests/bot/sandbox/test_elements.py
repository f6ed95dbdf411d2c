"""What Slack refuses in the input elements of a form, and where it points; slackblocks and slack_sdk as oracles."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slackblocks import DatePicker, NumberInput, TimePicker
from slackblocks.errors import InvalidUsageError

from bot.sandbox.blockkit import block_problems

Json = dict[str, Any]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _options(*values: str) -> list[Json]:
    return [{"text": _plain(one.title()), "value": one} for one in values]


def _input(kind: str, **more: Any) -> Json:
    return {"type": "input", "label": _plain("L"), "element": {"type": kind, "action_id": "a", **more}}


def _problems(kind: str, **more: Any) -> list[str]:
    return block_problems([_input(kind, **more)], surface="modal")


_CITIES = [{"label": _plain("Cities"), "options": _options("rome", "oslo", "bonn")}]
_HINT = {"placeholder": _plain("Choose")}
SOUND: list[Json] = [
    _input("datepicker", initial_date="2028-02-29", **_HINT),
    _input("timepicker", initial_time="23:59", timezone="America/Argentina/Buenos_Aires", **_HINT),
    _input("datetimepicker", initial_date_time=1767312000),
    _input("email_text_input", initial_value="rita@example.com", **_HINT),
    _input("url_text_input", initial_value="https://example.com", **_HINT),
    _input("number_input", is_decimal_allowed=True, min_value="-1.5", max_value="2", initial_value="0.25"),
    _input(
        "multi_static_select", option_groups=_CITIES, initial_options=_options("oslo"), max_selected_items=2
    ),
    _input("checkboxes", options=_options("rome", "oslo"), initial_options=_options("rome", "oslo")),
    _input("users_select", initial_user="U0AMY", **_HINT),
    _input("multi_users_select", initial_users=["U0AMY", "U0BEN"], max_selected_items=2),
    _input("channels_select", initial_channel="C0GENERAL"),
    _input("conversations_select", initial_conversation="C0GENERAL", filter={"include": ["public", "im"]}),
    _input("plain_text_input", min_length=3, max_length=3, initial_value="abc"),
]


@pytest.mark.parametrize("block", SOUND, ids=lambda block: block["element"]["type"])
def test_a_sound_element_is_taken(block: Json) -> None:
    """An element with all that its kind may have is taken, and slack_sdk agrees."""
    assert block_problems([block], surface="modal") == []
    for parsed in Block.parse_all([block]):
        parsed.validate_json()


REFUSED: list[tuple[Json, str]] = [
    (_input("datepicker", initial_date="31.01.2026"), "must be in format 'YYYY-MM-DD' /initial_date"),
    (_input("datepicker", initial_date="2026-02-30"), "must be in format 'YYYY-MM-DD' /initial_date"),
    (_input("datepicker", initial_date=20260131), "must be a string /initial_date"),
    (_input("timepicker", initial_time="9:30"), "must be in format 'HH:mm' /initial_time"),
    (_input("timepicker", initial_time="24:00"), "must be in format 'HH:mm' /initial_time"),
    (_input("timepicker", timezone="CET time"), "must be in format 'Area/Location' /timezone"),
    (_input("datetimepicker", initial_date_time="2026-01-31"), "must be an integer /initial_date_time"),
    (_input("datetimepicker", initial_date_time=999999999), "must be more than 999999999 /initial_date_time"),
    (
        _input("datetimepicker", initial_date_time=10**10),
        "must be less than 10000000000 /initial_date_time",
    ),
    (_input("datetimepicker", **_HINT), "invalid additional property: placeholder "),
    (_input("number_input"), "missing required field: is_decimal_allowed "),
    (_input("number_input", is_decimal_allowed=True, min_value=3), "must be a string /min_value"),
    (_input("number_input", is_decimal_allowed=True, max_value="nan"), "must be in format '0.00' /max_value"),
    (
        _input("number_input", is_decimal_allowed=True, min_value="0.3", max_value="0.29999999999999999999"),
        "min_value must not be greater than max_value ",
    ),
    (
        _input("number_input", is_decimal_allowed=True, max_value="2", initial_value="2.01"),
        "initial_value must be between min_value and max_value ",
    ),
    (
        _input("number_input", is_decimal_allowed=False, initial_value="1.5"),
        "must be an integer /initial_value",
    ),
    (
        _input("multi_static_select", options=_options("rome"), max_selected_items=0),
        "must be more than 0 /max_selected_items",
    ),
    (
        _input(
            "multi_static_select",
            option_groups=_CITIES,
            initial_options=_options("rome", "oslo"),
            max_selected_items=1,
        ),
        "no more than 1 items allowed /initial_options",
    ),
    (
        _input("multi_users_select", initial_users=["U0AMY", "U0BEN"], max_selected_items=1),
        "no more than 1 items allowed /initial_users",
    ),
    (
        _input(
            "static_select", options=_options("rome"), initial_option={"text": _plain("R"), "value": "rome"}
        ),
        "initial option must match one of the options ",
    ),
    (
        _input("checkboxes", options=_options("rome"), initial_options=_options("oslo")),
        "initial option must match one of the options ",
    ),
    (_input("checkboxes", options=_options(*"abcdefghijk")), "no more than 10 items allowed /options"),
    (_input("users_select", initial_user=""), "must be more than 0 characters /initial_user"),
    (
        _input("conversations_select", filter={"include": ["everything"]}),
        "must be one of im, mpim, private, public /filter/include/0",
    ),
    (_input("conversations_select", filter={"include": []}), "no fewer than 1 items allowed /filter/include"),
    (
        _input("plain_text_input", min_length=5, max_length=4),
        "min_length must not be greater than max_length ",
    ),
]


@pytest.mark.parametrize(("block", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_an_unsound_element_is_refused_where_it_is_unsound(block: Json, said: str) -> None:
    """A refusal has one sentence and a pointer to the field, or to the element when two fields disagree."""
    words, _, place = said.rpartition(" ")
    assert block_problems([block], surface="modal") == [
        f"[ERROR] {words} [json-pointer:/blocks/0/element{place}]"
    ]


def _is_refused_by(make: Callable[[], object]) -> bool:
    try:
        make()
    except (InvalidUsageError, ValueError, TypeError):
        return True
    return False


@pytest.mark.parametrize(
    "text",
    ["2026-01-31", "2024-02-29", "2026-02-29", "2026-13-01", "26-01-31", "2026-1-31", "2026-01-31 ", "x"],
)
def test_dates_are_those_of_slackblocks(text: str) -> None:
    """The sandbox and slackblocks take the same dates."""
    refused = bool(_problems("datepicker", initial_date=text))
    assert refused is _is_refused_by(lambda: DatePicker(action_id="a", initial_date=text))


@pytest.mark.parametrize("text", ["00:00", "23:59", "24:00", "12:60", "9:30", "09:30:00", "0930", "٠٩:٣٠"])
def test_times_are_those_of_slackblocks(text: str) -> None:
    """The sandbox and slackblocks take the same times."""
    refused = bool(_problems("timepicker", initial_time=text))
    assert refused is _is_refused_by(lambda: TimePicker(action_id="a", initial_time=text))


@pytest.mark.parametrize(
    ("low", "high"),
    [("1", "2"), ("2", "1"), ("-1", "-1.0"), ("9007199254740993", "9007199254740992"), ("x", "1")],
)
def test_bounds_are_those_of_slackblocks(low: str, high: str) -> None:
    """The sandbox and slackblocks compare bounds alike, beyond what a float can tell apart."""
    refused = bool(_problems("number_input", is_decimal_allowed=True, min_value=low, max_value=high))
    assert refused is _is_refused_by(
        lambda: NumberInput(is_decimal_allowed=True, min_value=low, max_value=high)
    )
