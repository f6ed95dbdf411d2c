"""Lets each delivery of Slack be handled once, however often it comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from slack_bolt.response import BoltResponse

from engine import Deliveries, EngineError

LOG = logging.getLogger("assent")
ANSWER_LIFETIME_S: Final = 3.0
"""Slack waits 3 s for an ack (docs.slack.dev, interactivity); until then a repetition may be what it listens to."""
WRITE_AFTER_S: Final = 0.05
"""Not before the ack has left, and several at once."""

Work = Callable[[Awaitable[bool]], Awaitable[BoltResponse]]
"""Handles a delivery; what it is given says whether the delivery is new."""


class Once:
    """Handles a delivery, and answers its repetitions: with the same for 3 s, with an empty 200 after that.

    What was answered with 200 counts as handled: its effect is committed, or the person was told that there is none.
    """

    def __init__(self, deliveries: Deliveries, *, answer_lifetime_s: float = ANSWER_LIFETIME_S) -> None:
        self._deliveries = deliveries
        self._lifetime_s = answer_lifetime_s
        self._answers: dict[str, asyncio.Task[BoltResponse]] = {}
        self._writing: asyncio.Task[None] | None = None

    async def handle(self, key: str, work: Work) -> BoltResponse:
        """Return what `work` answers, or answered to the same delivery before.

        `work` must not raise. It is begun while the database is still asked whether the delivery is new, and has
        to await that before anything comes of it.
        """
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = asyncio.create_task(self._first(key, work))
            asyncio.get_running_loop().call_later(self._lifetime_s, self._forget, key, answer)
        return await asyncio.shield(answer)

    async def settle(self) -> None:
        """Wait for what is under way, and write down what was answered."""
        await asyncio.gather(*self._answers.values(), return_exceptions=True)
        if self._writing is not None:
            await self._writing

    def _forget(self, key: str, answer: asyncio.Task[BoltResponse]) -> None:
        """Forget an answer, though not before it is there."""
        if answer.done():
            self._answers.pop(key, None)
        else:
            answer.add_done_callback(lambda _: self._answers.pop(key, None))

    async def _first(self, key: str, work: Work) -> BoltResponse:
        is_new = asyncio.ensure_future(self._is_new(key))
        response = await work(is_new)
        if response.status == 200 and await is_new:
            self._deliveries.answered(key)
            if self._writing is None or self._writing.done():
                self._writing = asyncio.create_task(self._write())
        return response

    async def _is_new(self, key: str) -> bool:
        """Without the database nothing is known; the verbs say then what is the matter."""
        try:
            return await self._deliveries.claim(key)
        except EngineError:
            return True

    async def _write(self) -> None:
        await asyncio.sleep(WRITE_AFTER_S)
        try:
            await self._deliveries.write()
        except EngineError as error:
            LOG.warning("What was answered could not be written down: %s", error)
