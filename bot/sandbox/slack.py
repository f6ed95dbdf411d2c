"""Slack as one value: the parts that the Web API, the deliveries and the page work on."""

import asyncio
import secrets
import time
from pathlib import Path

from bot.sandbox.errors import Refused
from bot.sandbox.modals import Modals, Triggers
from bot.sandbox.responses import ResponseUrls
from bot.sandbox.store import Store
from bot.sandbox.timing import Timing
from bot.sandbox.workspace import Workspace

_TICKET_S = 60.0


class Tickets:
    """One-time tickets for WebSocket addresses, as apps.connections.open hands out."""

    def __init__(self) -> None:
        self._open: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new ticket; it is good for one connection within a minute."""
        ticket = secrets.token_urlsafe(16)
        self._open[ticket] = time.monotonic() + _TICKET_S
        return ticket

    def redeem(self, ticket: str) -> None:
        """Take a ticket.

        Raises: Refused with invalid_ticket when it is unknown, used or late.
        """
        if self._open.pop(ticket, 0.0) < time.monotonic():
            raise Refused("invalid_ticket")


class Slack:
    """State and secrets of the local Slack; `url` is known once the server listens."""

    def __init__(self, *, state: Path | None, timing: Timing) -> None:
        self.timing = timing
        self.store = Store(state)
        self.workspace = Workspace(self.store)
        self.modals = Modals(self.workspace.changes)
        self.triggers = Triggers(timing.trigger_s)
        self.responses = ResponseUrls(self.workspace, lifetime_s=timing.response_url_s)
        self.tickets = Tickets()
        self.tasks: set[asyncio.Task[object]] = set()
        self.url = ""

    def listen_at(self, url: str) -> None:
        """Note the server's address, which response URLs, uploads and permalinks carry."""
        self.url = url
        self.responses.prefix = url
