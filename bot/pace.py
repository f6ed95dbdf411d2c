"""How fast messages may go into a channel: a bucket of turns for each, refilled as Slack allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PER_S: Final = 1.0
"""Slack takes about one message a second in each channel, and short bursts above that
(chat.postMessage in https://docs.slack.dev/apis/web-api/rate-limits/)."""
BURST: Final = 10
"""Enough for a request to be asked and decided at once; Slack names no number."""


@dataclass
class _Bucket:
    """The turns left in a channel when they were last counted (monotonic seconds)."""

    left: float
    counted_s: float


class Pace:
    """Turns to post, one for each message: `burst` at once, `per_s` a second in the long run.

    `per_s` None: as many as one likes. A name and an id of one channel are two until `is_same` says so.
    """

    def __init__(
        self,
        *,
        per_s: float | None = PER_S,
        burst: int = BURST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_s
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}
        self._ids: dict[str, str] = {}

    def has_turn(self, place: str) -> bool:
        """Say whether a message could go into this channel now."""
        return self._per_s is None or self._filled(place, self._per_s).left >= 1

    def take(self, place: str) -> bool:
        """Take a turn; False: there is none now."""
        if self._per_s is None:
            return True
        bucket = self._filled(place, self._per_s)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True

    def is_same(self, name: str, channel_id: str) -> None:
        """Let what was posted under a name count for the id that Slack told for it."""
        if name == channel_id or self._ids.get(name) == channel_id:
            return
        self._ids[name] = channel_id
        named = self._buckets.pop(name, None)
        known = self._buckets.get(channel_id, named)
        if named is not None and known is not None:
            self._buckets[channel_id] = min(named, known, key=lambda each: each.left)

    def _filled(self, place: str, per_s: float) -> _Bucket:
        now_s = self._monotonic()
        bucket = self._buckets.setdefault(self._ids.get(place, place), _Bucket(self._burst, now_s))
        bucket.left = min(float(self._burst), bucket.left + (now_s - bucket.counted_s) * per_s)
        bucket.counted_s = now_s
        return bucket
