"""The card of one question: what is asked in full, who may decide, and buttons for as long as it is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from bot import wording
from bot.blocks import (
    HEADER_CHARS,
    MESSAGE_CHARS,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Block,
    Element,
    actions,
    button,
    context,
    date,
    divider,
    group,
    header,
    line,
    message_chars,
    quote,
    rich,
    section,
    text,
    user,
    view_bytes,
)
from bot.cards.inputs import inputs
from bot.cards.outcome import outcome
from bot.cards.values import Fitted, Json, Row, Shape, changes, fit, render, row, rows
from bot.inert import cut, has_mixed_alphabets, one_line, visible
from bot.payloads import Slip, encode_slip, mark_of
from engine import (
    ApprovalStatus,
    ApprovalView,
    DecisionView,
    Event,
    Option,
    Policy,
    ReasonWanted,
    RunView,
    Seen,
    Verdict,
)

APPROVERS_SHOWN: Final = 20
EDIT_CHARS: Final = 3_000
REASON_CHARS: Final = 3_000
REQUEST_CHARS: Final = 1_500
SPARE_CHARS: Final = 400
FRAME_BYTES: Final = 5_000
"""What the review form takes around the values, at most."""


def card(run: RunView, approval: ApprovalView) -> list[Block]:
    """Show a question as it stands now: open with buttons, or closed with what became of it.

    Options other than Reject are offered only on a card that shows every character of the value. Where it does not
    fit, Review takes their place, and where not even the review form holds it, only Reject is left.
    """
    above = [*heading(approval), _facts(run, approval), *_outcome(run, approval)]
    below = [context(f"Run {run.id} · Thread {cut(run.thread_id, max_chars=200)}")]
    given = _value_rows(approval)
    warnings = _warnings(approval, given)
    buttons = _buttons(approval, [_button(approval, option) for option in _offered(approval)])
    request = _request(run, approval)
    room = MESSAGE_CHARS - SPARE_CHARS - message_chars([*above, *warnings, *request, *below, *buttons])
    fitted = fit(given, max_chars=room)
    can_review = fitted.hidden > 0 and review_blocks(approval) is not None
    if fitted.hidden:
        buttons = _buttons(approval, _buttons_unseen(approval, can_review=can_review))
    values = [*render(fitted.rows), *_missing(approval, fitted, can_review=can_review), *warnings]
    parts = [part for part in (values, request) if part]
    framed = [block for part in parts for block in (divider(), *part)]  # no value can pass for a fact of ours
    return [*above, *framed, *([divider()] if parts else []), *below, *buttons]


def is_complete(blocks: Sequence[Block]) -> bool:
    """Say whether a card shows every character of what is asked."""
    return not any(block.get("block_id") == _HIDDEN for block in blocks)


def superseded(run: RunView, asked: Event) -> list[Block]:
    """Show the card of an earlier revision: what it asked, that it is out of date, and no buttons."""
    return [
        header(str(asked.detail.get("text", ""))),
        rich(line(text(wording.SUPERSEDED, "bold"))),
        context(f"Run {run.id} · Thread {cut(run.thread_id, max_chars=200)}"),
    ]


def notification(run: RunView, approval: ApprovalView) -> str:
    """Say in one line of mrkdwn what the card says, for notifications and screen readers."""
    return wording.card_text(
        approval,
        requester=cut(run.requested_by_name, max_chars=80),
        question=cut(approval.question.text, max_chars=300),
    )


def heading(approval: ApprovalView) -> list[Block]:
    """Show the question's one line, also when it is longer than a heading."""
    question = one_line(approval.question.text)
    return [header(question), *([section(question)] if len(question) > HEADER_CHARS else [])]


def review_blocks(approval: ApprovalView) -> list[Block] | None:
    """Show the whole value in the blocks of one form; None when it does not fit a form."""
    given = _value_rows(approval)
    if sum(len(each.content) for each in given) > VIEW_BYTES:
        return None
    blocks = [*heading(approval), *render(given), *_warnings(approval, given)]
    fits = len(blocks) <= VIEW_BLOCKS and view_bytes({"blocks": blocks}) <= VIEW_BYTES - FRAME_BYTES
    return blocks if fits else None


def seen(approval: ApprovalView) -> Seen:
    """Name what a person sees who looks at this approval."""
    return Seen(approval_id=approval.id, revision=approval.revision, digest=approval.digest)


_HIDDEN: Final = "hidden"
_STYLES: Final[Mapping[Verdict, Literal["primary", "danger"]]] = {
    Verdict.APPROVE: "primary",
    Verdict.REJECT: "danger",
}


def _value_rows(approval: ApprovalView) -> tuple[Row, ...]:
    shown = approval.question.shown
    if (
        isinstance(shown, str)
        and shown == one_line(shown) == approval.question.text
        and len(shown) <= HEADER_CHARS
    ):
        return ()  # the heading is the value
    return _asked_rows(shown)


def _asked_rows(shown: Json) -> tuple[Row, ...]:
    """Lay out what is asked; of a static breakpoint the state itself, after the nodes that would run."""
    match shown:
        case {"next": [*nodes], "state": {**state}} if len(shown) == 2 and _are_names(nodes) and state:
            return (row("Next", ", ".join(nodes) or "the end"), *rows(state))
        case _:
            return rows(shown)


def _are_names(nodes: Sequence[Json]) -> bool:
    return all(isinstance(node, str) and node == one_line(node) for node in nodes)


def _request(run: RunView, approval: ApprovalView) -> list[Block]:
    """Show what the run was asked for, as far as the question itself does not say it: an approver's context."""
    shown = approval.question.shown
    said = {**shown, **(shown.get("state") or {})} if _has_state(shown) else shown
    known = said if isinstance(said, Mapping) else {}
    rest = {name: value for name, value in run.input.items() if name not in known or known[name] != value}
    if not rest:
        return []
    fitted = fit(rows(rest), max_chars=REQUEST_CHARS)
    more = [context(f"{wording.hidden(fitted.hidden)} {wording.SEE_ROOT}")] if fitted.hidden else []
    return [context(wording.REQUEST), *render(fitted.rows), *more]


def _has_state(shown: Json) -> bool:
    return isinstance(shown, Mapping) and isinstance(shown.get("state"), Mapping)


def _facts(run: RunView, approval: ApprovalView) -> Block:
    fact = [
        _fact("Workflow", text(cut(one_line(run.title), max_chars=150))),
        _fact("Requested by", user(run.requested_by, name=run.requested_by_name)),
        _fact("May decide", *_approvers(approval.policy)),
    ]
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


def _outcome(run: RunView, approval: ApprovalView) -> list[Block]:
    """Show what became of the question, and below the last one of the run; nothing while it is open."""
    if approval.status is ApprovalStatus.PENDING:
        return []
    state = rich(line(text(wording.APPROVAL_STATUS[approval.status])))
    decided = _decision(approval.decision) if approval.decision else []
    is_last = run.ended_at is not None and approval.number == max(each.number for each in run.approvals)
    return [*decided, state, *(outcome(run) if is_last else [])]


def _decision(decision: DecisionView) -> list[Block]:
    who = user(decision.actor_id, name=decision.actor_name)
    said = [
        line(
            text(wording.verdict(decision.verdict, label=decision.label), "bold"),
            text(" by "),
            who,
            text(", "),
            date(decision.decided_at),
        )
    ]
    cut_off = 0
    if decision.reason:
        reason = fit([Row("", visible(decision.reason), Shape.QUOTE)], max_chars=REASON_CHARS)
        said.append(quote(*(text(each.content) for each in reason.rows)))
        cut_off = reason.hidden
    edited, missing = changes(decision.before, decision.after, max_chars=EDIT_CHARS)
    return [
        rich(*said),
        *edited,
        *([context(wording.hidden(missing + cut_off))] if missing + cut_off else []),
    ]


def _missing(approval: ApprovalView, fitted: Fitted, *, can_review: bool) -> list[Block]:
    if not fitted.hidden:
        return []
    said = [wording.hidden(fitted.hidden)]
    if approval.status is ApprovalStatus.PENDING:
        said.append(wording.NEEDS_REVIEW if can_review else wording.TOO_LONG)
    return [{**section(" ".join(said)), "block_id": _HIDDEN}]


def _warnings(approval: ApprovalView, given: Sequence[Row]) -> list[Block]:
    content = "\n".join(
        [visible(approval.question.text), *(f"{each.name}\n{each.content}" for each in given)]
    )
    found = [wording.INVISIBLE] if "⟨U+" in content else []
    return [context(each) for each in [*found, *([wording.MIXED] if has_mixed_alphabets(content) else [])]]


def action_of(option: Option) -> str:
    """Name what a click does: "approve" at once, "reject" and "edit" by forms of their own, or "choose"."""
    match option:
        case Option(name="approve", form=None, reason=ReasonWanted.NONE):
            return "approve"
        case Option(name="reject", form=None) if option.reason is not ReasonWanted.NONE:
            return "reject"
        case Option(name="edit", verdict=Verdict.EDIT, reason=ReasonWanted.NONE):
            return "edit"
        case _:
            return "choose"


def _offered(approval: ApprovalView) -> list[Option]:
    """Leave out an edit whose values Slack cannot edit."""
    return [
        option
        for option in approval.question.options
        if option.verdict is not Verdict.EDIT or option.form is None or inputs(option.form).blocks
    ]


def _buttons_unseen(approval: ApprovalView, *, can_review: bool) -> list[Element]:
    """Offer what may be chosen by somebody who does not see all of the value."""
    options = approval.question.options
    made = [_button(approval, option) for option in options if option.verdict is Verdict.REJECT]
    if can_review and any(action_of(option) == "approve" for option in options):
        value = encode_slip(Slip(seen(approval)))
        made.insert(0, button("Review in full", action_id="review", value=value, style="primary"))
    return made


def _button(approval: ApprovalView, option: Option) -> Element:
    action = action_of(option)
    is_named = action != "choose"
    return button(
        one_line(option.label),
        action_id=action if is_named else f"choose:{approval.question.options.index(option)}",
        value=encode_slip(Slip(seen(approval), option=None if is_named else mark_of(option.name))),
        style=_STYLES.get(option.verdict),
    )


def _buttons(approval: ApprovalView, made: Sequence[Element]) -> list[Block]:
    if approval.status is not ApprovalStatus.PENDING or not made:
        return []
    return [actions(made, block_id=f"decide:{approval.id}:{approval.revision}")]
