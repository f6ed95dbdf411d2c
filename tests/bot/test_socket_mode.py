"""The Socket Mode door: it opens again by itself, and nothing that comes through it does harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.bolt import make_app
from bot.identity import Identity, TokenRefused
from bot.once import Once
from bot.sandbox import Sandbox
from bot.slack import open_slack
from bot.socket_mode import SocketDoor
from bot.whispers import Whispers
from engine import Deliveries
from engine.database import Database
from tests.waiting import eventually

PING_S = 0.1


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack."""
    async with Sandbox() as made:
        yield made


class Opened:
    """A door and how often its listener ran."""

    def __init__(self, door: SocketDoor) -> None:
        self.door = door
        self.runs = 0
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()


@pytest.fixture
async def once(tmp_path: Path) -> AsyncIterator[Once]:
    """What keeps repetitions out, on a database of its own."""
    database = Database(f"sqlite:///{tmp_path / 'assent.db'}")
    await database.migrate()
    made = Once(Deliveries(database))
    yield made
    await made.settle()
    await database.close()


@pytest.fixture
async def opened(sandbox: Sandbox, once: Once) -> AsyncIterator[Opened]:
    """An open door whose listener answers every /approvals."""
    async with (
        open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client,
        open_slack(sandbox.app_token, base_url=sandbox.api_url) as web_client,
    ):
        app = make_app(client, identity=Identity(client), whispers=Whispers(client))
        door = SocketDoor(app, app_token=sandbox.app_token, web_client=web_client, once=once, ping_s=PING_S)
        made = Opened(door)

        async def listen(ack: Any) -> None:
            made.runs += 1
            made.began.set()
            await made.may_end.wait()
            await ack("done")

        app.command("/approvals")(listen)
        await made.door.open()
        yield made
        await made.door.shut(limit_s=2)


async def test_an_envelope_is_answered(opened: Opened, sandbox: Sandbox) -> None:
    """What comes over the socket is handled and acknowledged over the socket."""
    assert await opened.door.is_open()
    ack = await sandbox.slash("U0AMY", "C0APPROVALS", "/approvals")
    assert (ack.error, ack.body) == (None, {"text": "done"})


async def test_f19_a_lost_socket_is_opened_again(opened: Opened, sandbox: Sandbox) -> None:
    """After a cut, and after Slack asks for a refresh, a new socket is there and works."""
    sandbox.drop_sockets()
    await sandbox.until(lambda: sandbox.sockets == 0)
    await sandbox.until(lambda: sandbox.sockets == 1)
    await sandbox.refresh_sockets()
    await sandbox.until(lambda: sandbox.sockets == 1)
    assert (await sandbox.slash("U0AMY", "C0APPROVALS", "/approvals")).error is None


class Wire:
    """A relay on the way to Slack, which can go dead without closing anything."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.is_dead = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        for source, sink in ((reader, back), (there, writer)):
            self._tasks.add(asyncio.create_task(self._pump(source, sink)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                if not self.is_dead:
                    sink.write(data)
        finally:
            sink.close()


async def test_f19_a_silent_socket_is_found_and_replaced(sandbox: Sandbox, once: Once) -> None:
    """When nothing comes through any more, though nothing was closed, a new socket is there and takes the click."""
    async with (
        open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client,
        open_slack(sandbox.app_token, base_url=sandbox.api_url) as web_client,
        Wire(sandbox.url) as wire,
    ):
        app = make_app(client, identity=Identity(client), whispers=Whispers(client))
        door = SocketDoor(app, app_token=sandbox.app_token, web_client=web_client, once=once, ping_s=PING_S)
        issue = door.client.issue_new_wss_url
        given: list[str] = []

        async def first_over_the_wire() -> str:
            address = await issue()
            given.append(address)
            if len(given) > 1:
                return address
            return urlsplit(address)._replace(netloc=f"127.0.0.1:{wire.port}").geturl()

        door.client.issue_new_wss_url = first_over_the_wire  # type: ignore[method-assign]  # Slack's answer, led astray

        async def listen(ack: Any) -> None:
            await ack("done")

        app.command("/approvals")(listen)
        await door.open()
        try:
            assert await door.is_open()
            wire.is_dead = True
            await eventually(lambda: _is_lost(door))
            await eventually(door.is_open)
            ack = await sandbox.slash("U0AMY", "C0APPROVALS", "/approvals")
        finally:
            await door.shut(limit_s=1)
    assert (ack.error, len(given)) == (None, 2)


async def _is_lost(door: SocketDoor) -> bool:
    return not await door.is_open()


async def test_a_used_address_is_not_tried_for_ever(sandbox: Sandbox, once: Once) -> None:
    """When Slack's address does not open a socket, a new one is asked for."""
    async with (
        open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client,
        open_slack(sandbox.app_token, base_url=sandbox.api_url) as web_client,
    ):
        app = make_app(client, identity=Identity(client), whispers=Whispers(client))
        door = SocketDoor(app, app_token=sandbox.app_token, web_client=web_client, once=once, ping_s=PING_S)
        issue = door.client.issue_new_wss_url
        given: list[str] = []

        async def spent_first() -> str:
            given.append(await issue())
            return given[-1] if len(given) > 1 else given[-1].replace("ticket=", "ticket=spent")

        door.client.issue_new_wss_url = spent_first  # type: ignore[method-assign]  # Slack's answer, made stale
        opening = asyncio.create_task(door.open())
        await sandbox.until(lambda: sandbox.sockets == 1)
        await opening
        assert len(given) > 1
        await door.shut(limit_s=1)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": None},
        {"type": "block_actions"},
        {"type": "block_actions", "actions": [None]},
        {"command": 5},
    ],
)
async def test_a_malformed_envelope_does_no_harm(opened: Opened, sandbox: Sandbox, payload: Any) -> None:
    """An envelope that cannot be read is not acknowledged, raises nothing, and the next one is handled."""
    await opened.door.handle(opened.door.client, SocketModeRequest("interactive", "e-1", payload))
    assert opened.runs == 0
    assert (await sandbox.slash("U0AMY", "C0APPROVALS", "/approvals")).error is None


async def test_f20_closing_lets_what_is_under_way_finish(opened: Opened, sandbox: Sandbox) -> None:
    """While the door closes, the envelope under way is acknowledged and a new one is not taken."""
    opened.may_end.clear()
    first = asyncio.create_task(sandbox.slash("U0AMY", "C0APPROVALS", "/approvals"))
    await opened.began.wait()
    closing = asyncio.create_task(opened.door.shut(limit_s=5))
    await asyncio.sleep(0)
    await opened.door.handle(
        opened.door.client, SocketModeRequest("slash_commands", "e-2", {"command": "/approvals"})
    )
    opened.may_end.set()
    assert (await first).error is None
    await closing
    assert opened.runs == 1
    assert await opened.door.is_open() is False


async def test_a_refused_app_token_is_final(sandbox: Sandbox, once: Once) -> None:
    """An app token that Slack refuses ends the start, in words without the token."""
    async with (
        open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client,
        open_slack("xapp-hush", base_url=sandbox.api_url) as web_client,
    ):
        app = make_app(client, identity=Identity(client), whispers=Whispers(client))
        door = SocketDoor(app, app_token="xapp-hush", web_client=web_client, once=once, ping_s=PING_S)
        with pytest.raises(TokenRefused, match="SLACK_APP_TOKEN") as caught:
            await door.open()
        assert "hush" not in str(caught.value)
        await door.shut(limit_s=1)


@pytest.mark.parametrize("envelopes", [("e-3", "e-3"), ("e-3", "e-4")], ids=["the same", "another"])
async def test_f06_an_envelope_that_comes_twice_is_handled_once(
    opened: Opened, envelopes: tuple[str, str]
) -> None:
    """What says the same is the same delivery, also in another envelope and while the first is under way."""
    opened.may_end.clear()
    payload = {
        "command": "/approvals",
        "user_id": "U0AMY",
        "team_id": "T0SANDBOX",
        "channel_id": "C0APPROVALS",
        "trigger_id": "1.2.3",
    }
    both = [
        asyncio.create_task(
            opened.door.handle(opened.door.client, SocketModeRequest("slash_commands", each, payload))
        )
        for each in envelopes
    ]
    await opened.began.wait()
    opened.may_end.set()
    await asyncio.gather(*both)
    assert opened.runs == 1
