"""A Slack whose answers come late: what was asked for is done by then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from slack_sdk.web.async_client import AsyncWebClient


class SlowAnswers:
    """The client, but that one call of `method`, with these words in its text, returns `by_s` seconds late."""

    def __init__(self, client: AsyncWebClient, method: str, words: str, *, by_s: float) -> None:
        self._client, self._method, self._words, self._by_s = client, method, words, by_s

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        return self._late(real) if name == self._method else real

    def _late(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def late(**given: Any) -> Any:
            answer = await call(**given)
            if self._words in given["text"]:
                await asyncio.sleep(self._by_s)
            return answer

        return late


def slow_answers(client: AsyncWebClient, method: str, words: str, *, by_s: float) -> AsyncWebClient:
    """Make such a client."""
    return cast(AsyncWebClient, SlowAnswers(client, method, words, by_s=by_s))
