"""The verbs of the engine: start, examine, decide, expire, recover, and looking things up."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row

from engine import approvals, audit, postings, runs
from engine.deciding import Deciding, is_repeat
from engine.decisions import Actor, Choice, Json, Seen
from engine.deliveries import Deliveries
from engine.drafts import Drafts
from engine.errors import Conflict, NotAllowed, Refused, TooManyStarts, UnknownWorkflow
from engine.forms import read_form
from engine.leases import Lease, Leases
from engine.ledger import Ledger, Transition
from engine.pictures import Pictures
from engine.policy import Policy, covers
from engine.progress import Progress
from engine.resuming import RAW, Values, drop, give
from engine.runner import Runner
from engine.settling import NOT_KNOWN
from engine.views import (
    Anchor,
    ApprovalStatus,
    ApprovalView,
    EventKind,
    Posting,
    RunStatus,
    RunView,
    WorkflowView,
)
from engine.wakeups import Handler, Kind, Wakeups
from engine.witnessed import Witnessed
from engine.workflows import App, Workflow

DEADLINE_PASSED = "Another question of this request was not answered in time."


class Desk:
    """What people and programs can do. Every verb may be repeated; what it did is committed when it returns."""

    def __init__(
        self,
        app: App,
        *,
        ledger: Ledger,
        wakeups: Wakeups,
        runner: Runner,
        progress: Progress,
        pictures: Pictures,
        leases: Leases,
    ) -> None:
        self._app = app
        self._ledger = ledger
        self._database = ledger.database
        self._wakeups = wakeups
        self._pictures = pictures
        self._progress = progress
        self._runner = runner
        self._leases = leases
        self.deliveries = Deliveries(ledger.database)
        self.drafts = Drafts(ledger.database)
        self.witnessed = Witnessed(ledger)
        wakeups.on(Kind.RUN, runner.advance)

    # -- what there is ---------------------------------------------------------------------------------------

    @property
    def workflows(self) -> Mapping[str, WorkflowView]:
        """The workflows that can be started, by name."""
        return {name: self._pictures.workflow(found) for name, found in self._app.workflows.items()}

    @property
    def broken(self) -> Mapping[str, str]:
        """Why a graph of the app could not be loaded, by name."""
        return self._app.broken

    async def run(self, beginning: str) -> RunView:
        """Return one run with its approvals and events, by its id or the beginning of it.

        Raises: UnknownRun, AmbiguousRun.
        """
        async with self._database.reading() as tx:
            row = await runs.by_beginning(tx, beginning)
            view = await self._pictures.run(tx, row)
        is_going = view.status in (RunStatus.RUNNING, RunStatus.WAITING)
        return replace(view, progress=self._progress.of(view.id) if is_going else None)

    async def recent(self, *, limit: int = 20) -> tuple[RunView, ...]:
        """Return the latest runs without their events, newest first."""
        async with self._database.reading() as tx:
            return await self._pictures.runs(tx, await runs.newest(tx, limit=limit))

    async def pending(self) -> tuple[tuple[RunView, ApprovalView], ...]:
        """Return every question that waits for a person with its run, oldest first."""
        async with self._database.reading() as tx:
            rows = await approvals.pending(tx)
            found = [await runs.by_id(tx, run_id) for run_id in dict.fromkeys(r.run_id for r in rows)]
            pictured = {run.id: run for run in await self._pictures.runs(tx, found)}
        asked = {approval.id: approval for run in pictured.values() for approval in run.approvals}
        return tuple((pictured[row.run_id], asked[row.id]) for row in rows)

    async def approval(self, approval_id: str) -> ApprovalView:
        """Return one question as it stands now. Raises: UnknownApproval."""
        async with self._database.reading() as tx:
            return await self._pictures.approval_by_id(tx, approval_id)

    async def policy(self, seen: Seen) -> Policy:
        """Return who may decide a question, as the app says now: whose groups to look up before `decide`.

        Raises: UnknownApproval.
        """
        if (known := self._pictures.policy_known(seen)) is not None:
            return known
        return (await self.approval(seen.approval_id)).policy

    async def starters(self, workflow: str) -> Policy | None:
        """Return who may start a workflow; None: everybody. Raises: UnknownWorkflow."""
        return self._workflow(workflow).starters

    # -- what people do --------------------------------------------------------------------------------------

    async def start(
        self, workflow: str, *, entries: Mapping[str, str | None], actor: Actor, request_key: str
    ) -> RunView:
        """Start a run with what was entered in the workflow's form; the same `request_key` gives the same run.

        Raises: UnknownWorkflow, NotAllowed, TooManyStarts, InvalidInput with a sentence per field.
        """
        found = self._workflow(workflow)
        if actor.barred:
            raise NotAllowed(actor.barred)
        if found.starters is not None and not covers(found.starters, actor):
            raise NotAllowed("You are not among the people who may start this.")
        values = read_form(found.input_form, entries)
        try:
            async with self._ledger.transition() as transition:
                await self._create(transition, found, values=values, actor=actor, request_key=request_key)
        except Conflict:
            pass  # the same request came before
        async with self._database.reading() as tx:
            row = await runs.by_request_key(tx, request_key)
            if row is None:
                raise RuntimeError("A run with this request key was just stored.")
            return await self._pictures.run(tx, row)

    async def examine(self, seen: Seen, *, actor: Actor, option: str) -> ApprovalView:
        """Return the question if `actor` could choose this option of it now, for a modal to be opened.

        Raises: a child of Refused, which leaves an audit entry.
        """
        try:
            async with self._database.reading() as tx:
                deciding = Deciding(tx, self._pictures, now=self._database.now())
                return await deciding.examine(seen, actor=actor, option=option)
        except Refused as error:
            await self._note_refusal(error, seen, actor=actor, option=option)
            raise

    async def decide(
        self, seen: Seen, *, actor: Actor, choice: Choice, request_key: str | None = None
    ) -> ApprovalView:
        """Decide a question, once for all: committed when this returns. The graph gets the answer afterwards.
        Where the policy wants several people, each approval but the last leaves the question pending.

        `seen` says which question the person had in view; any other is refused. `request_key` names the click:
        the same one again by the same actor is a delivery repeated, is quiet and returns the question as it is.

        Raises: a child of Refused, which leaves an audit entry; InvalidInput for the entries of the option's
        form and, under the empty name, for the reason; StoreError when nothing is known to be recorded.
        """

        async def body(transition: Transition) -> ApprovalView:
            deciding = Deciding(transition.tx, self._pictures, now=transition.now)
            return await deciding.decide(
                transition, seen, actor=actor, choice=choice, request_key=request_key
            )

        try:
            return await self._ledger.transact(body)
        except Refused as error:
            if request_key is not None:
                async with self._database.reading() as tx:
                    if await is_repeat(tx, seen, actor=actor, request_key=request_key):
                        return await self._pictures.approval_by_id(tx, seen.approval_id)
            await self._note_refusal(error, seen, actor=actor, option=choice.told)
            raise

    async def resume(
        self, run_id: str, values: Values, *, actor: Actor, request_key: str | None = None
    ) -> RunView:
        """Give a run raw resume values: a list, one value per pause in the order of asking, or by interrupt id.

        What is pending is decided now; the later values of a list are kept and decide the next questions as these
        come. Each is checked like a click: the policy of that very question, what the question takes, its digest.
        When a later one is refused, it and all behind it are dropped with an audit entry, and people are asked.
        `actor.groups` have to be those of all the workflow's policies; they hold for the later values too. The same
        `request_key` again changes nothing.

        Raises: UnknownRun; a child of Refused, which leaves an audit entry, or InvalidInput when a value cannot
        decide what is pending now: nothing of the values is taken then.
        """
        try:
            async with self._ledger.transition(run_id) as transition:
                row = await runs.by_id(transition.tx, run_id, locks=True)
                workflow = self._app.workflows.get(row.workflow)
                await give(transition, row, workflow, values=values, actor=actor, request_key=request_key)
        except Refused as error:
            async with self._ledger.transition(run_id) as transition:
                transition.note(EventKind.REFUSED, actor=actor, code=error.code, option=RAW.name)
            raise
        return await self.run(run_id)

    # -- sweeps ----------------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Wake every run that somebody has to drive: what an earlier process left, or asked with other code."""
        async with self._database.reading() as tx:
            waiting = await self._runner.to_drive(tx)
        if waiting:
            async with self._database.transaction() as tx:
                for run_id in waiting:
                    await self._wakeups.wake(tx, Kind.RUN, run_id)

    async def expire(self) -> None:
        """End the runs whose question was not answered before its deadline: nothing more of them runs."""
        await self._database.ask_time()
        async with self._database.reading() as tx:
            late = await approvals.overdue(tx, now=self._database.now())
        for row in late:
            async with self._ledger.transition(row.run_id) as transition:
                await self._expire(transition, row)

    async def ping(self) -> None:
        """Ask the database for a sign of life. Raises: StoreError."""
        await self._database.ping()

    async def verify(self, anchors: Sequence[Anchor] = ()) -> int:
        """Walk the whole audit chain and return its length in entries. Raises: AuditBroken, AnchorBroken."""
        async with self._database.reading() as tx:
            return await audit.verify(tx, anchors)

    # -- for whoever shows runs to people --------------------------------------------------------------------

    def on_change(self, handler: Handler) -> None:
        """Call `handler(run_id)` after each commit that changed what people see of a run.

        Calls for one run never overlap, and several changes may come as one: read the run anew each time.
        """
        self._wakeups.on(Kind.CHANGE, handler)

    @property
    def underway(self) -> Mapping[str, int]:
        """The runs that have some `progress` now, by id, with a number that grows as it changes."""
        return self._progress.underway()

    async def wake_behind(self) -> Sequence[str]:
        """Call the change handler for every run of which people see something old, and return their ids."""
        async with self._database.transaction() as tx:
            behind = await runs.unmirrored(tx)
            for run_id in behind:
                await self._wakeups.wake(tx, Kind.CHANGE, run_id)
        return behind

    def showing(self, run_id: str) -> AbstractAsyncContextManager[Lease | None]:
        """Keep all other processes from showing this run for the block; None: another one shows it just now.

        Raises: StoreError.
        """
        return self._leases.try_hold(f"mirror:{run_id}")

    async def postings(self, run_id: str) -> Mapping[str, Posting]:
        """Return where a run is shown, by key."""
        async with self._database.reading() as tx:
            return await postings.of_run(tx, run_id)

    async def intend_posting(self, run_id: str, *, key: str, place: str) -> Posting:
        """Write down, before it is sent, that a message is about to be sent.

        Raises: Conflict when it was intended before.
        """
        async with self._database.transaction() as tx:
            return await postings.intend(tx, run_id, key=key, place=place, now=self._database.now())

    async def record_posting(
        self, seen: Posting, *, place: str, reference: str, shown: str | None
    ) -> Posting | None:
        """Write down where a message is and the digest of what it shows, None: nobody knows. Return it as it is then.

        None: nothing is written, since another process has changed what is known of the message since it was `seen`.
        """
        async with self._database.transaction() as tx:
            return await postings.record(tx, seen, place=place, reference=reference, shown=shown)

    async def doubt_posting(self, posting: Posting) -> None:
        """Write down that nobody knows what a message shows, since two have updated it at once; it is shown anew."""
        async with self._database.transaction() as tx:
            await postings.doubt(tx, posting.id)
            await runs.touch(tx, posting.run_id)

    async def forget_posting(self, seen: Posting) -> bool:
        """Drop a message that somebody deleted, so that it is posted again. False: as None of `record_posting`."""
        async with self._database.transaction() as tx:
            return await postings.forget(tx, seen)

    async def mirrored(self, run_id: str, *, revision: int) -> None:
        """Remember that people see the run as it was at this revision."""
        async with self._database.transaction() as tx:
            await runs.set_mirrored(tx, run_id, revision=revision)

    # -- inside ----------------------------------------------------------------------------------------------

    async def _note_refusal(self, error: Refused, seen: Seen, *, actor: Actor, option: str) -> None:
        """Write down that somebody was refused; what was decided is not touched."""
        async with self._ledger.transition() as transition:
            row = await approvals.by_id(transition.tx, seen.approval_id)
            transition.run_id = row.run_id if row is not None else None
            transition.note(
                EventKind.REFUSED,
                approval_id=row.id if row is not None else None,
                actor=actor,
                code=error.code,
                option=option,
            )

    def _workflow(self, name: str) -> Workflow:
        if name not in self._app.workflows:
            raise UnknownWorkflow(name, tuple(self._app.workflows))
        return self._app.workflows[name]

    async def _create(
        self,
        transition: Transition,
        workflow: Workflow,
        *,
        values: Mapping[str, Json],
        actor: Actor,
        request_key: str,
    ) -> None:
        run_id = transition.run_id = _run_id()
        row = {
            "id": run_id,
            "thread_id": str(uuid4()),
            "request_key": request_key,
            "workflow": workflow.name,
            "channel": workflow.channel,
            "requested_by": actor.id,
            "requested_by_name": actor.name,
            "input": dict(values),
            "status": RunStatus.RUNNING.value,
            "started_at": transition.now,
        }
        await runs.create(transition.tx, row)
        await self._check_pace(transition, workflow, actor=actor)
        transition.note(EventKind.STARTED, actor=actor, workflow=workflow.name, input=dict(values))
        await transition.wake(Kind.RUN, run_id)
        await transition.wake(Kind.CHANGE, run_id)

    async def _check_pace(self, transition: Transition, workflow: Workflow, *, actor: Actor) -> None:
        """Count this start with those of the last minute, also those that others make at this moment."""
        await audit.lock(transition.tx)
        now = self._database.now()
        since = now - timedelta(minutes=1)
        made = await runs.starts(
            transition.tx, workflow=workflow.name, requested_by=actor.id, since=since, until=now
        )
        if made > workflow.starts_per_minute:
            raise TooManyStarts

    async def _expire(self, transition: Transition, row: Row[Any]) -> None:
        await runs.by_id(transition.tx, row.run_id, locks=True)
        if not await approvals.expire(transition.tx, row.id, now=transition.now):
            return
        transition.note(EventKind.EXPIRED, approval_id=row.id)
        if await runs.end(transition.tx, row.run_id, status=RunStatus.EXPIRED, at=transition.now):
            for other in await approvals.of_runs(transition.tx, [row.run_id]):
                if await approvals.close(transition.tx, other.id, status=ApprovalStatus.WITHDRAWN):
                    was_sent = other.status == ApprovalStatus.DECIDED.value and other.attempts
                    why = NOT_KNOWN if was_sent else DEADLINE_PASSED
                    transition.note(EventKind.WITHDRAWN, approval_id=other.id, why=why)
            await drop(transition, row.run_id, why=DEADLINE_PASSED)
        await transition.show(row.run_id)


def _run_id() -> str:
    """Return 60 random bits as twelve lower-case base32 characters: short enough to read out."""
    return base64.b32encode(secrets.token_bytes(8)).decode()[:12].lower()
