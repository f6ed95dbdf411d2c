"""What changed between two texts or values, line by line and word by word: pure, all of it plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from typing import Final

from bot.blocks import Block, Element, Style, line, message_chars, quote, rich, text
from bot.cards.values import BLOCK_CHARS, PART_CHARS, Json, Row, Shape, fit, render, row
from bot.inert import ELLIPSIS

CONTEXT_LINES: Final = 1
"""Unchanged lines that stay around a change."""
CONTEXT_CHARS: Final = 80
"""What stays of an unchanged stretch within a line, at each end; ours, some two lines on a phone."""
MOST_LINES: Final = 300
"""Lines that are compared with each other; `difflib` takes quadratic time, so more count as replaced."""
MOST_WORDS: Final = 400
MOST_MARKS: Final = 12
"""Changed stretches of one line; where there are more, the line reads better as removed and added."""
ALIKE: Final = 0.5
"""Share of equal words from which two lines are versions of each other."""
LEAST_PART: Final = 40

_WORDS: Final = re.compile(r"\S+\s*|\s+")


class Mark(Enum):
    """What became of a stretch of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    FOLDED = "folded"  # our own words for what is left out


@dataclass(frozen=True)
class Span:
    """A stretch of text with what became of it."""

    content: str
    mark: Mark


Line = tuple[Span, ...]
"""A line without its line break. One that changed in part has spans of several marks, any other has one span."""

_STYLES: Final[Mapping[Mark, Style]] = {
    Mark.REMOVED: "strike",
    Mark.ADDED: "bold",
    Mark.FOLDED: "italic",
}
_SIGNS: Final[Mapping[Mark, str]] = {Mark.REMOVED: "− ", Mark.ADDED: "+ "}


def diff(old: str, new: str) -> tuple[Line, ...]:
    """Compare two texts line by line, and lines that are versions of each other word by word.

    Nothing is lost: the lines that are not wholly ADDED, without their ADDED spans, are those of `old`, and the
    lines that are not wholly REMOVED, without their REMOVED spans, are those of `new`.
    """
    return tuple(_compared(old.split("\n"), new.split("\n")))


def folded(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leave out what is far from any change, and say how much that is."""
    near = {
        at + distance
        for at, each in enumerate(lines)
        if _is_changed(each)
        for distance in range(-CONTEXT_LINES, CONTEXT_LINES + 1)
    }
    kept: list[Line] = []
    skipped: list[Line] = []
    for at, each in enumerate(lines):
        if at not in near:
            skipped.append(each)
            continue
        kept += [*_fold(skipped), _shortened(each)]
        skipped = []
    return (*kept, *_fold(skipped))


def changes(
    before: Mapping[str, Json], after: Mapping[str, Json], *, max_chars: int
) -> tuple[list[Block], int]:
    """Set what changed, field by field; also return how many characters did not fit.

    Short values stand as before → after in one line, longer ones as a diff. A value that was not there before
    stands as it is, one that is not there any more is struck through.
    """
    blocks: list[Block] = []
    missing = 0
    left = max_chars
    for name in {**before, **after}:
        made, unseen = _change(name, before, after, max_chars=left)
        blocks += made
        missing += unseen
        left = 0 if unseen else max(0, left - message_chars(made))
    return blocks, missing


def changes_text(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[str]:
    """Tell what changed in lines of plain text, for a terminal; each is visible and has no line break."""
    for name in {**before, **after}:
        old, new = _row(name, before), _row(name, after)
        if old and new and {old.shape, new.shape} == {Shape.LINE}:
            yield f"{old.name}: {old.content} → {new.content}"
            continue
        yield f"{(new or old or row(name, None)).name}:"
        for each in folded(diff(old.content if old else "", new.content if new else "")):
            yield from _terminal_lines(each)


def _row(name: str, values: Mapping[str, Json]) -> Row | None:
    return row(name, values[name]) if name in values else None


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Compare lines; what both begin and end with is found without `difflib`, so that it has less to do."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    yield from map(_same, old[:start])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle_old), len(middle_new)) > MOST_LINES:
        yield from _replaced(middle_old, middle_new, pairs=False)
    else:
        yield from _matched(middle_old, middle_new)
    yield from map(_same, old[len(old) - end :])


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from map(_same, old[a:b])
        else:
            yield from _replaced(old[a:b], new[c:d], pairs=b - a == d - c)


def _replaced(old: Sequence[str], new: Sequence[str], *, pairs: bool) -> Iterator[Line]:
    """Show lines that took the place of others; as `pairs` where they are as many."""
    if not pairs:
        yield from (_whole(each, Mark.REMOVED) for each in old)
        yield from (_whole(each, Mark.ADDED) for each in new)
        return
    for left, right in zip(old, new, strict=True):
        words = _word_by_word(left, right)
        yield from [words] if words else [_whole(left, Mark.REMOVED), _whole(right, Mark.ADDED)]


def _word_by_word(old: str, new: str) -> Line | None:
    """Compare two lines word by word; None: they have too little in common for that to be read."""
    left, right = _WORDS.findall(old), _WORDS.findall(new)
    start = _common(left, right)
    end = _common(left[start:][::-1], right[start:][::-1])
    if max(len(left), len(right)) - start - end > MOST_WORDS:
        return None
    middle_left, middle_right = left[start : len(left) - end], right[start : len(right) - end]
    matcher = SequenceMatcher(None, middle_left, middle_right, autojunk=False)
    spans = [Span("".join(left[:start]), Mark.SAME)]
    for kind, a, b, c, d in matcher.get_opcodes():
        removed, added = "".join(middle_left[a:b]), "".join(middle_right[c:d])
        spans += (
            [Span(removed, Mark.SAME)]
            if kind == "equal"
            else [Span(removed, Mark.REMOVED), Span(added, Mark.ADDED)]
        )
    spans.append(Span("".join(left[len(left) - end :]), Mark.SAME))
    made = tuple(span for span in spans if span.content)
    same = sum(len(span.content) for span in made if span.mark is Mark.SAME)
    is_alike = same >= ALIKE * max(len(old), len(new))
    return made if is_alike and sum(span.mark is not Mark.SAME for span in made) <= MOST_MARKS else None


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Count what two sequences begin with alike."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _same(content: str) -> Line:
    return _whole(content, Mark.SAME)


def _whole(content: str, mark: Mark) -> Line:
    return (Span(content, mark),)


def _is_changed(given: Line) -> bool:
    return any(span.mark in (Mark.REMOVED, Mark.ADDED) for span in given)


def _fold(skipped: Sequence[Line]) -> Iterator[Line]:
    """Say how many lines are left out; a single one stands there itself."""
    if len(skipped) == 1:
        yield _shortened(skipped[0])
    elif skipped:
        yield _whole(f"{ELLIPSIS} {len(skipped):,} unchanged lines {ELLIPSIS}", Mark.FOLDED)


def _shortened(given: Line) -> Line:
    """Leave out the inside of long unchanged stretches of a line."""
    spans: list[Span] = []
    for at, span in enumerate(given):
        head = 0 if at == 0 and len(given) > 1 else CONTEXT_CHARS
        tail = 0 if at == len(given) - 1 else CONTEXT_CHARS
        spans += _inside_out(span, head=head, tail=tail) if span.mark is Mark.SAME else [span]
    return tuple(spans)


def _inside_out(span: Span, *, head: int, tail: int) -> list[Span]:
    """Keep the two ends of a stretch, cut between words where that is near."""
    content = span.content
    if len(content) - head - tail <= CONTEXT_CHARS:
        return [span]
    head = content.rfind(" ", head // 2, head) if " " in content[head // 2 : head] else head
    start = len(content) - tail
    after = content.find(" ", start, start + tail // 2) + 1
    tail = len(content) - (after or start)
    skipped = len(content) - head - tail
    said = f"{ELLIPSIS} {skipped:,} unchanged characters {ELLIPSIS}"
    made = [Span(content[:head], Mark.SAME), Span(f" {said} ", Mark.FOLDED), Span(content[-tail:], Mark.SAME)]
    return made if head and tail else made[:2] if head else made[1:]


def _change(
    name: str, before: Mapping[str, Json], after: Mapping[str, Json], *, max_chars: int
) -> tuple[list[Block], int]:
    old, new = _row(name, before), _row(name, after)
    if old is None:
        fitted = fit([row(name, after[name])], max_chars=max_chars)
        return render(fitted.rows), fitted.hidden
    if {old.shape, (new or old).shape} == {Shape.LINE}:
        return _in_one_line(old, new, max_chars=max_chars)
    lines = diff(old.content, new.content) if new else tuple(map(_removed, old.content.split("\n")))
    if new and old.content == new.content:
        lines = (_whole(_look_alike(before[name], after[name]), Mark.FOLDED),)
    return _as_diff(old.name, folded(lines), max_chars=max_chars)


def _removed(content: str) -> Line:
    return _whole(content, Mark.REMOVED)


def _look_alike(old: Json, new: Json) -> str:
    """Say what differs between values that are shown alike: `inert.visible` writes CR LF as a line feed."""
    is_text = isinstance(old, str) and isinstance(new, str)
    return "Only the ends of lines differ." if is_text else "Only the order or the kind of values differs."


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
    elements, missing = _that_fit(_elements(lines), max_chars=max_chars - frame)
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
        sign = _SIGNS.get(each[0].mark, "") if len(each) == 1 else ""
        for number, span in enumerate(each):
            lead = ("\n" if at and number == 0 else "") + (sign if number == 0 else "")
            yield from [text(lead)] if lead else []
            style = _STYLES.get(span.mark)
            for start in range(0, len(span.content), PART_CHARS):
                part = span.content[start : start + PART_CHARS]
                yield text(part, *([style] if style else []))


def _that_fit(given: Iterator[Element], *, max_chars: int) -> tuple[list[Element], int]:
    kept: list[Element] = []
    left, missing = max_chars, 0
    for each in given:
        cost = message_chars([each]) + 2
        if missing or cost > left:
            part = None if missing else _cut(each, max_chars=left)
            kept += [part] if part else []
            missing += len(each["text"]) - (len(part["text"]) - 1 if part else 0)
            continue
        kept.append(each)
        left -= cost
    return kept, missing


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
