"""Drafts of forms, on both databases: what was entered is there for its owner, for a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine import Desk, NoDraft, open_desk
from engine.clock import utc_now
from engine.database import Database
from engine.tables import drafts
from tests.engine.desk_driver import APP

CONTEXT = {"workflow": "expense", "channel": "C1"}
ENTRIES: dict[str, str | None] = {"amount": "12", "note": "x" * 100_000 + "\0\ud800", "empty": None}


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """A desk with the tests' app, once on SQLite and once on PostgreSQL."""
    async with open_desk(database_url=database_url, app=APP) as desk:
        yield desk


async def begun(desk: Desk, *, owner: str = "U0RITA") -> str:
    """A draft of one page."""
    return await desk.drafts.begin(owner, context=CONTEXT, entries=ENTRIES, asked=[["amount", "note"]])


async def test_a_draft_is_kept_whole(desk: Desk) -> None:
    """Every character that was entered comes back, with the pages that were asked and what the form is about."""
    draft = await desk.drafts.get(await begun(desk), owner="U0RITA")
    assert (draft.context, draft.entries, draft.asked) == (CONTEXT, ENTRIES, (("amount", "note"),))


async def test_a_draft_grows_page_by_page(desk: Desk) -> None:
    """Saving replaces entries and pages under the same id."""
    draft_id = await begun(desk)
    await desk.drafts.save(draft_id, owner="U0RITA", entries={"amount": "13"}, asked=[["amount"], ["b", "c"]])
    draft = await desk.drafts.get(draft_id, owner="U0RITA")
    assert (draft.entries, draft.asked) == ({"amount": "13"}, (("amount",), ("b", "c")))


async def test_nobody_guesses_an_id(desk: Desk) -> None:
    """Ids have at least 128 random bits: 22 characters of base64, and no two are the same."""
    ids = {await begun(desk) for _ in range(5)}
    assert len(ids) == 5
    assert all(len(each) >= 22 for each in ids)


async def test_only_the_owner_goes_on_with_a_draft(desk: Desk) -> None:
    """To anybody else the draft is not there: they read, change and drop nothing."""
    draft_id = await begun(desk)
    with pytest.raises(NoDraft):
        await desk.drafts.get(draft_id, owner="U0AMY")
    with pytest.raises(NoDraft):
        await desk.drafts.save(draft_id, owner="U0AMY", entries={}, asked=[])
    await desk.drafts.drop(draft_id, owner="U0AMY")
    assert (await desk.drafts.get(draft_id, owner="U0RITA")).entries == ENTRIES


async def test_a_dropped_draft_is_gone(desk: Desk) -> None:
    """Dropping twice does no harm."""
    draft_id = await begun(desk)
    await desk.drafts.drop(draft_id, owner="U0RITA")
    await desk.drafts.drop(draft_id, owner="U0RITA")
    with pytest.raises(NoDraft):
        await desk.drafts.get(draft_id, owner="U0RITA")


async def test_the_sweep_drops_drafts_of_yesterday(desk: Desk, database_url: str) -> None:
    """A draft that nobody has gone on with for 24 hours goes, a younger one stays."""
    old, young = await begun(desk), await begun(desk)
    database = Database(database_url)
    try:
        async with database.transaction() as tx:
            await tx.execute(
                update(drafts)
                .where(drafts.c.id == old)
                .values(updated_at=utc_now() - timedelta(hours=24, seconds=1))
            )
        await desk.drafts.drop_old()
        async with database.reading() as tx:
            assert [row.id for row in await tx.execute(select(drafts.c.id))] == [young]
    finally:
        await database.close()
