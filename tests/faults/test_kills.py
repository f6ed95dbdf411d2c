"""A short part of the long figures: every point of death once, for the engine and for the whole bot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.faults import kills, offices, zombies
from tests.faults.checker import check
from tests.faults.figures import Plan
from tests.faults.points import Death
from tests.faults.sink import lines

SEED = 7


def test_f01_f25_killed_at_each_point_of_the_engine(tmp_path: Path) -> None:
    """Nine lives on one database, eight of which end by SIGKILL: everything is decided, delivered and told once."""
    batch = kills.batch_of(Plan(1, SEED, tmp_path), 0, runs=5)
    wanted = ("K11", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K10")

    def deaths() -> Iterator[Death | None]:
        yield from (Death(point, 1, batch.hits) for point in wanted)
        yield None

    kills.lived(batch, deaths())
    assert [told["point"] for told in lines(batch.hits)] == list(wanted)
    assert check(batch.evidence) == []
    assert (
        len(list(lines(batch.acks))) > batch.questions // 2
    )  # whoever clicked right before a death heard nothing


@pytest.mark.parametrize("point", ["K4", "K5"])
def test_f09_a_stopped_process_that_goes_on_changes_nothing(
    tmp_path: Path, postgres_url: str, point: str
) -> None:
    """Stopped in a node, it wakes up after another process has finished its runs: its writes are refused."""
    batch = replace(kills.batch_of(Plan(1, SEED, tmp_path), 0, runs=3), database=postgres_url)
    zombies.outlived(batch, zombies.Stop(point, 2, batch.hits))
    assert [told["point"] for told in lines(batch.hits)] == [point]
    assert check(batch.evidence) == []


async def test_f02_killed_while_slack_has_what_nobody_wrote_down(tmp_path: Path) -> None:
    """Around each post, with the whole bot: one live card for each question, and none twice."""
    async with Sandbox() as sandbox:
        trial = offices.Trial(
            sandbox, tmp_path, number=0, seed=SEED, database=f"sqlite:///{tmp_path / 'assent.db'}", runs=2
        )
        trial.dies(["K9", "K8"])
        await trial.run()
        assert trial.died() == {"K9": 1, "K8": 1}
        assert check(trial.evidence()) == []
