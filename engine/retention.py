"""How long the steps of a run are kept once it has ended; its decisions and its audit trail stay for ever."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from engine import approvals, runs
from engine.checkpointer import SQLModelSaver
from engine.database import Database
from engine.errors import EngineError

LOG = logging.getLogger("assent")
INTERVAL_S = 600.0
RUNS_AT_ONCE = 50


class Retention:
    """Thins out the threads of runs that ended longer than `keep` ago.

    What stays: the last step of a thread, and each state that a question was asked at. Several processes may do this
    at once; what one leaves half done the next round does again.
    """

    def __init__(self, database: Database, saver: SQLModelSaver, *, keep: timedelta) -> None:
        self._database = database
        self._saver = saver
        self._keep = keep

    async def run(self) -> None:
        """Go round every ten minutes until cancelled."""
        while True:
            try:
                while await self.thin_out() == RUNS_AT_ONCE:
                    pass
            except EngineError as error:
                LOG.warning("Old steps could not be removed: %s", error)
            await asyncio.sleep(INTERVAL_S)

    async def thin_out(self) -> int:
        """Thin out some runs, the oldest first, and return how many. Raises: DamagedCheckpoint, StoreError."""
        async with self._database.reading() as tx:
            due = await runs.due_to_thin(
                tx, ended_before=self._database.now() - self._keep, limit=RUNS_AT_ONCE
            )
            asked = {run.id: await approvals.of_runs(tx, [run.id]) for run in due}
        for run in due:
            await self._saver.aprune([run.thread_id], keep=[row.checkpoint_id for row in asked[run.id]])
            async with self._database.transaction() as tx:
                await runs.mark_thinned(tx, run.id)
        return len(due)
