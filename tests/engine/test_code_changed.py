"""A workflow whose code changes while its runs wait: no answer ever reaches a question that nobody answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from engine import (
    ApprovalStatus,
    ApprovalView,
    Choice,
    EventKind,
    NotAllowed,
    RunStatus,
    RunView,
    StaleQuestion,
)
from engine import approvals as statements
from tests.engine.desk_driver import (
    AMY,
    APPROVE,
    BEN,
    REJECT,
    RITA,
    Bench,
    away_for,
    dying_unsettled,
    open_bench,
    seen,
)

HEAD = """
import operator
from pathlib import Path
from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt
from typing_extensions import TypedDict

SINK = Path(__file__).with_name("sink")


class State(TypedDict, total=False):
    amount: int
    told: Annotated[list[str], operator.add]


def happened(what):
    with SINK.open("a") as sink:
        sink.write(f"{what}\\n")


def chained(*nodes, **more):
    builder = StateGraph(State)
    builder.add_sequence([(node.__name__, node) for node in nodes])
    builder.add_edge(START, nodes[0].__name__)
    return builder.compile(**more)

"""

V1 = """
def gates(state):
    first = interrupt("Approve the budget?")
    second = interrupt("Approve deploy to PROD?")
    happened(f"deployed {first} {second}")
    return {"told": [f"{first} {second}"]}


def after(state):
    happened("after")
    return {}


graph = chained(gates, after)
"""
INSERTED = V1.replace(
    '    second = interrupt("Approve deploy',
    '    if interrupt("Approve deleting the database?") is True:\n        happened("DELETED")\n'
    '    second = interrupt("Approve deploy',
)
REWORDED = V1.replace("deploy to PROD", "deploy to STAGING")
RENAMED = V1.replace("def gates", "def checks").replace("chained(gates", "chained(checks")
REMOVED = V1.replace("chained(gates, after)", "chained(after)")
REFACTORED = V1.replace("def gates(state):", "def gates(state):\n    # a comment and another layout").replace(
    '"Approve deploy to PROD?"', "(\n        'Approve deploy to PROD?'\n    )"
)
STRUCTURE = V1.replace("chained(gates, after)", "chained(gates, after, later)").replace(
    "graph =", "def later(state):\n    return {}\n\n\ngraph ="
)


class Releases:
    """One app of which a release after the other is put in its place; each is opened as after a restart."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        folder.mkdir()
        (folder / "langgraph.json").write_text(
            '{"graphs": {"flow": "./flow.py:graph"}, "dependencies": ["."]}'
        )
        (folder / "approvals.toml").write_text(
            '[workflows.flow]\nchannel = "C0"\napprovers.users = ["U0AMY", "U0BEN"]\n'
        )

    @asynccontextmanager
    async def running(self, source: str) -> AsyncIterator[Bench]:
        """Put this release in place and start the engine on it."""
        (self._folder / "flow.py").write_text(HEAD + source)
        async with open_bench(self._url, app=self._folder / "langgraph.json") as bench:
            yield bench

    @property
    def sink(self) -> list[str]:
        """What happened outside."""
        path = self._folder / "sink"
        return path.read_text().splitlines() if path.exists() else []


Running = Callable[[str], AbstractAsyncContextManager[Bench]]


@pytest.fixture
def releases(tmp_path: Path, database_url: str) -> Releases:
    """An app whose code changes, once on SQLite and once on PostgreSQL."""
    return Releases(tmp_path / "app", database_url)


async def rest(bench: Bench, run: RunView) -> RunView:
    """What a driver does once it is woken."""
    await bench.runner.advance(run.id)
    return await bench.driver.desk.run(run.id)


async def start(bench: Bench) -> RunView:
    run = await bench.driver.start("flow", amount="5")
    return await rest(bench, run)


async def recovered(bench: Bench, run: RunView) -> RunView:
    """Start as a process does: whoever is to be driven is woken, and driven."""
    await bench.driver.desk.recover()
    while bench.wakeups.woken:
        kind, key = bench.wakeups.woken.pop(0)
        if kind.value == "run":
            await bench.runner.advance(key)
    return await bench.driver.desk.run(run.id)


def pending(run: RunView) -> ApprovalView:
    """The one question that waits."""
    (found,) = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
    return found


async def answered(bench: Bench, run: RunView, choice: Choice = APPROVE) -> RunView:
    await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=choice)
    return await rest(bench, run)


async def at_second(bench: Bench) -> RunView:
    """A run whose first gate was approved, and whose second one is asked."""
    return await answered(bench, await start(bench))


def told(run: RunView, kind: EventKind) -> list[str]:
    return [str(event.detail.get("why", "")) for event in run.events if event.kind is kind]


@pytest.mark.parametrize("source", [INSERTED, REWORDED, STRUCTURE], ids=["inserted", "reworded", "structure"])
async def test_t05_what_waits_is_asked_anew_by_the_new_code(releases: Releases, source: str) -> None:
    """After a restart on changed code the old card decides nothing, and the step is asked from its beginning."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
    async with releases.running(source) as bench:
        run = await recovered(bench, old)
        assert pending(run).question.text == "Approve the budget?"
        assert told(run, EventKind.RESTARTED) == ["The workflow's code has changed since this was asked."]
        with pytest.raises(StaleQuestion):
            await bench.driver.desk.decide(seen(pending(old)), actor=AMY, choice=APPROVE)
        texts = []
        while run.status is RunStatus.WAITING:
            texts.append(pending(run).question.text)
            choice = REJECT if "deleting" in texts[-1] else APPROVE
            run = await answered(bench, run, choice)
    assert run.status is RunStatus.FINISHED
    assert texts[0] == "Approve the budget?"
    assert "DELETED" not in releases.sink
    assert releases.sink == ["deployed True True", "after"]


async def test_f18_two_releases_at_once_come_to_rest(tmp_path: Path, postgres_url: str) -> None:
    """Each asks anew what the other had asked before it began, and then leaves the other's questions alone."""
    releases = Releases(tmp_path / "app", postgres_url)
    async with releases.running(V1) as bench:
        runs = [await start(bench)]
    async with releases.running(REWORDED) as bench:
        runs.append(await start(bench))
    async with releases.running(V1) as old, releases.running(REWORDED) as new:
        for _ in range(5):
            for bench in (old, new):
                await recovered(bench, runs[0])
        for run in runs:
            now = await new.driver.desk.run(run.id)
            assert len(told(now, EventKind.RESTARTED)) <= 2
            assert pending(await old.driver.desk.run(run.id)) == pending(now)
            while now.status is RunStatus.WAITING:
                now = await answered(new, now)
            assert now.status is RunStatus.FINISHED


async def test_t05_the_same_code_takes_the_answer(releases: Releases) -> None:
    """Comments and layout are no change: the card that hangs there still decides."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
    async with releases.running(REFACTORED) as bench:
        run = await recovered(bench, old)
        assert pending(run) == pending(old)
        run = await answered(bench, run)
    assert run.status is RunStatus.FINISHED
    assert releases.sink == ["deployed True True", "after"]


@pytest.mark.parametrize("attempts", [0, 1], ids=["not sent", "perhaps sent"])
async def test_t05_a_decision_on_its_way_does_not_reach_new_code(releases: Releases, attempts: int) -> None:
    """Decided under the old code, to be delivered under the new: withdrawn, never given to what stands there now."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
        await bench.driver.desk.decide(seen(pending(old)), actor=AMY, choice=APPROVE)
        async with bench.database.transaction() as tx:
            for _ in range(attempts):
                await statements.begin_attempt(tx, pending(old).id)
    async with releases.running(INSERTED) as bench:
        run = await recovered(bench, old)
        assert [each.status for each in run.approvals[:2]] == [
            ApprovalStatus.RESUMED,
            ApprovalStatus.WITHDRAWN,
        ]
        assert pending(run).question.text == "Approve the budget?"
    assert releases.sink == []


@pytest.mark.parametrize("source", [RENAMED, REMOVED], ids=["renamed", "removed"])
async def test_t05_a_missing_step_parks_the_run(releases: Releases, source: str) -> None:
    """Nothing runs and nothing is lost: a card says so, and with the step back the request goes on."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
    async with releases.running(source) as bench:
        run = await recovered(bench, old)
        card = pending(run)
        assert run.status is RunStatus.WAITING
        assert (
            card.question.text == "The workflow no longer has the step “gates”. Nothing was run. Look again?"
        )
        assert [option.name for option in card.question.options] == ["look_again", "stop"]
        run = await answered(bench, run, Choice("look_again"))
        assert pending(run).id != card.id
        assert run.status is RunStatus.WAITING
    assert releases.sink == []
    async with releases.running(V1) as bench:
        run = await recovered(bench, run)
        assert pending(run).question.text == "Approve deploy to PROD?"
        assert pending(run).revision == 2
        run = await answered(bench, run)
    assert run.status is RunStatus.FINISHED
    assert releases.sink == ["deployed True True", "after"]


async def test_t05_a_step_that_comes_back_with_other_code_is_asked_anew(releases: Releases) -> None:
    """Renamed, and back again with a gate more: the answer that was stored long ago counts for nothing."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
    async with releases.running(RENAMED) as bench:
        await recovered(bench, old)
    async with releases.running(INSERTED) as bench:
        run = await recovered(bench, old)
        assert pending(run).question.text == "Approve the budget?"
    assert releases.sink == []


async def test_t05_a_missing_step_can_be_given_up(releases: Releases) -> None:
    """Stop ends the run, with who did it."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
    async with releases.running(RENAMED) as bench:
        run = await answered(bench, await recovered(bench, old), Choice("stop", reason="obsolete"))
    assert run.status is RunStatus.STOPPED
    assert releases.sink == []


async def test_t05_a_decision_on_its_way_is_withdrawn_when_its_step_is_gone(releases: Releases) -> None:
    """It was perhaps sent, then the process died and the step was renamed: it does not count as delivered."""
    async with releases.running(V1) as bench:
        old = await at_second(bench)
        await bench.driver.desk.decide(seen(pending(old)), actor=AMY, choice=APPROVE)
        async with bench.database.transaction() as tx:
            await statements.begin_attempt(tx, pending(old).id)
    async with releases.running(RENAMED) as bench:
        run = await recovered(bench, old)
        assert run.approvals[1].status is ApprovalStatus.WITHDRAWN
        assert "gates" in pending(run).question.text
    assert releases.sink == []


async def test_t05_a_run_cut_off_before_a_missing_step_is_parked(releases: Releases) -> None:
    """LangGraph would call the run finished, though its next step never ran."""
    async with releases.running(V1) as bench:
        run = await answered(bench, await start(bench))
    async with releases.running(
        V1.replace("after(", "later(").replace("gates, after", "gates, later")
    ) as bench:
        await recovered(bench, run)
    static = 'graph = chained(gates, after, interrupt_before=["after"])'
    source = V1.replace("graph = chained(gates, after)", static)
    async with releases.running(source) as bench:
        run = await start(bench)
        for _ in range(2):
            run = await answered(bench, run)
        assert pending(run).question.dialect == "static"
    renamed = (
        source.replace("def after", "def later")
        .replace("gates, after", "gates, later")
        .replace('"after"', '"later"')
    )
    async with releases.running(renamed) as bench:
        run = await recovered(bench, run)
        assert run.status is RunStatus.WAITING
        assert pending(run).question.dialect == "gone"


async def test_f18_many_runs_across_releases(releases: Releases) -> None:
    """v1, v2 and v1 again, with runs that wait at either gate: none takes an answer that another question got."""
    async with releases.running(V1) as bench:
        runs = [await start(bench) for _ in range(6)]
        runs = [await answered(bench, run) if number % 2 else run for number, run in enumerate(runs)]
    for source in (INSERTED, V1, INSERTED):
        async with releases.running(source) as bench:
            runs = [await recovered(bench, run) for run in runs]
            assert {pending(run).question.text for run in runs} == {"Approve the budget?"}
    async with releases.running(INSERTED) as bench:
        for run in runs:
            texts = []
            while run.status is RunStatus.WAITING:
                texts.append(pending(run).question.text)
                run = await answered(bench, run, REJECT if "deleting" in texts[-1] else APPROVE)
            assert len(texts) == 3
    assert sorted(set(releases.sink)) == ["after", "deployed True True"]
    assert len(releases.sink) == 12


PARALLEL = """
def side(state):
    happened("side")
    return {"told": ["side"]}


def left(state):
    return {"told": [f"left {interrupt('Left?')}"]}


def right(state):
    return {"told": [f"right {interrupt('Right?')}"]}


builder = StateGraph(State)
for node in (side, left, right):
    builder.add_node(node.__name__, node)
    builder.add_edge(START, node.__name__)
graph = builder.compile()
"""


async def test_t05_what_is_done_beside_it_stays_done(releases: Releases) -> None:
    """A branch that has ended does not run again when the branches beside it start over, and keeps what it told."""
    async with releases.running(PARALLEL) as bench:
        run = await start(bench)
        left = next(each for each in run.approvals if each.question.text == "Left?")
        await bench.driver.desk.decide(seen(left), actor=AMY, choice=APPROVE)
        old = await rest(bench, run)
    async with releases.running(PARALLEL.replace("Right?", "Right side?")) as bench:
        run = await recovered(bench, old)
        assert pending(run).question.text == "Right side?"
        run = await answered(bench, run)
    assert run.status is RunStatus.FINISHED
    assert sorted(run.result["told"]) == ["left True", "right True", "side"]
    assert releases.sink == ["side"]


JOINED = """
def left(state):
    return {}


def right(state):
    return {}


def joined(state):
    return {}


def last(state):
    return {"told": [str(interrupt("Last?"))]}


builder = StateGraph(State)
for node in (left, right, joined, last):
    builder.add_node(node.__name__, node)
builder.add_edge(START, "left")
builder.add_edge(START, "right")
builder.add_edge(["left", "right"], "joined")
builder.add_edge("joined", "last")
graph = builder.compile()
"""


async def test_t05_a_step_that_has_run_may_go(releases: Releases) -> None:
    """A join that is done, and that the new code no longer has, is nothing that is missing."""
    async with releases.running(JOINED) as bench:
        old = await start(bench)
    gone = JOINED.replace("(left, right, joined, last)", "(left, right, last)")
    gone = gone.replace('["left", "right"], "joined")', '["left", "right"], "last")')
    gone = gone.replace('builder.add_edge("joined", "last")\n', "")
    async with releases.running(gone) as bench:
        run = await recovered(bench, old)
        assert pending(run).question.text == "Last?"
        run = await answered(bench, run)
    assert run.status is RunStatus.FINISHED


POISONED = """
def gates(state):
    happened("asked")
    first = interrupt("How much?")
    if not isinstance(first, int):
        raise ValueError(f"{first} is no number")
    return {"told": [f"{first}"]}


graph = chained(gates)
"""


async def test_f16_a_poisoned_thread_is_repaired_with_one_click(releases: Releases) -> None:
    """An answer that the node refuses after it was stored: Retry fails for ever, Ask again takes the answer back."""
    async with releases.running(POISONED) as bench:
        run = await start(bench)
        run = await answered(bench, run, Choice("answer", entries={"answer": "many"}))
        assert pending(run).question.text == "gates failed. Try again?"
        options = [option.name for option in pending(run).question.options]
        assert options == ["retry", "edit_and_retry", "ask_again", "stop"]
        run = await answered(bench, run, Choice("retry"))
        run = await answered(bench, run, Choice("ask_again"))
        assert pending(run).question.text == "How much?"
        assert told(run, EventKind.RESTARTED) == ["Its answers were taken back."]
        assert [event.detail["taken_back"] for event in run.events if event.kind is EventKind.RESTARTED] == [
            [1]
        ]
        await bench.driver.desk.resume(run.id, [5], actor=BEN)
        run = await rest(bench, run)
    assert run.status is RunStatus.FINISHED
    assert run.result["told"] == ["5"]


async def test_f16_who_may_not_decide_may_not_repair(releases: Releases) -> None:
    """Taking answers back is a decision like any other: for approvers only."""
    async with releases.running(POISONED) as bench:
        run = await start(bench)
        run = await answered(bench, run, Choice("answer", entries={"answer": "many"}))
        with pytest.raises(NotAllowed, match="among the people"):
            await bench.driver.desk.decide(seen(pending(run)), actor=RITA, choice=Choice("ask_again"))
        assert len(await bench.driver.asked(run)) == 1


async def test_f16_a_new_beginning_is_told_by_whoever_comes_after_a_death(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two releases begin the step anew and die before it is written down: the next driver tells both, once."""

    async with releases.running(V1) as bench:
        old = await at_second(bench)
    for source in (INSERTED, REWORDED):
        async with releases.running(source) as bench:
            with dying_unsettled(monkeypatch):
                await recovered(bench, old)
    async with releases.running(REWORDED) as bench:
        run = await recovered(bench, await recovered(bench, old))
    (event,) = [each for each in run.events if each.kind is EventKind.RESTARTED]
    assert (event.detail["why"], event.detail["taken_back"]) == (told(run, EventKind.WITHDRAWN)[0], [1])
    assert pending(run).question.text == "Approve the budget?"


SENT = """
def one(state):
    which = state["which"]
    return {"told": [f"{which} {interrupt(f'{which}?')}"]}


builder = StateGraph(State)
builder.add_node("one", one)
builder.add_conditional_edges(START, lambda _: [Send("one", {"which": each}) for each in ("Left", "Right")], ["one"])
graph = builder.compile()
"""


async def test_t05_what_a_task_beside_it_was_answered_is_not_taken_back(releases: Releases) -> None:
    """Of two tasks of one node one is done: only the other begins anew, and only its answers are told."""
    async with releases.running(SENT) as bench:
        run = await start(bench)
        left, _ = run.approvals
        await bench.driver.desk.decide(seen(left), actor=AMY, choice=APPROVE)
        run = await rest(bench, run)
    async with releases.running(SENT.replace("?')", "??')")) as bench:
        run = await recovered(bench, run)
        assert pending(run).question.text == "Right??"
        (event,) = [each for each in run.events if each.kind is EventKind.RESTARTED]
        assert event.detail["taken_back"] == []
        run = await answered(bench, run)
    assert run.result["told"] == ["Left True", "Right True"]


async def test_f16_repaired_code_asks_again_instead_of_guessing(releases: Releases) -> None:
    """After a fix Retry does not hand the old answer to code that may ask something else."""
    async with releases.running(POISONED) as bench:
        run = await start(bench)
        old = await answered(bench, run, Choice("answer", entries={"answer": "many"}))
    async with releases.running(POISONED.replace("How much?", "Delete everything?")) as bench:
        run = await answered(bench, await recovered(bench, old), Choice("retry"))
        assert pending(run).question.text == "Delete everything?"
    assert run.status is RunStatus.WAITING


async def test_f16_a_repair_cut_off_is_finished_later(releases: Releases) -> None:
    """Killed right after the fork: the next driver goes on from there, and asks once."""
    async with releases.running(POISONED) as bench:
        run = await start(bench)
        run = await answered(bench, run, Choice("answer", entries={"answer": "many"}))
        await bench.driver.desk.decide(seen(pending(run)), actor=AMY, choice=Choice("ask_again"))
        async with bench.database.transaction() as tx:
            await statements.begin_attempt(tx, pending(run).id)
        await bench.thread(run).start_over("Begun anew.", taken_back=[1])
    async with releases.running(POISONED) as bench:
        run = await recovered(bench, run)
        assert pending(run).question.text == "How much?"
        assert run.approvals[1].status is ApprovalStatus.RESUMED
        assert told(run, EventKind.RESTARTED) == ["Begun anew."]


TWO = """
def left(state):
    return {"told": [f"left {interrupt('Left?')}"]}


def right(state):
    return {"told": [f"right {interrupt('Right?')}"]}


builder = StateGraph(State).add_node("left", left).add_node("right", right)
graph = builder.add_edge(START, "left").add_edge(START, "right").compile()
"""


async def test_t05_a_branch_that_was_cut_off_at_its_new_beginning_goes_on(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision on its way is void, the database was away for one of the branches: both ask again at once."""
    async with releases.running(TWO) as bench:
        run = await start(bench)
        await bench.driver.desk.decide(seen(run.approvals[0]), actor=AMY, choice=APPROVE)
    async with releases.running(TWO.replace("left {", "Left {").replace("right {", "Right {")) as bench:
        with away_for(monkeypatch, lambda _, writes: "Left?" in str(writes)):
            await recovered(bench, run)
        run = await recovered(bench, run)
        asked = [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING]
        assert sorted(asked) == ["Left?", "Right?"]
