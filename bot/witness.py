"""Compares the audit trail at the start with what Slack has witnessed of it: the anchors on decided cards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import UNREACHABLE, Identity, refusal_code
from bot.sightings import Sightings
from bot.wording import anchor
from engine import Anchor, Desk, EngineError

LOG = logging.getLogger("assent")
PAUSE_S = 1.0
SHOWN = 3
"""How many broken anchors are named."""


class Witness:
    """Looks once, through the newest messages of each channel that questions go to.

    `trouble` is a sentence when the trail was changed, cut or replaced by an older copy, and the desk is halted then;
    None while nothing is known to be wrong, also before it has `looked`. `accepted` are anchors, as the log
    names them, that whoever runs the bot has given up.
    """

    def __init__(
        self, client: AsyncWebClient, *, desk: Desk, identity: Identity, accepted: Collection[str]
    ) -> None:
        self._sightings = Sightings(client)
        self._desk = desk
        self._identity = identity
        self._accepted = accepted
        self.trouble: str | None = None
        self.looked = asyncio.Event()

    async def look(self) -> None:
        """Wait until Slack knows us, and compare. What cannot be read is logged and left out."""
        while (account := self._identity.account) is None:  # noqa: ASYNC110  that Slack is away is no event
            await asyncio.sleep(PAUSE_S)
        broken: list[Anchor] = []
        for place in sorted({each.channel for each in self._desk.workflows.values() if each.channel}):
            broken += await self._broken(place, author=account.user_id)
        broken.sort(key=lambda each: each.seq)
        if given_up := [each for each in broken if _short(each) in self._accepted]:
            LOG.warning("Given up by ASSENT_ACCEPTED_ANCHORS: %s", _listed(given_up))
        if left := [each for each in broken if each not in given_up]:
            self._desk.witnessed.halt()
            self.trouble = _sentence(left)
            LOG.error("%s All of them: %s", self.trouble, _listed(left), extra={"action": "trail broken"})
        self.looked.set()

    async def _broken(self, place: str, *, author: str) -> tuple[Anchor, ...]:
        try:
            postings, anchors = await self._sightings.witnessed(place=place, author=author)
            return await self._desk.witnessed.broken(anchors, beside=postings)
        except (*UNREACHABLE, LookupError, TypeError, EngineError) as error:
            code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            LOG.warning("The audit trail could not be compared with %s: %s", place, code)
            return ()


def _sentence(anchors: Sequence[Anchor]) -> str:
    more = f" and {len(anchors) - SHOWN} more" if len(anchors) > SHOWN else ""
    return (
        "The audit trail was changed, cut or replaced by an older copy: cards in Slack show "
        f"{_listed(anchors[:SHOWN])}{more}, and no entry fits. Nothing is recorded and no request goes on."
    )


def _listed(anchors: Sequence[Anchor]) -> str:
    return ",".join(map(_short, anchors))


def _short(each: Anchor) -> str:
    return anchor(each.seq, each.beginning)
