"""The forms that open over Slack: start a workflow, reject with a reason, edit, review in full."""

from __future__ import annotations

from bot import wording
from bot.blocks import Block, field_input, modal, section, text_input
from bot.cards.card import heading, review_blocks, seen
from bot.cards.pages import Filling, begun, next_page, private_metadata
from bot.payloads import StartSlip, encode_seen, encode_start
from engine import ApprovalView, Form, WorkflowView

REASON_CHARS = 2_000
REASON_BLOCK = "reason"


def start_view(workflow: WorkflowView, *, channel: str, filling: Filling | None = None) -> Block:
    """Make the next page of the form that starts a workflow; callback_id "start".

    `channel` is where the command was typed, `filling` how far the form is filled in (None: not at all).
    """
    above = [section(said) for said in (workflow.problem, workflow.description) if said]
    nothing = [] if workflow.form.fields else [section(wording.NO_INPUT)]
    return form_view(
        workflow.form,
        filling or begun(workflow.form),
        title=workflow.title,
        callback_id="start",
        metadata=encode_start(StartSlip(workflow=workflow.name, channel=channel)),
        above=[*above, *nothing],
        submit="Start",
    )


def reject_view(approval: ApprovalView) -> Block:
    """Make the form that asks why; callback_id "reject", the reason is in block "reason", action "value"."""
    reason = field_input(
        block_id=REASON_BLOCK,
        label="Why do you reject this?",
        element=text_input(multiline=True, max_chars=REASON_CHARS),
        optional=False,
        hint=wording.REASON_HINT,
    )
    return modal(
        title="Reject",
        callback_id="reject",
        private_metadata=encode_seen(seen(approval)),
        blocks=[section(approval.question.text), reason],
        submit="Reject",
    )


def edit_view(approval: ApprovalView, *, filling: Filling | None = None) -> Block:
    """Make the next page of the form that edits and approves; callback_id "edit".

    `filling` says how far it is filled in; None: with the present values. An approval without a form, or none of
    whose values Slack can edit, gives a form that says so and cannot be sent.
    """
    form = approval.question.form
    about = encode_seen(seen(approval))
    page = None if form is None else next_page(form, filling or begun(form))
    if form is None or page is None or not page.names:
        blocks = [section(approval.question.text), section(wording.NO_EDIT)]
        return modal(
            title="Edit and approve", callback_id="edit", private_metadata=about, blocks=blocks, submit=None
        )
    return form_view(
        form,
        filling or begun(form),
        title="Edit and approve",
        callback_id="edit",
        metadata=about,
        above=[section(approval.question.text)],
        submit="Approve with changes",
    )


def form_view(
    form: Form,
    filling: Filling,
    *,
    title: str,
    callback_id: str,
    metadata: str,
    above: list[Block],
    submit: str,
) -> Block:
    """Make the next page of any form as a modal.

    `metadata` (a JSON object) says what the form is about, `above` are at most 6 blocks, `submit` is what the
    button of the last page says. A page that is kept as a draft tells us when it is closed.
    """
    page = next_page(form, filling)
    blocks = page.blocks if page else ()
    return modal(
        title=title,
        callback_id=callback_id,
        private_metadata=private_metadata(metadata, filling),
        blocks=[*above, *blocks],
        submit=submit if page is None or page.is_last else wording.NEXT,
        tells_when_closed=filling.draft_id is not None,
    )


def review_view(approval: ApprovalView) -> Block:
    """Make the form that shows every character of the value; callback_id "review", sending it approves.

    A value that does not fit a form gives one that says so and cannot be sent.
    """
    blocks = review_blocks(approval)
    return modal(
        title="Review in full",
        callback_id="review",
        private_metadata=encode_seen(seen(approval)),
        blocks=[*heading(approval), section(wording.TOO_LONG)] if blocks is None else blocks,
        submit=None if blocks is None else "Approve",
    )
