"""The readers of the wall clock: this machine's, and the database's, by which deadlines are told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

SLOW_ANSWER_S: Final = 0.5
"""A server's time that took longer to come is too uncertain to replace one that is known."""

_BOOT_CLOCK: Final = getattr(
    time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC
)  # only Linux counts while it sleeps


def utc_now() -> datetime:
    """Return this machine's time as an aware UTC datetime."""
    return datetime.now(UTC)


def ticks_s() -> float:
    """Return the seconds of a clock that nobody sets, since some moment of its own."""
    return time.clock_gettime(_BOOT_CLOCK)


class Clock:
    """The time of a database: of a server what it said last, carried on; until it has said any, this machine's.

    So a machine whose clock is wrong, or is set while the bot runs, ends nothing too early and takes no click too
    late. A SQLite file has no clock but this machine's.
    """

    def __init__(self) -> None:
        self._told: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime."""
        if self._told is None:
            return utc_now()
        then, at_s = self._told
        return then + timedelta(seconds=ticks_s() - at_s)

    def hear(self, then: datetime, *, asked_s: float) -> None:
        """Take what the server's clock said, which was asked at `asked_s` by `ticks_s`."""
        now_s = ticks_s()
        if self._told is None or now_s - asked_s <= SLOW_ANSWER_S:
            self._told = then.astimezone(UTC), (asked_s + now_s) / 2
