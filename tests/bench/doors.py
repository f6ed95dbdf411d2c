"""The doors that are compared, each in a process of its own: the whole bot, and a Bolt handler that only acks.

`python -m tests.bench.doors bot|empty <Web API> <database> <langgraph.json>` prints Slack's request URL when it is
ready, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.signature import SignatureVerifier

from bot.bolt import dispatch
from bot.main import running
from bot.payloads import parse
from bot.sandbox import Sandbox
from bot.settings import Settings
from bot.terminal import log_shown
from bot.web import is_authentic


@asynccontextmanager
async def bot(api_url: str, database_url: str, app: str) -> AsyncIterator[str]:
    """Run the bot as `assent serve` does, its log on standard error included."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it without declaring it
        slack_bot_token=SecretStr(Sandbox.bot_token),
        slack_app_token=None,
        slack_signing_secret=SecretStr(Sandbox.signing_secret),
        slack_api_url=api_url,
        assent_database_url=SecretStr(database_url),
        assent_app=Path(app),
        assent_host="127.0.0.1",
        assent_port=0,
    )
    with log_shown():
        async with running(settings) as made:
            yield str(made.slack_url)


@asynccontextmanager
async def empty(*_settings: str) -> AsyncIterator[str]:
    """Run a Bolt app that acks every click and does nothing else, behind the bot's own signature check."""
    app = AsyncApp(authorize=_authorize, process_before_response=True, request_verification_enabled=False)

    async def approve(ack: AsyncAck) -> None:
        await ack()

    app.action("approve")(approve)
    application = web.Application()
    application.router.add_post("/slack/events", _door(app))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


async def _authorize() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=None, bot_user_id=None, bot_id=None)


def _door(app: AsyncApp) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    verifier = SignatureVerifier(Sandbox.signing_secret)

    async def door(request: web.Request) -> web.StreamResponse:
        raw, headers = await request.read(), request.headers
        if not is_authentic(
            raw,
            timestamp=headers.get("X-Slack-Request-Timestamp"),
            signature=headers.get("X-Slack-Signature"),
            verifier=verifier,
        ):
            return web.Response(status=401)
        body = parse(raw, content_type=request.content_type)
        return await to_aiohttp_response(await dispatch(app, body, headers=headers))

    return door


DOORS: Mapping[str, Callable[..., AbstractAsyncContextManager[str]]] = {"bot": bot, "empty": empty}


async def _stand(kind: str, *settings: str) -> None:
    async with DOORS[kind](*settings) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_stand(*sys.argv[1:]))
