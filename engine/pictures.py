"""Rows to views: what the ledger holds, as the outside sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from engine import approvals, audit, runs
from engine.database import Transaction
from engine.decisions import Json, Seen, Verdict
from engine.errors import UnknownApproval
from engine.pauses import PauseKind
from engine.policy import Policy
from engine.questions import AnswerMapping, Question, read_question, read_static
from engine.views import (
    ApprovalStatus,
    ApprovalView,
    DecisionView,
    RunStatus,
    RunView,
    WorkflowView,
)
from engine.workflows import App, Workflow

NOBODY = Policy()
QUESTIONS_KEPT = 64
"""Questions kept as read: enough for those under way, and little memory even when each holds a megabyte."""
POLICIES_KEPT = 10_000
"""Policies kept by question; each is a reference to one of a workflow's few."""


class Pictures:
    """Draws rows with what the app says today; what was asked by a workflow that is gone nobody may decide."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._questions: dict[Seen, Question] = {}
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

    def mapping(self, run: Row[Any]) -> AnswerMapping | None:
        """Return how the run's workflow wants its answers, if approvals.toml says so."""
        workflow = self._app.workflows.get(run.workflow)
        return workflow.answers if workflow else None

    def policy(self, row: Row[Any], run: Row[Any]) -> Policy:
        """Return who may decide a question today."""
        workflow = self._app.workflows.get(run.workflow)
        policy = workflow.policy_for(self.question(row, run).shown) if workflow else NOBODY
        if len(self._policies) >= POLICIES_KEPT:
            self._policies.clear()
        self._policies[_seen(row)] = policy
        return policy

    def policy_drawn(self, seen: Seen) -> Policy | None:
        """Return who may decide a question that was drawn before; None: it was not, or long ago.

        It holds as long as this app is loaded: the policy follows from what a revision asks, which never changes.
        """
        return self._policies.get(seen)

    def question(self, row: Row[Any], run: Row[Any]) -> Question:
        """Read a stored question again. What a revision asks never changes, so it is read once by and large."""
        key = _seen(row)
        if key not in self._questions:
            if len(self._questions) >= QUESTIONS_KEPT:
                self._questions.clear()
            workflow = self._app.workflows.get(run.workflow)
            asked = row.asked
            self._questions[key] = question_of(
                workflow, asked["value"], pause=row.pause, state=asked["state"], schema=asked["schema"]
            )
        return self._questions[key]

    def approval(self, row: Row[Any], run: Row[Any], *, decision: Row[Any] | None) -> ApprovalView:
        """Draw a question with the decision on its present revision; None: there is none."""
        return ApprovalView(
            id=row.id,
            run_id=row.run_id,
            node=row.node,
            number=row.number,
            revision=row.revision,
            digest=row.digest,
            status=ApprovalStatus(row.status),
            question=self.question(row, run),
            policy=self.policy(row, run),
            asked_at=row.asked_at,
            expires_at=row.expires_at,
            decision=decision_view(decision._asdict()) if decision is not None else None,
        )

    async def approval_by_id(self, tx: Transaction, approval_id: str) -> ApprovalView:
        """Raises: UnknownApproval."""
        row = await approvals.by_id(tx, approval_id)
        if row is None:
            raise UnknownApproval
        run = await runs.by_id(tx, row.run_id)
        decided = await approvals.decision(tx, approval_id, revision=row.revision)
        return self.approval(row, run, decision=decided)

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
            questions = tuple(
                self.approval(row, run, decision=decided.get((row.id, row.revision)))
                for row in asked
                if row.run_id == run.id
            )
            events = await audit.of_run(tx, run.id) if with_events else ()
            views.append(self._run(run, questions, events))
        return tuple(views)

    def _run(self, run: Row[Any], questions: tuple[ApprovalView, ...], events: Any) -> RunView:
        workflow = self._app.workflows.get(run.workflow)
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


def _seen(row: Row[Any]) -> Seen:
    return Seen(row.id, row.revision, row.digest)


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
    )
