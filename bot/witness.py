"""Compares the audit trail at the start with what Slack has witnessed of it: the anchors on decided cards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import UNREACHABLE, Identity, refusal_code
from bot.sightings import Sightings
from bot.wording import FINGERPRINT_CHARS
from engine import Anchor, Desk, EngineError

LOG = logging.getLogger("assent")
PAUSE_S = 1.0
SHOWN = 3
"""How many broken anchors are named."""


class Witness:
    """Looks once, through the newest messages of each channel that questions go to.

    `trouble` is a sentence when the trail was changed, cut or replaced by an older copy; None while nothing is known
    to be wrong, also before it has looked.
    """

    def __init__(self, client: AsyncWebClient, *, desk: Desk, identity: Identity) -> None:
        self._sightings = Sightings(client)
        self._desk = desk
        self._identity = identity
        self.trouble: str | None = None

    async def look(self) -> None:
        """Wait until Slack knows us, and compare. What cannot be read is logged and left out."""
        while (account := self._identity.account) is None:  # noqa: ASYNC110  that Slack is away is no event
            await asyncio.sleep(PAUSE_S)
        broken: list[Anchor] = []
        for place in sorted({each.channel for each in self._desk.workflows.values() if each.channel}):
            broken += await self._broken(place, author=account.user_id)
        if broken:
            self.trouble = _sentence(sorted(broken, key=lambda each: each.seq))
            LOG.error("%s", self.trouble, extra={"action": "trail broken"})

    async def _broken(self, place: str, *, author: str) -> tuple[Anchor, ...]:
        try:
            postings, anchors = await self._sightings.witnessed(place=place, author=author)
            return await self._desk.witnessed.broken(anchors, beside=postings)
        except (*UNREACHABLE, LookupError, TypeError, EngineError) as error:
            code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            LOG.warning("The audit trail could not be compared with %s: %s", place, code)
            return ()


def _sentence(anchors: Sequence[Anchor]) -> str:
    shown = ", ".join(f"{each.seq}:{each.beginning[:FINGERPRINT_CHARS]}" for each in anchors[:SHOWN])
    more = f" and {len(anchors) - SHOWN} more" if len(anchors) > SHOWN else ""
    return (
        f"The audit trail was changed, cut or replaced by an older copy: cards in Slack show {shown}{more}, "
        "and no entry fits."
    )
