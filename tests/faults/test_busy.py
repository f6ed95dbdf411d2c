"""A short part of the figure: people decide while graphs sleep and calculate in their nodes."""

from __future__ import annotations

from pathlib import Path

from tests.faults.busy import waited


async def test_f15_clicks_are_taken_while_graphs_are_busy(tmp_path: Path) -> None:
    """Every click is recorded and acknowledged, though each of 20 nodes holds a thread all the while."""
    waits = await waited(tmp_path, busy=20, clicks=8, tenths=15)
    assert len(waits) == 8
