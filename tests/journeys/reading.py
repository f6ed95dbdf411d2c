"""What is to be read on the screen, taken from Block Kit without the product's help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Shown = Mapping[str, Any]
_MENTIONS = {"user": "user_id", "usergroup": "usergroup_id", "channel": "channel_id"}


def words(shown: Any) -> str:
    """Return all that a message or view says: one line per part, mentions as "@U0AMY", times as "<time>"."""
    return "\n".join(line for line in _lines(shown) if line)


def button_names(message: Shown) -> list[str]:
    """Return the labels of a message's buttons, in order."""
    return [each["text"]["text"] for each in objects(message.get("blocks")) if each.get("type") == "button"]


def objects(tree: Any) -> Iterator[Shown]:
    """Yield every object of a JSON tree, outer ones first."""
    if isinstance(tree, Mapping):
        yield tree
    for each in _children(tree):
        yield from objects(each)


def _children(tree: Any) -> list[Any]:
    if isinstance(tree, Mapping):
        return list(tree.values())
    return list(tree) if isinstance(tree, list | tuple) else []


def _lines(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
        return
    if isinstance(node, list):
        for each in node:
            yield from _lines(each)
        return
    kind = str(node.get("type", ""))
    if "blocks" in node:
        yield from _lines(node["blocks"] or [])
    elif kind in ("plain_text", "mrkdwn"):
        yield str(node["text"])
    elif kind.startswith("rich_text_") and kind != "rich_text_list":
        yield "".join(_piece(each) for each in node["elements"])
    else:
        for name in ("label", "text", "fields", "element", "elements", "options", "accessory", "hint"):
            if name in node:
                yield from _lines(node[name])


def _piece(element: Shown) -> str:
    kind = element["type"]
    if kind in _MENTIONS:
        return f"@{element[_MENTIONS[kind]]}"
    if kind == "date":
        return "<time>"
    return str(element.get("text") or f"<{kind}>")
