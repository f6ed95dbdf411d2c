"""What differs between two texts, line by line and word by word: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from itertools import groupby
from typing import Final

from bot.inert import ELLIPSIS

CONTEXT_LINES: Final = 1
"""Unchanged lines that stay around a change."""
CONTEXT_CHARS: Final = 80
"""What stays of an unchanged stretch within a line, at each end; ours, some two lines on a phone."""
END_CHARS: Final = 200
"""What stays of a long removed or added stretch, at each end, where there is no room for all of it."""
RUN_LINES: Final = 3
MOST_LINES: Final = 300
"""Lines that are compared with each other; `difflib` takes quadratic time, so more count as replaced."""
MOST_WORDS: Final = 400
MOST_CHARS_BY_WORD: Final = 12_000
"""Characters that are compared word by word: two texts of the length that Slack lets people edit, twice."""
MOST_MARKS: Final = 12
"""Changed stretches of one line; where there are more, the line reads better as removed and added."""
ALIKE: Final = 0.5
"""Share of equal words from which two lines are versions of each other."""

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


def squeezed(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Leave out the inside of what is long, so that what was added is seen beside what was removed."""
    kept: list[Line] = []
    for mark, run in groupby(lines, key=whole_mark):
        same = [tuple(part for span in each for part in _ends(span)) for each in run]
        inside = same[RUN_LINES:-RUN_LINES] if mark else []
        if len(inside) < 2:
            kept += same
            continue
        said = f"{ELLIPSIS} {len(inside):,} more lines {mark.value if mark else ''} {ELLIPSIS}"
        kept += [*same[:RUN_LINES], _whole(said, Mark.FOLDED), *same[-RUN_LINES:]]
    return tuple(kept)


def whole_mark(given: Line) -> Mark | None:
    """Say what became of a whole line; None: it is there still, perhaps changed."""
    marks = {span.mark for span in given} - {Mark.FOLDED}
    return next(iter(marks)) if marks in ({Mark.REMOVED}, {Mark.ADDED}) else None


def _ends(span: Span) -> Iterator[Span]:
    """Yield the two ends of a long stretch with what is between them in words."""
    content = span.content
    skipped = len(content) - 2 * END_CHARS
    if span.mark not in (Mark.REMOVED, Mark.ADDED) or skipped <= CONTEXT_CHARS:
        yield span
        return
    yield Span(content[:END_CHARS], span.mark)
    yield Span(f" {ELLIPSIS} {skipped:,} more characters {span.mark.value} {ELLIPSIS} ", Mark.FOLDED)
    yield Span(content[-END_CHARS:], span.mark)


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Compare lines; what both begin and end with is found without `difflib`, so that it has less to do."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    yield from map(_same, old[:start])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    by_word = sum(map(len, [*middle_old, *middle_new])) <= MOST_CHARS_BY_WORD
    if max(len(middle_old), len(middle_new)) > MOST_LINES:
        yield from _replaced(middle_old, middle_new, pairs=False)
    else:
        yield from _matched(middle_old, middle_new, by_word=by_word)
    yield from map(_same, old[len(old) - end :])


def _matched(old: Sequence[str], new: Sequence[str], *, by_word: bool) -> Iterator[Line]:
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from map(_same, old[a:b])
        else:
            yield from _replaced(old[a:b], new[c:d], pairs=by_word and b - a == d - c)


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
    made = tuple(span for span in _with_plain_ends([each for each in spans if each.content]) if span.content)
    same = sum(len(span.content) for span in made if span.mark is Mark.SAME)
    is_alike = same >= ALIKE * max(len(old), len(new))
    return made if is_alike and sum(span.mark is not Mark.SAME for span in made) <= MOST_MARKS else None


def _with_plain_ends(spans: Sequence[Span]) -> Iterator[Span]:
    """Take the white space that both a removed and an added stretch end with out of the marks."""
    for at, span in enumerate(spans):
        after = spans[at + 1] if at + 1 < len(spans) else None
        before = spans[at - 1] if at else None
        if span.mark is Mark.REMOVED and after and after.mark is Mark.ADDED:
            kept = len(span.content) - _common_space(span.content, after.content)
            yield Span(span.content[:kept], Mark.REMOVED)
        elif span.mark is Mark.ADDED and before and before.mark is Mark.REMOVED:
            kept = len(span.content) - _common_space(before.content, span.content)
            yield Span(span.content[:kept], Mark.ADDED)
            yield Span(span.content[kept:], Mark.SAME)
        else:
            yield span


def _common_space(left: str, right: str) -> int:
    """Count the white space that two texts end with alike."""
    ends = (text[len(text.rstrip()) :][::-1] for text in (left, right))
    return _common(*ends)


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
