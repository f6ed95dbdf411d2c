"""Four processes that want to decide the same questions at the same moment, while their deadlines pass."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import psycopg

from engine import Actor, Choice, Desk, Refused, Seen, open_desk
from tests.engine.desk_driver import Driver
from tests.faults.figures import Figure, Plan
from tests.faults.lives import APP, RITA
from tests.faults.sink import append, lines
from tests.postgres import postgres

DECISIONS, PROCESSES = 10_000, 4
LATE_SHARE = 0.2
"""Of the questions this share has a deadline that passes while people decide."""
LIMIT_S = 900
_CONTEXT: ForkServerContext = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["engine", "langgraph.graph", __name__])

Question = tuple[str, int, str]
"""Approval id, revision and digest."""


async def measure(plan: Plan) -> list[Figure]:
    """Race on SQLite, then on PostgreSQL."""
    figures = [await raced(f"sqlite:///{plan.folder / 'race.db'}", plan, "SQLite")]
    with postgres(plan.folder, is_durable=False) as url:
        figures.append(await raced(url, plan, "PostgreSQL"))
    return figures


async def raced(url: str, plan: Plan, name: str) -> Figure:
    """Ask questions, let all processes decide each, and look who won."""
    questions = await _asked(url, count=plan.of(DECISIONS), seed=plan.seed)
    out = plan.folder / f"{name}.told"
    start = _CONTEXT.Barrier(PROCESSES)
    racers = [
        _CONTEXT.Process(target=race, args=(url, questions, plan.seed + number, start, out), daemon=True)
        for number in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    await asyncio.to_thread(_joined, racers)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for told in lines(out):
        outcomes[told["approval"]][told["outcome"]] += 1
    violations = list(_violations(url, questions, outcomes))
    counts = sum(outcomes.values(), Counter[str]())
    detail = ", ".join(f"{outcome} {count:,}" for outcome, count in sorted(counts.items()))
    return Figure(f"contested decisions by {PROCESSES} processes, {name}", len(questions), violations, detail)


def _joined(racers: Sequence[Any]) -> None:
    for racer in racers:
        racer.join(LIMIT_S)
        if racer.exitcode != 0:
            raise RuntimeError(f"A racer ended with {racer.exitcode}.")


def race(url: str, questions: Sequence[Question], seed: int, start: Any, out: Path) -> None:
    """Decide everything as fast as possible, as one of several processes."""
    asyncio.run(_race(url, questions, seed, start, out))


async def _race(url: str, questions: Sequence[Question], seed: int, start: Any, out: Path) -> None:
    dice = random.Random(seed)  # noqa: S311 - a dice, not a secret
    actor = Actor(f"U{seed}", "Racer", groups=frozenset({"S0RACERS"}))
    async with open_desk(database_url=url, app=APP, drives=False) as desk:
        await asyncio.to_thread(start.wait)
        for approval_id, revision, digest in questions:
            if dice.random() < 0.02:
                await desk.expire()
            outcome = await _decided(desk, Seen(approval_id, revision, digest), actor, dice)
            append(out, {"approval": approval_id, "outcome": outcome})
        await desk.expire()


async def _decided(desk: Desk, seen: Seen, actor: Actor, dice: random.Random) -> str:
    choice = Choice("approve") if dice.random() < 0.5 else Choice("reject", reason="No")
    try:
        view = await desk.decide(seen, actor=actor, choice=choice)
    except Refused as error:
        return error.code
    return f"won, {view.decision.verdict.value}" if view.decision else "won without a decision"


async def _asked(url: str, *, count: int, seed: int) -> list[Question]:
    """Have the engine ask one question, and copy what it stored: only who decides it is raced for here."""
    async with open_desk(database_url=url, app=APP) as desk:
        run = await desk.start("order", entries={"name": "race"}, actor=RITA, request_key="race")
        (card,) = await Driver(desk).asked(run)
    dice, soon = random.Random(seed), datetime.now(UTC)  # noqa: S311 - a dice
    with opened(url) as execute:
        columns = _columns(execute, url)
        for number in range(1, count):
            late = (
                soon + timedelta(seconds=dice.uniform(2, 2 + count / 400))
                if dice.random() < LATE_SHARE
                else None
            )
            _copied(execute, columns, number, run.id, card.id, _moment(late, url))
    return [(card.id, 1, card.digest)] + [(f"a{n:07}", 1, card.digest) for n in range(1, count)]


def _moment(at: datetime | None, url: str) -> Any:
    """A moment as each database keeps it."""
    return at.replace(tzinfo=None).isoformat(" ") if at is not None and url.startswith("sqlite") else at


def _copied(
    execute: Any, columns: dict[str, list[str]], number: int, run_id: str, approval_id: str, late: Any
) -> None:
    """Copy the run and its question under other ids."""
    new = {
        "runs": {"id": f"r{number:07}", "thread_id": f"t{number}", "request_key": f"k{number}"},
        "approvals": {
            "id": f"a{number:07}",
            "run_id": f"r{number:07}",
            "thread_id": f"t{number}",
            "expires_at": late,
        },
    }
    for table, key in (("runs", run_id), ("approvals", approval_id)):
        own = new[table]
        picked = ", ".join("?" if name in own else name for name in columns[table])
        names = ", ".join(columns[table])
        values = [own[name] for name in columns[table] if name in own]
        copy = f"INSERT INTO assent_{table} ({names}) SELECT {picked} FROM assent_{table} WHERE id = ?"  # noqa: S608
        execute(copy, [*values, key])


def _columns(execute: Any, url: str) -> dict[str, list[str]]:
    cursor = {name: execute(f"SELECT * FROM assent_{name} LIMIT 0", []) for name in ("runs", "approvals")}  # noqa: S608
    return {name: [column[0] for column in found.description] for name, found in cursor.items()}


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Yield what runs a statement with ? for its parameters; committed at the end."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        with connection:
            yield connection.execute
        connection.close()
        return
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        yield lambda said, given: server.execute(said.replace("?", "%s").encode(), given)


def _violations(url: str, questions: Sequence[Question], outcomes: dict[str, Counter[str]]) -> Iterator[str]:
    with opened(url) as execute:
        decided = Counter(
            row[0] for row in execute("SELECT approval_id FROM assent_decisions", []).fetchall()
        )
        status = dict(execute("SELECT id, status FROM assent_approvals", []).fetchall())
        told = Counter(execute("SELECT approval_id FROM assent_audit WHERE kind = 'decided'", []).fetchall())
    for approval_id, _, _ in questions:
        won = sum(count for outcome, count in outcomes[approval_id].items() if outcome.startswith("won"))
        wanted = {"decided": (1, 1, 1), "expired": (0, 0, 0)}.get(status[approval_id])
        if (won, decided[approval_id], told[approval_id,]) != wanted:
            yield (
                f"{approval_id} is {status[approval_id]}: {won} were told that they decided it, "
                f"{decided[approval_id]} decisions, {told[approval_id,]} entries"
            )
        if outcomes[approval_id].total() != PROCESSES:
            yield f"{approval_id} has {outcomes[approval_id].total()} outcomes"
