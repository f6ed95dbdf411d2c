"""A short, seeded part of the requests that no Slack sends."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.faults import forging, requests
from tests.faults.__main__ import SEED
from tests.faults.figures import Plan
from tests.faults.ledger import changes, rows_of
from tests.journeys.office import at_work, settings


async def test_t07_f29_what_no_slack_sends_changes_nothing(tmp_path: Path) -> None:
    """A hundred and fifty forged, malformed, mutated and replayed requests: no 5xx, no change, no line."""
    figures = await requests.measure(Plan(0.03, SEED, tmp_path))
    assert {each.name.partition(" ")[0] for each in figures} >= {"forged", "malformed", "mutated", "replayed"}
    for each in figures:
        assert each.holds, (each.name, each.violations[:3])


async def test_the_comparison_sees_a_change(tmp_path: Path) -> None:
    """A decision is told as a change, a refused click is not: the comparison would tell what a request had done."""
    async with Sandbox() as sandbox, at_work(sandbox, settings(sandbox, tmp_path)) as office:
        case = await office.rita.starts("expense", **requests.ENTRIES)
        card = await case.asks()
        before = rows_of(tmp_path / "assent.db")
        await office.otto.clicks(card, "approve")
        assert not [each for each in changes(before, rows_of(tmp_path / "assent.db")) if "audit" in each]
        await office.amy.approves(card)
        told = changes(before, rows_of(tmp_path / "assent.db"))
    assert [each for each in told if each.startswith("assent_decisions: 0 rows gone, 1 new")]
    assert [each for each in told if each.startswith("assent_audit")]


def test_the_log_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    """Quoting a request is a violation, by any library and also in the traceback that the terminal leaves out."""
    with requests.listening() as log:
        logging.getLogger("any.library").error("nothing special")
        assert log.violations() == []
        logging.getLogger("any.library").error("got %s", forging.MARK)
        assert len(log.violations()) == 2
        try:
            raise ValueError(forging.MARK)
        except ValueError:
            logging.getLogger("aiohttp.server").exception("failed")
    assert len(log.violations()) == 3
