"""A short part of the random histories and of the fault schedules, and the seeds that once found something."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import ApprovalStatus, EventKind, Refused, StoreError
from tests.engine.desk_driver import AMY, APPROVE, BEN, RITA, Bench, edit, open_bench, seen
from tests.faults.checker import check
from tests.faults.figures import Plan
from tests.faults.histories import SPREAD, evidence, played
from tests.faults.model import SHAPES, Model
from tests.faults.play import History
from tests.faults.stage import Faults, Stage
from tests.faults.steps import stepped

SEED = 41
LOST_ANSWERS = (*(20261126 + number * SPREAD for number in (59, 251, 264, 5220, 5945)), 182_247_262_304)
"""Seeds of the schedules in which a node that raised made LangGraph forget answers, in which a decision was withdrawn
since its node failed before it was delivered, in which only some of the questions of one moment were stored, and in
which a graph inside took one answer for two questions."""

LOST_EDITS = tuple(20261126 + number * SPREAD for number in (1753, 3119))
"""Seeds of schedules in which people were asked again what they had edited, since the node failed right then."""
OLD_SHAPES = tuple(SHAPES)[:6]
"""Those that there were when these seeds found something; for the edits there were nine."""


async def test_t02_f24_the_engine_agrees_with_the_model(tmp_path: Path) -> None:
    """Over all shapes, with right answers and wrong clicks: asked, told and done is what the model says."""
    told = await played(Plan(1, SEED, tmp_path), 12, strikes=0)
    assert told.violations == []
    assert told.count == 12
    assert told.refused > 0


async def test_faults_at_any_point_change_nothing(tmp_path: Path) -> None:
    """With two faults in each history the outcome is the same, and the checker finds nothing."""
    told = await played(Plan(1, SEED, tmp_path), 12, strikes=2)
    assert told.violations == []
    assert told.struck.total() > 8


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
async def test_faults_within_one_step_change_nothing(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    """Nor with two faults in one step of a run that waits in a copied database, or is started there."""
    server = request.getfixturevalue("postgres_server") if name == "postgresql" else None
    told = await stepped(Plan(1, SEED, tmp_path), 16, waiting=6, server=server)
    assert told.violations == []
    assert told.count == 16
    assert told.struck.total() > 16


@pytest.mark.parametrize(
    ("seed", "shapes"),
    [*((seed, OLD_SHAPES) for seed in LOST_ANSWERS), *((seed, tuple(SHAPES)[:9]) for seed in LOST_EDITS)],
)
async def test_an_answer_that_was_lost_once_is_not_lost_again(
    tmp_path: Path, seed: int, shapes: tuple[str, ...]
) -> None:
    """Schedules of `make faults` that once asked people again what they had answered, or not all of them at once."""
    faults = Faults()
    stage = Stage(tmp_path, faults)
    await stage.open()
    await History(stage, seed, faults=faults, strikes=2, shapes=shapes, is_plain=True).play()
    await stage.close()
    assert faults.struck
    assert check(evidence(stage)) == []


def test_the_model_itself() -> None:
    """Each shape comes to its end, and asks what it should: the model is what everything is held against."""
    for shape in SHAPES:
        model = Model(shape)
        asked = []
        while model.status == "waiting":
            asked.append(sorted(model.pending))
            model.answer(model.pending[0], is_yes=True)
        assert model.status == "finished"
        assert (
            len(asked)
            == {
                "loop": 1,
                "sequence": 3,
                "parallel": 4,
                "send": 3,
                "subgraph": 3,
                "static": 3,
                "edits": 4,
                "called": 4,
                "several": 2,
                "deep": 4,
                "hidden": 4,
                "parts": 3,
                "caught": 3,
                "handled": 3,
            }[shape]
        )
    loop = Model("loop")
    for text in ("Round 1", "Round 2", "Round 3"):
        assert loop.pending == [text]
        loop.answer(text, is_yes=False)
    assert (loop.status, loop.effects) == ("finished", [])
    stopped = Model("static")
    stopped.answer("B1", is_yes=False)
    stopped.answer("act", is_yes=False)
    assert (stopped.status, stopped.pending) == ("stopped", [])


async def test_t18_a_stale_edit_changes_no_state(tmp_path: Path) -> None:
    """An edit of a card that was asked anew since reaches neither the graph nor its state."""
    async with open_bench(f"sqlite:///{tmp_path}/assent.db") as bench:
        run = await bench.driver.start("editor", actor=RITA, content="one")
        await bench.runner.advance(run.id)
        (old,) = await bench.driver.asked(run)
        await bench.driver.desk.decide(seen(old), actor=AMY, choice=edit(content="two"))
        await bench.runner.advance(run.id)
        before = await values(bench, run.thread_id)
        with pytest.raises(Refused):
            await bench.driver.desk.decide(seen(old), actor=BEN, choice=edit(content="three"))
        await bench.runner.advance(run.id)
        assert await values(bench, run.thread_id) == before
        assert "three" not in str(before)


async def values(bench: Bench, thread_id: str) -> object:
    graph = bench.app.workflows["editor"].graph
    return (await graph.aget_state({"configurable": {"thread_id": thread_id}})).values


async def test_t29_a_decision_and_its_audit_entry_come_together(tmp_path: Path) -> None:
    """Cut off at each statement of a decision's transaction, there is neither of the two; then there are both."""
    async with open_bench(f"sqlite:///{tmp_path}/assent.db") as bench:
        run = await bench.driver.start("expense", actor=RITA, amount="5000")
        await bench.runner.advance(run.id)
        (card,) = await bench.driver.asked(run)
        run_statement = bench.database.statements.run
        for last in range(100):
            left = [last]

            def failing(*given, left=left):  # type: ignore[no-untyped-def]
                if left[0] == 0:
                    raise StoreError("cut off")
                left[0] -= 1
                return run_statement(*given)

            bench.database.statements.run = failing  # type: ignore[method-assign]
            try:
                await bench.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
            except StoreError:
                bench.database.statements.run = run_statement  # type: ignore[method-assign]
                view = await bench.driver.desk.run(run.id)
                assert view.approvals[0].status is ApprovalStatus.PENDING
                assert EventKind.DECIDED not in [event.kind for event in view.events]
            else:
                break
        bench.database.statements.run = run_statement  # type: ignore[method-assign]
        view = await bench.driver.desk.run(run.id)
        assert last >= 4
        assert (view.approvals[0].status, view.events[-1].kind) == (ApprovalStatus.DECIDED, EventKind.DECIDED)
