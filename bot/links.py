"""Links to the messages that show an approval."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import card_key
from bot.cards.lists import Waiting
from bot.identity import UNREACHABLE
from engine import ApprovalView, Desk, RunView

_LIMIT_S = 1.0
_KEPT = 1_000


class Links:
    """Asks Slack for permalinks and keeps them: the link of a message never changes."""

    def __init__(self, client: AsyncWebClient, *, desk: Desk) -> None:
        self._client = client
        self._desk = desk
        self._links: dict[tuple[str, str], str] = {}

    async def to_card(self, approval: ApprovalView) -> str | None:
        """Give the card's link; None: it is not posted yet, or Slack does not say within 1 s."""
        key = card_key(approval.id, revision=approval.revision)
        posting = (await self._desk.postings(approval.run_id)).get(key)
        if posting is None or posting.reference is None:
            return None
        return await self._link(posting.place, posting.reference)

    async def to_cards(self, pending: Sequence[tuple[RunView, ApprovalView]], *, most: int) -> list[Waiting]:
        """Put the link of its card to each of the first `most` questions; the others go without."""
        shown, rest = pending[:most], pending[most:]
        links = await asyncio.gather(*(self.to_card(approval) for _, approval in shown))
        linked = [(run, approval, link) for (run, approval), link in zip(shown, links, strict=True)]
        return [*linked, *((run, approval, None) for run, approval in rest)]

    async def _link(self, channel: str, ts: str) -> str | None:
        if (channel, ts) in self._links:
            return self._links[channel, ts]
        try:
            async with asyncio.timeout(_LIMIT_S):
                link = str(
                    (await self._client.chat_getPermalink(channel=channel, message_ts=ts))["permalink"]
                )
        except (*UNREACHABLE, LookupError):
            return None
        if len(self._links) >= _KEPT:
            self._links.clear()
        self._links[channel, ts] = link
        return link
