"""Old steps are removed, and with a key nobody reads the states in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import approvals, open_desk
from engine.checkpointer import SQLModelSaver, open_saver
from engine.checkpointing.statements import BLOBS, CHECKPOINTS, WRITES
from engine.database import Database
from engine.errors import BadEncryptionKey
from engine.retention import Retention
from tests.engine.desk_driver import APP, Driver
from tests.engine.test_checkpointer import at, got, ids, store

OLD, NEW = b"0" * 32, b"1" * 16


async def test_a_run_that_ended_keeps_its_last_step_and_its_questions(database_url: str) -> None:
    """Once its time is over, the states that were asked about are left, and the last; then there is no more to do."""
    async with open_desk(database_url=database_url, app=APP) as desk:
        driver = Driver(desk)
        run = await driver.start("review", draft="Hello")
        await driver.decide(run)
        view = await driver.ended(run)
    database = Database(database_url)
    saver = SQLModelSaver(database)
    steps = await ids(saver.alist(at(view.thread_id)))
    assert await Retention(database, saver, keep=timedelta(days=1)).thin_out() == 0
    assert await ids(saver.alist(at(view.thread_id))) == steps
    retention = Retention(database, saver, keep=timedelta(seconds=-1))
    assert await retention.thin_out() == 1
    async with database.reading() as tx:
        asked = {row.checkpoint_id for row in await approvals.of_runs(tx, [view.id])}
    left = await ids(saver.alist(at(view.thread_id)))
    assert set(left) == {steps[0], *asked}
    assert len(left) < len(steps)
    assert await retention.thin_out() == 0
    await database.close()


async def test_with_a_key_nobody_reads_the_states(database_url: str, database: Database) -> None:
    """Neither small nor large values and writes stand in the clear; with the key they come back."""
    async with open_saver(database_url, encryption_keys=[OLD]) as saver:
        await store(saver, at(), "1", small="secret-small", large="secret-large" * 100)
        await saver.aput_writes(at("t", "1"), [("value", "secret-write")], "task")
    async with database.reading() as tx:
        for table in (CHECKPOINTS, BLOBS, WRITES):
            for body in (await tx.execute(select(table.c.body))).scalars():
                assert b"secret" not in body
    async with open_saver(database_url, encryption_keys=[OLD]) as saver:
        found = await got(saver, at())
    assert found.checkpoint["channel_values"] == {"small": "secret-small", "large": "secret-large" * 100}
    assert found.pending_writes == [("task", "value", "secret-write")]


async def test_a_new_key_goes_in_front_of_the_old_one(database_url: str) -> None:
    """Old states stay readable, new ones need the new key alone; what was stored before there was a key as well."""
    async with open_saver(database_url) as saver:
        await store(saver, at("plain"), "1", value="a" * 400)
    async with open_saver(database_url, encryption_keys=[OLD]) as saver:
        await store(saver, at("old"), "1", value="a" * 400)
    async with open_saver(database_url, encryption_keys=[NEW, OLD]) as saver:
        for thread_id in ("plain", "old"):
            await store(saver, at(thread_id, "1"), "2", value="a" * 400)
            assert len([item async for item in saver.alist(at(thread_id))]) == 2
        await store(saver, at("new"), "1", value="a" * 400)
    async with open_saver(database_url, encryption_keys=[NEW]) as saver:
        assert (await got(saver, at("new"))).checkpoint["channel_values"] == {"value": "a" * 400}
        with pytest.raises(BadEncryptionKey):
            await saver.aget_tuple(at("old", "1"))


@pytest.mark.parametrize("keys", [(), (NEW,)])
async def test_a_missing_key_stops_the_start(database_url: str, keys: tuple[bytes, ...]) -> None:
    """The runs would all look broken; the sentence says what is wrong, and the next start with the key goes on."""
    async with open_saver(database_url, encryption_keys=[OLD]) as saver:
        await store(saver, at(), "1")
    with pytest.raises(BadEncryptionKey):
        async with open_desk(database_url=database_url, app=APP, encryption_keys=keys):
            pass
    async with open_desk(database_url=database_url, app=APP, encryption_keys=[NEW, OLD]):
        pass


async def test_a_key_of_another_length_is_refused(database: Database) -> None:
    """AES knows three lengths."""
    with pytest.raises(BadEncryptionKey, match="16, 24 or 32"):
        SQLModelSaver(database, encryption_keys=[b"short"])
