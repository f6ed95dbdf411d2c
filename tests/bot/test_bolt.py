"""The Bolt app: a listener that fails leaves a sentence for the person and no payload in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.bolt import dispatch, make_app
from bot.identity import Identity
from bot.sandbox import Sandbox
from bot.slack import open_slack
from bot.whispers import Whispers
from tests.bot.test_payloads import CLICK, COMMAND, SUBMISSION

PERSON = {"user": {"id": "U0AMY", "team_id": "T0SANDBOX"}, "channel": {"id": "C0APPROVALS"}}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack."""
    async with Sandbox() as made:
        yield made


@pytest.fixture
async def failing(sandbox: Sandbox) -> AsyncIterator[AsyncApp]:
    """An app all of whose listeners fail, with the payload in the error."""
    async with open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client:
        whispers = Whispers(client)
        app = make_app(client, identity=Identity(client), whispers=whispers)

        async def fail(body: dict[str, Any]) -> None:
            raise RuntimeError(f"hush-hush {body}")

        app.command("/approvals")(fail)
        app.action("approve")(fail)
        app.view("reject")(fail)
        yield app
        await whispers.settle()


@pytest.mark.parametrize("body", [CLICK, SUBMISSION, COMMAND], ids=["click", "form", "command"])
async def test_a_failure_is_acknowledged_and_logged_without_the_payload(
    failing: AsyncApp, caplog: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    """A listener that raises still gives 200; the log names the error's type and place, not its text."""
    caplog.set_level(logging.DEBUG)
    answer = await dispatch(failing, {**body}, headers={})
    assert answer.status == 200
    assert "RuntimeError" in caplog.text
    assert "fail:" in caplog.text
    assert "hush-hush" not in caplog.text


async def test_a_failed_click_is_told_in_private(failing: AsyncApp, sandbox: Sandbox) -> None:
    """The person who clicked reads that nothing was recorded."""
    await dispatch(failing, {**CLICK, **PERSON}, headers={})
    (told,) = await sandbox.until(lambda: sandbox.ephemerals("U0AMY"))
    assert "nothing was recorded" in told["text"]


async def test_a_failed_form_says_so_in_its_place(failing: AsyncApp) -> None:
    """A form that could not be handled is replaced by a sentence."""
    answer = await dispatch(failing, {**SUBMISSION}, headers={})
    assert '"response_action": "update"' in answer.body
    assert "nothing was recorded" in answer.body


async def test_a_failed_command_is_answered(failing: AsyncApp) -> None:
    """The answer to a command that failed is seen by its author only."""
    answer = await dispatch(failing, {**COMMAND}, headers={})
    assert "ephemeral" in answer.body
    assert "nothing was recorded" in answer.body


@pytest.mark.parametrize("body", [CLICK, SUBMISSION, COMMAND], ids=["click", "form", "command"])
async def test_no_listener_sees_what_is_not_new(sandbox: Sandbox, body: dict[str, Any]) -> None:
    """A delivery that was answered before gets an empty 200; the listeners wait until that is known."""
    known, came = asyncio.get_running_loop().create_future(), []
    async with open_slack(sandbox.bot_token, base_url=sandbox.api_url) as client:
        app = make_app(client, identity=Identity(client), whispers=Whispers(client))

        async def listen(ack: AsyncAck) -> None:
            came.append(body)
            await ack()

        app.command("/approvals")(listen)
        app.action("approve")(listen)
        app.view("reject")(listen)
        answers = [asyncio.create_task(dispatch(app, {**body}, known, headers={})) for _ in range(2)]
        await asyncio.sleep(0.05)
        assert came == []
        known.set_result(False)
        assert {(answer.status, answer.body) for answer in await asyncio.gather(*answers)} == {(200, "")}
        assert came == []
        known = asyncio.get_running_loop().create_future()
        known.set_result(True)
        assert (await dispatch(app, {**body}, known, headers={})).status == 200
        assert came == [body]


async def test_what_nobody_listens_to_is_404(failing: AsyncApp, caplog: pytest.LogCaptureFixture) -> None:
    """Something authentic without a listener is refused and logged by its kind only."""
    caplog.set_level(logging.DEBUG)
    answer = await dispatch(failing, {"type": "shortcut", "callback_id": "hush-hush"}, headers={})
    assert answer.status == 404
    assert "shortcut" in caplog.text
    assert "hush-hush" not in caplog.text


async def test_the_sdk_cannot_log_bodies(failing: AsyncApp) -> None:
    """Every logger of the SDK stays at WARNING whatever the root's level is, and ours is left alone."""
    ours = logging.getLogger("assent").level
    await dispatch(failing, {**COMMAND}, headers={})
    names = [name for name in logging.root.manager.loggerDict if name.startswith(("slack_bolt", "slack_sdk"))]
    assert names
    assert all(logging.getLogger(name).getEffectiveLevel() >= logging.WARNING for name in names)
    assert logging.getLogger("assent").level == ours
