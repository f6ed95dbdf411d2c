"""A run that takes its time: people see in the thread what it does, until it asks or ends."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.office import Office, opened
from tests.journeys.people import LIMIT_S, Case
from tests.journeys.reading import words

APP = Path(__file__).parent.parent / "app" / "langgraph.json"


async def test_the_thread_tells_what_a_slow_run_does(folder: Path) -> None:
    """Each node and what it streams stands below the newest line; a question and the end leave no trace of it."""
    free = folder / "free"
    free.mkdir()
    try:
        async with opened(folder, app=APP) as office:
            await _journey(office, free)
    finally:
        for name in ("searched", "dug", "reported"):
            (free / name).touch()


async def _journey(office: Office, free: Path) -> None:
    case = await office.rita.starts("slow", folder=str(free))
    await says(case, "page: 7, of: 7")
    assert "Now running: search" in thread(case)
    (free / "searched").touch()
    await says(case, "deeper › dig")
    await says(case, "search: found: a bicycle")
    (free / "dug").touch()
    card = await case.asks()
    assert "Now running" not in thread(case)
    assert len(case.thread()) == 3
    await office.amy.approves(card)
    await says(case, "Now running: report")
    (free / "reported").touch()
    await case.ends()
    assert "Now running" not in thread(case)
    assert "found: a bicycle" in (await card.says("Finished")).words()


def thread(case: Case) -> str:
    return "\n".join(words(each) for each in case.thread())


async def says(case: Case, part: str) -> None:
    """Wait until the thread shows this."""
    await case.sandbox.until(lambda: part in thread(case) or None, timeout_s=LIMIT_S)
