"""Signed HTTP to a real Bolt app: payload shapes, acks, errors a person sees, response URLs, events."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox import NotPossible, Sandbox, Timing, http_body, signed_headers
from tests.bot.sandbox.small_app import Json, SmallApp, button

CHANNEL = "C0APPROVALS"
Serve = Callable[[SmallApp], Awaitable[str]]


async def post(app: SmallApp, *blocks: Json, **more: Any) -> str:
    """Post a message with these blocks and return its ts."""
    answer = await app.client.chat_postMessage(channel=CHANNEL, text="card", blocks=list(blocks), **more)
    return str(answer["ts"])


@asynccontextmanager
async def door(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Serve one bare handler where the app would be and yield its address."""
    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_a_command_reaches_the_app_signed_and_escaped(app: SmallApp, sandbox: Sandbox) -> None:
    """Bolt takes the signature; names come as ids and special characters as entities."""
    ack = await sandbox.slash(
        "rita", "#approvals", "/approvals ask @amy @approvers in #general <b> & c@d.e @nobody"
    )
    assert (ack.status, ack.body, ack.error) == (200, None, None)
    heard = app.heard[0]
    assert heard["text"] == (
        "ask <@U0AMY|amy> <!subteam^S0APPROVERS|@approvers> in <#C0GENERAL|general> &lt;b&gt; &amp; c@d.e @nobody"
    )
    names = ("command", "user_id", "user_name", "channel_id", "channel_name", "team_id", "api_app_id")
    assert [heard[name] for name in names] == [
        "/approvals",
        "U0RITA",
        "rita",
        CHANNEL,
        "approvals",
        "T0SANDBOX",
        "A0ASSENT",
    ]


async def test_a_forged_or_old_signature_is_refused_by_bolt(app: SmallApp, sandbox: Sandbox) -> None:
    """signed_headers is what Slack sends: another secret or six minutes of age make Bolt answer 401."""
    await sandbox.slash("rita", CHANNEL, "/approvals")
    url = str(sandbox.request_url)
    body, content_type = http_body("slash_commands", {"command": "/approvals"})
    statuses = []
    async with aiohttp.ClientSession() as session:
        for headers in (
            signed_headers(body),
            signed_headers(body, secret="wrong"),
            signed_headers(body, timestamp=1),
        ):
            async with session.post(
                url, data=body, headers=headers | {"Content-Type": content_type}
            ) as response:
                statuses.append(response.status)
    assert statuses == [200, 401, 401]


async def test_the_answer_of_a_command_is_shown_to_its_author(app: SmallApp, sandbox: Sandbox) -> None:
    """A text is ephemeral unless it says in_channel; an answer that Slack refuses is an error of the command."""

    async def answer(body: Json) -> Json:
        kinds: dict[str, Json] = {
            "loud": {"text": "all hear", "response_type": "in_channel"},
            "bad": {"text": "x", "blocks": [{"type": "nonsense"}]},
        }
        return kinds.get(body["text"], {"text": "only you"})

    app.answer = answer
    await sandbox.slash("rita", CHANNEL, "/approvals help")
    await sandbox.slash("rita", CHANNEL, "/approvals loud")
    bad = await sandbox.slash("rita", CHANNEL, "/approvals bad")
    assert [one["text"] for one in sandbox.ephemerals("rita")] == ["only you"]
    assert [one["text"] for one in sandbox.messages(CHANNEL)] == ["all hear"]
    assert bad.error == '/approvals failed with the error "invalid_blocks"'


async def test_a_click_has_slacks_shape(app: SmallApp, sandbox: Sandbox) -> None:
    """block_actions of a reply names container, thread, message, action and person in full."""
    root = await post(app)
    ts = await post(app, button(), thread_ts=root)
    ack = await sandbox.click("amy", CHANNEL, ts, "approve")
    assert ack.status == 200
    body = app.heard[0]
    assert body["type"] == "block_actions"
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": CHANNEL,
        "is_ephemeral": False,
        "thread_ts": root,
    }
    assert body["user"] == {"id": "U0AMY", "username": "amy", "name": "amy", "team_id": "T0SANDBOX"}
    assert body["team"] == {"id": "T0SANDBOX", "domain": "sandbox"}
    assert body["channel"] == {"id": CHANNEL, "name": "approvals"}
    assert body["message"]["ts"] == ts
    assert body["message"]["thread_ts"] == root
    action = body["actions"][0]
    assert (action["type"], action["action_id"], action["block_id"], action["value"]) == (
        "button",
        "approve",
        "buttons",
        "v1",
    )
    assert float(action["action_ts"]) > 0
    assert body["trigger_id"]
    assert body["response_url"].startswith(f"{sandbox.url}/response/")
    assert body["state"] == {"values": {}}


async def test_other_elements_send_what_was_chosen(app: SmallApp, sandbox: Sandbox) -> None:
    """A select sends its option and the message's state with it."""
    options = [
        {"text": {"type": "plain_text", "text": word}, "value": word.lower()} for word in ("One", "Two")
    ]
    element = {"type": "static_select", "action_id": "approve", "options": options}
    ts = await post(app, {"type": "actions", "block_id": "b", "elements": [element]})
    await sandbox.select("amy", CHANNEL, ts, "approve", "two")
    body = app.heard[0]
    assert body["actions"][0]["selected_option"] == options[1]
    assert body["state"]["values"]["b"]["approve"]["selected_option"] == options[1]
    with pytest.raises(NotPossible):
        await sandbox.select("amy", CHANNEL, ts, "approve", "three")


async def test_an_element_that_is_not_on_the_screen_cannot_be_used(app: SmallApp, sandbox: Sandbox) -> None:
    """No click on an unknown message or button, by a stranger to the channel or by a deactivated person."""
    ts = await post(app, button())
    sandbox.admin.set_members(CHANNEL, ["U0AMY", "U0BEN", "U0ASSENT"])
    sandbox.admin.deactivate("ben")
    for user, seen, action in (
        ("amy", "1.1", "approve"),
        ("amy", ts, "reject"),
        ("otto", ts, "approve"),
        ("ben", ts, "approve"),
        ("nobody", ts, "approve"),
    ):
        with pytest.raises(NotPossible):
            await sandbox.click(user, CHANNEL, seen, action)
    with pytest.raises(NotPossible, match="/nonsense is not a valid command"):
        await sandbox.slash("amy", CHANNEL, "/nonsense")
    assert app.heard == []


async def test_an_old_card_can_still_be_clicked_by_who_sees_it(app: SmallApp, sandbox: Sandbox) -> None:
    """A person whose screen is behind sends the old message; now its button is gone for the others."""
    ts = await post(app, button(value="old"))
    before = sandbox.message(CHANNEL, ts)
    await app.client.chat_update(channel=CHANNEL, ts=ts, text="decided", blocks=[])
    with pytest.raises(NotPossible):
        await sandbox.click("amy", CHANNEL, ts, "approve")
    await sandbox.click("amy", CHANNEL, ts, "approve", message=before)
    assert app.heard[0]["actions"][0]["value"] == "old"


async def test_one_click_may_arrive_several_times(app: SmallApp, sandbox: Sandbox) -> None:
    """Copies carry the same payload and each gets its own ack; an earlier delivery can be sent again."""
    ts = await post(app, button())
    ack = await sandbox.click("amy", CHANNEL, ts, "approve", deliveries=3)
    assert [one.status for one in ack.others] == [200, 200]
    again = await sandbox.redeliver(sandbox.deliveries[-1])
    assert again.status == 200
    assert [one["trigger_id"] for one in app.heard] == [app.heard[0]["trigger_id"]] * 4


async def test_a_late_or_failed_ack_is_an_error_that_a_person_sees(served: Serve) -> None:
    """Past the ack time, or with another status than 200, each kind of act has Slack's words for it."""
    async with Sandbox(timing=Timing(ack_s=0.05)) as sandbox:
        app = SmallApp(sandbox)
        ts = await post(app, button())
        released = asyncio.Event()

        async def never(_request: web.Request) -> web.Response:
            await released.wait()
            return web.Response()

        async def broken(_request: web.Request) -> web.Response:
            return web.Response(status=500, text="traceback")

        async with door(never) as url:
            sandbox.deliver_to(url)
            slash = await sandbox.slash("rita", CHANNEL, "/approvals")
            click = await sandbox.click("amy", CHANNEL, ts, "approve")
            released.set()
        assert slash.error == '/approvals failed with the error "operation_timeout"'
        assert click.error == "⚠️ Assent timed out."
        assert slash.status == click.status == 0
        assert slash.ms >= 50
        async with door(broken) as url:
            sandbox.deliver_to(url)
            failed = await sandbox.click("amy", CHANNEL, ts, "approve")
            slash = await sandbox.slash("rita", CHANNEL, "/approvals")
        assert (failed.status, failed.error) == (500, "⚠️ Assent did not take this action.")
        assert slash.error == '/approvals failed with the error "dispatch_failed"'
        gone = await sandbox.slash("rita", CHANNEL, "/approvals")
        assert (gone.status, gone.error) == (0, '/approvals failed with the error "dispatch_failed"')


async def test_without_an_app_nothing_is_delivered(sandbox: Sandbox) -> None:
    """No request URL and no socket: the person sees an error at once."""
    assert sandbox.mode is None
    ack = await sandbox.slash("rita", CHANNEL, "/approvals")
    assert ack.error == '/approvals failed with the error "dispatch_failed"'


async def test_a_response_url_works_five_times(app: SmallApp, sandbox: Sandbox) -> None:
    """It can add, replace and delete, and is used up after five posts."""
    ts = await post(app, button())
    await sandbox.click("amy", CHANNEL, ts, "approve")
    hook = AsyncWebhookClient(app.heard[0]["response_url"])
    await hook.send(text="only amy")
    await hook.send(text="everybody", response_type="in_channel")
    await hook.send(text="changed", replace_original=True)
    assert sandbox.ephemerals("amy")[0]["text"] == "only amy"
    assert sandbox.message(CHANNEL, ts)["text"] == "changed"
    assert "blocks" not in sandbox.message(CHANNEL, ts)
    assert (await hook.send(text="", blocks=[{"type": "nonsense"}])).status_code == 400
    await hook.send(delete_original=True)
    assert [one["text"] for one in sandbox.messages(CHANNEL)] == ["everybody"]
    assert (await hook.send(text="5")).status_code == 200
    over = await hook.send(text="6")
    assert (over.status_code, "used_url" in over.body) == (404, True)


async def test_a_response_url_ends_and_changes_an_ephemeral_message(
    app: SmallApp, sandbox: Sandbox, served: Serve
) -> None:
    """A click on an ephemeral message has no `message` but a URL that replaces and deletes it; it expires."""
    await app.client.chat_postEphemeral(channel=CHANNEL, user="U0AMY", text="x", blocks=[button()])
    ts = sandbox.ephemerals("amy")[0]["ts"]
    with pytest.raises(NotPossible):
        await sandbox.click("ben", CHANNEL, ts, "approve")
    await sandbox.click("amy", CHANNEL, ts, "approve")
    assert "message" not in app.heard[0]
    assert app.heard[0]["container"]["is_ephemeral"] is True
    hook = AsyncWebhookClient(app.heard[0]["response_url"])
    await hook.send(text="done", replace_original=True)
    assert [one["text"] for one in sandbox.ephemerals("amy")] == ["done"]
    await hook.send(delete_original=True)
    assert sandbox.ephemerals("amy") == []
    async with Sandbox(timing=Timing(response_url_s=0)) as short:
        other = SmallApp(short)
        short.deliver_to(await served(other))
        await short.slash("rita", CHANNEL, "/approvals")
        late = await AsyncWebhookClient(other.heard[0]["response_url"]).send(text="x")
        assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_looking_at_the_home_is_an_event(app: SmallApp, sandbox: Sandbox) -> None:
    """app_home_opened carries person, conversation and the home published before."""
    await sandbox.open_home("amy")
    await app.client.views_publish(user_id="U0AMY", view={"type": "home", "blocks": [button()]})
    await sandbox.open_home("amy")
    first, second = (one["event"] for one in app.heard)
    assert (first["user"], first["channel"], first["tab"], "view" in first) == (
        "U0AMY",
        "D0AMY",
        "home",
        False,
    )
    assert second["view"]["blocks"][0]["block_id"] == "buttons"
    assert app.heard[0]["event_id"] != app.heard[1]["event_id"]
    await sandbox.click_home("amy", "approve")
    assert app.heard[2]["container"] == {"type": "view", "view_id": second["view"]["id"]}
    assert app.heard[2]["view"]["type"] == "home"


async def test_any_event_can_be_sent(app: SmallApp, sandbox: Sandbox) -> None:
    """An event that no screen makes goes out in a sound envelope."""
    ack = await sandbox.event({"type": "app_home_opened", "user": "U0BEN", "tab": "messages"})
    assert ack.status == 200
    assert app.heard[0]["event"] == {"type": "app_home_opened", "user": "U0BEN", "tab": "messages"}
    assert app.heard[0]["authorizations"][0]["user_id"] == "U0ASSENT"


async def test_an_event_is_retried_three_times_with_its_number_and_reason(sandbox: Sandbox) -> None:
    """The same event_id comes again with X-Slack-Retry-Num and -Reason until it is taken."""
    seen: list[tuple[str | None, str | None, str]] = []

    async def stubborn(request: web.Request) -> web.Response:
        event_id = (await request.json())["event_id"]
        headers = request.headers
        seen.append((headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason"), event_id))
        return web.Response(status=500)

    async with Sandbox(timing=Timing(retries_s=(0, 0, 0))) as quick, door(stubborn) as url:
        quick.deliver_to(url)
        ack = await quick.open_home("amy")
        assert (ack.status, ack.error) == (500, "The event was not taken.")
        await quick.until(lambda: len(quick.deliveries) == 4)
    assert [one[:2] for one in seen] == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_error"),
        ("3", "http_error"),
    ]
    assert len({one[2] for one in seen}) == 1


async def test_an_app_may_refuse_retries(sandbox: Sandbox) -> None:
    """X-Slack-No-Retry ends it after the first attempt; interactions are never retried."""

    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with Sandbox(timing=Timing(retries_s=(0, 0, 0))) as quick, door(refuse) as url:
        quick.deliver_to(url)
        await quick.open_home("amy")
        await quick.slash("amy", CHANNEL, "/approvals")
        assert quick.pending_retries == 0
        assert len(quick.deliveries) == 2
