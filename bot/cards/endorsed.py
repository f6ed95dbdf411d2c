"""Approvals of a question that needs several people: who has approved what, and a button to approve the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import wording
from bot.blocks import (
    Block,
    Element,
    actions,
    button,
    context,
    date,
    line,
    message_chars,
    quote,
    rich,
    text,
    user,
)
from bot.cards.asked import seen
from bot.cards.changes import changes
from bot.cards.values import Row, Shape, fit
from bot.inert import cut, one_line, visible
from bot.payloads import Slip, encode_slip
from engine import Actor, ApprovalStatus, ApprovalView, Endorsement

SHOWN: Final = 3
"""Different answers that are shown; people who cannot agree talk rather than add a fourth."""
PEOPLE_SHOWN: Final = 5
ENDORSED_CHARS: Final = 4_000
"""For all answers together. Nobody can agree with what does not stand on the card in full."""
CANNOT_AGREE: Final = (
    "Not all of this fits the card, so nobody can agree with it here. The thread has all of it; "
    "who enters the same approves it too."
)
NAME_CHARS: Final = 60


def endorsed(approval: ApprovalView, *, in_full: bool, max_chars: int) -> list[Block]:
    """Show who has approved an open question so far; what somebody typed with a button to approve just that.

    Where the card does not show all that is asked (`in_full` is false) there is no such button. What does not fit
    `max_chars` of a message is left out, but not that there is something.
    """
    if approval.status is not ApprovalStatus.PENDING:
        return []
    answers: dict[str, list[Endorsement]] = {}
    for each in approval.endorsements:
        answers.setdefault(each.answer_digest, []).append(each)
    blocks: list[Block] = []
    shown = 0
    left = min(max_chars, ENDORSED_CHARS)
    for number, same in enumerate(list(answers.values())[:SHOWN]):
        whole = _answer(approval, same, number=number, in_full=in_full, max_chars=left)
        brief = [_lead(same), context(CANNOT_AGREE)]
        made = next((each for each in (whole, brief) if message_chars(each) <= left), None)
        if made is not None:
            blocks += made
            left -= message_chars(made)
            shown += 1
    hidden = len(answers) - shown
    return [*blocks, *([context(_hidden(hidden, has_others=bool(blocks)))] if hidden else [])]


def people(those: Sequence[Actor]) -> list[Element]:
    """Name people one after the other; of many the first few."""
    made: list[Element] = []
    for at, each in enumerate(those[:PEOPLE_SHOWN]):
        made += [text(", ")] if at else []
        made.append(user(each.id, name=each.name))
    more = len(those) - PEOPLE_SHOWN
    return [*made, *([text(f" and {more} more")] if more > 0 else [])]


def _answer(
    approval: ApprovalView, same: Sequence[Endorsement], *, number: int, in_full: bool, max_chars: int
) -> list[Block]:
    first = same[0]
    told = [_lead(same)]
    missing = 0
    if first.reason:
        reason = fit([Row("", visible(first.reason), Shape.QUOTE)], max_chars=max_chars)
        told.append(rich(quote(*(text(each.content) for each in reason.rows))))
        missing = reason.hidden
    edited, unseen = changes(first.before, first.after, max_chars=max_chars)
    if not (first.reason or first.before or first.after):
        return told  # the option's own button approves the same
    if missing + unseen or not in_full:
        return [*told, *edited, context(CANNOT_AGREE)]
    value = encode_slip(Slip(seen(approval), agrees_with=first.answer_digest))
    label = f"Agree with {cut(one_line(first.actor_name), max_chars=NAME_CHARS)}"
    agree = button(label, action_id=f"agree:{number}", value=value)
    block_id = f"agree:{approval.id}:{approval.revision}:{number}"
    return [*told, *edited, actions([agree], block_id=block_id)]


def _lead(same: Sequence[Endorsement]) -> Block:
    first = same[0]
    verdict = wording.verdict(first.verdict, label=first.label)
    counted = text(f"{verdict} ({len(same)} of {first.required})", "bold")
    those = people([Actor(each.actor_id, each.actor_name) for each in same])
    return rich(line(counted, text(" by "), *those, text(", "), date(first.endorsed_at)))


def _hidden(count: int, *, has_others: bool) -> str:
    return f"{count} {'more ' if has_others else ''}{'answer is' if count == 1 else 'answers are'} in the thread."
