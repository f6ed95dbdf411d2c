"""Options at the desk: what was chosen is recorded by name and label, and what is no option is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from engine import (
    AlreadyDecided,
    Choice,
    EventKind,
    InvalidInput,
    RunStatus,
    UnknownOption,
    Verdict,
    open_desk,
)
from engine.pauses import asked_digest
from tests.engine.desk_driver import AMY, APP, BEN, RITA, Driver, seen

CHANGES = Choice("request_changes", reason="Shorter, please")


@pytest.fixture
async def driver(database_url: str) -> AsyncIterator[Driver]:
    """A desk with the tests' app, once on SQLite and once on PostgreSQL."""
    async with open_desk(database_url=database_url, app=APP) as desk:
        yield Driver(desk)


async def test_a_graphs_own_option_is_decided_and_told(driver: Driver) -> None:
    """Decision and audit trail hold the option, its label and what was said; the graph gets its own word."""
    run = await driver.start("review", draft="Hello")
    view = await driver.decide(run, CHANGES)
    assert view.decision is not None
    told = (view.decision.verdict, view.decision.option, view.decision.label, view.decision.reason)
    assert told == (Verdict.RESPOND, "request_changes", "Request changes", "Shorter, please")
    ended = await driver.ended(run)
    assert ended.result["final"] == "Shorter, please"
    (event,) = [event for event in ended.events if event.kind is EventKind.DECIDED]
    assert event.detail["verdict"] == "respond"
    assert (event.detail["option"], event.detail["label"]) == ("request_changes", "Request changes")


async def test_a_reason_that_is_needed_has_to_be_there(driver: Driver) -> None:
    """An option that wants a reason is not decided without one, nor with blanks."""
    run = await driver.start("review", draft="Hello")
    (approval,) = await driver.asked(run)
    for reason in ("", " \n"):
        with pytest.raises(InvalidInput) as caught:
            await driver.desk.decide(
                seen(approval), actor=AMY, choice=Choice("request_changes", reason=reason)
            )
        assert caught.value.errors == {"": "This is needed."}
    assert await driver.asked(run) == (approval,)


@pytest.mark.parametrize("option", ["", "respond", "Request changes", "approve ", "<script>"])
async def test_what_is_no_option_is_refused_and_on_record(driver: Driver, option: str) -> None:
    """A name that the question does not have decides nothing and opens no form; the trail says what was tried."""
    run = await driver.start("review", draft="Hello")
    (approval,) = await driver.asked(run)
    with pytest.raises(UnknownOption):
        await driver.desk.decide(seen(approval), actor=AMY, choice=Choice(option))
    with pytest.raises(UnknownOption):
        await driver.desk.examine(seen(approval), actor=AMY, option=option)
    assert await driver.asked(run) == (approval,)
    refused = [e.detail for e in (await driver.desk.run(run.id)).events if e.kind is EventKind.REFUSED]
    assert refused == [{"code": "unknown_option", "option": option}] * 2


async def test_the_same_sending_again_is_quiet_and_another_is_not(driver: Driver) -> None:
    """A repeat is the same sending by the same person; any other, also of the same option, was too late."""
    run = await driver.start("review", draft="Hello")
    (approval,) = await driver.asked(run)
    first = await driver.desk.decide(seen(approval), actor=AMY, choice=CHANGES, request_key="view:1")
    await driver.ended(run)
    again = await driver.desk.decide(seen(approval), actor=AMY, choice=CHANGES, request_key="view:1")
    assert again.decision == first.decision
    for actor, choice, key in (
        (BEN, CHANGES, "view:1"),
        (AMY, CHANGES, "view:2"),
        (AMY, CHANGES, None),
        (AMY, Choice("approve"), None),
        (AMY, Choice("nonsense"), None),
    ):
        with pytest.raises(AlreadyDecided):
            await driver.desk.decide(seen(approval), actor=actor, choice=choice, request_key=key)


async def test_a_question_names_the_node_that_asks(driver: Driver) -> None:
    """The node is kept with the question; of a breakpoint it is the one that comes next."""
    asked: dict[str, str] = {}
    for workflow in ("review", "deploy"):
        entries = {"draft": "Hello"} if workflow == "review" else {}
        run = await driver.desk.start(workflow, entries=entries, actor=RITA, request_key=workflow)
        (approval,) = await driver.asked(run)
        asked[workflow] = approval.node
        await driver.desk.decide(seen(approval), actor=AMY, choice=Choice("approve"))
        assert (await driver.ended(run)).status is RunStatus.FINISHED
    assert asked == {"review": "content_reviewer", "deploy": "executor"}


def test_the_schema_of_the_answer_belongs_to_what_was_asked() -> None:
    """Another schema is another question; without a schema the digest is that of value and state alone."""
    plain = asked_digest("Pay?", {})
    assert plain == asked_digest("Pay?", {}, None)
    assert len({plain, asked_digest("Pay?", {}, {"type": "boolean"}), asked_digest("Pay?", {}, {})}) == 3
