"""What the listeners work with, and the steps that several of them take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import Block
from bot.cards import seen
from bot.identity import UNREACHABLE, refusal_code
from bot.links import Links
from bot.payloads import Slip, mark_of
from bot.people import People
from bot.whispers import Whispers
from engine import (
    Actor,
    ApprovalView,
    Desk,
    Option,
    Policy,
    RunView,
    Seen,
    UnknownApproval,
    UnknownOption,
    covers,
)

LOG = logging.getLogger("assent")
NO_OPTION = ""
"""The name of no option: the desk refuses it, and writes that down."""
OPENED_BEFORE = "exchanged_trigger_id"
"""Slack says so when this very click has opened a form: it was handled by a process that died before the ack."""
OPEN_LIMIT_S = 1.5
"""A trigger lives 3 s from the click (docs.slack.dev, modals), and who clicked was asked before."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything that a listener may use. `client` opens modals and the home; messages are the mirror's."""

    desk: Desk
    people: People
    whispers: Whispers
    links: Links
    client: AsyncWebClient

    async def decider(self, seen: Seen, *, user_id: str, team_id: str) -> Actor:
        """Look up the person who wants to decide, with the groups that matter for this question.

        An unknown question has no policy; the desk refuses it then, and writes that down.
        """
        policy: Policy | None
        try:
            policy = await self.desk.policy(seen)
        except UnknownApproval:
            policy = None
        return await self.people.actor(user_id, team_id=team_id, policy=policy)

    async def chosen(
        self, slip: Slip, *, actor: Actor, name: str | None = None
    ) -> tuple[ApprovalView, Option]:
        """Return the question that a button or a form belongs to, with the option that is meant.

        It is meant by its name or, without one, by the mark on the slip. Raises: a child of Refused, which leaves
        an audit entry, when that is not the question now or has no such option.
        """
        try:
            approval = await self.desk.approval(slip.seen.approval_id)
        except UnknownApproval:
            approval = None
        if approval is not None and seen(approval) == slip.seen:
            wanted = slip.option if name is None else mark_of(name)
            meant = (each for each in approval.question.options if mark_of(each.name) == wanted)
            if (option := next(meant, None)) is not None:
                return approval, option
        await self.desk.examine(slip.seen, actor=actor, option=NO_OPTION)
        raise UnknownOption

    async def readable(self, runs: Iterable[RunView], *, user_id: str, team_id: str) -> list[RunView]:
        """Pick the runs that a person may read outside their channel: own requests, and those to decide.

        Who cannot be looked up reads own requests only.
        """
        given = tuple(runs)
        policies = [approval.policy for run in given for approval in run.approvals]
        groups = frozenset(group for policy in policies for group in policy.groups)
        actor = await self.people.actor(user_id, team_id=team_id, policy=Policy(groups=groups))
        return [run for run in given if _may_read(actor, run)]

    async def opened(self, view: Block, *, trigger_id: str) -> bool:
        """Open a modal over Slack; False when Slack does not do it (it wants it within 3 s of the click)."""
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await self.client.views_open(trigger_id=trigger_id, view=view)
        except UNREACHABLE as error:
            code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            if code == OPENED_BEFORE:
                return True
            LOG.warning("Slack did not open the form %s: %s", view.get("callback_id"), code)
            return False
        return True


def _may_read(actor: Actor, run: RunView) -> bool:
    if run.requested_by == actor.id:
        return True
    return actor.barred is None and any(covers(approval.policy, actor) for approval in run.approvals)
