"""Socket Mode with Bolt's own client: one envelope to one socket, reconnects, dropped sockets."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox, Timing
from tests.bot.sandbox.small_app import Json, SmallApp, button, modal

CHANNEL = "C0APPROVALS"
Connect = Callable[[Sandbox, SmallApp], Awaitable[AsyncSocketModeHandler]]


async def test_a_whole_story_over_a_socket(sandbox: Sandbox, socket_handler: Connect) -> None:
    """Command, modal, field error, submission, click and home pass as envelopes, their answers in the acks."""
    app = SmallApp(sandbox)
    await socket_handler(sandbox, app)
    assert sandbox.mode == "socket"

    async def answer(body: Json) -> Json | None:
        if "command" in body:
            await app.client.views_open(trigger_id=body["trigger_id"], view=modal())
            return {"text": "Fill in the form."}
        if (
            body["type"] == "view_submission"
            and body["view"]["state"]["values"]["why"]["v"]["value"] == "bad"
        ):
            return {"response_action": "errors", "errors": {"why": "Say more."}}
        return None

    app.answer = answer
    ack = await sandbox.slash("rita", CHANNEL, "/approvals start")
    assert ack.body == {"text": "Fill in the form."}
    assert sandbox.ephemerals("rita")[0]["text"] == "Fill in the form."
    refused = await sandbox.submit("rita", {"why": "bad"})
    assert refused.body == {"response_action": "errors", "errors": {"why": "Say more."}}
    assert (await sandbox.submit("rita", {"why": "good"})).body is None
    posted = await app.client.chat_postMessage(channel=CHANNEL, text="x", blocks=[button()])
    assert (await sandbox.click("amy", CHANNEL, posted["ts"], "approve")).status == 200
    assert (await sandbox.open_home("amy")).status == 200
    assert len(app.heard) == 5


async def test_each_envelope_goes_to_one_of_the_sockets(sandbox: Sandbox, socket_handler: Connect) -> None:
    """Two connected apps share the load and hear each payload once between them."""
    apps = [SmallApp(sandbox), SmallApp(sandbox)]
    for app in apps:
        await socket_handler(sandbox, app)
    for number in range(6):
        await sandbox.slash("rita", CHANNEL, f"/approvals {number}")
    assert sorted(one["text"] for app in apps for one in app.heard) == list("012345")
    assert [len(app.heard) for app in apps] == [3, 3]


async def test_http_goes_first_when_there_is_a_request_url(
    sandbox: Sandbox, app: SmallApp, socket_handler: Connect
) -> None:
    """With a request URL the sockets stay silent; without it they take over."""
    over_socket = SmallApp(sandbox)
    await socket_handler(sandbox, over_socket)
    await sandbox.slash("rita", CHANNEL, "/approvals 1")
    sandbox.deliver_to(None)
    await sandbox.slash("rita", CHANNEL, "/approvals 2")
    assert [one["text"] for one in app.heard] == ["1"]
    assert [one["text"] for one in over_socket.heard] == ["2"]


async def test_a_refresh_brings_a_new_socket(sandbox: Sandbox, socket_handler: Connect) -> None:
    """On refresh_requested the client asks for a new address, and deliveries go on."""
    app = SmallApp(sandbox)
    await socket_handler(sandbox, app)
    await sandbox.refresh_sockets()
    await sandbox.until(
        lambda: (
            sum(one.method == "apps.connections.open" for one in sandbox.transcript) == 2
            and sandbox.sockets == 1
        )
    )
    assert (await sandbox.slash("rita", CHANNEL, "/approvals")).status == 200


async def test_a_dropped_socket_is_an_error_until_the_app_is_back(
    sandbox: Sandbox, socket_handler: Connect
) -> None:
    """With its socket cut the app is unreachable at once, and reachable after its client has reconnected."""
    app = SmallApp(sandbox)
    await socket_handler(sandbox, app)
    sandbox.drop_sockets()
    await sandbox.until(lambda: sandbox.sockets == 0)
    ack = await sandbox.slash("rita", CHANNEL, "/approvals")
    assert ack.error == '/approvals failed with the error "dispatch_failed"'
    await sandbox.until(lambda: sandbox.sockets == 1)
    assert (await sandbox.slash("rita", CHANNEL, "/approvals")).status == 200


async def test_an_event_lost_with_its_socket_comes_again(socket_handler: Connect) -> None:
    """The ack went down with the socket: the event returns with its retry number, the same event_id."""
    async with Sandbox(timing=Timing(ack_s=0.3, retries_s=(0.2, 0.2, 0.2))) as sandbox:
        app = SmallApp(sandbox)
        client: Any = (await socket_handler(sandbox, app)).client
        sandbox.faults.deliveries(drop_socket=True)
        ack = await sandbox.open_home("amy")
        assert ack.error == "The event timed out."
        await sandbox.until(lambda: sandbox.deliveries[-1].ack.status == 200)
        assert len({one.payload["event_id"] for one in sandbox.deliveries}) == 1
        assert app.headers[-1]["x-slack-retry-num"] in (["1"], ["2"], ["3"])
        await client.close()


async def test_a_duplicate_envelope_has_its_own_id(sandbox: Sandbox, socket_handler: Connect) -> None:
    """Two copies of a click are two envelopes with one payload, and both are acked."""
    app = SmallApp(sandbox)
    await socket_handler(sandbox, app)
    posted = await app.client.chat_postMessage(channel=CHANNEL, text="x", blocks=[button()])
    ack = await sandbox.click("amy", CHANNEL, posted["ts"], "approve", deliveries=2)
    assert [ack.status, *(one.status for one in ack.others)] == [200, 200]
    assert app.heard[0] == app.heard[1]


async def _hello(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> tuple[aiohttp.ClientWebSocketResponse, Json]:
    web = AsyncWebClient(sandbox.app_token, base_url=sandbox.api_url)
    address = (await web.apps_connections_open(app_token=sandbox.app_token))["url"]
    socket = await session.ws_connect(address)
    return socket, await socket.receive_json()


async def test_an_app_may_hold_ten_sockets(sandbox: Sandbox) -> None:
    """The eleventh is told too_many_websockets and closed."""
    async with aiohttp.ClientSession() as session:
        sockets = []
        for number in range(1, 11):
            socket, hello = await _hello(sandbox, session)
            assert (hello["type"], hello["num_connections"]) == ("hello", number)
            sockets.append(socket)
        over, last = await _hello(sandbox, session)
        assert last["reason"] == "too_many_websockets"
        assert (await over.receive()).type is aiohttp.WSMsgType.CLOSE
        for socket in [*sockets, over]:
            await socket.close()


async def test_a_ticket_works_once(sandbox: Sandbox) -> None:
    """A second connection by the same address, or a made-up one, is refused with 403."""
    web = AsyncWebClient(sandbox.app_token, base_url=sandbox.api_url)
    address = (await web.apps_connections_open(app_token=sandbox.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(address):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(address)
        assert refused.value.status == 403
