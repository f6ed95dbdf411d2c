"""Every SQLModel table of the ledger.

Free text that people or graphs wrote is kept as JSON text, so that NUL and lone surrogates survive.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from engine.columns import JsonText, TextKey, UtcDateTime


def _json(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(JsonText, nullable=nullable))


class RunRow(SQLModel, table=True):
    """One request: a thread of a workflow. `fence` grows each time somebody takes the run to drive it.

    `revision` grows with every change that people may see, `mirrored` is the last one shown in the chat. Once it
    `is_thinned` only those steps of its thread are left that engine.retention keeps.
    """

    __tablename__ = "assent_runs"

    id: str = Field(sa_type=TextKey, primary_key=True)
    thread_id: str = Field(sa_type=TextKey, unique=True)
    request_key: str = Field(sa_type=TextKey, unique=True)
    workflow: str
    channel: str | None = None
    requested_by: str
    requested_by_name: str
    input: Any = _json()
    status: str = Field(index=True)
    result: Any = _json(nullable=True)
    error: Any = _json(nullable=True)
    fence: int = 0
    revision: int = 1
    mirrored: int = 0
    started_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_thinned: bool = False


class ApprovalRow(SQLModel, table=True):
    """One question, unique by thread, interrupt and the number of answers its task already had.

    `asked` is {"value": what the graph asked, "state": the state values that an edit may change, "schema": the
    JSON Schema of the answer or null}, `pause` is "dynamic", "before", "after", "error" or "gone", `node` the name of
    the node that asks, `task_id` the outermost graph's task that it is in ("" for what no task asks), `code` the
    fingerprint of the code that asked. `attempts` counts how often the present
    decision was sent to the graph. `round`, `previous_id` and `repeats_id` are those of `ApprovalView`, as approval
    ids.
    """

    __tablename__ = "assent_approvals"
    __table_args__ = (UniqueConstraint("thread_id", "interrupt_id", "ordinal"),)

    id: str = Field(sa_type=TextKey, primary_key=True)
    run_id: str = Field(sa_type=TextKey, index=True)
    thread_id: str = Field(sa_type=TextKey)
    interrupt_id: str = Field(sa_type=TextKey)
    ordinal: int
    checkpoint_id: str
    task_id: str
    pause: str
    node: str
    number: int
    revision: int = 1
    status: str = Field(index=True)
    asked: Any = _json()
    digest: str
    code: Any = _json()
    attempts: int = 0
    round: int = 1
    previous_id: str | None = Field(default=None, sa_type=TextKey)
    repeats_id: str | None = Field(default=None, sa_type=TextKey)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class DecisionRow(SQLModel, table=True):
    """What one person decided on one revision of a question; there is never a second row for it.

    `option` and `label` name the option that was chosen, `verdict` is what it counts as. `resume` and
    `state_update` are what the graph gets, `answer_digest` names both; `policy` is the rule that was in force.
    `request_key` names the click, so that its second delivery is told from a second click. `endorsers` are those who
    had approved the same before, as [{"id", "name"}].
    """

    __tablename__ = "assent_decisions"

    approval_id: str = Field(sa_type=TextKey, primary_key=True)
    revision: int = Field(primary_key=True)
    digest: str
    request_key: str | None = Field(default=None, sa_type=TextKey)
    verdict: str
    option: Any = _json()
    label: Any = _json()
    actor_id: str
    actor_name: str
    reason: Any = _json()
    before: Any = _json()
    after: Any = _json()
    resume: Any = _json(nullable=True)
    state_update: Any = _json(nullable=True)
    answer_digest: str
    policy: Any = _json()
    endorsers: Any = _json()
    decided_at: datetime = Field(sa_type=UtcDateTime)


class EndorsementRow(SQLModel, table=True):
    """One person's approval of one revision of a question that needs several people; each has one.

    `answer` holds the columns of the decision that it is to become: verdict, option, label, reason, before, after,
    resume and state_update. `actor_groups` are the groups that were looked up at the click, `request_keys` name it
    and the person's earlier ones, oldest first.
    """

    __tablename__ = "assent_endorsements"

    approval_id: str = Field(sa_type=TextKey, primary_key=True)
    revision: int = Field(primary_key=True)
    actor_id: str = Field(sa_type=TextKey, primary_key=True)
    actor_name: str
    actor_groups: Any = _json()
    request_keys: Any = _json()
    answer: Any = _json()
    answer_digest: str
    endorsed_at: datetime = Field(sa_type=UtcDateTime)


class AnswerRow(SQLModel, table=True):
    """One raw value that was given for a pause of a run, ahead or by interrupt id; `seq` counts within the run.

    `interrupt_id` is the pause that it is for, null for the next that comes. `status` is "waiting", "used" or
    "dropped". `actor_groups` are the groups that were looked up when it was given, at `given_at`.
    """

    __tablename__ = "assent_answers"

    run_id: str = Field(sa_type=TextKey, primary_key=True)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    request_key: str | None = Field(default=None, sa_type=TextKey)
    interrupt_id: str | None = Field(default=None, sa_type=TextKey)
    value: Any = _json(nullable=True)
    actor_id: str
    actor_name: str
    actor_groups: Any = _json()
    given_at: datetime = Field(sa_type=UtcDateTime)
    status: str


class AuditRow(SQLModel, table=True):
    """One link of the audit chain: `hash` covers this row and the hash of the row before it."""

    __tablename__ = "assent_audit"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    run_id: str | None = Field(default=None, sa_type=TextKey, index=True)
    approval_id: str | None = Field(default=None, sa_type=TextKey)
    kind: str
    at: datetime = Field(sa_type=UtcDateTime)
    actor_id: str | None = None
    actor_name: str | None = None
    detail: Any = _json()
    previous: str
    hash: str


class PostingRow(SQLModel, table=True):
    """One message in the chat service, intended before it is sent; `reference` is known once it arrived."""

    __tablename__ = "assent_postings"
    __table_args__ = (UniqueConstraint("run_id", "key"),)

    id: str = Field(sa_type=TextKey, primary_key=True)
    run_id: str = Field(sa_type=TextKey)
    key: str = Field(sa_type=TextKey)
    place: str
    reference: str | None = None
    shown: str | None = None
    intended_at: datetime = Field(sa_type=UtcDateTime)


class DraftRow(SQLModel, table=True):
    """A form that somebody fills in page by page. `context` says what it is about, in the words of who asks.

    `entries` are by field name, `asked` holds the names of each page that was sent.
    """

    __tablename__ = "assent_drafts"

    id: str = Field(sa_type=TextKey, primary_key=True)
    owner: str
    context: Any = _json()
    entries: Any = _json()
    asked: Any = _json()
    updated_at: datetime = Field(sa_type=UtcDateTime, index=True)


class DeliveryRow(SQLModel, table=True):
    """One delivery of the chat service, by the key that its repetitions share; not answered: it is being handled."""

    __tablename__ = "assent_deliveries"

    key: str = Field(sa_type=TextKey, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    is_answered: bool


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


runs = _table(RunRow)
approvals = _table(ApprovalRow)
decisions = _table(DecisionRow)
endorsements = _table(EndorsementRow)
answers = _table(AnswerRow)
audit = _table(AuditRow)
postings = _table(PostingRow)
drafts = _table(DraftRow)
deliveries = _table(DeliveryRow)
