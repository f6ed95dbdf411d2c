"""A short, seeded part of the deliveries that come again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import deliveries
from tests.faults.__main__ import SEED
from tests.faults.deliveries import Setting


@pytest.mark.parametrize("setting", ["signed HTTP", "Socket Mode"])
async def test_f06_f07_what_comes_again_has_no_effect(tmp_path: Path, setting: Setting) -> None:
    """Each delivery of a request comes five times at once and again later; everything is there once."""
    figure = await deliveries.played(setting, 100, seed=SEED, folder=tmp_path)
    assert figure.n > 100
    assert figure.holds, figure.violations


async def test_t06_two_bots_have_one_effect(tmp_path: Path, postgres_url: str) -> None:
    """The same with two bots on one PostgreSQL, each of which gets every delivery."""
    figure = await deliveries.played(
        "two bots on PostgreSQL", 100, seed=SEED, folder=tmp_path, database_url=postgres_url
    )
    assert figure.n > 100
    assert figure.holds, figure.violations
