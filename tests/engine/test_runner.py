"""What a second driver finds after the first one died somewhere: the redelivery, window by window."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from langgraph._internal._constants import NULL_TASK_ID
from langgraph.graph import START, StateGraph
from sqlalchemy import update
from typing_extensions import TypedDict

from engine import AlreadyDecided, ApprovalView, Choice, RunStatus, RunView, runs
from engine import approvals as statements
from engine.checkpoint_tables import CheckpointRow
from engine.errors import LeaseLost, StaleQuestion
from engine.pauses import Pause, Paused
from engine.threads import Thread, saver_of
from engine.transactions import Transaction
from engine.workflows import Workflow
from tests.engine.desk_driver import AMY, APPROVE, BEN, DORA, REJECT, RITA, Bench, edit, open_bench, seen

checkpoints = CheckpointRow.metadata.tables["assent_checkpoints"]


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """An engine driven by hand, once on SQLite and once on PostgreSQL."""
    async with open_bench(database_url) as bench:
        yield bench


async def asked(bench: Bench, workflow: str, **entries: str) -> tuple[RunView, ApprovalView]:
    run = await bench.driver.start(workflow, actor=RITA, **entries)
    await bench.runner.advance(run.id)
    (approval,) = await bench.driver.asked(run)
    return run, approval


async def decided(bench: Bench, approval: ApprovalView, choice: Choice = APPROVE) -> None:
    await bench.driver.desk.decide(seen(approval), actor=AMY, choice=choice)


async def counted(bench: Bench, approval: ApprovalView) -> None:
    """As a driver leaves it that died right before it sent the answer."""
    async with bench.database.transaction() as tx:
        await statements.begin_attempt(tx, approval.id)


async def pause_of(thread: Thread) -> Pause:
    here = await thread.look(passed=frozenset())
    assert isinstance(here, Paused)
    return here.pauses[0]


async def test_counted_but_never_sent_is_sent_once(bench: Bench, tmp_path: Path) -> None:
    """The answer arrives, and what follows the gate happens once."""
    sink = tmp_path / "sink"
    run, approval = await asked(bench, "effects", sink=str(sink), deaths="")
    await decided(bench, approval)
    await counted(bench, approval)
    await bench.runner.advance(run.id)
    (second,) = await bench.driver.asked(run)
    assert second.question.text == "Second?"
    await decided(bench, second)
    await counted(bench, second)
    await bench.runner.advance(run.id)
    assert sink.read_text().splitlines() == ["paid"]
    assert (await bench.driver.ended(run)).result["first"] is True


async def test_sent_but_not_written_down_is_not_sent_again(bench: Bench) -> None:
    """When the graph has the first answer already, it does not answer the second question too."""
    run, approval = await asked(bench, "expense", amount="12000")
    await decided(bench, approval)
    await counted(bench, approval)
    thread = bench.thread(run)
    await thread.answer(await pause_of(thread), True)
    await bench.runner.advance(run.id)
    (director,) = await bench.driver.asked(run)
    assert director.question.shown == {"level": "director", "amount": 12000}
    await bench.driver.desk.decide(seen(director), actor=DORA, choice=REJECT)
    await bench.runner.advance(run.id)
    assert (await bench.driver.ended(run)).result["status"] == "rejected"


async def test_an_update_that_was_stored_is_not_sent_again(bench: Bench) -> None:
    """A driver that died between storing the edit and the answer leaves a thread that can still be read."""
    run, approval = await asked(bench, "review", draft="Hello")
    await decided(bench, approval, edit(draft="Hello, world"))
    await counted(bench, approval)
    saver = saver_of(bench.app.workflows["review"].graph)
    head = await saver.aget_tuple({"configurable": {"thread_id": run.thread_id}})
    assert head is not None
    await saver.aput_writes(head.config, [("draft", "Hello, world")], NULL_TASK_ID)
    await bench.runner.advance(run.id)
    ended = await bench.driver.ended(run)
    assert ended.result == {"draft": "Hello, world", "final": "Hello, world", "status": "approved"}


@pytest.mark.parametrize("choice", [APPROVE, edit(plan="Another plan")])
async def test_a_static_breakpoint_is_passed_once(bench: Bench, choice: Choice) -> None:
    """Counted but not sent goes on; sent but not written down is only written down."""
    for is_sent in (False, True):
        run, approval = await asked(bench, "deploy")
        await decided(bench, approval, choice)
        await counted(bench, approval)
        if is_sent:
            thread = bench.thread(run)
            await (thread.carry_on() if choice is APPROVE else thread.edit({"plan": "Another plan"}))
        await bench.runner.advance(run.id)
        ended = await bench.driver.ended(run)
        plan = "Execute action X" if choice is APPROVE else "Another plan"
        assert ended.result == {"plan": plan, "approved": True}


async def test_a_run_that_was_never_begun_begins(bench: Bench) -> None:
    """A start that was committed before the process died is taken up by the sweep."""
    run = await bench.driver.start("expense", amount="5")
    bench.wakeups.woken.clear()
    await bench.driver.desk.recover()
    assert [key for _, key in bench.wakeups.woken] == [run.id]
    await bench.runner.advance(run.id)
    assert (await bench.driver.ended(run)).status is RunStatus.FINISHED


async def test_a_pause_that_was_never_written_down_is_asked(bench: Bench) -> None:
    """A process that died right after the graph paused leaves a question that the next one opens, once."""
    run = await bench.driver.start("expense", amount="2000")
    await bench.thread(run).start({"amount": 2000})
    await bench.runner.advance(run.id)
    await bench.runner.advance(run.id)
    (approval,) = await bench.driver.asked(run)
    assert approval.revision == 1


async def test_a_breakpoint_that_was_never_written_down_is_not_passed(bench: Bench) -> None:
    """Looking like a run that was cut short, a static breakpoint still waits for its person."""
    run = await bench.driver.start("deploy")
    await bench.thread(run).start({})
    for _ in range(3):
        await bench.runner.advance(run.id)
    await bench.driver.asked(run)
    assert (await bench.driver.desk.run(run.id)).status is RunStatus.WAITING


async def test_content_that_changed_meanwhile_voids_the_answer(bench: Bench, tmp_path: Path) -> None:
    """When the node now asks something else under the same interrupt id, the old answer reaches nothing."""
    mood = tmp_path / "mood"
    mood.write_text("fine")
    run, old = await asked(bench, "moody", mood=str(mood))
    await decided(bench, old)
    await counted(bench, old)
    mood.write_text("foul")
    await bench.runner.advance(run.id)
    (new,) = await bench.driver.asked(run)
    assert (new.id, new.revision, new.question.shown) == (old.id, 2, {"mood": "foul"})
    with pytest.raises(AlreadyDecided):
        await bench.driver.desk.decide(seen(old), actor=AMY, choice=REJECT)
    await bench.driver.desk.decide(seen(new), actor=BEN, choice=REJECT)
    await bench.runner.advance(run.id)
    ended = await bench.driver.ended(run)
    assert ended.result["status"] == "False"
    assert [event.kind.value for event in ended.events] == [
        "started", "asked", "decided", "withdrawn", "asked_anew", "refused", "decided", "resumed", "finished",
    ]  # fmt: skip


async def test_f09_a_driver_without_its_fence_writes_nothing(bench: Bench) -> None:
    """Once somebody else has taken the run, the old driver's checkpoints and its ledger entries are refused."""
    run, approval = await asked(bench, "expense", amount="2000")
    await decided(bench, approval)
    taken = await bench.take(run.id)

    async def guard(tx: Transaction) -> None:
        await runs.hold(tx, run.id, fence=taken)

    zombie = Thread(bench.app.workflows["expense"], run.thread_id, guard=guard)
    pause = await pause_of(zombie)
    await bench.take(run.id)
    with pytest.raises(LeaseLost):
        await zombie.answer(pause, False)
    await bench.runner.advance(run.id)
    assert (await bench.driver.ended(run)).result["status"] == "approved"


async def test_t15_an_answer_to_an_unknown_interrupt_writes_nothing(bench: Bench) -> None:
    """LangGraph by itself would store it and give it to whatever asks next."""
    run, _ = await asked(bench, "expense", amount="2000")
    thread = bench.thread(run)
    pause = await pause_of(thread)
    before = await heads(bench, run)
    with pytest.raises(StaleQuestion):
        await thread.answer(replace(pause, interrupt_id="0" * 32), True)
    assert await heads(bench, run) == before
    assert await pause_of(thread) == pause


async def heads(bench: Bench, run: RunView) -> list[tuple[str, int]]:
    """The thread's checkpoints, each with the number of what is written beside it."""
    saver = saver_of(bench.app.workflows[run.workflow].graph)
    found = saver.alist({"configurable": {"thread_id": run.thread_id}})
    return [
        (each.config["configurable"]["checkpoint_id"], len(each.pending_writes or ())) async for each in found
    ]


async def test_a_second_driver_returns_while_the_first_holds_the_run(bench: Bench) -> None:
    """Driving is exclusive, and being turned away changes nothing."""
    run = await bench.driver.start("expense", amount="5")
    async with bench.runner._leases.try_hold(f"run:{run.id}") as lease:
        assert lease is not None
        await bench.runner.advance(run.id)
        assert (await bench.driver.desk.run(run.id)).status is RunStatus.RUNNING


class Draft(TypedDict, total=False):
    draft: str
    final: str
    status: str


async def test_a_graph_whose_place_is_gone_is_not_called_finished(bench: Bench) -> None:
    """A node that was renamed while its question waited makes the thread look finished; the run is parked."""
    run, approval = await asked(bench, "review", draft="Hello")
    workflow = bench.app.workflows["review"]
    builder = StateGraph(Draft)
    builder.add_node("renamed", lambda state: {"draft": state["draft"]})
    builder.add_edge(START, "renamed")
    renamed = builder.compile(checkpointer=saver_of(workflow.graph))
    cast(dict[str, Workflow], bench.app.workflows)["review"] = replace(workflow, graph=renamed)
    await decided(bench, approval)
    await bench.runner.advance(run.id)
    (parked,) = await bench.driver.asked(run)
    assert parked.question.dialect == "gone"
    run = await bench.driver.desk.run(run.id)
    assert run.status is RunStatus.WAITING
    assert [event.kind.value for event in run.events][-2:] == ["withdrawn", "asked"]


async def test_f13_a_damaged_checkpoint_fails_its_own_run_only(bench: Bench) -> None:
    """Bytes that somebody changed end that run with a sentence; another one goes on."""
    damaged, approval = await asked(bench, "review", draft="Hello")
    sound, other = await asked(bench, "review", draft="Hello")
    async with bench.database.transaction() as tx:
        theirs = checkpoints.c.thread_id == damaged.thread_id
        await tx.execute(update(checkpoints).where(theirs).values(body=b"\xff\x00garbage", revision=1))
    for run, question in ((damaged, approval), (sound, other)):
        await decided(bench, question)
        await bench.runner.advance(run.id)
    assert "cannot be read" in ((await bench.driver.ended(damaged)).error or "")
    assert (await bench.driver.ended(sound)).status is RunStatus.FINISHED
