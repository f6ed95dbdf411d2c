"""Questions that need several people, on both databases."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, update

from engine import (
    AlreadyDecided,
    AlreadyEndorsed,
    AlteredQuestion,
    ApprovalStatus,
    ApprovalView,
    Choice,
    Desk,
    EventKind,
    Expired,
    NotAllowed,
    RunStatus,
    RunView,
    SelfApproval,
    StaleQuestion,
    UnknownOption,
    endorsements,
    open_desk,
)
from engine.canonical import answer_digest
from engine.database import Database
from engine.decisions import Answer
from engine.tables import endorsements as endorsements_table
from engine.transactions import Transaction
from tests.engine.desk_driver import (
    AMY,
    APPROVE,
    BEN,
    DORA,
    OTTO,
    REJECT,
    RITA,
    Driver,
    edit,
    seen,
    write_app,
)
from tests.waiting import eventually

SOURCE = """
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    amount: int
    paid: str

def pay(state: State) -> State:
    said = interrupt({"question": "Pay this?", "amount": state["amount"]})
    return {"paid": f"{state['amount']} {said}"}

def built():
    return StateGraph(State).add_node("pay", pay).add_edge(START, "pay").compile()

def both(state: State) -> State:
    first = interrupt({"question": "High?", "level": "high", "amount": state["amount"]})
    second = interrupt({"question": "Low?", "level": "low", "amount": state["amount"]})
    return {"paid": f"{state['amount']} {first} {second}"}

class Sized(TypedDict, total=False):
    amount: int
    size: str
    paid: str

def sizes(state: Sized) -> Sized:
    said = interrupt({"question": "Pay this?", "amount": state["amount"], "size": state["size"]})
    return {"paid": f"{state['amount']} {state['size']} {said}"}

def words(state: State) -> State:
    said = interrupt({"question": "Send this?", "draft": "x", "options": ["approve", "request_changes", "reject"]})
    return {"paid": str(said)}

two, edits, three = built(), built(), built()
levels = StateGraph(State).add_node("both", both).add_edge(START, "both").compile()
sized = StateGraph(Sized).add_node("sizes", sizes).add_edge(START, "sizes").compile()
worded = StateGraph(State).add_node("words", words).add_edge(START, "words").compile()
"""
RULES = """
[defaults]
channel = "#approvals"
approvers = {{ users = {users} }}
[workflows.two]
required_approvals = 2
expires_after = "1h"
[workflows.edits]
edit_requires_second_approver = true
[workflows.three]
required_approvals = {three}
[[workflows.levels.levels]]
when = {{ level = "high" }}
required_approvals = 2
[[workflows.sized.levels]]
when = {{ size = "large" }}
required_approvals = 2
[workflows.worded]
edit_requires_second_approver = true
"""
NAMES = ("two", "edits", "three", "levels", "sized", "worded")
ALL = ("U0AMY", "U0BEN", "U0DORA")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app whose workflows need two people, two for edits, and three."""
    return write_app(tmp_path, SOURCE, names=NAMES, rules=_rules(ALL))


@pytest.fixture
async def driver(database_url: str, app: Path) -> AsyncIterator[Driver]:
    """A desk with that app, once on SQLite and once on PostgreSQL."""
    async with open_desk(database_url=database_url, app=app) as desk:
        yield Driver(desk)


def _rules(users: tuple[str, ...], *, three: int = 3) -> str:
    return RULES.format(users=json.dumps(users), three=three)


def _rule(folder: Path, users: tuple[str, ...], *, three: int = 3) -> None:
    (folder / "approvals.toml").write_text(_rules(users, three=three))


@asynccontextmanager
async def several_desks(database_url: str, app: Path) -> AsyncIterator[Sequence[Desk]]:
    """Two desks on PostgreSQL; on SQLite one, since a file has one process that drives."""
    async with AsyncExitStack() as stack:
        count = 2 if database_url.startswith("postgresql") else 1
        yield [
            await stack.enter_async_context(open_desk(database_url=database_url, app=app))
            for _ in range(count)
        ]


async def test_t14_the_same_person_twice_is_one_person(driver: Driver) -> None:
    """Two of three: Amy, Amy, Ben; it is decided with Ben's approval, and the audit trail names both."""
    run = await driver.start("two", amount="5")
    first = await driver.decide(run, APPROVE, actor=AMY)
    assert first.status is ApprovalStatus.PENDING
    assert [(each.actor_id, each.required) for each in first.endorsements] == [("U0AMY", 2)]
    with pytest.raises(AlreadyEndorsed):
        await driver.decide(run, APPROVE, actor=AMY)
    (still,) = await driver.asked(run)
    assert [each.actor_id for each in still.endorsements] == ["U0AMY"]
    decided = await driver.decide(run, APPROVE, actor=BEN)
    assert decided.decision is not None
    assert [each.id for each in decided.decision.endorsers] == ["U0AMY"]
    ended = await driver.ended(run)
    assert ended.result == {"amount": 5, "paid": "5 True"}
    told = [(event.kind, event.actor_id) for event in ended.events if event.actor_id not in (None, "U0RITA")]
    assert told == [
        (EventKind.ENDORSED, "U0AMY"),
        (EventKind.REFUSED, "U0AMY"),
        (EventKind.DECIDED, "U0BEN"),
    ]
    assert [event.detail.get("endorsers") for event in ended.events if event.kind is EventKind.DECIDED] == [
        [{"id": "U0AMY", "name": "Amy"}]
    ]
    assert await driver.desk.verify() == len(ended.events)


async def test_t14_one_rejection_is_enough(driver: Driver) -> None:
    """Amy approves, Ben rejects: rejected. Who had approved may also turn it down."""
    for who in (BEN, AMY):
        run = await driver.start("two", amount="5")
        await driver.decide(run, APPROVE, actor=AMY)
        decided = await driver.decide(run, REJECT, actor=who)
        assert decided.status is ApprovalStatus.DECIDED
        ended = await driver.ended(run)
        assert ended.result["paid"] == "5 False"


async def test_who_may_not_decide_counts_neither(driver: Driver) -> None:
    """The requester and an outsider are refused, and nothing of theirs is kept."""
    run = await driver.start("two", actor=AMY, amount="5")
    with pytest.raises(SelfApproval):
        await driver.decide(run, APPROVE, actor=AMY)
    with pytest.raises(NotAllowed):
        await driver.decide(run, APPROVE, actor=OTTO)
    (asked,) = await driver.asked(run)
    assert asked.endorsements == ()


async def test_t17_an_edit_requires_a_second_approver(driver: Driver) -> None:
    """What Amy typed runs only after Ben has approved just that; a plain approval needs one person."""
    run = await driver.start("edits", amount="5")
    edited = await driver.decide(run, edit(amount="7"), actor=AMY)
    (given,) = edited.endorsements
    assert (edited.status, given.before, given.after) == (
        ApprovalStatus.PENDING,
        {"amount": 5},
        {"amount": 7},
    )
    agrees = Choice(agrees_with=given.answer_digest)
    with pytest.raises(AlreadyEndorsed):
        await driver.decide(run, agrees, actor=AMY)
    with pytest.raises(NotAllowed):
        await driver.decide(run, agrees, actor=OTTO)
    with pytest.raises(UnknownOption):
        await driver.decide(run, Choice(agrees_with="0" * 64), actor=BEN)
    decided = await driver.decide(run, agrees, actor=BEN)
    assert decided.decision is not None
    assert (decided.decision.actor_id, decided.decision.after) == ("U0BEN", {"amount": 7})
    ended = await driver.ended(run)
    assert (ended.status, ended.result) == (RunStatus.FINISHED, {"amount": 7, "paid": "7 True"})
    plain = await driver.start("edits", amount="5")
    assert (await driver.decide(plain, APPROVE, actor=AMY)).status is ApprovalStatus.DECIDED


async def test_different_edits_are_not_added_up(driver: Driver) -> None:
    """Two people who type different things have not agreed; who types something else takes the first back."""
    run = await driver.start("edits", amount="5")
    await driver.decide(run, edit(amount="7"), actor=AMY)
    both = await driver.decide(run, edit(amount="8"), actor=BEN)
    assert [each.after for each in both.endorsements] == [{"amount": 7}, {"amount": 8}]
    seven = both.endorsements[0].answer_digest
    moved = await driver.decide(run, edit(amount="9"), actor=AMY)
    assert {each.actor_id: each.after for each in moved.endorsements} == {
        "U0AMY": {"amount": 9},
        "U0BEN": {"amount": 8},
    }
    with pytest.raises(UnknownOption):
        await driver.decide(run, Choice(agrees_with=seven), actor=DORA)
    await driver.decide(run, edit(amount="8"), actor=DORA)
    assert (await driver.ended(run)).result == {"amount": 8, "paid": "8 True"}


async def test_a_delivery_that_comes_again_is_quiet(driver: Driver) -> None:
    """The same click again, also once the question is decided, neither counts nor is refused."""
    run = await driver.start("two", amount="5")
    (asked,) = await driver.asked(run)
    for _ in range(2):
        await driver.desk.decide(seen(asked), actor=AMY, choice=APPROVE, request_key="click:1")
    await driver.desk.decide(seen(asked), actor=BEN, choice=APPROVE, request_key="click:2")
    again = await driver.desk.decide(seen(asked), actor=AMY, choice=APPROVE, request_key="click:1")
    assert again.decision is not None
    with pytest.raises(AlreadyDecided):
        await driver.desk.decide(seen(asked), actor=DORA, choice=APPROVE, request_key="click:3")
    kinds = [event.kind for event in (await driver.ended(run)).events]
    assert (kinds.count(EventKind.ENDORSED), kinds.count(EventKind.REFUSED)) == (1, 1)


async def test_of_those_who_approve_at_once_the_last_decides(database_url: str, app: Path) -> None:
    """Three people at once, on PostgreSQL at two desks: each click is seen by the next, and it is decided."""
    async with several_desks(database_url, app) as desks:
        driver = Driver(desks[0])
        for _ in range(10):
            run = await driver.start("three", amount="5")
            (asked,) = await driver.asked(run)
            made = await asyncio.gather(
                *(
                    desks[at % len(desks)].decide(seen(asked), actor=who, choice=APPROVE)
                    for at, who in enumerate((AMY, BEN, DORA))
                )
            )
            statuses = sorted(each.status for each in made)
            assert statuses == [ApprovalStatus.DECIDED, ApprovalStatus.PENDING, ApprovalStatus.PENDING]
            await driver.ended(run)


async def test_who_approves_meanwhile_is_seen(
    database_url: str, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long one of two takes between looking at the others and being written down, they add up."""
    inner = endorsements.of

    async def slowly(tx: Transaction, approval_id: str, *, revision: int) -> Sequence[Row[Any]]:
        rows = await inner(tx, approval_id, revision=revision)
        time.sleep(0.1)  # noqa: ASYNC251  a decision's transaction has a thread of its own
        return rows

    async with several_desks(database_url, app) as desks:
        driver = Driver(desks[0])
        run = await driver.start("two", amount="5")
        (asked,) = await driver.asked(run)
        monkeypatch.setattr("engine.endorsements.of", slowly)
        made = await asyncio.gather(
            *(
                desks[at % len(desks)].decide(seen(asked), actor=who, choice=APPROVE)
                for at, who in enumerate((AMY, BEN))
            )
        )
        assert sorted(each.status for each in made) == [ApprovalStatus.DECIDED, ApprovalStatus.PENDING]
        await driver.ended(run)


async def test_t11_who_was_taken_off_the_list_counts_no_more(database_url: str, app: Path) -> None:
    """Amy approves and loses the right; then Ben is the first of two."""
    async with open_desk(database_url=database_url, app=app) as desk:
        run = await Driver(desk).start("two", amount="5")
        await Driver(desk).decide(run, APPROVE, actor=AMY)
    _rule(app.parent, ("U0BEN", "U0DORA"))
    async with open_desk(database_url=database_url, app=app) as desk:
        driver = Driver(desk)
        assert (await driver.asked(run))[0].endorsements == ()
        assert (await driver.decide(run, APPROVE, actor=BEN)).status is ApprovalStatus.PENDING
        decided = await driver.decide(run, APPROVE, actor=DORA)
        assert decided.decision is not None
        assert [each.id for each in decided.decision.endorsers] == ["U0BEN"]


async def test_values_given_ahead_stand_for_one_person_and_are_refused(driver: Driver) -> None:
    """Raw values decide nothing that takes several people."""
    run = await driver.start("two", amount="5")
    await driver.asked(run)
    with pytest.raises(NotAllowed, match="several people"):
        await driver.desk.resume(run.id, [True], actor=AMY)
    edits = await driver.start("edits", amount="5")
    await driver.asked(edits)
    with pytest.raises(NotAllowed, match="several people"):
        await driver.desk.resume(edits.id, ["anything"], actor=AMY)
    await driver.desk.resume(edits.id, [True], actor=AMY)
    assert (await driver.ended(edits)).result["paid"] == "5 True"


async def test_no_endorsement_outlives_its_deadline_or_its_revision(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click on another revision counts for nothing; after the deadline none does."""
    run = await driver.start("two", amount="5")
    (asked,) = await driver.asked(run)
    other = seen(asked).__class__(asked.id, asked.revision + 1, asked.digest)
    with pytest.raises(StaleQuestion):
        await driver.desk.decide(other, actor=AMY, choice=APPROVE)
    assert asked.expires_at is not None
    late = asked.expires_at
    monkeypatch.setattr(Database, "now", lambda _: late)
    with pytest.raises(Expired):
        await driver.desk.decide(seen(asked), actor=AMY, choice=APPROVE)
    assert (await driver.desk.approval(asked.id)).endorsements == ()


async def test_what_two_have_approved_one_cannot_change_afterwards(driver: Driver) -> None:
    """The answer of two people is used again when the node runs again: what they saw is not edited by one."""
    run = await driver.start("levels", amount="5")
    await driver.decide(run, APPROVE, actor=AMY)
    await driver.decide(run, APPROVE, actor=BEN)

    async def second() -> ApprovalView | None:
        return next((each for each in await driver.asked(run) if each.question.text == "Low?"), None)

    low = await eventually(second)
    assert low.question.option("edit") is None


async def test_nobody_edits_into_what_takes_two_alone(driver: Driver) -> None:
    """An edit that makes a question one for two people is put to two people."""
    run = await driver.start("sized", amount="5", size="small")
    await driver.decide(run, edit(amount="5", size="large"), actor=AMY)
    (anew,) = await driver.asked(run)
    assert (anew.question.shown["size"], anew.policy.required_approvals) == ("large", 2)
    assert (await driver.decide(run, APPROVE, actor=BEN)).status is ApprovalStatus.PENDING


async def test_t17_words_that_go_to_the_graph_are_typed_too(driver: Driver) -> None:
    """What goes along with an option in words needs a second person as an edit does."""
    run = await driver.start("worded", amount="5")
    first = await driver.decide(run, Choice("request_changes", reason="Shorter"), actor=AMY)
    (given,) = first.endorsements
    assert (first.status, given.required) == (ApprovalStatus.PENDING, 2)
    agrees = Choice(agrees_with=given.answer_digest)
    assert (await driver.decide(run, agrees, actor=BEN)).status is ApprovalStatus.DECIDED


async def test_who_has_approved_completes_it_once_fewer_are_needed(database_url: str, app: Path) -> None:
    """Of three two have approved; when two are enough either of them may end it."""
    async with open_desk(database_url=database_url, app=app) as desk:
        run = await Driver(desk).start("three", amount="5")
        for who in (AMY, BEN):
            await Driver(desk).decide(run, APPROVE, actor=who)
    _rule(app.parent, ALL, three=2)
    async with open_desk(database_url=database_url, app=app) as desk:
        decided = await Driver(desk).decide(run, APPROVE, actor=AMY)
        assert decided.status is ApprovalStatus.DECIDED


async def test_who_counts_again_may_approve_again(database_url: str, app: Path) -> None:
    """Amy approves as a member of a group that decides no more, and again as a member of the one that does now."""
    run: RunView | None = None
    for group in ("S0OLD", "S0NEW"):
        text = RULES.format(users="[]", three=3).replace("users = []", f'groups = ["{group}"]')
        (app.parent / "approvals.toml").write_text(text)
        async with open_desk(database_url=database_url, app=app) as desk:
            driver = Driver(desk)
            run = run or await driver.start("two", amount="5")
            assert (await driver.asked(run))[0].endorsements == ()
            amy, ben = (replace(each, groups=frozenset({group})) for each in (AMY, BEN))
            assert (await driver.decide(run, APPROVE, actor=amy)).status is ApprovalStatus.PENDING
            if group == "S0NEW":
                assert (await driver.decide(run, APPROVE, actor=ben)).status is ApprovalStatus.DECIDED


async def test_a_click_that_was_taken_back_does_not_come_again(driver: Driver) -> None:
    """Amy types 7, then 9; Ben types 7. Her first click delivered again decides nothing."""
    run = await driver.start("edits", amount="5")
    (asked,) = await driver.asked(run)
    for who, amount, key in ((AMY, "7", "k1"), (AMY, "9", "k2"), (BEN, "7", "k3"), (AMY, "7", "k1")):
        made = await driver.desk.decide(seen(asked), actor=who, choice=edit(amount=amount), request_key=key)
        assert made.status is ApprovalStatus.PENDING
    assert {each.actor_id: each.after["amount"] for each in made.endorsements} == {"U0AMY": 9, "U0BEN": 7}


async def test_a_refused_agreement_says_with_what(driver: Driver) -> None:
    """The audit trail names the answer that somebody wanted to agree with."""
    run = await driver.start("edits", amount="5")
    (given,) = (await driver.decide(run, edit(amount="7"), actor=AMY)).endorsements
    with pytest.raises(NotAllowed):
        await driver.decide(run, Choice(agrees_with=given.answer_digest), actor=OTTO)
    (refused,) = [each for each in (await driver.desk.run(run.id)).events if each.kind is EventKind.REFUSED]
    assert refused.detail["option"] == f"agree {given.answer_digest}"


@pytest.mark.parametrize("has_digest", [False, True], ids=["another answer", "with its digest"])
async def test_t04_an_endorsement_that_was_altered_is_agreed_with_by_nobody(
    driver: Driver, database_url: str, has_digest: bool
) -> None:
    """Whoever changes the stored answer gets no second approver for it, be its digest reckoned anew."""
    run = await driver.start("edits", amount="5")
    edited = await driver.decide(run, edit(amount="7"), actor=AMY)
    (given,) = edited.endorsements
    database = Database(database_url)
    async with database.transaction() as tx:
        answer = {
            "verdict": "edit", "option": "edit", "label": "Edit", "reason": "", "before": {"amount": 5},
            "after": {"amount": 7}, "resume": True, "state_update": {"amount": 7000},
        }  # fmt: skip
        altered = answer_digest(Answer(resume=True, update={"amount": 7000}))
        digest = altered if has_digest else given.answer_digest
        await tx.execute(update(endorsements_table).values(answer=answer, answer_digest=digest))
    await database.close()
    with pytest.raises(Exception, match="not what was asked"):
        await driver.decide(run, Choice(agrees_with=digest), actor=BEN)


async def test_t04_an_endorsement_that_was_taken_back_cannot_be_put_back(
    driver: Driver, database_url: str
) -> None:
    """Amy types 7000, then 9; somebody writes the first row back: the trail's last word is another."""
    run = await driver.start("edits", amount="5")
    database = Database(database_url)
    first = (await driver.decide(run, edit(amount="7000"), actor=AMY)).endorsements[0].answer_digest
    async with database.reading() as tx:
        (old,) = await endorsements.of(tx, (await driver.asked(run))[0].id, revision=1)
    await driver.decide(run, edit(amount="9"), actor=AMY)
    async with database.transaction() as tx:
        await tx.execute(
            update(endorsements_table).values(answer=old.answer, answer_digest=old.answer_digest)
        )
    await database.close()
    with pytest.raises(AlteredQuestion):
        await driver.decide(run, Choice(agrees_with=first), actor=BEN)


@pytest.mark.parametrize("altered", [{"actor_groups": ["S0NEW"]}, {"actor_name": "Somebody Else"}])
async def test_t04_the_person_of_an_endorsement_is_bound_too(
    driver: Driver, database_url: str, altered: dict[str, Any]
) -> None:
    """Nobody becomes a member of a group, or gets another name, by a change of the row."""
    run = await driver.start("edits", amount="5")
    (given,) = (await driver.decide(run, edit(amount="7"), actor=AMY)).endorsements
    database = Database(database_url)
    async with database.transaction() as tx:
        await tx.execute(update(endorsements_table).values(**altered))
    await database.close()
    with pytest.raises(AlteredQuestion):
        await driver.decide(run, Choice(agrees_with=given.answer_digest), actor=BEN)


async def test_requests_of_one_person_do_not_count_for_another_question(driver: Driver) -> None:
    """Approvals of one run say nothing about the next one."""
    first, second = await driver.start("two", amount="5"), await driver.start("two", amount="5")
    await driver.decide(first, APPROVE, actor=AMY)
    assert (await driver.decide(second, APPROVE, actor=BEN)).status is ApprovalStatus.PENDING
    assert RITA.id == first.requested_by
