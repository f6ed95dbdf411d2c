"""Clicks on the buttons of a card: an option that needs nothing more decides, the others open a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.blocks import Block
from bot.cards import choose_in_full, choose_view, edit_view, reject_view, review_view
from bot.listeners.parts import NO_OPTION, Parts
from bot.notices import FORM_NOT_OPENED
from bot.payloads import Body, Click, read_click
from bot.wording import sentence
from engine import ApprovalView, Choice, EngineError, ReasonWanted

FORMS: Final[Mapping[str, tuple[str, Callable[[ApprovalView], Block]]]] = {
    "reject": ("reject", reject_view),
    "edit": ("edit", edit_view),
    "review": ("approve", review_view),
}
"""The option that a button stands for, and the form that it opens."""


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the card's buttons. Any other button (a link, the home's) is only acknowledged."""

    async def approve(ack: AsyncAck, body: Body) -> None:
        await _decide(read_click(body), "approve", parts=parts)
        await ack()

    async def open_form(ack: AsyncAck, body: Body) -> None:
        click = read_click(body)
        option, view_of = FORMS[click.action_id]
        await _open_form(click, option, view_of, parts=parts)
        await ack()

    async def choose(ack: AsyncAck, body: Body) -> None:
        await _choose(read_click(body), parts=parts)
        await ack()

    async def review(ack: AsyncAck, body: Body) -> None:
        await _review(read_click(body), parts=parts)
        await ack()

    async def nothing_to_do(ack: AsyncAck) -> None:
        await ack()

    app.action("approve")(approve)
    app.action(re.compile(f"^({'|'.join(FORMS)})$"))(open_form)
    app.action(re.compile("^choose:[0-9]+$"))(choose)
    app.action(re.compile("^review:[0-9]+$"))(review)
    app.action(re.compile(""))(nothing_to_do)


async def _choose(click: Click, *, parts: Parts) -> None:
    """Take the option that the button stands for: at once, or through its form."""
    option = await parts.option_of(click.slip)
    if option is None:
        await _decide(click, NO_OPTION, parts=parts)
    elif option.form is None and option.reason is ReasonWanted.NONE:
        await _decide(click, option.name, parts=parts)
    else:
        await _open_form(click, option.name, partial(choose_view, option=option), parts=parts)


async def _review(click: Click, *, parts: Parts) -> None:
    """Open the form of the option that the button stands for, below all that is asked."""
    option = await parts.option_of(click.slip)
    if option is None:
        await _decide(click, NO_OPTION, parts=parts)
        return

    def view_of(approval: ApprovalView) -> Block:
        return choose_in_full(approval, option=option) or review_view(approval)

    await _open_form(click, option.name, view_of, parts=parts)


async def _decide(click: Click, option: str, *, parts: Parts) -> None:
    """Decide. The decision is committed when this returns, so the ack may follow."""
    seen = click.slip.seen
    actor = await parts.decider(seen, user_id=click.user_id, team_id=click.team_id)
    try:
        key = f"click:{click.trigger_id}"
        await parts.desk.decide(seen, actor=actor, choice=Choice(option), request_key=key)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)


async def _open_form(
    click: Click, option: str, view_of: Callable[[ApprovalView], Block], *, parts: Parts
) -> None:
    seen = click.slip.seen
    actor = await parts.decider(seen, user_id=click.user_id, team_id=click.team_id)
    try:
        approval = await parts.desk.examine(seen, actor=actor, option=option)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)
        return
    if not await parts.opened(view_of(approval), trigger_id=click.trigger_id):
        _tell(click, FORM_NOT_OPENED, parts=parts)


def _tell(click: Click, text: str, *, parts: Parts) -> None:
    parts.whispers.tell(click.user_id, channel=click.channel, text=text)
