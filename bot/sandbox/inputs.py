"""Plain values to Slack's view.state and action shapes, by the type of the element, and back to initial ones."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.blockkit import block_elements
from bot.sandbox.elements import offered
from bot.sandbox.errors import NotPossible

Element = Mapping[str, Any]
State = dict[str, Any]

_TEXT = {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
# element type -> (field of the state, field of the element that fills it at first)
_SCALARS = {
    **dict.fromkeys(_TEXT, ("value", "initial_value")),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
}
_LISTS = {
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
_OPTIONS = {"static_select", "radio_buttons", "checkboxes", "multi_static_select", "overflow"}
_YES = {"true", "yes", "1", "on"}
_NO = {"false", "no", "0", "off"}


def initial_state(element: Element) -> State:
    """Return what an untouched element holds, e.g. {"type": "plain_text_input", "value": null}."""
    kind = element["type"]
    if kind in _LISTS:
        field, initial = _LISTS[kind]
        return {"type": kind, field: list(element.get(initial) or [])}
    field, initial = _SCALARS[kind]
    value = element.get(initial)
    return {"type": kind, field: str(value) if kind == "number_input" and value is not None else value}


def filled_state(element: Element, value: Any) -> State:
    """Return what an element holds after a person has put in a plain value; None and "" empty it.

    A select takes an option's value or its text, checkboxes a list of those or a bool for "all" or "none",
    a multi select a list. Raises: NotPossible for a value that the element does not offer.
    """
    kind = element["type"]
    if kind in _LISTS:
        return {"type": kind, _LISTS[kind][0]: _chosen_many(element, value)}
    if kind == "overflow":
        return {"type": kind, "selected_option": _option(element, value)}
    field = _SCALARS[kind][0]
    return {"type": kind, field: None if value in (None, "") else _scalar(element, value)}


def _scalar(element: Element, value: Any) -> Any:
    kind = element["type"]
    if kind in _OPTIONS:
        return _option(element, value)
    if kind == "rich_text_input" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        return {"type": "rich_text", "elements": [section]}
    if kind == "datetimepicker":
        return int(value)
    return value if isinstance(value, dict) else str(value)


def _chosen_many(element: Element, value: Any) -> list[Any]:
    if isinstance(value, bool):
        return offered(element) if value else []
    values = [] if value in (None, "") else value if isinstance(value, list | tuple) else [value]
    return [_option(element, one) if element["type"] in _OPTIONS else one for one in values]


def _option(element: Element, value: Any) -> dict[str, Any]:
    wanted = str(value.get("value")) if isinstance(value, dict) else str(value)
    names = {wanted}
    if isinstance(value, bool):
        names = _YES if value else _NO
    for one in offered(element):
        if one.get("value") in names or one["text"]["text"] == wanted:
            return dict(one)
    raise NotPossible(f"{element.get('action_id')} does not offer {value!r}")


def stateful(view: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield (block, element) for every element of the blocks that holds a value."""
    for block in view.get("blocks") or []:
        for element in block_elements(block):
            if element["type"] in _SCALARS or element["type"] in _LISTS:
                yield block, element


def initial_values(view: Mapping[str, Any]) -> dict[str, dict[str, State]]:
    """Return view.state.values as it is before anybody touches the view."""
    values: dict[str, dict[str, State]] = {}
    for block, element in stateful(view):
        values.setdefault(block["block_id"], {})[element["action_id"]] = initial_state(element)
    return values


def is_empty(state: Mapping[str, Any]) -> bool:
    """Tell whether an element holds nothing."""
    return all(value in (None, "", []) for name, value in state.items() if name != "type")


def problem_for_person(block: Mapping[str, Any], state: Mapping[str, Any]) -> str | None:
    """Return the words under a field that the Slack client itself refuses, or None; nothing is sent then."""
    element = block["element"]
    if is_empty(state):
        return None if block.get("optional") else "Please complete this required field."
    kind, value = element["type"], state.get("value")
    if kind == "plain_text_input":
        return _length_problem(element, str(value))
    if kind == "number_input":
        return _number_problem(element, str(value))
    if kind == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not re.match(r"https?://\S+$", str(value)):
        return "Please enter a valid URL."
    return None


def _length_problem(element: Element, value: str) -> str | None:
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if len(value) > most:
        return f"Please enter at most {most} characters."
    return f"Please enter at least {least} characters." if len(value) < least else None


def _number_problem(element: Element, value: str) -> str | None:
    decimal = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(decimal, value.strip()):
        return "Please enter a valid number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and float(value) < float(low):
        return f"Please enter a number of at least {low}."
    return (
        f"Please enter a number of at most {high}."
        if high is not None and float(value) > float(high)
        else None
    )
