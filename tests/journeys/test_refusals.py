"""Clicks that change nothing: each gets one clear private sentence and an audit entry, and that is all."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.sandbox import Delivery
from engine import ApprovalStatus, EventKind, RunStatus
from tests.journeys.office import Office
from tests.journeys.people import CHANNEL, Card, Case, Person

DESK = {"amount": "1200", "purpose": "A desk", "category": "Equipment"}


async def asked(office: Office) -> tuple[Case, Card]:
    """Have Rita ask for a desk."""
    case = await office.rita.starts("expense", **DESK)
    return case, await case.asks()


async def refused(office: Office, case: Case, *, code: str) -> None:
    """Check that the question waits as before, that nobody sees a difference, and that the trail holds it once."""
    (approval,) = (await office.record(case)).approvals
    assert approval.status is ApprovalStatus.PENDING
    assert await office.refusals(case) == [code]
    assert case.lines() == ["Started by Rita Requester: Expense", "Asked: Manager approval"]
    assert case.cards()[0].buttons() == ["Approve", "Reject", "Edit"]


def as_person(person: Person, click: Delivery) -> Delivery:
    """Give a click that was sent to another person's hands: a window of theirs was still open."""
    user = {**click.payload["user"], "id": person.id}
    return replace(click, payload={**click.payload, "user": user})


@pytest.mark.parametrize("button", ["approve", "reject", "edit"])
async def test_somebody_else_may_not(either: Office, button: str) -> None:
    """Somebody who is no approver gets one sentence and no form, whichever button it was."""
    case, card = await asked(either)
    await either.otto.clicks(card, button)
    assert "not among the people who may decide" in await either.otto.is_told("decide")
    assert len(either.otto.told()) == 1
    assert either.otto.form() is None
    await refused(either, case, code="not_allowed")


async def test_t09_the_requester_may_not(office: Office) -> None:
    """The requester may not decide what he asked for, though he is among the approvers."""
    case = await office.amy.starts("expense", **DESK)
    await office.amy.clicks(await case.asks(), "approve")
    assert "You asked for this yourself" in await office.amy.is_told("yourself")
    (approval,) = (await office.record(case)).approvals
    assert approval.status is ApprovalStatus.PENDING
    assert await office.refusals(case) == ["self_approval"]


async def test_a_guest_may_not(office: Office) -> None:
    """An approver whose account became a guest's may not decide."""
    case, card = await asked(office)
    office.sandbox.admin.make_guest("amy")
    await office.amy.clicks(card, "approve")
    assert "Guests cannot decide" in await office.amy.is_told("Guests")
    await refused(office, case, code="not_allowed")


async def test_a_deactivated_account_may_not(office: Office) -> None:
    """A click out of a window that was still open when the account was deactivated changes nothing."""
    case, card = await asked(office)
    await office.otto.clicks(card, "approve")
    office.sandbox.admin.deactivate("amy")
    ack = await office.sandbox.redeliver(as_person(office.amy, office.sandbox.deliveries[-1]))
    assert (ack.status, ack.error) == (200, None)
    (approval,) = (await office.record(case)).approvals
    assert approval.status is ApprovalStatus.PENDING
    refusals = [each for each in (await office.record(case)).events if each.kind is EventKind.REFUSED]
    assert [each.actor_id for each in refusals] == ["U0OTTO", "U0AMY"]
    assert "deactivated" in await office.amy.is_told("deactivated")


@pytest.mark.parametrize("method", ["usergroups.users.list", "users.info"])
async def test_t10_who_cannot_be_looked_up_may_not(office: Office, method: str) -> None:
    """While Slack does not say who somebody is, nothing is decided; the next click works."""
    case, card = await asked(office)
    office.sandbox.faults.next(method, status=500)
    await office.amy.clicks(card, "approve")
    assert "Could not check who you are" in await office.amy.is_told("check who you are")
    await refused(office, case, code="not_allowed")
    await office.amy.approves(card)
    await case.ends()


async def test_a_decided_card_says_who_was_faster(either: Office) -> None:
    """A click on a card that somebody else has decided names who it was, and the decision stands."""
    case, card = await asked(either)
    await either.amy.approves(card)
    await either.ben.clicks(card, "reject")
    assert "<@U0AMY>" in await either.ben.is_told("approved already")
    assert either.ben.form() is None
    await case.ends()
    assert await either.refusals(case) == ["already_decided"]


async def test_a_second_press_is_told(either: Office) -> None:
    """Whoever presses Approve twice is told once that it is decided, also if the second press arrives twice."""
    case, card = await asked(either)
    await either.amy.approves(card)
    await either.amy.clicks(card, "approve", deliveries=2)
    assert "approved already" in await either.amy.is_told("Your click changed nothing")
    await case.ends()
    assert await either.refusals(case) == ["already_decided"]
    kinds = [each.kind for each in (await either.record(case)).events]
    assert kinds.count(EventKind.DECIDED) == 1


async def test_t03_an_old_card_points_to_the_newer_one(office: Office) -> None:
    """A click on a question of which the content has changed is refused, and the sentence names the newer card."""
    case, card = await asked(office)
    await office.otto.clicks(card, "approve")
    click = office.sandbox.deliveries[-1]
    (action,) = click.payload["actions"]
    digest = (await office.record(case)).approvals[0].digest
    stale = {**action, "value": action["value"].replace(digest, "0" * len(digest))}
    await office.sandbox.redeliver(
        as_person(office.amy, replace(click, payload={**click.payload, "actions": [stale]}))
    )
    assert "Use the newer card" in await office.amy.is_told("has changed")
    assert (await office.refusals(case)) == ["not_allowed", "stale"]
    assert (await office.record(case)).approvals[0].status is ApprovalStatus.PENDING


async def test_no_approvers_means_nobody(odd_office: Office) -> None:
    """An empty list of approvers lets nobody decide, and the card says so before anybody clicks."""
    await odd_office.rita.types("/approvals start orphan")
    form = odd_office.rita.form()
    assert "nobody may decide" in str(form)
    case = await submitted(odd_office, count=1)
    card = await case.asks()
    assert "May decide: nobody, because no approvers are set" in card.words()
    await odd_office.amy.clicks(card, "approve")
    assert "Nobody may decide this" in await odd_office.amy.is_told("Nobody")
    assert await odd_office.refusals(case) == ["not_allowed"]


async def test_t30_who_may_not_start_starts_nothing(odd_office: Office) -> None:
    """A form sent by somebody who is not among the starters says so and stays open; nothing is stored or posted."""
    await odd_office.amy.types("/approvals start echo")
    ack = await odd_office.amy.fills_in({"a": "Hello"})
    assert "not among the people who may start this" in str((ack.body or {})["errors"])
    assert await odd_office.desk.recent() == ()
    assert odd_office.sandbox.messages(CHANNEL) == []


async def submitted(office: Office, *, count: int) -> Case:
    """Send the open form, and find the request."""
    await office.rita.fills_in({"count": str(count)})
    (run,) = await office.desk.recent(limit=1)
    return await office.rita.finds(run.id)


async def test_t01_two_hundred_cards_are_decided_once_each(odd_office: Office) -> None:
    """Two people click 200 cards at the same moment, some twice: one decision each, and whoever was late is told."""
    cases = [await odd_office.rita.starts("fan", count="5") for _ in range(40)]
    for case in cases:
        await case.asks(number=5)
    cards = [card for case in cases for card in case.cards()]
    assert len(cards) == 200
    for at in range(0, len(cards), 10):
        clicks = [
            person.clicks(card, "approve", deliveries=2 if at < 30 else 1)
            for card in cards[at : at + 10]
            for person in (odd_office.amy, odd_office.ben)
        ]
        acks = await asyncio.gather(*clicks)
        assert {each.status for ack in acks for each in (ack, *ack.others)} == {200}
    for case in cases:
        await case.ends()
        run = await odd_office.record(case)
        assert run.status is RunStatus.FINISHED
        decided = [each.approval_id for each in run.events if each.kind is EventKind.DECIDED]
        assert len(decided) == len(set(decided)) == 5
        codes = await odd_office.refusals(case)
        assert len(codes) >= 5  # whoever was second, once for each delivery
        assert set(codes) == {"already_decided"}
    assert len(odd_office.amy.told()) + len(odd_office.ben.told()) >= 200
    assert await odd_office.desk.verify() >= 40 * (2 + 5 * 4)
