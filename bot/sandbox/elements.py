"""Block Kit's interactive elements as rules, with the limits that slackblocks 3.0 lists (its `_limits`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.sandbox.notations import read_date, read_number, read_time, read_zone
from bot.sandbox.shapes import (
    Rule,
    anything,
    by_type,
    flag,
    items,
    one_of,
    plain,
    problem,
    shape,
    string,
    text,
    whole,
    written,
)

LONGEST_INPUT = 3000  # also of initial_value, which slackblocks and slack_sdk do not check
FAR = 10**15
INITIAL_LISTS = ("initial_options", "initial_users", "initial_channels", "initial_conversations")

action_id = string(least=1, most=255)
url = string(least=1, most=3000)
confirm = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
_option_fields = {"value": string(least=1, most=150)}
option = shape({"text": plain(75), **_option_fields}, {"description": plain(75), "url": url})
marked_option = shape({"text": text(75), **_option_fields}, {"description": text(75)})
group = shape({"label": plain(75), "options": items(option, most=100)})
_focus: Mapping[str, Rule] = {"action_id": action_id, "confirm": confirm, "focus_on_load": flag}
_select: Mapping[str, Rule] = {**_focus, "placeholder": plain(150)}
_multi: Mapping[str, Rule] = {**_select, "max_selected_items": whole(least=1, most=FAR)}
_typed: Mapping[str, Rule] = {
    "action_id": action_id,
    "focus_on_load": flag,
    "placeholder": plain(150),
    "dispatch_action_config": shape(
        {}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), most=2)}
    ),
}
_id = string(least=1, most=255)


def offered(element: Mapping[str, Any]) -> list[Any]:
    """Return the options of an element, those of its groups included; [] when it has none."""
    groups = element.get("option_groups") or []
    grouped = [one for group_ in groups if isinstance(group_, dict) for one in group_.get("options") or []]
    return [*(element.get("options") or []), *grouped]


def _one_source(element: Mapping[str, Any], pointer: str) -> Iterable[str]:
    if bool(element.get("options")) == bool(element.get("option_groups")):
        yield problem("must have exactly one of options or option_groups", pointer)


def _initial_is_offered(element: Mapping[str, Any], pointer: str) -> Iterable[str]:
    """The whole option counts: "exactly matches one of the options" (docs.slack.dev, block elements)."""
    chosen = [element["initial_option"]] if element.get("initial_option") else []
    chosen += element.get("initial_options") or []
    for one in chosen:
        if one not in offered(element):
            yield problem("initial option must match one of the options", pointer)


def _initial_fits(element: Mapping[str, Any], pointer: str) -> Iterable[str]:
    most = element.get("max_selected_items")
    for name in INITIAL_LISTS:
        if most is not None and len(element.get(name) or []) > most:
            yield problem(f"no more than {most} items allowed", f"{pointer}/{name}")


def _text_bounds(element: Mapping[str, Any], pointer: str) -> Iterable[str]:
    least, most = element.get("min_length"), element.get("max_length")
    initial = element.get("initial_value")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield problem("min_length must not be greater than max_length", pointer)
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        yield problem(f"must be less than {most + 1} characters", f"{pointer}/initial_value")


def _number_bounds(element: Mapping[str, Any], pointer: str) -> Iterable[str]:
    low, high, initial = (
        read_number(element[name]) if element.get(name) is not None else None
        for name in ("min_value", "max_value", "initial_value")
    )
    if low is not None and high is not None and low > high:
        yield problem("min_value must not be greater than max_value", pointer)
    if initial is None:
        return
    if (low is not None and initial < low) or (high is not None and initial > high):
        yield problem("initial_value must be between min_value and max_value", pointer)
    if not element["is_decimal_allowed"] and "." in element["initial_value"]:
        yield problem("must be an integer", f"{pointer}/initial_value")


_static = (_one_source, _initial_is_offered)
_list_of_ids = items(_id, most=100, least=0)
_date = written("YYYY-MM-DD", read=read_date)
_time = written("HH:mm", read=read_time)
_zone = written("Area/Location", read=read_zone)
_number = written("0.00", read=read_number)
_filter = shape(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)
button = shape(
    {"text": plain(75)},
    {
        "action_id": action_id,
        "url": url,
        "value": string(most=2000),
        "style": one_of("primary", "danger"),
        "confirm": confirm,
        "accessibility_label": string(least=1, most=75),
    },
)
image = shape({"alt_text": string(least=1, most=2000)}, {"image_url": url, "slack_file": anything})
_choices = {"options": items(marked_option, most=10)}
checkboxes = shape(
    _choices, {**_focus, "initial_options": items(marked_option, most=10)}, also=[_initial_is_offered]
)
radio_buttons = shape(_choices, {**_focus, "initial_option": marked_option}, also=[_initial_is_offered])
overflow = shape({"options": items(option, most=5)}, {"action_id": action_id, "confirm": confirm})
_options = {"options": items(option, most=100), "option_groups": items(group, most=100)}
selects: Mapping[str, Rule] = {
    "static_select": shape({}, {**_select, **_options, "initial_option": option}, also=_static),
    "external_select": shape(
        {}, {**_select, "initial_option": option, "min_query_length": whole(least=0, most=FAR)}
    ),
    "users_select": shape({}, {**_select, "initial_user": _id}),
    "channels_select": shape({}, {**_select, "initial_channel": _id, "response_url_enabled": flag}),
    "conversations_select": shape(
        {},
        {
            **_select,
            "initial_conversation": _id,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": _filter,
        },
    ),
}
multi_selects: Mapping[str, Rule] = {
    "multi_static_select": shape(
        {},
        {**_multi, **_options, "initial_options": items(option, most=100)},
        also=[*_static, _initial_fits],
    ),
    "multi_external_select": shape(
        {},
        {**_multi, "initial_options": items(option, most=100), "min_query_length": whole(least=0, most=FAR)},
        also=[_initial_fits],
    ),
    "multi_users_select": shape({}, {**_multi, "initial_users": _list_of_ids}, also=[_initial_fits]),
    "multi_channels_select": shape({}, {**_multi, "initial_channels": _list_of_ids}, also=[_initial_fits]),
    "multi_conversations_select": shape(
        {},
        {
            **_multi,
            "initial_conversations": _list_of_ids,
            "default_to_current_conversation": flag,
            "filter": _filter,
        },
        also=[_initial_fits],
    ),
}
pickers: Mapping[str, Rule] = {
    "datepicker": shape({}, {**_select, "initial_date": _date}),
    "timepicker": shape({}, {**_select, "initial_time": _time, "timezone": _zone}),
    "datetimepicker": shape({}, {**_focus, "initial_date_time": whole(least=10**9, most=10**10 - 1)}),
}
typed: Mapping[str, Rule] = {
    "plain_text_input": shape(
        {},
        {
            **_typed,
            "initial_value": string(most=LONGEST_INPUT),
            "multiline": flag,
            "min_length": whole(least=0, most=LONGEST_INPUT),
            "max_length": whole(least=1, most=LONGEST_INPUT),
        },
        also=[_text_bounds],
    ),
    "number_input": shape(
        {"is_decimal_allowed": flag},
        {**_typed, "initial_value": _number, "min_value": _number, "max_value": _number},
        also=[_number_bounds],
    ),
    "email_text_input": shape({}, {**_typed, "initial_value": string(most=LONGEST_INPUT)}),
    "url_text_input": shape({}, {**_typed, "initial_value": string(most=LONGEST_INPUT)}),
    "rich_text_input": shape({}, {**_typed, "initial_value": anything}),
    "file_input": shape(
        {},
        {
            "action_id": action_id,
            "filetypes": items(string(least=1, most=50), most=100),
            "max_files": whole(least=1, most=10),
        },
    ),
}
_clickable: Mapping[str, Rule] = {
    "button": button,
    "workflow_button": shape({"text": plain(75), "workflow": anything}, is_open=True),
    "overflow": overflow,
    "checkboxes": checkboxes,
    "radio_buttons": radio_buttons,
    **selects,
    **multi_selects,
    **pickers,
}
in_actions = by_type(_clickable)
in_section = by_type({**_clickable, "image": image})
in_input = by_type(
    {
        **typed,
        **selects,
        **multi_selects,
        **pickers,
        "checkboxes": checkboxes,
        "radio_buttons": radio_buttons,
    }
)
in_context = by_type(
    {
        "image": image,
        "mrkdwn": shape({"text": string(least=1, most=3000)}, {"verbatim": flag}),
        "plain_text": shape({"text": string(least=1, most=3000)}, {"emoji": flag}),
    }
)
