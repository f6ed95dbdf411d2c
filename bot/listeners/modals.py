"""Sent forms: start a workflow, reject, edit, and approve after the review in full."""

from __future__ import annotations

import re
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cards import edit_view, seen, start_view
from bot.listeners.pages import Sheet, sheet_of
from bot.listeners.parts import Parts
from bot.notices import notice
from bot.payloads import (
    Body,
    Submission,
    decode_seen,
    decode_start,
    entry_of,
    read_submission,
    without_draft,
)
from bot.wording import plain_sentence, run_started
from engine import (
    Actor,
    AlreadyDecided,
    ApprovalView,
    Choice,
    EngineError,
    InvalidInput,
    NotEditable,
    Seen,
    UnknownWorkflow,
    Verdict,
)

VERDICTS: Final = {"reject": Verdict.REJECT, "review": Verdict.APPROVE}
PAGED: Final = ("start", "edit")
"""The forms that may take several pages."""


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the forms. What cannot be done stands in the form, and what was typed stays there."""

    async def start(ack: AsyncAck, body: Body) -> None:
        await ack(**await _start(read_submission(body), parts=parts))

    async def edit(ack: AsyncAck, body: Body) -> None:
        await ack(**await _edit(read_submission(body), parts=parts))

    async def decide(ack: AsyncAck, body: Body) -> None:
        await ack(**await _decide(read_submission(body), parts=parts))

    async def give_up(ack: AsyncAck, body: Body) -> None:
        await _give_up(read_submission(body), parts=parts)
        await ack()

    app.view("start")(start)
    app.view("edit")(edit)
    app.view(re.compile(f"^({'|'.join(VERDICTS)})$"))(decide)
    app.view_closed(re.compile(f"^({'|'.join(PAGED)})$"))(give_up)


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
        key = f"view:{submission.view_id}"
        run = await parts.desk.start(workflow.name, entries=sheet.entries, actor=actor, request_key=key)
    except EngineError as error:
        return await _problem(error, submission, sheet=sheet, parts=parts)
    confirmed = run_started(run.title, run_id=run.id)
    parts.whispers.tell(submission.user_id, channel=slip.channel, text=confirmed)
    return {}


async def _edit(submission: Submission, *, parts: Parts) -> Answer:
    """Decide after the last page. The decision is committed when this returns; the answer then closes the form."""
    asked = decode_seen(without_draft(submission.metadata)[0])
    actor = await parts.decider(asked, user_id=submission.user_id, team_id=submission.team_id)
    sheet = None
    try:
        approval = await _asked(asked, actor=actor, parts=parts)
        if approval.question.form is None:
            raise NotEditable
        sheet = await sheet_of(
            submission,
            form=approval.question.form,
            draw=lambda filling: edit_view(approval, filling=filling),
            desk=parts.desk,
        )
        if (page := await sheet.next()) is not None:
            return page
        await parts.desk.decide(asked, actor=actor, choice=Choice(Verdict.EDIT, entries=sheet.entries))
    except EngineError as error:
        return await _problem(error, submission, sheet=sheet, parts=parts)
    return {}


async def _asked(asked: Seen, *, actor: Actor, parts: Parts) -> ApprovalView:
    """Return the question whose form was filled in. Raises: a child of Refused if it is another one by now."""
    approval = await parts.desk.approval(asked.approval_id)
    if seen(approval) == asked:
        return approval
    return await parts.desk.examine(asked, actor=actor, verdict=Verdict.EDIT)


async def _decide(submission: Submission, *, parts: Parts) -> Answer:
    """Decide. The decision is committed when this returns; the answer then closes the form."""
    asked = decode_seen(submission.metadata)
    actor = await parts.decider(asked, user_id=submission.user_id, team_id=submission.team_id)
    typed = submission.values.get(next(iter(submission.inputs), ""), {})
    choice = Choice(VERDICTS[submission.callback_id], reason=entry_of(typed) or "")
    try:
        await parts.desk.decide(asked, actor=actor, choice=choice)
    except EngineError as error:
        return await _problem(error, submission, sheet=None, parts=parts)
    return {}


async def _give_up(submission: Submission, *, parts: Parts) -> None:
    """Forget what was entered in a form that was closed without being sent."""
    _, draft_id = without_draft(submission.metadata)
    if draft_id is not None:
        await parts.desk.drop_draft(draft_id, owner=submission.user_id)


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
