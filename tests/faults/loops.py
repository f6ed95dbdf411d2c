"""An event loop for calculating alone: it asks the system for news less often; and less of a search for garbage."""

from __future__ import annotations

import asyncio
import gc
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
TURNS = 16
"""Turns with work left after which the system is asked all the same."""


class Seldom(selectors.DefaultSelector):
    """Asks at each 16th turn while work is left, and always when there is none: a question costs 10 to 40 µs.

    What comes from the process's own threads is in the loop's queue without it.
    """

    _turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or nothing without a look."""
        self._turns += 1
        if timeout is not None and timeout <= 0 and self._turns < TURNS:
            return []
        self._turns = 0
        return super().select(timeout)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(Seldom())) as runner:
        return runner.run(main)


def settled() -> None:
    """Take what is there by now for something that stays, as the bot does once it stands."""
    gc.collect()
    gc.freeze()
