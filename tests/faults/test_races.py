"""A short race on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.figures import Plan
from tests.faults.races import raced


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_f08_f28_one_of_four_processes_decides(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    """Four processes click on the same 40 questions, deadlines among them: each is decided once or expires."""
    is_postgres = database == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgres else f"sqlite:///{tmp_path / 'race.db'}"
    figure = await raced(url, Plan(0.004, 5, tmp_path), database)
    assert figure.violations == []
    assert figure.n == 40
