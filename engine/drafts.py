"""Statements on drafts: forms that people fill in page by page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from engine.decisions import Json
from engine.tables import drafts
from engine.transactions import Transaction
from engine.views import Draft

ID_BYTES = 24
"""192 random bits: the id is all that a page of a form carries."""


async def create(
    tx: Transaction,
    *,
    owner: str,
    context: Json,
    entries: Mapping[str, str | None],
    asked: Sequence[Sequence[str]],
    now: datetime,
) -> str:
    """Keep a new draft and return its id."""
    draft_id = secrets.token_urlsafe(ID_BYTES)
    values = {"context": context, "entries": dict(entries), "asked": [list(page) for page in asked]}
    await tx.execute(insert(drafts).values(id=draft_id, owner=owner, updated_at=now, **values))
    return draft_id


async def save(
    tx: Transaction,
    draft_id: str,
    *,
    owner: str,
    entries: Mapping[str, str | None],
    asked: Sequence[Sequence[str]],
    now: datetime,
) -> bool:
    """Keep what a draft has come to; False: there is none of this owner."""
    values = {"entries": dict(entries), "asked": [list(page) for page in asked], "updated_at": now}
    done = await tx.execute(
        update(drafts).where(drafts.c.id == draft_id, drafts.c.owner == owner).values(**values)
    )
    return done.rowcount == 1


async def by_id(tx: Transaction, draft_id: str, *, owner: str) -> Draft | None:
    """Return a draft of this owner."""
    rows = await tx.execute(select(drafts).where(drafts.c.id == draft_id, drafts.c.owner == owner))
    row = rows.first()
    if row is None:
        return None
    return Draft(
        id=row.id,
        owner=row.owner,
        context=row.context,
        entries=row.entries,
        asked=tuple(tuple(page) for page in row.asked),
        updated_at=row.updated_at,
    )


async def drop(tx: Transaction, draft_id: str, *, owner: str) -> None:
    """Forget a draft; nothing happens if there is none of this owner."""
    await tx.execute(delete(drafts).where(drafts.c.id == draft_id, drafts.c.owner == owner))


async def drop_older(tx: Transaction, *, than: datetime) -> None:
    """Forget every draft that nobody has gone on with since."""
    await tx.execute(delete(drafts).where(drafts.c.updated_at < than))


async def has_older(tx: Transaction, *, than: datetime) -> bool:
    """Say whether there is a draft that nobody has gone on with since."""
    rows = await tx.execute(select(drafts.c.id).where(drafts.c.updated_at < than).limit(1))
    return rows.first() is not None
