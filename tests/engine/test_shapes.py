"""Graphs put together in ways that need care, and what becomes of them when commits fail half-way."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine import (
    ApprovalStatus,
    ApprovalView,
    Choice,
    Desk,
    EventKind,
    RunStatus,
    RunView,
    StoreError,
    entries,
)
from engine.database import Begun, Database
from tests.engine.desk_driver import AMY, APPROVE, RITA, Bench, edit, open_bench, seen

SHAPES = Path(__file__).parent.parent / "shapes" / "langgraph.json"
INPUTS = {"amount": "5", "draft": "hello"}


class FailingDatabase(Database):
    """Cannot commit from the n-th time on: as if it, or the process, were gone."""

    def __init__(self, url: str, *, last: int | None) -> None:
        super().__init__(url)
        self.is_armed, self.commits, self._last = False, 0, last

    async def _commit(self, begun: Begun) -> None:
        if self.is_armed:
            self.commits += 1
            if self._last is not None and self.commits > self._last:
                raise StoreError("The database is away.")
        await super()._commit(begun)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """An engine driven by hand on SQLite."""
    async with open_bench(f"sqlite:///{tmp_path}/assent.db", app=SHAPES) as bench:
        yield bench


def choice_of(approval: ApprovalView, *, edits: bool) -> Choice:
    """Approve, or change what can be changed; answer what wants neither."""
    if approval.question.option("approve") is None:
        return Choice("answer", entries={"is_right": "true", "note": "ok"})
    form = approval.question.form
    if not edits or form is None:
        return APPROVE
    filled = {name: text for name, text in entries(form).items() if text is not None}
    for field in form.fields:
        if field.name in ("amount", "draft"):
            return edit(**{**filled, field.name: filled[field.name] + "1"})
    return APPROVE


async def story(bench: Bench, workflow: str, *, key: str, edits: bool = False) -> RunView:
    """Start the run of `key`, or go on with it, and answer whatever it asks until it has ended."""
    desk: Desk = bench.driver.desk
    known = {field.name for field in desk.workflows[workflow].form.fields}
    given = {name: value for name, value in INPUTS.items() if name in known}
    run = await desk.start(workflow, entries=given, actor=RITA, request_key=key)
    for _ in range(20):
        run = await desk.run(run.id)
        if run.status not in (RunStatus.RUNNING, RunStatus.WAITING):
            return run
        pending = [a for a in run.approvals if a.status is ApprovalStatus.PENDING]
        is_undelivered = any(a.status is ApprovalStatus.DECIDED for a in run.approvals)
        if is_undelivered or run.status is RunStatus.RUNNING:
            await bench.runner.advance(run.id)
        else:
            await desk.decide(seen(pending[0]), actor=AMY, choice=choice_of(pending[0], edits=edits))
    raise AssertionError(f"no end: {run}")


def told(run: RunView) -> Any:
    """What must be the same, whatever happened on the way."""
    questions = [
        (a.question.shown, a.status, a.decision and (a.decision.verdict, dict(a.decision.after)))
        for a in run.approvals
    ]
    return run.status, run.error, run.result, questions


async def disturbed(folder: str, workflow: str, *, edits: bool, last: int | None) -> tuple[RunView, int]:
    """Tell the story on a database that fails after `last` commits, then go on with a fresh engine."""
    url, key = f"sqlite:///{folder}/{uuid4().hex}.db", "request"
    failing = FailingDatabase(url, last=last)
    async with open_bench(url, database=failing, app=SHAPES) as bench:
        failing.is_armed = True
        try:
            return await story(bench, workflow, key=key, edits=edits), failing.commits
        except StoreError:
            pass
        finally:
            failing.is_armed = False
    async with open_bench(url, app=SHAPES) as bench:
        run = await story(bench, workflow, key=key, edits=edits)
        await bench.driver.desk.verify()
        return run, failing.commits


@pytest.mark.parametrize(
    ("workflow", "edits"), [("sequence", True), ("gated", True), ("deep", False), ("bound", True)]
)
async def test_whichever_commit_is_the_last_the_story_ends_the_same(workflow: str, edits: bool) -> None:
    """Cut off after a commit and taken up again, a run asks the same, and comes to the same.

    Every third commit is tried, beginning with another one for each graph.
    """
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        undisturbed, commits = await disturbed(folder, workflow, edits=edits, last=None)
        for last in range(len(workflow) % 3, commits, 3):
            run, _ = await disturbed(folder, workflow, edits=edits, last=last)
            assert told(run) == told(undisturbed), f"after commit {last} of {commits}"


def _memory() -> str | None:
    """Hundreds of databases need no disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


async def test_a_breakpoint_inside_an_inner_graph_is_refused_at_load(bench: Bench) -> None:
    """LangGraph tells of such a stop to nobody, so the graph is not loaded, and the reason says what to do."""
    reason = bench.driver.desk.broken["stopping"]
    assert "inner" in reason
    assert "interrupt()" in reason


async def test_a_breakpoint_that_cannot_be_seen_is_not_passed(bench: Bench) -> None:
    """A stop in a graph that a node calls ends the run with a sentence; what lies behind it does not run."""
    run = await story(bench, "hidden_stop", key="1")
    assert run.status is RunStatus.FAILED or run.result.get("log") in ([], None)
    assert "paid" not in str(run.result)


@pytest.mark.parametrize("workflow", ["sent", "hidden", "deep"])
async def test_an_edit_that_would_reach_nothing_is_not_offered(bench: Bench, workflow: str) -> None:
    """A node that does not read the root's state is asked for a yes or no only."""
    run = await story(bench, workflow, key="1", edits=True)
    assert all(approval.question.form is None for approval in run.approvals)
    assert run.status is RunStatus.FINISHED


async def test_a_schema_is_filled_in_and_the_graph_takes_it(bench: Bench) -> None:
    """A question with a schema is answered with what was filled in, validated by the graph's own type."""
    run = await story(bench, "schema", key="1")
    assert run.result["log"] == ["is_right=True note='ok'"]
    (approval,) = run.approvals
    assert approval.question.schema is not None
    assert approval.decision is not None
    assert (approval.decision.option, approval.decision.before) == ("answer", {})
    assert approval.decision.after == {"is_right": True, "note": "ok"}


async def test_a_schema_that_is_none_is_told_in_a_sentence(bench: Bench) -> None:
    """Nobody can answer a question whose schema cannot be used, so the run says what is wrong with it."""
    run = await story(bench, "odd_schema", key="1")
    assert run.status is RunStatus.FAILED
    assert "response_schema cannot be used" in str(run.error)
    assert run.approvals == ()


@pytest.mark.parametrize(("draft", "end"), [("hello", "edit hello"), ("bye", "edit bye")])
async def test_the_word_edit_arrives_with_or_without_a_change(bench: Bench, draft: str, end: str) -> None:
    """A graph that has "edit" among its options gets the bare word, and its state as people left it."""
    desk = bench.driver.desk
    given = entries(desk.workflows["words"].form) | INPUTS
    run = await desk.start("words", entries=given, actor=RITA, request_key="1")
    await bench.runner.advance(run.id)
    (approval,) = (await desk.run(run.id)).approvals
    await desk.decide(seen(approval), actor=AMY, choice=edit(draft=draft))
    await bench.runner.advance(run.id)
    assert (await desk.run(run.id)).result["log"] == [end]


async def test_an_approval_is_bound_through_an_edit(bench: Bench) -> None:
    """An edited question of approval() is approved as edited, and not asked again."""
    run = await story(bench, "bound", key="1", edits=True)
    assert run.result["log"] == ["edit 51"]
    assert len(run.approvals) == 1


async def test_an_answer_that_only_the_graph_refuses_is_asked_again(bench: Bench) -> None:
    """What fits the schema and not the type's own validators is not taken; people read why and answer anew."""
    desk = bench.driver.desk
    run = await desk.start("picky", entries={}, actor=RITA, request_key="1")
    for note in ("quiet", "LOUD"):
        await bench.runner.advance(run.id)
        (asked,) = (await desk.run(run.id)).approvals
        assert asked.status is ApprovalStatus.PENDING
        await desk.decide(
            seen(asked), actor=AMY, choice=Choice("answer", entries={"is_right": "true", "note": note})
        )
    await bench.runner.advance(run.id)
    run = await desk.run(run.id)
    assert (run.status, run.approvals[0].revision) == (RunStatus.FINISHED, 2)
    assert "LOUD" in run.result["log"][0]
    (withdrawn,) = [event for event in run.events if event.kind is EventKind.WITHDRAWN]
    assert "capitals only" in withdrawn.detail["why"]


async def test_only_the_graphs_output_is_its_result(bench: Bench) -> None:
    """State that the output schema leaves out is shown to nobody."""
    run = await story(bench, "private", key="1")
    assert run.result == {"draft": "done"}
