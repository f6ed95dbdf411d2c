"""Statements on approvals and their decisions. Each transition is one guarded UPDATE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, or_, select, update

from engine.decisions import Json, Seen
from engine.tables import approvals, decisions, runs
from engine.transactions import Transaction
from engine.views import ApprovalStatus

PENDING, DECIDED = ApprovalStatus.PENDING.value, ApprovalStatus.DECIDED.value
OPEN = (PENDING, DECIDED)

# What every run needs is made once: making a statement takes longer than SQLite takes to run it.
_BY_ID = select(approvals).where(approvals.c.id == bindparam("approval_id"))
_DECISION = select(decisions).where(
    decisions.c.approval_id == bindparam("approval_id"), decisions.c.revision == bindparam("seen_revision")
)
_DECIDE = (
    update(approvals)
    .where(
        approvals.c.id == bindparam("approval_id"),
        approvals.c.status == PENDING,
        approvals.c.revision == bindparam("seen_revision"),
        approvals.c.digest == bindparam("seen_digest"),
        or_(approvals.c.expires_at.is_(None), approvals.c.expires_at > bindparam("now")),
    )
    .values(status=DECIDED)
)
_HOLD = _DECIDE.values(status=PENDING)
_RECORD = insert(decisions)
_OF_RUNS = (
    select(approvals)
    .where(approvals.c.run_id.in_(bindparam("run_ids", expanding=True)))
    .order_by(approvals.c.number)
)
_DECISIONS_OF = select(decisions).where(
    decisions.c.approval_id.in_(bindparam("approval_ids", expanding=True))
)
_IS_OPEN = or_(*(approvals.c.status == status for status in OPEN))
_OPEN_OF = (
    select(approvals).where(approvals.c.run_id == bindparam("run_id"), _IS_OPEN).order_by(approvals.c.number)
)
_BEGIN_ATTEMPT = (
    update(approvals)
    .where(approvals.c.id == bindparam("approval_id"), approvals.c.status == DECIDED)
    .values(attempts=approvals.c.attempts + 1)
)
_CLOSE = (
    update(approvals)
    .where(approvals.c.id == bindparam("approval_id"), _IS_OPEN)
    .values(status=bindparam("new_status"))
)
_COUNT = select(func.count()).select_from(approvals).where(approvals.c.run_id == bindparam("run_id"))
_OPEN_NEW = insert(approvals)


async def by_id(tx: Transaction, approval_id: str) -> Row[Any] | None:
    """Return one approval."""
    return (await tx.execute(_BY_ID, {"approval_id": approval_id})).first()


async def of_runs(tx: Transaction, run_ids: Sequence[str]) -> list[Row[Any]]:
    """Return the approvals of these runs in the order in which they were asked."""
    return list((await tx.execute(_OF_RUNS, {"run_ids": run_ids})).all())


async def pending(tx: Transaction) -> list[Row[Any]]:
    """Return every question that waits for a person, oldest first."""
    wanted = select(approvals).where(approvals.c.status == PENDING).order_by(approvals.c.asked_at)
    return list((await tx.execute(wanted)).all())


async def asked_by_code(tx: Transaction, *, before: datetime) -> list[Row[Any]]:
    """Return the codes of what was asked `before` and is pending, each once with its workflow.

    What failed is asked by no code.
    """
    asked = select(runs.c.workflow, approvals.c.code).join(runs, runs.c.id == approvals.c.run_id).distinct()
    return list((await tx.execute(asked.where(*_asked(before)))).all())


async def runs_asked_by(tx: Transaction, *, workflow: str, code: Json, before: datetime) -> list[str]:
    """Return the runs of a workflow that wait with a question which this code asked `before`.

    `code` is as it was read, since its text is compared.
    """
    asked = select(approvals.c.run_id).join(runs, runs.c.id == approvals.c.run_id).distinct()
    wanted = asked.where(*_asked(before), approvals.c.code == code, runs.c.workflow == workflow)
    return list((await tx.execute(wanted)).scalars())


def _asked(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return approvals.c.status == PENDING, approvals.c.pause != "error", approvals.c.asked_at < before


async def decision(tx: Transaction, approval_id: str, *, revision: int) -> Row[Any] | None:
    """Return what was decided on this revision of a question."""
    key = {"approval_id": approval_id, "seen_revision": revision}
    return (await tx.execute(_DECISION, key)).first()


async def decisions_of(tx: Transaction, approval_ids: Sequence[str]) -> dict[tuple[str, int], Row[Any]]:
    """Return the decisions on these questions by approval id and revision."""
    found = await tx.execute(_DECISIONS_OF, {"approval_ids": approval_ids})
    return {(row.approval_id, row.revision): row for row in found}


async def undelivered(tx: Transaction, run_id: str) -> tuple[Row[Any], Row[Any]] | None:
    """Return the run's oldest decision that the graph does not have yet, with its question first.

    While people are asked about an error no other decision goes out: the graph would try again with it.
    """
    rows = (await tx.execute(_OPEN_OF, {"run_id": run_id})).all()
    for row in [row for row in rows if row.pause == "error"] or rows:
        if row.status != DECIDED:
            continue
        decided = await decision(tx, row.id, revision=row.revision)
        if decided is not None:
            return row, decided
    return None


async def decide(tx: Transaction, seen: Seen, *, now: datetime) -> bool:
    """Turn the question that a person saw from pending to decided; False: it is not that question any more."""
    return (await tx.execute(_DECIDE, _guard(seen, now=now))).rowcount == 1


async def hold(tx: Transaction, seen: Seen, *, now: datetime) -> bool:
    """Keep the question that a person saw pending until this transaction ends; False: it is not that one any more."""
    return (await tx.execute(_HOLD, _guard(seen, now=now))).rowcount == 1


def _guard(seen: Seen, *, now: datetime) -> Mapping[str, Json]:
    return {
        "approval_id": seen.approval_id,
        "seen_revision": seen.revision,
        "seen_digest": seen.digest,
        "now": now,
    }


async def record(tx: Transaction, values: Mapping[str, Json]) -> None:
    """Insert a decision. Raises: Conflict when this revision was decided already."""
    await tx.execute(_RECORD, values)


async def begin_attempt(tx: Transaction, approval_id: str) -> None:
    """Count one more sending of the decision, before it is sent."""
    await tx.execute(_BEGIN_ATTEMPT, {"approval_id": approval_id})


async def close(tx: Transaction, approval_id: str, *, status: ApprovalStatus) -> bool:
    """Turn an open question into `status` (resumed, withdrawn, expired); False: it was not open."""
    wanted = {"approval_id": approval_id, "new_status": status.value}
    return (await tx.execute(_CLOSE, wanted)).rowcount == 1


async def send_again(tx: Transaction, approval_id: str) -> None:
    """Turn a question whose answer the graph has lost from resumed to decided."""
    lost = update(approvals).where(
        approvals.c.id == approval_id, approvals.c.status == ApprovalStatus.RESUMED.value
    )
    await tx.execute(lost.values(status=DECIDED))


async def expire(tx: Transaction, approval_id: str, *, now: datetime) -> bool:
    """Turn a pending question whose deadline has passed into expired; False: somebody was faster."""
    late = update(approvals).where(
        approvals.c.id == approval_id, approvals.c.status == PENDING, approvals.c.expires_at <= now
    )
    return (await tx.execute(late.values(status=ApprovalStatus.EXPIRED.value))).rowcount == 1


async def overdue(tx: Transaction, *, now: datetime) -> list[Row[Any]]:
    """Return the pending questions whose deadline has passed."""
    late = select(approvals).where(approvals.c.status == PENDING, approvals.c.expires_at <= now)
    return list((await tx.execute(late)).all())


async def open_new(tx: Transaction, values: Mapping[str, Json]) -> int:
    """Insert a question and return its number within its run. Raises: Conflict when it is there already."""
    number = (await tx.execute(_COUNT, {"run_id": values["run_id"]})).scalar_one() + 1
    await tx.execute(_OPEN_NEW, {**values, "status": PENDING, "number": number})
    return int(number)


async def ask_anew(tx: Transaction, approval_id: str, values: Mapping[str, Json]) -> None:
    """Put a question again with what it asks now: a new revision that nobody has decided."""
    renewed = update(approvals).where(approvals.c.id == approval_id)
    await tx.execute(renewed.values(status=PENDING, revision=approvals.c.revision + 1, attempts=0, **values))


async def move(tx: Transaction, approval_id: str, *, task_id: str, checkpoint_id: str) -> None:
    """Say which task asks a question now, and at which checkpoint: a step that begins anew has others."""
    moved = update(approvals).where(approvals.c.id == approval_id)
    await tx.execute(moved.values(task_id=task_id, checkpoint_id=checkpoint_id))
