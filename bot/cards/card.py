"""The card of one question: what is asked in full, who may decide, and buttons for as long as it is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bot import wording
from bot.blocks import (
    MESSAGE_CHARS,
    Block,
    Element,
    context,
    date,
    divider,
    group,
    header,
    line,
    message_chars,
    rich,
    section,
    text,
    user,
)
from bot.cards.asked import heading, repetition, value_rows, warnings
from bot.cards.buttons import buttons, offers_review
from bot.cards.decided import decided
from bot.cards.endorsed import endorsed
from bot.cards.rounds import comment, since
from bot.cards.values import Fitted, fit, render, rows
from bot.inert import cut, one_line
from engine import ApprovalStatus, ApprovalView, Event, Policy, Question, RunView

APPROVERS_SHOWN: Final = 20
REQUEST_CHARS: Final = 1_500
EXCERPT_CHARS: Final = 1_200
"""Of a value that does not fit a card: what is beneath it has to be found on a phone."""
SINCE_CHARS: Final = 3_000
"""For what has changed since the round before, where there is room beside the value."""
SPARE_CHARS: Final = 400


def card(run: RunView, approval: ApprovalView) -> list[Block]:
    """Show a question as it stands now: open with buttons, or closed with what became of it.

    Options other than to reject are offered only on a card that shows every character of the value. Where it does
    not fit, forms that show it take their place, and where no form holds it, only Reject is left.
    """
    above = [
        *heading(approval),
        *decided(run, approval),
        *(comment(approval.previous) if approval.previous else []),
        *repetition(approval),
        _facts(run, approval),
    ]
    below = [context(f"Run {run.id}")]
    given = value_rows(approval.question)
    found = warnings(approval, given)
    made = buttons(approval, in_full=True)
    request = _request(run, approval)
    framing = message_chars([*above, *found, *request, *below]) + SPARE_CHARS
    room = MESSAGE_CHARS - framing - message_chars(made)
    fitted = fit(given, max_chars=room)
    if fitted.hidden:
        made = buttons(approval, in_full=False)
        room = MESSAGE_CHARS - framing - message_chars(made)
        fitted = fit(given, max_chars=min(room, EXCERPT_CHARS))
    room -= message_chars(render(fitted.rows))  # what is asked comes first, then who has approved it
    approved = endorsed(approval, in_full=not fitted.hidden, max_chars=room)
    changed = since(approval, max_chars=min(SINCE_CHARS, room - message_chars(approved)))
    whole = [context(wording.IN_FULL)] if changed and given else []
    values = [
        *whole,
        *render(fitted.rows),
        *_missing(approval, fitted, can_review=offers_review(made)),
        *found,
    ]
    parts = [part for part in (changed, values, request) if part]
    framed = [block for part in parts for block in (divider(), *part)]  # no value can pass for a fact of ours
    return [*above, *framed, *([divider()] if parts else []), *approved, *made, *below]


def is_complete(blocks: Sequence[Block]) -> bool:
    """Say whether a card shows every character of what is asked."""
    return not any(block.get("block_id") == _HIDDEN for block in blocks)


def superseded(run: RunView, asked: Event) -> list[Block]:
    """Show the card of an earlier revision: what it asked, that it is out of date, and no buttons."""
    return [
        header(str(asked.detail.get("text", ""))),
        rich(line(text(wording.SUPERSEDED, "bold"))),
        context(f"Run {run.id}"),
    ]


def notification(run: RunView, approval: ApprovalView) -> str:
    """Say in one line of mrkdwn what the card says, for notifications and screen readers."""
    return wording.card_text(
        approval,
        requester=cut(run.requested_by_name, max_chars=80),
        question=cut(approval.question.text, max_chars=300),
    )


_HIDDEN: Final = "hidden"


def _request(run: RunView, approval: ApprovalView) -> list[Block]:
    """Show what the run was asked for, as far as the question itself does not say it: an approver's context."""
    said = _keys(approval.question)
    rest = {name: value for name, value in run.input.items() if name not in said}
    if not rest:
        return []
    fitted = fit(rows(rest), max_chars=REQUEST_CHARS)
    more = [context(f"{wording.hidden(fitted.hidden)} {wording.SEE_ROOT}")] if fitted.hidden else []
    return [context(wording.REQUEST), *render(fitted.rows), *more]


def _keys(question: Question) -> frozenset[str]:
    """Name the keys under which a question shows something, whatever its value has become."""
    shown = question.shown
    state = shown.get("state") if isinstance(shown, Mapping) else None
    held = [*(part.value for part in question.parts), *([] if question.parts else [shown]), state]
    return frozenset(key for each in held if isinstance(each, Mapping) for key in each)


def _facts(run: RunView, approval: ApprovalView) -> Block:
    fact = [
        _fact("Workflow", text(cut(one_line(run.title), max_chars=150))),
        _fact("Requested by", user(run.requested_by, name=run.requested_by_name)),
        _fact("May decide", *_approvers(approval.policy)),
    ]
    if approval.policy.needs_several:
        fact.append(_fact("Takes", text(wording.takes(approval.policy))))
    if approval.expires_at is not None:
        fact.append(_fact("Deadline", date(approval.expires_at)))
    return rich(*fact)


def _fact(name: str, *elements: Element) -> Element:
    return line(text(f"{name}: ", "bold"), *elements)


def _approvers(policy: Policy) -> Iterator[Element]:
    mentions = [*map(group, sorted(policy.groups)), *map(user, sorted(policy.users))]
    if not mentions:
        yield text(wording.NOBODY)
    for at, mention in enumerate(mentions[:APPROVERS_SHOWN]):
        yield from [text(", ")] if at else []
        yield mention
    if len(mentions) > APPROVERS_SHOWN:
        yield text(f" and {len(mentions) - APPROVERS_SHOWN} more")


def _missing(approval: ApprovalView, fitted: Fitted, *, can_review: bool) -> list[Block]:
    if not fitted.hidden:
        return []
    said = [wording.hidden(fitted.hidden)]
    if approval.status is ApprovalStatus.PENDING:
        said.append(wording.NEEDS_REVIEW if can_review else wording.TOO_LONG)
    return [{**section(" ".join(said)), "block_id": _HIDDEN}]
