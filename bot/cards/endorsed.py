"""Approvals of a question that needs several people: who has approved what, and a button to approve the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import wording
from bot.blocks import Block, Element, actions, button, context, date, line, quote, rich, text, user
from bot.cards.asked import seen
from bot.cards.changes import changes
from bot.cards.values import Row, Shape, fit
from bot.inert import cut, one_line, visible
from bot.payloads import Slip, encode_slip
from engine import ApprovalStatus, ApprovalView, Endorsement

SHOWN: Final = 3
"""Different answers that are shown; people who cannot agree talk rather than add a fourth."""
ANSWER_CHARS: Final = 1_200
"""For what was typed into one answer. Nobody can agree with what does not stand on the card in full."""
CANNOT_AGREE: Final = (
    "Not all of this fits the card, so nobody can agree with it here. The thread has all of it."
)
NAME_CHARS: Final = 60


def endorsed(approval: ApprovalView, *, in_full: bool) -> list[Block]:
    """Show who has approved an open question so far; what somebody typed with a button to approve just that.

    Where the card does not show all that is asked (`in_full` is false) there is no such button.
    """
    if approval.status is not ApprovalStatus.PENDING:
        return []
    answers: dict[str, list[Endorsement]] = {}
    for each in approval.endorsements:
        answers.setdefault(each.answer_digest, []).append(each)
    blocks: list[Block] = []
    for number, same in enumerate(list(answers.values())[:SHOWN]):
        blocks += _answer(approval, same, number=number, in_full=in_full)
    hidden = len(answers) - SHOWN
    return [
        *blocks,
        *(
            [context(f"{hidden} more {'answer is' if hidden == 1 else 'answers are'} in the thread.")]
            if hidden > 0
            else []
        ),
    ]


def _answer(
    approval: ApprovalView, same: Sequence[Endorsement], *, number: int, in_full: bool
) -> list[Block]:
    first = same[0]
    verdict = wording.verdict(first.verdict, label=first.label)
    lead = f"{verdict} ({len(same)} of {first.required})"
    said = [line(text(lead, "bold"), text(" by "), *_people(same), text(", "), date(first.endorsed_at))]
    missing = 0
    if first.reason:
        reason = fit([Row("", visible(first.reason), Shape.QUOTE)], max_chars=ANSWER_CHARS)
        said.append(quote(*(text(each.content) for each in reason.rows)))
        missing = reason.hidden
    edited, unseen = changes(first.before, first.after, max_chars=ANSWER_CHARS)
    blocks = [rich(*said), *edited]
    if not (first.reason or first.before or first.after):
        return blocks  # the option's own button approves the same
    if missing + unseen or not in_full:
        return [*blocks, context(CANNOT_AGREE)]
    value = encode_slip(Slip(seen(approval), agrees_with=first.answer_digest))
    label = f"Agree with {cut(one_line(first.actor_name), max_chars=NAME_CHARS)}"
    agree = button(label, action_id=f"agree:{number}", value=value)
    return [*blocks, actions([agree], block_id=f"agree:{approval.id}:{approval.revision}:{number}")]


def _people(same: Sequence[Endorsement]) -> list[Element]:
    made: list[Element] = []
    for at, each in enumerate(same):
        made += [text(", ")] if at else []
        made.append(user(each.actor_id, name=each.actor_name))
    return made
