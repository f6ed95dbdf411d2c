"""Wake-ups: "look at this run now". Idempotent and level-triggered, so that one too many does no harm.

A wake-up belongs to a transaction and counts once that is committed. It carries no data: whoever is woken reads
the rows. A lost one is made up for by the sweep (`Desk.recover`) at start and every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

from engine.transactions import Transaction

log = logging.getLogger("assent.wakeups")

Handler = Callable[[str], Awaitable[None]]

HEAD_START_S = 0.005
"""A handler starts this much later than it is woken: whoever committed answers the person first, which would
otherwise wait for the handler's first few milliseconds on the same event loop (docs/performance.md)."""


class Kind(StrEnum):
    """What has to be looked at."""

    RUN = "run"  # drive it: start, deliver a decision
    CHANGE = "change"  # show it: people see something old of it


class Wakeups(Protocol):
    """How wake-ups reach their handlers: in this process, or over a queue that several share."""

    def on(self, kind: Kind, handler: Handler) -> None:
        """Name the one handler of a kind. A key's calls never overlap; different keys run side by side."""

    async def wake(self, tx: Transaction, kind: Kind, key: str) -> None:
        """Call the handler for `key` after `tx` is committed; never if it is rolled back."""

    async def close(self, *, within_s: float) -> None:
        """Take no more, give what runs `within_s` seconds to end, cancel the rest.

        Runs come to their end first, so that what they came to is still shown.
        """


class InProcess:
    """Wake-ups within one event loop. Many for one key while its handler runs become one more call.

    Not open, it calls nobody: for a process that only looks.
    """

    def __init__(self, *, is_open: bool = True) -> None:
        self._handlers: dict[Kind, Handler] = {}
        self._running: dict[tuple[Kind, str], asyncio.Task[None]] = {}
        self._again: set[tuple[Kind, str]] = set()
        self._closed = set[Kind]() if is_open else set(Kind)

    def on(self, kind: Kind, handler: Handler) -> None:
        self._handlers[kind] = handler

    async def wake(self, tx: Transaction, kind: Kind, key: str) -> None:
        tx.after_commit(lambda: self.call(kind, key, after_s=HEAD_START_S))

    def call(self, kind: Kind, key: str, *, after_s: float = 0) -> None:
        """Call the handler soon, without a transaction; the sweep's way in. Closed or no handler: nothing."""
        if kind in self._closed or kind not in self._handlers:
            return
        if (kind, key) in self._running:
            self._again.add((kind, key))
            return
        self._running[kind, key] = asyncio.create_task(self._run(kind, key, after_s), name=f"{kind}:{key}")

    async def close(self, *, within_s: float) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        for kind in (Kind.RUN, Kind.CHANGE):
            self._closed.add(kind)
            tasks = [task for (each, _), task in self._running.items() if each is kind]
            if not tasks:
                continue
            _, late = await asyncio.wait(tasks, timeout=max(until_s - loop.time(), 0))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, kind: Kind, key: str, after_s: float) -> None:
        try:
            if after_s:
                await asyncio.sleep(after_s)
            while True:
                self._again.discard((kind, key))
                await self._call_handler(kind, key)
                is_over = kind is Kind.RUN and kind in self._closed
                if is_over or (kind, key) not in self._again:
                    return
        finally:
            self._running.pop((kind, key), None)

    async def _call_handler(self, kind: Kind, key: str) -> None:
        try:
            await self._handlers[kind](key)
        except Exception as error:  # noqa: BLE001 - the sweep tries again; the process must live
            log.warning(
                "could not handle %s %s now, the sweep tries again: %s", kind, key, type(error).__name__
            )
