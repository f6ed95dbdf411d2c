"""Anchors: whatever is done to the audit chain up to the last decision that was witnessed outside is found."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlmodel import SQLModel

from engine import Anchor, AnchorBroken, ApprovalStatus, AuditBroken, Halted, audit
from engine.audit import GENESIS, Entry, _seal
from engine.clock import utc_now
from engine.database import Database
from engine.decisions import Actor
from engine.ledger import Ledger
from engine.tables import audit as table
from engine.transactions import Transaction
from engine.views import EventKind
from engine.witnessed import Witnessed
from tests.engine.desk_driver import AMY, APPROVE, RITA, ByHand, open_bench, seen

ENTRIES, MUTATIONS, SEED = 24, 2_000, 20261126

Row = dict[str, Any]
Mutation = Callable[[list[Row], random.Random], list[Row]]


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Database]:
    """A chain of a few runs, the last entry of which is a decision."""
    database = Database(f"sqlite:///{tmp_path / 'assent.db'}")
    await database.migrate()
    kinds = (EventKind.STARTED, EventKind.ASKED, EventKind.DECIDED)
    for number in range(ENTRIES):
        entry = Entry(kinds[number % 3], f"a{number}", Actor("U0AMY", "Amy"), {"n": number})
        async with database.transaction() as tx:
            await audit.append(tx, [entry], run_id=f"run {number // 3}", at=utc_now())
    yield database
    await database.close()


async def rows_of(database: Database) -> list[Row]:
    """Return the chain as it stands."""
    async with database.reading() as tx:
        return [row._asdict() for row in await tx.execute(select(table).order_by(table.c.seq))]


def anchors_of(rows: Sequence[Row]) -> list[Anchor]:
    """Return what Slack shows of a chain: the beginning of the seal of each decision."""
    return [Anchor(row["seq"], row["hash"][:16]) for row in rows if row["kind"] == "decided"]


def sealed_anew(rows: list[Row]) -> list[Row]:
    """Number and seal a chain as whoever can write the table would."""
    previous, made = GENESIS, []
    for seq, row in enumerate(rows, start=1):
        row = {**row, "seq": seq, "previous": previous}
        row["hash"] = previous = _seal(row)
        made.append(row)
    return made


def changed(rows: list[Row], draw: random.Random) -> list[Row]:
    """Change one column of one entry."""
    at, made = draw.randrange(len(rows)), list(rows)
    column, value = draw.choice(
        [
            ("actor_id", "U0EVE"),
            ("actor_name", "Eve"),
            ("detail", {"n": -1}),
            ("run_id", "run x"),
            ("kind", "refused"),
        ]
    )
    made[at] = {**rows[at], column: value}
    return made


def removed(rows: list[Row], draw: random.Random) -> list[Row]:
    """Take out one entry; the others keep their numbers."""
    at = draw.randrange(len(rows))
    return rows[:at] + rows[at + 1 :]


def swapped(rows: list[Row], draw: random.Random) -> list[Row]:
    """Swap two entries, each taking the other's number."""
    made = list(rows)
    one, other = draw.sample(range(len(rows)), 2)
    made[one] = {**rows[other], "seq": rows[one]["seq"]}
    made[other] = {**rows[one], "seq": rows[other]["seq"]}
    return made


def inserted(rows: list[Row], draw: random.Random) -> list[Row]:
    """Slip in a copy of an entry somewhere, and move up what follows."""
    at = draw.randrange(len(rows))
    made = [*rows[:at], draw.choice(rows), *rows[at:]]
    return [{**row, "seq": seq} for seq, row in enumerate(made, start=1)]


def cut(rows: list[Row], draw: random.Random) -> list[Row]:
    """Take off the end."""
    return rows[: -draw.randrange(1, len(rows) + 1)]


def rewritten(rows: list[Row], draw: random.Random) -> list[Row]:
    """Do any of this, and seal everything anew so that the chain holds together."""
    return sealed_anew(draw.choice((changed, removed, inserted))(rows, draw))


async def found(database: Database, rows: list[Row], *, anchors: Sequence[Anchor]) -> bool:
    """Say whether a chain of these rows is seen to be wrong; the database is left as it was."""

    class Undo(Exception):
        """Not a failure."""

    async def verified(tx: Transaction) -> None:
        await tx.execute(delete(table))
        if rows:
            await tx.execute(insert(table), rows)
        await audit.verify(tx, anchors)
        raise Undo

    try:
        async with database.transaction() as tx:
            await verified(tx)
    except (AuditBroken, AnchorBroken):
        return True
    except Undo:
        pass
    return False


async def test_t28_every_mutation_of_the_chain_is_found_with_anchors(chain: Database) -> None:
    """Of 2,000 random changes, removals, swaps, insertions, cuts and rewritings not one is missed."""
    draw = random.Random(SEED)  # noqa: S311  the same mutations each time
    rows = await rows_of(chain)
    anchors = anchors_of(rows)
    kinds: tuple[Mutation, ...] = (changed, removed, swapped, inserted, cut, rewritten)
    assert not await found(chain, rows, anchors=anchors)
    for number in range(MUTATIONS):
        mutation = kinds[number % len(kinds)]
        made = mutation(rows, draw)
        assert await found(chain, made, anchors=anchors), (mutation.__name__, number)
    assert not await found(chain, cut(rows, draw), anchors=())
    assert not await found(chain, rewritten(rows, draw), anchors=())


async def test_t28_the_broken_anchor_is_named(chain: Database) -> None:
    """Of several anchors only those are named that no entry fits, in the words in which they were given."""
    rows = await rows_of(chain)
    given = [*anchors_of(rows), Anchor(3, "0" * 16), Anchor(ENTRIES + 1, "ab" * 32), Anchor(6, "")]
    with pytest.raises(AnchorBroken) as caught:
        async with chain.reading() as tx:
            await audit.verify(tx, given)
    assert caught.value.anchors == ("3:0000000000000000", f"{ENTRIES + 1}:{'ab' * 32}", "6:")


async def test_another_databases_anchors_say_nothing(chain: Database) -> None:
    """Where none of the messages is known, the channel was another database's."""
    assert await Witnessed(Ledger(chain, ByHand())).broken([Anchor(3, "0" * 16)], beside=["unknown"]) == ()


async def everything(database: Database) -> dict[str, list[Any]]:
    """Return all rows of all our tables."""
    async with database.reading() as tx:
        return {
            each.name: list((await tx.execute(select(each))).all())
            for each in SQLModel.metadata.sorted_tables
            if each.name.startswith("assent_")
        }


async def test_f26_whoever_is_halted_records_nothing_and_resumes_nothing(database: Database) -> None:
    """A decision that was not carried out before stays as it is, and nobody decides or starts anything."""
    async with open_bench("", database=database) as bench:
        run = await bench.driver.desk.start(
            "expense", entries={"amount": "2000"}, actor=RITA, request_key="1"
        )
        other = await bench.driver.desk.start(
            "expense", entries={"amount": "2000"}, actor=RITA, request_key="2"
        )
        for each in (run, other):
            await bench.runner.advance(each.id)
        approved = await bench.driver.decide(run)
        (waiting,) = await bench.driver.asked(other)
        before = await everything(database)
        bench.driver.desk.witnessed.halt()
        await bench.runner.advance(run.id)
        desk = bench.driver.desk
        for attempt in (
            desk.decide(seen(waiting), actor=AMY, choice=APPROVE),
            desk.start("expense", entries={"amount": "1"}, actor=RITA, request_key="3"),
            desk.resume(other.id, [True], actor=AMY),
        ):
            with pytest.raises(Halted):
                await attempt
        assert await everything(database) == before
        assert (await desk.approval(approved.id)).status is ApprovalStatus.DECIDED


async def test_a_changed_seal_is_found_by_the_chain_itself(chain: Database) -> None:
    """An entry that is sealed anew while those after it are not breaks the chain right there."""
    async with chain.transaction() as tx:
        row = (await tx.execute(select(table).where(table.c.seq == 5))).one()._asdict()
        row["actor_id"] = "U0EVE"
        await tx.execute(update(table).where(table.c.seq == 5).values(actor_id="U0EVE", hash=_seal(row)))
    with pytest.raises(AuditBroken) as caught:
        async with chain.reading() as tx:
            await audit.verify(tx)
    assert caught.value.seq == 6
