"""The forms that open over Slack: start a workflow, reject with a reason, edit, review in full."""

from __future__ import annotations

from collections.abc import Sequence

from bot import wording
from bot.blocks import (
    TITLE_CHARS,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Block,
    field_input,
    modal,
    section,
    text_input,
    view_bytes,
)
from bot.cards.asked import heading, review_blocks, seen
from bot.cards.inputs import Inputs, inputs
from bot.inert import one_line
from bot.payloads import Slip, StartSlip, encode_slip, encode_start
from engine import ApprovalView, Form, Option, ReasonWanted, WorkflowView

REASON_CHARS = 2_000
REASON_BLOCK = "reason"


def start_view(workflow: WorkflowView, *, channel: str) -> Block:
    """Make the form that starts a workflow; callback_id "start". `channel` is where the command was typed."""
    made = inputs(workflow.form)
    above = [section(said) for said in (workflow.problem, workflow.description) if said]
    nothing = [] if workflow.form.fields else [section(wording.NO_INPUT)]
    return modal(
        title=workflow.title,
        callback_id="start",
        private_metadata=encode_start(StartSlip(workflow=workflow.name, channel=channel)),
        blocks=[*above, *nothing, *made.blocks, *_left_out(workflow.form, made)],
        submit="Start",
    )


def reject_view(approval: ApprovalView) -> Block:
    """Make the form that asks why; callback_id "reject", the reason is in block "reason", action "value"."""
    option = approval.question.option("reject")
    is_optional = option is not None and option.reason is not ReasonWanted.REQUIRED
    label = option.label if option else "Reject"
    submit = _submit(option) if option else label
    return modal(
        title=label,
        callback_id="reject",
        private_metadata=encode_slip(Slip(seen(approval))),
        blocks=[
            section(approval.question.text),
            _reason_input("Why do you reject this?", is_optional=is_optional),
        ],
        submit=submit,
    )


def choose_view(approval: ApprovalView, *, option: Option, above: Sequence[Block] = ()) -> Block:
    """Make the form of any other option; callback_id "choose". The reason, if one goes with it, comes first.

    `above` stands in the place of the question's one line. A form none of whose values Slack can edit gives one that
    says so and cannot be sent.
    """
    made = inputs(option.form) if option.form is not None else Inputs(blocks=(), left_out=())
    wants_reason = option.reason is not ReasonWanted.NONE
    is_optional = option.reason is ReasonWanted.OPTIONAL
    reason = [_reason_input(wording.COMMENT, is_optional=is_optional)] if wants_reason else []
    can_send = bool(option.form is None or reason or made.blocks)
    below = _left_out(option.form, made) if option.form is not None and can_send else []
    number = approval.question.options.index(option)
    return modal(
        title=option.label,
        callback_id="choose",
        private_metadata=encode_slip(Slip(seen(approval), option=number)),
        blocks=[
            *(above or [section(approval.question.text)]),
            *reason,
            *made.blocks,
            *below,
            *([] if can_send else [section(wording.NO_EDIT)]),
        ],
        submit=_submit(option) if can_send else None,
    )


def choose_in_full(approval: ApprovalView, *, option: Option) -> Block | None:
    """Make the form of an option below all that is asked; None where Slack cannot hold both."""
    above = review_blocks(approval)
    view = choose_view(approval, option=option, above=above) if above else {}
    fits = len(view.get("blocks", ())) <= VIEW_BLOCKS and view_bytes(view) <= VIEW_BYTES
    return view if "submit" in view and fits else None


def _submit(option: Option) -> str:
    """Say on the button that sends a form what it does, also where the option's own label is too long for it."""
    label = one_line(option.label)
    return label if 0 < len(label) <= TITLE_CHARS else wording.SUBMIT[option.verdict]


def _reason_input(label: str, *, is_optional: bool) -> Block:
    return field_input(
        block_id=REASON_BLOCK,
        label=label,
        element=text_input(multiline=True, max_chars=REASON_CHARS),
        optional=is_optional,
        hint=wording.REASON_HINT,
    )


def edit_view(approval: ApprovalView) -> Block:
    """Make the form that edits and approves, filled with the present values; callback_id "edit".

    An approval without a form, or none of whose values Slack can edit, gives a form that says so and cannot be
    sent.
    """
    form = approval.question.form
    made = inputs(form) if form is not None else Inputs(blocks=(), left_out=())
    below = _left_out(form, made) if form is not None and made.blocks else []
    return modal(
        title="Edit and approve",
        callback_id="edit",
        private_metadata=encode_slip(Slip(seen(approval))),
        blocks=[section(approval.question.text), *(made.blocks or [section(wording.NO_EDIT)]), *below],
        submit="Approve with changes" if made.blocks else None,
    )


def review_view(approval: ApprovalView) -> Block:
    """Make the form that shows every character of the value; callback_id "review", sending it approves.

    A value that does not fit a form gives one that says so and cannot be sent.
    """
    blocks = review_blocks(approval)
    return modal(
        title=wording.REVIEW,
        callback_id="review",
        private_metadata=encode_slip(Slip(seen(approval))),
        blocks=[*heading(approval), section(wording.TOO_LONG)] if blocks is None else blocks,
        submit=None if blocks is None else "Approve",
    )


def _left_out(form: Form, made: Inputs) -> list[Block]:
    labels = [field.label or field.name for field in form.fields if field.name in made.left_out]
    return [section(wording.left_out(labels))] if labels else []
