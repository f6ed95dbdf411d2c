"""Somebody who fills a form in, page by page, through the elements that Slack shows: for tests of forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from slack_sdk.models.views import View as SdkView

from bot.cards.modals import form_view
from bot.cards.pages import Filling, begun, next_page, sent
from bot.payloads import block_id_of, entries_of
from bot.sandbox.elements import offered
from bot.sandbox.inputs import filled_state, initial_values, problem_for_person
from bot.sandbox.limits import check_view
from bot.sandbox.store import Store
from bot.sandbox.workspace import Workspace
from engine import Field, FieldKind, Form
from engine.forms import read_form
from tests.bot.hostile import sdk_accepts
from tests.bot.rebuilt import rebuilt

NOTHING = object()
WORKSPACE = Workspace(Store(None))
Chosen = Mapping[tuple[str, ...], int]
"""Which of several shapes a value has, by the path of the value."""


def page_of(form: Form, *, filling: Filling | None = None) -> dict[str, Any]:
    """Draw the next page of a form as a modal."""
    return form_view(
        form, filling or begun(form), title="Form", callback_id="form", metadata="{}", above=[], submit="Send"
    )


def assert_valid(view: dict[str, Any]) -> None:
    """Fail unless the local Slack, slack_sdk and slackblocks all take a modal."""
    check_view(view, kind="modal")
    sdk_accepts(view["blocks"])
    SdkView(**view).validate_json()
    for block in view["blocks"]:
        rebuilt(block)


def untouched(form: Form) -> Any:
    """Send every page of a form as it is, and return the value that comes of it."""
    filling = begun(form)
    while next_page(form, filling) is not None:
        view = page_of(form, filling=filling)
        check_view(view, kind="modal")
        filling = sent(form, filling, entries_of(form, initial_values({**view, "id": "V1"})))
    return read_form(form, filling.entries)


def filled_in(form: Form, value: Any, *, chosen: Chosen) -> Any:
    """Enter a value into every field that is shown, send page after page, and return what comes of it."""
    filling = begun(form)
    fields = {block_id_of(form, field.name): field for field in form.fields}
    while next_page(form, filling) is not None:
        view = page_of(form, filling=filling)
        assert_valid(view)
        states: dict[str, dict[str, Any]] = {}
        for block in (each for each in view["blocks"] if each["type"] == "input"):
            typed = _typed(fields[block["block_id"]], value, chosen=chosen)
            state = _state(block["element"], typed)
            assert problem_for_person(block, state) is None
            states[block["block_id"]] = {"value": state}
        filling = sent(form, filling, entries_of(form, states))
    return read_form(form, filling.entries)


def _state(element: dict[str, Any], typed: Any) -> dict[str, Any]:
    """Give the state of an element; options are chosen by their value, as a label may look like another's value."""
    options = {option["value"]: option for option in offered(element)}
    if not options:
        return filled_state(element, typed, workspace=WORKSPACE)
    if isinstance(typed, list):
        return {"type": element["type"], "selected_options": [options[each] for each in typed]}
    return {"type": element["type"], "selected_option": None if typed is None else options[typed]}


def _typed(field: Field, value: Any, *, chosen: Chosen) -> Any:
    """Give what a person would put into a field for its part of the value."""
    held = _at(value, field.path)
    if held is NOTHING or held is None:
        return [] if field.kind is FieldKind.CHOICES else None
    match field.kind:
        case FieldKind.CHOICE if field.path in chosen:
            return str(chosen[field.path])
        case FieldKind.CHOICE:
            return _index(field, held)
        case FieldKind.CHOICES:
            return [_index(field, each) for each in held]
        case FieldKind.LINES:
            return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in held)
        case FieldKind.TIME:
            return held[:5]
        case FieldKind.DATE_TIME:
            return int(datetime.fromisoformat(held).timestamp())
        case FieldKind.BOOLEAN | FieldKind.INTEGER | FieldKind.NUMBER | FieldKind.JSON:
            return json.dumps(held)
    return held


def _index(field: Field, held: Any) -> str:
    return next(str(at) for at, each in enumerate(field.choices) if json.dumps(each) == json.dumps(held))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return NOTHING
        value = value[key]
    return value
