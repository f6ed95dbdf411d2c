"""Sent forms: start a workflow, reject, edit, approve after the review in full, and the graph's own options."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.blocks import Block
from bot.cards import REASON_BLOCK, choose_view, edit_view, start_view
from bot.cards.pages import Filling
from bot.listeners.pages import Sheet, sheet_of
from bot.listeners.parts import Parts
from bot.notices import notice
from bot.payloads import (
    Body,
    Submission,
    decode_slip,
    decode_start,
    entry_of,
    read_submission,
    without_draft,
)
from bot.wording import plain_sentence, run_started
from engine import (
    AlreadyDecided,
    ApprovalView,
    Choice,
    EngineError,
    Form,
    InvalidInput,
    Option,
    ReasonWanted,
    UnknownWorkflow,
)

OPTIONS: Final = {"reject": "reject", "review": "approve"}
"""The option that a form of one page stands for."""
PAGED: Final = {"edit": "edit", "choose": None}
"""The forms of options that may take several pages; the form "choose" carries which option it stands for."""
REASON: Final = ""
"""Where a draft keeps the reason: no field has an empty name."""


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the forms. What cannot be done stands in the form, and what was typed stays there."""

    async def start(ack: AsyncAck, body: Body) -> None:
        await ack(**await _start(read_submission(body), parts=parts))

    async def choose(ack: AsyncAck, body: Body) -> None:
        await ack(**await _choose(read_submission(body), parts=parts))

    async def decide(ack: AsyncAck, body: Body) -> None:
        await ack(**await _decide(read_submission(body), parts=parts))

    async def give_up(ack: AsyncAck, body: Body) -> None:
        await _give_up(read_submission(body), parts=parts)
        await ack()

    app.view("start")(start)
    app.view(re.compile(f"^({'|'.join(PAGED)})$"))(choose)
    app.view(re.compile(f"^({'|'.join(OPTIONS)})$"))(decide)
    app.view_closed(re.compile(f"^({'|'.join(['start', *PAGED])})$"))(give_up)


Answer = dict[str, Any]


async def _start(submission: Submission, *, parts: Parts) -> Answer:
    """Start the run after the last page; its key is the form's own id, so that a form sent twice starts one run."""
    slip = decode_start(submission.metadata)
    workflow = parts.desk.workflows.get(slip.workflow)
    sheet = None
    try:
        if workflow is None:
            raise UnknownWorkflow(slip.workflow, tuple(parts.desk.workflows))
        sheet = await sheet_of(
            submission,
            form=workflow.form,
            draw=lambda filling: start_view(workflow, channel=slip.channel, filling=filling),
            desk=parts.desk,
        )
        if (page := await sheet.next()) is not None:
            return page
        starters = await parts.desk.starters(workflow.name)
        actor = await parts.people.actor(submission.user_id, team_id=submission.team_id, policy=starters)
        run = await parts.desk.start(
            workflow.name, entries=sheet.entries, actor=actor, request_key=_request_key(submission)
        )
    except EngineError as error:
        return await _problem(error, submission, sheet=sheet, parts=parts)
    confirmed = run_started(run.title, run_id=run.id)
    parts.whispers.tell(submission.user_id, channel=slip.channel, text=confirmed)
    return {}


async def _choose(submission: Submission, *, parts: Parts) -> Answer:
    """Decide after the last page. The decision is committed when this returns; the answer then closes the form."""
    slip = decode_slip(without_draft(submission.metadata)[0])
    actor = await parts.decider(slip.seen, user_id=submission.user_id, team_id=submission.team_id)
    sheet = None
    try:
        approval, option = await parts.chosen(slip, actor=actor, name=PAGED[submission.callback_id])
        if option.form is None:
            choice = Choice(option.name, reason=_typed(submission))
        else:
            sheet = await _sheet(submission, approval, option, option.form, parts=parts)
            if not sheet.is_complete:  # nobody shall fill in pages about what is over
                await parts.desk.examine(slip.seen, actor=actor, option=option.name)
            if (page := await sheet.next()) is not None:
                return page
            choice = Choice(option.name, reason=sheet.entries.get(REASON) or "", entries=sheet.entries)
        await parts.desk.decide(slip.seen, actor=actor, choice=choice, request_key=_request_key(submission))
    except EngineError as error:
        return await _problem(error, submission, sheet=sheet, parts=parts)
    return {}


async def _sheet(
    submission: Submission, approval: ApprovalView, option: Option, form: Form, *, parts: Parts
) -> Sheet:
    """Put the page to those before it; the reason, which stands on the first one, is kept along with the fields."""

    def draw(filling: Filling) -> Block:
        if submission.callback_id == "edit":
            return edit_view(approval, filling=filling)
        return choose_view(approval, option=option, filling=filling)

    sheet = await sheet_of(submission, form=form, draw=draw, desk=parts.desk)
    if option.reason is ReasonWanted.NONE or REASON_BLOCK not in submission.inputs:
        return sheet
    kept = {**sheet.filling.entries, REASON: _typed(submission)}
    return replace(sheet, filling=replace(sheet.filling, entries=kept))


async def _decide(submission: Submission, *, parts: Parts) -> Answer:
    """Decide with a form of one page."""
    slip = decode_slip(submission.metadata)
    actor = await parts.decider(slip.seen, user_id=submission.user_id, team_id=submission.team_id)
    choice = Choice(OPTIONS[submission.callback_id], reason=_typed(submission))
    try:
        await parts.desk.decide(slip.seen, actor=actor, choice=choice, request_key=_request_key(submission))
    except EngineError as error:
        return await _problem(error, submission, sheet=None, parts=parts)
    return {}


def _request_key(submission: Submission) -> str:
    """Name the sending: Slack closes a form that was sent, so the same one again is the same sending."""
    return f"view:{submission.view_id}"


def _typed(submission: Submission) -> str:
    return entry_of(submission.values.get(REASON_BLOCK, {})) or ""


async def _give_up(submission: Submission, *, parts: Parts) -> None:
    """Forget what was entered in a form that was closed without being sent."""
    _, draft_id = without_draft(submission.metadata)
    if draft_id is not None:
        await parts.desk.drafts.drop(draft_id, owner=submission.user_id)


async def _problem(
    error: EngineError, submission: Submission, *, sheet: Sheet | None, parts: Parts
) -> Answer:
    """Show the error in the form: under its fields, or in its place when it has none."""
    if isinstance(error, InvalidInput) and sheet is not None:
        try:
            return await sheet.wrong(error)
        except EngineError as other:
            error = other
    who = await parts.people.name(error.actor_id) if isinstance(error, AlreadyDecided) else None
    said = plain_sentence(error, who=who)
    if not submission.inputs:
        return {"response_action": "update", "view": notice(said)}
    return {"response_action": "errors", "errors": {submission.inputs[0]: said}}
