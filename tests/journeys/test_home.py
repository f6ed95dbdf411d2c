"""Looking around: the app's home, and what the commands answer in private."""

from __future__ import annotations

from tests.journeys.office import Office
from tests.journeys.people import CHANNEL
from tests.journeys.reading import button_names, objects, words
from tests.waiting import eventually


async def test_the_home_lists_what_waits(either: Office) -> None:
    """The home shows each open question with its request, a link to its card and the latest runs; decided ones go."""
    case = await either.rita.starts("expense", amount="12000", purpose="A van", category="Other")
    card = await case.asks()
    await either.amy.approves(card)
    second = await case.asks(number=2)
    await linked(either, case.run_id)
    await either.sandbox.open_home("dora")
    home = await either.sandbox.until(lambda: either.sandbox.home("dora"))
    said = words(home)
    assert said.startswith("Waiting for a decision\nDirector approval\nExpense")
    assert "requested by @U0RITA" in said
    assert "Manager approval" not in said
    assert f"run {case.run_id} · Waiting for approval" in said
    assert button_names(home) == ["Open the card"]
    (button,) = [each for each in objects(home) if each.get("type") == "button"]
    assert second.ts.replace(".", "") in button["url"]
    assert (await either.sandbox.click_home("dora", "home_open")).error is None
    await either.dora.approves(second)
    await case.ends()
    await either.sandbox.open_home("dora")
    done = await either.sandbox.until(
        lambda: "Nothing is waiting" in words(either.sandbox.home("dora")) and either.sandbox.home("dora")
    )
    assert f"run {case.run_id} · Finished" in words(done)
    assert button_names(done) == []


async def linked(office: Office, run_id: str) -> None:
    """Wait until the bot has noted where the newest card is; it is on the screen a moment before."""

    async def noted() -> bool | None:
        (waiting,) = [each for _, each in await office.desk.pending() if each.run_id == run_id]
        posting = (await office.desk.postings(run_id)).get(f"card:{waiting.id}")
        return (posting is not None and posting.reference is not None) or None

    await eventually(noted)


async def test_commands_answer_in_private(office: Office) -> None:
    """list, show and help tell only the person who typed, and post nothing into the channel."""
    case = await office.rita.starts("expense", amount="1200", purpose="A desk", category="Equipment")
    await case.asks()
    await linked(office, case.run_id)
    before = office.sandbox.messages(CHANNEL)
    listed = await office.ben.types("/approvals list")
    assert "Waiting for a decision: 1" in listed
    assert f"run {case.run_id} · requested by @U0RITA" in listed
    shown = await office.amy.types(f"/approvals show {case.run_id[:6]}")
    assert "purpose: A desk" in shown
    assert "Started by Rita Requester: Expense" in shown
    assert "Asked: Manager approval" in shown
    helped = await office.otto.types("/approvals help")
    for verb in ("start &lt;workflow&gt;", "list", "show &lt;run&gt;", "help"):
        assert f"`/approvals {verb}`" in helped
    assert office.sandbox.messages(CHANNEL) == before
    assert len(office.rita.told()) == 1  # that her request was started


async def test_who_has_no_part_in_it_reads_nothing_of_it(office: Office) -> None:
    """Somebody who neither asked nor may decide gets no list entry and no picture of a request by command."""
    case = await office.rita.starts("expense", amount="1200", purpose="Secret desk", category="Equipment")
    await case.asks()
    for text in ("/approvals list", f"/approvals show {case.run_id}"):
        assert "Secret desk" not in await office.otto.types(text)
    assert "no such run" in await office.otto.types(f"/approvals show {case.run_id}")


async def test_show_tells_the_end(office: Office) -> None:
    """`show` of a finished request tells every step and the result; an unknown one is said to be so."""
    case = await office.rita.starts("expense", amount="5", purpose="Pens", category="Other")
    await case.ends()
    shown = await office.rita.types(f"/approvals show {case.run_id.upper()}")
    assert "Finished" in shown
    assert "Paid $5.00 for Pens (Other)." in shown
    assert "no such run" in await office.rita.types("/approvals show zzzzzzzz")
