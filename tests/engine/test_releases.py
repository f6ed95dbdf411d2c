"""A new release meets what an older one left: unwritten questions, breakpoints, failures, graphs with a memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ApprovalStatus, Choice, EventKind, RunStatus, RunView
from engine import approvals as statements
from tests.engine.desk_driver import AMY, APPROVE, BEN, REJECT, Bench, dying_unsettled, seen
from tests.engine.test_code_changed import Releases, answered, at_second, pending, recovered, start, told

CODE_CHANGED = "The workflow's code has changed since this was asked."


@pytest.fixture
def releases(tmp_path: Path, database_url: str) -> Releases:
    """An app whose code changes, once on SQLite and once on PostgreSQL."""
    return Releases(tmp_path / "app", database_url)


async def dies_once_asked(bench: Bench) -> RunView:
    """Start a run, and die when the graph has asked and nobody has written that down."""
    run = await bench.driver.start("flow", amount="5")
    await bench.thread(run).start({"amount": 5})
    return run


async def dies_once_answered(bench: Bench, run: RunView, value: bool | int = True) -> None:
    """Give the graph its answer, and die before anything of what came of it is written down."""
    async with bench.database.transaction() as tx:
        await statements.begin_attempt(tx, pending(run).id)
    thread = bench.thread(run)
    here = await thread.look(passed=set())
    await thread.answer(here.pauses[0], value)  # type: ignore[union-attr]


PLANNED = """
def plan(state):
    happened("planned")
    return {}


def pay(state):
    happened("paid")
    return {}


graph = chained(plan, pay, interrupt_after=WHERE)
"""


@pytest.mark.parametrize("where", ['["plan"]', '"*"', '["pay"]'])
async def test_t05_no_release_passes_a_breakpoint(releases: Releases, where: str) -> None:
    """A breakpoint after a node holds through one new release after the other, and each asks again."""
    source = PLANNED.replace("WHERE", where)
    done = ["planned", "paid"] if "pay" in where else ["planned"]
    async with releases.running(source) as bench:
        run = await start(bench)
    for word in ("once", "twice"):
        source = source.replace("    return {}", f"    {word} = 1\n    return {{}}")
        async with releases.running(source) as bench:
            run = await recovered(bench, run)
            assert pending(run).question.text.startswith("A step is done.")
            assert releases.sink == done
    assert told(run, EventKind.RESTARTED) == [CODE_CHANGED] * 2
    async with releases.running(source) as bench:
        while run.status is RunStatus.WAITING:
            run = await answered(bench, run)
    assert (run.status, releases.sink) == (RunStatus.FINISHED, ["planned", "paid"])


async def test_t05_a_yes_at_a_breakpoint_is_void_for_whoever_comes_after_a_death(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver had the step begin anew for a release and died: what was approved before runs nothing."""
    source = PLANNED.replace("WHERE", '["plan"]')
    async with releases.running(source) as bench:
        run = await start(bench)
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=APPROVE)
    async with releases.running(source.replace("    return {}", "    once = 1\n    return {}")) as bench:
        with dying_unsettled(monkeypatch):
            await recovered(bench, run)
        run = await recovered(bench, run)
        assert [each.status.value for each in run.approvals] == ["withdrawn", "pending"]
        assert (run.status, releases.sink) == (RunStatus.WAITING, ["planned"])


BEFORE = PLANNED.replace("interrupt_after=WHERE", 'interrupt_before=["pay"]')


@pytest.mark.parametrize(
    "source",
    [
        BEFORE,
        BEFORE.replace("    return {}", "    once = 1\n    return {}"),
        PLANNED.replace(", interrupt_after=WHERE", ""),
        PLANNED.replace("WHERE", '["plan"]'),
        BEFORE.replace("pay", "spend"),
    ],
)
async def test_t05_a_no_at_a_breakpoint_ends_the_run_whatever_the_release(
    releases: Releases, source: str
) -> None:
    """The graph gets no answer, so no code can take it for another: nothing more runs, also without a breakpoint."""
    async with releases.running(BEFORE) as bench:
        run = await start(bench)
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=REJECT)
    async with releases.running(source) as bench:
        run = await recovered(bench, run)
        assert (run.status, releases.sink) == (RunStatus.STOPPED, ["planned"])
        assert [each.status.value for each in run.approvals] == ["resumed"]


NEWSLETTER = """
def gate(state):
    if interrupt("Send the newsletter?") is True:
        happened("sent")
    return {}


graph = chained(gate)
"""
DELETING = 'if interrupt("Delete the database?") is True:\n        happened("DELETED")\n    '


async def test_t05_a_question_that_nobody_wrote_down_is_asked_by_the_new_code(releases: Releases) -> None:
    """The process died between the checkpoint and the ledger; people are asked what would happen now."""
    async with releases.running(NEWSLETTER) as bench:
        run = await dies_once_asked(bench)
    async with releases.running(NEWSLETTER.replace("if interrupt", DELETING + "if interrupt")) as bench:
        run = await recovered(bench, run)
        assert [each.question.text for each in run.approvals] == ["Delete the database?"]
        assert releases.sink == []


async def test_a_question_that_nobody_wrote_down_is_asked_as_it_is_by_the_same_code(
    releases: Releases,
) -> None:
    """Without a new release nothing begins anew."""
    async with releases.running(NEWSLETTER) as bench:
        run = await dies_once_asked(bench)
    async with releases.running(NEWSLETTER) as bench:
        run = await recovered(bench, run)
        assert pending(run).question.text == "Send the newsletter?"
        assert told(run, EventKind.RESTARTED) == []


TWO = """
def gate(state):
    first = interrupt("Approve the budget?")
    second = interrupt("Deploy?")
    happened(f"deployed {first} {second}")
    return {}


graph = chained(gate)
"""


async def test_t05_a_second_question_that_nobody_wrote_down_gets_no_answer(releases: Releases) -> None:
    """The first answer was taken, the process died, and a release put another question before the second."""
    async with releases.running(TWO) as bench:
        run = await start(bench)
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=APPROVE)
        await dies_once_answered(bench, run)
    async with releases.running(TWO.replace("second =", DELETING + "second =")) as bench:
        run = await recovered(bench, run)
        assert pending(run).question.text == "Approve the budget?"
        run = await answered(bench, run)
        assert pending(run).question.text == "Delete the database?"
        assert releases.sink == []


RAISING = """
def gate(state):
    answer = interrupt("Send the newsletter?")
    raise ValueError("boom")


graph = chained(gate)
"""
MENDED = """
def gate(state):
    if interrupt("Delete the database?") is True:
        happened("DELETED")
    return {}


graph = chained(gate)
"""


async def test_t05_retry_gives_no_answer_to_a_question_that_is_new(releases: Releases) -> None:
    """The node raised after its answer, the process died, and the release that mends it asks something else."""
    async with releases.running(RAISING) as bench:
        run = await start(bench)
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=APPROVE)
        await dies_once_answered(bench, run)
    async with releases.running(MENDED) as bench:
        run = await recovered(bench, run)
        run = await answered(bench, run, Choice("retry"))
        assert pending(run).question.text == "Delete the database?"
        assert releases.sink == []


NUMBER = """
def gate(state):
    number = interrupt("How much?")
    if not isinstance(number, int):
        raise ValueError(f"{number} is no number")
    really = interrupt(f"Really pay {number}?")
    happened(f"paid {number} {really}")
    return {}


graph = chained(gate)
"""


async def test_an_answer_that_was_taken_after_a_step_began_anew_is_told_so(releases: Releases) -> None:
    """It was given to the question of the new beginning, so a process that died makes it no less delivered."""
    async with releases.running(NUMBER) as bench:
        run = await start(bench)
        run = await answered(bench, run, Choice("answer", entries={"answer": "many"}))
        run = await answered(bench, run, Choice("ask_again"))
        await bench.driver.desk.resume(run.id, [7], actor=BEN)
        await dies_once_answered(bench, run, 7)
    async with releases.running(NUMBER) as bench:
        run = await recovered(bench, run)
        assert run.approvals[2].status is ApprovalStatus.RESUMED
        assert told(run, EventKind.WITHDRAWN) == []
        run = await answered(bench, run)
    assert releases.sink == ["paid 7 True"]


LIMITED = """
def gate(state):
    interrupt(f"Pay {state['amount']}?")
    if state["amount"] > 3:
        raise ValueError("too much")
    happened(f"paid {state['amount']}")
    return {}


graph = chained(gate)
"""


async def test_an_edit_outlives_a_death_between_the_new_beginning_and_itself(releases: Releases) -> None:
    """The step began anew for new code, the process died, and the edit is made by the next."""
    changed = LIMITED.replace("too much", "too much by far")
    async with releases.running(LIMITED) as bench:
        run = await answered(bench, await start(bench))
    async with releases.running(changed) as bench:
        run = await recovered(bench, run)
        choice = Choice("edit_and_retry", entries={"amount": "2", "told": ""})
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=choice)
        async with bench.database.transaction() as tx:
            await statements.begin_attempt(tx, pending(run).id)
        await bench.thread(run).start_over("Begun anew.", taken_back=[1])
    async with releases.running(changed) as bench:
        run = await recovered(bench, run)
        assert pending(run).question.text == "Pay 2?"
        run = await answered(bench, run)
    assert releases.sink == ["paid 2"]


BESIDE = """
def left(state):
    first, second = interrupt("Left?"), interrupt("Left again?")
    return {"told": [f"left {first} {second}"]}


def right(state):
    happened("right ran")
    raise ValueError("down")


builder = StateGraph(State)
for node in (left, right):
    builder.add_node(node.__name__, node)
    builder.add_edge(START, node.__name__)
graph = builder.compile()
"""


async def test_what_failed_runs_again_only_when_somebody_wants_it(releases: Releases) -> None:
    """A release that changes the node beside it waits for Retry, and then gives no old answer to new code."""
    changed = BESIDE.replace('interrupt("Left?")', 'interrupt("Delete it all?")').replace(
        'raise ValueError("down")', 'return {"told": ["right"]}'
    )
    async with releases.running(BESIDE) as bench:
        run = await start(bench)
        assert releases.sink == ["right ran"]
    async with releases.running(changed) as bench:
        run = await recovered(bench, run)
        assert releases.sink == ["right ran"]
        (failed,) = [each for each in run.approvals if each.question.option("retry")]
        await bench.driver.desk.decide(seen(failed), actor=AMY, choice=Choice("retry"))
        await bench.runner.advance(run.id)
        run = await bench.driver.desk.run(run.id)
        assert pending(run).question.text == "Delete it all?"
        assert releases.sink == ["right ran"] * 2
        while run.status is RunStatus.WAITING:
            run = await answered(bench, run)
        assert sorted(run.result["told"]) == ["left True True", "right"]


REMEMBERING = """
def gate(state):
    first = interrupt("Approve the budget?")
    second = interrupt("Deploy?")
    happened(f"deployed {first} {second}")
    return {}


inner = StateGraph(State).add_node("gate", gate).add_edge(START, "gate").compile(checkpointer=True)
graph = StateGraph(State).add_node("inner", inner).add_edge(START, "inner").compile()
"""


async def test_t05_a_graph_inside_that_keeps_its_answers_gives_none_to_new_code(releases: Releases) -> None:
    """Its checkpoints outlive the step, so the run ends with a sentence and nothing more of it runs."""
    async with releases.running(REMEMBERING) as bench:
        run = await at_second(bench)
    for question in ("first =", "second ="):
        async with releases.running(REMEMBERING.replace(question, DELETING + question)) as bench:
            run = await recovered(bench, run)
            assert (run.status, releases.sink) == (RunStatus.FAILED, [])
            assert "keeps its answers" in str(run.error)


async def test_a_graph_inside_that_keeps_its_answers_is_answered_by_the_same_code(releases: Releases) -> None:
    """As long as the code stays, it is a graph like any other."""
    async with releases.running(REMEMBERING) as bench:
        run = await at_second(bench)
    async with releases.running(REMEMBERING) as bench:
        run = await answered(bench, await recovered(bench, run))
    assert (run.status, releases.sink) == (RunStatus.FINISHED, ["deployed True True"])
