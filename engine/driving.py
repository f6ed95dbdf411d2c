"""One drive of a run to its rest: delivers what people decided to its thread, and writes down what the graph came to.

The protocol of a delivery (langgraph 1.2.22 leaves every one of these to its caller): one driver per run at a time;
the thread is read again before anything is sent; only the question that was shown, by interrupt id and digest, gets
the answer; the sending is counted before it begins; once counted, the thread is first carried on without an answer,
since the first sending may have been stored, and a state update is never sent twice. An edit goes ahead of its
answer, which is only given to the question that the edit was to make of the old one.

A question that was asked by other code than today's gets no answer at all: its step starts over, without the answers
that it had before, and asks anew. Nothing runs while the graph lacks a node that is to run next.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Row

from engine import approvals, audit, runs
from engine.columns import is_damaged
from engine.decisions import Json
from engine.errors import KeptInside, StaleQuestion, UnfitAnswer
from engine.ledger import Ledger
from engine.pauses import (
    TROUBLES,
    Failed,
    Finished,
    Pause,
    Paused,
    Restarted,
    Situation,
    Underway,
    Unstarted,
    is_asked_about,
    is_cut_short,
    pauses_in,
)
from engine.pictures import Pictures
from engine.policy import Policy
from engine.progress import Progress
from engine.questions.failure import ASK_AGAIN, told_failure
from engine.settling import (
    ALTERED,
    CODE_CHANGED,
    PLACE_GONE,
    TAKEN_BACK,
    TOO_LATE,
    Delivered,
    Delivery,
    PutOff,
    Settlement,
    Stopped,
    Void,
    read_pause,
)
from engine.threads import Thread
from engine.transactions import Transaction
from engine.views import ApprovalStatus, EventKind, RunStatus
from engine.vouching import Vouched, vouched_by, without_vouched

log = logging.getLogger("assent.driving")
DAMAGED_INPUT = (
    "The request's input cannot be read any more: it was changed in the database. Nothing was run."
)


class Drive:
    """One driver of one run, from taking it to its rest."""

    def __init__(self, ledger: Ledger, run: Row[Any], pictures: Pictures, *, progress: Progress) -> None:
        self._ledger = ledger
        self._run = run
        self._read = partial(pictures.asked, run=run)
        self._workflow = workflow = pictures.workflows[run.workflow]
        self._progress = progress
        self._vouched: Vouched = ()
        self._rows: Sequence[Row[Any]] = ()
        self._restarted: Restarted | None = None
        self._is_anew = False
        self._foreign: frozenset[str] | None = None
        self._thread = Thread(workflow, run.thread_id, guard=self._hold, hears=partial(progress.hear, run.id))

    async def to_rest(self) -> None:
        """Deliver, carry on and write down until nothing is left to do."""
        while True:
            self._progress.begin(self._run.id)
            delivery, passed = await self._next()
            here = await self._look(passed=passed)
            if self._foreign is None:
                self._foreign = await self._left_by_other_code(here)
                if not isinstance(here, Failed):
                    self._restarted = await self._started_over()  # by a driver that was cut off after it
            is_held = is_asked_about(here) or (
                delivery is not None and (delivery.is_over(here) or delivery.stops_the_run)
            )
            if self._is_outdated(here) and not is_held:
                await self._settle(await self._start_over(CODE_CHANGED, passed=passed))
            elif delivery is None:
                await self._settle(await self._carry_on(here, passed=passed))
            else:
                outcome = await self._deliver(delivery, here, passed=passed)
                await self._settle(outcome, delivery=delivery)
                if isinstance(outcome, Void) and is_cut_short(outcome.here):
                    continue  # what was cut off beside it goes on without any answer
            if not await self._has_more():
                return

    async def _hold(self, tx: Transaction) -> None:
        """Raise LeaseLost when this driver no longer has the run: nothing of it may be written any more."""
        await runs.hold(tx, self._run.id, fence=self._run.fence)

    async def _next(self) -> tuple[Delivery | None, set[str]]:
        """Read the oldest decision that the graph lacks, what was let pass, and what people have vouched for."""
        async with self._ledger.database.reading() as tx:
            found = await approvals.undelivered(tx, self._run.id)
            self._rows = rows = await approvals.of_runs(tx, [self._run.id])
        passed = {row.interrupt_id for row in rows if row.status == ApprovalStatus.RESUMED.value}
        # what was never sent binds nothing yet: if an edit goes ahead of it, it is void by its digest
        bound = [row for row in rows if row.attempts or (found is not None and row.id == found[0].id)]
        self._vouched = vouched_by(bound, self._read)
        return (Delivery(*found) if found else None), passed

    async def _left_by_other_code(self, here: Situation) -> frozenset[str]:
        """Return the pauses that a process with other code has died over, before they were written down."""
        known = {row.interrupt_id for row in self._rows}
        unwritten = {pause.interrupt_id for pause in pauses_in(here)} - known
        is_ours = not unwritten or await self._thread.made_by() == self._workflow.fingerprint.digest
        return frozenset() if is_ours else frozenset(unwritten)

    async def _has_more(self) -> bool:
        if self._foreign:
            self._foreign = frozenset()  # written down by now, as asked by no code that is known
            return True
        async with self._ledger.database.reading() as tx:
            run = await runs.by_id(tx, self._run.id)
            if run.status == RunStatus.RUNNING.value:
                return True
            waits = await approvals.undelivered(tx, self._run.id) is not None
            return waits and run.status in runs.UNFINISHED

    def _is_outdated(self, here: Situation) -> bool:
        """Say whether other code than today's asked something that waits; what failed is not asked by code."""
        asked = {row.interrupt_id: row.code for row in self._rows} | dict.fromkeys(self._foreign or ())
        return any(
            pause.kind not in TROUBLES
            and pause.interrupt_id in asked
            and not self._workflow.fingerprint.matches(asked[pause.interrupt_id])
            for pause in pauses_in(here)
        )

    async def _start_over(
        self, why: str, *, passed: set[str], update: Mapping[str, Json] | None = None
    ) -> Situation:
        """Begin the step anew, without its answers and the edits that went with them, and see what it asks now.

        With an `update`, be it empty, somebody who was asked about an error wants it, and no breakpoint before it is
        asked about again.
        """
        answered = self._answered_at(await self._look(passed=passed))
        async with self._ledger.database.reading() as tx:
            decided = await approvals.decisions_of(tx, [row.id for row in answered])
        edited = frozenset(key for decision in decided.values() for key in decision.state_update or ())
        try:
            numbers = [row.number for row in answered]
            await self._thread.start_over(why, taken_back=numbers, without=edited)
        except KeptInside:
            return Failed(str(KeptInside()))
        self._restarted, self._is_anew = await self._started_over(), True
        return await self._run_over(await self._look(passed=passed), passed=passed, update=update)

    async def _started_over(self) -> Restarted | None:
        """Return how steps have started over that nobody has written down yet."""
        since = max((row.checkpoint_id for row in self._rows), default="")
        if await self._thread.restarted(since=since) is None:
            return None
        async with self._ledger.database.reading() as tx:
            events = await audit.of_run(tx, self._run.id)
        written = [each.detail["checkpoint_id"] for each in events if each.kind is EventKind.RESTARTED]
        return await self._thread.restarted(since=max([since, *written]))

    async def _run_over(
        self, here: Situation, *, passed: set[str], update: Mapping[str, Json] | None
    ) -> Situation:
        """Run a step that has started over."""
        if update is not None:
            passed = passed | {
                each.interrupt_id for each in pauses_in(here) if each.kind in ("before", "after")
            }
            here = await self._look(passed=passed)
        if isinstance(here, Underway):
            raised = await (self._thread.edit(update) if update else self._thread.carry_on())
            return await self._after(raised, passed=passed)
        return here

    def _answered_at(self, here: Situation) -> list[Row[Any]]:
        """Return the questions that the tasks which are to run again had answers to."""
        unfinished = here.unfinished if isinstance(here, Paused) else frozenset()
        return [
            row
            for row in self._rows
            if row.task_id in unfinished and (row.status == ApprovalStatus.RESUMED.value or row.attempts)
        ]

    async def _carry_on(self, here: Situation, *, passed: set[str]) -> Situation:
        """Start the thread, or run it on if it was cut short; otherwise it rests where it is."""
        if isinstance(here, Unstarted):
            if is_damaged(self._run.input) or not isinstance(self._run.input, dict):
                return Failed(DAMAGED_INPUT)
            return await self._after(await self._thread.start(self._run.input), passed=passed)
        if is_cut_short(here) and not self._is_outdated(here):
            return await self._after(await self._thread.carry_on(), passed=passed)
        return here

    async def _deliver(self, delivery: Delivery, here: Situation, *, passed: set[str]) -> Delivered:
        """Bring a decision to the graph and return what came of it; Void: the graph does not ask this now."""
        if delivery.stops_the_run:
            is_error = delivery.approval.pause == "error"
            asked = delivery.approval.asked["value"]
            return Failed(told_failure(asked)) if is_error else Stopped(delivery.decision.reason)
        if delivery.approval.pause == "gone":
            passed = passed | {delivery.approval.interrupt_id}
            return await self._carry_on(await self._look(passed=passed), passed=passed)
        if _is_gone(here):
            return Void(here, why=PLACE_GONE)
        if delivery.approval.attempts == 0:
            return await self._send_first(delivery, here, passed=passed)
        return await self._send_again(delivery, here, passed=passed)

    async def _send_first(self, delivery: Delivery, here: Situation, *, passed: set[str]) -> Delivered:
        if isinstance(here, Finished):
            return Void(Failed(PLACE_GONE), why=PLACE_GONE)
        if delivery.is_blocked(here):
            return PutOff(here)
        pause = delivery.pause_in(here)
        if pause is None or read_pause(self._workflow, pause).digest != delivery.approval.digest:
            return Void(here)
        if delivery.is_too_late(self._policy_of(delivery), now=self._ledger.database.now()):
            return Void(here, why=TOO_LATE)
        if not delivery.is_intact:
            return self._altered(delivery, here)
        return await self._send(delivery, pause, update=delivery.answer.update, passed=passed)

    async def _send_again(self, delivery: Delivery, here: Situation, *, passed: set[str]) -> Delivered:
        """Deliver what may have been delivered: a process died or the database failed in between."""
        gates = passed | {delivery.approval.interrupt_id}
        pause = delivery.pause_in(here)
        if pause is None:
            kind, task_id = delivery.approval.pause, delivery.approval.task_id
            if kind in ("dynamic", "error") and await self._thread.has_started_over(
                since=delivery.approval.checkpoint_id, task_id=task_id
            ):
                if kind == "dynamic":
                    return Void(here, why=CODE_CHANGED)
                return await self._run_over(here, passed=gates, update=await self._left(delivery))
            here = await self._carry_on(here, passed=gates)
        elif pause.kind == "dynamic" and not delivery.is_blocked(here):
            here = await self._after(await self._thread.carry_on(), passed=passed)
        pause = delivery.pause_in(here)
        if pause is None:
            return here
        if delivery.is_blocked(here):
            return PutOff(here)
        update, policy = await self._left(delivery), self._policy_of(delivery)
        if pause.kind == "dynamic" and not delivery.is_of(pause, self._workflow, policy=policy):
            return Void(here)  # a breakpoint is bound by its checkpoint, which is in its key
        if not delivery.is_intact:
            return self._altered(delivery, here)
        return await self._send(delivery, pause, update=update, passed=passed)

    def _altered(self, delivery: Delivery, here: Situation) -> Void:
        log.error("the decision on %s of run %s is not what was decided", delivery.approval.id, self._run.id)
        return Void(here, why=ALTERED)

    def _policy_of(self, delivery: Delivery) -> Policy:
        return self._read(delivery.approval).view.policy

    async def _left(self, delivery: Delivery) -> dict[str, Json]:
        """Return what of a decision's edit the thread does not have yet."""
        updated = await self._thread.updated_keys()
        return {k: v for k, v in (delivery.answer.update or {}).items() if k not in updated}

    async def _send(
        self, delivery: Delivery, pause: Pause, *, update: Mapping[str, Json] | None, passed: set[str]
    ) -> Delivered:
        async with self._ledger.writing() as tx:
            await self._hold(tx)
            await approvals.begin_attempt(tx, delivery.approval.id)
        if pause.kind == "dynamic":
            return await self._answer(delivery, pause, update=update, passed=passed)
        if pause.kind == "error":
            here = await self._look(passed=passed)
            if why := self._begins_anew(delivery, here):
                return await self._start_over(why, passed=passed | {pause.interrupt_id}, update=update or {})
        raised = await (self._thread.edit(update) if update else self._thread.carry_on())
        return await self._after(raised, passed=passed | {pause.interrupt_id})

    def _begins_anew(self, delivery: Delivery, here: Situation) -> str | None:
        """Say why a failed step may not get its answers again; None: it may."""
        if delivery.decision.option == ASK_AGAIN.name:
            return TAKEN_BACK
        is_same = all(self._workflow.fingerprint.matches(row.code) for row in self._answered_at(here))
        return None if is_same and not self._is_outdated(here) else CODE_CHANGED

    async def _answer(
        self, delivery: Delivery, pause: Pause, *, update: Mapping[str, Json] | None, passed: set[str]
    ) -> Delivered:
        """Edit first, look what is asked then, and only answer what the edit was to make of the question.

        With the edit in its state the node may ask something else, of other people, in the very same place.
        """
        if update:
            here = await self._after(await self._thread.edit(update), passed=passed)
            if delivery.is_blocked(here):
                return PutOff(here)
            edited = delivery.pause_in(here)
            if edited is None:
                return here
            if not delivery.is_of(edited, self._workflow, policy=self._policy_of(delivery)):
                return Void(here)
            pause = edited
        try:
            return await self._after(await self._thread.answer(pause, delivery.answer.resume), passed=passed)
        except StaleQuestion:
            return Void(await self._look(passed=passed))
        except UnfitAnswer as error:
            here = await self._after(await self._thread.carry_on(), passed=passed)  # asks anew
            return Void(here, why=str(error))

    async def _look(self, *, passed: set[str]) -> Situation:
        """Say where the thread stands, with the edits that its questions may offer, and what failed had answers."""
        here = await self._thread.look(passed=passed)
        if not isinstance(here, Paused):
            return here
        kept = partial(
            without_vouched, workflow=self._workflow, vouched=self._vouched, unfinished=here.unfinished
        )
        return replace(here, pauses=tuple(map(kept, map(self._with_answered, here.pauses))))

    def _with_answered(self, pause: Pause) -> Pause:
        """Say in a question about an error whether what failed had answers, which could be taken back."""
        if pause.kind != "error":
            return pause
        had = (ApprovalStatus.DECIDED.value, ApprovalStatus.RESUMED.value)
        is_answered = any(
            row.task_id in pause.tasks and (row.status in had or row.attempts) for row in self._rows
        )
        return replace(pause, value={**pause.value, "answered": is_answered})

    async def _after(self, raised: str | None, *, passed: set[str]) -> Situation:
        """Read where the thread rests after a run of it, in which a node may have raised."""
        here = await self._look(passed=passed)
        if isinstance(here, Failed):
            return here
        if raised is not None and not is_asked_about(here):
            return Failed(raised)
        if isinstance(here, Unstarted):
            return Failed("The graph did nothing with its input.")
        if isinstance(here, Underway):
            return Failed(
                "The graph stopped where nothing can be asked: at a breakpoint of a graph inside it."
            )
        return here

    async def _settle(self, outcome: Delivered, *, delivery: Delivery | None = None) -> None:
        """Write down what driving came to, in one transaction that is void once somebody else has the run."""
        self._progress.end(self._run.id)  # before the commit, which calls whoever shows the run
        async with self._ledger.transition(self._run.id) as transition:
            await self._hold(transition.tx)
            run = await runs.by_id(transition.tx, self._run.id)
            settlement = Settlement(
                transition,
                run,
                self._workflow,
                restarted=self._restarted,
                is_anew=self._is_anew,
                foreign=self._foreign or (),
            )
            if delivery is not None and not isinstance(outcome, PutOff):
                await settlement.close(delivery, outcome if isinstance(outcome, Void) else None)
            await settlement.write(outcome.here if isinstance(outcome, Void | PutOff) else outcome)
        self._restarted, self._is_anew = None, False


def _is_gone(here: Situation) -> bool:
    return any(pause.kind == "gone" for pause in pauses_in(here))
