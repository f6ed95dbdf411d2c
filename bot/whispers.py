"""Sentences that only one person sees: told beside the ack, so that telling never delays it."""

from __future__ import annotations

import asyncio
import logging

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import UNREACHABLE, refusal_code

LOG = logging.getLogger("assent")
_LIMIT_S = 10.0
# Errors of chat.postEphemeral that say that this cannot be told there, though perhaps elsewhere.
_NOT_THERE = {"not_in_channel", "user_not_in_channel", "channel_not_found", "is_archived"}


class Whispers:
    """Tells people things in the background. What Slack does not take is logged and lost.

    They see it in the channel, also when the click came from a thread: Slack does not say whether the person
    has the thread open, and what is posted into a closed thread is not seen. In a channel where the bot is not,
    Slack lets it tell nothing (a card may stand there by chat:write.public); it writes to the person then.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, user_id: str, *, channel: str, text: str) -> None:
        """Show `text` (mrkdwn, already escaped) to one person. Returns at once and never raises."""
        task = asyncio.create_task(self._tell(user_id, channel=channel, text=text))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def settle(self) -> None:
        """Wait until everything is told, 10 s at most: each gives up by itself then."""
        await asyncio.gather(*self._telling)

    async def _tell(self, user_id: str, *, channel: str, text: str) -> None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                await self._tell_somehow(user_id, channel=channel, text=text)
        except UNREACHABLE as error:
            code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            LOG.warning("A private sentence could not be shown in %s: %s", channel, code)

    async def _tell_somehow(self, user_id: str, *, channel: str, text: str) -> None:
        try:
            await self._client.chat_postEphemeral(channel=channel, user=user_id, text=text)
        except SlackApiError as error:
            if refusal_code(error) not in _NOT_THERE:
                raise
            await self._client.chat_postMessage(
                channel=user_id, text=text, unfurl_links=False, unfurl_media=False
            )
