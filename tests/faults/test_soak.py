"""A short part of the soak."""

from __future__ import annotations

from pathlib import Path

from tests.faults import soak
from tests.faults.figures import Plan


async def test_f30_neither_files_nor_memory_grow_with_the_approvals(tmp_path: Path) -> None:
    """After 75 approvals no more files are open than after 25, and little more is kept in memory."""
    (figure,) = await soak.measure(Plan(0.0625, 1, tmp_path))
    assert figure.n == 75
    assert figure.violations == []
