"""A payment that takes two people: what each sees, and what runs."""

from __future__ import annotations

from tests.journeys.office import Office


async def test_two_people_approve(odd_office: Office) -> None:
    """Amy's approval stands on the card, hers again counts for nothing, and Ben's pays."""
    office = odd_office
    case = await office.rita.starts("payout", amount="500", purpose="Chairs")
    card = await case.asks()
    assert "Takes: 2 people to approve, 1 to reject" in card.words()
    await office.amy.approves(card)
    half = await card.says("Approved (1 of 2) by @U0AMY")
    assert half.buttons() == ["Approve", "Reject", "Edit", "Answer…"]
    await office.amy.approves(half)
    assert "somebody else has approved the same" in await office.amy.is_told("You have approved this already")
    await office.ben.approves(half)
    assert "500 for Chairs" in await case.ends()
    assert "Approved by @U0BEN and @U0AMY, <time>" in card.now().words()
    assert [line for line in case.lines() if line.startswith("Approved")] == [
        "Approved (1 of 2) by Amy Approver",
        "Approved by Ben Backup and Amy Approver",
    ]
    assert card.now().buttons() == []


async def test_an_edit_is_agreed_with_by_a_button_of_its_own(odd_office: Office) -> None:
    """Amy types another amount; Ben's plain approval is for the old one, Dora agrees with Amy, and that is paid."""
    office = odd_office
    case = await office.rita.starts("payout", amount="500", purpose="Chairs")
    card = await case.asks()
    await office.amy.edits(card, amount="450")
    edited = await card.says("Edited and approved (1 of 2) by @U0AMY")
    assert "500 → 450" in edited.words()
    assert edited.buttons() == ["Agree with Amy Approver", "Approve", "Reject", "Edit", "Answer…"]
    await office.ben.approves(edited)
    both = await card.says("Approved (1 of 2) by @U0BEN")
    await office.amy.chooses(both, "Agree with Amy Approver")
    await office.amy.is_told("You have approved this already")
    await office.dora.answers(both, "Agree with Amy Approver")
    assert "450 for Chairs" in await case.ends()
    assert "Edited and approved by @U0DORA and @U0AMY, <time>" in card.now().words()
    assert await office.refusals(case) == ["already_endorsed"]


async def test_one_rejects(odd_office: Office) -> None:
    """Amy approves, Ben rejects, and nothing is paid."""
    case = await odd_office.rita.starts("payout", amount="500", purpose="Chairs")
    card = await case.asks()
    await odd_office.amy.approves(card)
    await odd_office.ben.rejects(await card.says("(1 of 2)"), "Too many chairs")
    assert "nothing" in await case.ends()
