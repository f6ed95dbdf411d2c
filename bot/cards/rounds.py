"""What a further round of a question shows: which one it is, what was said to the one before, what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot import wording
from bot.blocks import Block, context, line, message_chars, quote, rich, text, user
from bot.cards.changes import changes
from bot.cards.values import Json, Row, Shape, fit, is_same
from bot.inert import visible
from engine import ApprovalView, Earlier, Question

COMMENT_CHARS = 1_500
LEAST_CHARS = 300
"""With less room than this a list of changes says nothing."""


def comment(earlier: Earlier) -> list[Block]:
    """Say which round this is, how the one before was answered, by whom and with which words."""
    decision = earlier.decision
    said = wording.round_before(earlier)
    who = user(decision.actor_id, name=decision.actor_name)
    parts = [line(text(said.lead, "bold"), text(said.rest), who)]
    missing = 0
    if decision.reason:
        fitted = fit([Row("", visible(decision.reason), Shape.QUOTE)], max_chars=COMMENT_CHARS)
        parts.append(quote(*(text(each.content) for each in fitted.rows)))
        missing = fitted.hidden
    return [rich(*parts), *([context(f"{wording.hidden(missing)} {wording.SEE_THREAD}")] if missing else [])]


def since(approval: ApprovalView, *, max_chars: int) -> list[Block]:
    """Show what has changed since the round before, within `max_chars` of a message; nothing where nothing did."""
    earlier = approval.previous
    if earlier is None:
        return []
    before, after = changed(earlier.question, approval.question)
    title = rich(line(text(wording.changed_since(earlier), "bold")))
    room = max_chars - message_chars([title]) - LEAST_CHARS
    if not (before or after) or room < LEAST_CHARS:
        return []
    blocks, missing = changes(before, after, max_chars=room)
    return [title, *blocks, *([context(wording.hidden(missing))] if missing else [])]


def changed(old: Question, new: Question) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return what differs between two rounds, before and after, by the name under which a card shows it."""
    before, after = dict(_pieces(old)), dict(_pieces(new))
    names = [
        name
        for name in {**after, **before}
        if (name in before) != (name in after) or not is_same(before[name], after[name])
    ]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def _pieces(question: Question) -> Iterator[tuple[str, Json]]:
    if not question.parts:
        yield from _named("", question.shown)
    for number, part in enumerate(question.parts, 1):
        counted = f"{number}. " if len(question.parts) > 1 else ""
        yield from ((f"{counted}{part.title}", part.note),) if part.note else ()
        yield from _named(counted, part.value)


def _named(counted: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, Mapping):
        yield from ((f"{counted}{name}", item) for name, item in value.items())
    else:
        yield counted.strip(), value
