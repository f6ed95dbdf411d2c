"""The one line that says what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.decisions import Json
from engine.forms import readable

MAX_CHARS = 300
"""Enough for a question; fits a Slack section's text many times over, next to all else on a card."""

READ_CHARS = 10_000
"""What is looked at to make a line; a text of megabytes would hold up everybody else."""

ASKING_KEYS = ("question", "prompt", "message", "description", "title")
"""Where graphs put their question, most telling first."""

NO_WORDS = "Approval needed"
"""What is said of a question that says nothing itself."""

JOINERS = "\u200c\u200d"
"""Invisible, but Persian words and family emoji are misspelt without them."""


def asked_in(value: Json) -> str:
    """Say in one line what a payload asks: its own words if it has any, else `NO_WORDS`."""
    if isinstance(value, str):
        return one_line(value) or NO_WORDS
    if isinstance(value, Mapping):
        return _own_words(value) or _level(value) or NO_WORDS
    return NO_WORDS


def said_in(text: str, value: Json) -> frozenset[tuple[str]]:
    """Name the keys of a payload whose value is exactly this line."""
    keys = ASKING_KEYS if isinstance(value, Mapping) else ()
    return frozenset((key,) for key in keys if isinstance(value.get(key), str) and value[key] == text)


def one_line(text: str) -> str:
    """Cut a text to one line of at most `MAX_CHARS` characters without control or direction characters."""
    text = text[:READ_CHARS]
    visible = "".join(char if char.isprintable() or char in JOINERS else " " for char in text)
    line = " ".join(visible.split())
    return line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1].rstrip() + "…"


def _own_words(value: Mapping[str, Any]) -> str:
    texts = (one_line(value[key]) for key in ASKING_KEYS if isinstance(value.get(key), str))
    return next((text for text in texts if text), "")


def _level(value: Mapping[str, Any]) -> str:
    level = value.get("level")
    if isinstance(level, str) and level.strip():
        return one_line(f"{readable(level)} approval")
    return f"Level {level} approval" if type(level) is int else ""
