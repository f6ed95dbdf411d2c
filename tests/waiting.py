"""Waiting for a condition, with a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T | None]], *, timeout_s: float = 10) -> T:
    """Look again and again until there is something and return it. Raises: TimeoutError after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while not (found := await look()):  # noqa: ASYNC110 - what is looked at may be in another process
            await asyncio.sleep(0.005)
        return found
