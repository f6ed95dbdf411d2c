"""The composition root: who holds whom, in which order all starts and stops."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot import listeners
from bot.bolt import make_app
from bot.health import Health
from bot.identity import Identity
from bot.links import Links
from bot.listeners import Parts
from bot.mirror import Mirror
from bot.once import Once
from bot.pace import PER_S, Pace
from bot.people import People
from bot.reporter import Reporter
from bot.settings import Settings
from bot.slack import open_progress_slack, open_slack
from bot.socket_mode import SocketDoor
from bot.sweeper import Sweeper
from bot.terminal import log_event
from bot.web import make_web
from bot.whispers import Whispers
from bot.witness import Witness
from engine import Desk, open_desk

LOG = logging.getLogger("assent")
STOP_WITHIN_S = 10.0
LOOK_WITHIN_S = 5.0
"""What an earlier process left is not taken up before the audit trail was compared with Slack, if Slack answers."""


class CannotStart(Exception):
    """Something that the start needs is not there or is taken. The message says what, and what to do."""


@dataclass(frozen=True)
class Running:
    """The bot at work. `url` is where it listens; `slack_url` is Slack's request URL, None in Socket Mode.

    `stopped` ends, with the reason, when something goes wrong for which waiting is no use.
    """

    url: str
    slack_url: str | None
    desk: Desk
    stopped: asyncio.Future[None]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Start the bot and stop it on the way out, with 10 s for what is under way.

    The order: the connections to Slack; the desk; who we are in Slack; the doors; the witness, who compares the
    audit trail with Slack; then the sweeper, whose first round takes up what an earlier process left. The doors may
    open before that, since a click is idempotent and a wake-up is a row.
    Stopping goes the other way round, so that the desk's runs are shown to their end. When Slack cannot be reached
    the bot starts all the same, says so in `/readyz` and keeps trying.

    Raises: TokenRefused, CannotStart, and what `open_desk` raises.
    """
    async with AsyncExitStack() as stack:
        token, base_url = settings.slack_bot_token.get_secret_value(), settings.slack_api_url
        client = await stack.enter_async_context(open_slack(token, base_url=base_url))
        progress_client = await stack.enter_async_context(open_progress_slack(token, base_url=base_url))
        desk = await stack.enter_async_context(
            open_desk(
                database_url=settings.assent_database_url.get_secret_value(),
                app=settings.assent_app,
                on_event=log_event,
                encryption_keys=settings.encryption_keys(),
                allowed_types=settings.allowed_types(),
                keep_steps=settings.keep_steps(),
            )
        )
        identity = Identity(client)
        knows_itself = await identity.ask()
        pace = Pace(per_s=None if settings.is_slack_local() else PER_S)
        mirror = Mirror(client, progress_client=progress_client, desk=desk, pace=pace)
        desk.on_change(mirror.catch_up)
        sweeper = Sweeper(desk, wake_behind=mirror.wake_behind)
        slack = await _listening_app(stack, client, desk=desk, identity=identity)
        accepted = settings.accepted_anchors()
        witness = Witness(client, desk=desk, identity=identity, accepted=accepted)
        once = await _once(stack, desk)
        socket = await _open_socket(stack, slack, settings=settings, once=once)
        health = Health(
            desk=desk,
            identity=identity,
            trouble=lambda: mirror.trouble,
            witness=lambda: witness.trouble,
            is_sweeping=sweeper.is_going,
            socket=socket.is_open if socket else None,
        )
        url = await _open_web(stack, slack, settings=settings, health=health, once=once)
        work = [_sweep(sweeper, witness), Reporter(mirror, desk=desk).run(), witness.look()]
        stopped = _background(stack, work if knows_itself else [*work, identity.keep_asking()])
        yield Running(
            url=url, slack_url=None if socket else f"{url}/slack/events", desk=desk, stopped=stopped
        )


async def _sweep(sweeper: Sweeper, witness: Witness) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_WITHIN_S):
            await witness.looked.wait()
    await sweeper.run()


async def serve(settings: Settings, *, on_ready: Callable[[Running], None] | None = None) -> None:
    """Run the bot until SIGTERM or SIGINT (Ctrl-C); a second one ends the process at once.

    Raises: what `running` raises, also when Slack refuses the token later on.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, _end, loop, ended)
    async with running(settings) as bot:
        gc.collect()
        gc.freeze()  # what is loaded stays, and to look through it each time would hold up every click for 0.1 s
        if on_ready is not None:
            on_ready(bot)
        bot.stopped.add_done_callback(lambda _: ended.set())
        await ended.wait()
        if bot.stopped.done():
            bot.stopped.result()
        LOG.info("Stopping", extra={"action": "stopping"})


def _end(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(each)
    ended.set()


async def _listening_app(
    stack: AsyncExitStack, client: AsyncWebClient, *, desk: Desk, identity: Identity
) -> AsyncApp:
    whispers = Whispers(client)
    stack.push_async_callback(whispers.settle)
    slack = make_app(client, identity=identity, whispers=whispers)
    people = People(client, identity=identity)
    links = Links(client, desk=desk)
    parts = Parts(desk=desk, people=people, whispers=whispers, links=links, client=client)
    listeners.register(slack, parts=parts)
    return slack


async def _once(stack: AsyncExitStack, desk: Desk) -> Once:
    await desk.deliveries.remember()
    once = Once(desk.deliveries)
    stack.push_async_callback(once.settle)
    return once


async def _open_socket(
    stack: AsyncExitStack, slack: AsyncApp, *, settings: Settings, once: Once
) -> SocketDoor | None:
    if settings.slack_app_token is None:
        return None
    token = settings.slack_app_token.get_secret_value()
    client = await stack.enter_async_context(open_slack(token, base_url=settings.slack_api_url))
    socket = SocketDoor(slack, app_token=token, web_client=client, once=once)
    stack.push_async_callback(socket.shut, limit_s=STOP_WITHIN_S)
    await socket.open()
    return socket


async def _open_web(
    stack: AsyncExitStack, slack: AsyncApp, *, settings: Settings, health: Health, once: Once
) -> str:
    verifier = None
    if settings.slack_app_token is None and settings.slack_signing_secret is not None:
        verifier = SignatureVerifier(settings.slack_signing_secret.get_secret_value())
    application = make_web(health=health, slack=slack, verifier=verifier, once=once)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_WITHIN_S)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    site = web.TCPSite(runner, settings.assent_host, settings.assent_port)
    try:
        await site.start()
    except OSError as error:
        place = f"{settings.assent_host}:{settings.assent_port}"
        reason = error.strerror or "it cannot be used"
        raise CannotStart(
            f"Cannot listen on {place} (ASSENT_HOST, ASSENT_PORT): {reason}. Choose another port."
        ) from None
    host, port = runner.addresses[0][:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _background(stack: AsyncExitStack, work: Sequence[Coroutine[Any, Any, None]]) -> asyncio.Future[None]:
    """Start what runs beside; the future ends when one of them does, which only an error can cause."""
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(each) for each in work]

    def note(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not stopped.done():
            stopped.set_exception(error)

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        stopped.cancel()

    for task in tasks:
        task.add_done_callback(note)
    stack.push_async_callback(stop)
    return stopped
