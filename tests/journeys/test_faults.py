"""Slack limits, fails, hangs up, repeats itself and loses messages: the decision stands, and the thread heals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.cards import ROOT, postings
from engine import EventKind
from tests.journeys.office import Office, opened
from tests.journeys.people import CHANNEL, Card, Case
from tests.journeys.reading import words
from tests.waiting import eventually

RESUMED = "Resumed: the run has taken the answer and goes on."
STORY = [
    "Started by Rita Requester: Expense",
    "Asked: Manager approval",
    "Approved by Amy Approver",
    RESUMED,
    "Finished with this result:",
]
Story = Callable[[Office, dict[str, Any]], Awaitable[None]]
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "retry_after": 1},
    "500": {"status": 500},
    "internal error": {"error": "internal_error"},
    "cut before": {"cut": "before"},
    "cut after": {"cut": "after"},
}


async def asked(office: Office) -> tuple[Case, Card]:
    """Have Rita ask for a desk."""
    case = await office.rita.starts("expense", amount="1200", purpose="A desk", category="Equipment")
    return case, await case.asks()


async def assert_slack_equals_the_database(office: Office, case: Case) -> None:
    """Wait until nothing is behind; then every message is there once and shows what the database says."""

    async def caught_up() -> bool | None:
        run = await office.record(case)
        wanted = {each.key: each for each in postings(run)}
        posted = await office.desk.postings(case.run_id)
        return all(key in posted and posted[key].reference for key in wanted) or None

    await eventually(caught_up, timeout_s=20)
    run = await office.record(case)
    posted = await office.desk.postings(case.run_id)
    for wanted in postings(run):
        shown = office.sandbox.message(CHANNEL, str(posted[wanted.key].reference))
        assert shown["text"] == wanted.text  # type: ignore[union-attr]  # there is no file in these threads
        assert words(shown) == words({"blocks": list(wanted.blocks)})  # type: ignore[union-attr]
    assert len(case.thread()) == len([each for each in posted if each != ROOT])


OFFICES_AT_ONCE = 2
"""Opening one loads every example; many at once would hold up the others beyond Slack's 3 s."""


async def test_f04_faults_of_slack_change_no_decision(folder: Path) -> None:
    """With posts and updates spoilt in every way a decision counts, and in the end all is shown once, in order."""
    stories = {"at the start": spoilt_at_the_start, "at the decision": spoilt_at_the_decision}
    few = asyncio.Semaphore(OFFICES_AT_ONCE)
    async with asyncio.TaskGroup() as group:  # side by side: most of it is waiting for the bot to try again
        for name, fault in FAULTS.items():
            for when, story in stories.items():
                group.create_task(told(folder / f"{name} {when}".replace(" ", "-"), story, fault, few=few))


async def told(folder: Path, story: Story, fault: dict[str, Any], *, few: asyncio.Semaphore) -> None:
    """Run a story with a fault, in an office of its own."""
    folder.mkdir()  # noqa: ASYNC240  in memory, and nothing else runs yet
    try:
        async with few, opened(folder) as office:
            await story(office, fault)
    except Exception as error:
        error.add_note(f"The fault was: {folder.name}")
        raise


async def spoilt_at_the_start(office: Office, fault: dict[str, Any]) -> None:
    """The root, its first line and the card are each there once, though the first two posts went wrong."""
    office.sandbox.faults.next("chat.postMessage", times=2, **fault)
    case, card = await asked(office)
    assert case.lines() == STORY[:2]
    assert [each.ts for each in case.cards()] == [card.ts]
    naming = [each for each in office.sandbox.messages(CHANNEL) if f"Run {case.run_id}" in words(each)]
    assert {each["ts"] for each in naming} == {case.ts, card.ts}
    await assert_slack_equals_the_database(office, case)


async def spoilt_at_the_decision(office: Office, fault: dict[str, Any]) -> None:
    """A decision is acknowledged and counts at once, though the next post and the next update go wrong."""
    case, card = await asked(office)
    office.sandbox.faults.next("chat.update", **fault)
    office.sandbox.faults.next("chat.postMessage", **fault)
    await office.amy.approves(card)
    decided = [each for each in (await office.record(case)).events if each.kind is EventKind.DECIDED]
    assert len(decided) == 1
    await case.ends()
    assert case.lines() == STORY
    assert "Approved by @U0AMY" in card.now().words()
    assert card.now().buttons() == []
    await assert_slack_equals_the_database(office, case)
    assert office.sandbox.faults.pending == 0


async def test_f07_deliveries_twice_and_late(either: Office) -> None:
    """Commands, forms and clicks that come twice, late or again later make one run and one decision."""
    faults = either.sandbox.faults
    faults.deliveries(late_s=0.2)
    faults.deliveries(duplicate=3)
    case, card = await asked(either)
    faults.deliveries(duplicate=3, late_s=0.2)
    await either.amy.approves(card)
    await case.ends()
    for delivery in list(either.sandbox.deliveries):
        await either.sandbox.redeliver(delivery)
    assert len(await either.desk.recent()) == 1
    run = await either.record(case)
    assert [each.kind for each in run.events].count(EventKind.DECIDED) == 1
    assert await either.refusals(case) == []
    assert case.lines() == STORY
    await assert_slack_equals_the_database(either, case)


async def test_a_new_socket_goes_on_with_the_story(folder: Path) -> None:
    """When Slack asks for a fresh socket between question and click, the click comes in over the new one."""
    async with opened(folder, door="socket") as office:
        case, card = await asked(office)
        await office.sandbox.refresh_sockets()
        await office.sandbox.until(lambda: office.sandbox.sockets == 1)
        await office.amy.approves(card)
        await case.ends()
        assert case.lines() == STORY


async def test_f27_a_deleted_card_is_posted_again(office: Office) -> None:
    """When an administrator deletes a card, its next change posts it again, as the database says."""
    case, card = await asked(office)
    office.sandbox.admin.delete_message(CHANNEL, card.ts)
    await office.amy.approves(card)
    await case.ends()
    (again,) = case.cards()
    assert again.ts != card.ts
    assert "Approved by @U0AMY" in again.words()
    assert sorted(case.lines()) == sorted(STORY)
    await assert_slack_equals_the_database(office, case)
