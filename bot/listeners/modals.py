"""Sent forms: start a workflow, reject, edit, and approve after the review in full."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.listeners.parts import Parts
from bot.notices import notice
from bot.payloads import (
    Body,
    Submission,
    block_id_of,
    decode_seen,
    decode_start,
    entries_of,
    entry_of,
    read_submission,
)
from bot.wording import plain_sentence, run_started
from engine import (
    AlreadyDecided,
    Choice,
    EngineError,
    Form,
    InvalidInput,
    NotEditable,
    Seen,
    UnknownWorkflow,
    Verdict,
    entries,
)

VERDICTS: Final = {"reject": Verdict.REJECT, "edit": Verdict.EDIT, "review": Verdict.APPROVE}


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the forms. What cannot be done stands in the form, and what was typed stays there."""

    async def start(ack: AsyncAck, body: Body) -> None:
        await ack(**await _start(read_submission(body), parts=parts))

    async def decide(ack: AsyncAck, body: Body) -> None:
        await ack(**await _decide(read_submission(body), parts=parts))

    app.view("start")(start)
    app.view(re.compile(f"^({'|'.join(VERDICTS)})$"))(decide)


Answer = dict[str, Any]


async def _start(submission: Submission, *, parts: Parts) -> Answer:
    """Start the run; its key is the form's own id, so that a form sent twice starts one run."""
    slip = decode_start(submission.metadata)
    workflow = parts.desk.workflows.get(slip.workflow)
    form = workflow.form if workflow else None
    try:
        if workflow is None:
            raise UnknownWorkflow(slip.workflow, tuple(parts.desk.workflows))
        filled = {**entries(workflow.form), **entries_of(workflow.form, submission.values)}
        starters = await parts.desk.starters(workflow.name)
        actor = await parts.people.actor(submission.user_id, team_id=submission.team_id, policy=starters)
        run = await parts.desk.start(
            workflow.name, entries=filled, actor=actor, request_key=_request_key(submission)
        )
    except EngineError as error:
        return await _problem(error, submission, form=form, parts=parts)
    confirmed = run_started(run.title, run_id=run.id)
    parts.whispers.tell(submission.user_id, channel=slip.channel, text=confirmed)
    return {}


async def _decide(submission: Submission, *, parts: Parts) -> Answer:
    """Decide. The decision is committed when this returns; the answer then closes the form."""
    seen = decode_seen(submission.metadata)
    form = None
    actor = await parts.decider(seen, user_id=submission.user_id, team_id=submission.team_id)
    try:
        if submission.callback_id == "edit":
            form = await _form_of(seen, parts=parts)
        choice, key = _choice(submission, form=form), _request_key(submission)
        await parts.desk.decide(seen, actor=actor, choice=choice, request_key=key)
    except EngineError as error:
        return await _problem(error, submission, form=form, parts=parts)
    return {}


def _request_key(submission: Submission) -> str:
    """Name the sending: Slack closes a form that was sent, so the same one again is the same sending."""
    return f"view:{submission.view_id}"


async def _form_of(seen: Seen, *, parts: Parts) -> Form:
    approval = await parts.desk.approval(seen.approval_id)
    if approval.question.form is None:
        raise NotEditable
    return approval.question.form


def _choice(submission: Submission, *, form: Form | None) -> Choice:
    if form is not None:
        filled = {**entries(form), **entries_of(form, submission.values)}
        return Choice(Verdict.EDIT, entries=filled)
    typed = submission.values.get(submission.first_input or "", {})
    return Choice(VERDICTS[submission.callback_id], reason=entry_of(typed) or "")


async def _problem(error: EngineError, submission: Submission, *, form: Form | None, parts: Parts) -> Answer:
    """Show the error in the form: under its fields, or in its place when it has none."""
    if isinstance(error, InvalidInput) and form is not None:
        complaints = _under_fields(error.errors, submission, form=form)
    else:
        who = await parts.people.name(error.actor_id) if isinstance(error, AlreadyDecided) else None
        said = plain_sentence(error, who=who)
        complaints = {submission.first_input: said} if submission.first_input else {}
        if not complaints:
            return {"response_action": "update", "view": notice(said)}
    if not complaints:
        return {"response_action": "update", "view": notice(plain_sentence(error))}
    return {"response_action": "errors", "errors": complaints}


def _under_fields(errors: Mapping[str, str], submission: Submission, *, form: Form) -> dict[str, str]:
    """Put each complaint under its field; one about a field that the form does not show, under the first."""
    names = {field.name for field in form.fields}
    complaints: dict[str, str] = {}
    for name, said in errors.items():
        block_id = block_id_of(form, name) if name in names else None
        if block_id is not None and block_id in submission.values:
            complaints[block_id] = said
        elif submission.first_input:
            earlier = complaints.get(submission.first_input)
            also = f"{name}: {said}"
            complaints[submission.first_input] = f"{earlier} {also}" if earlier else also
    return complaints
