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
from bot.cards.pages import Filling, begun, next_page, private_metadata
from bot.inert import one_line
from bot.payloads import Slip, StartSlip, encode_slip, encode_start, mark_of
from engine import ApprovalView, Form, Option, ReasonWanted, Verdict, WorkflowView

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
            _reason_input(wording.why(label), is_optional=is_optional),
        ],
        submit=submit,
    )


def choose_view(
    approval: ApprovalView,
    *,
    option: Option,
    filling: Filling | None = None,
    shown: Sequence[Block] = (),
) -> Block:
    """Make the next page of the form of any other option; callback_id "choose".

    The reason, if one goes with it, stands on the first page, in block "reason", action "value". `filling` says how
    far the form is filled in; None: with the initial values. `shown` stands in the place of the question's one line.
    A form none of whose values Slack can hold gives one that says so and cannot be sent.
    """
    about = encode_slip(Slip(seen(approval), option=mark_of(option.name)))
    above = [*(shown or [section(approval.question.text)])]
    if option.reason is not ReasonWanted.NONE and not (filling and filling.asked):
        is_optional = option.reason is ReasonWanted.OPTIONAL
        above.append(_reason_input(wording.COMMENT, is_optional=is_optional))
    return _option_view(
        option.form,
        filling,
        title=option.label.removesuffix("…"),
        callback_id="choose",
        about=about,
        above=above,
        submit=_submit(option),
    )


def choose_in_full(approval: ApprovalView, *, option: Option) -> Block | None:
    """Make the form of an option below all that is asked; None where Slack cannot hold both."""
    above = review_blocks(approval)
    view = choose_view(approval, option=option, shown=above) if above else {}
    fits = len(view.get("blocks", ())) <= VIEW_BLOCKS and view_bytes(view) <= VIEW_BYTES
    return view if "submit" in view and fits else None


def _submit(option: Option) -> str:
    """Say on the button that sends a form what it does: as the option's label has it, if that is short enough."""
    if option.label in wording.SENDING:
        return wording.SENDING[option.label]
    is_plain_edit = option.verdict is Verdict.EDIT and option.name.casefold() == "edit"
    label = "" if is_plain_edit else one_line(option.label)
    return label if 0 < len(label) <= TITLE_CHARS else wording.SUBMIT[option.verdict]


def _reason_input(label: str, *, is_optional: bool) -> Block:
    return field_input(
        block_id=REASON_BLOCK,
        label=label,
        element=text_input(multiline=True, max_chars=REASON_CHARS),
        optional=is_optional,
        hint=wording.REASON_HINT,
    )


def edit_view(approval: ApprovalView, *, filling: Filling | None = None) -> Block:
    """Make the next page of the form that edits and approves; callback_id "edit".

    `filling` says how far it is filled in; None: with the present values. An approval without a form, or none of
    whose values Slack can edit, gives a form that says so and cannot be sent.
    """
    return _option_view(
        approval.question.form,
        filling,
        title="Edit and approve",
        callback_id="edit",
        about=encode_slip(Slip(seen(approval))),
        above=[section(approval.question.text)],
        submit="Approve with changes",
    )


def _option_view(
    form: Form | None,
    filling: Filling | None,
    *,
    title: str,
    callback_id: str,
    about: str,
    above: list[Block],
    submit: str,
) -> Block:
    page = None if form is None else next_page(form, filling or begun(form))
    if form is not None and page is not None and page.names:
        return form_view(
            form,
            filling or begun(form),
            title=title,
            callback_id=callback_id,
            metadata=about,
            above=above,
            submit=submit,
        )
    can_send = form is None
    return modal(
        title=title,
        callback_id=callback_id,
        private_metadata=about,
        blocks=above if can_send else [*above, section(wording.NO_EDIT)],
        submit=submit if can_send else None,
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
        title=wording.REVIEW,
        callback_id="review",
        private_metadata=encode_slip(Slip(seen(approval))),
        blocks=[*heading(approval), section(wording.TOO_LONG)] if blocks is None else blocks,
        submit=None if blocks is None else "Approve",
    )
