"""A delivery is handled once: what repeats it gets the same answer, later an empty one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest
from slack_bolt.response import BoltResponse

from bot.once import Once
from engine import Deliveries
from engine.database import Database


class Work:
    """Something that a delivery asks for, and how often it was done."""

    def __init__(self, status: int = 200) -> None:
        self.times = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self._status = status

    async def __call__(self, is_new: Awaitable[bool]) -> BoltResponse:
        if not await is_new:
            return BoltResponse(status=200, body="")
        self.times += 1
        await self.may_end.wait()
        return BoltResponse(status=self._status, body="done")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own."""
    made = Database(f"sqlite:///{tmp_path / 'assent.db'}")
    await made.migrate()
    yield made
    await made.close()


async def test_repetitions_at_the_same_time_share_one_answer(database: Database) -> None:
    """Ten copies at once are one piece of work, and each gets its answer."""
    once, work = Once(Deliveries(database)), Work()
    work.may_end.clear()
    copies = [asyncio.create_task(once.handle("key", work)) for _ in range(10)]
    await asyncio.sleep(0)
    work.may_end.set()
    assert {response.body for response in await asyncio.gather(*copies)} == {"done"}
    assert work.times == 1
    await once.settle()


async def test_a_late_repetition_gets_an_empty_answer(database: Database) -> None:
    """Once Slack waits no longer, the same again gets 200 and nothing else, and so it does after a restart."""
    work = Work()
    once = Once(Deliveries(database), answer_lifetime_s=0)
    await once.handle("key", work)
    await once.settle()
    assert [(await once.handle("key", work)).body for _ in range(2)] == ["", ""]
    deliveries = Deliveries(database)
    await deliveries.remember()
    again = await Once(deliveries).handle("key", work)
    assert (again.status, again.body, work.times) == (200, "", 1)
    assert not deliveries._unwritten, "who answered it has written it down"


async def test_what_was_not_taken_may_come_again(database: Database) -> None:
    """A 400 changes nothing, so it is not remembered."""
    once, work = Once(Deliveries(database), answer_lifetime_s=0), Work(status=400)
    for _ in range(2):
        assert (await once.handle("key", work)).status == 400
        await asyncio.sleep(0.01)
    assert work.times == 2


async def test_who_hangs_up_does_not_stop_the_work(database: Database) -> None:
    """A connection that breaks takes nothing away from the delivery, which its repetition finds done."""
    once, work = Once(Deliveries(database)), Work()
    work.may_end.clear()
    first = asyncio.create_task(once.handle("key", work))
    await asyncio.sleep(0)
    first.cancel()
    work.may_end.set()
    assert (await once.handle("key", work)).body == "done"
    assert work.times == 1
    await once.settle()


async def test_without_the_database_it_is_handled_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A database that cannot be written keeps nobody out; the log says what was not written down."""
    folder = tmp_path / "gone"
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'assent.db'}")
    await database.migrate()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    caplog.set_level(logging.WARNING)
    once, work = Once(Deliveries(database)), Work()
    assert (await once.handle("key", work)).body == "done"
    await once.settle()
    assert "could not be written down" in caplog.text
    await database.close()
