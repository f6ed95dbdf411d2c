"""The bot stops and starts again: what waited still waits, and nothing is shown twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from engine import EventKind
from tests.journeys.office import Door, Office, at_work, settings
from tests.journeys.people import CHANNEL, Case

RESUMED = "Resumed: the run has taken the answer and goes on."


async def test_waiting_questions_survive_a_restart(anywhere: Office) -> None:
    """After a clean stop and a start the old card can be clicked, and the start itself posts nothing."""
    case = await anywhere.rita.starts("expense", amount="20000", purpose="A van", category="Other")
    first = await case.asks()
    await anywhere.amy.approves(first)
    second = await case.asks(number=2)
    before = anywhere.sandbox.messages(CHANNEL)
    await anywhere.close()
    await anywhere.open()
    assert anywhere.sandbox.messages(CHANNEL) == before
    await anywhere.ben.clicks(first, "approve")
    assert "<@U0AMY>" in await anywhere.ben.is_told("already")
    await anywhere.dora.approves(second)
    await case.ends()
    assert case.lines() == [
        "Started by Rita Requester: Expense",
        "Asked: Manager approval",
        "Approved by Amy Approver",
        RESUMED,
        "Next question: Director approval",
        "Approved by Dora Director",
        RESUMED,
        "Finished with this result:",
    ]
    assert len(case.cards()) == 2


async def test_a_stop_shows_to_the_end_what_it_is_at(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A card that is on its way when the bot is stopped is noted as sent: the next process need not look for it."""
    office.sandbox.faults.next("chat.postMessage", delay_s=0, times=3)
    office.sandbox.faults.next("chat.postMessage", delay_s=0.5)
    case = await office.rita.starts("content", topic="News", audience="Press")
    await office.sandbox.until(lambda: not office.sandbox.faults.pending)
    await office.close()
    assert "is not shown" not in caplog.text
    looked = sum(call.method == "conversations.replies" for call in office.sandbox.transcript)
    await office.open()
    await case.asks()
    assert sum(call.method == "conversations.replies" for call in office.sandbox.transcript) == looked
    assert len(case.cards()) == 1


async def test_a_form_that_was_open_counts_after_the_restart(office: Office) -> None:
    """A form opened before the stop and sent after the start decides."""
    case = await office.rita.starts("content", topic="News", audience="Press")
    await office.amy.clicks(await case.asks(), "reject")
    await office.close()
    await office.open()
    await office.sandbox.submit("amy", {"reason": "Not yet"})
    await case.ends()
    assert "Rejected by Amy Approver: Not yet" in case.lines()


async def test_a_click_while_the_bot_is_away_can_be_repeated(office: Office) -> None:
    """While the bot is stopped Slack says that the click did not work; clicked again later, it counts."""
    case = await office.rita.starts("deploy", service="Shop", version="1.0")
    card = await case.asks()
    await office.close()
    ack = await office.amy.clicks(card, "approve")
    assert ack.error is not None
    await office.open()
    await office.amy.approves(card)
    await case.ends()
    events = [each.kind for each in (await office.record(case)).events]
    assert events.count(EventKind.DECIDED) == 1


@pytest.mark.parametrize("door", ["http", "socket"])
async def test_the_demo_goes_on_where_it_was(folder: Path, door: Door) -> None:
    """Sandbox and bot both stop and start on their files, in a folder with a space: all is there, the card works."""
    place = folder / "my files"
    place.mkdir()
    state = place / "slack.db"
    async with (
        Sandbox(state=state) as sandbox,
        at_work(sandbox, settings(sandbox, place, door=door)) as office,
    ):
        case = await office.rita.starts("editor", content="Some words")
        card = await case.asks()
        before = sandbox.messages(CHANNEL)
    async with (
        Sandbox(state=state) as sandbox,
        at_work(sandbox, settings(sandbox, place, door=door)) as office,
    ):
        assert sandbox.messages(CHANNEL) == before
        again = Case(sandbox, case.run_id, case.ts)
        await office.amy.approves(again.cards()[0])
        assert "status: approved" in await again.ends()
        assert again.cards()[0].ts == card.ts
        assert len(again.cards()) == 1
