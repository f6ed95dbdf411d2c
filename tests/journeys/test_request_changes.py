"""A draft that is sent back: each round says what was said and what has changed, and what comes back unchanged."""

from __future__ import annotations

from bot.sandbox import Ack
from engine import EventKind
from tests.journeys.office import Office
from tests.journeys.people import Card, Case, Person
from tests.journeys.reading import objects, words


async def started(office: Office) -> Case:
    """Have Rita ask for an announcement."""
    return await office.rita.starts(
        "content", topic="New opening hours", audience="Customers", details="From 1 May we open at eight."
    )


async def request_changes(person: Person, card: Card, comment: str) -> Ack:
    """Click "Request changes", say what is to be changed and send it."""
    button = next(
        each["action_id"]
        for each in objects(card.seen["blocks"])
        if each.get("type") == "button" and each["text"]["text"] == "Request changes"
    )
    await person.clicks(card, button)
    return await person.sandbox.submit(person.id, {"reason": comment})


async def test_three_rounds_in_one_thread(either: Office) -> None:
    """The second round shows the comment and the change; the third repeats the second and is flagged for it."""
    case = await started(either)
    first = await case.asks()
    assert "Round" not in first.words()
    assert first.buttons() == ["Approve", "Request changes", "Reject", "Edit"]
    ack = await request_changes(either.amy, first, "Later, please.\nNobody comes.")
    assert (ack.error, ack.body) == (None, None)

    second = await case.asks(number=2)
    assert (
        "Round 2: round 1 was answered “Request changes” by @U0AMY\nLater, please.\nNobody comes."
        in second.words()
    )
    changed = second.words().partition("Changed since round 1:\n")[2].partition("All that is asked:")[0]
    assert "+ (Revised: Later, please." in changed
    assert "nothing has changed" not in second.words()
    assert "Answered “Request changes” by @U0AMY, <time>" in first.now().words()
    assert first.now().buttons() == []
    await request_changes(either.ben, second, "Later, please.\nNobody comes.")

    third = await case.asks(number=3)
    assert "Round 3: round 2 was answered “Request changes” by @U0BEN" in third.words()
    assert "Careful: nothing has changed since round 2" in third.words()
    assert "Changed since" not in third.words()
    assert "Round 3: Review draft" in case.lines()
    await either.amy.approves(third)
    assert "(Revised: Later, please.\nNobody comes.)" in await case.ends()


async def test_a_comment_is_needed(office: Office) -> None:
    """Whoever requests changes has to say which; without it nothing is decided and the form stays."""
    case = await started(office)
    card = await case.asks()
    ack = await request_changes(office.amy, card, "")
    assert ack.body is not None
    assert list(ack.body["errors"]) == ["reason"]
    assert "Request changes" in card.now().buttons()


async def test_an_edit_after_a_round_is_what_runs(office: Office) -> None:
    """A later round can be edited: the card names the answer by the digest that the trail has of what was sent."""
    case = await started(office)
    await request_changes(office.amy, await case.asks(), "Shorter")
    second = await case.asks(number=2)
    await office.ben.edits(second, draft="We open at nine.")
    assert "final: We open at nine." in await case.ends()
    told = {each.kind: each.detail for each in (await office.record(case)).events}
    digest = told[EventKind.DECIDED]["answer_digest"]
    assert told[EventKind.RESUMED]["answer_digest"] == digest
    card = await second.says(f"The run has taken this answer. Fingerprint {digest[:16]}")
    assert "− To our customers: New opening hours." in card.words()
    assert "+ We open at nine." in card.words()
    line = next(words(each) for each in case.thread() if words(each).startswith("Edited and approved"))
    assert "+ We open at nine." in line


async def test_an_edited_text_comes_back_as_the_next_round(office: Office) -> None:
    """The editor asks again with the edited words, which the second card shows beside the first."""
    case = await office.rita.starts("editor", content="The shop opens at eight in the morning")
    await office.amy.edits(await case.asks(), content="The shop opens at nine in the morning")
    again = await case.asks(number=2)
    assert "Round 2: round 1 was edited and approved by @U0AMY" in again.words()
    assert (
        "content: The shop opens at eight in the morning → The shop opens at nine in the morning"
        in again.words()
    )


async def test_what_a_card_cannot_hold_is_answered_from_a_form_that_does(odd_office: Office) -> None:
    """An edit of a value that is too long for a card is made below all of it, and is what the graph gets."""
    office = odd_office
    long = {name: f"{name} " * 1_400 for name in "abcdef"}
    case = await office.rita.starts("echo", **long)
    card = await case.asks()
    assert card.buttons() == ["Review in full", "Reject", "Review: Edit", "Review: Answer…"]
    button = next(
        each["action_id"] for each in objects(card.seen["blocks"]) if "review:" in str(each.get("action_id"))
    )
    await office.amy.clicks(card, button)
    form = office.amy.form()
    assert form is not None
    assert all(words(form).replace("\n", "").count(text.strip()) for text in long.values())
    ack = await office.amy.fills_in({"a": "Short words"})
    assert (ack.error, ack.body) == (None, None)
    await office.amy.approves_in_full(await case.asks_again(card))  # its words come from what was edited
    await case.ends()
    assert any("+ Short words" in words(each) for each in case.thread())
    run = await office.record(case)
    edited = next(each.detail["after"] for each in run.events if each.kind is EventKind.DECIDED)
    assert edited == {"a": "Short words"}
    assert run.result["a"] == "Short words"
