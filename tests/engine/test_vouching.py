"""An edit reaches no question that its author did not see, and nothing that others have vouched for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine import ApprovalStatus, ApprovalView, Choice, InvalidInput, RunStatus, RunView
from tests.engine.desk_driver import AMY, APPROVE, BEN, DORA, Bench, edit, open_bench, seen


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """The tests' app, driven by hand."""
    async with open_bench(database_url) as bench:
        yield bench


async def rested(bench: Bench, run: RunView) -> RunView:
    await bench.runner.advance(run.id)
    return await bench.driver.desk.run(run.id)


async def begun(bench: Bench, workflow: str, amount: int) -> RunView:
    return await rested(bench, await bench.driver.start(workflow, amount=str(amount)))


def open_question(run: RunView) -> ApprovalView:
    (approval,) = [each for each in run.approvals if each.status is ApprovalStatus.PENDING]
    return approval


async def decided(bench: Bench, run: RunView, choice: Choice, *, actor: object = AMY) -> RunView:
    await bench.driver.desk.decide(seen(open_question(run)), actor=actor, choice=choice)  # type: ignore[arg-type]
    return await rested(bench, run)


def names(approval: ApprovalView) -> list[str]:
    return [option.name for option in approval.question.options]


async def test_an_edit_that_brings_up_another_question_does_not_answer_it(bench: Bench) -> None:
    """With the edited amount the node asks the director in the manager's place: the director is asked, in full."""
    run = await begun(bench, "wire", 500)
    run = await decided(bench, run, edit(amount="50000"))
    asked = open_question(run)
    assert asked.question.shown == {"level": "director", "amount": 50000}
    assert asked.policy.users == {"U0DORA"}
    run = await decided(bench, run, APPROVE, actor=DORA)
    assert open_question(run).question.shown == {"level": "manager", "amount": 50000}
    run = await decided(bench, run, APPROVE, actor=BEN)
    assert run.result["status"] == "paid 50000"


async def test_an_edit_that_changes_the_words_of_its_question_is_asked_again(bench: Bench) -> None:
    """Nobody has seen the new words, so they are put to people before the graph gets an answer."""
    run = await begun(bench, "wire_told", 50)
    run = await decided(bench, run, edit(amount="5000"))
    asked = open_question(run)
    assert asked.question.text == "Wire 5000 and waive the fraud check?"
    assert asked.revision == 2
    run = await decided(bench, run, APPROVE)
    assert run.result["status"] == "True: 5000"


async def test_an_edit_that_only_changes_what_it_edits_is_one_step(bench: Bench) -> None:
    """The question with the edit in it is what was decided, so the graph has its answer at once."""
    run = await begun(bench, "wire_back", 500)
    run = await decided(bench, run, edit(amount="700"))
    assert (run.status, run.result["status"]) == (RunStatus.FINISHED, "paid 700")


@pytest.mark.parametrize(("workflow", "second"), [("wire", AMY), ("wire_back", DORA)])
async def test_what_others_have_approved_cannot_be_edited(
    bench: Bench, workflow: str, second: object
) -> None:
    """The first answer is used again when the node runs again, so the second question has no edit of the amount."""
    run = await begun(bench, workflow, 20000)
    assert "edit" in names(open_question(run))
    run = await decided(bench, run, APPROVE, actor=DORA if workflow == "wire" else AMY)
    assert "edit" not in names(open_question(run))
    run = await decided(bench, run, APPROVE, actor=second)
    assert run.result["status"] == "paid 20000"


async def test_an_error_is_no_way_round_either(bench: Bench) -> None:
    """What two levels have approved is retried as it is, or asked of both again, or not at all."""
    run = await begun(bench, "wire_back", 12000)
    run = await decided(bench, run, APPROVE)
    run = await decided(bench, run, APPROVE, actor=DORA)
    assert names(open_question(run)) == ["retry", "ask_again", "stop"]


async def test_a_breakpoint_is_no_way_round_either(bench: Bench) -> None:
    """Behind the director's gate the amount is not among what a breakpoint lets others edit."""
    run = await begun(bench, "wire_gated", 12000)
    run = await decided(bench, run, APPROVE, actor=DORA)
    asked = open_question(run)
    assert asked.question.form is None
    run = await decided(bench, run, APPROVE)
    assert run.result["status"] == "paid 12000"


async def test_an_edit_that_the_state_refuses_decides_nothing(bench: Bench) -> None:
    """What a pydantic state does not take is said under its field; afterwards it would break the thread."""
    run = await begun(bench, "wire_small", 50)
    with pytest.raises(InvalidInput, match="100 at most"):
        await bench.driver.desk.decide(seen(open_question(run)), actor=AMY, choice=edit(amount="500"))
    run = await decided(bench, run, edit(amount="70"))
    assert run.result["status"] == "True 70"
