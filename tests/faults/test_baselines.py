"""A laboratory that cannot find losses proves nothing: the tutorials' bot has to lose in it."""

from __future__ import annotations

from pathlib import Path

from tests.faults.baselines import lost
from tests.faults.figures import Plan


async def test_the_baseline_loses(tmp_path: Path) -> None:
    """Acknowledged decisions are gone, or effects are doubled, in a few dozen approvals."""
    figure = await lost(Plan(0.06, 11, tmp_path), is_strict=False)
    assert figure.violations
    assert figure.holds
