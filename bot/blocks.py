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
CHECKBOXES: Final = 10
CHOSEN: Final = 100
"""Options that may be chosen already in a menu of several."""
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
    *,
    initial: str | None = None,
    multiline: bool = False,
    min_chars: int | None = None,
    max_chars: int | None = None,
) -> Element:
    """Make a text input. `initial` (at most 3 000 characters) is taken as it is: it comes back with the form.

    A bound of more than 3 000 characters, or one that `initial` does not keep, is left to whoever reads the form.

    Raises:
        ValueError: `initial` is too long; cutting it would change what is submitted.
    """
    if initial is not None and len(initial) > INPUT_CHARS:
        raise ValueError("A text input starts with at most 3 000 characters.")
    made: Element = {"type": "plain_text_input", "multiline": multiline}
    least = (
        min_chars if min_chars and min_chars <= min(INPUT_CHARS, len(initial or "") or INPUT_CHARS) else None
    )
    most = (
        max_chars if max_chars and max(len(initial or ""), least or 1) <= max_chars <= INPUT_CHARS else None
    )
    return _with(made, initial_value=initial or None, min_length=least, max_length=most)


def number_input(
    *, initial: str | None = None, decimals: bool, least: str | None = None, most: str | None = None
) -> Element:
    """Make an input for a number in Slack's spelling; `least` and `most` are inclusive, in the same spelling."""
    made: Element = {"type": "number_input", "is_decimal_allowed": decimals}
    return _with(made, initial_value=initial or None, min_value=least, max_value=most)


def date_input(*, initial: str | None = None) -> Element:
    """Make a calendar. `initial` is a date such as 2026-01-31."""
    return _with({"type": "datepicker"}, initial_date=initial)


def time_input(*, initial: str | None = None) -> Element:
    """Make an input for a time of day. `initial` is a time such as 09:30."""
    return _with({"type": "timepicker"}, initial_time=initial)


def moment_input(*, initial: int | None = None) -> Element:
    """Make a calendar with a clock, which shows the reader's own zone. `initial` is in seconds since 1970, of
    ten digits (slackblocks 3.0.0)."""
    return _with({"type": "datetimepicker"}, initial_date_time=initial)


def email_input(*, initial: str | None = None) -> Element:
    """Make an input for an e-mail address."""
    return _with({"type": "email_text_input"}, initial_value=initial or None)


def url_input(*, initial: str | None = None) -> Element:
    """Make an input for a web address."""
    return _with({"type": "url_text_input"}, initial_value=initial or None)


def user_select(*, initial: str | None = None) -> Element:
    """Make a menu of the workspace's people. `initial` is an id."""
    return _with({"type": "users_select"}, initial_user=initial)


def channel_select(*, initial: str | None = None) -> Element:
    """Make a menu of the public and private channels that the reader sees. `initial` is an id."""
    made = {"type": "conversations_select", "filter": {"include": ["public", "private"]}}
    return _with(made, initial_conversation=initial)


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
    return _chosen({"type": "static_select", **_offered(made)}, made, initial)


def checkboxes(pairs: Sequence[tuple[str, str]], *, initial: Sequence[str] = ()) -> Element:
    """Make up to 10 boxes to tick. `initial` are the values of the ticked ones."""
    return _several({"type": "checkboxes", "options": options(pairs)}, options(pairs), initial)


def multi_select(pairs: Sequence[tuple[str, str]], *, initial: Sequence[str] = ()) -> Element:
    """Make a menu of at most 10 000 options of which several can be chosen."""
    made = options(pairs)
    return _several({"type": "multi_static_select", **_offered(made)}, made, initial)


def modal(
    *,
    title: str,
    callback_id: str,
    private_metadata: str,
    blocks: Sequence[Block],
    submit: str | None,
    tells_when_closed: bool = False,
) -> Block:
    """Make a modal. `private_metadata` (at most 3 000 characters) comes back with it.

    `tells_when_closed`: we hear of it also when the person leaves it without sending it.

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
    said = {"submit": plain(submit, max_chars=TITLE_CHARS)} if submit else {}
    return {**made, **said, **({"notify_on_close": True} if tells_when_closed else {})}


def message_chars(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Count the blocks of a message as JSON with Slack's escapes: an upper bound of what Slack counts."""
    return len(json.dumps(blocks, ensure_ascii=False).translate(_SLACK_ESCAPES))


def view_bytes(view: Mapping[str, Any]) -> int:
    """Count a view in bytes, as ASCII JSON: an upper bound of what Slack counts."""
    return len(json.dumps(view))


def _chosen(element: Element, made: Sequence[Element], initial: str | None) -> Element:
    first = next((option for option in made if option["value"] == initial), None)
    return element if first is None else {**element, "initial_option": first}


def _several(element: Element, made: Sequence[Element], initial: Sequence[str]) -> Element:
    by_value = {option["value"]: option for option in made}
    first = [by_value[value] for value in initial if value in by_value]
    return {**element, "initial_options": first} if first else element


def _offered(made: Sequence[Element]) -> Element:
    """Give options as a menu takes them: in groups of 100 when they are more than 100."""
    if len(made) <= OPTIONS:
        return {"options": list(made)}
    groups = [
        {
            "label": plain(f"{at + 1} to {min(at + OPTIONS, len(made))}"),
            "options": list(made[at : at + OPTIONS]),
        }
        for at in range(0, len(made), OPTIONS)
    ]
    return {"option_groups": groups}


def _with(element: Element, **extras: Any) -> Element:
    """Add what is not None."""
    return {**element, **{name: extra for name, extra in extras.items() if extra is not None}}
