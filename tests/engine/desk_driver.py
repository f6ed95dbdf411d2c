"""Drives a desk as a person would: asks what waits, decides, waits for what comes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine import (
    Actor,
    ApprovalStatus,
    ApprovalView,
    Choice,
    Desk,
    RunStatus,
    RunView,
    Seen,
    SQLModelSaver,
    StoreError,
    runs,
)
from engine.database import Database
from engine.driving import Drive
from engine.leases import Leases
from engine.ledger import Ledger
from engine.pictures import Pictures
from engine.progress import Progress
from engine.runner import Runner
from engine.threads import Thread
from engine.transactions import Transaction
from engine.wakeups import Handler, Kind
from engine.workflows import App, Workflow, load_app
from tests.waiting import eventually

TESTS = Path(__file__).parent.parent
APP = TESTS / "app" / "langgraph.json"
RITA, AMY, BEN = Actor("U0RITA", "Rita"), Actor("U0AMY", "Amy"), Actor("U0BEN", "Ben")
DORA, OTTO = Actor("U0DORA", "Dora"), Actor("U0OTTO", "Otto")
APPROVE = Choice("approve")
REJECT = Choice("reject", reason="Too much")


def edit(**entries: str) -> Choice:
    return Choice("edit", entries=entries)


def seen(approval: ApprovalView) -> Seen:
    return Seen(approval.id, approval.revision, approval.digest)


ONE_APPROVER = '[defaults]\nchannel = "#approvals"\napprovers = { users = ["U0AMY"] }\n'


def write_app(folder: Path, source: str, *, names: Sequence[str], rules: str = ONE_APPROVER) -> Path:
    """Write an app whose graphs have these names in one module, and return its langgraph.json."""
    (folder / "written.py").write_text(source)
    located = {name: f"./written.py:{name}" for name in names}
    (folder / "langgraph.json").write_text(json.dumps({"dependencies": ["."], "graphs": located}))
    (folder / "approvals.toml").write_text(rules)
    return folder / "langgraph.json"


class Driver:
    """A desk and the run that a test is about."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def start(self, workflow: str, *, actor: Actor = RITA, **entries: str) -> RunView:
        return await self.desk.start(workflow, entries=entries, actor=actor, request_key=uuid4().hex)

    async def asked(self, run: RunView, *, count: int = 1) -> tuple[ApprovalView, ...]:
        """Wait until `count` questions of the run are pending."""

        async def look() -> tuple[ApprovalView, ...] | None:
            found = (await self.desk.run(run.id)).approvals
            pending = tuple(a for a in found if a.status is ApprovalStatus.PENDING)
            return pending if len(pending) == count else None

        return await eventually(look)

    async def decide(self, run: RunView, choice: Choice = APPROVE, *, actor: Actor = AMY) -> ApprovalView:
        """Wait for the run's one pending question and decide it."""
        (approval,) = await self.asked(run)
        return await self.desk.decide(seen(approval), actor=actor, choice=choice)

    async def ended(self, run: RunView) -> RunView:
        """Wait until the run has ended."""

        async def look() -> RunView | None:
            view = await self.desk.run(run.id)
            return view if view.status not in (RunStatus.RUNNING, RunStatus.WAITING) else None

        return await eventually(look)


class ByHand:
    """Wake-ups that are written down and never acted on: the test itself is who is woken."""

    def __init__(self) -> None:
        self.woken: list[tuple[Kind, str]] = []

    def on(self, kind: Kind, handler: Handler) -> None:
        """Nobody is called."""

    async def wake(self, tx: Transaction, kind: Kind, key: str) -> None:
        tx.after_commit(lambda: self.woken.append((kind, key)))

    async def close(self, *, within_s: float) -> None:
        """There is nothing to wait for."""


@dataclass
class Bench:
    """An engine in parts, driven step by step."""

    database: Database
    app: App
    runner: Runner
    driver: Driver
    ledger: Ledger
    wakeups: ByHand

    async def begun(self, workflow: str, **entries: str) -> RunView:
        """Start a run and drive it to its first rest."""
        run = await self.driver.desk.start(workflow, entries=entries, actor=RITA, request_key="k")
        return await self.driven(run)

    async def driven(self, run: RunView) -> RunView:
        """Drive a run to its rest."""
        await self.runner.advance(run.id)
        return await self.driver.desk.run(run.id)

    async def swept(self, run: RunView) -> RunView:
        """Drive a run once more after a moment, as a sweep does.

        A node that calls two graphs at once ends when one of them asks, and LangGraph lets the other one run on: what
        that writes then can make the next driver give up.
        """
        await asyncio.sleep(0.1)
        return await self.driven(run)

    async def decided(self, run: RunView, text: str, choice: Choice = APPROVE) -> RunView:
        """Decide the pending question whose text begins so, and drive the run to its rest."""
        (card,) = [
            each
            for each in run.approvals
            if each.status is ApprovalStatus.PENDING and each.question.text.startswith(text)
        ]
        await self.driver.desk.decide(seen(card), actor=AMY, choice=choice)
        return await self.driven(run)

    async def take(self, run_id: str) -> int:
        """Take the run as another driver does, and return the fence that it has then."""
        async with self.database.transaction() as tx:
            row = await runs.take(tx, run_id)
        assert row is not None
        return int(row.fence)

    def thread(self, run: RunView) -> Thread:
        """The run's thread, as a driver has it that nobody fences off."""

        async def no_guard(_: Transaction) -> None:
            """Everything may be written."""

        return Thread(self.app.workflows[run.workflow], run.thread_id, guard=no_guard)


@contextmanager
def away_for(monkeypatch: pytest.MonkeyPatch, is_lost: Callable[[str, Any], bool]) -> Iterator[None]:
    """Let the database be away for the writes (by namespace and content) that are lost; the block fails of it."""
    put_writes = SQLModelSaver.aput_writes

    async def failing(self: SQLModelSaver, config: Any, writes: Any, *more: Any, **named: Any) -> None:
        if is_lost(config["configurable"]["checkpoint_ns"], writes):
            raise StoreError("away")
        await put_writes(self, config, writes, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(SQLModelSaver, "aput_writes", failing)
        with pytest.raises(StoreError, match="away"):
            yield


@contextmanager
def dying_unsettled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a driver die before what it came to is written down; the block fails of it."""

    async def dying(*_: object, **__: object) -> None:
        raise StoreError("away")

    with monkeypatch.context() as patched:
        patched.setattr(Drive, "_settle", dying)
        with pytest.raises(StoreError, match="away"):
            yield


_KEPT: dict[Path, App] = {}


async def _kept(app: Path, saver: SQLModelSaver) -> App:
    if app not in _KEPT:
        _KEPT[app] = await load_app(app, saver=saver)
    return _KEPT[app]


class _Placed(Mapping[str, Workflow]):
    """An app's workflows on another checkpointer; each is put there when it is first asked for."""

    def __init__(self, workflows: Mapping[str, Workflow], saver: SQLModelSaver) -> None:
        self._workflows: Mapping[str, Workflow] = (
            workflows._workflows if isinstance(workflows, _Placed) else workflows
        )
        self._saver = saver
        self._placed: dict[str, Workflow] = {}

    def __getitem__(self, name: str) -> Workflow:
        if name not in self._placed:
            workflow = self._workflows[name]
            graph = workflow.graph.copy(update={"checkpointer": self._saver})
            self._placed[name] = replace(workflow, graph=graph)
        return self._placed[name]

    def __setitem__(self, name: str, workflow: Workflow) -> None:
        """Replace one, as no app does while it is loaded."""
        self._placed[name] = workflow

    def __iter__(self) -> Iterator[str]:
        return iter(self._workflows)

    def __len__(self) -> int:
        return len(self._workflows)


@asynccontextmanager
async def open_bench(
    url: str, *, database: Database | None = None, app: Path | App = APP, progress: Progress | None = None
) -> AsyncIterator[Bench]:
    """An engine whose runs move only when the test says `runner.advance`.

    `app` may be loaded already: its graphs are then put on this engine's checkpointer. An app of the tests' own
    folder, which nobody changes, is loaded once in a process: that takes longer than most tests.
    """
    database = database or Database(url)
    await database.migrate()
    leases = Leases(database)
    await leases.open()
    saver = SQLModelSaver(database)
    exits = AsyncExitStack()
    if isinstance(app, App) or TESTS in app.parents:
        loaded = app if isinstance(app, App) else await _kept(app, saver)
        loaded = replace(loaded, workflows=_Placed(loaded.workflows, saver))
    else:
        loaded = await load_app(app, saver=saver)
        exits.push_async_callback(loaded.aclose)
    wakeups = ByHand()
    ledger = Ledger(database, wakeups)
    progress = progress or Progress()
    pictures = Pictures(loaded.workflows)
    runner = Runner(ledger, leases, pictures, progress=progress)
    desk = Desk(
        loaded,
        ledger=ledger,
        wakeups=wakeups,
        runner=runner,
        progress=progress,
        pictures=pictures,
        leases=leases,
    )
    try:
        yield Bench(database, loaded, runner, Driver(desk), ledger, wakeups)
    finally:
        await exits.aclose()
        await leases.close()
        await database.close()
