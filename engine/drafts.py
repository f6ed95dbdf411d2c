"""Drafts: forms that people fill in page by page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

from sqlalchemy import delete, insert, select, update

from engine.database import Database
from engine.decisions import Json
from engine.errors import NoDraft
from engine.tables import drafts
from engine.views import Draft

ID_BYTES: Final = 24
"""192 random bits: the id is all that a page of a form carries."""
LIFETIME: Final = timedelta(hours=24)
"""How long a form that was begun can be gone on with."""

Entries: TypeAlias = Mapping[str, str | None]
Asked: TypeAlias = Sequence[Sequence[str]]
"""The names of the fields of each page so far."""


class Drafts:
    """What people have entered into forms that they have not sent yet. Only its owner sees a draft."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, owner: str, *, context: Json, entries: Entries, asked: Asked) -> str:
        """Keep what somebody has entered so far, and return the id under which they go on."""
        draft_id = secrets.token_urlsafe(ID_BYTES)
        values = {"id": draft_id, "owner": owner, "context": context, **self._entered(entries, asked)}
        async with self._database.transaction() as tx:
            await tx.execute(insert(drafts).values(**values))
        return draft_id

    async def save(self, draft_id: str, *, owner: str, entries: Entries, asked: Asked) -> None:
        """Keep what a draft has come to. Raises: NoDraft when its owner has none of this id."""
        own = update(drafts).where(drafts.c.id == draft_id, drafts.c.owner == owner)
        async with self._database.transaction() as tx:
            if (await tx.execute(own.values(**self._entered(entries, asked)))).rowcount != 1:
                raise NoDraft

    async def get(self, draft_id: str, *, owner: str) -> Draft:
        """Return a draft to its owner. Raises: NoDraft for anybody else, and when it is gone."""
        own = select(drafts).where(drafts.c.id == draft_id, drafts.c.owner == owner)
        async with self._database.reading() as tx:
            row = (await tx.execute(own)).first()
        if row is None:
            raise NoDraft
        return Draft(
            id=row.id,
            owner=row.owner,
            context=row.context,
            entries=row.entries,
            asked=tuple(tuple(page) for page in row.asked),
            updated_at=row.updated_at,
        )

    async def drop(self, draft_id: str, *, owner: str) -> None:
        """Forget a draft whose owner gave it up; nothing happens if it is gone."""
        async with self._database.transaction() as tx:
            await tx.execute(delete(drafts).where(drafts.c.id == draft_id, drafts.c.owner == owner))

    async def drop_old(self) -> None:
        """Forget the drafts that nobody has gone on with for `LIFETIME`."""
        is_old = drafts.c.updated_at < self._database.now() - LIFETIME
        async with self._database.reading() as tx:
            if (await tx.execute(select(drafts.c.id).where(is_old).limit(1))).first() is None:
                return
        async with self._database.transaction() as tx:
            await tx.execute(delete(drafts).where(is_old))

    def _entered(self, entries: Entries, asked: Asked) -> dict[str, Json]:
        pages = [list(page) for page in asked]
        return {"entries": dict(entries), "asked": pages, "updated_at": self._database.now()}
