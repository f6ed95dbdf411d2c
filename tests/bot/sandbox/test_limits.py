"""What the sandbox refuses, held against slackblocks' published limits and slack_sdk's validators."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slackblocks import _limits as published
from slackblocks._surfaces import _BLOCK_TYPES_BY_SURFACE

from bot.sandbox.blockkit import SURFACES, Surface, block_problems, with_ids
from bot.sandbox.errors import Refused
from bot.sandbox.limits import (
    BLOCKS_CHARS,
    METADATA_BYTES,
    check_message,
    check_metadata,
    check_update_text,
    check_view,
    view_problems,
)

Json = dict[str, Any]


def _plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def _button(**more: Any) -> Json:
    return {"type": "button", "text": _plain("B"), "action_id": "a", **more}


def _actions(*elements: Json, **more: Any) -> list[Json]:
    return [{"type": "actions", "elements": list(elements), **more}]


def _buttons(count: int) -> list[Json]:
    return [_button(action_id=f"a{number}") for number in range(count)]


def _options(count: int) -> list[Json]:
    return [{"text": _plain(f"o{number}"), "value": f"v{number}"} for number in range(count)]


def _option(**more: Any) -> list[Json]:
    return _actions(_chooser("static_select", [{"text": _plain("o"), "value": "v", **more}]))


def _chooser(kind: str, options: list[Json]) -> Json:
    return {"type": kind, "action_id": "s", "options": options}


def _confirm(**more: Any) -> list[Json]:
    parts = {"title": _plain("t"), "text": _plain("t"), "confirm": _plain("y"), "deny": _plain("n"), **more}
    return _actions(_button(confirm=parts))


def _input(**more: Any) -> list[Json]:
    element = {"type": "plain_text_input", "action_id": "a"}
    return [{"type": "input", "label": _plain("L"), "element": element, **more}]


def _text_input(**more: Any) -> list[Json]:
    return _input(element={"type": "plain_text_input", "action_id": "a", **more})


def _image(**more: Any) -> list[Json]:
    return [{"type": "image", "image_url": "https://x.example", "alt_text": "a", **more}]


def _section(text: Json) -> list[Json]:
    return [{"type": "section", "text": text}]


def _table(rows: int, columns: int = 1, settings: int = 1) -> list[Json]:
    cells = [{"type": "raw_text", "text": "c"}] * columns
    return [{"type": "table", "rows": [cells] * rows, "column_settings": [{"is_wrapped": True}] * settings}]


def _placeholder(kind: str, count: int) -> list[Json]:
    return _input(element={"type": kind, "action_id": "a", "placeholder": _plain("x" * count)})


LIMITS: dict[str, Callable[[int], list[Json]]] = {
    "ACTION_ID_MAX_LENGTH": lambda n: _actions(_button(action_id="x" * n)),
    "BLOCK_ID_MAX_LENGTH": lambda n: [{"type": "divider", "block_id": "x" * n}],
    "ACTIONS_ELEMENTS_MAX_ITEMS": lambda n: _actions(*_buttons(n)),
    "BUTTON_TEXT_MAX_LENGTH": lambda n: _actions(_button(text=_plain("x" * n))),
    "BUTTON_VALUE_MAX_LENGTH": lambda n: _actions(_button(value="x" * n)),
    "BUTTON_URL_MAX_LENGTH": lambda n: _actions(_button(url="x" * n)),
    "BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH": lambda n: _actions(_button(accessibility_label="x" * n)),
    "CONFIRMATION_TITLE_MAX_LENGTH": lambda n: _confirm(title=_plain("x" * n)),
    "CONFIRMATION_TEXT_MAX_LENGTH": lambda n: _confirm(text=_mrkdwn("x" * n)),
    "CONFIRMATION_CONFIRM_MAX_LENGTH": lambda n: _confirm(confirm=_plain("x" * n)),
    "CONFIRMATION_DENY_MAX_LENGTH": lambda n: _confirm(deny=_plain("x" * n)),
    "OPTION_TEXT_MAX_LENGTH": lambda n: _option(text=_plain("x" * n)),
    "OPTION_VALUE_MAX_LENGTH": lambda n: _option(value="x" * n),
    "OPTION_DESCRIPTION_MAX_LENGTH": lambda n: _option(description=_plain("x" * n)),
    "SELECT_OPTIONS_MAX_ITEMS": lambda n: _actions(_chooser("static_select", _options(n))),
    "SELECT_OPTION_GROUPS_MAX_ITEMS": lambda n: _actions(
        {
            "type": "static_select",
            "action_id": "s",
            "option_groups": [{"label": _plain("g"), "options": _options(1)}] * n,
        }
    ),
    "OPTION_GROUP_OPTIONS_MAX_ITEMS": lambda n: _actions(
        {
            "type": "static_select",
            "action_id": "s",
            "option_groups": [{"label": _plain("g"), "options": _options(n)}],
        }
    ),
    "OPTION_GROUP_LABEL_MAX_LENGTH": lambda n: _actions(
        {
            "type": "static_select",
            "action_id": "s",
            "option_groups": [{"label": _plain("x" * n), "options": _options(1)}],
        }
    ),
    "OVERFLOW_OPTIONS_MAX_ITEMS": lambda n: _actions(_chooser("overflow", _options(n))),
    "CHECKBOXES_OPTIONS_MAX_ITEMS": lambda n: _actions(_chooser("checkboxes", _options(n))),
    "RADIO_BUTTONS_OPTIONS_MAX_ITEMS": lambda n: _actions(_chooser("radio_buttons", _options(n))),
    "SELECT_PLACEHOLDER_MAX_LENGTH": lambda n: _placeholder("users_select", n),
    "PLAIN_TEXT_INPUT_PLACEHOLDER_MAX_LENGTH": lambda n: _placeholder("plain_text_input", n),
    "EMAIL_INPUT_PLACEHOLDER_MAX_LENGTH": lambda n: _placeholder("email_text_input", n),
    "URL_INPUT_PLACEHOLDER_MAX_LENGTH": lambda n: _placeholder("url_text_input", n),
    "DATE_PICKER_PLACEHOLDER_MAX_LENGTH": lambda n: _placeholder("datepicker", n),
    "TIME_PICKER_PLACEHOLDER_MAX_LENGTH": lambda n: _placeholder("timepicker", n),
    "PLAIN_TEXT_INPUT_MIN_LENGTH_MAX": lambda n: _text_input(min_length=n),
    "PLAIN_TEXT_INPUT_MAX_LENGTH_MAX": lambda n: _text_input(max_length=n),
    "INPUT_LABEL_MAX_LENGTH": lambda n: _input(label=_plain("x" * n)),
    "INPUT_HINT_MAX_LENGTH": lambda n: _input(hint=_plain("x" * n)),
    "CONTEXT_ELEMENTS_MAX_ITEMS": lambda n: [{"type": "context", "elements": [_mrkdwn("x")] * n}],
    "HEADER_TEXT_MAX_LENGTH": lambda n: [{"type": "header", "text": _plain("x" * n)}],
    "IMAGE_IMAGE_URL_MAX_LENGTH": lambda n: _image(image_url="x" * n),
    "IMAGE_ALT_TEXT_MAX_LENGTH": lambda n: _image(alt_text="x" * n),
    "IMAGE_TITLE_MAX_LENGTH": lambda n: _image(title=_plain("x" * n)),
    "MARKDOWN_TEXT_MAX_LENGTH": lambda n: [{"type": "markdown", "text": "x" * n}],
    "MARKDOWN_TOTAL_TEXT_MAX_LENGTH": lambda n: [
        {"type": "markdown", "text": "x" * (n - 9)},
        {"type": "markdown", "text": "x" * 9},
    ],
    "RICH_TEXT_LIST_INDENT_MAX": lambda n: [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "indent": n,
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
                }
            ],
        }
    ],
    "SECTION_TEXT_MAX_LENGTH": lambda n: _section(_mrkdwn("x" * n)),
    "SECTION_FIELDS_MAX_ITEMS": lambda n: [{"type": "section", "fields": [_plain("x")] * n}],
    "SECTION_FIELDS_ITEM_MAX_LENGTH": lambda n: [{"type": "section", "fields": [_plain("x" * n)]}],
    "TABLE_ROWS_MAX_ITEMS": lambda n: _table(n),
    "TABLE_COLUMNS_MAX_ITEMS": lambda n: _table(1, n),
    "TABLE_COLUMN_SETTINGS_MAX_ITEMS": lambda n: _table(1, 1, n),
    "CARD_TITLE_MAX_LENGTH": lambda n: [{"type": "card", "title": _plain("x" * n)}],
    "CARD_SUBTITLE_MAX_LENGTH": lambda n: [
        {"type": "card", "title": _plain("t"), "subtitle": _plain("x" * n)}
    ],
    "CARD_BODY_MAX_LENGTH": lambda n: [{"type": "card", "body": _plain("x" * n)}],
    "CARD_ACTIONS_MAX_ITEMS": lambda n: [{"type": "card", "actions": _buttons(n)}],
    "PLAN_TASKS_MAX_ITEMS": lambda n: [
        {"type": "plan", "title": "p", "tasks": [{"type": "task_card", "task_id": "t", "title": "t"}] * n}
    ],
    "MESSAGE_BLOCKS_MAX_ITEMS": lambda n: [{"type": "divider"}] * n,
}
# of these slack_sdk knows nothing, or its model of the block differs from the wire
_SDK_CANNOT_PARSE = {"CARD_ACTIONS_MAX_ITEMS", "PLAN_TASKS_MAX_ITEMS", "CARD_SUBTITLE_MAX_LENGTH"}


@pytest.mark.parametrize("name", LIMITS)
def test_a_published_limit_is_kept_to_the_unit(name: str) -> None:
    """What is at a limit of slackblocks' registry is taken; one more is refused with a pointer to the place."""
    limit = getattr(published, name)
    assert block_problems(LIMITS[name](limit), surface="message") == []
    problems = block_problems(LIMITS[name](limit + 1), surface="message")
    assert problems
    assert all(line.startswith("[ERROR] ") and "[json-pointer:/blocks" in line for line in problems)


@pytest.mark.parametrize("name", sorted(set(LIMITS) - _SDK_CANNOT_PARSE))
def test_what_is_taken_at_a_limit_is_valid_for_slack_sdk(name: str) -> None:
    """The sandbox's idea of a valid block agrees with slack_sdk's validators."""
    for block in Block.parse_all(LIMITS[name](getattr(published, name))):
        block.validate_json()


MODAL = {
    "type": "modal",
    "title": _plain("T"),
    "submit": _plain("S"),
    "blocks": _input(),
}
VIEW_LIMITS: dict[str, Callable[[int], Json]] = {
    "VIEW_TITLE_MAX_LENGTH": lambda n: {**MODAL, "title": _plain("x" * n)},
    "VIEW_SUBMIT_MAX_LENGTH": lambda n: {**MODAL, "submit": _plain("x" * n)},
    "VIEW_CLOSE_MAX_LENGTH": lambda n: {**MODAL, "close": _plain("x" * n)},
    "VIEW_PRIVATE_METADATA_MAX_LENGTH": lambda n: {**MODAL, "private_metadata": "x" * n},
    "VIEW_CALLBACK_ID_MAX_LENGTH": lambda n: {**MODAL, "callback_id": "x" * n},
    "VIEW_EXTERNAL_ID_MAX_LENGTH": lambda n: {**MODAL, "external_id": "x" * n},
    "VIEW_BLOCKS_MAX_ITEMS": lambda n: {**MODAL, "blocks": [{"type": "divider"}] * n},
}


@pytest.mark.parametrize("name", VIEW_LIMITS)
def test_a_limit_of_views_is_kept_to_the_unit(name: str) -> None:
    """A view at a published limit is taken by the sandbox and by slack_sdk; one more is refused by the sandbox."""
    limit = getattr(published, name)
    check_view(VIEW_LIMITS[name](limit), kind="modal")
    View(**VIEW_LIMITS[name](limit)).validate_json()
    with pytest.raises(Refused) as refused:
        check_view(VIEW_LIMITS[name](limit + 1), kind="modal")
    assert refused.value.code == "invalid_arguments"
    assert "[json-pointer:/view" in refused.value.problems[0]


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_each_surface_takes_the_blocks_that_slackblocks_names(surface: Surface) -> None:
    """The block types per surface are those of slackblocks, and others are refused as unsupported."""
    assert SURFACES[surface] == _BLOCK_TYPES_BY_SURFACE[surface]
    refused = "alert" if surface != "modal" else "markdown"
    problems = block_problems([{"type": refused, "text": "x"}], surface=surface)
    assert problems == [f"[ERROR] unsupported type: {refused} [json-pointer:/blocks/0/type]"]


MISSED_BY_SDK: dict[str, list[Json]] = {
    "51 blocks": [{"type": "divider"}] * 51,
    "empty header": [{"type": "header", "text": _plain("")}],
    "empty section": _section(_mrkdwn("")),
    "empty label": _input(label=_plain("")),
    "mrkdwn header": [{"type": "header", "text": _mrkdwn("x")}],
    "mrkdwn button": _actions(_button(text=_mrkdwn("x"))),
    "mrkdwn label": _input(label=_mrkdwn("x")),
    "long field": [{"type": "section", "fields": [_plain("x" * 2001)]}],
    "long option text": _option(text=_plain("x" * 76)),
    "long option value": _option(value="x" * 151),
    "11 checkboxes": _actions(_chooser("checkboxes", _options(11))),
    "11 radios": _actions(_chooser("radio_buttons", _options(11))),
    "initial option not offered": _actions(
        {**_chooser("static_select", _options(2)), "initial_option": _options(3)[2]}
    ),
    "initial options not offered": _actions(
        {**_chooser("checkboxes", _options(2)), "initial_options": _options(3)}
    ),
    "same block_id": [{"type": "divider", "block_id": "x"}] * 2,
    "same action_id": _actions(_button(), _button()),
    "max_length 3001": _text_input(max_length=3001),
    "max_length 0": _text_input(max_length=0),
    "initial_value over 3000": _text_input(initial_value="x" * 3001),
    "initial_value over max_length": _text_input(initial_value="xx", max_length=1),
    "min over max": _text_input(min_length=2, max_length=1),
    "number below minimum": _input(
        element={
            "type": "number_input",
            "action_id": "a",
            "is_decimal_allowed": True,
            "min_value": "3",
            "initial_value": "2",
        }
    ),
    "number bounds crossed": _input(
        element={
            "type": "number_input",
            "action_id": "a",
            "is_decimal_allowed": True,
            "min_value": "3",
            "max_value": "2",
        }
    ),
    "two tables": [*_table(1), *_table(1)],
    "no rows": _table(0),
    "unknown cell": [{"type": "table", "rows": [[{"type": "mrkdwn", "text": "x"}]]}],
    "markdown together": [{"type": "markdown", "text": "x" * 6001}] * 2,
    "empty actions": _actions(),
    "no context elements": [{"type": "context", "elements": []}],
    "button in context": [{"type": "context", "elements": [_button()]}],
    "unknown field": _actions(_button(colour="red")),
    "emoji on mrkdwn": _section({"type": "mrkdwn", "text": "x", "emoji": True}),
    "unknown style": _actions(_button(style="warning")),
    "two focused": [
        *_text_input(focus_on_load=True),
        *_input(element={"type": "users_select", "action_id": "b", "focus_on_load": True}),
    ],
    "options and groups": _actions(
        {
            **_chooser("static_select", _options(1)),
            "option_groups": [{"label": _plain("g"), "options": _options(1)}],
        }
    ),
    "no options": _actions({"type": "static_select", "action_id": "s"}),
    "image without source": [{"type": "image", "alt_text": "a"}],
    "no type": [{"text": _plain("x")}],
    "not an object": ["divider"],  # type: ignore[list-item]  # what a careless caller may send
}


@pytest.mark.parametrize("name", MISSED_BY_SDK)
def test_slack_refuses_more_than_the_sdk(name: str) -> None:
    """Blocks that slack_sdk lets pass, and Slack does not, are refused here."""
    assert block_problems(MISSED_BY_SDK[name], surface="message")


def test_the_same_action_id_may_stand_in_two_blocks() -> None:
    """An action_id is unique in its block only (docs.slack.dev), so a list may repeat one button per row."""
    rows = [{"type": "section", "text": _plain("r"), "accessory": _button()} for _ in range(2)]
    assert block_problems(rows, surface="home") == []


BROKEN_VIEWS: dict[str, Json] = {
    "no title": {name: value for name, value in MODAL.items() if name != "title"},
    "empty title": {**MODAL, "title": _plain("")},
    "mrkdwn title": {**MODAL, "title": _mrkdwn("T")},
    "no submit": {name: value for name, value in MODAL.items() if name != "submit"},
    "no blocks": {**MODAL, "blocks": []},
    "markdown in a modal": {**MODAL, "blocks": [{"type": "markdown", "text": "x"}]},
    "table in a modal": {**MODAL, "blocks": _table(1)},
    "unknown field": {**MODAL, "colour": "red"},
    "home as modal": {**MODAL, "type": "home"},
    "no type": {name: value for name, value in MODAL.items() if name != "type"},
}


@pytest.mark.parametrize("name", BROKEN_VIEWS)
def test_a_broken_view_is_refused(name: str) -> None:
    """A view without its parts, or with parts that do not belong there, is invalid_arguments."""
    with pytest.raises(Refused) as refused:
        check_view(BROKEN_VIEWS[name], kind="modal")
    assert refused.value.code == "invalid_arguments"


def test_a_modal_without_inputs_needs_no_submit() -> None:
    """A view that only shows something may have no submit button."""
    view = {**MODAL, "submit": None, "blocks": [{"type": "divider"}]}
    assert view_problems(view, kind="modal") == []


def test_a_home_has_neither_title_nor_submit() -> None:
    """A home with a modal's fields is refused, a plain one taken."""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    check_view(home, kind="home")
    with pytest.raises(Refused):
        check_view({**home, "title": _plain("T")}, kind="home")


def test_a_view_over_250_kb_is_too_large() -> None:
    """The size is counted before anything else is looked at, in bytes."""
    section = _section(_plain("é" * 3000))[0]
    with pytest.raises(Refused) as refused:
        check_view({**MODAL, "blocks": [section] * 42}, kind="modal")
    assert refused.value.code == "view_too_large"


def _refusal(check: Callable[..., None], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as refused:
        check(*args, **kwargs)
    return refused.value.code


def test_messages_are_refused_in_slacks_words() -> None:
    """Each reason has the error word of chat.postMessage."""
    long = [*_section(_plain("x" * 3000)) * 4, *_section(_plain("x" * (BLOCKS_CHARS - 12000)))]
    check_message(text=None, blocks=long)
    assert _refusal(check_message, text="", blocks=[]) == "no_text"
    assert _refusal(check_message, text="x", blocks="[") == "invalid_blocks_format"
    assert _refusal(check_message, text="x", blocks=[{"type": "nonsense"}]) == "invalid_blocks"
    assert _refusal(check_message, text="x", blocks=[*long, *_section(_plain("x"))]) == "msg_blocks_too_long"
    assert _refusal(check_message, text="x", markdown_text="y") == "markdown_text_conflict"
    assert _refusal(check_message, text=None, markdown_text="y" * 12001) == "msg_too_long"
    assert _refusal(check_message, text="x", attachments=[{}] * 101) == "too_many_attachments"
    assert _refusal(check_message, text="x", attachments=[{"blocks": [{}]}]) == "invalid_attachments"


def test_an_update_takes_4000_characters() -> None:
    """chat.update refuses a longer text where chat.postMessage would cut it."""
    check_update_text("x" * 4000)
    assert _refusal(check_update_text, "x" * 4001) == "msg_too_long"


def test_metadata_has_a_form_and_a_size() -> None:
    """Metadata is {event_type, event_payload} and small."""
    good = {"event_type": "approval", "event_payload": {"id": "1"}}
    check_metadata(good)
    assert _refusal(check_metadata, {"event_type": "x"}) == "invalid_metadata_format"
    assert _refusal(check_metadata, {**good, "more": 1}) == "invalid_metadata_format"
    assert _refusal(check_metadata, "x") == "invalid_metadata_format"
    large = {"event_type": "x", "event_payload": {"text": "x" * METADATA_BYTES}}
    assert _refusal(check_metadata, large) == "metadata_too_large"


def test_a_character_is_a_code_point() -> None:
    """An emoji of one code point counts one, as slackblocks counts."""
    assert block_problems(_actions(_button(text=_plain("🚀" * 75))), surface="message") == []
    assert block_problems(_actions(_button(text=_plain("🚀" * 76))), surface="message")


JUNK: list[Any] = [None, 1, "x", [], {}, [[]], {"type": 1}, {"type": "actions"}, True]


@pytest.mark.parametrize("name", LIMITS)
def test_junk_anywhere_is_refused_or_taken_but_never_breaks(name: str) -> None:
    """Whatever stands in place of any value of a block, the check answers with a list."""
    blocks = LIMITS[name](1)
    for path in _paths(blocks):
        for junk in JUNK:
            spoiled = json.loads(json.dumps(blocks))
            _put(spoiled, path, junk)
            if block_problems(spoiled, surface="message") == [] and isinstance(spoiled, list):
                with_ids(spoiled)


def _paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path for name, one in value.items() for path in [(*here, name), *_paths(one, (*here, name))]]
    if isinstance(value, list):
        return [
            path for index, one in enumerate(value) for path in [(*here, index), *_paths(one, (*here, index))]
        ]
    return []


def _put(value: Any, path: tuple[Any, ...], junk: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = junk


def test_the_sdk_refuses_nothing_that_the_sandbox_takes_over_a_limit() -> None:
    """One over a limit that slack_sdk validates is refused by both: the limits do not drift apart."""
    refused_by_sdk = []
    for name in sorted(set(LIMITS) - _SDK_CANNOT_PARSE):
        try:
            for block in Block.parse_all(LIMITS[name](getattr(published, name) + 1)):
                block.validate_json()
        except SlackObjectFormationError:
            refused_by_sdk.append(name)
            assert block_problems(LIMITS[name](getattr(published, name) + 1), surface="message")
    assert {"ACTIONS_ELEMENTS_MAX_ITEMS", "HEADER_TEXT_MAX_LENGTH", "SECTION_TEXT_MAX_LENGTH"} <= set(
        refused_by_sdk
    )
