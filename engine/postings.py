"""Statements on postings: where something of a run is shown in the chat service."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, select, update

from engine.tables import postings
from engine.transactions import Transaction
from engine.views import Posting


async def of_run(tx: Transaction, run_id: str) -> dict[str, Posting]:
    """Return a run's postings by key."""
    rows = await tx.execute(select(postings).where(postings.c.run_id == run_id))
    return {row.key: _posting(row) for row in rows}


async def any_known(tx: Transaction, posting_ids: Collection[str]) -> bool:
    """Say whether one of these postings is ours."""
    rows = await tx.execute(select(postings.c.id).where(postings.c.id.in_(posting_ids)).limit(1))
    return rows.first() is not None


async def intend(tx: Transaction, run_id: str, *, key: str, place: str, now: datetime) -> Posting:
    """Write down that a message is about to be sent. Raises: Conflict when it was intended before."""
    posting_id = uuid.uuid4().hex
    await tx.execute(
        insert(postings).values(id=posting_id, run_id=run_id, key=key, place=place, intended_at=now)
    )
    return Posting(id=posting_id, run_id=run_id, key=key, place=place, reference=None, shown=None)


async def record(
    tx: Transaction, seen: Posting, *, place: str, reference: str, shown: str | None
) -> Posting | None:
    """Write down where the message is and what it shows, None: nobody knows. Return the posting as it is then.

    None: nothing is written, since another process has written something since this one was `seen`.
    """
    known = replace(seen, place=place, reference=reference, shown=_unknown() if shown is None else shown)
    written = update(postings).where(_is_as(seen))
    values = {"place": known.place, "reference": known.reference, "shown": known.shown}
    return known if (await tx.execute(written.values(**values))).rowcount == 1 else None


async def doubt(tx: Transaction, posting_id: str) -> None:
    """Write down that nobody knows what a message shows."""
    await tx.execute(update(postings).where(postings.c.id == posting_id).values(shown=_unknown()))


async def forget(tx: Transaction, seen: Posting) -> bool:
    """Drop a message that is no longer there, so that it is posted again. False: nothing is dropped, as above."""
    return (await tx.execute(delete(postings).where(_is_as(seen)))).rowcount == 1


def _unknown() -> str:
    """Return what is no digest, and another one each time: whoever has seen an earlier one has seen something old."""
    return f"?{uuid.uuid4().hex}"


def _is_as(seen: Posting) -> ColumnElement[bool]:
    return and_(
        postings.c.id == seen.id,
        postings.c.reference.is_not_distinct_from(seen.reference),
        postings.c.shown.is_not_distinct_from(seen.shown),
    )


def _posting(row: Row[Any]) -> Posting:
    return Posting(
        id=row.id, run_id=row.run_id, key=row.key, place=row.place, reference=row.reference, shown=row.shown
    )
