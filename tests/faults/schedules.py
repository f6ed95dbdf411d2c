"""Seeded schedules of faults in one process: commits that fail or whose answer is lost, reads, nodes, cancelling."""

from __future__ import annotations

import time

from tests.faults.figures import Figure, Plan
from tests.faults.histories import ON_ONE_DATABASE, Told, played

SCHEDULES = 100_000
STRIKES = 2
TIME_S = 1_300
"""After so long no further schedules are begun: the whole laboratory is to end within half an hour."""


async def measure(plan: Plan) -> list[Figure]:
    """Play histories with two faults each, as many as there is time for."""
    wanted, began = plan.of(SCHEDULES), time.monotonic()
    told = Told()
    while told.count < wanted and time.monotonic() - began < TIME_S:
        count = min(ON_ONE_DATABASE, wanted - told.count)
        more = await played(plan, count, strikes=STRIKES, first=told.count)
        told.count += more.count
        told.violations += more.violations
        told.struck.update(more.struck)
    struck = ", ".join(f"{name} {count}" for name, count in told.struck.most_common())
    detail = f"{told.struck.total():,} faults: {struck}"
    return [Figure(f"fault schedules in one process, of {wanted:,}", told.count, told.violations, detail)]
