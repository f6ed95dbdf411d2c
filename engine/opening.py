"""Puts the engine together and takes it apart again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from engine.checkpointer import SQLModelSaver
from engine.database import Database
from engine.desk import Desk
from engine.exits import keep_running
from engine.leases import Leases
from engine.ledger import Ledger, Listener
from engine.pictures import Pictures
from engine.progress import Progress
from engine.retention import Retention
from engine.runner import Runner
from engine.wakeups import InProcess
from engine.workflows import load_app

NODE_THREADS = (
    64  # for nodes that are not async: asyncio's default of cpus + 4 lets slow ones starve the rest
)
STOP_WITHIN_S = 10


@asynccontextmanager
async def open_desk(
    *,
    database_url: str,
    app: Path,
    on_event: Listener | None = None,
    drives: bool = True,
    encryption_keys: Sequence[bytes] = (),
    allowed_types: Collection[tuple[str, str]] = (),
    keep_steps: timedelta | None = None,
) -> AsyncIterator[Desk]:
    """Open the store, bring it up to date, load the app and yield its desk; close in reverse order.

    `app` is the path of a langgraph.json. `on_event` hears of every audit entry once it is committed. Nothing
    that an earlier process left is taken up before `Desk.recover` is called. On the way out, runs under way get
    10 s to come to rest; what is cut off goes on at the next start. With `drives` False the desk is for looking
    only, beside the process that drives the runs: nothing that it starts or decides goes on by its doing.
    `encryption_keys` encrypt the graphs' states, as for SQLModelSaver; `allowed_types` are the (module, name) of
    types that stored states may hold beside those in the graphs' schemas. The steps of a run are thinned out when it
    ended longer than `keep_steps` ago (engine.retention); None: never.

    Raises: BadDatabaseUrl, BadEncryptionKey, DatabaseInUse, DatabaseTooNew, StoreError, AppError.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(NODE_THREADS, "assent-node"))
    keep_running(loop)
    database = Database(database_url)
    leases = Leases(database)
    try:
        if drives:
            await leases.open()
        await database.migrate()
        saver = SQLModelSaver(database, encryption_keys=encryption_keys)
        await saver.check_keys()
        loaded = await load_app(app, saver=saver.with_allowlist(allowed_types))
        wakeups = InProcess(is_open=drives)
        ledger = Ledger(database, wakeups, on_event=on_event)
        progress = Progress()
        pictures = Pictures(loaded.workflows)
        runner = Runner(ledger, leases, pictures, progress=progress)
        thinning = None
        if keep_steps is not None and drives:
            thinning = asyncio.create_task(
                Retention(database, saver, keep=keep_steps).run(), name="retention"
            )
        try:
            yield Desk(
                loaded,
                ledger=ledger,
                wakeups=wakeups,
                runner=runner,
                progress=progress,
                pictures=pictures,
                leases=leases,
            )
        finally:
            if thinning is not None:
                thinning.cancel()
                await asyncio.gather(thinning, return_exceptions=True)
            await wakeups.close(within_s=STOP_WITHIN_S)
            await loaded.aclose()
    finally:
        await leases.close()
        await database.close()
