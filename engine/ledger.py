"""Transitions: one transaction that changes rows, seals what happened into the audit trail and wakes who cares."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

from engine import audit, runs
from engine.audit import Entry
from engine.database import Database
from engine.decisions import Actor, Json
from engine.errors import Halted
from engine.transactions import Transaction
from engine.views import Event, EventKind
from engine.wakeups import Kind, Wakeups

Listener = Callable[[Event], None]
T = TypeVar("T")


class Transition:
    """What happens within one transaction. `now` is its one time stamp."""

    def __init__(self, tx: Transaction, wakeups: Wakeups, *, now: datetime) -> None:
        self.tx = tx
        self.now = now
        self._wakeups = wakeups
        self._entries: list[Entry] = []
        self.run_id: str | None = None

    def note(
        self, kind: EventKind, *, approval_id: str | None = None, actor: Actor | None = None, **detail: Json
    ) -> None:
        """Write an entry into the audit trail when the transaction ends."""
        self._entries.append(Entry(kind, approval_id=approval_id, actor=actor, detail=detail))

    async def wake(self, kind: Kind, key: str) -> None:
        """Wake a handler once this is committed."""
        await self._wakeups.wake(self.tx, kind, key)

    async def show(self, run_id: str) -> None:
        """Say that people may see something new of a run."""
        await runs.touch(self.tx, run_id)
        await self.wake(Kind.CHANGE, run_id)

    async def seal(self) -> tuple[Event, ...]:
        """Append the entries. The last thing to be done, as it locks the audit chain."""
        if not self._entries:
            return ()
        return await audit.append(self.tx, self._entries, run_id=self.run_id, at=self.now)


class Ledger:
    """Opens every transaction that changes runs, approvals, decisions or the audit trail.

    `is_halted`: nothing may be changed any more, since the trail is not the one that was witnessed.
    """

    def __init__(self, database: Database, wakeups: Wakeups, *, on_event: Listener | None = None) -> None:
        self.database = database
        self.wakeups = wakeups
        self._on_event = on_event
        self.is_halted = False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """Open a transaction that writes nothing into the audit trail. Raises: Halted, StoreError, Conflict."""
        self._check()
        async with self.database.transaction() as tx:
            yield tx

    @asynccontextmanager
    async def transition(self, run_id: str | None = None) -> AsyncIterator[Transition]:
        """Open a transition of one run; an exception inside undoes all of it, its audit entries too.

        `run_id` may be set later, on the transition. Raises: Halted, StoreError, Conflict.
        """
        async with self.writing() as tx:
            transition = Transition(tx, self.wakeups, now=self.database.now())
            transition.run_id = run_id
            yield transition
            await self._seal(transition)

    async def transact(self, body: Callable[[Transition], Coroutine[Any, Any, T]]) -> T:
        """Run `body` in a transition on the database's thread (see `Database.transact`) and return its result.

        An exception in it undoes all of it. Raises: Halted, StoreError, Conflict.
        """
        self._check()

        async def within(tx: Transaction) -> T:
            transition = Transition(tx, self.wakeups, now=self.database.now())
            result = await body(transition)
            await self._seal(transition)
            return result

        return await self.database.transact(within)

    def _check(self) -> None:
        if self.is_halted:
            raise Halted

    async def _seal(self, transition: Transition) -> None:
        events = await transition.seal()
        if self._on_event is not None:
            for event in events:
                transition.tx.after_commit(lambda event=event: self._on_event(event))  # type: ignore[misc]
