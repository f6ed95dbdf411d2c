"""A graph inside has taken an answer, and the graph around it has not heard of it: the answer is not given again.

LangGraph (1.2.22) takes a further answer with the id of a task's first question for the answer to its next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine import ApprovalStatus, Choice, EventKind, RunStatus, RunView, StoreError
from engine.checkpointing.store import CheckpointStore
from engine.settling import NOT_KNOWN
from engine.threads import Thread
from tests.engine.desk_driver import Bench, away_for, open_bench, write_app

SOURCE = """
from asyncio import gather, sleep
from pathlib import Path

from langgraph.func import task
from langgraph.graph import START, StateGraph
from langgraph.types import Command, RetryPolicy, interrupt
from typing_extensions import TypedDict

DOWN = Path(__file__).with_name("down")


class State(TypedDict, total=False):
    left: str
    right: str
    note: str


def reach(place):
    with DOWN.with_name("reached").open("a") as reached:
        reached.write("once ")
    if DOWN.exists() and DOWN.read_text() == place:
        DOWN.with_name("fell").touch()
        raise ConnectionError(f"{place} is down")


async def asks(state):
    first = interrupt("One?")
    reach("left")
    return {"left": f"{first} {interrupt('Two?')}"}


async def right(state):
    reach("right")
    return {"right": f"{interrupt('Three?')}"}


inner = StateGraph(State).add_node("asks", asks).add_edge(START, "asks").compile()


async def calls(state):
    return {"left": (await inner.ainvoke(state))["left"]}


KEPT = {"inner": inner}


async def calls_hidden(state):
    return {"left": (await KEPT["inner"].ainvoke(state))["left"]}


async def first(state):
    return {"note": str(interrupt("One?"))}


async def second(state):
    reach("left")
    return {"left": f"{state['note']} {interrupt('Two?')}"}


async def asks_after_a_call(state):
    await quick.ainvoke({})
    return {"right": str(interrupt("Three?"))}


async def calls_twice(state):
    reach("twice")
    got = [(await inner.ainvoke({}))["left"] for _ in range(2)]
    return {"left": f"{got} {interrupt('Own?')}"}


@task
async def part(number):
    return f"{interrupt(f'Part {number}?')} {interrupt(f'Rest {number}?')}"


async def in_parts(state):
    return {"left": str([await part(1), await part(2)])}


async def retried(state):
    got = (await inner.ainvoke(state))["left"]
    if not DOWN.exists():
        DOWN.write_text("once")
        raise ConnectionError("once")
    return {"left": got}


async def hands_off(state):
    answer = interrupt("One?")
    return Command(graph=Command.PARENT, goto="after", update={"left": str(answer)})


async def asks_and_works(state):
    answer = interrupt("One?")
    await sleep(0.3)
    return {"left": str(answer)}


async def asks_two(state):
    return {"right": str(interrupt("Two?"))}


working = StateGraph(State).add_node("works", asks_and_works).add_edge(START, "works").compile()
other = StateGraph(State).add_node("two", asks_two).add_edge(START, "two").compile()


async def gathers(state):
    one, two = await gather(working.ainvoke({}), other.ainvoke({}))
    return {"left": one["left"], "right": two["right"]}


async def asks_unless_told(state):
    return {} if state.get("note") == "skip" else {"left": str(interrupt("One?"))}


async def raises(state):
    raise ConnectionError("down")


broken = StateGraph(State).add_node("raises", raises).add_edge(START, "raises").compile()


async def catches(state):
    try:
        await broken.ainvoke({})
    except ConnectionError:
        return {"left": str(interrupt("One?"))}


async def done(state):
    await sleep(0)
    return {"right": "done"}


async def slow(state):
    answer = interrupt("One?")
    await sleep(10)
    return {"left": str(answer)}


nested = StateGraph(State).add_node("outer", inner).add_edge(START, "outer")
deep = StateGraph(State).add_node("outer", nested.compile()).add_edge(START, "outer")
called = StateGraph(State).add_node("outer", calls).add_edge(START, "outer")
beside = (
    StateGraph(State).add_node("outer", calls).add_node("right", right)
    .add_edge(START, "outer").add_edge(START, "right")
)
quick = StateGraph(State).add_node("done", done).add_edge(START, "done").compile()
inner_steps = StateGraph(State).add_sequence([("first", first), ("asks", second)]).add_edge(START, "first")
steps = StateGraph(State).add_node("outer", inner_steps.compile()).add_edge(START, "outer")
inner_own = (
    StateGraph(State).add_node("asks", asks).add_node("own", asks_after_a_call)
    .add_edge(START, "asks").add_edge(START, "own")
)
own = StateGraph(State).add_node("outer", inner_own.compile()).add_edge(START, "outer")
hidden = StateGraph(State).add_node("outer", calls_hidden).add_edge(START, "outer")
twice = StateGraph(State).add_node("outer", calls_twice).add_edge(START, "outer")
parts = StateGraph(State).add_node("outer", in_parts).add_edge(START, "outer")
policy = RetryPolicy(initial_interval=0.001, jitter=False)
again = StateGraph(State).add_node("outer", retried, retry_policy=policy).add_edge(START, "outer")
handing = StateGraph(State).add_node("hands_off", hands_off).add_edge(START, "hands_off").compile()
handed = (
    StateGraph(State).add_node("outer", handing, destinations=("after",)).add_node("after", done)
    .add_edge(START, "outer")
)
skips = (
    StateGraph(State).add_node("outer", asks_unless_told).add_node("right", right)
    .add_edge(START, "outer").add_edge(START, "right")
)
gathered = StateGraph(State).add_node("outer", gathers).add_edge(START, "outer")
caught = StateGraph(State).add_node("outer", catches).add_edge(START, "outer")
cancelled = (
    StateGraph(State).add_node("left", slow).add_node("right", right)
    .add_edge(START, "left").add_edge(START, "right")
)
"""
GRAPHS = (
    "nested",
    "deep",
    "called",
    "beside",
    "hidden",
    "steps",
    "own",
    "twice",
    "parts",
    "again",
    "handed",
    "gathered",
    "caught",
    "skips",
    "cancelled",
)
NAMES = GRAPHS[:4]
DOWN = {"nested": "left", "deep": "left", "called": "left", "beside": "right"}


@pytest.fixture
async def bench(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    """An engine driven by hand, once on SQLite and once on PostgreSQL."""
    async with open_bench(database_url, app=write_app(tmp_path, SOURCE, names=GRAPHS)) as bench:
        yield bench


async def taken(bench: Bench, workflow: str, monkeypatch: pytest.MonkeyPatch) -> RunView:
    """Answer the first question so that the database is away when the graphs around it write what is asked now."""
    run = await bench.begun(workflow)
    is_deep = workflow == "deep"
    with away_for(monkeypatch, lambda namespace, _: not namespace or (is_deep and "|" not in namespace)):
        await bench.decided(run, "One?")
    return await bench.driver.desk.run(run.id)


def asked(run: RunView) -> dict[str, str]:
    """Tell how each question stands by its text."""
    return {each.question.text: each.status.value for each in run.approvals}


@pytest.mark.parametrize("workflow", NAMES)
async def test_what_a_graph_inside_has_taken_answers_nothing_else(
    bench: Bench, workflow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not something fails when the run goes on, the second question waits for its own answer."""
    run = await bench.driven(await taken(bench, workflow, monkeypatch))
    assert asked(run)["One?"] == "resumed"
    assert asked(run)["Two?"] == "pending"


@pytest.mark.parametrize("workflow", NAMES)
async def test_beside_an_error_a_decision_waits_and_is_not_sent_again(
    bench: Bench, workflow: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """First people say what to do about the error; then the second question is asked, and nothing was its answer."""
    run = await taken(bench, workflow, monkeypatch)
    (tmp_path / "down").write_text(DOWN[workflow])
    run = await bench.driven(run)
    assert "Two?" not in asked(run)
    assert run.status is RunStatus.WAITING
    (tmp_path / "down").unlink()
    failed = "right failed" if workflow == "beside" else "asks failed"
    run = await bench.decided(run, failed, Choice("retry"))
    assert asked(run)["One?"] == "resumed"
    assert asked(run)["Two?"] == "pending"
    run = await bench.decided(run, "Two?", Choice("reject", reason="No"))
    if workflow == "beside":
        run = await bench.decided(run, "Three?")
    assert (run.status, (run.result or {})["left"]) == (RunStatus.FINISHED, "True False")


@contextmanager
def answer_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, after: Path) -> Iterator[None]:
    """Let the database's answer to a checkpointer's write be lost, the first one once the file is there."""
    saver: Any = bench.app.workflows["called"].graph.checkpointer
    lane = saver._store._lane
    write = lane.write

    def strike() -> None:
        if after.exists():
            after.unlink()
            raise StoreError("away")

    async def failing(*given: Any, **more: Any) -> None:
        await write(*given, **more)
        strike()

    with monkeypatch.context() as patched:
        patched.setattr(lane, "write", failing)
        yield


@pytest.mark.parametrize("is_up_again", [True, False])
@pytest.mark.parametrize("workflow", ["nested", "deep", "called", "hidden"])
async def test_an_error_that_the_graph_around_never_heard_of_loses_no_answer(
    bench: Bench, workflow: str, is_up_again: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A node inside fails before it comes to its second question again, and its graph's error is not stored.

    People are asked about the error if LangGraph shows the graph; the second answer is given and told once.
    """
    run = await bench.decided(await bench.begun(workflow), "One?")
    (tmp_path / "down").write_text("left")
    with answer_lost(bench, monkeypatch, after=tmp_path / "fell"), pytest.raises(StoreError, match="away"):
        await bench.decided(run, "Two?", Choice("reject", reason="No"))
    if is_up_again:
        (tmp_path / "down").unlink()
    run = await bench.driven(run)
    if not (is_up_again and workflow == "hidden"):
        (tmp_path / "down").unlink(missing_ok=True)
        failed = "outer failed" if workflow == "hidden" else "asks failed"
        run = await bench.decided(run, failed, Choice("retry"))
    assert (run.status, (run.result or {})["left"]) == (RunStatus.FINISHED, "True False")
    assert [each.question.text for each in run.approvals if each.question.dialect != "failure"] == [
        "One?",
        "Two?",
    ]
    assert [event.kind for event in run.events].count(EventKind.ASKED_ANEW) == 0


@pytest.mark.parametrize(("workflow", "texts"), [("steps", ["One?"]), ("own", ["One?", "Two?"])])
async def test_what_failed_inside_runs_again_only_when_somebody_wants_it(
    bench: Bench, workflow: str, texts: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also where the node around it repeats an earlier step's question, or one beside it has called a graph."""
    run = await bench.begun(workflow)
    for text in texts[:-1]:
        run = await bench.decided(run, text)
    (tmp_path / "down").write_text("left")
    with answer_lost(bench, monkeypatch, after=tmp_path / "fell"), pytest.raises(StoreError, match="away"):
        await bench.decided(run, texts[-1])
    times = (tmp_path / "reached").read_text()
    (tmp_path / "down").unlink()
    run = await bench.driven(run)
    assert "asks failed. Try again?" in asked(run)
    assert (tmp_path / "reached").read_text() == times
    run = await bench.decided(run, "asks failed", Choice("retry"))
    while run.status is RunStatus.WAITING:
        (text, *_) = [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING]
        run = await bench.decided(run, text)
    assert (run.status, (run.result or {})["left"]) == (RunStatus.FINISHED, "True True")


async def never_arrived(bench: Bench, workflow: str, monkeypatch: pytest.MonkeyPatch, down: Path) -> RunView:
    """Count a sending that LangGraph never hears of, and let a node fail when the run is taken up again."""
    entries = {"note": "ask"} if workflow == "skips" else {}
    run = await bench.begun(workflow, **entries)

    async def dying(*_: Any) -> None:
        raise StoreError("away")

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "answer", dying)
        with pytest.raises(StoreError, match="away"):
            await bench.decided(run, "One?")
    down.write_text("right")  # noqa: ASYNC240
    return await bench.driven(run)


async def test_a_decision_that_was_put_off_ends_with_its_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who gives the run up leaves no decision that waits for ever: the audit trail says that nobody knows."""
    run = await never_arrived(bench, "beside", monkeypatch, tmp_path / "down")
    assert asked(run)["One?"] == "decided"
    run = await bench.decided(run, "right failed", Choice("stop", reason="Not today"))
    assert run.status is RunStatus.FAILED
    assert asked(run)["One?"] == "withdrawn"
    assert NOT_KNOWN in [event.detail.get("why") for event in run.events]


async def test_a_decision_that_was_put_off_goes_out_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once the error is settled, the graph gets what it never had."""
    run = await never_arrived(bench, "beside", monkeypatch, tmp_path / "down")
    (tmp_path / "down").unlink()
    run = await bench.decided(run, "right failed", Choice("retry"))
    assert (asked(run)["One?"], asked(run)["Two?"]) == ("resumed", "pending")


async def test_a_decision_that_an_edit_has_made_needless_is_not_told_as_taken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The node does not ask after Edit and retry: whether it had the answer before, nobody knows."""
    run = await never_arrived(bench, "skips", monkeypatch, tmp_path / "down")
    (tmp_path / "down").unlink()
    run = await bench.decided(run, "right failed", Choice("edit_and_retry", entries={"note": "skip"}))
    assert asked(run)["One?"] == "withdrawn"
    assert NOT_KNOWN in [event.detail.get("why") for event in run.events]


@pytest.mark.parametrize(
    ("workflow", "texts"),
    [
        ("twice", ["One?", "Two?", "One?", "Two?", "Own?"]),
        ("parts", ["Part 1?", "Rest 1?", "Part 2?", "Rest 2?"]),
    ],
)
async def test_whoever_asks_inside_a_node_is_heard(bench: Bench, workflow: str, texts: list[str]) -> None:
    """A graph that is called a second time, a task, and the node itself after what it called: each is asked, once."""
    run = await bench.begun(workflow)
    for text in texts:
        run = await bench.decided(run, text)
    assert run.status is RunStatus.FINISHED
    assert [each.question.text for each in run.approvals] == texts


async def test_an_answer_that_nobody_took_is_told_so(bench: Bench) -> None:
    """LangGraph tries a node again and its inner graph asks anew; the next run takes the answer of the first time."""
    run = await bench.begun("again")
    for text in ("One?", "Two?"):
        run = await bench.decided(run, text)
    assert [each.question.text for each in run.approvals] == ["One?", "Two?", "One?"]
    run = await bench.decided(run, "One?", Choice("reject", reason="No"))
    assert [each.status.value for each in run.approvals] == ["resumed", "resumed", "withdrawn"]


@pytest.mark.parametrize(
    ("workflow", "texts"), [("handed", ["One?"]), ("gathered", ["One?", "Two?"]), ("caught", ["One?"])]
)
async def test_an_answer_that_was_taken_counts_however_the_node_goes_on(
    bench: Bench, workflow: str, texts: list[str]
) -> None:
    """By a hand-off to the graph around, beside another question, after an error that it caught: asked once, told."""
    run = await bench.begun(workflow)
    for text in texts:
        run = await bench.decided(run, text)
    for _ in range(20):
        if run.status is RunStatus.WAITING:
            run = await bench.swept(run)
    assert run.status is RunStatus.FINISHED
    assert [each.status.value for each in run.approvals] == ["resumed"] * len(texts)
    assert [each.question.text for each in run.approvals] == texts


async def test_what_a_cancelled_node_had_is_stored_before_the_thread_is_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The answer of a node that LangGraph cancels is neither shown as asked nor told as lost, if it comes late."""
    run = await bench.begun("cancelled")
    (tmp_path / "down").write_text("right")
    known, calls = CheckpointStore.known, count()

    async def late(self: CheckpointStore, *given: Any) -> Any:
        if next(calls) > 0:  # the first is of the node that raises, and LangGraph waits for it
            await asyncio.sleep(0.05)
        return await known(self, *given)

    monkeypatch.setattr(CheckpointStore, "known", late)
    run = await bench.decided(run, "One?")
    told = [event.kind for event in run.events if event.approval_id == run.approvals[0].id]
    assert told == [EventKind.ASKED, EventKind.DECIDED, EventKind.RESUMED]
    assert [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING] == [
        "right failed. Try again?"
    ]
