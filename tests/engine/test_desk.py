"""The desk on both databases, with real graphs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select, update

from engine import (
    AlreadyDecided,
    AmbiguousRun,
    ApprovalStatus,
    ApprovalView,
    Choice,
    Desk,
    EventKind,
    Expired,
    InvalidInput,
    NotAllowed,
    Refused,
    RunStatus,
    Seen,
    SelfApproval,
    StaleQuestion,
    TooManyStarts,
    UnknownApproval,
    UnknownOption,
    UnknownRun,
    UnknownWorkflow,
    open_desk,
)
from engine import approvals as statements
from engine.clock import utc_now
from engine.database import Database
from engine.decisions import Actor
from engine.tables import approvals as approvals_table
from engine.tables import runs as runs_table
from tests.engine.desk_driver import (
    AMY,
    APP,
    APPROVE,
    BEN,
    DORA,
    OTTO,
    REJECT,
    RITA,
    Driver,
    edit,
    seen,
)
from tests.waiting import eventually


@pytest.fixture
async def driver(database_url: str) -> AsyncIterator[Driver]:
    """A desk with the tests' app, once on SQLite and once on PostgreSQL."""
    async with open_desk(database_url=database_url, app=APP) as desk:
        yield Driver(desk)


def kinds(events: tuple) -> list[str]:  # type: ignore[type-arg]
    return [event.kind.value for event in events]


async def test_t14_two_levels_in_one_node_are_two_questions_with_their_own_deciders(driver: Driver) -> None:
    """An expense over 10,000 is asked twice, and the manager's click cannot answer the director's question."""
    run = await driver.start("expense", amount="12000")
    (manager,) = await driver.asked(run)
    await driver.desk.decide(seen(manager), actor=AMY, choice=APPROVE)
    (director,) = await driver.asked(run)
    assert director.id != manager.id
    with pytest.raises(NotAllowed):
        await driver.desk.decide(seen(director), actor=AMY, choice=APPROVE)
    await driver.desk.decide(seen(director), actor=DORA, choice=APPROVE)
    ended = await driver.ended(run)
    assert (ended.status, ended.result) == (RunStatus.FINISHED, {"amount": 12000, "status": "approved"})
    assert kinds(ended.events) == [
        "started", "asked", "decided", "resumed", "asked", "refused", "decided", "resumed", "finished",
    ]  # fmt: skip


async def test_a_rejection_reaches_the_graph_as_its_dialect_has_it(driver: Driver) -> None:
    """A content review gets the reason as its comments."""
    run = await driver.start("review", draft="Hello")
    await driver.decide(run, REJECT)
    assert (await driver.ended(run)).result == {"draft": "Hello", "final": "Too much", "status": "rejected"}


async def test_an_edit_is_what_runs(driver: Driver) -> None:
    """The edited draft is in the state, in the result and in the decision, before and after."""
    run = await driver.start("review", draft="Hello")
    view = await driver.decide(run, edit(draft="Hello, world"))
    assert view.decision is not None
    assert (view.decision.before, view.decision.after) == ({"draft": "Hello"}, {"draft": "Hello, world"})
    assert (await driver.ended(run)).result["final"] == "Hello, world"


async def test_an_edited_key_is_not_offered_again_at_the_same_checkpoint(driver: Driver) -> None:
    """A second update of one key at one checkpoint would make the thread unreadable, so it cannot happen."""
    run = await driver.start("expense", amount="12000")
    await driver.decide(run, edit(amount="15000"))
    (director,) = await driver.asked(run)
    assert director.question.form is None
    with pytest.raises(UnknownOption):
        await driver.desk.decide(seen(director), actor=DORA, choice=edit(amount="1"))
    await driver.desk.decide(seen(director), actor=DORA, choice=APPROVE)
    assert (await driver.ended(run)).result == {"amount": 15000, "status": "approved"}


async def test_an_editor_loop_asks_anew_with_the_edited_text(driver: Driver) -> None:
    """The page's interactive editor gets its edits as answers, and an old card cannot approve the new text."""
    run = await driver.start("editor", content="one")
    (first,) = await driver.asked(run)
    await driver.desk.decide(seen(first), actor=AMY, choice=edit(content="two"))
    (second,) = await driver.asked(run)
    assert second.question.shown["content"] == "two"
    with pytest.raises(AlreadyDecided):
        await driver.desk.decide(seen(first), actor=AMY, choice=APPROVE)
    await driver.desk.decide(seen(second), actor=AMY, choice=APPROVE)
    assert (await driver.ended(run)).result == {"content": "two", "status": "approved"}


@pytest.mark.parametrize("workflow", ["deploy", "inspect"])
async def test_a_static_breakpoint_is_approved_edited_or_stops(driver: Driver, workflow: str) -> None:
    """Approve goes on, an edit goes into the state first, a rejection ends the run and runs nothing more."""
    approved, edited, stopped = [await driver.start(workflow) for _ in range(3)]
    await driver.decide(approved)
    await driver.decide(edited, edit(plan="Another plan"))
    await driver.decide(stopped, REJECT)
    assert (await driver.ended(approved)).result == {"plan": "Execute action X", "approved": True}
    assert (await driver.ended(edited)).result == {"plan": "Another plan", "approved": True}
    ended = await driver.ended(stopped)
    assert (ended.status, ended.result) == (RunStatus.STOPPED, None)
    assert kinds(ended.events) == ["started", "asked", "decided", "stopped"]


async def test_parallel_questions_are_answered_in_any_order(driver: Driver) -> None:
    """Three questions of one fan-out each get their own answer."""
    run = await driver.start("fan")
    questions = {approval.question.text: approval for approval in await driver.asked(run, count=3)}
    for i, choice in ((2, APPROVE), (0, REJECT), (1, APPROVE)):
        await driver.desk.decide(seen(questions[f"Is {i} right?"]), actor=AMY, choice=choice)
    assert (await driver.ended(run)).result == {"answers": [[0, False], [1, True], [2, True]]}


async def test_a_subgraphs_two_questions_are_asked_one_after_the_other(driver: Driver) -> None:
    """Questions of a subgraph are asked and answered like any other, without an edit that cannot reach it."""
    run = await driver.start("nested", draft="Hello")
    (first,) = await driver.asked(run)
    assert first.question.form is None
    await driver.desk.decide(seen(first), actor=AMY, choice=APPROVE)
    await driver.decide(run, REJECT)
    assert (await driver.ended(run)).result["inner"] == [True, False]


async def test_a_failing_node_asks_and_stopped_ends_the_run_with_its_error(driver: Driver) -> None:
    """The error names the node, and the answer before it counts as delivered."""
    run = await driver.start("failing", draft="x")
    question = await driver.decide(run)

    async def failed() -> ApprovalView | None:
        asked = (await driver.desk.run(run.id)).approvals
        return next((each for each in asked if each.id != question.id), None)

    await driver.desk.decide(seen(await eventually(failed)), actor=AMY, choice=Choice("stop"))
    ended = await driver.ended(run)
    assert ended.status is RunStatus.FAILED
    assert ended.error == "fails: RuntimeError('the printer is on fire')"
    assert ended.approvals[0].status is ApprovalStatus.RESUMED


async def test_t01_the_first_of_many_clicks_decides(driver: Driver) -> None:
    """Eight valid clicks at once make one decision; the others are told who was faster."""
    run = await driver.start("expense", amount="2000")
    (approval,) = await driver.asked(run)
    clicks = [
        driver.desk.decide(seen(approval), actor=actor, choice=choice)
        for actor, choice in [(AMY, APPROVE), (BEN, REJECT)] * 4
    ]
    outcomes = await asyncio.gather(*clicks, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyDecided)]
    assert len(refused) == 7
    assert len({outcome.actor_id for outcome in refused}) == 1
    ended = await driver.ended(run)
    assert kinds(ended.events).count("decided") == 1
    assert (ended.result["status"] == "approved") == (refused[0].actor_id == AMY.id)


async def test_a_click_delivered_again_is_quiet(driver: Driver) -> None:
    """A repeated delivery of one click neither fails nor leaves a second entry, also after the graph has it."""
    run = await driver.start("review", draft="Hello")
    (approval,) = await driver.asked(run)
    click = partial(
        driver.desk.decide, seen(approval), actor=AMY, choice=edit(draft="Hi"), request_key="click:1"
    )
    for _ in range(2):
        await click()
    ended = await driver.ended(run)
    again = await click()
    assert (again.status, again.decision) == (ApprovalStatus.RESUMED, ended.approvals[0].decision)
    assert (await driver.desk.run(run.id)).events == ended.events


async def test_t14_a_second_click_by_the_same_person_is_refused_and_written_down(driver: Driver) -> None:
    """Another click is another click, also with the same verdict: it is told who decided and leaves an entry."""
    run = await driver.start("review", draft="Hello")
    (approval,) = await driver.asked(run)
    await driver.desk.decide(seen(approval), actor=AMY, choice=APPROVE, request_key="click:1")
    await driver.ended(run)
    for key, actor in [("click:2", AMY), ("click:1", BEN), (None, AMY)]:
        with pytest.raises(AlreadyDecided) as caught:
            await driver.desk.decide(seen(approval), actor=actor, choice=APPROVE, request_key=key)
        assert caught.value.actor_id == AMY.id
        last = (await driver.desk.run(run.id)).events[-1]
        assert (last.kind, last.actor_id) == (EventKind.REFUSED, actor.id)
        assert last.detail == {"code": "already_decided", "option": "approve"}


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (OTTO, NotAllowed),
        (RITA, NotAllowed),
        (Actor("U0AMY", "Amy", barred="This account is deactivated."), NotAllowed),
        (Actor("U0NEW", "Nia", groups=frozenset({"S0OTHER"})), NotAllowed),
    ],
)
async def test_who_may_not_decide_changes_nothing(driver: Driver, actor: Actor, error: type[Refused]) -> None:
    """A refused person changes nothing and leaves an audit entry with the reason's code."""
    run = await driver.start("expense", amount="2000")
    (approval,) = await driver.asked(run)
    with pytest.raises(error):
        await driver.desk.decide(seen(approval), actor=actor, choice=APPROVE)
    (after,) = await driver.asked(run)
    assert after == approval
    last = (await driver.desk.run(run.id)).events[-1]
    assert (last.kind, last.actor_id, last.detail["code"]) == (EventKind.REFUSED, actor.id, "not_allowed")


async def test_a_member_of_an_approver_group_may_decide(driver: Driver) -> None:
    """Group membership, as it was looked up, is enough."""
    run = await driver.start("expense", amount="2000")
    await driver.decide(run, actor=Actor("U0NEW", "Nia", groups=frozenset({"S0APPROVERS"})))
    assert (await driver.ended(run)).result["status"] == "approved"


async def test_t09_nobody_approves_a_request_of_their_own_unless_the_workflow_allows_it(
    driver: Driver,
) -> None:
    """An approver who asked is refused; where allow_self_approval is set, the click counts and the trail says so."""
    own = await driver.start("expense", actor=AMY, amount="2000")
    (approval,) = await driver.asked(own)
    with pytest.raises(SelfApproval):
        await driver.desk.decide(seen(approval), actor=AMY, choice=APPROVE)
    allowed = await driver.start("editor", actor=AMY, content="x")
    await driver.decide(allowed)
    ended = await driver.ended(allowed)
    assert ended.status is RunStatus.FINISHED
    (decided,) = [event for event in ended.events if event.kind is EventKind.DECIDED]
    assert decided.detail["is_own_request"] is True


async def test_t15_another_digest_revision_or_id_is_refused(driver: Driver) -> None:
    """Only the question as shown can be decided."""
    run = await driver.start("expense", amount="2000")
    (approval,) = await driver.asked(run)
    right = seen(approval)
    for wrong, error in [
        (Seen(right.approval_id, right.revision, "0" * 64), StaleQuestion),
        (Seen(right.approval_id, right.revision + 1, right.digest), StaleQuestion),
        (Seen("0" * 32, right.revision, right.digest), UnknownApproval),
    ]:
        with pytest.raises(error):
            await driver.desk.decide(wrong, actor=AMY, choice=APPROVE)
    assert (await driver.asked(run)) == (approval,)


async def test_an_invalid_edit_names_the_field_and_decides_nothing(driver: Driver) -> None:
    """A wrong number and an edit that changes nothing come back as a sentence under the field."""
    run = await driver.start("expense", amount="2000")
    (approval,) = await driver.asked(run)
    for entry in ("much", "", "2000"):
        with pytest.raises(InvalidInput) as caught:
            await driver.desk.decide(seen(approval), actor=AMY, choice=edit(amount=entry))
        assert set(caught.value.errors) == {"amount"}
    assert (await driver.asked(run)) == (approval,)


async def test_t32_a_passed_deadline_refuses_clicks_and_ends_the_run(
    driver: Driver, database_url: str
) -> None:
    """After the deadline nobody can decide, the sweep ends the run, and the graph runs no further."""
    run = await driver.start("fan")
    first, *_ = await driver.asked(run, count=3)
    assert first.expires_at is not None
    database = Database(database_url)
    async with database.transaction() as tx:
        late = utc_now() - timedelta(seconds=1)
        await tx.execute(
            update(approvals_table).where(approvals_table.c.id == first.id).values(expires_at=late)
        )
    await database.close()
    with pytest.raises(Expired):
        await driver.desk.decide(seen(first), actor=AMY, choice=APPROVE)
    await driver.desk.expire()
    await driver.desk.expire()
    ended = await driver.ended(run)
    assert ended.status is RunStatus.EXPIRED
    assert sorted(a.status.value for a in ended.approvals) == ["expired", "withdrawn", "withdrawn"]
    assert kinds(ended.events).count("expired") == 1


async def test_t32_a_deadline_is_met_to_the_second(driver: Driver, database_url: str) -> None:
    """One second before the deadline a click decides, at the deadline and after it none does."""
    run = await driver.start("fan")
    first, *_ = await driver.asked(run, count=3)
    assert first.expires_at is not None
    database = Database(database_url)
    for late_s, counts in ((1, False), (0, False), (-1, True)):
        async with database.transaction() as tx:
            at = first.expires_at + timedelta(seconds=late_s)
            assert await statements.decide(tx, seen(first), now=at) is counts
    await database.close()


async def test_a_start_is_made_once_per_request_key(driver: Driver) -> None:
    """The same modal submitted twice, even at once, is one run."""
    starts = [
        driver.desk.start("expense", entries={"amount": "1"}, actor=RITA, request_key="view-1")
        for _ in range(3)
    ]
    assert len({run.id for run in await asyncio.gather(*starts)}) == 1
    assert len(await driver.desk.recent()) == 1


async def test_t30_of_a_hundred_starts_in_a_minute_sixty_are_taken(driver: Driver) -> None:
    """One person starts one workflow 60 times a minute; others, other workflows and the next minute are free."""
    for number in range(100):
        if number < 60:
            await driver.start("deploy")
        else:
            with pytest.raises(TooManyStarts):
                await driver.start("deploy")
    assert len(await driver.desk.recent(limit=200)) == 60
    await driver.start("deploy", actor=AMY)
    await driver.start("expense", amount="1")
    with pytest.MonkeyPatch.context() as patch:
        later = utc_now() + timedelta(minutes=1)
        patch.setattr(Database, "now", lambda _: later)
        await driver.start("deploy")


async def test_t30_starts_at_one_moment_are_counted_together(database_url: str) -> None:
    """Of eighty forms sent at once, on PostgreSQL to two processes, sixty start."""
    async with AsyncExitStack() as stack:
        count = 2 if database_url.startswith("postgresql") else 1
        desks = [
            await stack.enter_async_context(open_desk(database_url=database_url, app=APP))
            for _ in range(count)
        ]
        starts = (Driver(desks[number % count]).start("deploy") for number in range(80))
        made = await asyncio.gather(*starts, return_exceptions=True)
        refused = [each for each in made if isinstance(each, TooManyStarts)]
        assert (len(refused), len(await desks[0].recent(limit=200))) == (20, 60)


async def test_t30_a_form_that_comes_again_starts_no_more_and_is_not_refused(driver: Driver) -> None:
    """The last of sixty sent again is the run that it made."""
    for number in range(60):
        run = await driver.desk.start("deploy", entries={}, actor=RITA, request_key=f"view-{number}")
    again = await driver.desk.start("deploy", entries={}, actor=RITA, request_key="view-59")
    assert again.id == run.id


async def test_a_wrong_start_says_what_is_wrong(driver: Driver) -> None:
    """An unknown workflow names the known ones; a wrong field names the field; nothing is started."""
    with pytest.raises(UnknownWorkflow, match="expense"):
        await driver.start("expence")
    with pytest.raises(InvalidInput) as caught:
        await driver.start("expense", amount="a lot")
    assert set(caught.value.errors) == {"amount"}
    assert await driver.desk.recent() == ()


async def test_t26_runs_are_found_by_the_beginning_of_their_id(driver: Driver, database_url: str) -> None:
    """A beginning that fits one run finds it; none, or one that fits several, is an error."""
    run = await driver.start("expense", amount="1")
    assert (await driver.desk.run(run.id[:6])).id == run.id
    for wrong in ("", "zzzzzz9", "%", "'"):
        with pytest.raises(UnknownRun):
            await driver.desk.run(wrong)
    database = Database(database_url)
    async with database.transaction() as tx:
        row = (await tx.execute(select(runs_table).where(runs_table.c.id == run.id))).one()._asdict()
        for id_ in ("zz2222222222", "zz3333333333"):
            await tx.execute(
                insert(runs_table).values({**row, "id": id_, "thread_id": id_, "request_key": id_})
            )
    await database.close()
    assert (await driver.desk.run("zz2")).id == "zz2222222222"
    with pytest.raises(AmbiguousRun):
        await driver.desk.run("zz")


async def test_pending_lists_what_waits_oldest_first(driver: Driver) -> None:
    """Every pending question stands in the list with its run."""
    first = await driver.start("expense", amount="2000")
    await driver.asked(first)
    second = await driver.start("review", draft="x")
    await driver.asked(second)
    assert [run.id for run, _ in await driver.desk.pending()] == [first.id, second.id]


async def test_every_change_wakes_the_mirror_and_is_remembered(driver: Driver) -> None:
    """The change handler is called for each run until it says up to which revision people see the run."""
    woken: list[str] = []

    async def handler(run_id: str) -> None:
        woken.append(run_id)
        run = await driver.desk.run(run_id)
        await driver.desk.mirrored(run_id, revision=run.revision)

    driver.desk.on_change(handler)
    run = await driver.start("expense", amount="1")
    await driver.ended(run)
    await eventually(lambda: _is_quiet(driver.desk, woken))
    assert set(woken) == {run.id}


async def _is_quiet(desk: Desk, woken: list[str]) -> bool:
    before = len(woken)
    await desk.wake_behind()
    await asyncio.sleep(0.02)
    return before == len(woken) > 0


async def test_examine_refuses_before_a_modal_opens(driver: Driver) -> None:
    """A person who may not decide is told before filling in a form; one who may gets the question."""
    run = await driver.start("expense", amount="2000")
    (approval,) = await driver.asked(run)
    assert await driver.desk.examine(seen(approval), actor=AMY, option="edit") == approval
    with pytest.raises(NotAllowed):
        await driver.desk.examine(seen(approval), actor=OTTO, option="edit")


async def test_the_audit_chain_verifies(driver: Driver) -> None:
    """After a whole run the chain holds and counts every entry."""
    run = await driver.start("expense", amount="2000")
    await driver.decide(run)
    ended = await driver.ended(run)
    assert await driver.desk.verify() == len(ended.events)


async def test_an_edit_cannot_smuggle_keys_in(driver: Driver) -> None:
    """Entries that the form does not have are dropped."""
    run = await driver.start("review", draft="Hello")
    choice = Choice("edit", entries={"draft": "Hi", "status": "approved", "final": "evil"})
    view = await driver.decide(run, choice)
    assert view.decision is not None
    assert view.decision.after == {"draft": "Hi"}
