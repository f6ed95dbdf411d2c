"""A graph that knows nothing of approvals and is compiled to stop: gone on with, changed, stopped."""

from __future__ import annotations

from engine import RunStatus
from tests.journeys.office import Office
from tests.journeys.people import Case


async def started(office: Office) -> Case:
    """Have Rita ask for a release."""
    return await office.rita.starts("deploy", service="Shop", version="2.4.1")


async def test_approve_goes_on(either: Office) -> None:
    """The breakpoint is a question with the whole state on it; approved, the next node runs."""
    case = await started(either)
    card = await case.asks()
    assert "Continue with executor?" in card.words()
    for part in ("Shop", "2.4.1", "Execute action X"):
        assert part in card.words()
    await either.amy.approves(card)
    assert "approved: yes" in await case.ends()


async def test_edit_changes_the_state(office: Office) -> None:
    """An edit at the breakpoint changes the state that the next node works with."""
    case = await started(office)
    card = await case.asks()
    ack = await office.ben.edits(card, plan="Execute action Y", version="2.4.2")
    assert (ack.error, ack.body) == (None, None)
    result = await case.ends()
    assert "plan: Execute action Y" in result
    assert "version: 2.4.2" in result
    assert "plan: Execute action X → Execute action Y" in card.now().words()


async def test_reject_stops_the_run(office: Office) -> None:
    """A rejection at the breakpoint ends the run there: the next node never runs, and everybody reads why."""
    case = await started(office)
    card = await case.asks()
    await office.amy.rejects(card, "Not on a Friday")
    assert "Not on a Friday" in await case.ends("Stopped")
    run = await office.record(case)
    assert run.status is RunStatus.STOPPED
    assert "approved" not in (run.result or {})
    assert card.now().buttons() == []


async def test_a_wrong_version_starts_nothing(office: Office) -> None:
    """A version that does not fit the pattern is told in words for people, and no run begins."""
    await office.rita.types("/approvals start deploy")
    ack = await office.rita.fills_in({"service": "Shop", "version": "latest"})
    assert ack.body is not None
    assert list(ack.body["errors"]) == ["field:version"]
    assert r"\d" not in ack.body["errors"]["field:version"]
    assert await office.desk.recent() == ()
