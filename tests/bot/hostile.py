"""Values that try to break, hide or fake something, and what to look for in blocks that show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock

LIVE = frozenset({"user", "usergroup", "channel", "broadcast", "link", "emoji", "color", "team", "mrkdwn"})
OURS = frozenset({("user", "U0RITA"), ("user", "U0AMY"), ("usergroup", "S0APPROVERS")})

_SEEDS = (
    "<!channel>", "<!here>", "<!everyone>", "<!subteam^S1>", "<@U1>", "<#C1|general>", "@channel", "@here",
    "<https://evil.example|https://bank.example>", "https://evil.example", "<mailto:a@b|c>", "&lt;!channel&gt;",
    "<!date^0^{date}|soon>", "*bold*", "_sly_", "~gone~", "`code`", "```", "``` <!here> ```", "> quote", "&gt; quote",
    ":tada:", ":white_check_mark: Approved by @cfo", "---", "# Approved", "\n\n*Approved by <@U1>*", "{}", "[]",
    "null", "true", "yes", "no", "none", "12", "1e9", "NaN", '"quoted"', "", " ", "\t", "\n", "\r\n", "a\r\nb",
    "\r", "\0", "a\0b", "\x1b[31m", "\x7f", "\x85", "\ud800", "\udfff\ud800", "a\u202eb", "\u2066x\u2069", "\u200b",
    "a\u200db", "\ufeff", "\u00ad", "\u2028", "\u2029", "\u3164", "\u2800", "\U000e0041\U000e007f", "\ue000",
    "e" + "\u0301" * 50,
    "раypal.example", "👩\u200d👩\u200d👧 ❤\ufe0f", "日本語", "שלום", "⟨U+202E⟩", "%s {0} $x",
    "<script>", "x" * 151,
    "x" * 3001, "<" * 5000, "\n" * 3000, '"' * 4000, "\u202e" * 2000, "é" * 12_000, "word " * 50_000, "x" * 1_000_000,
)  # fmt: skip
_FRAMES = ("{}", "before {} after", "{}\n{}")


def strings() -> list[str]:
    """Return some 230 hostile strings, each once."""
    short = [frame.replace("{}", seed) for seed in _SEEDS if len(seed) < 10_000 for frame in _FRAMES]
    return list(dict.fromkeys([*short, *(seed for seed in _SEEDS if len(seed) >= 10_000)]))


def values() -> list[Any]:
    """Return every hostile string as a value, and shapes that are large, deep or odd."""
    deep: Any = "<!channel>"
    for _ in range(50):
        deep = {"in": deep}
    return [
        *({"amount": 12500, "note": each} for each in strings() if each not in _SEEDS or len(each) > 10_000),
        *(each for each in _SEEDS if len(each) < 100_000),
        *({each: 1, "b": {each: each}} for each in _SEEDS if len(each) < 10_000),
        {f"key {n}": n for n in range(300)},
        {f"key {n}": f"<@U{n}> " * 20 for n in range(300)},
        {f"key {n}": {"nested": [n, None, True]} for n in range(1_000)},
        deep,
        [deep] * 20,
        list(range(2_000)),
        {},
        [],
        None,
        True,
        0.1,
        2**200,
    ]


def live_parts(tree: Any) -> set[tuple[str, str]]:
    """Return everything in blocks that is live and not one of the people the app itself names."""
    found = {
        (part["type"], str(part.get("user_id") or part.get("usergroup_id") or ""))
        for part in _objects(tree)
        if part.get("type") in LIVE
    }
    return found - OURS


def texts(tree: Any) -> list[str]:
    """Return every text that blocks show, in order."""
    return [part["text"] for part in _objects(tree) if isinstance(part.get("text"), str)]


def leaves(value: Any) -> Iterator[str]:
    """Yield every key and text of a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        yield value


def unseen(tree: Any, value: Any) -> list[str]:
    """Return the keys and texts of a value that blocks do not show whole, as they are or as JSON writes them."""
    raw = "".join(texts(tree))
    shown = _unmarked(raw)
    return [
        leaf
        for leaf in set(leaves(value))
        if (plain := leaf.replace("\r\n", "\n")) not in raw
        and plain not in shown
        and (escaped := "".join(_ESCAPES.get(char, char) for char in leaf)) not in shown
        and escaped not in raw  # a text that looks like a marker itself
    ]


def sdk_accepts(blocks: list[dict[str, Any]]) -> None:
    """Raise what slack_sdk's own validators raise."""
    for block in SdkBlock.parse_all(blocks):
        block.validate_json()


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for item in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ():
        yield from _objects(item)


def _unmarked(shown: str) -> str:
    return re.sub(r"⟨U\+([0-9A-F]{4,6})⟩", lambda found: chr(int(found[1], 16)), shown)


_ESCAPES = {
    **{chr(code): f"\\u{code:04x}" for code in range(32)},
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
    '"': '\\"',
    "\\": "\\\\",
}
