"""Rows to views: what the ledger holds, as the outside sees it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from engine import approvals, audit, endorsements, runs
from engine.columns import is_damaged
from engine.decisions import Actor, Json, Seen, Verdict
from engine.errors import UnaskableValue, UnknownApproval
from engine.pauses import PauseKind, asked_digest
from engine.policy import Policy, refusal, required
from engine.questions import APPROVE, REJECT, AnswerMapping, Question, read_question, read_static, shared
from engine.questions.failure import read_failure, read_gone
from engine.transactions import Transaction
from engine.views import (
    ApprovalStatus,
    ApprovalView,
    DecisionView,
    Earlier,
    Endorsement,
    RunStatus,
    RunView,
    WorkflowView,
)
from engine.workflows import Workflow

log = logging.getLogger("assent.pictures")

NOBODY = Policy()
UNREADABLE = Question(
    "plain", "What was asked here cannot be read: it was changed in the database.", None, (APPROVE, REJECT)
)
"""Stands for it, so that the run and all others can be shown; whoever clicks is told that it was altered."""
ASKED_KEPT = 64
"""Questions kept as read: enough for those under way, and little memory even when each holds a megabyte."""
POLICIES_KEPT = 10_000
"""Policies kept by question; each is a reference to one of a workflow's few."""


@dataclass(frozen=True)
class Asked:
    """What one revision of a question asks, of whom and for whom: nothing of it ever changes.

    `view` is the question as it was when it was open; `workflow` is None when the app no longer has it. It
    `is_intact` if what is stored of it still has the digest under which it was asked.
    """

    view: ApprovalView
    pause: PauseKind
    requested_by: str
    workflow: Workflow | None
    is_intact: bool

    @property
    def mapping(self) -> AnswerMapping | None:
        """How the graph wants its answers, where the dialect's own do not fit."""
        return self.workflow.answers if self.workflow else None


class Pictures:
    """Draws rows with what the app says today; what was asked by a workflow that is gone nobody may decide."""

    def __init__(self, workflows: Mapping[str, Workflow]) -> None:
        self.workflows = workflows
        self._asked: dict[Seen, Asked] = {}
        self._policies: dict[Seen, Policy] = {}

    def workflow(self, workflow: Workflow) -> WorkflowView:
        return WorkflowView(
            name=workflow.name,
            title=workflow.title,
            description=workflow.description,
            form=workflow.input_form,
            channel=workflow.channel,
            problem=workflow.problem,
        )

    def known(self, seen: Seen) -> Asked | None:
        """Return what a person saw, if it was read before; None: read it, and `asked` keeps it."""
        return self._asked.get(seen)

    def policy_known(self, seen: Seen) -> Policy | None:
        """Return who may decide a question that was read before; None: it was not, or long ago.

        It holds as long as this app is loaded: the policy follows from what a revision asks.
        """
        return self._policies.get(seen)

    def asked(self, row: Row[Any], run: Row[Any]) -> Asked:
        """Read a stored question; each revision is read once by and large."""
        key = Seen(row.id, row.revision, row.digest)
        found = self._asked.get(key)
        if found is None:
            found = read_asked(self.workflows.get(run.workflow), row, run)
            if len(self._asked) >= ASKED_KEPT:
                self._asked.clear()
            if len(self._policies) >= POLICIES_KEPT:
                self._policies.clear()
            self._asked[key], self._policies[key] = found, found.view.policy
        return found

    def approval(
        self,
        row: Row[Any],
        run: Row[Any],
        *,
        decision: Row[Any] | None,
        earlier: Mapping[str, Earlier] | None = None,
        endorsed: Sequence[Row[Any]] = (),
    ) -> ApprovalView:
        """Draw a question with the decision on its present revision (None: there is none) and the rounds before."""
        rounds = earlier or {}
        asked = self.asked(row, run)
        return replace(
            asked.view,
            status=ApprovalStatus(row.status),
            decision=decision_view(decision._asdict()) if decision is not None else None,
            previous=rounds.get(row.previous_id),
            repeats=rounds.get(row.repeats_id),
            endorsements=tuple(
                _endorsement(asked, each)
                for each in endorsed
                if still_counts(asked, each) and not is_damaged(each.answer)
            ),
        )

    async def _endorsed(self, tx: Transaction, row: Row[Any], run: Row[Any]) -> Sequence[Row[Any]]:
        if row.status != ApprovalStatus.PENDING.value or not self.asked(row, run).view.policy.needs_several:
            return ()
        return await endorsements.of(tx, row.id, revision=row.revision)

    def _earlier(self, row: Row[Any], run: Row[Any], decision: Row[Any]) -> Earlier:
        question = self.asked(row, run).view.question
        return Earlier(row.id, row.round, question, decision_view(decision._asdict()))

    async def approval_by_id(self, tx: Transaction, approval_id: str) -> ApprovalView:
        """Raises: UnknownApproval."""
        row = await approvals.by_id(tx, approval_id)
        if row is None:
            raise UnknownApproval
        run = await runs.by_id(tx, row.run_id)
        decided = await approvals.decision(tx, approval_id, revision=row.revision)
        rounds = {}
        for earlier_id in {row.previous_id, row.repeats_id} - {None}:
            before = await approvals.by_id(tx, earlier_id)
            answer = await approvals.decision(tx, earlier_id, revision=before.revision) if before else None
            if before is not None and answer is not None:
                rounds[earlier_id] = self._earlier(before, run, answer)
        endorsed = await self._endorsed(tx, row, run)
        return self.approval(row, run, decision=decided, earlier=rounds, endorsed=endorsed)

    async def run(self, tx: Transaction, row: Row[Any]) -> RunView:
        """Return a run with its approvals and events."""
        (view,) = await self.runs(tx, [row], with_events=True)
        return view

    async def runs(
        self, tx: Transaction, rows: Sequence[Row[Any]], *, with_events: bool = False
    ) -> tuple[RunView, ...]:
        """Return runs with their approvals, in the order of `rows`."""
        asked = await approvals.of_runs(tx, [row.id for row in rows])
        decided = await approvals.decisions_of(tx, [row.id for row in asked])
        views = []
        for run in rows:
            rows_of_run = [row for row in asked if row.run_id == run.id]
            endorsed = {row.id: await self._endorsed(tx, row, run) for row in rows_of_run}
            questions = self._questions(rows_of_run, run, decided=decided, endorsed=endorsed)
            events = await audit.of_run(tx, run.id) if with_events else ()
            views.append(self._run(run, questions, events))
        return tuple(views)

    def _questions(
        self,
        rows: Sequence[Row[Any]],
        run: Row[Any],
        *,
        decided: Mapping[tuple[str, int], Row[Any]],
        endorsed: Mapping[str, Sequence[Row[Any]]],
    ) -> tuple[ApprovalView, ...]:
        wanted = {row.previous_id for row in rows} | {row.repeats_id for row in rows}
        rounds = {
            row.id: self._earlier(row, run, decision)
            for row in rows
            if row.id in wanted and (decision := decided.get((row.id, row.revision))) is not None
        }
        return tuple(
            self.approval(
                row,
                run,
                decision=decided.get((row.id, row.revision)),
                earlier=rounds,
                endorsed=endorsed[row.id],
            )
            for row in rows
        )

    def _run(self, run: Row[Any], questions: tuple[ApprovalView, ...], events: Any) -> RunView:
        workflow = self.workflows.get(run.workflow)
        return RunView(
            id=run.id,
            thread_id=run.thread_id,
            workflow=run.workflow,
            title=workflow.title if workflow else run.workflow,
            channel=run.channel,
            requested_by=run.requested_by,
            requested_by_name=run.requested_by_name,
            input=run.input,
            status=RunStatus(run.status),
            result=run.result,
            error=run.error,
            started_at=run.started_at,
            ended_at=run.ended_at,
            revision=run.revision,
            approvals=questions,
            events=events,
        )


def read_asked(workflow: Workflow | None, row: Row[Any], run: Row[Any]) -> Asked:
    """Read a stored question; None: its workflow is gone, and nobody may decide."""
    asked = row.asked
    try:
        question = stored_question(workflow, row)
        is_intact = asked_digest(asked["value"], asked["state"], asked["schema"]) == row.digest
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, UnaskableValue):
        question, is_intact = UNREADABLE, False
    view = ApprovalView(
        id=row.id,
        run_id=row.run_id,
        node=row.node,
        number=row.number,
        revision=row.revision,
        digest=row.digest,
        status=ApprovalStatus.PENDING,
        question=question,
        policy=workflow.policy_for(question.shown) if workflow else NOBODY,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        decision=None,
        round=row.round,
    )
    if not is_intact:
        log.error("what is stored of question %s of run %s is not what was asked", row.id, row.run_id)
    return Asked(view, row.pause, run.requested_by, workflow, is_intact)


def stored_question(workflow: Workflow | None, row: Row[Any]) -> Question:
    """Read what a stored question asks."""
    asked = row.asked
    return question_of(
        workflow, asked["value"], pause=row.pause, state=asked["state"], schema=asked["schema"]
    )


def question_of(
    workflow: Workflow | None,
    value: Json,
    *,
    pause: PauseKind,
    state: Mapping[str, Json],
    schema: Json | None = None,
) -> Question:
    """Read what is asked. `value` is what the graph asked, or {"next", "state"} of a static breakpoint.

    `state` holds the state values that an edit may change, `schema` is what the answer has to fit.
    """
    if pause == "dynamic":
        state = shared(value, state)  # the rest may be many megabytes
    if workflow is None:
        return _read_anew(None, value, pause=pause, state=state, schema=schema)
    asked = [pause, value, schema, state]
    return workflow.recent.question(
        asked, lambda: _read_anew(workflow, value, pause=pause, state=state, schema=schema)
    )


def _read_anew(
    workflow: Workflow | None,
    value: Json,
    *,
    pause: PauseKind,
    state: Mapping[str, Json],
    schema: Json | None,
) -> Question:
    held = workflow.state_schema if workflow else {}
    if pause == "dynamic":
        mapping = workflow.answers if workflow else None
        return read_question(
            value,
            state=state,
            state_schema=held,
            schema=schema,
            mapping=mapping,
            dialect=workflow.dialect if workflow else None,
        )
    if pause == "gone":
        return read_gone(value)
    if pause == "error":
        return read_failure(value, state=state, state_schema=held)
    return read_static(
        tuple(value["next"]), when=pause, state=value["state"], state_schema=held, editable=tuple(state)
    )


def decision_view(values: Mapping[str, Any]) -> DecisionView:
    """Draw a decision from its columns."""
    return DecisionView(
        verdict=Verdict(values["verdict"]),
        option=values["option"],
        label=values["label"],
        actor_id=values["actor_id"],
        actor_name=values["actor_name"],
        reason=values["reason"],
        before=values["before"],
        after=values["after"],
        decided_at=values["decided_at"],
        answer_digest=values["answer_digest"],
        endorsers=tuple(Actor(each["id"], each["name"]) for each in values["endorsers"]),
    )


def endorser(row: Row[Any]) -> Actor:
    """Return who endorsed, with the groups that were looked up then."""
    return Actor(row.actor_id, row.actor_name, groups=frozenset(row.actor_groups))


def still_counts(asked: Asked, row: Row[Any]) -> bool:
    """Say whether who endorsed could still do so under today's rules."""
    return refusal(asked.view.policy, actor=endorser(row), requested_by=asked.requested_by) is None


def _endorsement(asked: Asked, row: Row[Any]) -> Endorsement:
    kept = row.answer
    option = asked.view.question.option(kept["option"])
    verdict = Verdict(kept["verdict"])
    is_typed = option is None or option.is_typed(kept["reason"])
    return Endorsement(
        verdict=verdict,
        option=kept["option"],
        label=kept["label"],
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        reason=kept["reason"],
        before=kept["before"],
        after=kept["after"],
        endorsed_at=row.endorsed_at,
        answer_digest=row.answer_digest,
        required=required(asked.view.policy, verdict, is_typed=is_typed),
    )
