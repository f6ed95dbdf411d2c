"""Sent forms: start a workflow, reject, edit, approve after the review in full, and the graph's own options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cards import REASON_BLOCK
from bot.listeners.parts import NO_OPTION, Parts
from bot.notices import notice
from bot.payloads import (
    Body,
    Submission,
    block_id_of,
    decode_slip,
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
    Option,
    ReasonWanted,
    UnknownWorkflow,
    entries,
)

OPTIONS: Final = {"reject": "reject", "edit": "edit", "review": "approve"}
"""The option that a form stands for; the form "choose" carries which one it is."""


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the forms. What cannot be done stands in the form, and what was typed stays there."""

    async def start(ack: AsyncAck, body: Body) -> None:
        await ack(**await _start(read_submission(body), parts=parts))

    async def decide(ack: AsyncAck, body: Body) -> None:
        await ack(**await _decide(read_submission(body), parts=parts))

    app.view("start")(start)
    app.view(re.compile(f"^({'|'.join([*OPTIONS, 'choose'])})$"))(decide)


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
    slip = decode_slip(submission.metadata)
    actor = await parts.decider(slip.seen, user_id=submission.user_id, team_id=submission.team_id)
    option = await parts.option_of(slip, name=OPTIONS.get(submission.callback_id))
    try:
        choice, key = _choice(submission, option), _request_key(submission)
        await parts.desk.decide(slip.seen, actor=actor, choice=choice, request_key=key)
    except EngineError as error:
        form = option.form if option else None
        return await _problem(error, submission, form=form, parts=parts)
    return {}


def _request_key(submission: Submission) -> str:
    """Name the sending: Slack closes a form that was sent, so the same one again is the same sending."""
    return f"view:{submission.view_id}"


def _choice(submission: Submission, option: Option | None) -> Choice:
    if option is None:
        return Choice(NO_OPTION)
    form = option.form
    filled = {} if form is None else {**entries(form), **entries_of(form, submission.values)}
    typed = {} if option.reason is ReasonWanted.NONE else submission.values.get(REASON_BLOCK, {})
    return Choice(option.name, reason=entry_of(typed) or "", entries=filled)


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
            also = f"{name}: {said}" if name else said
            complaints[submission.first_input] = f"{earlier} {also}" if earlier else also
    return complaints
