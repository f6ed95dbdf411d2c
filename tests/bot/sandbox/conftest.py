"""A small real Bolt app against the sandbox, over signed HTTP and over Socket Mode."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, SlashCommand
from tests.bot.sandbox.small_app import SmallApp


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox in memory, its one command announced."""
    async with Sandbox(commands=[SlashCommand(command="/approvals", description="d", usage_hint="u")]) as one:
        yield one


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncWebClient:
    """Slack's own client with the bot token and no retries."""
    return AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])


@pytest.fixture
async def served() -> AsyncIterator[Callable[[SmallApp], Awaitable[str]]]:
    """Serve a SmallApp over HTTP and return its request URL."""
    async with AsyncExitStack() as stack:

        async def serve(app: SmallApp) -> str:
            application = web.Application()
            application.router.add_post("/slack/events", app.handle)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"

        yield serve


@pytest.fixture
async def app(sandbox: Sandbox, served: Callable[[SmallApp], Awaitable[str]]) -> SmallApp:
    """A Bolt app that the sandbox reaches over signed HTTP."""
    small = SmallApp(sandbox)
    sandbox.deliver_to(await served(small))
    return small


@pytest.fixture
async def socket_handler() -> AsyncIterator[Callable[[Sandbox, SmallApp], Awaitable[AsyncSocketModeHandler]]]:
    """Connect a SmallApp over Socket Mode, with Bolt's own aiohttp client."""
    open_handlers: list[AsyncSocketModeHandler] = []

    async def connect(sandbox: Sandbox, app: SmallApp) -> AsyncSocketModeHandler:
        web_client = AsyncWebClient(token=sandbox.app_token, base_url=sandbox.api_url)
        handler = AsyncSocketModeHandler(
            app.bolt, sandbox.app_token, web_client=web_client, ping_interval=0.2
        )
        open_handlers.append(handler)
        before = sandbox.sockets
        client: Any = handler.client
        await client.connect()
        await sandbox.until(lambda: sandbox.sockets > before)
        return handler

    yield connect
    clients: list[Any] = [handler.client for handler in open_handlers]
    for client in clients:
        await client.close()
