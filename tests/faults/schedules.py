"""Seeded schedules of faults over whole runs: commits that fail or whose answer is lost, reads, nodes, cancelling."""

from __future__ import annotations

from tests.faults.figures import Figure, Plan
from tests.faults.histories import played

SCHEDULES = 2_000
STRIKES = 2
TIME_S = 200
"""After so many seconds no further schedules are begun: everything is to end within half an hour."""


async def measure(plan: Plan) -> list[Figure]:
    """Play histories with two faults each, as many as there is time for."""
    wanted = plan.of(SCHEDULES)
    told = await played(plan, wanted, strikes=STRIKES, time_s=plan.within(TIME_S))
    name = f"fault schedules of whole runs, of {wanted:,}"
    return [Figure(name, told.count, told.violations, told.faults())]
