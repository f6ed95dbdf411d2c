"""Group commit: all writes that wait share one transaction, and each caller goes on once its own is durable."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

import psycopg

from engine.checkpointing.changes import Change, merged
from engine.checkpointing.lanes import Lane
from engine.checkpointing.records import Key, Place
from engine.checkpointing.statements import IS_PASSED
from engine.errors import StaleWriter, StoreError
from engine.transactions import Transaction

MAX_BATCH = 500  # calls; a batch of many large ones must not keep the first ones waiting for long

_OUT_OF_REACH = ("08", "53", "57P")
"""What a server's errors begin with that are about all it does: connection, resources, operator intervention
(https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

Guard = Callable[[Transaction], Awaitable[None]]


class Series:
    """Writes that build upon each other: once one has failed, the later ones get its error.

    As a context it takes a StoreError within the block for the failure of one, and lets it pass.
    `read`: the places that their writer has read from the database. `under_way`: the tasks that write just now.
    """

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self.read: set[Place] = set()
        self.under_way: set[asyncio.Task[Any]] = set()

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, StoreError):
            self.failure = self.failure or error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Tell that the present task writes, for as long as the block lasts."""
        task = asyncio.current_task()
        if task is None or task in self.under_way:
            yield
            return
        self.under_way.add(task)
        try:
            yield
        finally:
            self.under_way.discard(task)


class _Durable(asyncio.Future[None]):
    """Is done when the write is durable or has failed; whoever is cancelled meanwhile waits for that."""

    def cancel(self, msg: Any = None) -> bool:  # noqa: ARG002
        return False


class Call(Protocol):
    """What a put or put_writes wants stored.

    `key` is the checkpoint's. `passed`: the parameters of IS_PASSED, for a call after which the thread's head must be
    the parent.
    """

    key: Key
    change: Change

    @property
    def passed(self) -> Mapping[str, str] | None: ...


C = TypeVar("C", bound=Call)


class Entry(Generic[C]):
    """A call on its way. `after`: earlier ones that it builds upon; it fails if one of them does."""

    __slots__ = ("after", "call", "done", "guard", "series")

    def __init__(
        self, call: C, *, after: Sequence[Entry[C]], guard: Guard | None, series: Series | None
    ) -> None:
        self.call, self.after, self.guard, self.series = call, after, guard, series
        self.done = _Durable()


class GroupCommit(Generic[C]):
    """The one way of all checkpoints into the database. For one event loop.

    `ended` is called with each entry and whether it is durable or has failed, before its caller goes on.
    """

    def __init__(self, lane: Lane, ended: Callable[[Entry[C], bool], None]) -> None:
        self._lane = lane
        self._ended = ended
        self._waiting: list[Entry[C]] = []
        self._task: asyncio.Task[None] | None = None

    def write(self, entry: Entry[C]) -> Awaitable[None]:
        """Return what is done once the change is durable.

        It raises what its guard raises, StaleWriter, StoreError, or the error of an earlier one in its series.
        """
        self._waiting.append(entry)
        if self._task is None:
            self._task = asyncio.create_task(self._write_all(), name="group commit")
            self._task.add_done_callback(self._stopped)
        return entry.done

    async def close(self) -> None:
        """Wait for what is on its way and close the connections."""
        while self._task is not None:
            await asyncio.wait({self._task})
        await self._lane.close()

    def _stopped(self, task: asyncio.Task[None]) -> None:
        """A task that was cancelled before its first turn has told nobody."""
        if self._task is task:
            self._task = None
            self._stop(())

    async def _write_all(self) -> None:
        """Begins in the next turn of the event loop, so the calls of one turn are written together."""
        entries: list[Entry[C]] = []
        try:
            while self._waiting:
                entries, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._write(entries)
                entries = []
        finally:  # with entries left only when the event loop ends
            self._task = None
            self._stop(entries)

    def _stop(self, entries: Sequence[Entry[C]]) -> None:
        waiting, self._waiting = self._waiting, []
        for entry in (*entries, *waiting):
            self._end(entry, StoreError("The checkpointer was stopped."))

    async def _write(self, entries: Sequence[Entry[C]]) -> None:
        refused: dict[Entry[C], BaseException] = {}
        is_alone = not self._waiting and len({entry.call.key[0] for entry in entries}) == 1
        try:
            if any(entry.guard or _earlier_failure(entry) for entry in entries):

                async def check(tx: Transaction) -> Change:
                    refused.clear()
                    return await _checked(entries, tx, refused)

                await self._lane.write(check, is_alone=is_alone)
            else:
                await self._lane.write(merged([entry.call.change for entry in entries]), is_alone=is_alone)
        except Exception as error:  # noqa: BLE001 - it goes to the callers
            if len(entries) == 1 or _concerns_all(error):
                for entry in entries:
                    self._end(entry, error)
                return
            for entry in entries:
                await self._write([entry])
            return
        for entry in entries:
            self._end(entry, refused.get(entry))

    def _end(self, entry: Entry[C], error: BaseException | None) -> None:
        if error is not None and entry.series is not None:
            entry.series.failure = entry.series.failure or error
        self._ended(entry, error is None)
        if entry.done.done():
            return
        if error is None:
            entry.done.set_result(None)
        else:
            entry.done.set_exception(error)


async def _checked(
    entries: Sequence[Entry[C]], tx: Transaction, refused: dict[Entry[C], BaseException]
) -> Change:
    """Ask each guard once and return what may be written."""
    answers: dict[Guard, BaseException | None] = {}
    failures: dict[Series | None, BaseException] = {}
    allowed = []
    for entry in entries:
        failure = failures.get(entry.series) or _earlier_failure(entry)
        failure = failure or next((refused[each] for each in entry.after if each in refused), None)
        if failure is None and entry.guard is not None:
            if entry.guard not in answers:
                answers[entry.guard] = await _refusal(entry.guard, tx)
            failure = answers[entry.guard]
        if failure is None and entry.guard is not None and (place := entry.call.passed) is not None:
            passed = (await tx.execute(IS_PASSED, place)).first()
            failure = StaleWriter() if passed is not None else None
        if failure is None:
            allowed.append(entry)
        else:
            refused[entry] = failure
            if entry.series is not None:
                failures[entry.series] = failure
    return merged([entry.call.change for entry in allowed])


def _earlier_failure(entry: Entry[Any]) -> BaseException | None:
    if entry.series is not None and entry.series.failure is not None:
        return entry.series.failure
    return next(
        (error for each in entry.after if each.done.done() and (error := each.done.exception())), None
    )


async def _refusal(guard: Guard, tx: Transaction) -> BaseException | None:
    try:
        await guard(tx)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - it stops its own writes only
        return error
    return None


def _concerns_all(error: Exception) -> bool:
    """Say whether the database cannot write at all now, so that trying one by one is of no use."""
    cause = error.__cause__
    if isinstance(cause, psycopg.OperationalError):
        return cause.sqlstate is None or cause.sqlstate.startswith(_OUT_OF_REACH)
    return cause is None or isinstance(cause, (OSError, sqlite3.OperationalError))
