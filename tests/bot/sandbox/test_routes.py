"""The routes behind the page: what a person sees as JSON, and what a person does."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Sandbox
from tests.bot.sandbox.small_app import Json, SmallApp, button, modal

CHANNEL = "C0APPROVALS"


@pytest.fixture
async def browser(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP session at the sandbox's address."""
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield session


async def state(browser: aiohttp.ClientSession, me: str = "U0RITA") -> Json:
    """Return what a person sees."""
    async with browser.get("/page/state", params={"as": me}) as response:
        assert response.status == 200
        return dict(await response.json())


async def act(browser: aiohttp.ClientSession, name: str, **body: Any) -> Json:
    """Do something as a person (`as_` is who) and return the answer."""
    async with browser.post(f"/page/{name}", json={"as": body.pop("as_", "U0RITA"), **body}) as response:
        assert response.status == 200
        return dict(await response.json())


async def test_the_state_is_the_contract_with_the_page(
    app: SmallApp, sandbox: Sandbox, browser: aiohttp.ClientSession
) -> None:
    """People, app, commands, channels and messages have the agreed names and shapes."""
    root = (await app.client.chat_postMessage(channel=CHANNEL, text="root", blocks=[button()]))["ts"]
    await app.client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root, reply_broadcast=True)
    await app.client.chat_update(channel=CHANNEL, ts=root, text="root!")
    await app.client.chat_postEphemeral(channel=CHANNEL, user="U0AMY", text="psst")
    seen = await state(browser)
    assert seen["team"] == {"name": "Sandbox"}
    assert seen["people"][0] == {
        "id": "U0RITA",
        "name": "rita",
        "real_name": "Rita Requester",
        "title": "Requester",
    }
    assert len(seen["people"]) == 5
    assert seen["app"] == {"user": "U0ASSENT", "name": "Assent", "connected": True, "mode": "http"}
    assert seen["commands"] == [
        {"command": "/approvals", "usage_hint": "u", "description": "d", "example": "help"}
    ]
    assert [one["name"] for one in seen["channels"]] == ["approvals", "general"]
    assert set(seen["channels"][0]) == {"id", "name", "topic", "members"}
    first, second = seen["messages"][CHANNEL]
    assert first["blocks"][0]["block_id"] == "buttons"
    assert {name: first[name] for name in first if name != "blocks"} == {
        "ts": root,
        "user": "U0ASSENT",
        "name": "Assent",
        "bot": True,
        "text": "root!",
        "thread_ts": None,
        "broadcast": False,
        "edited": True,
        "ephemeral": False,
        "files": [],
        "reply_count": 1,
    }
    assert (second["thread_ts"], second["broadcast"], second["reply_count"]) == (root, True, 0)
    assert (seen["views"], seen["home"]) == ([], None)
    amy = await state(browser, "U0AMY")
    assert [(one["text"], one["ephemeral"]) for one in amy["messages"][CHANNEL]][2] == ("psst", True)


async def test_a_typed_text_is_a_message_or_a_command(
    app: SmallApp, sandbox: Sandbox, browser: aiohttp.ClientSession
) -> None:
    """A text stands in the channel, a "/" goes to the app, an unknown command is an error in words."""
    assert await act(browser, "message", channel=CHANNEL, text="hello <b>") == {"ok": True}
    ts = sandbox.messages(CHANNEL)[0]["ts"]
    assert await act(browser, "message", channel=CHANNEL, text="reply", thread_ts=ts) == {"ok": True}
    assert await act(browser, "message", channel=CHANNEL, text="/approvals list") == {"ok": True}
    assert await act(browser, "message", channel=CHANNEL, text="/nope") == {
        "ok": False,
        "error": "/nope is not a valid command.",
    }
    assert [one["text"] for one in sandbox.thread(CHANNEL, ts)] == ["hello &lt;b&gt;", "reply"]
    assert app.heard[0]["text"] == "list"


async def test_buttons_forms_and_the_home_work_from_the_page(
    app: SmallApp, sandbox: Sandbox, browser: aiohttp.ClientSession
) -> None:
    """A click, a modal with a field error, a submission, a close and the home reach the app."""

    async def answer(body: Json) -> Json | None:
        if body.get("type") == "block_actions" and body["container"]["type"] == "message":
            await app.client.views_open(trigger_id=body["trigger_id"], view=modal())
        if (
            body.get("type") == "view_submission"
            and body["view"]["state"]["values"]["why"]["v"]["value"] == "no"
        ):
            return {"response_action": "errors", "errors": {"why": "Say more."}}
        return None

    app.answer = answer
    ts = (await app.client.chat_postMessage(channel=CHANNEL, text="x", blocks=[button()]))["ts"]
    click = {"channel": CHANNEL, "ts": ts, "block_id": "buttons", "action_id": "approve"}
    assert await act(browser, "action", **click) == {"ok": True}
    view_id = (await state(browser))["views"][0]["id"]
    empty = await act(browser, "submit", view_id=view_id, values={"why": "", "amount": "x"})
    assert empty == {
        "ok": False,
        "errors": {"why": "Please complete this required field.", "amount": "Please enter a valid number."},
    }
    refused = await act(browser, "submit", view_id=view_id, values={"why": "no", "amount": ""})
    assert refused == {"ok": False, "errors": {"why": "Say more."}}
    assert (await state(browser))["views"][0]["state"]["values"]["why"]["v"]["value"] == "no"
    assert await act(browser, "submit", view_id=view_id, values={"why": "yes"}) == {"ok": True}
    assert (await act(browser, "submit", view_id=view_id, values={}))["ok"] is False
    await act(browser, "action", **click)
    view_id = (await state(browser))["views"][0]["id"]
    assert await act(browser, "close", view_id=view_id) == {"ok": True}
    assert (await state(browser))["views"] == []
    await app.client.views_publish(user_id="U0RITA", view={"type": "home", "blocks": [button()]})
    assert await act(browser, "home") == {"ok": True}
    home = (await state(browser))["home"]
    answered = await act(browser, "action", view_id=home["id"], block_id="buttons", action_id="approve")
    assert answered == {"ok": True}
    assert app.heard[-1]["container"] == {"type": "view", "view_id": home["id"]}


async def test_an_error_is_told_in_words(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    """Without an app a command fails with the words that a person would read."""
    assert await act(browser, "message", channel=CHANNEL, text="/approvals") == {
        "ok": False,
        "error": '/approvals failed with the error "dispatch_failed"',
    }


async def test_the_stream_sends_the_state_at_once_and_after_changes(
    sandbox: Sandbox, browser: aiohttp.ClientSession
) -> None:
    """Several changes in a moment come as few states, the last of which is the whole truth."""
    async with browser.ws_connect("/page/stream?as=U0RITA") as stream:
        first = await stream.receive_json(timeout=2)
        assert (first["type"], first["me"], first["messages"][CHANNEL]) == ("state", "U0RITA", [])
        for number in range(20):
            sandbox.say("amy", CHANNEL, str(number))
        states: list[Json] = []
        while not states or len(states[-1]["messages"][CHANNEL]) < 20:
            states.append(await stream.receive_json(timeout=2))
        assert len(states) <= 2
    async with browser.ws_connect("/page/stream?as=U0RITA") as stream:
        await stream.receive_json(timeout=2)
        await sandbox.stop()
        assert (await stream.receive(timeout=2)).type is aiohttp.WSMsgType.CLOSE


async def test_other_sites_cannot_act(sandbox: Sandbox, browser: aiohttp.ClientSession) -> None:
    """A foreign Origin is refused everywhere, a form or text body on the acts, and malformed JSON is a 400."""
    said = {"as": "U0RITA", "channel": CHANNEL, "text": "x"}
    own = {"Origin": sandbox.url}
    async with browser.post("/page/message", json=said, headers=own) as response:
        assert response.status == 200
    async with browser.post(
        "/page/message", json=said, headers={"Origin": "https://evil.example"}
    ) as response:
        assert response.status == 403
    async with browser.get("/page/stream", headers={"Origin": "https://evil.example"}) as response:
        assert response.status == 403
    async with browser.post("/page/message", data=said) as response:
        assert response.status == 415
    for body in (b"{", b"[]", b"{}", b'{"as": {}, "channel": 1, "text": "x"}'):
        headers = {"Content-Type": "application/json"}
        async with browser.post("/page/message", data=body, headers=headers) as response:
            assert response.status in (200, 400)
            assert response.status == 400 or (await response.json())["ok"] is False
    assert len(sandbox.messages(CHANNEL)) == 1


async def test_the_page_itself_is_served(browser: aiohttp.ClientSession) -> None:
    """The root answers with the page's HTML."""
    async with browser.get("/") as response:
        assert (response.status, response.content_type) == (200, "text/html")
