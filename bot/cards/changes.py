"""An edit as people read it, field by field: before → after, or as a diff of longer texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.blocks import Block, Element, Style, line, message_chars, quote, rich, text
from bot.cards.diffs import Line, Mark, Span, diff, folded, squeezed, whole_mark
from bot.cards.values import BLOCK_CHARS, PART_CHARS, Json, Row, Shape, fit, render, row
from bot.inert import ELLIPSIS

MOST_CHARS: Final = 100_000
"""Longer texts stand one after the other: nobody reads their diff in a chat."""
LEAST_PART: Final = 40
LOOK_ALIKE: Final = "Only characters that are shown alike differ, such as the ends of lines."

_STYLES: Final[Mapping[Mark, Style]] = {
    Mark.REMOVED: "strike",
    Mark.ADDED: "bold",
    Mark.FOLDED: "italic",
}
_SIGNS: Final[Mapping[Mark, str]] = {Mark.REMOVED: "− ", Mark.ADDED: "+ "}


def changes(
    before: Mapping[str, Json], after: Mapping[str, Json], *, max_chars: int
) -> tuple[list[Block], int]:
    """Set what changed, field by field; also return how many characters did not fit.

    Short values stand as before → after in one line, longer ones as a diff. A value that was not there before
    stands as it is, one that is not there any more is struck through, below all others.
    """
    blocks: list[Block] = []
    missing = 0
    left = max_chars
    for name in {**after, **before}:
        made, unseen = _change(name, before, after, max_chars=left)
        blocks += made
        missing += unseen
        left = 0 if unseen else max(0, left - message_chars(made))
    return blocks, missing


def changes_text(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[str]:
    """Tell what changed in lines of plain text, for a terminal; each is visible and has no line break."""
    for name in {**after, **before}:
        old, new = _row(name, before), _row(name, after)
        if old and new and {old.shape, new.shape} == {Shape.LINE}:
            yield f"{old.name}: {old.content} → {new.content}"
            continue
        yield f"{(new or old or row(name, None)).name}:"
        for each in folded(diff(old.content if old else "", new.content if new else "")):
            yield from _terminal_lines(each)


def _row(name: str, values: Mapping[str, Json]) -> Row | None:
    return row(name, values[name]) if name in values else None


def _change(
    name: str, before: Mapping[str, Json], after: Mapping[str, Json], *, max_chars: int
) -> tuple[list[Block], int]:
    old, new = _row(name, before), _row(name, after)
    if old is None:
        fitted = fit([row(name, after[name])], max_chars=max_chars)
        return render(fitted.rows), fitted.hidden
    if {old.shape, (new or old).shape} == {Shape.LINE}:
        return _in_one_line(old, new, max_chars=max_chars)
    if len(old.content) + len(new.content if new else "") > MOST_CHARS:
        both = [replace(old, name=f"{old.name} (before)")]
        both += [replace(new, name=f"{new.name} (after)")] if new else []
        fitted = fit(both, max_chars=max_chars)
        return render(fitted.rows), fitted.hidden
    lines = diff(old.content, new.content) if new else tuple(map(_removed, old.content.split("\n")))
    if new and old.content == new.content:
        lines = ((Span(LOOK_ALIKE, Mark.FOLDED),),)
    return _as_diff(old.name, folded(lines), max_chars=max_chars)


def _removed(content: str) -> Line:
    return (Span(content, Mark.REMOVED),)


def _in_one_line(old: Row, new: Row | None, *, max_chars: int) -> tuple[list[Block], int]:
    name = [text(f"{old.name}: ", "bold")] if old.name else []
    arrow = [text(" → "), text(new.content)] if new else []
    block = rich(line(*name, text(old.content, "strike"), *arrow))
    if message_chars([block]) <= max_chars:
        return [block], 0
    return [], len(old.content) + len(new.content if new else "")


def _as_diff(name: str, lines: Sequence[Line], *, max_chars: int) -> tuple[list[Block], int]:
    """Set a diff in a quote below its name, as far as it fits."""
    title = line(text(f"{name}:", "bold")) if name else None
    frame = message_chars([rich(*([title] if title else []), quote())])
    everything = list(_elements(lines))
    elements = _that_fit(everything, max_chars=max_chars - frame)
    if elements != everything:
        elements = _that_fit(list(_elements(squeezed(lines))), max_chars=max_chars - frame)
    missing = max(1, _chars(everything) - _chars(elements)) if elements != everything else 0
    first, *more = list(_in_blocks(elements)) or [[]]
    if not first:
        return [], missing
    return [rich(*([title] if title else []), quote(*first)), *(rich(quote(*each)) for each in more)], missing


def _in_blocks(elements: Sequence[Element]) -> Iterator[list[Element]]:
    """Part elements so that each block has at most 3 000 characters."""
    block: list[Element] = []
    for each in elements:
        if block and sum(len(other["text"]) for other in [*block, each]) > BLOCK_CHARS:
            yield block
            block = []
        block.append(each)
    if block:
        yield block


def _elements(lines: Sequence[Line]) -> Iterator[Element]:
    """Set lines one below the other; whole lines have a sign, since not everybody sees a style."""
    for at, each in enumerate(lines):
        mark = whole_mark(each)
        sign = _SIGNS[mark] if mark else ""
        for number, span in enumerate(each):
            lead = ("\n" if at and number == 0 else "") + (sign if number == 0 else "")
            yield from [text(lead)] if lead else []
            if span.mark is Mark.ADDED and number and each[number - 1].mark is Mark.REMOVED:
                yield text(" ")  # so that one word can be told from the other
            style = _STYLES.get(span.mark)
            for start in range(0, len(span.content), PART_CHARS):
                part = span.content[start : start + PART_CHARS]
                yield text(part, *([style] if style else []))


def _chars(elements: Sequence[Element]) -> int:
    """Count the characters of the texts themselves, without our own words about them."""
    return sum(len(each["text"]) for each in elements if "italic" not in each.get("style", {}))


def _that_fit(given: Sequence[Element], *, max_chars: int) -> list[Element]:
    """Take elements as long as they fit; the last may be cut."""
    kept: list[Element] = []
    left = max_chars
    for each in given:
        left -= message_chars([each]) + 2
        if left < 0:
            part = _cut(each, max_chars=left + message_chars([each]) + 2)
            return [*kept, part] if part else kept
        kept.append(each)
    return kept


def _cut(given: Element, *, max_chars: int) -> Element | None:
    """Cut an element to what fits; None when so little fits that it says nothing."""
    low, high = 0, len(given["text"])
    while low < high:
        middle = (low + high + 1) // 2
        fits = message_chars([{**given, "text": given["text"][:middle] + ELLIPSIS}]) + 2 <= max_chars
        low, high = (middle, high) if fits else (low, middle - 1)
    return {**given, "text": given["text"][:low] + ELLIPSIS} if low >= LEAST_PART else None


def _terminal_lines(given: Line) -> Iterator[str]:
    marks = {span.mark for span in given}
    if not marks & {Mark.REMOVED, Mark.ADDED}:
        yield "  " + "".join(span.content for span in given)
        return
    for mark, sign in ((Mark.REMOVED, "- "), (Mark.ADDED, "+ ")):
        if mark in marks or len(given) > 1:
            other = Mark.ADDED if mark is Mark.REMOVED else Mark.REMOVED
            yield sign + "".join(span.content for span in given if span.mark is not other)
