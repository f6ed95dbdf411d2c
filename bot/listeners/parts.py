"""What the listeners work with, and the steps that several of them take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import Block
from bot.identity import UNREACHABLE, refusal_code
from bot.links import Links
from bot.payloads import Slip
from bot.people import People
from bot.whispers import Whispers
from engine import Actor, Desk, Option, Policy, RunView, Seen, UnknownApproval, covers

LOG = logging.getLogger("assent")
NO_OPTION = ""
"""The name of no option: the desk refuses it, and writes that down."""
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

    async def option_of(self, slip: Slip, *, name: str | None = None) -> Option | None:
        """Look up which option is meant, by its name or by the number on the slip; None: there is none.

        Whether it is still the question that was seen, the desk says, and it refuses `NO_OPTION`.
        """
        try:
            question = (await self.desk.approval(slip.seen.approval_id)).question
        except UnknownApproval:
            return None
        if name is not None:
            return question.option(name)
        is_there = slip.option is not None and slip.option < len(question.options)
        return question.options[slip.option or 0] if is_there else None

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
            LOG.warning("Slack did not open the form %s: %s", view.get("callback_id"), code)
            return False
        return True


def _may_read(actor: Actor, run: RunView) -> bool:
    if run.requested_by == actor.id:
        return True
    return actor.barred is None and any(covers(approval.policy, actor) for approval in run.approvals)
