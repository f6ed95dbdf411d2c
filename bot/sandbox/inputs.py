"""Plain values to Slack's view.state and action shapes, by the type of the element, and back to initial ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.blockkit import block_elements
from bot.sandbox.elements import offered
from bot.sandbox.errors import NotPossible, Refused
from bot.sandbox.notations import NOTATIONS, is_email, is_url, read_number
from bot.sandbox.workspace import Workspace

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
# element type -> where an id or a name is looked up
_IDS = {
    **dict.fromkeys(("users_select", "multi_users_select"), (Workspace.person,)),
    **dict.fromkeys(("channels_select", "multi_channels_select"), (Workspace.channel,)),
    **dict.fromkeys(
        ("conversations_select", "multi_conversations_select"), (Workspace.channel, Workspace.person)
    ),
}
_OPTIONS = {"static_select", "radio_buttons", "checkboxes", "multi_static_select", "overflow"}
_YES = {"true", "yes", "1", "on"}
_NO = {"false", "no", "0", "off"}


def initial_state(element: Element) -> State:
    """Return what an untouched element holds, e.g. {"type": "plain_text_input", "value": null}."""
    kind = element["type"]
    if kind in _LISTS:
        field, initial = _LISTS[kind]
        return _state(element, field, list(element.get(initial) or []))
    field, initial = _SCALARS[kind]
    return _state(element, field, element.get(initial))


def filled_state(element: Element, value: Any, *, workspace: Workspace) -> State:
    """Return what an element holds after a person has put in a plain value; None and "" empty it.

    The notation of each value is that of Sandbox.submit. Raises: NotPossible for a value that the element does
    not offer or that is not written as a person would have to write it.
    """
    kind = element["type"]
    if kind in _LISTS:
        return _state(element, _LISTS[kind][0], _chosen_many(element, value, workspace))
    if kind == "overflow":
        return _state(element, "selected_option", _option(element, value))
    return _state(
        element, _SCALARS[kind][0], None if value in (None, "") else _scalar(element, value, workspace)
    )


def _state(element: Element, field: str, value: Any) -> State:
    """Slack passes the timezone of a timepicker on beside its value (docs.slack.dev, time picker element)."""
    zone = {"timezone": element["timezone"]} if element.get("timezone") else {}
    return {"type": element["type"], **zone, field: value}


def _scalar(element: Element, value: Any, workspace: Workspace) -> Any:
    kind = element["type"]
    if kind in _OPTIONS:
        return _option(element, value)
    if kind in _IDS:
        return _id(element, value, workspace)
    if kind in NOTATIONS:
        return _written(element, str(value))
    if kind == "rich_text_input" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        return {"type": "rich_text", "elements": [section]}
    return value if isinstance(value, dict) else str(value)


def _written(element: Element, text: str) -> str | int:
    form, read = NOTATIONS[element["type"]]
    try:
        found = read(text)
    except ValueError as exc:
        raise NotPossible(f"{element.get('action_id')} takes {form}, not {text!r}") from exc
    return found if isinstance(found, int) else text


def _id(element: Element, value: Any, workspace: Workspace) -> str:
    """Find who or what is meant; a conversation is a channel or, with a person, the person."""
    for find in _IDS[element["type"]]:
        try:
            return str(find(workspace, str(value))["id"])
        except Refused:
            continue
    raise NotPossible(f"{element.get('action_id')} does not offer {value!r}")


def _chosen_many(element: Element, value: Any, workspace: Workspace) -> list[Any]:
    if isinstance(value, bool):
        return offered(element) if value else []
    values = [] if value in (None, "") else value if isinstance(value, list | tuple) else [value]
    chosen: list[Any] = []
    for one in values:
        found = _option(element, one) if element["type"] in _OPTIONS else _listed(element, one, workspace)
        if found not in chosen:
            chosen.append(found)
    most = element.get("max_selected_items")
    if most is not None and len(chosen) > most:
        raise NotPossible(f"{element.get('action_id')} takes at most {most}, not {len(chosen)}")
    return chosen


def _listed(element: Element, value: Any, workspace: Workspace) -> Any:
    return _id(element, value, workspace) if element["type"] in _IDS else value


def _option(element: Element, value: Any) -> dict[str, Any]:
    wanted = str(value.get("value")) if isinstance(value, dict) else str(value)
    names = {wanted}
    if isinstance(value, bool):
        names = _YES if value else _NO
    for one in offered(element):
        if one.get("value") in names or one["text"]["text"] == wanted:
            return dict(one)
    raise NotPossible(f"{element.get('action_id')} does not offer {value!r}")


def still_offered(element: Element, state: Mapping[str, Any]) -> State:
    """Return a state without the options that the element no longer offers."""
    if element["type"] not in _OPTIONS:
        return dict(state)
    offers = {one.get("value"): one for one in offered(element)}
    if element["type"] in _LISTS:
        chosen = [offers[one["value"]] for one in state["selected_options"] if one["value"] in offers]
        return {**state, "selected_options": chosen}
    option = state["selected_option"]
    return {**state, "selected_option": offers.get(option["value"]) if option else None}


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
    return all(value in (None, "", []) for name, value in state.items() if name not in ("type", "timezone"))


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
    if kind == "email_text_input" and not is_email(str(value)):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not is_url(str(value)):
        return "Please enter a valid URL."
    return None


def _length_problem(element: Element, value: str) -> str | None:
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if len(value) > most:
        return f"Please enter at most {most} characters."
    return f"Please enter at least {least} characters." if len(value) < least else None


def _number_problem(element: Element, value: str) -> str | None:
    try:
        number = read_number(value.strip())
    except ValueError:
        return "Please enter a valid number."
    if not element["is_decimal_allowed"] and "." in value:
        return "Please enter a valid number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and number < read_number(low):
        return f"Please enter a number of at least {low}."
    if high is not None and number > read_number(high):
        return f"Please enter a number of at most {high}."
    return None
