"""Statements on endorsements: approvals of a question that needs several people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select

from engine.decisions import Json
from engine.tables import endorsements
from engine.transactions import Transaction

_OF = (
    select(endorsements)
    .where(
        endorsements.c.approval_id == bindparam("approval_id"),
        endorsements.c.revision == bindparam("seen_revision"),
    )
    .order_by(endorsements.c.endorsed_at, endorsements.c.actor_id)
)
_TAKE_BACK = delete(endorsements).where(
    endorsements.c.approval_id == bindparam("approval_id"),
    endorsements.c.revision == bindparam("seen_revision"),
    endorsements.c.actor_id == bindparam("of_actor"),
)
_ADD = insert(endorsements)


async def of(tx: Transaction, approval_id: str, *, revision: int) -> Sequence[Row[Any]]:
    """Return the endorsements of this revision of a question, oldest first."""
    key = {"approval_id": approval_id, "seen_revision": revision}
    return (await tx.execute(_OF, key)).all()


async def put(tx: Transaction, values: Mapping[str, Json]) -> None:
    """Insert a person's endorsement in place of an earlier one of this revision."""
    key = {"approval_id": values["approval_id"], "seen_revision": values["revision"]}
    await tx.execute(_TAKE_BACK, {**key, "of_actor": values["actor_id"]})
    await tx.execute(_ADD, values)
