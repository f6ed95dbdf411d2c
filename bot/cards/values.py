"""A JSON value as rows that people can read, in rich text: all of it, or as much as fits and how much is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from bot.blocks import Block, Element, line, message_chars, preformatted, quote, rich, text
from bot.inert import ELLIPSIS, visible

Json = Any

LINE_CHARS: Final = 300
"""A longer text stands in a quote of its own."""
NAME_CHARS: Final = 100
PART_CHARS: Final = 2_800
BLOCK_CHARS: Final = 2_900
"""Slack documents no limit for rich_text; this keeps to the 3 000 characters of every other text."""
BLOCK_COST: Final = 40
"""What a rich_text block takes around its parts, in characters."""
LEAST_PART: Final = 40
_WORDS: Final = {True: "yes", False: "no", None: "none"}


class Shape(Enum):
    """How a row is set."""

    TITLE = "title"  # of what stands below it
    LINE = "line"
    QUOTE = "quote"  # prose
    CODE = "code"  # JSON, in which every space counts


@dataclass(frozen=True)
class Row:
    """One value under its name ("" for the value as a whole). Both texts are visible already."""

    name: str
    content: str
    shape: Shape


@dataclass(frozen=True)
class Fitted:
    """The rows that fit, and how many characters are left out."""

    rows: tuple[Row, ...]
    hidden: int


def rows(value: Json) -> tuple[Row, ...]:
    """Lay out a JSON value in full.

    An object gives a row per key; what is nested in it stands as indented JSON. A text that could be taken for
    a number, a yes or a blank stands in quotation marks, so that different values never look the same.
    """
    if not isinstance(value, Mapping) or not value or not all(map(_is_plain_name, value)):
        return (row("", value),)
    return tuple(row(name, item) for name, item in value.items())


def row(name: str, value: Json) -> Row:
    """Lay out one named value."""
    if isinstance(value, str):
        shape = Shape.QUOTE if "\n" in value or len(value) > LINE_CHARS else Shape.LINE
        return Row(visible(name), visible(value if shape is Shape.QUOTE else _literal(value)), shape)
    if isinstance(value, Mapping | list) and value:
        return Row(visible(name), visible(_indented(value)), Shape.CODE)
    return Row(visible(name), _scalar(value), Shape.LINE)


def text_of(value: Json) -> str:
    """Write any JSON value in one visible text, as its row does."""
    return row("", value).content


def is_same(left: Json, right: Json) -> bool:
    """Compare as JSON, in which 1 is neither true nor 1.0."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def json_text(value: Json) -> str:
    """Write a value as indented JSON for a file: as it reads, or as ASCII when it holds invisible characters."""
    readable = _indented(value)
    return readable if visible(readable) == readable else json.dumps(value, indent=2, ensure_ascii=True)


def fit(given: Sequence[Row], *, max_chars: int) -> Fitted:
    """Keep the rows that take at most `max_chars` of a message (as `blocks.message_chars` counts), in order.

    The first that does not fit is cut; all after it are left out.
    """
    left = max_chars
    for at, each in enumerate(given):
        cost = _cost(each)
        if cost > left:
            part = _shortened(each, max_chars=left)
            missing = sum(map(_size, given[at:])) - (_size(part) - 1 if part else 0)
            return Fitted(rows=(*given[:at], *([part] if part else [])), hidden=missing)
        left -= cost
    return Fitted(rows=tuple(given), hidden=0)


def render(given: Sequence[Row]) -> list[Block]:
    """Set rows in rich_text blocks of at most 3 000 characters each."""
    blocks: list[Block] = []
    elements: list[Element] = []
    chars = 0
    for element, size in _elements(given):
        if elements and chars + size > BLOCK_CHARS:
            blocks.append(rich(*elements))
            elements, chars = [], 0
        elements.append(element)
        chars += size
    return [*blocks, rich(*elements)] if elements else blocks


def _is_plain_name(name: str) -> bool:
    return (
        0 < len(name) <= NAME_CHARS
        and name == visible(name).strip()
        and "\n" not in name
        and ": " not in name
    )


def _indented(value: Json) -> str:
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= 60 else json.dumps(value, indent=2, ensure_ascii=False)


def _scalar(value: Json) -> str:
    return _WORDS[value] if value is None or isinstance(value, bool) else json.dumps(value)


def _literal(value: str) -> str:
    """Put a text in quotation marks where it could be taken for a value of another kind."""
    return json.dumps(value, ensure_ascii=False) if _is_mistakable(value) else value


def _is_mistakable(value: str) -> bool:
    if value != value.strip() or value in ("", *_WORDS.values()):
        return True
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def _size(given: Row) -> int:
    return len(given.name) + len(given.content)


def _cost(given: Row) -> int:
    """Count what a row takes in a message, as if a block began with every 1 000 characters."""
    elements = list(_elements([given]))
    return message_chars([element for element, _ in elements]) + sum(
        BLOCK_COST * (size // 1_000 + 1) for _, size in elements
    )


def _shortened(given: Row, *, max_chars: int) -> Row | None:
    """Cut a row to what fits; None when so little fits that it says nothing."""
    low, high = 0, min(len(given.content), max(max_chars, 0))
    while low < high:
        middle = (low + high + 1) // 2
        fits = _cost(replace(given, content=given.content[:middle])) < max_chars
        low, high = (middle, high) if fits else (low, middle - 1)
    return replace(given, content=given.content[:low] + ELLIPSIS) if low >= LEAST_PART else None


def _elements(given: Sequence[Row]) -> Iterator[tuple[Element, int]]:
    for at, each in enumerate(given):
        if each.shape is Shape.TITLE and _size(each) <= PART_CHARS:
            gap = "\n" if at else ""
            yield line(text(f"{gap}{each.content}", "bold")), _size(each)
            continue
        if each.shape is Shape.CODE and "\n" not in each.content and _size(each) <= PART_CHARS:
            label = [text(f"{each.name}: ", "bold")] if each.name else []
            yield line(*label, text(each.content, "code")), _size(each) + 2
            continue
        if each.shape is Shape.LINE and _size(each) <= PART_CHARS:
            label = [text(f"{each.name}: ", "bold")] if each.name else []
            yield line(*label, text(each.content)), _size(each) + 2
            continue
        if each.name:
            yield line(text(f"{each.name}:", "bold")), len(each.name) + 1
        for part in _parts(each.content):
            yield (preformatted(part) if each.shape is Shape.CODE else quote(text(part))), len(part)


def _parts(content: str) -> Iterator[str]:
    """Cut a text into parts that a block can hold, after a line break where there is one in the second half."""
    start = 0
    while len(content) - start > PART_CHARS:
        end = content.rfind("\n", start + PART_CHARS // 2, start + PART_CHARS) + 1 or start + PART_CHARS
        yield content[start:end]
        start = end
    yield content[start:]
