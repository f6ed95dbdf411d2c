"""Finds a message of ours again that was maybe sent by a process which died before it could note the answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import refusal_code
from engine import Anchor

LOG = logging.getLogger("assent")

EVENT_TYPE: Final = "assent_posting"
PAGES: Final = 5
PAGE_MESSAGES: Final = 200
CLOCK_SKEW: Final = timedelta(hours=1)
"""How far the clock that stamps runs, this machine's or the database server's, may be ahead of Slack's."""
_BLIND: Final = frozenset(
    {"missing_scope", "not_allowed_token_type", "channel_not_found", "thread_not_found", "not_in_channel"}
)

Message = dict[str, Any]


def metadata(posting_id: str, *, anchor: Anchor | None = None) -> dict[str, Any]:
    """Make the metadata that a message is known by: `{"event_type":…,"event_payload":{"posting":"9f…"}}`.

    With an anchor, `{"posting":"9f…","anchor":"41:3f…"}`.
    """
    carried = {} if anchor is None else {"anchor": str(anchor)}
    return {"event_type": EVENT_TYPE, "event_payload": {"posting": posting_id, **carried}}


class Sightings:
    """Looks through a channel or a thread, at most 1 000 messages, newer than the run."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def of_root(self, posting_id: str, *, place: str, since: datetime) -> tuple[str, str] | None:
        """Return the channel id and ts of the message with this posting's metadata; None: not found.

        `place` is a channel id or name. None also when the app may not read the channel. Raises: what the
        client raises when Slack cannot be reached.
        """
        try:
            channel = await self._channel_id(place)
            if channel is None:
                return None
            found = await self._first(self._history(channel, since), _carries(posting_id))
        except SlackApiError as error:
            _take_blindness(error)
            return None
        return None if found is None else (channel, found["ts"])

    async def of_reply(self, posting_id: str, *, place: str, thread_ts: str, since: datetime) -> str | None:
        """Return the ts of the reply with this posting's metadata; None: not found, or may not be read."""
        return await self._reply(_carries(posting_id), place=place, thread_ts=thread_ts, since=since)

    async def of_file(self, filename: str, *, place: str, thread_ts: str, since: datetime) -> str | None:
        """Return the ts of the reply that shares a file of this name; None: not found, or may not be read."""

        def shares(message: Message) -> bool:
            return any(file.get("name") == filename for file in message.get("files") or [])

        return await self._reply(shares, place=place, thread_ts=thread_ts, since=since)

    async def witnessed(self, *, place: str, author: str) -> tuple[set[str], list[Anchor]]:
        """Return the posting ids and the anchors that the newest 200 messages of a channel carry.

        `author` is our own user id: what others wrote witnesses nothing. Replies count that are shown in the channel
        too, as cards are. Empty when the app may not read the channel. Raises: what the client raises.
        """
        try:
            channel = await self._channel_id(place)
            if channel is None:
                return set(), []
            answer = await self._client.conversations_history(
                channel=channel, limit=PAGE_MESSAGES, include_all_metadata=True
            )
        except SlackApiError as error:
            if refusal_code(error) not in _BLIND:
                raise
            return set(), []
        carried = [_carried(each) for each in answer["messages"] if each.get("user") == author]
        postings = {each["posting"] for each in carried if isinstance(each.get("posting"), str)}
        found = (Anchor.parsed(str(each.get("anchor", ""))) for each in carried)
        return postings, [anchor for anchor in found if anchor]

    async def _reply(
        self, matches: Callable[[Message], bool], *, place: str, thread_ts: str, since: datetime
    ) -> str | None:
        try:
            found = await self._first(self._replies(place, thread_ts, since), matches)
        except SlackApiError as error:
            _take_blindness(error)
            return None
        return None if found is None else str(found["ts"])

    async def _channel_id(self, place: str) -> str | None:
        if not place.startswith("#"):
            return place
        cursor = ""
        for _ in range(PAGES):
            answer = await self._client.conversations_list(
                types="public_channel,private_channel", limit=PAGE_MESSAGES, cursor=cursor
            )
            for channel in answer["channels"]:
                if channel["name"] == place[1:]:
                    return str(channel["id"])
            cursor = _next(answer)
            if not cursor:
                break
        return None

    async def _first(
        self, messages: AsyncIterator[Message], matches: Callable[[Message], bool]
    ) -> Message | None:
        async for message in messages:
            if matches(message):
                return message
        return None

    async def _history(self, channel: str, since: datetime) -> AsyncIterator[Message]:
        cursor = ""
        for _ in range(PAGES):
            answer = await self._client.conversations_history(
                channel=channel,
                oldest=_ts(since),
                limit=PAGE_MESSAGES,
                cursor=cursor,
                include_all_metadata=True,
            )
            for message in answer["messages"]:
                yield message
            cursor = _next(answer)
            if not cursor:
                return

    async def _replies(self, channel: str, thread_ts: str, since: datetime) -> AsyncIterator[Message]:
        cursor = ""
        for _ in range(PAGES):
            answer = await self._client.conversations_replies(
                channel=channel,
                ts=thread_ts,
                oldest=_ts(since),
                limit=PAGE_MESSAGES,
                cursor=cursor,
                include_all_metadata=True,
            )
            for message in answer["messages"]:
                yield message
            cursor = _next(answer)
            if not cursor:
                return


def _carries(posting_id: str) -> Callable[[Message], bool]:
    def matches(message: Message) -> bool:
        return _carried(message).get("posting") == posting_id

    return matches


def _carried(message: Message) -> dict[str, Any]:
    """Return what our metadata of a message says; nothing if it has none."""
    found = message.get("metadata") or {}
    return (found.get("event_payload") or {}) if found.get("event_type") == EVENT_TYPE else {}


def _take_blindness(error: SlackApiError) -> None:
    """Take "may not look" as "not found": a second copy is better than none."""
    code = refusal_code(error)
    if code not in _BLIND:
        raise error
    LOG.warning(
        "Could not look for a message that may have been sent before (%s), so it is sent again.", code
    )


def _ts(moment: datetime) -> str:
    return f"{(moment - CLOCK_SKEW).timestamp():.6f}"


def _next(answer: Any) -> str:
    return str((answer.get("response_metadata") or {}).get("next_cursor") or "")
