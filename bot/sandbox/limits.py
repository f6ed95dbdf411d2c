"""What Slack refuses in a message or a view, in Slack's own error words: pure functions that raise Refused."""

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.blockkit import Surface, block_problems
from bot.sandbox.errors import Refused
from bot.sandbox.shapes import Rule, anything, flag, plain, problem, shape, string

TEXT_CUT_CHARS = 40_000  # chat.postMessage cuts longer texts (docs.slack.dev, "truncating content")
UPDATE_TEXT_CHARS = 4_000  # chat.update: msg_too_long (slack-api-ref, chat.update)
MARKDOWN_CHARS = 12_000
BLOCKS_CHARS = 13_200  # undocumented; seen in slackapi/bolt-js#2509
METADATA_BYTES = 8_000  # metadata_too_large has no documented figure: ours, on the careful side
VIEW_BYTES = 250_000
ATTACHMENTS = 100
STACK_VIEWS = 3

_view_fields: Mapping[str, Rule] = {
    "blocks": anything,
    "private_metadata": string(most=3000),
    "callback_id": string(most=255),
    "external_id": string(most=255),
}
_VIEWS: Mapping[str, Rule] = {
    "modal": shape(
        {"title": plain(24), "blocks": anything},
        {
            **_view_fields,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": flag,
            "notify_on_close": flag,
        },
    ),
    "home": shape({"blocks": anything}, _view_fields),
}


def check_message(
    *, text: str | None, blocks: Any = None, attachments: Any = None, markdown_text: str | None = None
) -> None:
    """Refuse a message that Slack would refuse; `blocks` and `attachments` are parsed JSON or None.

    Raises: Refused with no_text, invalid_blocks, invalid_blocks_format, msg_blocks_too_long,
    markdown_text_conflict, msg_too_long, too_many_attachments or invalid_attachments.
    """
    if markdown_text is not None and (text or blocks):
        raise Refused("markdown_text_conflict")
    if not ((text and text.strip()) or blocks or attachments or markdown_text):
        raise Refused("no_text")
    if markdown_text is not None and len(markdown_text) > MARKDOWN_CHARS:
        raise Refused("msg_too_long")
    _check_blocks(blocks)
    _check_attachments(attachments)


def _check_blocks(blocks: Any) -> None:
    if blocks is None:
        return
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    if problems := block_problems(blocks, surface="message"):
        raise Refused("invalid_blocks", problems=problems)
    if text_chars(blocks) > BLOCKS_CHARS:
        raise Refused("msg_blocks_too_long")


def _check_attachments(attachments: Any) -> None:
    if attachments is None:
        return
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise Refused("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise Refused("too_many_attachments")
    for one in attachments:
        if "blocks" in one and block_problems(one["blocks"], surface="message"):
            raise Refused("invalid_attachments")


def check_update_text(text: str | None) -> None:
    """Refuse a text that chat.update would refuse.

    Raises: Refused with msg_too_long over 4 000 characters.
    """
    if text is not None and len(text) > UPDATE_TEXT_CHARS:
        raise Refused("msg_too_long")


def text_chars(value: Any) -> int:
    """Count the characters of every `text` string in a tree of blocks."""
    if isinstance(value, list):
        return sum(text_chars(one) for one in value)
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    return (len(own) if isinstance(own, str) else 0) + sum(
        text_chars(one) for one in value.values() if isinstance(one, dict | list)
    )


def check_metadata(metadata: Any) -> None:
    """Refuse message metadata that is no {event_type: str, event_payload: object} or too large.

    Raises: Refused with invalid_metadata_format or metadata_too_large.
    """
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if not metadata["event_type"] or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if set(metadata) - {"event_type", "event_payload", "entities"}:
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise Refused("metadata_too_large")


def has_rich_text(message: Mapping[str, Any]) -> bool:
    """Tell whether a message holds a rich_text block, which chat.update cannot swap for others."""
    return any(block.get("type") == "rich_text" for block in message.get("blocks") or [])


def check_view(view: Any, *, kind: str) -> None:
    """Refuse a view that views.open, push, update (`kind` modal) or publish (`kind` home) would refuse.

    Raises: Refused with view_too_large or invalid_arguments and a message per problem.
    """
    if not isinstance(view, dict):
        raise Refused("invalid_arguments", problems=[problem("must be an object", "/view")])
    if len(json.dumps(view, ensure_ascii=False).encode("utf-8", "surrogatepass")) > VIEW_BYTES:
        raise Refused("view_too_large")
    if problems := view_problems(view, kind=kind):
        raise Refused("invalid_arguments", problems=problems)


def view_problems(view: Mapping[str, Any], *, kind: str) -> list[str]:
    """Return what Slack would say about this view; [] when it takes it."""
    if view.get("type") != kind:
        return [problem(f"unsupported type: {view.get('type')}", "/view/type")]
    found = list(_VIEWS[kind](view, "/view"))
    surface: Surface = "modal" if kind == "modal" else "home"
    if view.get("blocks") is not None:
        found += block_problems(view["blocks"], surface=surface, pointer="/view/blocks")
    if kind == "modal" and not view.get("submit") and _has_input(view.get("blocks")):
        found.append(problem("missing required field: submit", "/view"))
    return found


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
