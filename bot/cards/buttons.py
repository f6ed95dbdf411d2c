"""The buttons of a card: one for each option of its question, or what may be chosen by whoever has not seen all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from bot import wording
from bot.blocks import BUTTONS, Block, Element, actions, button
from bot.cards.asked import seen
from bot.cards.inputs import inputs
from bot.cards.modals import choose_in_full
from bot.inert import one_line
from bot.payloads import Slip, encode_slip, mark_of
from engine import ApprovalStatus, ApprovalView, Option, ReasonWanted, Verdict

_STYLES: Final[Mapping[Verdict, Literal["primary", "danger"]]] = {
    Verdict.APPROVE: "primary",
    Verdict.REJECT: "danger",
}


def action_of(option: Option) -> str:
    """Name what a click does: "approve" at once, "reject" and "edit" by forms of their own, or "choose"."""
    match option:
        case Option(name="approve", form=None, reason=ReasonWanted.NONE):
            return "approve"
        case Option(name="reject", form=None) if option.reason is not ReasonWanted.NONE:
            return "reject"
        case Option(name="edit", verdict=Verdict.EDIT, reason=ReasonWanted.NONE) if option.form is not None:
            return "edit"
        case _:
            return "choose"


def buttons(approval: ApprovalView, *, in_full: bool) -> list[Block]:
    """Make the buttons of an open question in the order of its options; none once it is closed.

    Where the card does not show all that is asked (`in_full` is false), an option other than to reject opens a form
    that shows all of it, and is left out where no form can.
    """
    if approval.status is not ApprovalStatus.PENDING:
        return []
    made = _for_all_seen(approval) if in_full else _for_unseen(approval)
    name = f"decide:{approval.id}:{approval.revision}"
    return [
        actions(made[at : at + BUTTONS], block_id=f"{name}:{at}" if at else name)
        for at in range(0, len(made), BUTTONS)
    ]


def _for_all_seen(approval: ApprovalView) -> list[Element]:
    """Leave out an edit whose values Slack cannot edit."""
    return [
        _button(approval, option)
        for option in approval.question.options
        if option.verdict is not Verdict.EDIT or option.form is None or inputs(option.form).blocks
    ]


def _for_unseen(approval: ApprovalView) -> list[Element]:
    made = (_unseen(approval, option) for option in approval.question.options)
    return [each for each in made if each]


def _unseen(approval: ApprovalView, option: Option) -> Element | None:
    if option.verdict is Verdict.REJECT:
        return _button(approval, option)
    if choose_in_full(approval, option=option) is None:
        return None
    if action_of(option) == "approve":
        value = encode_slip(Slip(seen(approval)))
        return button(wording.REVIEW, action_id="review", value=value, style="primary")
    number = approval.question.options.index(option)
    value = encode_slip(Slip(seen(approval), option=mark_of(option.name)))
    return button(wording.review(option.label), action_id=f"review:{number}", value=value)


def _button(approval: ApprovalView, option: Option) -> Element:
    number = approval.question.options.index(option)
    action = action_of(option)
    is_named = action != "choose"
    return button(
        one_line(option.label) or wording.SUBMIT[option.verdict],
        action_id=action if is_named else f"choose:{number}",
        value=encode_slip(Slip(seen(approval), option=None if is_named else mark_of(option.name))),
        style=_STYLES.get(option.verdict),
    )


def offers_review(made: Sequence[Block]) -> bool:
    """Say whether one of the buttons opens a form that shows all that is asked."""
    rows = [row["elements"] for row in made if row["type"] == "actions"]
    return any(each["action_id"].startswith("review") for row in rows for each in row)
