"""The Socket Mode door: Slack's envelopes over a WebSocket that we open, instead of HTTP requests."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from functools import partial

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.bolt import dispatch
from bot.identity import UNREACHABLE, TokenRefused, refusal_code
from bot.once import Once

LOG = logging.getLogger("assent")
_PING_S = 5.0
_OPEN_LIMIT_S = 10.0
_FATAL = {
    "invalid_auth",
    "not_authed",
    "not_allowed_token_type",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "missing_scope",
    "no_permission",
}


class SocketDoor(AsyncSocketModeHandler):
    """Bolt's handler, which never raises for what it is sent, knows what is under way and never stays deaf.

    `ping_s` is the time in seconds between pings; slack_sdk calls a socket dead after four without an answer.
    """

    def __init__(
        self,
        app: AsyncApp,
        *,
        app_token: str,
        web_client: AsyncWebClient,
        once: Once,
        ping_s: float = _PING_S,
    ) -> None:
        super().__init__(app, app_token, logger=app.logger, web_client=web_client, ping_interval=ping_s)
        self._once = once
        self._ping_s = ping_s
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Get Slack's address and open the socket; without a network this goes on in the background.

        Raises: TokenRefused when Slack does not take the app token.
        """
        try:
            self.client.wss_uri = await self.client.issue_new_wss_url()
        except SlackApiError as error:
            code = refusal_code(error)
            if code in _FATAL:
                raise TokenRefused(f"Slack refuses SLACK_APP_TOKEN: {code}.") from None
            LOG.warning("Slack did not open a socket: %s", code)
        except UNREACHABLE as error:
            LOG.warning("Slack cannot be reached: %s", type(error).__name__)
        opening = asyncio.create_task(self.client.connect())  # type: ignore[no-untyped-call]  # unannotated there
        self._tasks = [opening, asyncio.create_task(self._watch())]
        if self.client.wss_uri is not None:
            await asyncio.wait({opening}, timeout=_OPEN_LIMIT_S)

    async def is_open(self) -> bool:
        """Say whether Slack can reach us now."""
        return await self.client.is_connected()

    async def shut(self, *, limit_s: float) -> None:
        """Take nothing new, let what is under way finish within `limit_s`, and close. May be called unopened."""
        self._is_closing = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=limit_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.close()  # type: ignore[no-untyped-call]  # unannotated there

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        """Answer one envelope. While closing, none is taken: Slack gives it to another socket."""
        if self._is_closing:
            return
        task = asyncio.create_task(self._answer(client, req))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await task

    async def _answer(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        headers = {name: str(value) for name, value in (build_headers(req) or {}).items()}
        work = partial(dispatch, self.app, req.payload, headers=headers)
        response = await self._once.handle(_key(req), work)
        await send_async_response(client, req, response, 0.0)

    async def _watch(self) -> None:
        """Make slack_sdk ask for a new address while it gets no connection.

        Its loop tries the same address for ever (slack_sdk 3.47, socket_mode/aiohttp connect), and Slack's
        addresses are good once and for a short time only.
        """
        was_open = await self.is_open()
        while True:
            await asyncio.sleep(self._ping_s)
            now_open = await self.is_open()
            if now_open != was_open:
                LOG.info("The socket to Slack is %s", "open" if now_open else "lost")
            if not now_open:
                self.client.wss_uri = None
            was_open = now_open


def _key(req: SocketModeRequest) -> str:
    """Name a delivery by what it says: when Slack sends it again the envelope may be another."""
    said = json.dumps([req.type, req.payload], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
