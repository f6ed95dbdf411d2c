"""How payloads reach the app: signed HTTP or Socket Mode, 3 s for the ack, retries of events."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp

from bot.sandbox import cast
from bot.sandbox.faults import DeliveryFault, Faults
from bot.sandbox.slack import Slack
from bot.sandbox.sockets import NoSocket, Sockets

Kind = Literal["slash_commands", "interactive", "events_api"]
_FORM = "application/x-www-form-urlencoded"
TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, kw_only=True)
class Ack:
    """What came back from the app.

    `status`: the HTTP status; 200 for an ack over a socket; 0 when nothing came or nothing was sent.
    `body`: the JSON of the ack, {"text": …} for a plain one, None for an empty one.
    `error`: the words that the person would see, None when all went well.
    `others`: the acks of further copies of the same delivery.
    """

    status: int
    body: dict[str, Any] | None = None
    error: str | None = None
    ms: float = 0.0
    others: tuple["Ack", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One payload that went to the app; `ack` is that of the first copy."""

    at: datetime
    kind: Kind
    payload: Mapping[str, Any]
    ack: Ack


@dataclass(frozen=True, kw_only=True)
class _Answer:
    ack: Ack
    reason: str = ""  # of a retry
    may_retry: bool = True


def signed_headers(
    body: bytes, *, secret: str = cast.SIGNING_SECRET, timestamp: int | None = None
) -> dict[str, str]:
    """Return Slack's signature headers (v0 HMAC-SHA256) for a request body; `timestamp` in s, now by default."""
    at = str(int(time.time()) if timestamp is None else timestamp)
    digest = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}


def http_body(kind: Kind, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return body and content type of a delivery over HTTP."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    if kind == "slash_commands":
        return urlencode(payload).encode(), _FORM
    return urlencode({"payload": json.dumps(payload)}).encode(), _FORM


class Courier:
    """Delivers over HTTP to `request_url` when there is one, else over a socket."""

    def __init__(self, slack: Slack, *, sockets: Sockets, faults: Faults) -> None:
        self._slack = slack
        self._sockets = sockets
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None
        self.request_url: str | None = None
        self.log: list[Delivery] = []

    async def close(self) -> None:
        """Close the kept-alive connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def mode(self) -> Literal["http", "socket"] | None:
        """Say how a payload would go now; None when no app is connected."""
        if self.request_url is not None:
            return "http"
        return "socket" if len(self._sockets) else None

    async def deliver(self, kind: Kind, payload: Mapping[str, Any], *, copies: int = 1) -> Ack:
        """Send a payload, `copies` times at once, and return the first copy's ack with the others in it.

        An event that is not acknowledged is retried in the background, as timing.retries_s says.
        """
        fault = self._faults.for_delivery()
        if fault.late_s:
            self._slack.workspace.changes.tell()
            await asyncio.sleep(fault.late_s)
        count = max(copies, fault.duplicate)
        answers = await asyncio.gather(*(self._once(kind, payload, fault=fault) for _ in range(count)))
        first = answers[0]
        ack = replace(first.ack, others=tuple(one.ack for one in answers[1:]))
        if kind == "events_api" and first.ack.error and first.may_retry:
            self._in_background(self._retry(payload, first))
        self.log.append(Delivery(at=datetime.now(UTC), kind=kind, payload=payload, ack=ack))
        self._slack.workspace.changes.tell()
        return ack

    def _in_background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._slack.tasks.add(task)
        task.add_done_callback(self._slack.tasks.discard)

    async def _retry(self, payload: Mapping[str, Any], answer: _Answer) -> None:
        for number, wait_s in enumerate(self._slack.timing.retries_s, start=1):
            await asyncio.sleep(wait_s)
            answer = await self._once("events_api", payload, retry=(number, answer.reason))
            self.log.append(
                Delivery(at=datetime.now(UTC), kind="events_api", payload=payload, ack=answer.ack)
            )
            self._slack.workspace.changes.tell()
            if answer.ack.error is None or not answer.may_retry:
                return

    async def _once(
        self,
        kind: Kind,
        payload: Mapping[str, Any],
        *,
        retry: tuple[int, str] = (0, ""),
        fault: DeliveryFault | None = None,
    ) -> _Answer:
        started_s = time.perf_counter()
        try:
            if self.request_url is None:
                answer = await self._over_socket(kind, payload, retry=retry, fault=fault or DeliveryFault())
            else:
                answer = await self._over_http(self.request_url, kind, payload, retry=retry)
        except TimeoutError:
            error = _words(kind, payload, timed_out=True)
            answer = _Answer(ack=Ack(status=0, error=error), reason="http_timeout")
        except (aiohttp.ClientError, NoSocket, OSError):
            error = _words(kind, payload, timed_out=False)
            answer = _Answer(ack=Ack(status=0, error=error), reason="connection_failed")
        return replace(answer, ack=replace(answer.ack, ms=(time.perf_counter() - started_s) * 1000))

    async def _over_socket(
        self, kind: Kind, payload: Mapping[str, Any], *, retry: tuple[int, str], fault: DeliveryFault
    ) -> _Answer:
        body = await self._sockets.deliver(
            kind, payload, retry=retry, drop=fault.drop_socket, timeout_s=self._slack.timing.ack_s
        )
        return _Answer(ack=Ack(status=200, body=body or None))

    async def _over_http(
        self, url: str, kind: Kind, payload: Mapping[str, Any], *, retry: tuple[int, str]
    ) -> _Answer:
        body, content_type = http_body(kind, payload)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **signed_headers(body),
        }
        if retry[0]:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        async with (
            asyncio.timeout(self._slack.timing.ack_s),
            self._session.post(url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            text = await response.text()
            may_retry = response.headers.get("X-Slack-No-Retry") != "1"
            if response.status != 200:
                error = _words(kind, payload, timed_out=False)
                return _Answer(
                    ack=Ack(status=response.status, body=_parsed(text), error=error),
                    reason="http_error",
                    may_retry=may_retry,
                )
            return _Answer(ack=Ack(status=200, body=_parsed(text)))


def _parsed(text: str) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else {"text": text}


def _words(kind: Kind, payload: Mapping[str, Any], *, timed_out: bool) -> str:
    """Say what the person sees when no good ack came."""
    if kind == "slash_commands":
        error = "operation_timeout" if timed_out else "dispatch_failed"
        return f'{payload["command"]} failed with the error "{error}"'
    if kind == "events_api":
        return "The event timed out." if timed_out else "The event was not taken."
    if payload["type"] == "block_actions":
        return f"⚠️ {cast.BOT_NAME} " + ("timed out." if timed_out else "did not take this action.")
    return TROUBLE
