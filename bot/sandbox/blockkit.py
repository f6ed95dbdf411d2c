"""Block Kit's blocks as rules, and which of them a message, a modal and a home may hold."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from bot.sandbox import elements
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
)

Surface = Literal["message", "modal", "home"]
_block_id: Mapping[str, Rule] = {"block_id": string(least=1, most=255)}
_card_fields: Mapping[str, Rule] = {
    "title": text(150),
    "subtitle": text(150),
    "body": text(200),
    "subtext": text(200),
    "actions": items(elements.in_actions, most=3),
}


def _some_text(block: Mapping[str, Any], pointer: str) -> Iterable[str]:
    if not block.get("text") and not block.get("fields"):
        yield problem("missing required field: text", pointer)


def _one_image(block: Mapping[str, Any], pointer: str) -> Iterable[str]:
    if bool(block.get("image_url")) == bool(block.get("slack_file")):
        yield problem("must have exactly one of image_url or slack_file", pointer)


def _some_card(block: Mapping[str, Any], pointer: str) -> Iterable[str]:
    if not any(block.get(name) for name in ("hero_image", "title", "actions", "body")):
        yield problem("missing one of hero_image, title, actions, body", pointer)


_leaf = shape({}, is_open=True)
_rich_text_leaf = by_type(
    {
        "text": shape({"text": string(least=1, most=10**6)}, {"style": anything}),
        **dict.fromkeys(
            ["link", "user", "usergroup", "channel", "emoji", "date", "broadcast", "color", "team"], _leaf
        ),
    }
)
_leaves = {"elements": items(_rich_text_leaf, most=10**6, least=0)}
_border = {"border": whole(least=0, most=1)}
_rich_text_part = by_type(
    {
        "rich_text_section": shape(_leaves),
        "rich_text_preformatted": shape(_leaves, {**_border, "language": anything}),
        "rich_text_quote": shape(_leaves, _border),
        "rich_text_list": shape(
            {
                "elements": items(by_type({"rich_text_section": shape(_leaves)}), most=10**6),
                "style": one_of("bullet", "ordered"),
            },
            {"indent": whole(least=0, most=8), "offset": whole(least=0, most=10**6), **_border},
        ),
    }
)
_rich_text = shape({"elements": items(_rich_text_part, most=10**6, least=0)}, _block_id)
_cell = by_type(
    {
        "raw_text": shape({"text": string(most=10**6)}, {"emoji": flag}),
        "raw_number": _leaf,
        "rich_text": _rich_text,
    }
)
_column = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": flag})
_card = shape(
    {},
    {**_block_id, **_card_fields, "hero_image": anything, "icon": anything, "slack_icon": anything},
    also=[_some_card],
)
_task = shape(
    {"task_id": string(least=1, most=255), "title": anything},
    {"status": one_of("pending", "in_progress", "complete", "error")},
    is_open=True,
)
BLOCKS: dict[str, Rule] = {
    "actions": shape({"elements": items(elements.in_actions, most=25)}, _block_id),
    "alert": shape(
        {"text": text(200)},
        {**_block_id, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": _card,
    "carousel": shape({"elements": items(by_type({"card": _card}), most=10)}, _block_id),
    "context": shape({"elements": items(elements.in_context, most=10)}, _block_id),
    "context_actions": shape(
        {"elements": items(by_type({"feedback_buttons": _leaf, "icon_button": _leaf}), most=5)}, _block_id
    ),
    "data_table": shape(
        # slackblocks says 201 rows, docs.slack.dev says 100 and a header: the smaller one holds
        {"rows": items(items(_cell, most=20), least=2, most=101)},
        _block_id,
        is_open=True,
    ),
    "data_visualization": shape({"title": string(least=1, most=50)}, _block_id, is_open=True),
    "divider": shape({}, _block_id),
    "file": shape({"external_id": string(least=1, most=255), "source": one_of("remote")}, _block_id),
    "header": shape({"text": plain(150)}, {**_block_id, "level": whole(least=1, most=4)}),
    "image": shape(
        {"alt_text": string(least=1, most=2000)},
        {**_block_id, "image_url": elements.url, "slack_file": anything, "title": plain(2000)},
        also=[_one_image],
    ),
    "input": shape(
        {"label": plain(2000), "element": elements.in_input},
        {**_block_id, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "markdown": shape({"text": string(least=1, most=12000)}, _block_id),
    "plan": shape({"title": anything}, {**_block_id, "tasks": items(_task, most=50)}),
    "rich_text": _rich_text,
    "section": shape(
        {},
        {
            **_block_id,
            "text": text(3000),
            "fields": items(text(2000), most=10),
            "accessory": elements.in_section,
            "expand": flag,
        },
        also=[_some_text],
    ),
    "table": shape(
        {"rows": items(items(_cell, most=20), most=100)},
        {**_block_id, "column_settings": items(_column, most=20, least=0)},
    ),
    "task_card": _task,
    "video": shape(
        {
            "alt_text": string(least=1, most=2000),
            "title": plain(200),
            "video_url": elements.url,
            "thumbnail_url": elements.url,
        },
        {
            **_block_id,
            "author_name": string(most=50),
            "description": plain(200),
            "provider_name": string(most=50),
            "provider_icon_url": string(most=2000),
            "title_url": string(most=2000),
        },
    ),
}
BLOCKS["container"] = shape(
    {"child_blocks": items(by_type(BLOCKS), most=10)},
    {**_block_id, "title": text(150), "subtitle": text(150)},
    is_open=True,
)
_everywhere = {
    "actions",
    "card",
    "context",
    "divider",
    "header",
    "image",
    "input",
    "rich_text",
    "section",
    "video",
}
_wide = {"carousel", "container", "data_table", "data_visualization", "table"}
SURFACES: Mapping[Surface, frozenset[str]] = {
    "message": frozenset(_everywhere | _wide | {"context_actions", "file", "markdown", "plan", "task_card"}),
    "modal": frozenset(_everywhere | {"alert"}),
    "home": frozenset(_everywhere | _wide),
}
_MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}


def block_elements(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the elements of one block: those of actions and context, a section's accessory, an input's."""
    if block.get("type") in ("actions", "context"):
        yield from (one for one in block.get("elements") or [] if isinstance(one, dict))
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield block[name]
    if block.get("type") == "card":
        yield from (one for one in block.get("actions") or [] if isinstance(one, dict))


def block_problems(blocks: Any, *, surface: Surface, pointer: str = "/blocks") -> list[str]:
    """Return what Slack would say about these blocks on this surface; [] when it takes them."""
    allowed = {kind: rule for kind, rule in BLOCKS.items() if kind in SURFACES[surface]}
    least = 0 if surface == "message" else 1
    found = list(items(by_type(allowed), most=_MOST_BLOCKS[surface], least=least)(blocks, pointer))
    if found:
        return found
    return [*_repeated_ids(blocks, pointer), *_message_totals(blocks, pointer), *_focus(blocks, pointer)]


def _repeated_ids(blocks: list[dict[str, Any]], pointer: str) -> Iterator[str]:
    """A block_id is unique in the payload, an action_id in its block (docs.slack.dev, block elements)."""
    seen: set[Any] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            yield problem(f"`block_id` '{block_id}' already exists", f"{pointer}/{index}/block_id")
        seen.add(block_id)
        names = [one["action_id"] for one in block_elements(block) if one.get("action_id") is not None]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield problem(f"`action_id` '{name}' already exists", f"{pointer}/{index}/elements")


def _message_totals(blocks: list[dict[str, Any]], pointer: str) -> Iterator[str]:
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield problem("only one table block is allowed", pointer)
    markdown = sum(len(str(block.get("text"))) for block in blocks if block.get("type") == "markdown")
    if markdown > 12000:
        yield problem("markdown blocks together must be less than 12001 characters", pointer)


def _focus(blocks: list[dict[str, Any]], pointer: str) -> Iterator[str]:
    focused = [one for block in blocks for one in block_elements(block) if one.get("focus_on_load")]
    if len(focused) > 1:
        yield problem("only one element may have focus_on_load", pointer)


def with_ids(blocks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the blocks as Slack stores them: with a block_id each and an action_id per element."""
    return [_with_ids(block) for block in blocks]


def _with_ids(block: dict[str, Any]) -> dict[str, Any]:
    named = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
    if named["type"] == "actions":
        named["elements"] = [_with_action_id(one) for one in named["elements"]]
    for name in ("accessory", "element"):
        if isinstance(named.get(name), dict):
            named[name] = _with_action_id(named[name])
    return named


def _with_action_id(element: dict[str, Any]) -> dict[str, Any]:
    if element["type"] == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}
