"""Inputs of a modal made once more by slackblocks, whose constructors hold every published limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slackblocks import elements, objects
from slackblocks.blocks import Block, InputBlock

_ELEMENTS: Mapping[str, Any] = {
    "plain_text_input": elements.PlainTextInput,
    "number_input": elements.NumberInput,
    "datepicker": elements.DatePicker,
    "timepicker": elements.TimePicker,
    "datetimepicker": elements.DateTimePicker,
    "email_text_input": elements.EmailInput,
    "url_text_input": elements.URLInput,
    "static_select": elements.StaticSelectMenu,
    "radio_buttons": elements.RadioButtonGroup,
    "checkboxes": elements.CheckboxGroup,
    "multi_static_select": elements.StaticMultiSelectMenu,
    "users_select": elements.UserSelectMenu,
    "conversations_select": elements.ConversationSelectMenu,
}


def rebuilt(block: Mapping[str, Any]) -> Any:
    """Make a block of a modal with slackblocks. Raises what slackblocks raises for a block that breaks a limit."""
    if block["type"] != "input":
        return Block.from_dict(dict(block))._resolve()
    made = InputBlock(
        label=_text(block["label"]),
        element=_element(block["element"]),
        block_id=block["block_id"],
        hint=_text(block["hint"]) if "hint" in block else None,
        optional=block["optional"],
    )
    return made._resolve()


def _element(element: Mapping[str, Any]) -> Any:
    given = {name: _argument(name, value) for name, value in element.items() if name != "type"}
    if "initial_date_time" in given:
        given["initial_datetime"] = given.pop("initial_date_time")
    if (
        "option_groups" in given
    ):  # slackblocks 3.0.0 wants a whole group as the initial option, Slack an option
        given = {name: value for name, value in given.items() if not name.startswith("initial_")}
        given.setdefault("options", None)
    return _ELEMENTS[element["type"]](**given)


def _argument(name: str, value: Any) -> Any:
    match name:
        case "options" | "initial_options":
            return [_option(each) for each in value]
        case "initial_option":
            return _option(value)
        case "option_groups":
            return [
                objects.OptionGroup(_text(each["label"]), [_option(one) for one in each["options"]])
                for each in value
            ]
        case "filter":
            return objects.ConversationFilter(value["include"])
    return value


def _option(option: Mapping[str, Any]) -> Any:
    return objects.Option(text=_text(option["text"]), value=option["value"])


def _text(text: Mapping[str, Any]) -> Any:
    return objects.Text(text["text"], type_=objects.TextType(text["type"]))
