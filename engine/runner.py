"""Decides who drives which run: one driver at a time, wherever it is, under a lease and a fence."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Row

from engine import approvals, runs
from engine.driving import Drive
from engine.errors import LeaseLost
from engine.leases import Leases
from engine.ledger import Ledger
from engine.pictures import Pictures
from engine.progress import Progress
from engine.transactions import Transaction
from engine.wakeups import Kind

log = logging.getLogger("assent.runner")


class Runner:
    """Drives runs. Safe to call for any run at any time; without work to do it changes nothing."""

    def __init__(self, ledger: Ledger, leases: Leases, pictures: Pictures, *, progress: Progress) -> None:
        self._ledger = ledger
        self._leases = leases
        self._pictures = pictures
        self._workflows = pictures.workflows
        self._progress = progress
        self._began_at = ledger.database.now()
        self._is_current = False

    async def advance(self, run_id: str) -> None:
        """Drive one run until it waits for a person or has ended.

        Returns at once when somebody else drives it or its workflow is not loaded now. After a StoreError
        nothing is lost: the next call goes on from what is stored.
        """
        async with self._leases.try_hold(f"run:{run_id}") as lease:
            if lease is None:
                return
            run = await self._take(run_id)
            if run is None:
                return
            drive = Drive(self._ledger, run, self._pictures, progress=self._progress)
            try:
                await drive.to_rest()
            except LeaseLost:
                log.info("run %s was taken over or ended meanwhile", run_id)
                await self._let_go(run_id)
            finally:
                self._progress.end(run_id)

    async def to_drive(self, tx: Transaction) -> list[str]:
        """Return the runs that somebody has to drive: what was left undone, and what other code than the app's asks.

        For the latter it looks until there are none of those that were asked before this process began: the app does
        not change while it is loaded, and two processes with different code must not take questions from each other
        for ever.
        """
        unsettled = await runs.unsettled(tx)
        outdated = [] if self._is_current else await self._outdated(tx)
        self._is_current = not outdated
        return list(dict.fromkeys([*unsettled, *outdated]))

    async def _outdated(self, tx: Transaction) -> list[str]:
        found = []
        for row in await approvals.asked_by_code(tx, before=self._began_at):
            workflow = self._workflows.get(row.workflow)
            if workflow is not None and not workflow.fingerprint.matches(row.code):
                found += await approvals.runs_asked_by(
                    tx, workflow=row.workflow, code=row.code, before=self._began_at
                )
        return found

    async def _let_go(self, run_id: str) -> None:
        """Have the run shown without the progress that was told of it: who has it now knows nothing of that."""
        self._progress.end(run_id)
        async with self._ledger.database.transaction() as tx:
            await runs.touch(tx, run_id)
            await self._ledger.wakeups.wake(tx, Kind.CHANGE, run_id)

    async def _take(self, run_id: str) -> Row[Any] | None:
        if self._ledger.is_halted:
            return None
        async with self._ledger.database.transaction() as tx:
            run = await runs.take(tx, run_id)
        if run is not None and run.workflow not in self._workflows:
            log.warning("run %s rests: its workflow %s is not loaded", run_id, run.workflow)
            return None
        return run
