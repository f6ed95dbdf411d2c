"""What nodes may do beside asking plainly: memories, tasks, handlers, time limits, questions of other kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine import ApprovalStatus, Choice, EventKind, RunStatus, RunView, StoreError
from engine.checkpointing.store import CheckpointStore
from engine.database import Database
from engine.settling import NOT_KNOWN
from tests.engine.desk_driver import (
    AMY,
    BEN,
    REJECT,
    Bench,
    dying_unsettled,
    edit,
    open_bench,
    seen,
    write_app,
)

HEAD = """
import asyncio
from pathlib import Path

from langgraph.errors import NodeError, NodeInterrupt
from langgraph.func import task
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

HERE = Path(__file__).parent


class State(TypedDict, total=False):
    x: str
    y: str


def happened(what):
    with (HERE / "sink").open("a") as sink:
        sink.write(f"{what}\\n")


def graph(*nodes, **more):
    builder = StateGraph(State).add_sequence([(node.__name__, node) for node in nodes])
    return builder.add_edge(START, nodes[0].__name__).compile(**more)
"""
RULES = """
[defaults]
channel = "#approvals"
approvers = { users = ["U0AMY"] }
"""
LEVELS = """
[[workflows.flow.levels]]
when = { x = "big" }
required_approvals = 2
approvers = { users = ["U0BEN", "U0DORA"] }
"""


class Lab:
    """Apps of one graph, `flow`, on one database, each opened as after a restart."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url

    def running(self, source: str, *, rules: str = RULES):  # type: ignore[no-untyped-def]
        """Start an engine on this source."""
        app = write_app(self._folder, HEAD + source, names=("flow",), rules=rules)
        return open_bench(self._url, app=app)

    @property
    def sink(self) -> list[str]:
        """What happened outside."""
        path = self._folder / "sink"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def lab(tmp_path: Path, database_url: str) -> Lab:
    """Once on SQLite and once on PostgreSQL."""
    return Lab(tmp_path, database_url)


def asked(run: RunView) -> list[str]:
    return [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING]


def kinds(run: RunView) -> list[EventKind]:
    return [event.kind for event in run.events]


# -- graphs with a memory of their own ---------------------------------------------------------------------------

MEMORY = """
async def pays(state):
    said = interrupt("Pay Bob?")
    if (HERE / "down").exists():
        raise ConnectionError("down")
    happened(f"paid Bob {said}")
    return {"x": str(said)}


remembers = graph(pays, checkpointer=True)
flow = StateGraph(State).add_node("inner", remembers).add_edge(START, "inner").compile()
"""
DEEP = """
outer = StateGraph(State).add_node("deep", remembers).add_edge(START, "deep").compile(checkpointer=True)
flow = """
DEEP = MEMORY.replace("flow = ", DEEP).replace('"inner", remembers', '"inner", outer')


@pytest.mark.parametrize("is_decided", [False, True], ids=["pending", "decided"])
async def test_t05_what_a_graph_with_a_memory_asks_is_asked_anew_once(lab: Lab, is_decided: bool) -> None:
    """It keeps its id over a new release: the old card counts no more, and the new one is answered as any."""
    async with lab.running(MEMORY) as bench:
        run = await bench.begun("flow")
        if is_decided:
            await bench.driver.desk.decide(seen(run.approvals[0]), actor=AMY, choice=Choice("approve"))
    async with lab.running(MEMORY.replace("paid Bob", "paid Rob")) as bench:
        for _ in range(3):
            run = await bench.driven(run)
        assert asked(run) == ["Pay Bob?"]
        assert kinds(run).count(EventKind.RESTARTED) == 1
        assert (run.approvals[0].revision, lab.sink) == (2, [])
        run = await bench.decided(run, "Pay")
    assert (run.status, lab.sink) == (RunStatus.FINISHED, ["paid Rob True"])


@pytest.mark.parametrize("source", [MEMORY, DEEP], ids=["one", "one inside another"])
async def test_t05_an_answer_that_a_memory_keeps_reaches_no_other_question(
    lab: Lab, source: str, tmp_path: Path
) -> None:
    """After a failure and a release that asks something else the run ends, and says how to go on."""
    async with lab.running(source) as bench:
        run = await bench.begun("flow")
        (tmp_path / "down").touch()
        run = await bench.decided(run, "Pay")
    (tmp_path / "down").unlink()
    async with lab.running(source.replace("Pay Bob?", "Pay Eve?").replace("paid Bob", "paid Eve")) as bench:
        run = await bench.decided(run, "pays failed", Choice("retry"))
    assert (run.status, lab.sink) == (RunStatus.FAILED, [])
    assert "keeps its answers" in str(run.error)


BESIDE = (
    MEMORY.replace("flow = ", "builder = ").replace(".compile()\n", "\n")
    + """

def other(state):
    return {"y": str(interrupt("Other?"))}


flow = builder.add_node("other", other).add_edge(START, "other").compile()
"""
)
BESIDE = BESIDE.replace('START, "inner").compile()', 'START, "inner")')


async def test_t05_a_question_that_outlives_a_new_beginning_belongs_to_it(lab: Lab, tmp_path: Path) -> None:
    """A release of the node beside it, a failure, and a release that asks something else: no answer is used again."""
    async with lab.running(BESIDE) as bench:
        run = await bench.begun("flow")
    changed = BESIDE.replace('"Other?"', '"Other, really?"')
    async with lab.running(changed) as bench:
        await bench.driven(run)
        (tmp_path / "down").touch()
        run = await bench.decided(await bench.driven(run), "Pay")
        (tmp_path / "down").unlink()
        (card,) = [each for each in run.approvals if each.question.text == "pays failed. Try again?"]
        assert "ask_again" in [option.name for option in card.question.options]
    changed = changed.replace("Pay Bob?", "Pay Eve?").replace("paid Bob", "paid Eve")
    async with lab.running(changed) as bench:
        run = await bench.decided(await bench.driven(run), "pays failed", Choice("retry"))
    assert (run.status, lab.sink) == (RunStatus.FAILED, [])


async def test_t05_what_such_a_question_was_answered_is_told_as_taken(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked before the new beginning and answered after it, by a process that dies before it is written down."""

    async with lab.running(BESIDE) as bench:
        run = await bench.begun("flow")
    async with lab.running(BESIDE.replace('"Other?"', '"Other, really?"')) as bench:
        run = await bench.driven(await bench.driven(run))
        with dying_unsettled(monkeypatch):
            await bench.decided(run, "Pay")
        run = await bench.driven(run)
    (card,) = [each for each in run.approvals if each.question.text == "Pay Bob?"]
    assert (card.status, lab.sink) == (ApprovalStatus.RESUMED, ["paid Bob True"])


async def test_t05_what_a_dead_release_asked_is_not_taken_for_todays(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, a death before it is written down, and a release: the step begins anew, by what it asks now."""
    source = MEMORY.replace("flow = ", "unused = ") + "\n\nflow = graph(pays)\n"

    async with lab.running(source) as bench:
        run = await bench.begun("flow")
        (tmp_path / "down").touch()
        run = await bench.decided(run, "Pay")
        (tmp_path / "down").unlink()
        with dying_unsettled(monkeypatch):
            await bench.decided(run, "pays failed", Choice("ask_again"))
    async with lab.running(source.replace("Bob", "Eve")) as bench:
        run = await bench.driven(await bench.driven(run))
        assert asked(run) == ["Pay Eve?"]
    assert lab.sink == []


WITHOUT = """
async def asks(state):
    return {"x": str(interrupt("One?"))}


def adds(state):
    return {"y": "added"}


asking = graph(asks, checkpointer=False)
adding = graph(adds, checkpointer=False)


async def calls(state):
    return await adding.ainvoke({"x": state["x"]})


builder = StateGraph(State).add_node("asking", asking).add_node("adding", adding).add_node("calls", calls)
builder.add_edge(START, "asking").add_edge("asking", "adding").add_edge("adding", "calls")
flow = builder.compile()
"""


async def test_graphs_without_checkpoints_run_inside_others(lab: Lab) -> None:
    """As a node such a graph may ask as any; one that a node calls runs, and keeps nothing."""
    async with lab.running(WITHOUT) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
    assert (run.status, run.result["x"], run.result["y"]) == (RunStatus.FINISHED, "True", "added")


# -- questions of other kinds ------------------------------------------------------------------------------------

ALWAYS = """
def waits(state):
    if not (HERE / "ready").exists():
        raise NodeInterrupt("Ready?")
    return {"x": "done"}


flow = graph(waits)
"""


@pytest.mark.filterwarnings("ignore:NodeInterrupt is deprecated")
async def test_a_node_that_asks_whatever_was_answered_asks_people_each_time(lab: Lab, tmp_path: Path) -> None:
    """NodeInterrupt takes no answer: it is asked again until it asks no more, and no answer is used twice."""
    async with lab.running(ALWAYS) as bench:
        run = await bench.decided(await bench.begun("flow"), "Ready?")
        assert (asked(run), run.approvals[0].revision) == (["Ready?"], 2)
        assert EventKind.RESENT not in kinds(run)
        (tmp_path / "ready").touch()
        run = await bench.decided(run, "Ready?")
    assert run.status is RunStatus.FINISHED


TASKS = """
async def asks(state):
    return {"x": f"{interrupt('One?')} {interrupt('Two?')}"}


inner = graph(asks)


@task
async def asks_too():
    return interrupt("Task?")


async def calls(state):
    found, said = await asyncio.gather(inner.ainvoke({"y": ""}), asks_too())
    return {"x": f"{found['x']} {said}"}


flow = graph(calls)
"""


@pytest.mark.parametrize("is_first", [True, False])
async def test_a_task_asks_beside_a_graph_in_one_node(lab: Lab, is_first: bool) -> None:
    """Whichever comes first, each of the three questions is asked, once."""
    source = (
        TASKS
        if is_first
        else TASKS.replace("asks_too())\n", "later())\n").replace(
            "async def calls",
            "async def later():\n    await asyncio.sleep(0.1)\n    return await asks_too()\n\n\nasync def calls",
        )
    )
    async with lab.running(source) as bench:
        run = await bench.begun("flow")
        for _ in range(20):
            if run.status is RunStatus.WAITING:
                texts = asked(run)
                run = await (bench.decided(run, texts[0]) if texts else bench.swept(run))
    assert run.result["x"] == "True True True"
    assert [each.status for each in run.approvals] == [ApprovalStatus.RESUMED] * 3


# -- errors ------------------------------------------------------------------------------------------------------

HANDLED = """
def fails(state):
    interrupt("One?")
    happened("ran")
    raise ValueError("x")


def handles(state, error: NodeError):
    happened("handled")
    return {"x": "handled"}


def beside(state):
    return {"y": str(interrupt("Beside?"))}


builder = StateGraph(State).add_node("fails", fails, error_handler=handles).add_node("beside", beside)
flow = builder.add_edge(START, "fails").add_edge(START, "beside").compile()
"""


async def test_an_error_that_is_handled_is_nobodys_business(lab: Lab) -> None:
    """The node is not tried again, nobody is asked about it, and the question beside it is answered as any."""
    async with lab.running(HANDLED) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
        assert asked(run) == ["Beside?"]
        run = await bench.decided(run, "Beside?")
    assert (run.status, run.result["x"], run.result["y"]) == (RunStatus.FINISHED, "handled", "True")
    assert lab.sink.count("ran") == 1


async def test_a_handler_that_was_cut_off_goes_on(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is away once the handler has run: it runs again, and the node that failed does not."""
    write = CheckpointStore.write

    def away(self: CheckpointStore, *given: object, **more: object) -> object:
        if "handled" not in lab.sink:
            return write(self, *given, **more)  # type: ignore[arg-type]
        raise StoreError("away")

    async with lab.running(HANDLED) as bench:
        run = await bench.begun("flow")
        with monkeypatch.context() as patched:
            patched.setattr(CheckpointStore, "write", away)
            with pytest.raises(StoreError):
                await bench.decided(run, "One?")
        run = await bench.driven(run)
        run = await bench.decided(run, "Beside?")
    assert (run.status, run.result["x"], lab.sink.count("ran")) == (RunStatus.FINISHED, "handled", 1)


async def test_a_handler_that_raises_is_asked_about(lab: Lab) -> None:
    """What it takes care of is not; a Retry runs the handler."""
    source = HANDLED.replace(
        '    happened("handled")\n',
        """    happened("handled")
    if len((HERE / "sink").read_text().splitlines()) < 3:
        raise ValueError("y")
""",
    )
    async with lab.running(source) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
        assert any("failed" in text for text in asked(run))
        run = await bench.decided(run, "fails failed", Choice("retry"))
        run = await bench.decided(run, "Beside?")
    assert (run.status, lab.sink.count("ran")) == (RunStatus.FINISHED, 1)


async def test_f16_a_step_that_begins_anew_runs_no_node_again_whose_error_was_handled(lab: Lab) -> None:
    """What the node did before it raised is done; a release changes the node beside it."""
    async with lab.running(HANDLED) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
    async with lab.running(HANDLED.replace("Beside?", "Beside, really?")) as bench:
        run = await bench.decided(await bench.driven(run), "Beside")
    assert (run.status, run.result["x"], lab.sink.count("ran")) == (RunStatus.FINISHED, "handled", 1)


async def test_an_error_inside_a_graph_that_is_handled_is_nobodys_business(lab: Lab) -> None:
    """The node with the handler is a graph: what raised inside it is told by that graph's own state."""
    source = HANDLED.replace(
        '.add_node("fails", fails, error_handler=handles)',
        '.add_node("fails", graph(fails), error_handler=handles)',
    )
    async with lab.running(source) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
        assert asked(run) == ["Beside?"]
        run = await bench.decided(run, "Beside?")
    assert (run.status, run.result["x"]) == (RunStatus.FINISHED, "handled")


async def test_a_handler_that_asks_leaves_people_with_the_error(lab: Lab) -> None:
    """LangGraph shows its question to nobody: people are asked about what it should have taken care of."""
    source = HANDLED.replace('    happened("handled")\n', '    interrupt("Handle?")\n')
    async with lab.running(source) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
        assert run.status is RunStatus.WAITING
        assert any("failed" in text for text in asked(run))


PANIC = """
class Panic(BaseException):
    pass


def pays(state):
    said = interrupt("Pay?")
    if not (HERE / "ready").exists():
        raise Panic("as a library of another language does")
    return {"x": str(said)}


flow = graph(pays)
"""


async def test_an_error_that_is_no_exception_is_asked_about(lab: Lab, tmp_path: Path) -> None:
    """It leaves the runner alone, and can be tried again as any."""
    async with lab.running(PANIC) as bench:
        run = await bench.decided(await bench.begun("flow"), "Pay?")
        assert asked(run) == ["pays failed. Try again?"]
        (tmp_path / "ready").touch()
        run = await bench.decided(run, "pays failed", Choice("retry"))
    assert (run.status, run.result["x"]) == (RunStatus.FINISHED, "True")


CALLS = """
async def asks(state):
    return {"x": str(interrupt("One?"))}


inner = graph(asks)


@task
async def asks_too():
    return str(interrupt("One?"))


async def called(state):
    return (await inner.ainvoke({"y": ""}))["x"]


async def tasked(state):
    return await asks_too()


async def pays(state):
    said = await CALLED(state)
    if said == "False":
        raise ValueError("cannot work with this")
    return {"x": said}


flow = graph(pays)
"""


@pytest.mark.parametrize("called", ["called", "tasked"])
async def test_f16_an_answer_that_something_inside_has_can_be_taken_back(lab: Lab, called: str) -> None:
    """The node cannot work with what the graph or task that it called was answered: people are asked again."""
    async with lab.running(CALLS.replace("CALLED", called)) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?", REJECT)
        assert asked(run) == ["pays failed. Try again?"]
        run = await bench.decided(run, "pays failed", Choice("ask_again"))
        assert asked(run) == ["One?"]
        run = await bench.decided(run, "One?")
    assert (run.status, run.result["x"]) == (RunStatus.FINISHED, "True")


# -- breakpoints -------------------------------------------------------------------------------------------------


async def test_nothing_is_edited_that_was_sent_already(lab: Lab) -> None:
    """A node that was sent its input does not read the state: an edit would change nothing of what it does."""
    source = """
def sends(state):
    return Command(goto=[Send("pays", {"x": state["x"]})])


def pays(state):
    return {"y": state["x"]}


builder = StateGraph(State).add_node("sends", sends, destinations=("pays",)).add_node("pays", pays)
flow = builder.add_edge(START, "sends").compile(interrupt_before=["pays"])
"""
    async with lab.running(source) as bench:
        run = await bench.begun("flow", x="5000")
        assert [option.name for option in run.approvals[0].question.options] == ["approve", "reject"]


BEFORE = """
def begins(state):
    return {"y": "begun"}


def pays(state):
    said = interrupt("Pay?")
    if state["x"] != "5":
        raise ValueError("too much")
    happened(f"paid {state['x']}")
    return {"y": "paid"}


flow = graph(begins, pays, interrupt_before=["pays"])
"""


@pytest.mark.parametrize("choice", ["ask_again", "edit_and_retry"])
async def test_a_step_that_begins_anew_passes_its_breakpoint_once(lab: Lab, choice: str) -> None:
    """People have let it pass; the edit that goes with the new beginning arrives."""
    async with lab.running(BEFORE) as bench:
        run = await bench.begun("flow", x="5000")
        run = await bench.decided(await bench.decided(run, ""), "Pay?")
    async with lab.running(BEFORE.replace('"too much"', '"by far too much"')) as bench:
        entries = {"x": "5", "y": "begun"} if choice == "edit_and_retry" else {}
        run = await bench.decided(run, "pays failed", Choice(choice, entries=entries))
        assert asked(run) == ["Pay?"]
        run = await bench.decided(run, "Pay?")
    if entries:
        assert (run.status, lab.sink) == (RunStatus.FINISHED, ["paid 5"])


# -- who decides -------------------------------------------------------------------------------------------------

LEVELLED = """
def pays(state):
    said = interrupt({"question": "Pay?", "x": state["x"]})
    SECOND
    happened(f"paid {state['x']} {said}")
    return {}


flow = graph(pays)
"""


async def test_t12_an_edit_that_asks_others_is_put_to_them(lab: Lab) -> None:
    """Amy may decide about a small one, and makes it a big one: two others decide about that."""
    async with lab.running(LEVELLED.replace("SECOND", "pass"), rules=RULES + LEVELS) as bench:
        run = await bench.decided(await bench.begun("flow", x="small"), "Pay?", edit(x="big"))
        (card,) = run.approvals
        assert (card.status, card.question.shown["x"]) == (ApprovalStatus.PENDING, "big")
        assert (card.policy.required_approvals, card.policy.users) == (2, {"U0BEN", "U0DORA"})
        await bench.driver.desk.decide(seen(card), actor=BEN, choice=Choice("approve"))
        assert (await bench.driven(run)).status is RunStatus.WAITING
    assert lab.sink == []


@pytest.mark.parametrize(
    "second",
    ['interrupt({"question": "Sure?", "x": state["x"]})', 'raise ValueError("x")'],
    ids=["question", "error"],
)
@pytest.mark.parametrize("rules", [RULES, RULES + LEVELS], ids=["one level", "two levels"])
async def test_t12_what_an_answered_question_showed_is_made_no_other_levels(
    lab: Lab, second: str, rules: str
) -> None:
    """Its answer is used again when the node runs again: nobody edits what would have asked others."""
    async with lab.running(LEVELLED.replace("SECOND", second), rules=rules) as bench:
        run = await bench.decided(await bench.begun("flow", x="small"), "Pay?")
        (card,) = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
        offered = {option.name for option in card.question.options}
        assert bool(offered & {"edit", "edit_and_retry"}) is (rules == RULES)


async def test_t12_decisions_beside_each_other_do_not_void_each_other(lab: Lab) -> None:
    """Two branches show what either may edit, and a level asks others: who approves both is asked nothing again."""
    source = """
def one(state):
    return {"y": str(interrupt({"question": "One?", "x": state["x"]}))}


def two(state):
    interrupt({"question": "Two?", "x": state["x"]})
    return {}


builder = StateGraph(State).add_node("one", one).add_node("two", two)
flow = builder.add_edge(START, "one").add_edge(START, "two").compile()
"""
    async with lab.running(source, rules=RULES + LEVELS) as bench:
        run = await bench.begun("flow", x="small")
        for card in run.approvals:
            await bench.driver.desk.decide(seen(card), actor=AMY, choice=Choice("approve"))
        run = await bench.driven(run)
    assert run.status is RunStatus.FINISHED
    assert EventKind.WITHDRAWN not in kinds(run)


async def test_t12_no_level_is_crossed_by_what_a_node_makes_of_an_edit(lab: Lab) -> None:
    """The question shows what the node makes of the state; after its answer nobody edits what that is made of."""
    source = """
def pays(state):
    size = "big" if len(state["x"]) > 3 else "small"
    said = interrupt({"question": "Pay?", "x": size})
    raise ValueError("x")


flow = graph(pays)
"""
    async with lab.running(source, rules=RULES + LEVELS) as bench:
        run = await bench.decided(await bench.begun("flow", x="100"), "Pay?")
        (card,) = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
        assert "edit_and_retry" not in [option.name for option in card.question.options]


# -- time --------------------------------------------------------------------------------------------------------


async def test_a_node_with_a_time_limit_asks_and_ends(lab: Lab) -> None:
    """LangGraph takes a limit for nodes on the event loop alone, and so for all that runs in them."""
    source = """
async def asks(state):
    return {"x": str(interrupt("One?"))}


flow = StateGraph(State).add_node("asks", asks, timeout=30).add_edge(START, "asks").compile()
"""
    async with lab.running(source) as bench:
        run = await bench.decided(await bench.begun("flow"), "One?")
    assert (run.status, run.result["x"]) == (RunStatus.FINISHED, "True")


TWO = """
def left(state):
    said = interrupt("Left?")
    happened(f"left {said}")
    return {"x": str(said)}


def right(state):
    return {"y": str(interrupt("Right?"))}


builder = StateGraph(State).add_node("left", left).add_node("right", right)
flow = builder.add_edge(START, "left").add_edge(START, "right").compile()
"""


@pytest.fixture
async def due(lab: Lab) -> AsyncIterator[Bench]:
    """Two questions with a deadline."""
    async with lab.running(TWO, rules=RULES + 'expires_after = "1h"\n') as bench:
        yield bench


async def test_t24_a_run_that_expires_tells_what_may_have_been_done(
    due: Bench, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent to the graph is not told as withdrawn for another question's deadline: it may have been done."""
    run = await due.begun("flow")

    with dying_unsettled(monkeypatch):
        await due.decided(run, "Left?")
    later = due.database.now() + timedelta(hours=2)
    monkeypatch.setattr(Database, "now", lambda _: later)
    await due.driver.desk.expire()
    run = await due.driver.desk.run(run.id)
    (withdrawn,) = [event for event in run.events if event.kind is EventKind.WITHDRAWN]
    assert (run.status, withdrawn.detail["why"]) == (RunStatus.EXPIRED, NOT_KNOWN)
    assert lab.sink == ["left True"]


async def test_t24_values_for_later_questions_end_with_the_run(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are told as dropped when the question about an error, which takes none of them, expires."""
    source = TWO.replace('said = interrupt("Left?")', 'raise ValueError("x")').replace("{said}", "")
    async with lab.running(
        source.replace("str(said)", "''"), rules=RULES + 'expires_after = "1h"\n'
    ) as bench:
        run = await bench.begun("flow")
        run = await bench.driver.desk.resume(run.id, [True, True], actor=AMY)
        later = bench.database.now() + timedelta(hours=2)
        monkeypatch.setattr(Database, "now", lambda _: later)
        await bench.driver.desk.expire()
        run = await bench.driver.desk.run(run.id)
    (dropped,) = [event for event in run.events if event.kind is EventKind.DROPPED]
    assert run.status is RunStatus.EXPIRED
    assert dropped.detail["count"] in (
        1,
        2,
    )  # one of them decides what the other node asks, if it came to that


# -- values at the limit ------------------------------------------------------------------------------------------

DEEP = """
def digs(state):
    value = "x"
    for _ in range(199):
        value = [value]
    return {"x": value}


def goes_on(state):
    return {}


flow = graph(digs, goes_on, interrupt_before=["goes_on"])
"""


async def test_a_breakpoint_whose_state_is_too_deep_to_be_shown_ends_its_run(lab: Lab) -> None:
    """It is one level deeper in what is asked than in the state; the driver would fail over it for ever."""
    async with lab.running(DEEP) as bench:
        run = await bench.begun("flow")
        assert run.status is RunStatus.FAILED
        assert "cannot be shown" in str(run.error)
