"""Wake-ups within one process."""

from __future__ import annotations

import asyncio

import pytest

from engine.database import Database
from engine.wakeups import HEAD_START_S, InProcess, Kind


async def test_a_wake_up_counts_once_its_transaction_is_committed(database: Database) -> None:
    """Nobody is called before the commit, and never after a rollback."""
    wakeups, called = InProcess(), asyncio.Event()

    async def handler(key: str) -> None:
        called.set()

    wakeups.on(Kind.RUN, handler)
    with pytest.raises(RuntimeError, match="no"):
        await woken_in_vain(wakeups, database)
    await asyncio.sleep(0)
    assert not called.is_set()
    async with database.transaction() as tx:
        await wakeups.wake(tx, Kind.RUN, "a")
        assert not called.is_set()
    await asyncio.wait_for(called.wait(), 5)


async def woken_in_vain(wakeups: InProcess, database: Database) -> None:
    async with database.transaction() as tx:
        await wakeups.wake(tx, Kind.RUN, "a")
        raise RuntimeError("no")


async def test_calls_for_one_key_never_overlap_and_coalesce() -> None:
    """A hundred calls while the handler runs become one more call; another key is not held up."""
    wakeups, calls, gate = InProcess(), [], asyncio.Event()
    running: set[str] = set()

    async def handler(key: str) -> None:
        assert key not in running
        running.add(key)
        calls.append(key)
        if key == "slow":
            await gate.wait()
        running.discard(key)

    wakeups.on(Kind.RUN, handler)
    wakeups.call(Kind.RUN, "slow")
    await asyncio.sleep(0)
    for _ in range(100):
        wakeups.call(Kind.RUN, "slow")
    wakeups.call(Kind.RUN, "quick")
    await asyncio.sleep(0)
    assert calls == ["slow", "quick"]
    gate.set()
    await wakeups.close(within_s=5)
    assert calls == ["slow", "quick"]  # closed: what was left is found by the next start


async def test_a_handler_that_raises_is_called_again_when_woken(caplog: pytest.LogCaptureFixture) -> None:
    """An error is logged and ends nothing but that call."""
    wakeups, calls, done = InProcess(), [], asyncio.Event()

    async def handler(key: str) -> None:
        calls.append(key)
        if len(calls) == 1:
            wakeups.call(Kind.RUN, key)
            raise RuntimeError("the database is away")
        done.set()

    wakeups.on(Kind.RUN, handler)
    wakeups.call(Kind.RUN, "a")
    await asyncio.wait_for(done.wait(), 5)
    assert "could not handle" in caplog.text


async def test_what_runs_come_to_while_it_closes_is_shown() -> None:
    """A change that a run makes on its way to its rest still wakes its handler, and a later one once more."""
    wakeups, shown = InProcess(), list[str]()
    gate, began = asyncio.Event(), asyncio.Event()

    async def drive(key: str) -> None:
        await gate.wait()
        wakeups.call(Kind.CHANGE, key)
        await began.wait()
        wakeups.call(Kind.CHANGE, key)

    async def show(key: str) -> None:
        began.set()
        await asyncio.sleep(0.01)
        shown.append(key)

    wakeups.on(Kind.RUN, drive)
    wakeups.on(Kind.CHANGE, show)
    wakeups.call(Kind.RUN, "a")
    closing = asyncio.create_task(wakeups.close(within_s=5))
    await asyncio.sleep(0)
    gate.set()
    await closing
    assert shown == ["a", "a"]
    wakeups.call(Kind.CHANGE, "a")
    await asyncio.sleep(0.01)
    assert len(shown) == 2


async def test_close_cancels_what_does_not_end() -> None:
    """A handler that hangs is cancelled after the time that it is given."""
    wakeups, cancelled = InProcess(), asyncio.Event()

    async def handler(key: str) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    wakeups.on(Kind.RUN, handler)
    wakeups.call(Kind.RUN, "a")
    await asyncio.sleep(0)
    await wakeups.close(within_s=0.01)
    assert cancelled.is_set()
    wakeups.call(Kind.RUN, "a")


async def test_who_commits_goes_on_before_the_handler(database: Database) -> None:
    """A handler starts some milliseconds after the commit, so that the ack of a click does not wait for it."""
    loop, wakeups = asyncio.get_running_loop(), InProcess()
    committed_at: list[float] = []
    started_at: asyncio.Future[float] = loop.create_future()

    async def handler(_key: str) -> None:
        started_at.set_result(loop.time())

    wakeups.on(Kind.RUN, handler)
    async with database.transaction() as tx:
        tx.after_commit(lambda: committed_at.append(loop.time()))
        await wakeups.wake(tx, Kind.RUN, "a")
    assert await asyncio.wait_for(started_at, 5) - committed_at[0] > HEAD_START_S / 2
