"""Somebody changes one byte of what is stored: nothing is decided with it, and whoever clicks is told."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph._internal._constants import INTERRUPT
from langgraph.types import Interrupt
from sqlalchemy import select, update

from engine import (
    AlteredQuestion,
    ApprovalStatus,
    ApprovalView,
    EventKind,
    Refused,
    RunStatus,
    RunView,
    Seen,
    StaleQuestion,
)
from engine.tables import approvals
from engine.threads import saver_of
from tests.engine.desk_driver import AMY, APPROVE, RITA, Bench, open_bench, seen


async def store(bench: Bench, approval_id: str, **values: Any) -> None:
    """Change the row of a question behind the engine's back."""
    async with bench.database.transaction() as tx:
        await tx.execute(update(approvals).where(approvals.c.id == approval_id).values(**values))


async def asked(bench: Bench) -> tuple[RunView, ApprovalView]:
    """Start a run and return it with its question."""
    run = await bench.driver.start("expense", actor=RITA, amount="2000")
    await bench.runner.advance(run.id)
    (shown,) = await bench.driver.asked(run)
    return run, shown


ALTERATIONS = [("value", "amount", 2001), ("value", "level", "managar"), ("state", "amount", 2001)]


async def test_t04_a_row_that_was_altered_cannot_be_decided(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The next process that reads it refuses every click, logs it and keeps the request; put right, it counts."""
    posted: list[tuple[RunView, ApprovalView]] = []
    async with open_bench(database_url) as bench:
        for place, key, value in ALTERATIONS:
            run, shown = await asked(bench)
            async with bench.database.reading() as tx:
                row = select(approvals.c.asked).where(approvals.c.id == shown.id)
                right = (await tx.execute(row)).scalar_one()
            await store(bench, shown.id, asked={**right, place: {**right[place], key: value}})
            posted.append((run, shown))
    async with open_bench(database_url) as bench:
        for run, shown in posted:
            for _ in range(2):
                with pytest.raises(AlteredQuestion):
                    await bench.driver.desk.decide(seen(shown), actor=AMY, choice=APPROVE)
            told = await bench.driver.desk.run(run.id)
            refusals = [event.detail["code"] for event in told.events if event.kind is EventKind.REFUSED]
            assert refusals == ["digest_mismatch"] * 2
            assert (told.status, told.approvals[0].status) == (RunStatus.WAITING, ApprovalStatus.PENDING)
            assert f"question {shown.id} of run {run.id} is not what was asked" in caplog.text
            await store(bench, shown.id, asked=right)
    async with open_bench(database_url) as bench:
        for run, shown in posted:
            await bench.driver.desk.decide(seen(shown), actor=AMY, choice=APPROVE)
            await bench.runner.advance(run.id)
            assert (await bench.driver.ended(run)).result["status"] == "approved"


async def test_t04_another_digest_in_the_row_makes_every_card_out_of_date(database_url: str) -> None:
    """Neither the card that was posted nor one with the altered digest decides anything."""
    async with open_bench(database_url) as bench:
        run, shown = await asked(bench)
        flipped = ("0" if shown.digest[0] != "0" else "1") + shown.digest[1:]
        await store(bench, shown.id, digest=flipped)
        posted, altered = seen(shown), Seen(shown.id, shown.revision, flipped)
        refusals: list[tuple[Seen, type[Refused]]] = [(posted, StaleQuestion), (altered, AlteredQuestion)]
        for click, refusal in refusals:
            with pytest.raises(refusal):
                await bench.driver.desk.decide(click, actor=AMY, choice=APPROVE)
        assert (await bench.driver.desk.run(run.id)).approvals[0].status is ApprovalStatus.PENDING


async def test_t04_an_interrupt_that_was_altered_gets_no_answer(database_url: str) -> None:
    """The answer to what was shown does not reach what the thread now says it asks; that is asked anew."""
    async with open_bench(database_url) as bench:
        run, shown = await asked(bench)
        saver = saver_of(bench.app.workflows["expense"].graph)
        head = await saver.aget_tuple({"configurable": {"thread_id": run.thread_id}})
        assert head is not None
        ((task_id, _, [told]),) = [each for each in head.pending_writes or () if each[1] == INTERRUPT]
        other = Interrupt(value={**told.value, "amount": 2001.0}, id=told.id)
        await saver.aput_writes(head.config, [(INTERRUPT, (other,))], task_id)
        await bench.driver.desk.decide(seen(shown), actor=AMY, choice=APPROVE)
        await bench.runner.advance(run.id)
        (anew,) = await bench.driver.asked(run)
        assert (anew.id, anew.revision, anew.question.shown["amount"]) == (shown.id, 2, 2001.0)
        kinds = [event.kind for event in (await bench.driver.desk.run(run.id)).events]
        assert kinds[-2:] == [EventKind.WITHDRAWN, EventKind.ASKED_ANEW]
        assert EventKind.RESUMED not in kinds
