"""The Web API client that everything uses to talk to Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

CALL_LIMIT_S: Final = 10
RATE_LIMIT_RETRIES: Final = 2


@asynccontextmanager
async def open_slack(token: str, *, base_url: str) -> AsyncIterator[AsyncWebClient]:
    """Open a client with one pool of connections; a call takes at most 10 s.

    It waits out a 429 as Slack says and tries again, twice. It does not try again when a connection breaks, as
    the SDK does by itself: Slack may have taken the message already, and would show it twice (slack_sdk 3.47).
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_LIMIT_S)) as session:
        yield AsyncWebClient(
            token=token,
            base_url=base_url if base_url.endswith("/") else f"{base_url}/",
            timeout=CALL_LIMIT_S,
            session=session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)],
        )
