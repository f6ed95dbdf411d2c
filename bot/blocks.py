"""Block Kit atoms: each makes one piece that Slack accepts, with Slack's limit and the limit's source beside it.

Limits without another source are those of slackblocks 3.0.0 (spec/limits.json) and slack_sdk 3.47's validators.
A character is a Unicode code point. Text that is too long is cut and ends in "…"; texts are shown literally
(plain_text without emoji codes, rich_text), after `inert.visible`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from bot.inert import cut, one_line, visible

Block: TypeAlias = dict[str, Any]
Element: TypeAlias = dict[str, Any]
Style: TypeAlias = Literal["bold", "italic", "code", "strike"]

VIEW_BLOCKS: Final = 100
TEXT_CHARS: Final = 3_000
HEADER_CHARS: Final = 150
BUTTON_CHARS: Final = 75
BUTTONS: Final = 25
"""Elements of one actions block (https://docs.slack.dev/reference/block-kit/blocks/actions-block)."""
BUTTON_VALUE_CHARS: Final = 2_000
OPTION_CHARS: Final = 75
OPTIONS: Final = 100
RADIO_OPTIONS: Final = 10
LABEL_CHARS: Final = 2_000
HINT_CHARS: Final = 2_000
TITLE_CHARS: Final = 24
NAME_CHARS: Final = 100
"""A name that is not one of Slack's; ours, so that no name pushes the rest out of sight."""
METADATA_CHARS: Final = 3_000
INPUT_CHARS: Final = 3_000
NOTIFICATION_CHARS: Final = 4_000
"""chat.update refuses a longer `text` with msg_too_long (https://docs.slack.dev/reference/methods/chat.update)."""
MESSAGE_CHARS: Final = 12_000
"""All blocks of a message together. Slack documents no figure; msg_blocks_too_long was seen at some 13 200
characters (slackapi/bolt-js#2509), so this stays below, counted as JSON with Slack's own escapes."""
VIEW_BYTES: Final = 240_000
"""views.open refuses more than 250 kB with view_too_large; Slack adds ids of its own."""

_USER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP: Final = re.compile(r"S[A-Z0-9]{2,30}")
_SLACK_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain(text: str, *, max_chars: int = TEXT_CHARS) -> Element:
    """Make a plain_text object in which nothing is live, not even an emoji code. Empty text becomes a space."""
    return {"type": "plain_text", "text": cut(visible(text), max_chars=max_chars) or " ", "emoji": False}


def header(text: str) -> Block:
    """Make a heading of one line, at most 150 characters."""
    return {"type": "header", "text": plain(one_line(text), max_chars=HEADER_CHARS)}


def section(text: str, *, accessory: Element | None = None) -> Block:
    """Make a paragraph of at most 3 000 characters; `accessory` (a button) stands at its right."""
    block: Block = {"type": "section", "text": plain(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def context(*texts: str) -> Block:
    """Make a line of small print; at most 10 texts."""
    return {"type": "context", "elements": [plain(text, max_chars=TEXT_CHARS) for text in texts]}


def divider() -> Block:
    """Make a line between two parts."""
    return {"type": "divider"}


def button(
    label: str,
    *,
    action_id: str,
    value: str | None = None,
    style: Literal["primary", "danger"] | None = None,
    url: str | None = None,
) -> Element:
    """Make a button. `value` (at most 2 000 characters) comes back with the click; it is never cut.

    Raises:
        ValueError: `value` is too long, so that the click could not be understood.
    """
    if value is not None and len(value) > BUTTON_VALUE_CHARS:
        raise ValueError("A button's value has at most 2 000 characters.")
    made: Element = {"type": "button", "text": plain(label, max_chars=BUTTON_CHARS), "action_id": action_id}
    extras = {"value": value, "style": style, "url": url}
    return {**made, **{name: extra for name, extra in extras.items() if extra is not None}}


def actions(buttons: Sequence[Element], *, block_id: str) -> Block:
    """Make a row of 1 to 25 buttons (`BUTTONS`)."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def rich(*parts: Element) -> Block:
    """Make a rich_text block of sections, quotes and preformatted parts; it may not be empty."""
    return {"type": "rich_text", "elements": list(parts)}


def line(*elements: Element) -> Element:
    """Make a rich_text section of at least one element."""
    return {"type": "rich_text_section", "elements": list(elements)}


def quote(*elements: Element) -> Element:
    """Make a quote: its lines stand behind a bar, so that they cannot pass for lines of ours."""
    return {"type": "rich_text_quote", "elements": list(elements)}


def preformatted(content: str) -> Element:
    """Make a part in which every space and line break counts."""
    return {"type": "rich_text_preformatted", "elements": [text(content)]}


def text(content: str, *styles: Style) -> Element:
    """Make literal text of rich_text: Slack takes no markup from it. Empty text becomes a space."""
    made: Element = {"type": "text", "text": visible(content) or " "}
    return {**made, "style": dict.fromkeys(styles, True)} if styles else made


def user(user_id: str, *, name: str = "") -> Element:
    """Make a live mention of a person; what is no Slack user id is shown as literal text (the name, if any)."""
    if _USER.fullmatch(user_id):
        return {"type": "user", "user_id": user_id}
    return text(cut(visible(name or user_id), max_chars=NAME_CHARS))


def group(group_id: str) -> Element:
    """Make a live mention of a user group; what is no id of one is shown as literal text."""
    if _GROUP.fullmatch(group_id):
        return {"type": "usergroup", "usergroup_id": group_id}
    return text(cut(visible(group_id), max_chars=NAME_CHARS))


def date(moment: datetime) -> Element:
    """Make a time that Slack shows in each reader's own zone; its fallback says UTC."""
    return {
        "type": "date",
        "timestamp": int(moment.timestamp()),
        "format": "{date_short_pretty} at {time}",
        "fallback": f"{moment:%d %b %Y, %H:%M} UTC",
    }


def field_input(*, block_id: str, label: str, element: Element, optional: bool, hint: str = "") -> Block:
    """Make one input of a modal."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(one_line(label), max_chars=LABEL_CHARS),
        "element": {**element, "action_id": "value"},
        "optional": optional,
    }
    return {**block, "hint": plain(hint, max_chars=HINT_CHARS)} if hint else block


def text_input(
    *, initial: str | None = None, multiline: bool = False, max_chars: int | None = None
) -> Element:
    """Make a text input. `initial` (at most 3 000 characters) is taken as it is: it comes back with the form.

    Raises:
        ValueError: `initial` is too long; cutting it would change what is submitted.
    """
    if initial is not None and len(initial) > INPUT_CHARS:
        raise ValueError("A text input starts with at most 3 000 characters.")
    made: Element = {"type": "plain_text_input", "multiline": multiline}
    extras = {"initial_value": initial or None, "max_length": max_chars}
    return {**made, **{name: extra for name, extra in extras.items() if extra is not None}}


def number_input(*, initial: str | None = None, decimals: bool) -> Element:
    """Make an input for a number in Slack's spelling; the bounds are checked when the form is sent."""
    made: Element = {"type": "number_input", "is_decimal_allowed": decimals}
    return {**made, "initial_value": initial} if initial else made


def options(pairs: Iterable[tuple[str, str]]) -> list[Element]:
    """Make options from (label, value) pairs."""
    return [
        {"text": plain(one_line(label), max_chars=OPTION_CHARS), "value": value} for label, value in pairs
    ]


def radio(pairs: Sequence[tuple[str, str]], *, initial: str | None = None) -> Element:
    """Make radio buttons, at most 10. `initial` is the value of the chosen one."""
    return _chosen({"type": "radio_buttons", "options": options(pairs)}, options(pairs), initial)


def select(pairs: Sequence[tuple[str, str]], *, initial: str | None = None) -> Element:
    """Make a menu of at most 10 000 (label, value) pairs: 100 groups of 100 when they are more than 100."""
    made = options(pairs)
    if len(made) <= OPTIONS:
        return _chosen({"type": "static_select", "options": made}, made, initial)
    groups = [
        {"label": plain(f"{at + 1} to {min(at + OPTIONS, len(made))}"), "options": made[at : at + OPTIONS]}
        for at in range(0, len(made), OPTIONS)
    ]
    return _chosen({"type": "static_select", "option_groups": groups}, made, initial)


def modal(
    *, title: str, callback_id: str, private_metadata: str, blocks: Sequence[Block], submit: str | None
) -> Block:
    """Make a modal. `private_metadata` (at most 3 000 characters) comes back with it.

    Raises:
        ValueError: `private_metadata` is too long, so that the submission could not be understood.
    """
    if len(private_metadata) > METADATA_CHARS:
        raise ValueError("A view's private metadata has at most 3 000 characters.")
    made: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(one_line(title), max_chars=TITLE_CHARS),
        "close": plain("Cancel" if submit else "Close", max_chars=TITLE_CHARS),
        "private_metadata": private_metadata,
        "blocks": list(blocks),
    }
    return {**made, "submit": plain(submit, max_chars=TITLE_CHARS)} if submit else made


def message_chars(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Count the blocks of a message as JSON with Slack's escapes: an upper bound of what Slack counts."""
    return len(json.dumps(blocks, ensure_ascii=False).translate(_SLACK_ESCAPES))


def view_bytes(view: Mapping[str, Any]) -> int:
    """Count a view in bytes, as ASCII JSON: an upper bound of what Slack counts."""
    return len(json.dumps(view))


def _chosen(element: Element, made: Sequence[Element], initial: str | None) -> Element:
    first = next((option for option in made if option["value"] == initial), None)
    return element if first is None else {**element, "initial_option": first}
