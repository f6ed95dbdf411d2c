"""What comes a second time, by whatever door and however much later, does nothing and says nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.demo import examples
from bot.sandbox import Delivery, Sandbox, http_body, signed_headers
from engine import EventKind, RunView, open_desk
from tests.journeys.bot_process import BotProcess
from tests.journeys.office import Office, at_work, opened, settings
from tests.journeys.people import CHANNEL, Card, Case, Person

ENTRIES = {"amount": "4200", "purpose": "A desk", "category": "Other"}


def bytes_of(delivery: Delivery) -> tuple[bytes, dict[str, str]]:
    """Sign a delivery as Slack does, to be sent as often as one likes."""
    body, content_type = http_body(delivery.kind, delivery.payload)
    return body, {"Content-Type": content_type, **signed_headers(body)}


async def sent(url: str | None, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Send bytes to a bot's door and give status and text."""
    assert url is not None
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        return response.status, await response.text()


async def asked(office: Office) -> tuple[Case, Card]:
    """Have Rita ask for something, and give it with its card."""
    case = await office.rita.starts("expense", **ENTRIES)
    return case, await case.asks()


def seen(office: Office, run: RunView) -> Any:
    """Give all that a replay could add to: what is recorded, and each call that shows something."""
    shown = [each.method for each in office.sandbox.transcript if each.method.startswith(("chat.", "views."))]
    private = [office.sandbox.ephemerals(each.id) for each in (office.rita, office.amy, office.otto)]
    return run, shown, private


async def test_t06_every_kind_of_delivery_is_handled_once(office: Office) -> None:
    """A command, a form, a refused click and an approval, each sent four times more: no trace of it anywhere."""
    case, card = await asked(office)
    await office.otto.clicks(card, "approve")
    await office.otto.is_told("not among")
    await office.amy.clicks(card, "reject")
    await office.sandbox.close(office.amy.id)
    await office.amy.approves(card)
    await case.ends()
    before = seen(office, await office.record(case))
    for delivery in list(office.sandbox.deliveries):
        body, headers = bytes_of(delivery)
        answers = await asyncio.gather(*(sent(office.bot.slack_url, body, headers) for _ in range(4)))
        assert {status for status, _ in answers} == {200}
    assert seen(office, await office.record(case)) == before
    assert len(await office.desk.recent()) == 1


async def test_t06_a_restart_forgets_nothing(folder: Path) -> None:
    """What one process has answered is handled no more by the next one."""
    async with opened(folder) as office:
        case, card = await asked(office)
        await office.otto.clicks(card, "approve")
        await office.otto.is_told("not among")
        await office.amy.approves(card)
        await case.ends()
        await office.close()
        await office.open()
        before = seen(office, await office.record(case))
        for delivery in list(office.sandbox.deliveries):
            assert await sent(office.bot.slack_url, *bytes_of(delivery)) == (200, "")
        assert seen(office, await office.record(case)) == before


async def test_t06_two_bots_on_one_database_handle_it_once(folder: Path, postgres_url: str) -> None:
    """The same bytes ten times to two processes at once: one refusal, one private sentence, one decision."""
    async with Sandbox() as sandbox, AsyncExitStack() as stack:
        made = settings(sandbox, folder).model_copy(update={"assent_database_url": SecretStr(postgres_url)})
        here = await stack.enter_async_context(at_work(sandbox, made))
        there = await stack.enter_async_context(at_work(sandbox, made))
        case, card = await asked(here)
        for person in (here.otto, here.amy):
            sandbox.deliver_to("http://127.0.0.1:9/nobody")
            await person.clicks(card, "approve")
            body, headers = bytes_of(sandbox.deliveries[-1])
            doors = [here.bot.slack_url, there.bot.slack_url] * 5
            answers = await asyncio.gather(*(sent(door, body, headers) for door in doors))
            assert {status for status, _ in answers} == {200}
        await case.ends()
        await here.otto.is_told("not among")
        assert len(here.otto.told()) == 1
        assert here.amy.told() == []
        assert await here.refusals(case) == ["not_allowed"]


async def test_two_bots_show_a_request_once(folder: Path, postgres_url: str) -> None:
    """While one process sends a message, slowly, another that takes up what is not shown yet waits for it."""
    async with Sandbox() as sandbox, AsyncExitStack() as stack:
        made = settings(sandbox, folder).model_copy(update={"assent_database_url": SecretStr(postgres_url)})
        there = await stack.enter_async_context(at_work(sandbox, made))
        here = await stack.enter_async_context(at_work(sandbox, made))  # Slack calls the one that came last
        sandbox.faults.next("chat.postMessage", delay_s=0.5)
        asking = asyncio.create_task(asked(here))
        await sandbox.until(lambda: not sandbox.faults.pending)
        await there.desk.wake_behind()
        case, card = await asking
        await here.amy.approves(card)
        await case.ends()
        shown = Counter(
            each.args["metadata"]["event_payload"]["posting"]
            for each in sandbox.transcript
            if each.method == "chat.postMessage"
        )
        assert set(shown.values()) == {1}
        assert len(shown) == len(sandbox.messages(CHANNEL))


@pytest.mark.parametrize("window", ["before it is decided", "before the ack"])
async def test_t06_a_click_that_died_with_its_process_is_not_lost(folder: Path, window: str) -> None:
    """A bot killed between click and ack decides it when the same bytes come again, once and without complaint."""
    url = f"sqlite:///{folder / 'assent.db'}"
    async with Sandbox() as sandbox:
        bot = BotProcess(sandbox, folder=folder, app=examples(), database_url=url)
        try:
            await bot.start(dies_at="decided" if window == "before the ack" else None)
            rita, amy = Person(sandbox, "U0RITA", "Rita"), Person(sandbox, "U0AMY", "Amy")
            card = await (case := await rita.starts("expense", **ENTRIES)).asks()
            if window == "before it is decided":
                sandbox.faults.next("users.info", delay_s=5)
            clicking = asyncio.create_task(amy.clicks(card, "approve"))
            if window == "before it is decided":
                await sandbox.until(lambda: not sandbox.faults.pending)
                await bot.kill()
            await bot.died()
            assert (await clicking).error is not None
            await bot.start()
            answers = [await sent(sandbox.request_url, *bytes_of(sandbox.deliveries[-1])) for _ in range(3)]
            assert answers == [(200, "")] * 3
            await case.ends()
            assert amy.told() == []
        finally:
            bot.end()
    async with open_desk(database_url=url, app=examples(), drives=False) as desk:
        kinds = [each.kind for each in (await desk.run(case.run_id)).events]
    assert (kinds.count(EventKind.DECIDED), kinds.count(EventKind.REFUSED)) == (1, 0)
