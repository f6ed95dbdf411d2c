"""One loop that finishes what was left undone, whoever left it: the safety net under every wake-up."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from engine import Desk

LOG = logging.getLogger("assent")
INTERVAL_S = 2.0
_STALE_S = 30.0


class Sweeper:
    """Goes round every 2 s: recover runs, expire questions, show what people have not yet seen, and drop
    forms that nobody finished and deliveries that cannot come again.

    The steps only wake what has to be done, so that a round is short; each may be repeated at any time.
    """

    def __init__(self, desk: Desk, *, wake_behind: Callable[[], Awaitable[None]]) -> None:
        self._desk = desk
        self._wake_behind = wake_behind
        self._done_at = time.monotonic()

    def is_going(self) -> bool:
        """Say whether a whole round was done within the last 30 s."""
        return time.monotonic() - self._done_at < _STALE_S

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await self.sweep()
            await asyncio.sleep(INTERVAL_S)

    async def sweep(self) -> None:
        """Go round once. An error in one step is logged and leaves the others their turn.

        When the desk is halted there is nothing to do.
        """
        if self._desk.witnessed.is_halted:
            self._done_at = time.monotonic()
            return
        steps = (
            self._desk.recover,
            self._desk.expire,
            self._wake_behind,
            self._desk.drafts.drop_old,
            self._desk.deliveries.drop_old,
        )
        if all([await self._tried(step) for step in steps]):
            self._done_at = time.monotonic()

    async def _tried(self, step: Callable[[], Awaitable[None]]) -> bool:
        try:
            await step()
        except Exception as error:  # noqa: BLE001  the loop is the last to give up; the next round tries again
            LOG.warning("The sweep could not %s: %s", step.__name__, type(error).__name__)
            return False
        return True
