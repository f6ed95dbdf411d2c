"""Shows what runs do between two rests, as seldom as Slack wants it: one loop for all runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from bot.mirror import Mirror
from engine import Desk

INTERVAL_S: Final = 1.0
PER_MINUTE: Final = 30
"""Slack takes 50 or more chat.update calls a minute of one app in one workspace (tier 3,
https://docs.slack.dev/apis/web-api/rate-limits/); the rest is left to cards and roots."""
BURST: Final = 10
QUIET_S: Final = 60.0
"""After Slack refused one; progress is the first thing to do without."""


class Reporter:
    """Updates one run a second at most, the one that waited longest; 30 a minute in the long run, whatever goes on.

    So one long run is shown anew every 2 s, ten of them every 20 s each. Only what is in Slack already is updated.
    """

    def __init__(
        self, mirror: Mirror, *, desk: Desk, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._mirror = mirror
        self._desk = desk
        self._monotonic = monotonic
        self._shown: dict[str, int] = {}  # in the order of showing: the number of changes that people saw
        self._left = float(BURST)
        self._counted_s = monotonic()

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self.report()

    async def report(self) -> None:
        """Show the run that changed and waited longest, if there is one and Slack may be called again."""
        now_s = self._monotonic()
        elapsed_s = max(0.0, now_s - self._counted_s)
        self._left = min(float(BURST), self._left + elapsed_s * PER_MINUTE / 60)
        self._counted_s = max(now_s, self._counted_s)
        underway = self._desk.underway
        self._shown = {run_id: seen for run_id, seen in self._shown.items() if run_id in underway}
        changed = [run_id for run_id, changes in underway.items() if self._shown.get(run_id) != changes]
        if self._left < 1 or not changed:
            return
        chosen = min(changed, key=self._turn)
        self._left -= 1
        self._shown.pop(chosen, None)
        self._shown[chosen] = underway[chosen]
        if not await self._mirror.show_progress(chosen):
            self._counted_s, self._left = now_s + QUIET_S, 0.0

    def _turn(self, run_id: str) -> int:
        return list(self._shown).index(run_id) if run_id in self._shown else -1
