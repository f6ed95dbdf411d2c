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
from bot.listeners.parts import Parts
from bot.notices import FORM_NOT_OPENED
from bot.payloads import Body, Click, Malformed, read_click
from bot.wording import sentence
from engine import Actor, ApprovalView, Choice, EngineError, ReasonWanted

FORMS: Final[Mapping[str, tuple[str, Callable[[ApprovalView], Block]]]] = {
    "reject": ("reject", reject_view),
    "edit": ("edit", edit_view),
    "review": ("approve", review_view),
}
"""The option that a button stands for, and the form that it opens."""


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to the card's buttons. Any other button (a link, the home's) is only acknowledged."""

    async def approve(ack: AsyncAck, body: Body) -> None:
        click = read_click(body)
        await _decide(click, Choice("approve"), await _actor(click, parts=parts), parts=parts)
        await ack()

    async def agree(ack: AsyncAck, body: Body) -> None:
        click = read_click(body)
        if click.slip.agrees_with is None:
            raise Malformed("The button does not say what it agrees with.")
        choice = Choice(agrees_with=click.slip.agrees_with)
        await _decide(click, choice, await _actor(click, parts=parts), parts=parts)
        await ack()

    async def open_form(ack: AsyncAck, body: Body) -> None:
        click = read_click(body)
        option, view_of = FORMS[click.action_id]
        await _open_form(click, option, view_of, await _actor(click, parts=parts), parts=parts)
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
    app.action(re.compile("^agree:[0-9]+$"))(agree)
    app.action(re.compile("^choose:[0-9]+$"))(choose)
    app.action(re.compile("^review:[0-9]+$"))(review)
    app.action(re.compile(""))(nothing_to_do)


async def _choose(click: Click, *, parts: Parts) -> None:
    """Take the option that the button stands for: at once, or through its form."""
    actor = await _actor(click, parts=parts)
    try:
        _, option = await parts.chosen(click.slip, actor=actor)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)
        return
    if option.form is None and option.reason is ReasonWanted.NONE:
        await _decide(click, Choice(option.name), actor, parts=parts)
    else:
        await _open_form(click, option.name, partial(choose_view, option=option), actor, parts=parts)


async def _review(click: Click, *, parts: Parts) -> None:
    """Open the form of the option that the button stands for, below all that is asked."""
    actor = await _actor(click, parts=parts)
    try:
        _, option = await parts.chosen(click.slip, actor=actor)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)
        return

    def view_of(approval: ApprovalView) -> Block:
        return choose_in_full(approval, option=option) or review_view(approval)

    await _open_form(click, option.name, view_of, actor, parts=parts)


async def _actor(click: Click, *, parts: Parts) -> Actor:
    return await parts.decider(click.slip.seen, user_id=click.user_id, team_id=click.team_id)


async def _decide(click: Click, choice: Choice, actor: Actor, *, parts: Parts) -> None:
    """Decide. The decision is committed when this returns, so the ack may follow."""
    try:
        key = f"click:{click.trigger_id}"
        await parts.desk.decide(click.slip.seen, actor=actor, choice=choice, request_key=key)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)


async def _open_form(
    click: Click, option: str, view_of: Callable[[ApprovalView], Block], actor: Actor, *, parts: Parts
) -> None:
    try:
        approval = await parts.desk.examine(click.slip.seen, actor=actor, option=option)
    except EngineError as error:
        _tell(click, sentence(error), parts=parts)
        return
    if not await parts.opened(view_of(approval), trigger_id=click.trigger_id):
        _tell(click, FORM_NOT_OPENED, parts=parts)


def _tell(click: Click, text: str, *, parts: Parts) -> None:
    parts.whispers.tell(click.user_id, channel=click.channel, text=text)
