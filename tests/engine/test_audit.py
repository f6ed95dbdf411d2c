"""The audit chain: what is in it stays as it was, or verify says where it was changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from engine import AuditBroken, audit
from engine.audit import Entry
from engine.clock import utc_now
from engine.database import Database
from engine.decisions import Actor
from engine.tables import audit as table
from engine.transactions import Transaction
from engine.views import EventKind


async def filled(database: Database, count: int = 5) -> None:
    for number in range(count):
        entry = Entry(EventKind.DECIDED, "a" * 32, Actor("U0AMY", "Amy"), {"verdict": "approve", "n": number})
        async with database.transaction() as tx:
            await audit.append(tx, [entry], run_id="run", at=utc_now())


async def verify(database: Database) -> int:
    async with database.reading() as tx:
        return await audit.verify(tx)


async def test_an_untouched_chain_verifies(database: Database) -> None:
    """Verify returns the number of entries, none for an empty trail."""
    assert await verify(database) == 0
    await filled(database)
    assert await verify(database) == 5


MUTATIONS: dict[str, tuple[int, Callable[[], list]]] = {  # type: ignore[type-arg]
    "an actor": (2, lambda: [update(table).where(table.c.seq == 2).values(actor_id="U0EVE")]),
    "a name": (1, lambda: [update(table).where(table.c.seq == 1).values(actor_name="Eve")]),
    "a verdict": (3, lambda: [update(table).where(table.c.seq == 3).values(detail={"verdict": "reject"})]),
    "a time": (
        3,
        lambda: [update(table).where(table.c.seq == 3).values(at=utc_now() + timedelta(seconds=1))],
    ),
    "a kind": (5, lambda: [update(table).where(table.c.seq == 5).values(kind="refused")]),
    "a run": (4, lambda: [update(table).where(table.c.seq == 4).values(run_id="other")]),
    "an approval": (4, lambda: [update(table).where(table.c.seq == 4).values(approval_id=None)]),
    "one removed": (3, lambda: [delete(table).where(table.c.seq == 3)]),
    "the first removed": (1, lambda: [delete(table).where(table.c.seq == 1)]),
    "two swapped": (
        2,
        lambda: [
            update(table).where(table.c.seq == 2).values(seq=99),
            update(table).where(table.c.seq == 3).values(seq=2),
            update(table).where(table.c.seq == 99).values(seq=3),
        ],
    ),
    "one removed and the rest moved up": (
        3,
        lambda: [
            delete(table).where(table.c.seq == 3),
            update(table).where(table.c.seq == 4).values(seq=3),
            update(table).where(table.c.seq == 5).values(seq=4),
        ],
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_changed_chain_names_the_first_entry_that_does_not_fit(database: Database, name: str) -> None:
    """Every column is sealed, and so is the order."""
    await filled(database)
    seq, statements = MUTATIONS[name]
    async with database.transaction() as tx:
        for statement in statements():
            await tx.execute(statement)
    with pytest.raises(AuditBroken) as caught:
        await verify(database)
    assert caught.value.seq == seq


async def test_an_entry_slipped_in_is_found(database: Database) -> None:
    """A copy of an entry under the next number does not fit the chain."""
    await filled(database)
    async with database.transaction() as tx:
        row = (await tx.execute(select(table).where(table.c.seq == 5))).one()._asdict()
        await tx.execute(insert(table).values({**row, "seq": 6}))
    with pytest.raises(AuditBroken) as caught:
        await verify(database)
    assert caught.value.seq == 6


async def test_a_gap_in_the_numbers_is_found(database: Database) -> None:
    """An entry that skips a number does not fit, though it is sealed and names the one before it."""
    await filled(database)
    async with database.transaction() as tx:
        last = (await tx.execute(select(table).where(table.c.seq == 5))).one()
        entry = audit._row(
            Entry(EventKind.STARTED), seq=7, run_id="run", at=utc_now(), previous=str(last.hash)
        )
        await tx.execute(insert(table).values(**entry))
    with pytest.raises(AuditBroken) as caught:
        await verify(database)
    assert caught.value.seq == 6


async def test_appenders_at_once_make_one_chain(database: Database) -> None:
    """Twenty transactions at the same time neither collide nor fork the chain."""
    await asyncio.gather(*(filled(database, count=1) for _ in range(20)))
    assert await verify(database) == 20


async def test_an_entry_goes_with_its_transaction(database: Database) -> None:
    """What is rolled back leaves no entry."""

    async def doomed(tx: Transaction) -> None:
        await audit.append(tx, [Entry(EventKind.STARTED)], run_id="run", at=utc_now())
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        async with database.transaction() as tx:
            await doomed(tx)
    assert await verify(database) == 0


async def test_odd_text_is_sealed_and_read_back(database: Database) -> None:
    """NUL and lone surrogates in what people or graphs wrote neither break the store nor the seal."""
    detail = {"reason": "a\x00b\ud800c\u202e"}
    async with database.transaction() as tx:
        await audit.append(tx, [Entry(EventKind.DECIDED, detail=detail)], run_id="run", at=utc_now())
    assert await verify(database) == 1
    async with database.reading() as tx:
        (event,) = await audit.of_run(tx, "run")
    assert event.detail == detail
