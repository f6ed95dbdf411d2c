"""Whether the bot can do its work now: one sentence for each thing it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.identity import Identity
from engine import Desk, EngineError

_DATABASE_LIMIT_S = 2.0


@dataclass(frozen=True)
class Check:
    """One thing that the bot needs, and a sentence on how it is."""

    name: str
    ok: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Health:
    """Asks everything that readiness depends on.

    `socket` says whether Slack's socket is open, None for HTTP; `trouble` is the mirror's, None when Slack
    takes what it is given; `witness` says what is wrong with the audit trail, None when it fits what Slack shows;
    `is_sweeping` says whether the sweeper went round lately.
    """

    desk: Desk
    identity: Identity
    trouble: Callable[[], str | None]
    witness: Callable[[], str | None]
    is_sweeping: Callable[[], bool]
    socket: Callable[[], Awaitable[bool]] | None = None

    async def report(self) -> tuple[Check, ...]:
        """Check everything anew; takes about 2 s at most, when the database does not answer."""
        checks = [await self._database(), self._account(), self._mirror(), self._sweeper(), self._trail()]
        return (*checks, await self._socket(self.socket)) if self.socket else tuple(checks)

    async def _database(self) -> Check:
        try:
            async with asyncio.timeout(_DATABASE_LIMIT_S):
                await self.desk.ping()
        except (EngineError, TimeoutError):
            return Check("database", ok=False, sentence="The database does not answer.")
        return Check("database", ok=True, sentence="The database answers.")

    def _account(self) -> Check:
        account = self.identity.account
        if account is None:
            return Check("slack", ok=False, sentence="Slack has not yet said who we are.")
        return Check(
            "slack", ok=True, sentence=f"Signed in to the workspace {account.team or account.team_id}."
        )

    def _mirror(self) -> Check:
        trouble = self.trouble()
        return Check("messages", ok=trouble is None, sentence=trouble or "Slack takes our messages.")

    def _sweeper(self) -> Check:
        if self.is_sweeping():
            return Check("sweeper", ok=True, sentence="The sweeper goes round.")
        return Check("sweeper", ok=False, sentence="The sweeper has not gone round for a while.")

    def _trail(self) -> Check:
        trouble = self.witness()
        return Check(
            "trail", ok=trouble is None, sentence=trouble or "The audit trail fits what Slack shows."
        )

    async def _socket(self, is_open: Callable[[], Awaitable[bool]]) -> Check:
        if await is_open():
            return Check("socket", ok=True, sentence="The socket to Slack is open.")
        return Check(
            "socket", ok=False, sentence="The socket to Slack is not open; it is being opened again."
        )
