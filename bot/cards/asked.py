"""What a question asks, all of it: its one line, its value or its parts, and warnings about them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot import wording
from bot.blocks import (
    HEADER_CHARS,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Block,
    context,
    header,
    line,
    rich,
    section,
    text,
    view_bytes,
)
from bot.cards.values import Json, Row, Shape, is_same, render, row, rows
from bot.inert import has_mixed_alphabets, one_line, visible
from engine import ApprovalView, Part, Path, Question, Seen

FRAME_BYTES: Final = 5_000
"""What the review form takes around the values, at most."""
_TOLD: Final[Mapping[str, str]] = {
    "name": "title",
    "action": "title",
    "action_name": "title",
    "description": "note",
    "args": "value",
}
"""Where the value of a question in parts holds what a part shows under its title."""


def heading(approval: ApprovalView) -> list[Block]:
    """Show the question's one line, also when it is longer than a heading."""
    question = one_line(approval.question.text)
    return [header(question), *([section(question)] if len(question) > HEADER_CHARS else [])]


def value_rows(question: Question) -> tuple[Row, ...]:
    """Lay out all that is asked, so that every key and text of it is shown, and none twice.

    What the heading and the buttons say already (`Question.protocol`) is left out.
    Of a static breakpoint the state itself comes after the nodes that would run; of several things each has its own
    title, and below them stands what else came with them.
    """
    if question.parts:
        return tuple(_part_rows(question))
    shown = _unsaid(question)
    if isinstance(shown, str) and shown == one_line(shown) == question.text and len(shown) <= HEADER_CHARS:
        return ()  # the heading is the value
    if shown != question.shown and not shown:
        return ()
    match shown:
        case {"next": [*nodes], "state": {**state}} if len(shown) == 2 and _are_names(nodes) and state:
            return (row("Next", ", ".join(nodes) or "the end"), *rows(state))
        case _:
            return rows(shown)


def review_blocks(approval: ApprovalView) -> list[Block] | None:
    """Show the whole value in the blocks of one form; None when it does not fit a form."""
    given = value_rows(approval.question)
    if sum(len(each.content) for each in given) > VIEW_BYTES:
        return None
    blocks = [*heading(approval), *repetition(approval), *render(given), *warnings(approval, given)]
    fits = len(blocks) <= VIEW_BLOCKS and view_bytes({"blocks": blocks}) <= VIEW_BYTES - FRAME_BYTES
    return blocks if fits else None


def repetition(approval: ApprovalView) -> list[Block]:
    """Warn that exactly the same was asked before and turned down."""
    again = approval.repeats
    return [rich(line(text(wording.repeated(again), "bold")))] if again else []


def warnings(approval: ApprovalView, given: Sequence[Row]) -> list[Block]:
    """Point out what a reader could not see: invisible characters, and letters that look like others."""
    content = "\n".join(
        [visible(approval.question.text), *(f"{each.name}\n{each.content}" for each in given)]
    )
    return [
        *([context(wording.INVISIBLE)] if "⟨U+" in content else []),
        *([context(wording.MIXED)] if has_mixed_alphabets(content) else []),
    ]


def seen(approval: ApprovalView) -> Seen:
    """Name what a person sees who looks at this approval."""
    return Seen(approval_id=approval.id, revision=approval.revision, digest=approval.digest)


def _unsaid(question: Question) -> Json:
    shown = question.shown
    if not isinstance(shown, Mapping):
        return shown
    return {key: value for key, value in shown.items() if (key,) not in question.protocol}


def _are_names(nodes: Sequence[Json]) -> bool:
    return all(isinstance(node, str) and node == one_line(node) for node in nodes)


def _part_rows(question: Question) -> Iterator[Row]:
    parts = question.parts
    for number, part in enumerate(parts, 1):
        counted = f"{number} of {len(parts)}: " if len(parts) > 1 else ""
        if part.title == one_line(part.title):
            yield Row("", counted + part.title, Shape.TITLE)
        else:
            yield row(counted + wording.ITEM, part.title)
        if part.note and not (len(parts) == 1 and part.note == question.text):
            yield Row("", visible(part.note), Shape.QUOTE)
        yield from rows(part.value)
    if rest := _rest(question.shown, question):
        yield Row(wording.ALSO_ASKED, visible(json.dumps(rest, ensure_ascii=False)), Shape.CODE)


def _rest(shown: Json, question: Question, path: Path = ()) -> Json:
    """Return what of a value neither the parts nor the heading and the buttons show; something empty: nothing."""
    if isinstance(shown, list):
        rests = ((each, _rest(each, question, (*path, at))) for at, each in enumerate(shown))
        return [rest for each, rest in rests if rest or not each]
    if not isinstance(shown, Mapping):
        return shown
    untold = {
        key: _rest(value, question, (*path, key))
        for key, value in shown.items()
        if (*path, key) not in question.protocol and not _is_told(key, value, question.parts)
    }
    return {key: rest for key, rest in untold.items() if rest or not shown[key]}


def _is_told(key: str, value: Json, parts: Sequence[Part]) -> bool:
    return key in _TOLD and any(is_same(value, getattr(part, _TOLD[key])) for part in parts)
