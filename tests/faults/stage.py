"""An engine in this process whose database and nodes fail on demand, and that can be started anew at any time."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from engine import Desk, StoreError
from engine.database import Begun, Database
from engine.transactions import Transaction
from engine.workflows import App
from tests.engine.desk_driver import Bench, open_bench
from tests.faults import points
from tests.faults.sink import SINK

APP = Path(__file__).parent / "shapes" / "langgraph.json"
T = TypeVar("T")


class NodeFailed(Exception):
    """A node of the laboratory fell over."""


class Faults:
    """Counts the points that are passed, and raises at those that are planned."""

    def __init__(self) -> None:
        self._planned: dict[int, bool] = {}
        self.passed = 0
        self.struck: list[str] = []
        self.clock = timedelta()
        """How far the time of the database is off."""
        self._is_off = False

    def plan(self, planned: dict[int, bool]) -> None:
        """Say at which points, counted from now, to raise; True: the task is cancelled there instead."""
        self._planned, self.passed, self.struck = dict(planned), 0, []

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Nothing strikes within this block, and no point in it counts."""
        before, self._is_off = self._is_off, True
        try:
            yield
        finally:
            self._is_off = before

    def point(self, name: str, error: type[Exception] = StoreError) -> None:
        """Pass a point."""
        if self._is_off:
            return
        self.passed += 1
        is_cancelled = self._planned.pop(self.passed, None)
        if is_cancelled is None:
            return
        self.struck.append(name)
        if is_cancelled and error is StoreError:
            raise asyncio.CancelledError(name)
        raise error(f"{name}, point {self.passed}")


class FaultyDatabase(Database):
    """A database that is away, or whose answer to a commit is lost, at a planned point."""

    def __init__(self, url: str, faults: Faults) -> None:
        super().__init__(url)
        self._faults = faults

    def now(self) -> datetime:
        return super().now() + self._faults.clock

    async def _commit(self, begun: Begun) -> None:
        self._faults.point("before a commit")
        await super()._commit(begun)
        self._faults.point("after a commit")

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        self._faults.point("before a decision's transaction")
        result = await super().transact(body)
        self._faults.point("after a decision's commit")
        return result

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        self._faults.point("before a read")
        async with super().reading() as tx:
            yield tx


def next_release(folder: Path) -> Path:
    """Write a release of the app in which each node's code is another one, and return its langgraph.json."""
    shutil.copytree(APP.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = folder / "graphs.py"
    source.write_text(source.read_text().replace("RELEASE = 1\n", "RELEASE = 2\n"))
    return folder / APP.name


class Stage:
    """One database and the engines that work on it one after the other, each with one of two releases of the app."""

    def __init__(
        self, folder: Path, faults: Faults, *, apps: Sequence[Path | App] = (), database_url: str = ""
    ) -> None:
        self.apps = list(apps) or [APP, next_release(folder / "next")]
        """Loaded ones are for the next stage: loading takes longer than a history."""
        self._release = 0
        self.database_url = database_url or f"sqlite:///{folder / 'stage.db'}"
        self.effects, self.acks = folder / "effects", folder / "acks"
        self._faults = faults
        self._stack = AsyncExitStack()
        os.environ[SINK] = str(self.effects)
        points.listen(lambda name: faults.point(f"in a node, {name}", NodeFailed))

    async def open(self) -> None:
        """Start an engine."""
        database = FaultyDatabase(self.database_url, self._faults)
        self.bench: Bench = await self._stack.enter_async_context(
            open_bench(self.database_url, database=database, app=self.apps[self._release])
        )
        self.apps[self._release] = app = self.bench.app
        saver: Any = app.workflows["loop"].graph.checkpointer  # which all of them share
        lane = saver._store._lane
        lane.write = self._failing(lane.write, "a step's writes")
        lane.read = self._failing(lane.read, "a read of the thread")

    def _failing(self, inner: Callable[..., Awaitable[Any]], name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **more: Any) -> Any:
            self._faults.point(f"before {name}")
            result = await inner(*args, **more)
            self._faults.point(f"after {name}")
            return result

        return call

    async def close(self) -> None:
        """End it."""
        with self._faults.put_off():
            await self._stack.aclose()

    async def restart(self) -> None:
        """Start anew on what the last engine left."""
        await self.close()
        await self.open()

    async def release(self) -> None:
        """Start anew with the other release."""
        self._release = 1 - self._release
        await self.restart()

    @property
    def desk(self) -> Desk:
        """The desk of the engine that runs now."""
        return self.bench.driver.desk
