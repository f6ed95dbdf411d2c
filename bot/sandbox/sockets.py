"""Socket Mode: the WebSockets that the app holds, one envelope to one of them, and its acks."""

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox import cast
from bot.sandbox.errors import Refused
from bot.sandbox.slack import Slack

MOST_SOCKETS = 10  # docs.slack.dev, "Using Socket Mode"
_HOST = "applink-sandbox"


class NoSocket(Exception):
    """No app is connected."""


class Sockets:
    """The app's open sockets. An ack counts on whichever socket it comes, as an app may have reconnected."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._open: list[tuple[web.WebSocketResponse, web.Request]] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one socket until either side ends it; the address works once.

        Raises: HTTPForbidden for a used or unknown ticket.
        """
        try:
            self._slack.tickets.redeem(request.query.get("ticket", ""))
        except Refused as exc:
            raise web.HTTPForbidden(text="invalid ticket") from exc
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._open) >= MOST_SOCKETS:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        self._open.append((socket, request))
        try:
            await socket.send_json(self._hello())
            self._slack.workspace.changes.tell()
            await self._read(socket)
        except ConnectionError:
            pass
        finally:
            self._open.remove((socket, request))
            self._slack.workspace.changes.tell()
        return socket

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._acked(message.json())

    def _acked(self, answer: Mapping[str, Any]) -> None:
        waiting = self._waiting.pop(str(answer.get("envelope_id")), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(dict(answer.get("payload") or {}))

    async def deliver(
        self, kind: str, payload: Mapping[str, Any], *, retry: tuple[int, str], drop: bool, timeout_s: float
    ) -> dict[str, Any]:
        """Send one envelope and return the payload of its ack, {} for a bare one.

        `retry`: attempt number (0 for the first) and reason. `drop` cuts the socket right after sending.
        Raises: NoSocket; TimeoutError when no ack came in time.
        """
        envelope_id = str(uuid.uuid4())
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": dict(payload),
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry[0], "retry_reason": retry[1]}
        self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(envelope, drop=drop)
                return await self._waiting[envelope_id]
        finally:
            self._waiting.pop(envelope_id, None)

    async def _send(self, envelope: Mapping[str, Any], *, drop: bool) -> None:
        alive = [one for one in self._open if not one[0].closed]
        if not alive:
            raise NoSocket
        self._turn += 1
        socket, request = alive[self._turn % len(alive)]
        try:
            await socket.send_json(envelope)
        except ConnectionError as exc:
            raise NoSocket from exc
        if drop and request.transport is not None:
            request.transport.abort()

    async def refresh(self, *, reason: str = "refresh_requested") -> None:
        """Ask every socket's app to reconnect, as Slack does now and then; the app closes the old ones."""
        for socket, _ in list(self._open):
            await socket.send_json(_disconnect(reason))

    def drop(self) -> None:
        """Cut every socket without a word."""
        for _, request in self._open:
            if request.transport is not None:
                request.transport.abort()

    async def close(self) -> None:
        """Close every socket in order, at the end of the server."""
        for socket, _ in list(self._open):
            await socket.close(code=1001)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": cast.APP_ID},
            "debug_info": {"host": _HOST, "approximate_connection_time": 3600},
        }


def _disconnect(reason: str) -> dict[str, Any]:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": _HOST}}
