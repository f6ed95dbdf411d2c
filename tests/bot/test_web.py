"""The HTTP door: what is not signed gets nothing and leaves nothing, what is broken gets a 400, health is true."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox import http_body, signed_headers
from bot.web import MAX_BODY_BYTES
from engine import ApprovalStatus
from tests.bot.standing import CHANNEL, Standing, standing
from tests.bot.test_payloads import mutated

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SECRET_BODY = b"command=%2Fapprovals&text=hush-hush&response_url=https%3A%2F%2Fhooks.example%2Fhush-hush"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Standing]:
    """A bot behind the HTTP door."""
    async with standing(tmp_path) as made:
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that is not Slack."""
    async with aiohttp.ClientSession() as made:
        yield made


async def post(session: aiohttp.ClientSession, at: Standing, body: bytes, headers: dict[str, str]) -> int:
    """Post to Slack's door and give the status."""
    async with session.post(f"{at.bot.url}/slack/events", data=body, headers=headers) as response:
        return response.status


def forged() -> dict[str, dict[str, str]]:
    """Make headers that no request of Slack has."""
    now = int(time.time())
    right = signed_headers(SECRET_BODY)
    stamp, signature = "X-Slack-Request-Timestamp", "X-Slack-Signature"
    return {
        "no headers": {},
        "no signature": {stamp: right[stamp]},
        "no timestamp": {signature: right[signature]},
        "wrong secret": signed_headers(SECRET_BODY, secret="another"),
        "other body": signed_headers(SECRET_BODY + b"x"),
        "old": signed_headers(SECRET_BODY, timestamp=now - 302),
        "from the future": signed_headers(SECRET_BODY, timestamp=now + 302),
        "empty timestamp": {**right, stamp: ""},
        "word as timestamp": {**right, stamp: "abc"},
        "endless timestamp": {**right, stamp: "9" * 5000},
        "timestamp in other digits": {**right, stamp: "١٢٣٤"},
        "negative timestamp": {**right, stamp: "-1"},
        "empty signature": {**right, signature: ""},
        "signature that is not ASCII": {**right, signature: "v0=é" + "a" * 60},
        "signature of version 1": {**right, signature: "v1" + right[signature][2:]},
        "signature in capitals": {**right, signature: right[signature].upper()},
    }


@pytest.mark.parametrize("kind", sorted(forged()))
async def test_t07_a_forged_request_gets_401_and_leaves_nothing(
    at: Standing, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Whatever is not signed by Slack is turned away; at any level the log has neither its body nor a traceback."""
    caplog.set_level(logging.DEBUG)
    assert await post(session, at, SECRET_BODY, {**FORM, **forged()[kind]}) == 401
    assert "hush" not in caplog.text
    assert "Traceback" not in caplog.text
    assert at.sandbox.views("U0RITA") == []


async def test_the_signature_holds_for_five_minutes(at: Standing, session: aiohttp.ClientSession) -> None:
    """A request signed 290 s ago is still taken."""
    headers = {**FORM, **signed_headers(b"ssl=1", timestamp=int(time.time()) - 290)}
    assert await post(session, at, b"ssl=1", headers) == 400  # authentic, but nothing that Slack sends


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"", FORM["Content-Type"]),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"payload=", FORM["Content-Type"]),
        (b"payload=%7B", FORM["Content-Type"]),
        (b"payload=null", FORM["Content-Type"]),
        (b"payload=%7B%22type%22%3A%22block_actions%22%7D", FORM["Content-Type"]),
        (b"command=%2Fapprovals", FORM["Content-Type"]),
        (b'{"type":"event_callback"}', "application/json"),
        (b'{"type":"event_callback","event":[]}', "application/json"),
        (b'{"type":"unheard_of"}', "application/json"),
        (b'{"type":"block_actions","actions":[{}],"user":5}', "application/json"),
        (b'{"a":' * 100_000, "application/json"),
        (b"{}", "text/plain"),
        (b"\xff", "application/json"),
    ],
)
async def test_t07_a_signed_but_broken_body_gets_a_400(
    at: Standing,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    content_type: str,
) -> None:
    """What Slack would not send is refused in the 400s and without a traceback, signed or not."""
    status = await post(session, at, body, {"Content-Type": content_type, **signed_headers(body)})
    assert 400 <= status < 500
    assert "Traceback" not in caplog.text


async def test_t07_other_methods_and_large_bodies_are_refused(
    at: Standing, session: aiohttp.ClientSession
) -> None:
    """Slack's door takes POST only, and 1 MiB at most."""
    async with session.get(f"{at.bot.url}/slack/events") as response:
        assert response.status == 405
    body = b"x" * (MAX_BODY_BYTES + 1)
    headers = {**FORM, **signed_headers(body)}
    async with session.post(f"{at.bot.url}/slack/events", data=io.BytesIO(body), headers=headers) as response:
        assert response.status == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity"])
async def test_a_packed_body_is_turned_away_unread(
    at: Standing, session: aiohttp.ClientSession, encoding: str
) -> None:
    """Nobody makes the bot unpack something before it knows who sent it, and nothing breaks on the way."""
    async with session.post(
        f"{at.bot.url}/slack/events", data=b"x", headers={"Content-Encoding": encoding}
    ) as response:
        assert response.status in {400, 415}  # aiohttp itself says 400 to what it cannot unpack


async def test_slacks_challenge_is_answered(at: Standing, session: aiohttp.ClientSession) -> None:
    """The request URL passes the check that Slack makes when it is entered."""
    body = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "t"}).encode()
    headers = {"Content-Type": "application/json", **signed_headers(body)}
    async with session.post(f"{at.bot.url}/slack/events", data=body, headers=headers) as response:
        assert response.status == 200
        assert "c-1" in await response.text()


async def test_t06_a_replayed_request_decides_once(at: Standing, session: aiohttp.ClientSession) -> None:
    """The same signed bytes, ten times within their five minutes, make one decision and no complaint."""
    card = await at.card()
    await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
    body, content_type = http_body("interactive", at.sandbox.deliveries[-1].payload)
    headers = {"Content-Type": content_type, **signed_headers(body)}
    assert [await post(session, at, body, headers) for _ in range(10)] == [200] * 10
    events = [event.kind.value for event in (await at.only_run()).events]
    assert events.count("decided") == 1
    assert "refused" not in events


@pytest.mark.parametrize("kind", ["click", "form", "command"])
async def test_f29_damaged_payloads_never_cause_an_error_of_ours(
    at: Standing, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """A hundred signed payloads with something dropped or replaced get 200 or a 400, and decide nothing."""
    caplog.set_level(logging.DEBUG)
    card = await at.card()
    await at.sandbox.click("U0OTTO", CHANNEL, card["ts"], "approve")
    sent = at.sandbox.deliveries
    found = {"click": sent[-1], "form": sent[-2], "command": sent[-3]}[kind]
    dice = random.Random(11)  # noqa: S311  a seed makes the cases the same each time
    for _ in range(120):
        payload: Any = mutated(json.loads(json.dumps(found.payload)), dice)
        if not isinstance(payload, dict):
            continue
        body, content_type = http_body("events_api", payload)
        assert await post(session, at, body, {"Content-Type": content_type, **signed_headers(body)}) in {
            200,
            400,
            404,
        }
    runs = await at.desk.recent()
    assert all(each.approvals[0].status is ApprovalStatus.PENDING for each in runs if each.approvals)
    assert "Traceback" not in caplog.text


async def test_t33_health_tells_the_truth(at: Standing, session: aiohttp.ClientSession) -> None:
    """A bot at work is alive and ready; one that cannot post is alive and not ready, and says why."""
    async with session.get(f"{at.bot.url}/healthz") as response:
        assert (response.status, await response.json()) == (200, {"alive": True})
    async with session.get(f"{at.bot.url}/readyz") as response:
        report = await response.json()
        assert response.status == 200
        assert {name for name, check in report["checks"].items() if check["ok"]} == {
            "database",
            "slack",
            "messages",
            "sweeper",
            "trail",
        }
    at.sandbox.admin.archive("approvals")
    await at.sandbox.slash("U0RITA", "#general", "/approvals start pay-out")
    await at.sandbox.submit("U0RITA", {"field:amount": "1"})
    report = await unready(session, at)
    assert report["checks"]["messages"]["ok"] is False
    assert "archived" in report["checks"]["messages"]["sentence"]


async def unready(session: aiohttp.ClientSession, at: Standing) -> Any:
    """Ask until the bot says that it is not ready, and give its report."""
    async with asyncio.timeout(5):
        while True:
            async with session.get(f"{at.bot.url}/readyz") as response:
                if response.status == 503:
                    return await response.json()


async def test_socket_mode_opens_no_http_door(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    """With an app token there is no /slack/events to attack, and readiness includes the socket."""
    async with standing(tmp_path, mode="socket") as at:
        body = b"command=%2Fapprovals"
        assert await post(session, at, body, {**FORM, **signed_headers(body)}) == 404
        async with session.get(f"{at.bot.url}/readyz") as response:
            assert (await response.json())["checks"]["socket"]["ok"] is True


async def test_t27_a_response_url_is_never_asked(at: Standing, session: aiohttp.ClientSession) -> None:
    """Wherever a response_url points, be it this machine or a file, nothing goes there: people are told by API."""
    asked: list[str] = []

    async def listen(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", listen)
    async with TestServer(application) as trap:
        card = await at.card()
        await at.sandbox.click("U0OTTO", CHANNEL, card["ts"], "approve")
        command, _, click = at.sandbox.deliveries
        for delivery in (click, command):
            for address in (str(trap.make_url("/hook")), "file:///etc/passwd", "http://169.254.169.254/x"):
                payload = {**delivery.payload, "response_url": address, "trigger_id": f"1.{len(address)}.x"}
                payload["response_urls"] = [{"response_url": address}]
                if delivery.kind == "slash_commands":
                    payload = {**delivery.payload, "response_url": address, "text": "list"}
                body, content_type = http_body(delivery.kind, payload)
                headers = {"Content-Type": content_type, **signed_headers(body)}
                assert await post(session, at, body, headers) == 200
        await at.told("U0OTTO", "not among")
    assert asked == []
