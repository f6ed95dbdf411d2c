"""Rounds on both databases, with real graphs: what is asked once more because of an answer, and what is not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine import ApprovalView, Choice, RunView, open_desk
from tests.engine.desk_driver import AMY, APP, APPROVE, REJECT, Driver, edit, seen

CHANGES = Choice("request_changes", reason="Shorter, please")


@pytest.fixture
async def driver(database_url: str) -> AsyncIterator[Driver]:
    """A desk with the tests' app, once on SQLite and once on PostgreSQL."""
    async with open_desk(database_url=database_url, app=APP) as desk:
        yield Driver(desk)


async def all_asked(driver: Driver, run: RunView) -> tuple[ApprovalView, ...]:
    """Wait for the question that is open, and return every question of the run."""
    await driver.asked(run)
    return (await driver.desk.run(run.id)).approvals


async def test_each_request_for_changes_opens_the_next_round(driver: Driver) -> None:
    """The rounds are counted, and each knows what the one before asked and what was said to it."""
    run = await driver.start("revision", drafts="one|two|three")
    for _ in range(2):
        await driver.decide(run, CHANGES)
    first, second, third = await all_asked(driver, run)
    assert [each.round for each in (first, second, third)] == [1, 2, 3]
    assert first.previous is None
    assert third.previous is not None
    assert (third.previous.approval_id, third.previous.round) == (second.id, 2)
    assert third.previous.question.shown["draft"] == "two"
    assert (third.previous.decision.option, third.previous.decision.reason) == (
        "request_changes",
        "Shorter, please",
    )
    assert third.repeats is None


@pytest.mark.parametrize("answer", [CHANGES, REJECT], ids=["request changes", "reject"])
async def test_what_was_turned_down_is_known_again(driver: Driver, answer: Choice) -> None:
    """The third round asks what the first did: it says so, whichever way the first was turned down."""
    run = await driver.start("revision", drafts="one|two|one")
    await driver.decide(run, answer)
    await driver.decide(run, CHANGES)
    *_, third = await all_asked(driver, run)
    assert third.repeats is not None
    assert (third.repeats.round, third.repeats.decision.option) == (1, answer.option)
    alone = await driver.desk.approval(third.id)
    assert (alone.round, alone.previous, alone.repeats) == (3, third.previous, third.repeats)
    assert await driver.desk.examine(seen(third), actor=AMY, option="approve") == alone


async def test_a_text_that_comes_back_as_edited_is_the_next_round(driver: Driver) -> None:
    """The editor asks with the edited text: round 2. To edit it back repeats nothing that was turned down."""
    run = await driver.start("editor", content="First words")
    await driver.decide(run, edit(content="Better words"))
    await driver.decide(run, edit(content="First words"))
    rounds = await all_asked(driver, run)
    assert [each.round for each in rounds] == [1, 2, 3]
    assert rounds[2].previous is not None
    assert rounds[2].previous.question.shown["content"] == "Better words"
    assert rounds[2].repeats is None


async def test_the_gates_of_one_node_are_no_rounds(driver: Driver) -> None:
    """A director is asked after the manager, also after a manager who rejects: both are a first round."""
    run = await driver.start("expense", amount="12500")
    await driver.decide(run, APPROVE)
    assert [each.round for each in await all_asked(driver, run)] == [1, 1]
    run = await driver.start("gates", amount="12500")
    await driver.decide(run, REJECT)
    assert [each.round for each in await all_asked(driver, run)] == [1, 1]


async def test_a_question_after_an_approval_begins_anew(driver: Driver) -> None:
    """What was approved is done with: the next question of the node is a first round."""
    run = await driver.start("effects", sink="/dev/null")
    await driver.decide(run, APPROVE)
    assert [each.round for each in await all_asked(driver, run)] == [1, 1]


async def test_parallel_branches_have_no_rounds(driver: Driver) -> None:
    """Two branches of one node ask twice, and are rejected: nobody can say which is whose second round."""
    run = await driver.start("items", count="1")
    for left in (2, 1):
        await driver.desk.decide(seen((await driver.asked(run, count=left))[0]), actor=AMY, choice=REJECT)
    await driver.asked(run, count=2)
    assert [each.round for each in (await driver.desk.run(run.id)).approvals] == [1, 1, 1, 1]
