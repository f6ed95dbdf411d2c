"""A node that raises asks people: again, again with an edit, or stop; cut off anywhere, no edit happens twice."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine import (
    ApprovalStatus,
    ApprovalView,
    Choice,
    NotAllowed,
    RunStatus,
    RunView,
    StoreError,
    UnknownOption,
    entries,
)
from tests.engine.desk_driver import AMY, APPROVE, BEN, RITA, Bench, open_bench, seen
from tests.engine.test_shapes import SHAPES, FailingDatabase, _memory, told

RETRY, STOP = Choice("retry"), Choice("stop", reason="Not today")
ERROR = "ConnectionError('no answer for 5')"


def mend_by_edit(amount: str = "12") -> Choice:
    return Choice("edit_and_retry", entries={"amount": amount})


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """An engine driven by hand, once on SQLite and once on PostgreSQL."""
    async with open_bench(database_url, app=SHAPES) as bench:
        yield bench


async def begun(bench: Bench, workflow: str, folder: Path, *, amount: str = "5", key: str = "k") -> RunView:
    """Start a run and drive it to its first rest."""
    known = {field.name for field in bench.driver.desk.workflows[workflow].form.fields}
    given = {"amount": amount, "draft": str(folder)}
    filled_in = {name: value for name, value in given.items() if name in known}
    run = await bench.driver.desk.start(workflow, entries=filled_in, actor=RITA, request_key=key)
    return await rest(bench, run)


async def rest(bench: Bench, run: RunView) -> RunView:
    await bench.runner.advance(run.id)
    return await bench.driver.desk.run(run.id)


async def decided(bench: Bench, run: RunView, choice: Choice, *, number: int = -1) -> RunView:
    """Decide the newest pending question, or another one, and drive the run to its rest."""
    pending = [approval for approval in run.approvals if approval.status is ApprovalStatus.PENDING]
    await bench.driver.desk.decide(seen(pending[number]), actor=AMY, choice=filled(pending[number], choice))
    return await rest(bench, run)


def filled(approval: ApprovalView, choice: Choice) -> Choice:
    """Leave the fields that an edit does not name as they are."""
    form = approval.question.form
    if form is None or not choice.entries:
        return choice
    return replace(choice, entries={**entries(form), **choice.entries})


def failed(run: RunView) -> ApprovalView:
    """The question about what failed."""
    (found,) = [
        each
        for each in run.approvals
        if each.status is ApprovalStatus.PENDING and each.question.dialect == "failure"
    ]
    return found


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().split()


def kinds(run: RunView) -> list[str]:
    return [event.kind.value for event in run.events]


async def test_a_node_that_raises_is_a_question(bench: Bench, tmp_path: Path) -> None:
    """The run waits; the question says which node failed and how, and offers what can be done."""
    run = await begun(bench, "fragile", tmp_path)
    asked = failed(run)
    assert run.status is RunStatus.WAITING
    assert asked.node == "charge"
    assert asked.question.text == "charge failed. Try again?"
    assert asked.question.shown == {"node": "charge", "error": ERROR}
    assert [option.name for option in asked.question.options] == ["retry", "edit_and_retry", "stop"]
    assert asked.question.form is not None
    assert {field.name for field in asked.question.form.fields} >= {"amount", "draft"}


async def test_nobody_is_asked_about_what_was_only_cancelled(bench: Bench, tmp_path: Path) -> None:
    """LangGraph cancels what runs beside a node that raised, and keeps that as an error; a retry runs both again."""
    run = await begun(bench, "cancelled", tmp_path)
    asked = failed(run)
    assert (asked.node, asked.question.shown) == ("charge", {"node": "charge", "error": ERROR})
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    assert run.status is RunStatus.FINISHED
    assert sorted(run.result["log"]) == ["charged 5", "lingered"]


async def test_retry_goes_on_where_it_failed(bench: Bench, tmp_path: Path) -> None:
    """Once what failed is mended the node runs again, and nothing before it does."""
    run = await begun(bench, "fragile", tmp_path)
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    assert run.status is RunStatus.FINISHED
    assert run.result["log"] == ["prepared", "charged 5", "paid 5"]
    assert calls(tmp_path) == ["5", "5"]
    assert kinds(run) == ["started", "asked", "decided", "resumed", "finished"]


async def test_each_failed_retry_is_a_question_of_its_own(bench: Bench, tmp_path: Path) -> None:
    """A card that was decided cannot try again; the next error has a card of its own."""
    run = await begun(bench, "fragile", tmp_path)
    first = failed(run)
    for attempt in range(3):
        run = await decided(bench, run, RETRY)
        assert (failed(run).number, run.status) == (attempt + 2, RunStatus.WAITING)
    assert failed(run).id != first.id
    assert calls(tmp_path) == ["5"] * 4


async def test_edit_and_retry_runs_with_the_edit(bench: Bench, tmp_path: Path) -> None:
    """The node that failed runs again with the edited state, once."""
    run = await begun(bench, "fragile", tmp_path)
    run = await decided(bench, run, mend_by_edit())
    assert run.result["log"] == ["prepared", "charged 12", "paid 12"]
    assert calls(tmp_path) == ["5", "12"]
    assert run.approvals[0].decision is not None
    assert run.approvals[0].decision.after == {"amount": 12}


async def test_a_key_is_edited_once_at_one_place(bench: Bench, tmp_path: Path) -> None:
    """After an edit that did not help its key is not offered again: a second one would break the thread."""
    run = await begun(bench, "fragile", tmp_path)
    run = await decided(bench, run, mend_by_edit("7"))
    asked = failed(run)
    assert asked.question.shown == {"node": "charge", "error": "ConnectionError('no answer for 7')"}
    assert (
        "amount" not in {field.name for field in asked.question.form.fields} if asked.question.form else True
    )
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    assert run.result["log"] == ["prepared", "charged 7", "paid 7"]


async def test_stop_ends_the_run_with_the_error(bench: Bench, tmp_path: Path) -> None:
    """Nothing more runs, and the run tells what failed and where."""
    run = await decided(bench, await begun(bench, "fragile", tmp_path), STOP)
    assert (run.status, run.error) == (RunStatus.FAILED, f"charge: {ERROR}")
    assert kinds(run) == ["started", "asked", "decided", "failed"]
    assert calls(tmp_path) == ["5"]


async def test_only_approvers_decide(bench: Bench, tmp_path: Path) -> None:
    """The workflow's own policy holds, and a question about an error takes none of the usual answers."""
    run = await begun(bench, "fragile", tmp_path)
    for actor in (RITA, BEN):
        with pytest.raises(NotAllowed):
            await bench.driver.desk.decide(seen(failed(run)), actor=actor, choice=RETRY)
    with pytest.raises(UnknownOption):
        await bench.driver.desk.decide(seen(failed(run)), actor=AMY, choice=APPROVE)
    assert calls(tmp_path) == ["5"]


async def test_what_waits_beside_an_error_waits_for_it(bench: Bench, tmp_path: Path) -> None:
    """An answer to another branch is recorded, and goes out only when the error was decided: it would try again."""
    run = await begun(bench, "beside", tmp_path)
    aside = next(each for each in run.approvals if each.question.dialect != "failure")
    await bench.driver.desk.decide(seen(aside), actor=AMY, choice=APPROVE)
    run = await rest(bench, run)
    assert calls(tmp_path) == ["5"]
    bench.wakeups.woken.clear()
    await bench.driver.desk.recover()
    assert bench.wakeups.woken == []
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    assert run.status is RunStatus.FINISHED
    assert sorted(run.result["log"]) == ["aside True", "charged 5", "paid 5", "right"]
    assert calls(tmp_path) == ["5", "5"]


async def test_a_value_given_ahead_does_not_decide_about_an_error(bench: Bench, tmp_path: Path) -> None:
    """A list is for what the graph asks; it waits until people have decided what to do."""
    run = await begun(bench, "late", tmp_path)
    await bench.driver.desk.resume(run.id, ["one", "two"], actor=AMY)
    run = await rest(bench, run)
    assert failed(run).question.shown["node"] == "ask_then_charge"
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    assert run.result["log"] == ["one,two"]


async def test_an_answer_before_the_error_is_used_again(bench: Bench, tmp_path: Path) -> None:
    """A node that failed after its first question goes on to the second one, and does not ask the first again."""
    run = await begun(bench, "late", tmp_path)
    run = await decided(bench, run, APPROVE)
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    pending = [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING]
    assert pending == ["Second?"]
    run = await decided(bench, run, APPROVE)
    assert run.result["log"] == ["True,True"]


@pytest.mark.parametrize("workflow", ["broken_inside", "broken_hidden"])
async def test_an_error_inside_an_inner_graph_can_be_tried_again_and_not_edited(
    bench: Bench, tmp_path: Path, workflow: str
) -> None:
    """An edit of the outer state would not reach the inner graph, so only Retry and Stop are offered."""
    run = await begun(bench, workflow, tmp_path)
    assert [option.name for option in failed(run).question.options] == ["retry", "stop"]
    (tmp_path / "mended").touch()
    run = await decided(bench, run, RETRY)
    assert run.result["log"] == ["prepared", "charged 5"]


async def test_a_breakpoint_before_the_node_is_passed_once(bench: Bench, tmp_path: Path) -> None:
    """A retry does not ask at the breakpoint again, which people have passed."""
    run = await decided(bench, await begun(bench, "guarded", tmp_path), APPROVE)
    run = await decided(bench, run, mend_by_edit())
    assert run.result["log"] == ["prepared", "charged 12", "paid 12"]
    assert [each.question.dialect for each in run.approvals] == ["static", "failure"]


async def test_the_guides_own_retry_works(bench: Bench, tmp_path: Path) -> None:
    """A question inside `except` is asked; raising again afterwards is an error that asks, too."""
    run = await begun(bench, "retried", tmp_path)
    assert run.approvals[0].question.shown == {"error": "no answer for 5", "options": ["retry", "cancel"]}
    run = await decided(bench, run, Choice("retry"))
    assert failed(run).question.shown == {"node": "asks_in_vain", "error": ERROR}
    run = await decided(bench, run, RETRY)
    assert run.result["log"] == ["charged"]


@pytest.mark.parametrize("workflow", ["swallowed", "swallowed_far"])
async def test_a_swallowed_question_stops_the_step(bench: Bench, tmp_path: Path, workflow: str) -> None:
    """A broad `except` around the question is told as an error, and what was to wait does not run."""
    run = await begun(bench, workflow, tmp_path)
    assert run.status is RunStatus.WAITING
    assert "SwallowedInterrupt" in failed(run).question.shown["error"]
    run = await decided(bench, run, STOP)
    assert run.status is RunStatus.FAILED
    assert "paid" not in str(run.result)


async def test_a_swallowed_question_is_told_when_the_app_is_loaded(bench: Bench) -> None:
    """The problem names the file and the line; graphs that let the interrupt through have none."""
    problems = {name: view.problem for name, view in bench.driver.desk.workflows.items()}
    told_of = {name for name, problem in problems.items() if problem}
    assert told_of == {"swallowed", "swallowed_far"}
    assert "shapes.py: interrupt() in line" in (problems["swallowed"] or "")


async def test_a_question_that_is_let_through_is_asked(bench: Bench, tmp_path: Path) -> None:
    """A node that raises the interrupt again before its broad `except` is fine."""
    run = await decided(bench, await begun(bench, "let_through", tmp_path), APPROVE)
    assert run.result["log"] == [True]


async def test_a_breakpoint_after_the_last_node_asks(bench: Bench, tmp_path: Path) -> None:
    """LangGraph calls the thread finished; people are asked all the same, and Approve ends the run."""
    run = await begun(bench, "ended", tmp_path)
    (asked,) = run.approvals
    assert (run.status, asked.question.text) == (RunStatus.WAITING, "A step is done. Continue to the end?")
    run = await decided(bench, run, APPROVE)
    assert (run.status, run.result["log"]) == (RunStatus.FINISHED, ["prepared", "paid 5"])


async def test_an_edit_after_the_last_node_is_in_the_result(bench: Bench, tmp_path: Path) -> None:
    """What was edited is what the run came to."""
    run = await begun(bench, "ended", tmp_path)
    run = await decided(bench, run, Choice("edit", entries={"amount": "9"}))
    assert (run.status, run.result["amount"]) == (RunStatus.FINISHED, 9)


async def test_a_no_after_the_last_node_stops_the_run(bench: Bench, tmp_path: Path) -> None:
    """There is nothing more to run, and the run does not count as finished."""
    run = await decided(bench, await begun(bench, "ended", tmp_path), Choice("reject", reason="No"))
    assert (run.status, run.result) == (RunStatus.STOPPED, None)


async def story(bench: Bench, workflow: str, folder: Path, choices: Mapping[str, Choice]) -> RunView:
    """Start the run of a key, or go on with it, and decide by dialect whatever it asks."""
    run = await begun(bench, workflow, folder)
    for _ in range(20):
        if run.status not in (RunStatus.RUNNING, RunStatus.WAITING):
            return run
        pending = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
        if run.status is RunStatus.WAITING and pending:
            choice = choices.get(pending[0].question.dialect, APPROVE)
            await bench.driver.desk.decide(seen(pending[0]), actor=AMY, choice=filled(pending[0], choice))
        run = await rest(bench, run)
    raise AssertionError(f"no end: {run}")


STORIES: dict[str, Mapping[str, Choice]] = {
    "fragile": {"failure": mend_by_edit()},
    "guarded": {"failure": mend_by_edit()},
    "beside": {"failure": mend_by_edit()},
    "late": {"failure": mend_by_edit()},
    "ended": {"static": Choice("edit", entries={"amount": "9"})},
}


async def cut_off(folder: str, workflow: str, *, last: int | None) -> tuple[RunView, int]:
    """Tell the story on a database that fails after `last` commits, then go on with a fresh engine."""
    url, place = f"sqlite:///{folder}/{uuid4().hex}.db", Path(folder) / "place"
    place.mkdir(exist_ok=True)
    failing = FailingDatabase(url, last=last)
    async with open_bench(url, database=failing, app=SHAPES) as bench:
        failing.is_armed = True
        try:
            return await story(bench, workflow, place, STORIES[workflow]), failing.commits
        except StoreError:
            pass
        finally:
            failing.is_armed = False
    async with open_bench(url, app=SHAPES) as bench:
        run = await story(bench, workflow, place, STORIES[workflow])
        await bench.driver.desk.verify()
        return run, failing.commits


def same(run: RunView) -> Any:
    """What must be the same, whatever happened; branches side by side have no order."""
    status, error, result, questions = told(run)
    return status, error, {**result, "log": sorted(result["log"])}, sorted(questions, key=repr)


EVERY = 5
"""One commit in five is the last one, from another one on for each story: all of them take minutes."""


@pytest.mark.parametrize("workflow", STORIES)
async def test_whichever_commit_is_the_last_the_edit_happens_once(workflow: str) -> None:
    """Cut off after a commit and taken up again, the run asks the same, edits once and comes to the same."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        undisturbed, commits = await cut_off(folder, workflow, last=None)
        assert undisturbed.status is RunStatus.FINISHED
        for last in range(len(workflow) % EVERY, commits, EVERY):
            run, _ = await cut_off(folder, workflow, last=last)
            assert same(run) == same(undisturbed), f"after commit {last} of {commits}"


async def test_an_error_that_could_not_be_stored_ends_no_run(tmp_path: Path) -> None:
    """A node raises just when the database is away: nothing is known of it, so the run is driven again."""
    async with open_bench(f"sqlite:///{tmp_path}/assent.db", app=SHAPES) as bench:
        run = await bench.driver.desk.start(
            "fragile", entries={"amount": "5", "draft": str(tmp_path)}, actor=RITA, request_key="k"
        )
        saver: Any = bench.app.workflows["fragile"].graph.checkpointer
        lane, writes = saver._store._lane, saver._store._lane.write

        async def away(change: Any, *, is_alone: bool) -> None:
            if (tmp_path / "calls").exists():
                raise StoreError("The database is away.")
            await writes(change, is_alone=is_alone)

        lane.write = away
        with pytest.raises(StoreError):
            await bench.runner.advance(run.id)
        lane.write = writes
        run = await rest(bench, run)
        assert run.status is RunStatus.WAITING
        assert failed(run).question.text == "charge failed. Try again?"


async def test_a_retry_keeps_answers_that_langgraph_forgets(bench: Bench, tmp_path: Path) -> None:
    """A node that raises before it comes to its second question loses that answer: it is sent again."""
    run = await begun(bench, "twice", tmp_path)
    run = await decided(bench, run, APPROVE)
    (tmp_path / "broken").touch()
    run = await decided(bench, run, Choice("reject", reason="No"))
    assert failed(run).node == "ask_twice"
    (tmp_path / "broken").unlink()
    run = await decided(bench, run, RETRY)
    assert run.status is RunStatus.FINISHED
    assert run.result["log"] == ["True False"]
    assert [approval.revision for approval in run.approvals] == [1, 1, 1]
    assert kinds(run).count("decided") == 3
    assert "resent" in kinds(run)


async def with_a_decision_put_off(bench: Bench, folder: Path) -> RunView:
    """A run whose node failed, when it was run for another branch's answer, before it came to its own second one."""
    run = await begun(bench, "twice_beside", folder)
    first = next(each for each in run.approvals if each.question.text == "First?")
    await bench.driver.desk.decide(seen(first), actor=AMY, choice=APPROVE)
    run = await rest(bench, run)
    (folder / "broken").touch()
    waiting = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
    for each in sorted(waiting, key=lambda each: each.question.text == "Second?"):
        await bench.driver.desk.decide(seen(each), actor=AMY, choice=Choice("reject", reason="No"))
    run = await rest(bench, run)
    assert failed(run).node == "ask_twice"
    assert second(run).status is ApprovalStatus.DECIDED
    (folder / "broken").unlink()
    return run


def second(run: RunView) -> ApprovalView:
    (found,) = [each for each in run.approvals if each.question.text == "Second?"]
    return found


async def test_a_decision_outlives_a_failure_before_it_was_delivered(bench: Bench, tmp_path: Path) -> None:
    """Nobody is asked again what they have answered: on Retry the decision reaches the node that asks again."""
    run = await decided(bench, await with_a_decision_put_off(bench, tmp_path), RETRY)
    assert run.status is RunStatus.FINISHED
    assert "True False" in run.result["log"]
    assert {each.revision for each in run.approvals} == {1}
    assert "withdrawn" not in kinds(run)


@pytest.mark.parametrize("choice", [STOP, Choice("ask_again")])
async def test_a_decision_that_was_put_off_goes_with_its_step(
    bench: Bench, tmp_path: Path, choice: Choice
) -> None:
    """When people stop the run, or have the step begin anew without its answers, it reaches nobody."""
    run = await decided(bench, await with_a_decision_put_off(bench, tmp_path), choice)
    assert second(run).status is ApprovalStatus.WITHDRAWN
    pending = [each.question.text for each in run.approvals if each.status is ApprovalStatus.PENDING]
    assert ("First?" in pending) == (choice is not STOP)
