"""Faults on order: what the app's client and the person see, and what still took effect."""

import asyncio
import time

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox
from tests.bot.sandbox.small_app import SmallApp, button

CHANNEL = "C0APPROVALS"


async def test_a_rate_limit_says_when_to_come_back(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """429 carries Retry-After and happens as often as ordered, to the named method only."""
    sandbox.faults.next("chat.postMessage", status=429, retry_after=7, times=2)
    await client.auth_test()
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=CHANNEL, text="x")
        response = refused.value.response
        assert (response.status_code, response["error"]) == (429, "ratelimited")
        assert response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel=CHANNEL, text="x")
    assert len(sandbox.messages(CHANNEL)) == 1


async def test_the_sdks_own_handler_gets_over_a_rate_limit(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """A client that waits for Retry-After succeeds at the next try."""
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    sandbox.faults.next("chat.postMessage", status=429, retry_after=0)
    await client.chat_postMessage(channel=CHANNEL, text="x")
    assert [one.status for one in sandbox.transcript] == [429, 200]


async def test_a_server_error_has_no_effect(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """500 and an ordered error word change nothing; clear() forgets what was ordered."""
    sandbox.faults.next("chat.postMessage", status=500)
    sandbox.faults.next("*", error="fatal_error")
    for expected in ("internal_error", "fatal_error"):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=CHANNEL, text="x")
        assert refused.value.response["error"] == expected
    assert sandbox.messages(CHANNEL) == []
    sandbox.faults.next("*", status=500)
    sandbox.faults.clear()
    await client.auth_test()


async def test_a_cut_connection_may_or_may_not_have_had_its_effect(
    client: AsyncWebClient, sandbox: Sandbox
) -> None:
    """The client sees the same either way; only "after" left a message."""
    sandbox.faults.next("chat.postMessage", cut="before")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=CHANNEL, text="lost")
    sandbox.faults.next("chat.postMessage", cut="after")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=CHANNEL, text="posted")
    assert [one["text"] for one in sandbox.messages(CHANNEL)] == ["posted"]
    assert [one.response for one in sandbox.transcript] == [None, None]
    await client.chat_postMessage(channel=CHANNEL, text="again")


async def test_a_slow_answer_is_slow(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """delay_s holds one call back and lets others pass."""
    sandbox.faults.next("chat.postMessage", delay_s=0.2)
    started_s = time.monotonic()
    slow = asyncio.create_task(client.chat_postMessage(channel=CHANNEL, text="slow"))
    await sandbox.until(lambda: sandbox.faults.pending == 0)
    await client.chat_postMessage(channel=CHANNEL, text="fast")
    await slow
    assert time.monotonic() - started_s >= 0.2
    assert [one["text"] for one in sandbox.messages(CHANNEL)] == ["fast", "slow"]


async def test_a_delivery_may_come_twice(app: SmallApp, sandbox: Sandbox) -> None:
    """duplicate sends the same payload again; the next delivery is sound."""
    answer = await app.client.chat_postMessage(channel=CHANNEL, text="x", blocks=[button()])
    sandbox.faults.deliveries(duplicate=2)
    ack = await sandbox.click("amy", CHANNEL, answer["ts"], "approve")
    await sandbox.click("amy", CHANNEL, answer["ts"], "approve")
    assert [one.status for one in ack.others] == [200]
    triggers = [one["trigger_id"] for one in app.heard]
    assert triggers[0] == triggers[1] != triggers[2]


async def test_a_delivery_may_come_late(app: SmallApp, sandbox: Sandbox) -> None:
    """A held-back click arrives after one that was made later."""
    answer = await app.client.chat_postMessage(channel=CHANNEL, text="x", blocks=[button()])
    sandbox.faults.deliveries(late_s=0.2)
    first = asyncio.create_task(sandbox.click("amy", CHANNEL, answer["ts"], "approve"))
    await sandbox.until(lambda: sandbox.faults.pending == 0)
    await sandbox.click("ben", CHANNEL, answer["ts"], "approve")
    assert (await first).status == 200
    assert [one["user"]["id"] for one in app.heard] == ["U0BEN", "U0AMY"]
