"""The Web API's door: tokens, arguments, ordered faults, the method itself and the transcript."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.sandbox import cast
from bot.sandbox.arguments import read_args
from bot.sandbox.errors import Refused
from bot.sandbox.faults import CallFault, Faults
from bot.sandbox.methods import APP_TOKEN_METHODS, METHODS, OPEN_METHODS
from bot.sandbox.slack import Slack


@dataclass(frozen=True, kw_only=True)
class Call:
    """One Web API call: `args` without the token, `response` None when the connection was cut."""

    at: datetime
    method: str
    args: Mapping[str, Any]
    response: Mapping[str, Any] | None
    status: int


class WebApi:
    """Answers /api/<method> and writes every call into `transcript`, in the order in which they took effect."""

    def __init__(self, slack: Slack, *, faults: Faults) -> None:
        self._slack = slack
        self._faults = faults
        self.transcript: list[Call] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one call with Slack's JSON; an ordered fault comes first."""
        method = request.match_info["method"]
        fault = self._faults.for_call(method)
        try:
            args = await read_args(request)
        except Refused as refusal:
            return self._done(method, {}, refusal.body())
        token = _token(request, args)
        args.pop("token", None)
        if fault.delay_s:
            self._slack.workspace.changes.tell()
            await asyncio.sleep(fault.delay_s)
        if fault.page is not None:
            self._note(method, args, None, fault.status or 200)
            return web.Response(status=fault.status or 200, text=fault.page, content_type=fault.page_type)
        if fault.status is not None or fault.error is not None:
            return self._spoiled(method, args, fault)
        if fault.cut == "before":
            return self._cut(request, method, args)
        body = self._work(method, args, token)
        return self._cut(request, method, args) if fault.cut == "after" else self._done(method, args, body)

    def _work(self, method: str, args: Mapping[str, Any], token: str | None) -> dict[str, Any]:
        try:
            if method not in METHODS:
                raise Refused("unknown_method", extra={"req_method": method})
            _check_token(method, token)
            return {"ok": True, **METHODS[method](self._slack, args)}
        except Refused as refusal:
            return refusal.body()

    def _done(
        self, method: str, args: Mapping[str, Any], body: dict[str, Any], *, status: int = 200
    ) -> web.Response:
        self._note(method, args, body, status)
        return web.json_response(body, status=status)

    def _spoiled(self, method: str, args: Mapping[str, Any], fault: CallFault) -> web.Response:
        status = fault.status or 200
        error = fault.error or ("ratelimited" if status == 429 else "internal_error")
        response = self._done(method, args, {"ok": False, "error": error}, status=status)
        if status == 429:
            response.headers["Retry-After"] = str(1 if fault.retry_after is None else fault.retry_after)
        return response

    def _cut(self, request: web.Request, method: str, args: Mapping[str, Any]) -> web.StreamResponse:
        self._note(method, args, None, 0)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _note(self, method: str, args: Mapping[str, Any], body: dict[str, Any] | None, status: int) -> None:
        self.transcript.append(
            Call(at=datetime.now(UTC), method=method, args=args, response=body, status=status)
        )
        self._slack.workspace.changes.tell()


def _token(request: web.Request, args: Mapping[str, Any]) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" and token else args.get("token")


def _check_token(method: str, token: str | None) -> None:
    if method in OPEN_METHODS:
        return
    if not token:
        raise Refused("not_authed")
    if token not in (cast.BOT_TOKEN, cast.APP_TOKEN):
        raise Refused("invalid_auth")
    if (token == cast.APP_TOKEN) != (method in APP_TOKEN_METHODS):
        raise Refused("not_allowed_token_type")
