"""The slash command /approvals: start, list, show, help."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.cards import show_blocks, start_view, waiting_blocks
from bot.cards.lists import ANSWER_PENDING
from bot.listeners.parts import Parts
from bot.notices import FORM_NOT_OPENED
from bot.payloads import Body, SlashCommand, read_command
from bot.wording import NOTHING_WAITING, help_text, sentence, startable
from engine import Desk, EngineError, RunView, UnknownRun, UnknownWorkflow

COMMAND = "/approvals"
DESCRIPTION = "Start a workflow, or see what waits for a decision"
USAGE_HINT = "start <workflow> | list | show <run> | help"

Answer = dict[str, Any]


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to /approvals. The answer travels in the ack, and only the person who typed sees it."""

    async def approvals(ack: AsyncAck, body: Body) -> None:
        await ack(**await _answer(read_command(body), parts=parts))

    app.command(COMMAND)(approvals)


async def _answer(command: SlashCommand, *, parts: Parts) -> Answer:
    try:
        match command.verb, command.argument:
            case "start", "":
                return _said(startable(parts.desk.workflows))
            case "start", _:
                return await _start(command, parts=parts)
            case "list", _:
                return await _list(command, parts=parts)
            case "show", argument if argument:
                return await _show(command, parts=parts)
            case _:
                return _said(help_text())
    except EngineError as error:
        return _said(sentence(error))


async def _start(command: SlashCommand, *, parts: Parts) -> Answer:
    """Open the workflow's form; the run starts when the form is sent."""
    desk = parts.desk
    name = workflow_named(command.argument, desk=desk)
    if name is None:
        raise UnknownWorkflow(command.argument[:100], tuple(desk.workflows))
    if name in desk.broken:
        return _said(
            f"The workflow {name} cannot be started, because it could not be loaded. Ask whoever runs Assent."
        )
    view = start_view(desk.workflows[name], channel=command.channel)
    opened = await parts.opened(view, trigger_id=command.trigger_id)
    return {} if opened else _said(FORM_NOT_OPENED)


async def _list(command: SlashCommand, *, parts: Parts) -> Answer:
    waiting = await parts.desk.pending()
    ids = {run.id for run in await _readable([run for run, _ in waiting], command, parts=parts)}
    pending = await parts.links.to_cards([each for each in waiting if each[0].id in ids], most=ANSWER_PENDING)
    text = f"Waiting for a decision: {len(pending)}" if pending else NOTHING_WAITING
    return _said(text) | {"blocks": waiting_blocks(pending)}


async def _show(command: SlashCommand, *, parts: Parts) -> Answer:
    """Show a run to those who may read it; to others it is not there."""
    run = await parts.desk.run(command.argument.lower())
    if not await _readable([run], command, parts=parts):
        raise UnknownRun
    return _said(f"Run {run.id}") | {"blocks": show_blocks(run)}


async def _readable(runs: Iterable[RunView], command: SlashCommand, *, parts: Parts) -> list[RunView]:
    return await parts.readable(runs, user_id=command.user_id, team_id=command.team_id)


def workflow_named(typed: str, *, desk: Desk) -> str | None:
    """Find the workflow that was meant: by its name or title, whatever the capitals, spaces and dashes."""
    wanted = _plainly(typed)
    by_name = {_plainly(name): name for name in (*desk.broken, *desk.workflows)}
    by_title = {_plainly(view.title): name for name, view in desk.workflows.items()}
    return by_name.get(wanted) or by_title.get(wanted)


def _plainly(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _said(text: str) -> Answer:
    return {"text": text, "response_type": "ephemeral"}
