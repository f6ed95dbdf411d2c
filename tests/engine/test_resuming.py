"""Raw values given ahead: one per pause in order, or by interrupt id; checked, kept, and cut off anywhere."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine import (
    Actor,
    ApprovalStatus,
    Choice,
    EventKind,
    InvalidInput,
    NotAllowed,
    NotAsked,
    RunStatus,
    RunView,
    StoreError,
    UnknownRun,
    approvals,
)
from engine.resuming import MOST_VALUES
from tests.engine.desk_driver import AMY, APP, APPROVE, BEN, DORA, RITA, Bench, open_bench, seen, write_app
from tests.engine.test_shapes import SHAPES, FailingDatabase, _memory, told

INPUTS = {"amount": "5", "draft": "hello", "content": "one"}


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """An engine driven by hand, once on SQLite and once on PostgreSQL."""
    async with open_bench(database_url) as bench:
        yield bench


async def rest(bench: Bench, run: RunView) -> RunView:
    """Drive the run until nobody but people can go on with it."""
    for _ in range(20):
        await bench.runner.advance(run.id)
        run = await bench.driver.desk.run(run.id)
        if not any(approval.status is ApprovalStatus.DECIDED for approval in run.approvals):
            return run
    raise AssertionError(f"no rest: {run}")


def decided(run: RunView) -> list[tuple[str, str, Any]]:
    """Who decided what, in order, as the audit trail has it."""
    return [
        (event.actor_name or "", event.detail["verdict"], event.detail["after"])
        for event in run.events
        if event.kind.value == "decided"
    ]


def kinds(run: RunView) -> list[str]:
    return [event.kind.value for event in run.events]


async def test_a_list_is_one_value_per_pause(bench: Bench, tmp_path: Path) -> None:
    """The first value answers what is asked, the second waits for the next question and answers that."""
    run = await rest(bench, await bench.driver.start("effects", sink=str(tmp_path / "sink"), deaths=""))
    run = await bench.driver.desk.resume(run.id, [True, {"yes": ["and", None]}], actor=AMY)
    run = await rest(bench, run)
    assert run.status is RunStatus.FINISHED
    assert (run.result["first"], run.result["second"]) == (True, {"yes": ["and", None]})
    assert kinds(run) == ["started", "asked", "decided", "resumed", "asked", "decided", "resumed", "finished"]
    assert decided(run) == [
        ("Amy", "approve", {"value": True}),
        ("Amy", "respond", {"value": {"yes": ["and", None]}}),
    ]


async def test_a_list_of_no_is_a_no_to_each(bench: Bench) -> None:
    """A list as one answer would be truthy and approve; here its first value rejects."""
    run = await rest(bench, await bench.driver.start("expense", amount="12000"))
    run = await rest(bench, await bench.driver.desk.resume(run.id, [False, False], actor=AMY))
    assert run.result == {"amount": 12000, "status": "rejected"}
    assert decided(run) == [("Amy", "reject", {"value": False})]
    (dropped,) = [event for event in run.events if event.kind.value == "dropped"]
    assert dropped.detail == {"count": 1, "why": "The run has ended."}


async def test_values_may_come_before_the_run_has_begun(bench: Bench) -> None:
    """What is given to a run that asks nothing yet waits for its first question."""
    run = await bench.driver.start("editor", content="one")
    edit = {"type": "edit", "new_content": "two"}
    await bench.driver.desk.resume(run.id, [edit, edit | {"new_content": "three"}], actor=AMY)
    await bench.driver.desk.resume(run.id, [{"type": "approve"}], actor=BEN)
    run = await rest(bench, run)
    assert run.result == {"content": "three", "status": "approved"}
    assert [name for name, *_ in decided(run)] == ["Amy", "Amy", "Ben"]


async def test_the_next_questions_own_policy_holds(bench: Bench) -> None:
    """A manager's list does not decide for the director: it is dropped, and the director is asked."""
    run = await rest(bench, await bench.driver.start("expense", amount="12000"))
    run = await rest(bench, await bench.driver.desk.resume(run.id, [True, True], actor=AMY))
    assert run.status is RunStatus.WAITING
    assert kinds(run)[-2:] == ["asked", "dropped"]
    assert (run.events[-1].actor_name, run.events[-1].detail["count"]) == ("Amy", 1)
    assert run.events[-1].detail["why"] == NotAllowed.__doc__
    (director,) = await bench.driver.asked(run)
    await bench.driver.desk.decide(seen(director), actor=DORA, choice=APPROVE)
    assert (await rest(bench, run)).result["status"] == "approved"


@pytest.mark.parametrize("actor", [RITA, replace(AMY, barred="This account is deactivated.")])
async def test_who_may_not_decide_gives_no_values(bench: Bench, actor: Actor) -> None:
    """The first value is refused like a click, nothing of the list is kept, and the audit trail tells."""
    run = await rest(bench, await bench.driver.start("expense", amount="12000"))
    with pytest.raises(NotAllowed):
        await bench.driver.desk.resume(run.id, [True, True], actor=actor)
    run = await rest(bench, run)
    assert kinds(run) == ["started", "asked", "refused"]
    (manager,) = await bench.driver.asked(run)
    await bench.driver.desk.decide(seen(manager), actor=AMY, choice=APPROVE)
    assert (await rest(bench, run)).status is RunStatus.WAITING


async def test_groups_hold_for_the_later_values(bench: Bench, tmp_path: Path) -> None:
    """Somebody who may decide as a member of a group may do so for every value of the list."""
    member = Actor("U0EVE", "Eve", groups=frozenset({"S0APPROVERS"}))
    run = await rest(bench, await bench.driver.start("effects", sink=str(tmp_path / "sink"), deaths=""))
    run = await rest(bench, await bench.driver.desk.resume(run.id, [1, 2], actor=member))
    assert (run.result["first"], run.result["second"]) == (1, 2)


async def test_a_breakpoint_takes_true_and_nothing_else(bench: Bench) -> None:
    """True goes on; a text, which LangGraph would take for the next question's answer, is refused."""
    run = await rest(bench, await bench.driver.start("deploy"))
    values: list[Any] = ["yes", False, {}, 1]
    for value in values:
        with pytest.raises(InvalidInput):
            await bench.driver.desk.resume(run.id, [value], actor=AMY)
    run = await rest(bench, await bench.driver.desk.resume(run.id, [True], actor=AMY))
    assert run.result == {"plan": "Execute action X", "approved": True}
    assert decided(run) == [("Amy", "approve", {"value": True})]


async def test_a_value_that_does_not_fit_leaves_the_question_to_people(bench: Bench) -> None:
    """The editor takes no yes: the value and what follows it are dropped, with a reason."""
    run = await bench.driver.start("editor", content="one")
    edit = {"type": "edit", "new_content": "two"}
    await bench.driver.desk.resume(run.id, [edit, "yes", {"type": "approve"}], actor=AMY)
    run = await rest(bench, run)
    assert run.status is RunStatus.WAITING
    assert (run.events[-1].kind.value, run.events[-1].detail["count"]) == ("dropped", 2)
    await bench.driver.decide(run)
    assert (await rest(bench, run)).result == {"content": "two", "status": "approved"}


async def test_parallel_questions_are_answered_by_id(bench: Bench) -> None:
    """Each of several pending interrupts gets its own value, whatever the order."""
    run = await rest(bench, await bench.driver.start("fan"))
    ids = {a.question.shown: await interrupt_id(bench, a.id) for a in run.approvals}
    values = {ids["Is 2 right?"]: "two", ids["Is 0 right?"]: "zero"}
    run = await rest(bench, await bench.driver.desk.resume(run.id, values, actor=AMY))
    (left,) = await bench.driver.asked(run)
    assert left.question.shown == "Is 1 right?"
    run = await rest(bench, await bench.driver.desk.resume(run.id, ["one"], actor=BEN))
    assert run.result["answers"] == [[0, "zero"], [1, "one"], [2, "two"]]


async def test_a_list_answers_parallel_questions_in_the_order_of_asking(bench: Bench) -> None:
    """One value per pause also where several pause at once."""
    run = await bench.driver.start("fan")
    await bench.driver.desk.resume(run.id, ["a", "b", "c"], actor=AMY)
    run = await rest(bench, run)
    assert run.result["answers"] == [[0, "a"], [1, "b"], [2, "c"]]


async def interrupt_id(bench: Bench, approval_id: str) -> str:
    async with bench.database.reading() as tx:
        row = await approvals.by_id(tx, approval_id)
    assert row is not None
    return str(row.interrupt_id)


async def test_t31_an_interrupt_that_is_not_pending_takes_nothing(bench: Bench) -> None:
    """One unknown id among several refuses all of them, and nothing is decided."""
    run = await rest(bench, await bench.driver.start("fan"))
    known = await interrupt_id(bench, run.approvals[0].id)
    with pytest.raises(NotAsked):
        await bench.driver.desk.resume(run.id, {known: True, "f" * 32: True}, actor=AMY)
    assert len(await bench.driver.asked(run, count=3)) == 3


async def test_the_same_request_again_is_quiet(bench: Bench, tmp_path: Path) -> None:
    """A list that is sent twice with one key answers once, also after the run has ended."""
    run = await rest(bench, await bench.driver.start("effects", sink=str(tmp_path / "sink"), deaths=""))
    for _ in range(2):
        await bench.driver.desk.resume(run.id, [1], actor=AMY, request_key="k")
    run = await rest(bench, run)
    assert len(await bench.driver.asked(run)) == 1
    await bench.driver.desk.resume(run.id, [2], actor=AMY, request_key="l")
    await rest(bench, run)
    ended = await bench.driver.desk.resume(run.id, [2], actor=AMY, request_key="l")
    assert (ended.result["first"], ended.result["second"]) == (1, 2)
    with pytest.raises(NotAsked):
        await bench.driver.desk.resume(run.id, [3], actor=AMY, request_key="m")


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    return [nested(levels - 1)] if levels else 1


@pytest.mark.parametrize("values", [[], [float("nan")], [{1: 2}], [object()], [None] * (MOST_VALUES + 1), {}])
async def test_t31_what_is_no_list_of_json_values_is_refused(bench: Bench, values: Any) -> None:
    """Bad input is told before anything is taken."""
    run = await bench.driver.start("expense", amount="12000")
    with pytest.raises(InvalidInput):
        await bench.driver.desk.resume(run.id, values, actor=AMY)


@pytest.mark.parametrize("value", ["pay \ud800 5", {"a": [2**70]}, nested(300), nested(900)])
async def test_a_value_that_cannot_be_stored_is_refused(bench: Bench, value: Any) -> None:
    """What LangGraph would change or choke on is told before anything is taken, and which value it was."""
    run = await rest(bench, await bench.driver.start("expense", amount="12000"))
    with pytest.raises(InvalidInput, match="Value 2"):
        await bench.driver.desk.resume(run.id, [True, value], actor=AMY)
    assert "decided" not in kinds(await bench.driver.desk.run(run.id))


async def test_t31_an_unknown_run_takes_no_values(bench: Bench) -> None:
    """LangGraph would start a graph with empty input for a thread that it does not know."""
    with pytest.raises(UnknownRun):
        await bench.driver.desk.resume("nobody", [True], actor=AMY)


async def test_a_question_that_changed_drops_the_values_behind(bench: Bench, tmp_path: Path) -> None:
    """When the question is another one once the value reaches it, the next value does not answer it instead."""
    mood = tmp_path / "mood"
    mood.write_text("fine")
    run = await rest(bench, await bench.driver.start("moody", mood=str(mood)))
    await bench.driver.desk.resume(run.id, ["good", "better"], actor=AMY)
    async with bench.database.transaction() as tx:  # as a driver leaves it that died right before it sent
        await approvals.begin_attempt(tx, run.approvals[0].id)
    mood.write_text("foul")
    run = await rest(bench, run)
    assert run.status is RunStatus.WAITING
    assert kinds(run)[-3:] == ["withdrawn", "dropped", "asked_anew"]


REWORDED = """
from pathlib import Path

from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

DOWN = Path(__file__).with_name("down")


class State(TypedDict, total=False):
    told: str


def asks(state):
    if DOWN.exists():
        raise ConnectionError("down")
    left = Path(__file__).with_name("left").read_text()
    return {"told": f"{interrupt(f'Wipe the disks? {left} GB are free.')} {interrupt('Tell the team?')}"}


graph = StateGraph(State).add_node("asks", asks).add_edge(START, "asks")
"""


async def test_a_value_never_answers_the_question_before_its_own(database_url: str, tmp_path: Path) -> None:
    """A question whose answer was lost is put in other words: the value behind it is not taken for its answer."""
    app = write_app(tmp_path, REWORDED, names=["graph"])
    (tmp_path / "left").write_text("31")
    async with open_bench(database_url, app=app) as bench:
        run = await bench.driver.start("graph")
        await rest(bench, run)
        (tmp_path / "down").touch()
        await bench.driver.desk.resume(run.id, [False, True], actor=AMY, request_key="r")
        run = await rest(bench, run)
        (tmp_path / "down").unlink()
        (tmp_path / "left").write_text("32")
        (failed,) = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
        await bench.driver.desk.decide(seen(failed), actor=AMY, choice=Choice("retry"))
        run = await rest(bench, run)
        assert [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING] == [
            "Wipe the disks? 32 GB are free."
        ]
        assert EventKind.DROPPED in [event.kind for event in run.events]


async def test_a_click_and_a_list_do_not_answer_twice(bench: Bench, tmp_path: Path) -> None:
    """Once somebody clicked, a list given for the same question meets the next one only."""
    run = await rest(bench, await bench.driver.start("effects", sink=str(tmp_path / "sink"), deaths=""))
    await bench.driver.desk.decide(seen(run.approvals[0]), actor=AMY, choice=Choice("approve"))
    await bench.driver.desk.resume(run.id, ["second"], actor=BEN)
    run = await rest(bench, run)
    assert (run.result["first"], run.result["second"]) == (True, "second")


STORIES: dict[str, tuple[Any, ...]] = {
    "sequence": (True, "ok"),
    "gated": (True, "left", True),
    "deep": ("a", "b"),
    "sent": ("a",),
    "editor": ({"type": "edit", "new_content": "two"}, {"type": "approve"}),
    "fan": ("a", "b", "c"),
}


async def cut_off(folder: str, workflow: str, *, last: int | None) -> tuple[RunView, int]:
    """Give all values at once on a database that fails after `last` commits, then go on with a fresh engine."""
    url = f"sqlite:///{folder}/{uuid4().hex}.db"
    app = APP if workflow in ("editor", "fan") else SHAPES
    failing = FailingDatabase(url, last=last)
    async with open_bench(url, database=failing, app=app) as bench:
        failing.is_armed = True
        try:
            return await _story(bench, workflow), failing.commits
        except StoreError:
            pass
        finally:
            failing.is_armed = False
    async with open_bench(url, app=app) as bench:
        run = await _story(bench, workflow)
        await bench.driver.desk.verify()
        return run, failing.commits


async def _story(bench: Bench, workflow: str) -> RunView:
    desk = bench.driver.desk
    fields = {field.name for field in desk.workflows[workflow].form.fields}
    entries = {name: value for name, value in INPUTS.items() if name in fields}
    run = await desk.start(workflow, entries=entries, actor=RITA, request_key="start")
    await desk.resume(run.id, list(STORIES[workflow]), actor=AMY, request_key="values")
    return await rest(bench, run)


@pytest.mark.parametrize("workflow", STORIES)
async def test_killed_between_two_values_the_story_ends_the_same(workflow: str) -> None:
    """Whichever commit is the last, each pause gets its own value, once."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        undisturbed, commits = await cut_off(folder, workflow, last=None)
        assert undisturbed.status is RunStatus.FINISHED
        assert len(decided(undisturbed)) == len(STORIES[workflow])
        for last in range(len(workflow) % 5, commits, 5):
            run, _ = await cut_off(folder, workflow, last=last)
            assert told(run) == told(undisturbed), f"after commit {last} of {commits}"
            assert decided(run) == decided(undisturbed)
