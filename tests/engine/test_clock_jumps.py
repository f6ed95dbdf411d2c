"""A clock that jumps: order comes from the sequence, and who may drive a run from locks, never from the time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import RunStatus, clock
from tests.engine.desk_driver import AMY, APPROVE, RITA, open_bench, seen


@pytest.mark.parametrize("hours", [1, -1])
async def test_f14_a_clock_that_jumps_changes_no_order_and_no_lease(
    database_url: str, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """An hour on or back between asking and deciding: decided once, the trail holds, its order is that of events."""
    now = clock.utc_now

    def jumped() -> object:
        return now() + timedelta(hours=hours)

    async with open_bench(database_url) as bench:
        run = await bench.driver.start("expense", actor=RITA, amount="5000")
        await bench.runner.advance(run.id)
        (card,) = await bench.driver.asked(run)
        for module in ("ledger", "desk"):
            monkeypatch.setattr(f"engine.{module}.utc_now", jumped)
        await bench.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
        await bench.runner.advance(run.id)
        ended = await bench.driver.ended(run)
        assert ended.status is RunStatus.FINISHED
        assert [event.kind.value for event in ended.events] == [
            "started", "asked", "decided", "resumed", "finished",
        ]  # fmt: skip
        times = [event.at for event in ended.events]
        assert (times == sorted(times)) is (hours > 0)
        assert await bench.driver.desk.verify() == len(ended.events)
