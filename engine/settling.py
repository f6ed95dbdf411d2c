"""What driving a run came to, written into the ledger: questions opened and closed, the run ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, assert_never
from uuid import uuid4

from sqlalchemy import Row

from engine import approvals, runs
from engine.canonical import answer_digest
from engine.decisions import Answer, Json, Verdict
from engine.forms import form_keys
from engine.ledger import Transition
from engine.pauses import (
    Failed,
    Finished,
    Pause,
    Paused,
    Restarted,
    Situation,
    Underway,
    Unstarted,
    asked_digest,
    edited_digest,
    is_asked_about,
    pauses_in,
)
from engine.pictures import decision_view, question_of, stored_question
from engine.policy import Policy, is_too_late, same_people
from engine.questions import Question
from engine.resuming import drop, take_up
from engine.rounds import is_next_round, latest, repeated
from engine.views import ApprovalStatus, Earlier, EventKind, RunStatus
from engine.workflows import UNKNOWN_CODE, Workflow

CHANGED = "The question changed before the answer reached the graph."
GONE = "The graph no longer asks this."
CODE_CHANGED = "The workflow's code has changed since this was asked."
NOT_KNOWN = "It was sent, and it is not known whether the graph took it."
TOO_LATE = "It was not carried out in the time that an approval holds for."
ALTERED = "What is stored of the decision is not what was decided."
TAKEN_BACK = "Its answers were taken back."
PLACE_GONE = (
    "The graph no longer has the place where it waited: its code has changed. Nothing more of it was run."
)


@dataclass(frozen=True)
class Delivery:
    """A decision on its way to the graph, with the question that it answers."""

    approval: Row[Any]
    decision: Row[Any]

    @property
    def answer(self) -> Answer:
        return Answer(resume=self.decision.resume, update=self.decision.state_update)

    @property
    def is_intact(self) -> bool:
        """Whether the answer that is stored is the one that was given."""
        return answer_digest(self.answer) == str(self.decision.answer_digest)

    def pause_in(self, here: Situation) -> Pause | None:
        """Return the question that this answers, if the graph still waits for the answer."""
        wanted = self.approval.interrupt_id
        return next(
            (each for each in pauses_in(here) if each.interrupt_id == wanted and not each.is_taken), None
        )

    def is_over(self, here: Situation) -> bool:
        """Say whether the graph took this, and nobody has written it down as delivered yet."""
        shown = {pause.interrupt_id for pause in pauses_in(here)}
        return self.approval.attempts > 0 and self.approval.interrupt_id not in shown

    def is_blocked(self, here: Situation) -> bool:
        """Say whether people are to be asked about an error first: the graph would try again with this answer."""
        return self.approval.pause == "dynamic" and is_asked_about(here)

    def digests(self) -> set[str]:
        """Return the digests that the question may have on a second sending: as shown, or with the edit stored."""
        asked, update = self.approval.asked, self.answer.update or {}
        return {self.approval.digest} | {
            edited_digest(
                asked["value"],
                {k: v for k, v in asked["state"].items() if k in kept},
                update,
                schema=asked["schema"],
            )
            for kept in (set(asked["state"]), set(asked["state"]) - set(update))
        }

    def is_of(self, pause: Pause, workflow: Workflow, *, policy: Policy) -> bool:
        """Say whether this is the decided question, or what its edit was to make of it, and for the same people."""
        now = read_pause(workflow, pause)
        return now.digest in self.digests() and same_people(workflow.policy_for(now.question.shown), policy)

    def is_too_late(self, policy: Policy, *, now: datetime) -> bool:
        """Say whether this is older than today's policy lets it be when it is first sent to the graph.

        What was sent once is carried on however late: its node may have acted on it.
        """
        verdict = Verdict(self.decision.verdict)
        return is_too_late(policy, verdict, given_at=self.decision.decided_at, now=now)

    @property
    def stops_the_run(self) -> bool:
        """Neither a breakpoint nor an error can tell the graph no: the run ends instead, and nothing more runs."""
        return bool(self.approval.pause != "dynamic" and self.decision.verdict == Verdict.REJECT.value)


@dataclass(frozen=True)
class Stopped:
    """A person rejected at a static breakpoint."""

    reason: str


@dataclass(frozen=True)
class Void:
    """The graph did not take the decision, `why` says for what reason; it stands `here`."""

    here: Situation
    why: str = CHANGED


@dataclass(frozen=True)
class PutOff:
    """The decision waits until people have said what to do about an error; the graph stands `here`."""

    here: Situation


Outcome: TypeAlias = Situation | Stopped
Delivered: TypeAlias = Outcome | Void | PutOff
"""What came of bringing a decision to the graph."""


class Settlement:
    """Writes one outcome within one transition. Whoever calls holds the run.

    `restarted`: the outcome is that of a step which began anew; if it `is_anew`, this driver had it begin, so that
    today's code asks. `foreign`: the ids of pauses that code came to which is not known any more.
    """

    def __init__(
        self,
        transition: Transition,
        run: Row[Any],
        workflow: Workflow,
        *,
        restarted: Restarted | None = None,
        is_anew: bool = False,
        foreign: Collection[str] = (),
    ) -> None:
        self._restarted = restarted
        self._is_anew = is_anew
        self._foreign = foreign
        self._is_edited = False
        self._closed: set[str] = set()
        self._transition = transition
        self._tx = transition.tx
        self._run = run
        self._workflow = workflow

    async def close(self, delivery: Delivery, void: Void | None = None) -> None:
        """Close the question whose decision was delivered, or could not be since the graph asks something else."""
        self._is_edited = bool(delivery.answer.update)
        status = ApprovalStatus.WITHDRAWN if void else ApprovalStatus.RESUMED
        approval_id, verdict = delivery.approval.id, delivery.decision.verdict
        self._closed.add(approval_id)
        if not await approvals.close(self._tx, approval_id, status=status):
            return
        if void:
            self._transition.note(EventKind.WITHDRAWN, approval_id=approval_id, why=void.why)
            await drop(self._transition, self._run.id, why=void.why)
        elif not delivery.stops_the_run:
            sent = answer_digest(delivery.answer)
            self._transition.note(
                EventKind.RESUMED, approval_id=approval_id, verdict=verdict, answer_digest=sent
            )
        await self._transition.show(self._run.id)

    async def _resume(self, row: Row[Any]) -> None:
        """Close a question whose decision was sent and then put off, now that the graph no longer asks it."""
        decision = await approvals.decision(self._tx, row.id, revision=row.revision)
        if decision is not None:
            await self.close(Delivery(row, decision))

    async def write(self, outcome: Outcome) -> None:
        """Make the ledger equal to where the thread rests; the same outcome again changes nothing."""
        if self._restarted is not None:
            why, begun = self._restarted.why, asdict(self._restarted)
            self._transition.note(EventKind.RESTARTED, **begun)
            await drop(self._transition, self._run.id, why=why)
            await self._transition.show(self._run.id)
        match outcome:
            case Unstarted() | Underway():
                await self._set_status(RunStatus.RUNNING)
            case Paused(pauses):
                await self._open(pauses)
                await take_up(self._transition, self._run, self._workflow)
                await self._set_status(RunStatus.WAITING)
            case Finished(result):
                await self._end(RunStatus.FINISHED, result=result)
            case Failed(error):
                await self._end(RunStatus.FAILED, error=error)
            case Stopped(reason):
                await self._end(RunStatus.STOPPED, reason=reason)
            case _:
                assert_never(outcome)

    async def _open(self, pauses: tuple[Pause, ...]) -> None:
        """Make the open questions equal to what the graph asks."""
        rows = await approvals.of_runs(self._tx, [self._run.id])
        known = {row.interrupt_id: row for row in rows}
        wanted = {pause.interrupt_id for pause in pauses}
        gone = [row for interrupt_id, row in known.items() if interrupt_id not in wanted]
        await self._withdraw([row for row in gone if not self._is_put_off(row, pauses)])
        asking = [pause.node for pause in pauses if pause.kind == "dynamic"]
        for pause in pauses:
            before = latest(rows, node=pause.node, asking=asking) if pause.kind == "dynamic" else None
            if not pause.is_taken:
                await self._ask(pause, known.get(pause.interrupt_id), before=before)

    def _is_put_off(self, row: Row[Any], pauses: tuple[Pause, ...]) -> bool:
        """Say whether a decision waits for a node that failed before it came to its question again.

        When people have it tried again, the node asks again and the decision is delivered.
        """
        is_in_it = any(row.task_id in pause.tasks for pause in pauses if pause.kind == "error")
        return row.status == ApprovalStatus.DECIDED.value and is_in_it and self._restarted is None

    async def _ask(self, pause: Pause, row: Row[Any] | None, *, before: Row[Any] | None) -> None:
        read = read_pause(self._workflow, pause)
        question, digest = read.question, read.digest
        if row is not None and pause.kind == "dynamic" and pause.tasks and row.task_id != pause.tasks[0]:
            await approvals.move(self._tx, row.id, task_id=pause.tasks[0], checkpoint_id=pause.checkpoint_id)
        if row is not None and self._is_anew and not self._workflow.fingerprint.matches(row.code):
            await self._withdraw([row])  # a graph with a memory of its own asks under the same id after it
        elif row is not None and row.status == ApprovalStatus.DECIDED.value:
            return  # its delivery finds out whether the question is still the same
        elif row is not None and row.status == ApprovalStatus.PENDING.value and row.digest == digest:
            return
        elif row is not None and await self._is_lost(pause, row, digest):
            await approvals.send_again(self._tx, row.id)
            self._transition.note(EventKind.RESENT, approval_id=row.id)
            await self._transition.show(self._run.id)
            return
        values = self._asked(pause, read)
        if row is None:
            approval_id, kind, revision = uuid4().hex, EventKind.ASKED, 1
            more = {}
            values |= await self._round(question, before)
            await approvals.open_new(self._tx, {**values, **self._identity(pause), "id": approval_id})
        else:
            values |= {"repeats_id": await self._repeats(question, row.previous_id)}
            if row.status == ApprovalStatus.RESUMED.value:
                await drop(self._transition, self._run.id, why=CHANGED)  # they are for what comes after it
            approval_id, kind, revision = row.id, EventKind.ASKED_ANEW, row.revision + 1
            more = {"is_changed": row.digest != digest}
            await approvals.ask_anew(self._tx, approval_id, values)
        number = values.get("round", row.round if row is not None else 1)
        self._transition.note(
            kind,
            approval_id=approval_id,
            text=question.text,
            digest=digest,
            revision=revision,
            round=number,
            **more,
        )
        await self._transition.show(self._run.id)

    async def _is_lost(self, pause: Pause, row: Row[Any], digest: str) -> bool:
        """Say whether the graph asks again what it had the answer to.

        A node that raises keeps the answers that it had come to only; LangGraph drops the later ones, also those of
        earlier runs of the node (1.2.22). They were given to exactly this, or to what an edit was to make of it, so
        nobody is asked twice. What is asked again by the very run that took its answer is another question.
        """
        is_same_code = self._workflow.fingerprint.matches(row.code)
        was_taken = row.status == ApprovalStatus.RESUMED.value and row.id not in self._closed
        if pause.kind != "dynamic" or not was_taken or not is_same_code:
            return False
        decision = await approvals.decision(self._tx, row.id, revision=row.revision)
        return decision is not None and digest in Delivery(row, decision).digests()

    def _asked(self, pause: Pause, read: ReadPause) -> dict[str, Json]:
        expires_after_s = self._workflow.policy_for(read.question.shown).expires_after_s
        now = self._transition.now
        is_known = self._is_anew or pause.interrupt_id not in self._foreign
        return {
            "asked": {"value": pause.value, "state": read.state, "schema": pause.schema},
            "digest": read.digest,
            "code": self._workflow.fingerprint.of(pause.steps) if is_known else UNKNOWN_CODE,
            "checkpoint_id": pause.checkpoint_id,
            "task_id": pause.tasks[0] if pause.kind == "dynamic" and pause.tasks else "",
            "asked_at": now,
            "expires_at": None if expires_after_s is None else now + timedelta(seconds=expires_after_s),
        }

    async def _round(self, question: Question, before: Row[Any] | None) -> dict[str, Json]:
        """Say which round a new question is, and of what."""
        earlier = await self._earlier(before) if before is not None else None
        if (
            before is None
            or earlier is None
            or not is_next_round(question, after=earlier.question, decision=earlier.decision)
            or self._workflow.policy_for(question.shown) != self._workflow.policy_for(earlier.question.shown)
        ):
            return {}
        repeats_id = await self._repeats(question, before.id)
        return {"round": before.round + 1, "previous_id": before.id, "repeats_id": repeats_id}

    async def _repeats(self, question: Question, previous_id: str | None) -> str | None:
        """Find the latest earlier round that asked exactly this and was turned down."""
        rounds: list[Earlier] = []
        while previous_id is not None and (row := await approvals.by_id(self._tx, previous_id)) is not None:
            previous_id = row.previous_id
            if (earlier := await self._earlier(row)) is not None:
                rounds.append(earlier)
        found = repeated(question, rounds)
        return found.approval_id if found else None

    async def _earlier(self, row: Row[Any]) -> Earlier | None:
        decided = await approvals.decision(self._tx, row.id, revision=row.revision)
        if decided is None:
            return None
        question = stored_question(self._workflow, row)
        return Earlier(row.id, row.round, question, decision_view(decided._asdict()))

    def _identity(self, pause: Pause) -> dict[str, Json]:
        return {
            "run_id": self._run.id,
            "thread_id": self._run.thread_id,
            "interrupt_id": pause.interrupt_id,
            "ordinal": pause.ordinal,
            "pause": pause.kind,
            "node": pause.node,
        }

    async def _withdraw(self, rows: Sequence[Row[Any]], *, has_failed: bool = False) -> None:
        """Take back the questions that nobody can answer any more; what was sent and is not asked again was taken."""
        why = self._restarted.why if self._restarted else GONE
        is_known = not has_failed and not self._is_edited
        for row in rows:
            was_sent = row.status == approvals.DECIDED and row.attempts and self._restarted is None
            if was_sent and is_known:
                await self._resume(row)
            elif row.status in approvals.OPEN:
                await approvals.close(self._tx, row.id, status=ApprovalStatus.WITHDRAWN)
                told = NOT_KNOWN if was_sent else why
                self._transition.note(EventKind.WITHDRAWN, approval_id=row.id, why=told)
                if row.status == approvals.DECIDED:
                    await drop(self._transition, self._run.id, why=told)
                await self._transition.show(self._run.id)

    async def _set_status(self, status: RunStatus) -> None:
        if self._run.status != status.value:
            await runs.settle(self._tx, self._run.id, values={"status": status.value})
            await self._transition.show(self._run.id)

    async def _end(self, status: RunStatus, **detail: Json) -> None:
        rows = await approvals.of_runs(self._tx, [self._run.id])
        await self._withdraw(rows, has_failed=status is not RunStatus.FINISHED)
        await drop(self._transition, self._run.id)
        kept = {name: value for name, value in detail.items() if name in ("result", "error")}
        values = {"status": status.value, "ended_at": self._transition.now, **kept}
        await runs.settle(self._tx, self._run.id, values=values)
        self._transition.note(EventKind(status.value), **detail)
        await self._transition.show(self._run.id)


@dataclass(frozen=True)
class ReadPause:
    """What a pause asks: the state values that its form can change, and the digest of all that people are shown."""

    question: Question
    state: Mapping[str, Json]
    digest: str


def read_pause(workflow: Workflow, pause: Pause) -> ReadPause:
    """Read a pause; of the state only what the question's form can change belongs to what is asked."""
    question = question_of(workflow, pause.value, pause=pause.kind, state=pause.state, schema=pause.schema)
    names = form_keys(question.form) if question.form else frozenset()
    state = {key: value for key, value in pause.state.items() if key in names}
    return ReadPause(question, state, asked_digest(pause.value, state, pause.schema))
