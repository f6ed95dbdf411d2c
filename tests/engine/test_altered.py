"""Somebody changes one byte of what is stored: nothing is decided with it, and whoever clicks is told."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph._internal._constants import INTERRUPT
from langgraph.types import Interrupt
from sqlalchemy import ColumnElement, literal_column, select, update

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
from engine.approvals import begin_attempt
from engine.canonical import MAX_DEPTH
from engine.driving import DAMAGED_INPUT
from engine.resuming import DAMAGED
from engine.settling import ALTERED
from engine.tables import answers, approvals, audit, decisions, runs
from engine.threads import saver_of
from tests.engine.desk_driver import AMY, APPROVE, REJECT, RITA, Bench, open_bench, seen


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


def nested(levels: int) -> Any:
    """Make a list of so many levels."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


UNREADABLE: list[Any] = [
    [],
    "text",
    {},
    {"value": None, "state": {}},
    {"value": {"question": "?"}, "state": None, "schema": None},
    {"value": {"question": "?"}, "state": [1], "schema": None},
    {"value": nested(MAX_DEPTH + 1), "state": {}, "schema": None},
    {"value": {"amount": 10**2000}, "state": {}, "schema": None},
    {"value": {"amount": float("nan")}, "state": {}, "schema": None},
    {"value": {"question": "?"}, "state": {}, "schema": [7]},
]


@pytest.mark.parametrize("digest", ["", None], ids=["digest emptied", "digest kept"])
async def test_f13_what_cannot_be_read_any_more_is_shown_as_such(
    database_url: str, digest: str | None
) -> None:
    """No click on it counts, whatever digest stands beside it; the other runs are listed and decided as ever."""
    async with open_bench(database_url) as bench:
        desk = bench.driver.desk
        altered = [await asked(bench) for _ in UNREADABLE]
        other, question = await asked(bench)
        for (_, shown), content in zip(altered, UNREADABLE, strict=True):
            values = {"asked": content} if digest is None else {"asked": content, "digest": digest}
            await store(bench, shown.id, **values)
    async with open_bench(database_url) as bench:
        desk = bench.driver.desk
        assert len(await desk.recent(limit=50)) == len(UNREADABLE) + 1
        for run, shown in altered:
            (now,) = (await desk.run(run.id)).approvals
            with pytest.raises(AlteredQuestion):
                await desk.decide(seen(now), actor=AMY, choice=APPROVE)
            with pytest.raises(Refused):
                await desk.decide(seen(shown), actor=AMY, choice=APPROVE)
            assert (await desk.run(run.id)).approvals[0].status is ApprovalStatus.PENDING
        await desk.decide(seen(question), actor=AMY, choice=APPROVE)
        await bench.runner.advance(other.id)
        assert (await bench.driver.ended(other)).result["status"] == "approved"


BROKEN = '{"amount": 20'
"""JSON text that was cut off."""


async def break_text(bench: Bench, column: Any, run_id: str, *, text: str = BROKEN) -> None:
    """Put a text that is no JSON into a column of all rows of a run."""
    table = column.table
    if "run_id" in table.c:
        mine = table.c.run_id == run_id
    elif table is runs:
        mine = table.c.id == run_id
    else:
        mine = table.c.approval_id.in_(select(approvals.c.id).where(approvals.c.run_id == run_id))
    stored: ColumnElement[str] = literal_column(f"'{text}'")
    async with bench.database.transaction() as tx:
        await tx.execute(update(table).where(mine).values({column: stored}))


@pytest.mark.parametrize(
    "column",
    [
        approvals.c.asked,
        runs.c.input,
        runs.c.result,
        decisions.c.resume,
        decisions.c.state_update,
        decisions.c.before,
        decisions.c.after,
        decisions.c.endorsers,
        audit.c.detail,
    ],
    ids=str,
)
async def test_f13_a_text_that_is_no_json_any_more_spoils_no_other_run(
    database_url: str, column: Any
) -> None:
    """Lists and the other runs are shown and decided as ever; what is damaged is shown as such and not acted upon."""
    text = "[1, 2" if column is decisions.c.endorsers else BROKEN
    async with open_bench(database_url) as bench:
        run, shown = await asked(bench)
        other, question = await asked(bench)
        await bench.driver.desk.decide(seen(shown), actor=AMY, choice=APPROVE)
        await break_text(bench, column, run.id, text=text)
    async with open_bench(database_url) as bench:
        desk = bench.driver.desk
        assert {each.id for each in await desk.recent()} == {run.id, other.id}
        assert [each.id for each, _ in await desk.pending()] == [other.id]
        assert (await desk.run(run.id)).approvals[0].decision is not None
        await desk.decide(seen(question), actor=AMY, choice=APPROVE)
        await bench.runner.advance(other.id)
        assert (await bench.driver.ended(other)).result["status"] == "approved"


@pytest.mark.parametrize("is_readable", [True, False])
@pytest.mark.parametrize("is_sent_before", [False, True])
async def test_t04_a_decision_that_was_altered_is_not_sent(
    database_url: str, is_readable: bool, is_sent_before: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The graph gets no answer that nobody gave: the question is withdrawn with the reason and asked anew."""
    async with open_bench(database_url) as bench:
        run, shown = await asked(bench)
        await bench.driver.desk.decide(seen(shown), actor=AMY, choice=REJECT)
        async with bench.database.transaction() as tx:
            if is_sent_before:
                await begin_attempt(tx, shown.id)
            if is_readable:
                mine = decisions.c.approval_id == shown.id
                await tx.execute(update(decisions).where(mine).values(resume={"action": "approve"}))
        if not is_readable:
            await break_text(bench, decisions.c.resume, run.id)
    async with open_bench(database_url) as bench:
        await bench.runner.advance(run.id)
        told = await bench.driver.desk.run(run.id)
        (anew,) = told.approvals
        assert (anew.status, anew.revision) == (ApprovalStatus.PENDING, 2)
        kinds = [event.kind for event in told.events]
        assert kinds[-2:] == [EventKind.WITHDRAWN, EventKind.ASKED_ANEW]
        assert told.events[-2].detail["why"] == ALTERED
        assert EventKind.RESUMED not in kinds
        assert f"the decision on {shown.id} of run {run.id} is not what was decided" in caplog.text
        await bench.driver.desk.decide(seen(anew), actor=AMY, choice=APPROVE)
        await bench.runner.advance(run.id)
        assert (await bench.driver.ended(run)).result["status"] == "approved"


async def test_f13_a_run_whose_input_cannot_be_read_is_not_begun(database_url: str) -> None:
    """The graph is given nothing that nobody has entered: the run has failed, and says why."""
    async with open_bench(database_url) as bench:
        run = await bench.driver.start("expense", actor=RITA, amount="2000")
        await break_text(bench, runs.c.input, run.id)
        await bench.runner.advance(run.id)
        ended = await bench.driver.ended(run)
        assert (ended.status, ended.error) == (RunStatus.FAILED, DAMAGED_INPUT)
        assert ended.approvals == ()


async def test_f13_a_value_given_ahead_that_cannot_be_read_is_dropped(database_url: str) -> None:
    """It answers nothing, and what was given behind it neither: people are asked."""
    async with open_bench(database_url) as bench:
        run = await bench.driver.start("gates", actor=RITA, amount="5")
        await bench.runner.advance(run.id)
        await bench.driver.desk.resume(run.id, [True, True], actor=AMY)
        await break_text(bench, answers.c.value, run.id, text='"yes')
        await bench.runner.advance(run.id)
        told = await bench.driver.desk.run(run.id)
        assert told.approvals[-1].status is ApprovalStatus.PENDING
        dropped = [event.detail for event in told.events if event.kind is EventKind.DROPPED]
        assert [each["why"] for each in dropped] == [DAMAGED]
