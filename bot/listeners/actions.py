"""Clicks on the buttons of a card: Approve decides, the others open a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.blocks import Block
from bot.cards import edit_view, reject_view, review_view
from bot.listeners.parts import Parts
from bot.notices import FORM_NOT_OPENED
from bot.payloads import Body, Click, read_click
from bot.wording import sentence
from engine import ApprovalView, Choice, EngineError, Verdict

FORMS: Final[Mapping[str, tuple[Verdict, Callable[[ApprovalView], Block]]]] = {
    "reject": (Verdict.REJECT, reject_view),
    "edit": (Verdict.EDIT, edit_view),
    "review": (Verdict.APPROVE, review_view),
}


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the card's buttons. Any other button (a link, the home's) is only acknowledged."""

    async def approve(ack: AsyncAck, body: Body) -> None:
        await _approve(read_click(body), parts=parts)
        await ack()

    async def open_form(ack: AsyncAck, body: Body) -> None:
        await _open_form(read_click(body), parts=parts)
        await ack()

    async def nothing_to_do(ack: AsyncAck) -> None:
        await ack()

    app.action("approve")(approve)
    app.action(re.compile(f"^({'|'.join(FORMS)})$"))(open_form)
    app.action(re.compile(""))(nothing_to_do)


async def _approve(click: Click, *, parts: Parts) -> None:
    """Decide. The decision is committed when this returns, so the ack may follow."""
    actor = await parts.decider(click.seen, user_id=click.user_id, team_id=click.team_id)
    try:
        choice = Choice(Verdict.APPROVE)
        await parts.desk.decide(
            click.seen, actor=actor, choice=choice, request_key=f"click:{click.trigger_id}"
        )
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)


async def _open_form(click: Click, *, parts: Parts) -> None:
    verdict, view_of = FORMS[click.action_id]
    actor = await parts.decider(click.seen, user_id=click.user_id, team_id=click.team_id)
    try:
        approval = await parts.desk.examine(click.seen, actor=actor, verdict=verdict)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)
        return
    if not await parts.opened(view_of(approval), trigger_id=click.trigger_id):
        _tell(click, FORM_NOT_OPENED, parts=parts)


def _tell(click: Click, text: str, *, parts: Parts) -> None:
    parts.whispers.tell(click.user_id, channel=click.channel, text=text)
