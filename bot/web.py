"""The HTTP doors: Slack's signed requests, and health for whoever watches the process."""

from __future__ import annotations

import hashlib
import logging
import re
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.bolt import dispatch
from bot.health import Health
from bot.once import Once
from bot.payloads import Body, Malformed, parse

LOG = logging.getLogger("assent")
MAX_BODY_BYTES = 1024 * 1024
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


def make_web(
    *, health: Health, slack: AsyncApp | None, verifier: SignatureVerifier | None, once: Once
) -> web.Application:
    """Make the application: `/healthz`, `/readyz` and, when both `slack` and `verifier` are given, `/slack/events`.

    A body over 1 MiB gets 413, another method than POST 405.
    """
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_get("/healthz", _alive)
    application.router.add_get("/readyz", _ready_answer(health))
    if slack is not None and verifier is not None:
        application.router.add_post("/slack/events", _slack_door(slack, verifier, once))
    return application


def is_authentic(
    raw: bytes, *, timestamp: str | None, signature: str | None, verifier: SignatureVerifier
) -> bool:
    """Say whether Slack signed these bytes within the last (or next) 5 minutes.

    Slack's own verifier does the arithmetic, in constant time; what would make it raise (a timestamp that is
    no number, a signature that is not ASCII, bytes that are not UTF-8) is not authentic.
    """
    if not timestamp or not _TIMESTAMP.fullmatch(timestamp):
        return False
    if not signature or not _SIGNATURE.fullmatch(signature):
        return False
    try:
        return verifier.is_valid(raw, timestamp, signature)
    except UnicodeDecodeError:
        return False


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _ready_answer(health: Health) -> Handler:
    async def ready(_request: web.Request) -> web.Response:
        report = await health.report()
        checks = {each.name: {"ok": each.ok, "sentence": each.sentence} for each in report}
        is_ready = all(each.ok for each in report)
        return web.json_response({"ready": is_ready, "checks": checks}, status=200 if is_ready else 503)

    return ready


def _slack_door(slack: AsyncApp, verifier: SignatureVerifier, once: Once) -> Handler:
    async def door(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        if "Content-Encoding" in headers:  # Slack sends none; unpacking is work that a stranger could order
            return web.Response(status=415)
        raw = await request.read()
        if not is_authentic(
            raw,
            timestamp=headers.get("X-Slack-Request-Timestamp"),
            signature=headers.get("X-Slack-Signature"),
            verifier=verifier,
        ):
            LOG.warning("A request without a valid signature was turned away")
            return web.Response(status=401)
        try:
            body = parse(raw, content_type=request.content_type)
        except Malformed as error:
            LOG.warning("Slack sent something that cannot be read: %s", error)
            return web.Response(status=400)

        work = partial(dispatch, slack, body, headers=headers)
        answer = await (work() if _is_challenge(body) else once.handle(hashlib.sha256(raw).hexdigest(), work))
        return await to_aiohttp_response(answer)

    return door


def _is_challenge(body: Body) -> bool:
    """Say whether Slack only checks that somebody listens; it wants the same answer each time."""
    return body.get("type") == "url_verification"
