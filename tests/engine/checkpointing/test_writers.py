"""Several writers: who is too late is refused alone, and who is killed loses nothing that was said to be stored."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig
from sqlalchemy import update

from engine.checkpointer import SQLModelSaver, open_saver
from engine.checkpointing.statements import BLOBS, CHECKPOINTS
from engine.database import Database
from engine.errors import StaleWriter, StoreError
from engine.transactions import Transaction
from tests.engine.checkpointing.test_pruning import count
from tests.engine.test_checkpointer import at, checkpoint, got, ids, store

KILLS = int(os.environ.get("ASSENT_TEST_KILLS", "12"))


@pytest.fixture
async def saver(database: Database) -> SQLModelSaver:
    return SQLModelSaver(database)


async def allow(_: Transaction) -> None:
    """The guard of one who holds the lease."""


async def test_f09_a_writer_below_the_head_is_refused(saver: SQLModelSaver) -> None:
    """A process that slept while another went on cannot turn the thread back; reading shows what the other wrote."""
    sleeper, other = saver.guarded_by(allow), saver.guarded_by(allow)
    first = await store(sleeper, at(), "1", value="start")
    await store(other, first, "2", value="theirs")
    with pytest.raises(StaleWriter):
        await store(sleeper, first, "3", value="mine")
    with pytest.raises(StaleWriter):
        await sleeper.aput_writes(first, [("value", "late")], "task")
    assert (await got(saver, at())).checkpoint["channel_values"] == {"value": "theirs"}
    await store(other, at("t", "2"), "3", value="on")


async def test_the_same_checkpoint_may_be_stored_again(saver: SQLModelSaver) -> None:
    """A retry of a call whose answer was lost is no stale writer."""
    guarded = saver.guarded_by(allow)
    first = await store(guarded, at(), "1")
    for _ in range(2):
        await store(guarded, first, "2", value="same")
    assert await ids(saver.alist(at())) == ["2", "1"]


async def test_who_is_refused_stops_nobody_else(saver: SQLModelSaver) -> None:
    """Of many calls in one transaction those whose lease is gone fail, and the others are stored."""

    async def refuse(_: Transaction) -> None:
        raise PermissionError

    writers = [saver.guarded_by(refuse if n % 3 == 0 else allow) for n in range(12)]
    calls = [store(writer, at(f"t{n}"), "1", value=n) for n, writer in enumerate(writers)]
    results = await asyncio.gather(
        *calls, store(saver, at("free"), "1", value="free"), return_exceptions=True
    )
    assert [isinstance(each, PermissionError) for each in results[:-1]] == [n % 3 == 0 for n in range(12)]
    found = {item.config["configurable"]["thread_id"] async for item in saver.alist(None)}
    assert found == {f"t{n}" for n in range(12) if n % 3} | {"free"}


async def test_one_call_that_the_database_refuses_stops_nobody_else(saver: SQLModelSaver) -> None:
    """A thread id that PostgreSQL cannot hold fails alone, though it came in the same transaction as the others."""
    odd = "nul \x00" if saver.database.dialect == "postgresql" else "half \ud83d"
    calls = [store(saver, at(name), "1") for name in ("a", odd, "b")]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[1], StoreError)
    assert {item.config["configurable"]["thread_id"] async for item in saver.alist(None)} == {"a", "b"}


async def test_what_builds_upon_a_refused_call_is_refused_too(saver: SQLModelSaver) -> None:
    """Its rows would name values that were never stored; the writes of a checkpoint fail with it as well."""

    async def refuse(_: Transaction) -> None:
        raise PermissionError

    calls = [
        store(saver.guarded_by(refuse), at(), "1", value="long" * 500),
        saver.aput_writes(at("t", "1"), [("value", "long" * 500)], "task"),
        store(saver, at("t", "1"), "2", value="long" * 500 + "er"),
        store(saver, at("free"), "1", value="long" * 500),
    ]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(each, PermissionError) for each in results] == [True, True, True, False]
    assert [item.config async for item in saver.alist(None)] == [at("free", "1")]


async def test_writes_on_their_way_do_not_hide_what_is_stored(saver: SQLModelSaver) -> None:
    """Below the head, where memory knows nothing, a task that runs again keeps its first writes and adds the rest."""
    config = await store(saver, at(), "1")
    await saver.aput_writes(config, [("a", 1), ("b", 2)], "task")
    await store(saver, config, "2")
    await asyncio.gather(
        saver.aput_writes(config, [("flag", True)], "other"),
        saver.aput_writes(config, [("a", 9), ("b", 9), ("c", 3)], "task"),
    )
    assert sorted((await got(saver, config)).pending_writes or ()) == [
        ("other", "flag", True),
        ("task", "a", 1),
        ("task", "b", 2),
        ("task", "c", 3),
    ]


async def test_what_is_on_its_way_is_built_upon(saver: SQLModelSaver, database: Database) -> None:
    """A large value that is put, written and put again before anything is committed is stored once."""
    text, body = "long" * 500, checkpoint("2", value="long" * 500)
    await asyncio.gather(
        store(saver, at(), "1", value=text),
        saver.aput_writes(at("t", "1"), [("value", text)], "task"),
        saver.aput(at("t", "1"), body, {}, body["channel_versions"]),
    )
    assert await count(database, BLOBS) == [1]
    saver._store._heads.forget_threads()
    assert (await got(saver, at())).checkpoint["channel_values"] == {"value": text}
    assert (await got(saver, at("t", "1"))).pending_writes == [("task", "value", text)]


async def test_who_is_cancelled_waits_for_the_commit(saver: SQLModelSaver) -> None:
    """Whoever cancels a call knows afterwards that nothing of it is still on its way."""
    call = asyncio.create_task(store(saver, at(), "1", value="x" * 1000))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await ids(saver.alist(at())) == ["1"]


async def test_another_process_makes_what_is_remembered_old(
    saver: SQLModelSaver, database_url: str, database: Database
) -> None:
    """A new head, a new write, a replaced write and a forgotten thread are all seen by who has read before."""
    first = await store(saver, at(), "1", value=1)
    await saver.aput_writes(first, [("__error__", "old")], "task")
    async with open_saver(database_url) as other:
        await other.aput_writes(first, [("__error__", "new")], "task")
        assert (await got(saver, at())).pending_writes == [("task", "__error__", "new")]
        await store(other, first, "2", value=2)
        assert (await got(saver, at())).checkpoint["channel_values"] == {"value": 2}
        await other.adelete_thread("t")
        assert await saver.aget_tuple(at()) is None


async def test_writes_that_came_first_are_taken_over_by_their_head(saver: SQLModelSaver) -> None:
    """Of a checkpoint that arrives after its writes, memory has both, for a writer who holds the lease too."""
    for writer in (saver, saver.guarded_by(allow)):
        thread_id = f"t{id(writer)}"
        first = await store(writer, at(thread_id), "1")
        await writer.aget_tuple(at(thread_id))
        await writer.aput_writes(at(thread_id, "2"), [("value", "early")], "task")
        await store(writer, first, "2", value=2)
        assert (await got(writer, at(thread_id))).pending_writes == [("task", "value", "early")]


@pytest.mark.parametrize("is_read_first", [True, False])
async def test_what_another_process_has_stored_is_built_upon(
    saver: SQLModelSaver, database_url: str, is_read_first: bool
) -> None:
    """A saver that remembers the thread as empty or older writes on its new head, by id, and goes on from there."""
    text = "long" * 500
    async with open_saver(database_url) as other:
        for thread_id in ("empty", "older"):
            before: RunnableConfig = at(thread_id)
            if thread_id == "older":
                before = await store(saver, at(thread_id), "0", value=1)
            await saver.aget_tuple(at(thread_id))
            config = await store(other, before, "1", value=text)
            await other.aput_writes(config, [("a", 1)], "task")
            if is_read_first:
                await got(saver, config)
            await saver.aput_writes(config, [("a", 1), ("b", 2)], "task")
            await saver.aput_writes(config, [("value", text)], "second")
            last = await store(saver, config, "2", value=text + "er")
            for reader in (saver, other):
                assert (await got(reader, last)).checkpoint["channel_values"] == {"value": text + "er"}
                if is_read_first:
                    assert (await got(reader, config)).pending_writes == [
                        ("second", "value", text),
                        ("task", "a", 1),
                        ("task", "b", 2),
                    ]


async def test_what_was_stored_while_the_database_was_closed_is_seen(
    saver: SQLModelSaver, database: Database, database_url: str
) -> None:
    """A saver that is used again has new connections, which count what is committed from where they began."""
    config = await store(saver, at(), "000")
    for n in range(1, 5):
        for _ in range(2):
            await got(saver, at())
        await database.close()
        async with open_saver(database_url) as other:
            for m in range(n):
                config = await store(other, config, f"{n}{m:02}")
        assert (await got(saver, at())).config == config


async def test_what_is_returned_belongs_to_the_caller(saver: SQLModelSaver) -> None:
    """Changing a value that was read does not change what the next one reads."""
    await store(saver, at(), "1", value=["a"])
    (await got(saver, at())).checkpoint["channel_values"]["value"].append("b")
    assert (await got(saver, at())).checkpoint["channel_values"]["value"] == ["a"]


async def test_a_copy_beside_the_head_finds_its_values(saver: SQLModelSaver) -> None:
    """update_state(as_node="__copy__") puts a checkpoint beside the one it copies, and brings no values."""
    config = await store(saver, at(), "1", value="long" * 200, other=1)
    body = checkpoint("2", value="long" * 200, other=1)
    body["channel_versions"] = (await got(saver, config)).checkpoint["channel_versions"]
    await saver.aput(at(), body, {"source": "fork"}, {})
    assert (await got(saver, at())).checkpoint["channel_values"] == {"value": "long" * 200, "other": 1}


ROOT = Path(__file__).parents[3]


@pytest.fixture
async def killed(database_url: str) -> dict[str, set[int]]:
    """Kill a process that stores in eight threads, again and again; return what it was told is stored, by thread.

    The time until its death runs from its start for every other process, else from the first step that it stored:
    on a busy machine the former may get no further than opening the database.
    """
    told: dict[str, set[int]] = defaultdict(set)
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.engine.checkpointing.writer",
        database_url,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    for n in range(KILLS):
        server.stdin.write(b"go\n")
        delay = random.Random(n).uniform(0.02, 0.25)  # noqa: S311
        pid, is_timed = 0, False
        while (line := (await server.stdout.readline()).decode().split()) != ["dead"]:
            match line:
                case ["pid", number]:
                    pid = int(number)
                case [thread_id, step]:
                    told[thread_id].add(int(step))
                case _:
                    raise AssertionError(line)
            if pid and not is_timed and (n % 2 or line[0] != "pid"):
                asyncio.get_running_loop().call_later(delay, os.kill, pid, signal.SIGKILL)
                is_timed = True
    server.stdin.close()
    await server.wait()
    return told


async def test_a_killed_process_loses_nothing_that_was_stored(
    killed: dict[str, set[int]], database_url: str
) -> None:
    """Every step that a call returned for is there with all before it, and its write; every thread can be read."""
    assert sum(map(len, killed.values())) > KILLS
    async with open_saver(database_url) as saver:
        for thread_id, told in killed.items():
            found = {int(item.checkpoint["id"]): item async for item in saver.alist(at(thread_id))}
            assert sorted(found) == list(range(1, len(found) + 1))
            assert told <= set(found)
            for step, item in found.items():
                texts = item.checkpoint["channel_values"]["texts"]
                assert [text.split()[0] for text in texts] == [str(n) for n in range(1, step + 1)]
                assert item.pending_writes or step not in told


async def test_a_damaged_row_that_is_remembered_is_found_once_it_is_read(
    saver: SQLModelSaver, database: Database
) -> None:
    """Memory is used as long as the row's revision is the same; a row that was changed with it is read anew."""
    await store(saver, at(), "1", value=1)
    async with database.transaction() as tx:
        await tx.execute(update(CHECKPOINTS).values(revision=1))
    assert (await got(saver, at())).checkpoint["channel_values"] == {"value": 1}
