"""What was answered stays known: after a restart, in every process, for longer than it could come again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, update

from engine.clock import utc_now
from engine.database import Database
from engine.deliveries import LIFETIME, WAIT_S, Deliveries
from engine.tables import deliveries as table

KEY = "ab" * 32


@pytest.fixture
async def shared(postgres_url: str) -> AsyncIterator[tuple[Deliveries, Deliveries]]:
    """Two processes, as far as the database can tell."""
    databases = Database(postgres_url), Database(postgres_url)
    await databases[0].migrate()
    yield Deliveries(databases[0]), Deliveries(databases[1])
    for each in databases:
        await each.close()


async def rows(database: Database) -> int:
    """Count what is kept."""
    async with database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


async def test_t06_what_was_answered_is_known_after_a_restart(database: Database) -> None:
    """A delivery is new once; answered and written down, it is known to whoever starts after that."""
    first = Deliveries(database)
    assert await first.claim(KEY)
    first.answered(KEY)
    assert not await first.claim(KEY)
    await first.write()
    second = Deliveries(database)
    await second.remember()
    assert not await second.claim(KEY)
    assert await second.claim("another")


async def test_t06_what_was_not_answered_is_handled_again(database: Database) -> None:
    """A delivery whose process died before its answer is taken, as if it came for the first time."""
    assert await Deliveries(database).claim(KEY)
    after = Deliveries(database)
    await after.remember()
    assert await after.claim(KEY)
    after.answered(KEY)
    await after.write()
    assert await rows(database) == 1


async def test_only_what_cannot_come_again_is_dropped(database: Database) -> None:
    """A delivery is kept for longer than the ten minutes in which its signature can hold, and then dropped."""
    kept = Deliveries(database)
    for key in ("old", "new"):
        await kept.claim(key)
        kept.answered(key)
    await kept.write()
    late = utc_now() - LIFETIME - timedelta(seconds=1)
    async with database.transaction() as tx:
        await tx.execute(update(table).where(table.c.key == "old").values(at=late))
    await kept.drop_old()
    assert await rows(database) == 1
    assert timedelta(minutes=10) < LIFETIME
    assert not await kept.claim("new")


async def test_what_comes_while_others_are_written_is_written_too(database: Database) -> None:
    """Nothing that is answered during a write is left out."""
    kept = Deliveries(database)
    kept.answered("first")
    writing = asyncio.create_task(kept.write())
    while await rows(database) == 0:
        if not writing.done():  # it may have ended since the rows were counted
            kept.answered(f"meanwhile {len(kept._unwritten)}")
    await writing
    assert await rows(database) == len(kept._answered)


async def test_f06_another_process_waits_until_it_is_answered(
    shared: tuple[Deliveries, Deliveries],
) -> None:
    """What one process handles the other does not, though it has to wait to know."""
    here, there = shared
    assert await here.claim(KEY)
    waiting = asyncio.create_task(there.claim(KEY))
    await asyncio.sleep(0)
    here.answered(KEY)
    await here.write()
    assert not await waiting
    assert KEY in there._answered, "it need not ask again"
    assert not await there.claim(KEY)


async def test_t06_two_processes_that_write_the_same_are_not_in_each_other_s_way(
    shared: tuple[Deliveries, Deliveries],
) -> None:
    """Each may have answered the same deliveries in another order; both write them down."""
    for process in shared:  # so that each has a connection
        process.answered("the first")
        await process.write()
    keys = [f"{number:04}" for number in range(2_000)]
    for process, order in zip(shared, (keys, keys[::-1]), strict=True):
        for key in order:
            process.answered(key)
    await asyncio.gather(*(process.write() for process in shared))
    assert await rows(shared[0]._database) == 1 + len(keys)


async def test_f06_a_process_that_died_is_not_waited_for_long(
    shared: tuple[Deliveries, Deliveries],
) -> None:
    """A claim that nobody answers for is handled again, well within the 3 s that Slack waits."""
    here, there = shared
    assert await here.claim(KEY)
    async with asyncio.timeout(WAIT_S + 1.5):
        assert await there.claim(KEY)


async def test_a_claim_that_waits_for_another_process_keeps_no_other_one(
    shared: tuple[Deliveries, Deliveries], postgres_url: str
) -> None:
    """Its own delivery is handled after a second at the latest, and all others meanwhile."""
    here, _ = shared
    assert await here.claim("first")
    with psycopg.connect(postgres_url) as elsewhere:  # a process that has not committed yet
        elsewhere.execute(
            "INSERT INTO assent_deliveries (key, at, is_answered) VALUES (%s, now(), true)", [KEY]
        )
        began = time.monotonic()
        waiting = asyncio.create_task(here.claim(KEY))
        await asyncio.sleep(0.01)
        assert all(await asyncio.gather(*(here.claim(f"other {number}") for number in range(5))))
        assert not waiting.done()
        assert await waiting
        assert time.monotonic() - began < WAIT_S + 1
        elsewhere.commit()
    assert not await here.claim(KEY)
