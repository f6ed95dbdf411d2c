"""The guarded statements by themselves: each of their conditions, and nothing else, keeps a row as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from engine import ApprovalStatus, ApprovalView, RunStatus, approvals, runs
from engine.clock import utc_now
from engine.database import Database
from engine.errors import LeaseLost
from engine.tables import approvals as approvals_table
from engine.transactions import Transaction
from tests.engine.desk_driver import RITA, Bench, open_bench, seen

SEEN_WRONGLY: dict[str, dict[str, Any]] = {
    "another question": {"approval_id": "0" * 32},
    "an older revision": {"revision": 1},
    "a later revision": {"revision": 3},
    "another digest": {"digest": "0" * 64},
}


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """An engine driven by hand, once on SQLite and once on PostgreSQL."""
    async with open_bench(database_url) as bench:
        yield bench


@pytest.fixture
async def card(bench: Bench) -> ApprovalView:
    """A pending question of revision 2, with a deadline in an hour."""
    run = await bench.driver.start("fan", actor=RITA)
    await bench.runner.advance(run.id)
    found = (await bench.driver.desk.run(run.id)).approvals[0]
    await changed(bench, found, revision=2)
    return replace(found, revision=2)


async def changed(bench: Bench, card: ApprovalView, **values: Any) -> None:
    async with bench.database.transaction() as tx:
        await tx.execute(update(approvals_table).where(approvals_table.c.id == card.id).values(**values))


async def status_of(bench: Bench, card: ApprovalView) -> str:
    async with bench.database.reading() as tx:
        row = await approvals.by_id(tx, card.id)
    assert row is not None
    return str(row.status)


async def done(bench: Bench, statement: Callable[[Transaction], Awaitable[bool]]) -> bool:
    async with bench.database.transaction() as tx:
        return await statement(tx)


@pytest.mark.parametrize("wrong", SEEN_WRONGLY.values(), ids=SEEN_WRONGLY)
async def test_t15_only_what_was_seen_is_decided(
    bench: Bench, card: ApprovalView, wrong: dict[str, Any]
) -> None:
    """Another question, revision or digest than the pending one changes nothing; the right ones do."""
    now = utc_now()
    assert not await done(bench, lambda tx: approvals.decide(tx, replace(seen(card), **wrong), now=now))
    assert await status_of(bench, card) == "pending"
    assert await done(bench, lambda tx: approvals.decide(tx, seen(card), now=now))
    assert await status_of(bench, card) == "decided"


@pytest.mark.parametrize("status", [each for each in ApprovalStatus if each is not ApprovalStatus.PENDING])
async def test_t02_only_a_pending_question_is_decided_or_expires(
    bench: Bench, card: ApprovalView, status: ApprovalStatus
) -> None:
    """Whatever became of it before stays."""
    await changed(bench, card, status=status.value)
    later = utc_now() + timedelta(hours=2)
    assert not await done(bench, lambda tx: approvals.decide(tx, seen(card), now=utc_now()))
    assert not await done(bench, lambda tx: approvals.expire(tx, card.id, now=later))
    assert await status_of(bench, card) == status.value


async def test_a_deadline_is_a_limit_for_both(bench: Bench, card: ApprovalView) -> None:
    """Until it nothing expires, and from it on nothing is decided."""
    assert card.expires_at is not None
    before, at = card.expires_at - timedelta(microseconds=1), card.expires_at
    assert not await done(bench, lambda tx: approvals.expire(tx, card.id, now=before))
    for late in (at, at + timedelta(hours=1)):
        assert not await done(bench, partial(approvals.decide, seen=seen(card), now=late))
    assert await done(bench, lambda tx: approvals.expire(tx, card.id, now=at))
    assert await status_of(bench, card) == "expired"


@pytest.mark.parametrize("status", list(ApprovalStatus))
async def test_only_an_open_question_is_closed(
    bench: Bench, card: ApprovalView, status: ApprovalStatus
) -> None:
    """Pending and decided questions are open; what is closed keeps how it was closed."""
    await changed(bench, card, status=status.value)
    is_open = status.value in approvals.OPEN
    withdrawn = ApprovalStatus.WITHDRAWN
    assert await done(bench, lambda tx: approvals.close(tx, card.id, status=withdrawn)) is is_open
    assert await status_of(bench, card) == ("withdrawn" if is_open else status.value)


async def test_f09_a_run_is_held_by_its_last_driver_and_while_it_goes_on(
    bench: Bench, card: ApprovalView
) -> None:
    """An older fence holds nothing, nor does the right one once the run has ended."""
    fence = await bench.take(card.run_id)

    async def held(number: int) -> None:
        async with bench.database.transaction() as tx:
            await runs.hold(tx, card.run_id, fence=number)

    await held(fence)
    with pytest.raises(LeaseLost):
        await held(fence - 1)
    async with bench.database.transaction() as tx:
        await runs.settle(tx, card.run_id, values={"status": RunStatus.FINISHED.value})
    with pytest.raises(LeaseLost):
        await held(fence)


async def test_f09_nobody_takes_a_run_while_its_driver_writes(
    bench: Bench, card: ApprovalView, database_url: str
) -> None:
    """Who is to drive it next waits for what is written, and so sees it."""
    fence = await bench.take(card.run_id)
    other = Database(database_url)

    async def take() -> int | None:
        async with other.transaction() as tx:
            row = await runs.take(tx, card.run_id)
            return None if row is None else int(row.fence)

    async with bench.database.transaction() as tx:
        await runs.hold(tx, card.run_id, fence=fence)
        taking = asyncio.create_task(take())
        done, _ = await asyncio.wait([taking], timeout=0.3)
        assert not done
    assert await taking == fence + 1
    await other.close()


async def test_f09_what_a_driver_came_to_is_void_once_somebody_else_has_the_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its questions are not opened; the next driver opens them."""
    run = await bench.driver.start("fan", actor=RITA)
    transition = bench.ledger.transition

    @asynccontextmanager
    async def taken_before(run_id: str) -> AsyncIterator[Any]:
        await bench.take(run_id)
        async with transition(run_id) as opened:
            yield opened

    with monkeypatch.context() as patched:
        patched.setattr(bench.ledger, "transition", taken_before)
        await bench.runner.advance(run.id)
    assert (await bench.driver.desk.run(run.id)).approvals == ()
    await bench.runner.advance(run.id)
    assert (await bench.driver.desk.run(run.id)).approvals != ()
