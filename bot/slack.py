"""The Web API client that everything uses to talk to Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackRequestError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

CALL_LIMIT_S: Final = 10
RATE_LIMIT_RETRIES: Final = 2
PROGRESS_LIMIT_S: Final = 60
"""Long, since only the answer tells that an update can no longer overwrite a later one, and nothing waits for it."""


class _Client(AsyncWebClient):
    """The SDK's client, which knows an answer in plain text, as proxies give it, for an error of Slack's."""

    async def api_call(self, api_method: str, **how: Any) -> AsyncSlackResponse:
        try:
            return await super().api_call(api_method, **how)
        except AttributeError as error:
            # it takes the text for a dict (slack_sdk 3.47, AsyncSlackResponse.validate)
            raise SlackRequestError("Slack's answer is no JSON.") from error


@asynccontextmanager
async def open_slack(
    token: str, *, base_url: str, limit_s: int = CALL_LIMIT_S, retries: int = RATE_LIMIT_RETRIES
) -> AsyncIterator[AsyncWebClient]:
    """Open a client with one pool of connections; a call takes at most `limit_s` seconds.

    It waits out a 429 as Slack says and tries again, `retries` times. It does not try again when a connection
    breaks, as the SDK does by itself: Slack may have taken the message already, and would show it twice
    (slack_sdk 3.47).
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=limit_s)) as session:
        yield _Client(
            token=token,
            base_url=base_url if base_url.endswith("/") else f"{base_url}/",
            timeout=limit_s,
            session=session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=retries)],
        )


def open_progress_slack(token: str, *, base_url: str) -> AbstractAsyncContextManager[AsyncWebClient]:
    """Open a client for what people can do without: it takes a 429 for an answer, and waits a minute for any."""
    return open_slack(token, base_url=base_url, limit_s=PROGRESS_LIMIT_S, retries=0)
