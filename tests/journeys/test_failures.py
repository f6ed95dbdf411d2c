"""A step fails: people see what failed on a card, and try again, change something first, or stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import RunStatus
from tests.journeys.office import Office, opened
from tests.journeys.people import Case

APP = Path(__file__).parent.parent / "shapes" / "langgraph.json"
ERROR = "ConnectionError('no answer for 5')"


@pytest.fixture
async def shop(folder: Path) -> AsyncIterator[Office]:
    """An app whose payment fails until somebody mends it."""
    async with opened(folder, app=APP) as made:
        yield made


@pytest.fixture
def place(folder: Path) -> Path:
    """Where the payment counts its calls, and where it looks for what mends it."""
    made = folder / "place"
    made.mkdir()
    return made


async def failing(shop: Office, place: Path) -> Case:
    return await shop.rita.starts("fragile", amount="5", draft=str(place))


async def test_retry_after_it_was_mended(shop: Office, place: Path) -> None:
    """The card names the node and the error; Retry runs it again, and the card tells the end."""
    case = await failing(shop, place)
    card = await case.asks()
    assert card.buttons() == ["Retry", "Edit and retry", "Stop"]
    assert "charge failed. Try again?" in card.words()
    assert ERROR in card.words()
    (place / "mended").touch()
    await shop.amy.chooses(card, "Retry")
    await case.ends()
    after = await card.says("charged 5")
    assert "Answered “Retry” by @U0AMY" in after.words()
    assert after.buttons() == []


async def test_edit_and_retry(shop: Office, place: Path) -> None:
    """What was edited is shown before and after, and is what runs."""
    case = await failing(shop, place)
    card = await case.asks()
    ack = await shop.amy.answers(card, "Edit and retry", Amount="12")
    assert (ack.error, ack.body) == (None, None)
    assert "charged 12" in await case.ends()
    assert "Edited and retried by Amy" in "\n".join(case.lines())
    assert "amount: 5 → 12" in card.now().words()


async def test_stop_tells_where_it_failed(shop: Office, place: Path) -> None:
    """The run has failed: the node and the error are at the root, in the thread and on the card."""
    case = await failing(shop, place)
    card = await case.asks()
    await shop.amy.answers(card, "Stop", reason="The bank is closed")
    assert f"charge: {ERROR}" in await case.ends("Failed")
    after = await card.says("Failed")
    assert f"charge: {ERROR}" in after.words()
    assert "Stopped by @U0AMY" in after.words()
    assert "The bank is closed" in after.words()
    assert (await shop.record(case)).status is RunStatus.FAILED


async def test_who_may_not_decide_cannot_try_again(shop: Office, place: Path) -> None:
    """A click by somebody else runs nothing, and is on record."""
    case = await failing(shop, place)
    card = await case.asks()
    await shop.ben.chooses(card, "Retry")
    await shop.ben.is_told("not among the people")
    assert await shop.refusals(case) == ["not_allowed"]
    assert (place / "calls").read_text() == "5\n"


async def test_a_swallowed_question_is_told_in_the_thread(shop: Office) -> None:
    """Instead of going on without an answer, the run says what is wrong with the node."""
    case = await shop.rita.starts("swallowed")
    card = await case.asks()
    assert "swallows failed" in card.words()
    assert "a broad `except` around interrupt()" in card.words()


async def test_after_the_last_node(shop: Office) -> None:
    """A breakpoint after the last node is a card like any other; approved, the run is finished."""
    case = await shop.rita.starts("ended", amount="5")
    card = await case.asks()
    assert "Continue to the end?" in card.words()
    await shop.amy.approves(card)
    assert "paid 5" in await case.ends()
