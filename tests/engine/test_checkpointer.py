"""What LangGraph expects of a checkpointer and its conformance suite does not check."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointTuple, empty_checkpoint
from sqlalchemy import Column, Table, func, literal, select, update

from engine.checkpointer import SQLModelSaver, open_saver
from engine.checkpointing.statements import BLOBS, CHECKPOINTS, WRITES
from engine.database import Database
from engine.errors import BadEncryptionKey, DamagedCheckpoint, StoreError
from engine.transactions import Transaction

T = TypeVar("T")
ODD_IDS = ["') OR '1'='1", '"; DROP TABLE assent_checkpoints; --', "%", "_", "\\", "😀", " "]
ODD_TEXT = "NUL \x00, whole 😀, quotes ' \" \\u0000"


@pytest.fixture
async def saver(database: Database) -> SQLModelSaver:
    return SQLModelSaver(database)


def at(thread_id: Any = "t", checkpoint_id: str | None = None, ns: str = "") -> RunnableConfig:
    named = {} if checkpoint_id is None else {"checkpoint_id": checkpoint_id}
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns, **named}}


def checkpoint(checkpoint_id: str, **values: Any) -> Checkpoint:
    versions: ChannelVersions = dict.fromkeys(values, f"{1:032}.{checkpoint_id}")
    return {**empty_checkpoint(), "id": checkpoint_id, "channel_values": values, "channel_versions": versions}


async def store(
    saver: SQLModelSaver, config: RunnableConfig, checkpoint_id: str, **values: Any
) -> RunnableConfig:
    """Store a checkpoint with these channel values; the config's metadata becomes its metadata."""
    body = checkpoint(checkpoint_id, **values)
    return await saver.aput(config, body, {"source": "loop", "step": 1}, body["channel_versions"])


async def ids(found: AsyncIterator[CheckpointTuple]) -> list[str]:
    return [item.config["configurable"]["checkpoint_id"] async for item in found]


async def got(saver: SQLModelSaver, config: RunnableConfig) -> CheckpointTuple:
    found = await saver.aget_tuple(config)
    assert found is not None
    return found


async def rows(database: Database, thread_id: str) -> list[int]:
    async with database.reading() as tx:
        return [
            (await tx.execute(select(func.count()).where(column == thread_id))).scalar_one()
            for column in (CHECKPOINTS.c.thread_id, BLOBS.c.family, WRITES.c.thread_id)
        ]


async def test_a_thread_id_may_be_a_number(saver: SQLModelSaver) -> None:
    """Thread 7 and thread "7" are the same thread, and the id comes back as text."""
    stored = await store(saver, at(7), "1")
    assert stored == at("7", "1")
    assert (await got(saver, at("7"))).config == at("7", "1")


async def test_the_latest_is_the_greatest_not_the_last_stored(saver: SQLModelSaver) -> None:
    """A checkpoint that arrives late does not become the head of its thread."""
    await store(saver, at(), "2")
    await store(saver, at(), "1")
    assert (await got(saver, at())).config == at("t", "2")
    assert await ids(saver.alist(at())) == ["2", "1"]


async def test_the_parent_is_the_checkpoint_that_the_config_names(saver: SQLModelSaver) -> None:
    """A first checkpoint has no parent, a later one the id it was put on top of."""
    await store(saver, at(), "1")
    await store(saver, at("t", "1"), "2")
    assert (await got(saver, at("t", "1"))).parent_config is None
    assert (await got(saver, at("t", "2"))).parent_config == at("t", "1")


async def test_listing_pages_through_long_threads(saver: SQLModelSaver) -> None:
    """Fifty checkpoints come newest first, each once, also in part: limit, before, and both."""
    every = [f"{n:02}" for n in range(50)]
    for name in every:
        await store(saver, at(), name)
    newest_first = every[::-1]
    assert await ids(saver.alist(at())) == newest_first
    assert await ids(saver.alist(at(), limit=33)) == newest_first[:33]
    assert await ids(saver.alist(at(), limit=0)) == []
    assert await ids(saver.alist(at(), before=at("t", "45"))) == newest_first[5:]
    assert await ids(saver.alist(at(), before=at("t", "45"), limit=1)) == ["44"]
    assert await ids(saver.alist(at("t", "07"))) == ["07"]


async def test_listing_everything_crosses_threads_and_namespaces(saver: SQLModelSaver) -> None:
    """config=None lists all threads; a config without a namespace lists all of its thread's namespaces."""
    for n in range(30):  # one id everywhere: the page's end falls between equal ids
        await store(saver, at(f"t{n}", ns=""), "1")
        await store(saver, at(f"t{n}", ns="child:1"), "1")
    places = [
        (item.config["configurable"]["thread_id"], item.config["configurable"]["checkpoint_ns"])
        async for item in saver.alist(None)
    ]
    assert sorted(places) == sorted((f"t{n}", ns) for n in range(30) for ns in ("", "child:1"))
    assert len([item async for item in saver.alist({"configurable": {"thread_id": "t1"}})]) == 2
    assert len([item async for item in saver.alist(at("t1", ns="child:1"))]) == 1


METADATA: dict[str, Any] = {
    "text": "loop' OR '1'='1",
    "Text": "LOOP",
    "percent": "100%_",
    "odd": "half \ud83d",
    "number": 1,
    "yes": True,
    "$.x": "path",
    'quote"key': "quoted",
    "it's": "it's",
}


FILTERS: list[tuple[dict[str, Any], bool]] = [
    ({"text": "loop' OR '1'='1"}, True),
    ({"text": "LOOP' OR '1'='1"}, False),
    ({"percent": "100%_"}, True),
    ({"percent": "%"}, False),
    ({"odd": "half \ud83d"}, True),
    ({"number": 1}, True),
    ({"number": 1.0}, True),
    ({"number": "1"}, False),
    ({"yes": True}, True),
    ({"yes": False}, False),
    ({"$.x": "path"}, True),
    ({'quote"key': "quoted", "it's": "it's"}, True),
    ({'quote"key': "quoted", "it's": "not"}, False),
    ({"number": None}, False),
    ({"missing": None}, True),
    ({"x') OR '1'='1": "y"}, False),
    ({"parents": {"": "p", "a": ["b", 1]}}, True),
    ({"parents": {"": "p"}}, False),
    ({"text": "x" * 100_000}, False),
]


async def test_t26_filters_compare_values_and_inject_nothing(saver: SQLModelSaver) -> None:
    """A filter finds equal metadata only, whatever quotes, wildcards or paths its keys and values hold."""
    metadata: Any = {**METADATA, "parents": {"a": ["b", 1], "": "p"}}
    await saver.aput(at(), checkpoint("1"), metadata, {})
    await store(saver, at("other"), "2")
    for wanted, is_match in FILTERS:
        everywhere = await ids(saver.alist(None, filter=wanted))
        assert ("1" in everywhere) is is_match, wanted
        assert await ids(saver.alist(at(), filter=wanted)) == (["1"] if is_match else []), wanted
        assert ("2" in everywhere) is (wanted in ({"missing": None}, {"number": None})), wanted


async def test_filter_and_limit_look_beyond_the_first_page(saver: SQLModelSaver) -> None:
    """The limit counts matches, however many other checkpoints lie between them."""
    for n in range(60):
        await saver.aput(at(), checkpoint(f"{n:02}"), {"source": "loop", "step": n % 30}, {})
    assert await ids(saver.alist(at(), filter={"step": 3}, limit=2)) == ["33", "03"]
    assert await ids(saver.alist(at(), filter={"step": 3}, limit=1)) == ["33"]


async def test_an_abandoned_listing_holds_nothing(saver: SQLModelSaver) -> None:
    """More half-read listings than there are connections block neither writers nor readers."""
    for n in range(3):
        await store(saver, at(), str(n))
    async with AsyncExitStack() as stack:
        for _ in range(40):
            listing = saver.alist(at())
            stack.push_async_callback(cast(Any, listing).aclose)
            await anext(listing)
        async with asyncio.timeout(5):
            await store(saver, at(), "9")
            assert (await got(saver, at())).config == at("t", "9")


async def test_t26_odd_thread_ids_are_only_names(saver: SQLModelSaver, database: Database) -> None:
    """Quotes, wildcards and SQL in a thread id find and delete that thread alone."""
    for thread_id in ODD_IDS:
        await store(saver, at(thread_id), "1", value=thread_id * 300)
        await saver.aput_writes(at(thread_id, "1"), [("value", 1)], "task")
    for thread_id in ODD_IDS:
        assert (await got(saver, at(thread_id))).checkpoint["channel_values"] == {"value": thread_id * 300}
        assert await ids(saver.alist(at(thread_id))) == ["1"]
    await saver.adelete_thread(ODD_IDS[0])
    assert await rows(database, ODD_IDS[0]) == [0, 0, 0]
    assert [await rows(database, each) for each in ODD_IDS[1:]] == [[1, 1, 1]] * (len(ODD_IDS) - 1)


async def test_odd_texts_survive(saver: SQLModelSaver) -> None:
    """NUL and quotes in channel values come back, and so does half a character in the metadata."""
    metadata: Any = {"source": "loop", "nested": {"k": ODD_TEXT + "\ud83d"}}
    body = checkpoint("1", value=ODD_TEXT, **{'it\'s a "channel"': b"\x00\xff"})
    await saver.aput(at(), body, metadata, body["channel_versions"])
    found = await got(saver, at())
    assert found.checkpoint["channel_values"] == {"value": ODD_TEXT, 'it\'s a "channel"': b"\x00\xff"}
    assert cast(dict[str, Any], found.metadata)["nested"] == {"k": ODD_TEXT + "\ud83d"}


async def test_a_large_value_is_stored_once(saver: SQLModelSaver, database: Database) -> None:
    """Five checkpoints that share a 5 MB text keep it in one row, and each shows it."""
    document = "ä" * 2_500_000
    first = checkpoint("1", document=document, n=1)
    await saver.aput(at(), first, {}, first["channel_versions"])
    for n in range(2, 6):
        later = checkpoint(str(n), document=document, n=n)
        later["channel_versions"]["document"] = first["channel_versions"]["document"]
        await saver.aput(at("t", str(n - 1)), later, {}, {"n": later["channel_versions"]["n"]})
    found = [item.checkpoint["channel_values"] async for item in saver.alist(at())]
    assert found == [{"document": document, "n": n} for n in (5, 4, 3, 2, 1)]
    assert await rows(database, "t") == [5, 1, 0]


async def test_many_large_values_are_read_in_several_questions(
    saver: SQLModelSaver, database: Database
) -> None:
    """Eleven texts that grow, each of them its own chain, by id, in a list and by a saver that has seen none."""
    grown = [{f"text {n}": f"{n}" * 300 + "." * 100 * step for n in range(11)} for step in range(4)]
    for step, values in enumerate(grown):
        body = checkpoint(str(step), **values)
        body["channel_versions"] = dict.fromkeys(values, f"{step + 1:032}.")
        await saver.aput(at("t", str(step - 1) if step else None), body, {}, body["channel_versions"])
    again = SQLModelSaver(database)
    assert [(await got(again, at("t", str(step)))).checkpoint["channel_values"] for step in range(4)] == grown
    assert [item.checkpoint["channel_values"] async for item in again.alist(at())] == grown[::-1]


@pytest.mark.parametrize("count", [1, 2, 3, 16, 31, 47])
async def test_any_number_of_threads_shares_a_batch(
    saver: SQLModelSaver, database: Database, count: int
) -> None:
    """Checkpoints with and without parents, large values and writes: each has what it was given."""
    large = {n: f"{n} " * 400 for n in range(count)}

    async def run(n: int) -> None:
        parent = str(n) if n % 3 else None
        await store(saver, at(f"t{n}", parent), "a", text=large[n], raw=b"\x00" * n, nothing=None)
        await saver.aput_writes(at(f"t{n}", "a"), [("text", large[n]), ("more", 2**40 + n)], f"task {n}")

    await asyncio.gather(*map(run, range(count)))
    again = SQLModelSaver(database)
    for n in range(count):
        found = await got(again, at(f"t{n}"))
        assert found.checkpoint["channel_values"] == {"text": large[n], "raw": b"\x00" * n, "nothing": None}
        assert found.pending_writes == [(f"task {n}", "text", large[n]), (f"task {n}", "more", 2**40 + n)]
        assert found.parent_config == (at(f"t{n}", str(n)) if n % 3 else None)


async def test_more_channels_than_fit_into_one_statement(saver: SQLModelSaver) -> None:
    """A checkpoint of 1,200 channels comes back whole."""
    values = {f"channel {n}": n for n in range(1200)}
    await store(saver, at(), "1", **values)
    assert (await got(saver, at())).checkpoint["channel_values"] == values


async def test_what_a_channel_lost_is_gone(saver: SQLModelSaver) -> None:
    """A channel with a new version and no value, and one without any version, are not in the values."""
    body = checkpoint("1", kept=1, unversioned=2)
    del body["channel_versions"]["unversioned"]
    versions = {**body["channel_versions"], "emptied": "2"}
    await saver.aput(at(), {**body, "channel_versions": versions}, {}, versions)
    assert (await got(saver, at())).checkpoint["channel_values"] == {"kept": 1}


async def test_writes_may_come_before_their_checkpoint(saver: SQLModelSaver) -> None:
    """Writes for a checkpoint that is not stored yet are there when it is."""
    await saver.aput_writes(at("t", "1"), [("value", 1)], "task")
    assert await saver.aget_tuple(at()) is None
    await store(saver, at(), "1")
    assert (await got(saver, at())).pending_writes == [("task", "value", 1)]


async def test_special_writes_alone_replace_and_ordinary_ones_stay(saver: SQLModelSaver) -> None:
    """A second answer replaces the first; ordinary writes, and special ones among them, are kept as they are."""
    config = await store(saver, at(), "1")
    await saver.aput_writes(config, [("__resume__", ["old"])], "task")
    await saver.aput_writes(config, [("__resume__", ["new"]), ("__interrupt__", "asked")], "task")
    await saver.aput_writes(config, [("value", 1), ("__resume__", ["late"])], "task")
    await saver.aput_writes(config, [("value", 2), ("more", 3)], "task")
    await saver.aput_writes(config, [], "task")
    assert (await got(saver, config)).pending_writes == [
        ("task", "__resume__", ["new"]),
        ("task", "__interrupt__", "asked"),
        ("task", "value", 1),
        ("task", "more", 3),
    ]


async def test_a_longer_list_of_writes_keeps_what_is_there_and_adds_the_rest(saver: SQLModelSaver) -> None:
    """A task that runs again below the head writes one more; what it wrote the first time stays."""
    config = await store(saver, at(), "1")
    await saver.aput_writes(config, [("a", 1)], "task")
    await store(saver, at("t", "1"), "2")
    await saver.aput_writes(config, [("b", 0)], "other")
    await saver.aput_writes(config, [("a", 9), ("c", 2)], "task")
    assert (await got(saver, config)).pending_writes == [
        ("other", "b", 0),
        ("task", "a", 1),
        ("task", "c", 2),
    ]


async def test_pending_writes_are_ordered_by_path_then_task(saver: SQLModelSaver) -> None:
    """The order of pending writes is that of task path, task id and position, not of arrival."""
    config = await store(saver, at(), "1")
    await saver.aput_writes(config, [("c", 1), ("c", 2)], "a", "~2")
    await saver.aput_writes(config, [("c", 3)], "b", "~1")
    await saver.aput_writes(config, [("c", 4)], "a2", "~1")
    await saver.aput_writes(config, [("c", 5)], "z")
    assert [value for _, _, value in (await got(saver, config)).pending_writes or ()] == [5, 4, 3, 1, 2]
    listed = [item async for item in saver.alist(at())]
    assert [value for _, _, value in listed[0].pending_writes or ()] == [5, 4, 3, 1, 2]


async def test_metadata_takes_in_the_config(saver: SQLModelSaver) -> None:
    """Scalars of the config's metadata and configurable are stored with the checkpoint, private keys are not."""
    config = at()
    config["metadata"] = {"run_id": "r1", "nested": {"no": 1}}
    config["configurable"] |= {"team": "finance", "__private": "x"}
    await saver.aput(config, checkpoint("1"), {"source": "loop"}, {})
    assert (await got(saver, at())).metadata == {"source": "loop", "run_id": "r1", "team": "finance"}


async def test_overlapping_calls_do_not_disturb_each_other(saver: SQLModelSaver) -> None:
    """Eight tasks that put, write and read at the same time all find exactly what they stored."""

    async def work(n: int) -> None:
        for step in range(5):
            config = await store(saver, at(f"t{n}"), str(step), value=(n, step))
            await saver.aput_writes(config, [("value", n)], f"task{n}")
            found = await got(saver, at(f"t{n}"))
            assert found.checkpoint["channel_values"] == {"value": [n, step]}
            assert found.pending_writes == [(f"task{n}", "value", n)]

    async with asyncio.timeout(20):
        await asyncio.gather(*(work(n) for n in range(8)))


async def test_reads_wait_for_no_commit_and_see_nothing_of_it_before(sqlite_url: str) -> None:
    """While the disk is slow others read what is durable; what was not written comes to nobody."""

    class SlowDisk(Database):
        gate: asyncio.Event | None = None

        async def on_thread(self, work: Callable[[], T]) -> T:
            if self.gate is not None:
                await self.gate.wait()
            return await super().on_thread(work)

    database = SlowDisk(sqlite_url)
    await database.migrate()
    saver, other = SQLModelSaver(database), SQLModelSaver(database)
    for n in (1, 2):
        await store(saver, at(f"t{n}"), "1", value="old")
    database.gate = asyncio.Event()
    puts = [asyncio.create_task(store(saver, at(f"t{n}", "1"), "2", value="new")) for n in (1, 2)]
    await asyncio.sleep(0.05)  # both are one batch, whose commit waits for the gate
    assert not any(put.done() for put in puts)
    for reader in (saver, other):
        assert await reader.aget_tuple(at("t1", "2")) is None
        assert (await got(reader, at("t2"))).checkpoint["channel_values"] == {"value": "old"}
    database.gate.set()
    await asyncio.gather(*puts)
    for reader in (saver, other):
        assert (await got(reader, at("t1", "2"))).checkpoint["channel_values"] == {"value": "new"}
    await database.close()


async def test_two_savers_on_two_pools_see_each_other(saver: SQLModelSaver, database_url: str) -> None:
    """What one process stored the other reads at once, and the other way round."""
    async with open_saver(database_url) as other:
        await store(saver, at(), "1", value="mine")
        assert (await got(other, at())).checkpoint["channel_values"] == {"value": "mine"}
        await other.aput_writes(at("t", "1"), [("value", "theirs")], "task")
        assert (await got(saver, at())).pending_writes == [("task", "value", "theirs")]


async def test_a_guard_that_raises_stops_every_write(saver: SQLModelSaver, database: Database) -> None:
    """A guarded copy writes nothing once its guard refuses; reading and the saver itself go on."""

    async def refuse(tx: Transaction) -> None:
        assert (await tx.execute(select(literal(1)))).scalar_one() == 1
        raise PermissionError

    await store(saver, at(), "1", value=1)
    guarded = saver.guarded_by(refuse)
    for write in (
        store(guarded, at(), "2", value=2),
        guarded.aput_writes(at("t", "1"), [("value", 1)], "task"),
        guarded.adelete_thread("t"),
    ):
        with pytest.raises(PermissionError):
            await write
    assert await rows(database, "t") == [1, 0, 0]
    assert (await got(guarded, at())).config == at("t", "1")
    await store(saver, at(), "3")


async def test_a_copy_with_another_serializer_is_independent(saver: SQLModelSaver) -> None:
    """A shallow copy reads its own serde at call time, as LangGraph's with_allowlist needs."""
    clone = copy.copy(saver)
    widened = saver.with_allowlist({("some.module", "Name")})
    assert isinstance(widened, SQLModelSaver)
    assert widened.serde is not saver.serde
    assert clone.serde is saver.serde
    await store(widened, at(), "1", value=1)
    assert (await got(clone, at())).checkpoint["channel_values"] == {"value": 1}


async def test_versions_grow_and_differ(saver: SQLModelSaver) -> None:
    """The next version is greater as text, also after an integer, and two branches never make the same one."""
    version = saver.get_next_version(None, None)
    for _ in range(12):
        following = saver.get_next_version(version, None)
        assert following > version
        version = following
    assert saver.get_next_version(7, None).startswith(f"{8:032}.")
    assert len({saver.get_next_version(version, None) for _ in range(100)}) == 100


async def test_damage_stays_with_its_thread(
    saver: SQLModelSaver, database: Database, database_url: str
) -> None:
    """A row with broken bytes raises DamagedCheckpoint that names the thread; other threads are read as before."""
    rubbish: dict[Column[Any], str | bytes] = {
        CHECKPOINTS.c.body: b"\x00\xdb\xff\xff\xff\xff",
        CHECKPOINTS.c.metadata: "{",
        BLOBS.c.base: b"nobody",
        BLOBS.c.body: b"\x00changed",
        WRITES.c.body: b"\xc1",
    }
    owners = {table: table.c.thread_id for table in (CHECKPOINTS, WRITES)} | {BLOBS: BLOBS.c.family}
    for thread_id in ("whole", *map(str, rubbish)):
        await store(saver, at(thread_id), "1", value="long" * 100)
        await saver.aput_writes(at(thread_id, "1"), [("value", [1, 2, 3])], "task")
    async with database.transaction() as tx:
        for column, value in rubbish.items():
            table = column.table
            broken = update(table).where(owners[table] == str(column)).values({column.name: value})
            await tx.execute(broken)
    async with open_saver(database_url) as reader:
        for column in rubbish:
            with pytest.raises(DamagedCheckpoint, match=f"thread {column} "):
                await reader.aget_tuple(at(str(column)))
        assert (await got(reader, at("whole"))).checkpoint["channel_values"] == {"value": "long" * 100}


async def test_f13_each_of_500_flipped_bits_is_found(
    saver: SQLModelSaver, database: Database, database_url: str
) -> None:
    """One bit that turned over, anywhere in what is stored of a thread, is never read as another value.

    A few bits mean nothing to the decompressor; with them everything is read as it was.
    """
    draw = random.Random(13)  # noqa: S311
    names = [f"thread {number}" for number in range(50)]
    for number, name in enumerate(names):
        await store(saver, at(name), "1", value={"amount": number, "text": "long" * (number % 3 * 50)})
        await saver.aput_writes(at(name, "1"), [("value", number), ("other", "text")], "task")
    bodies: dict[str, list[tuple[Table, bytes]]] = {name: [] for name in names}
    async with database.reading() as tx:
        for table, owner in ((CHECKPOINTS, "thread_id"), (WRITES, "thread_id"), (BLOBS, "family")):
            for row in await tx.execute(select(table)):
                bodies[getattr(row, owner)].append((table, row.body))
    whole = {name: await got(saver, at(name)) for name in names}
    found = 0
    for _ in range(10):
        flipped = {name: draw.choice(bodies[name]) for name in names}
        async with database.transaction() as tx:
            for name, (table, body) in flipped.items():
                bit = draw.randrange(8 * len(body))
                changed = bytearray(body)
                changed[bit // 8] ^= 1 << bit % 8
                await _put_body(tx, table, name, bytes(changed))
        async with open_saver(database_url) as reader:
            for name in names:
                try:
                    assert await got(reader, at(name)) == whole[name]
                except (DamagedCheckpoint, BadEncryptionKey):  # the bit that says "encrypted" asks for a key
                    found += 1
        async with database.transaction() as tx:
            for name, (table, body) in flipped.items():
                await _put_body(tx, table, name, body)
    assert found > 490
    async with open_saver(database_url) as reader:
        assert [await got(reader, at(name)) for name in names] == [*whole.values()]


async def _put_body(tx: Transaction, table: Table, name: str, body: bytes) -> None:
    owner = table.c.family if table is BLOBS else table.c.thread_id
    await tx.execute(update(table).where(owner == name).values(body=body))


async def test_what_was_moved_to_another_row_is_found(
    saver: SQLModelSaver, database: Database, database_url: str
) -> None:
    """The body of one checkpoint, put into the row of another one of its thread, is not taken for that one's."""
    await store(saver, at("moved"), "1", value=1)
    await store(saver, at("moved", "1"), "2", value=2)
    async with database.transaction() as tx:
        first = select(CHECKPOINTS.c.body).where(CHECKPOINTS.c.checkpoint_id == "1")
        body = (await tx.execute(first)).scalar_one()
        await tx.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.checkpoint_id == "2").values(body=body))
    async with open_saver(database_url) as reader:
        with pytest.raises(DamagedCheckpoint):
            await reader.aget_tuple(at("moved"))
        assert (await got(reader, at("moved", "1"))).checkpoint["channel_values"] == {"value": 1}


async def test_a_database_without_tables_is_a_store_error(bare_url: str) -> None:
    """A saver on a database that was not migrated fails with a StoreError, not with the driver's own."""
    database = Database(bare_url)
    saver = SQLModelSaver(database)
    with pytest.raises(StoreError):
        await saver.aget_tuple(at())
    with pytest.raises(StoreError):
        await store(saver, at(), "1")
    await database.close()


async def test_sync_methods_work_from_other_threads(saver: SQLModelSaver) -> None:
    """put, put_writes, get_tuple, list (also abandoned) and delete_thread do the same from another thread."""

    def work() -> None:
        body = checkpoint("1", value=1)
        config = saver.put(at(), body, {"source": "loop"}, body["channel_versions"])
        saver.put(config, checkpoint("2"), {}, {})
        saver.put_writes(config, [("value", 2)], "task")
        found = saver.get_tuple(config)
        assert found is not None
        assert found.checkpoint["channel_values"] == {"value": 1}
        assert found.pending_writes == [("task", "value", 2)]
        listing = saver.list(at())
        assert next(iter(listing)).config == at("t", "2")
        del listing
        assert len([*saver.list(at(), filter={"source": "loop"}), *saver.list(None, limit=1)]) == 2
        saver.delete_thread("t")
        assert saver.get_tuple(at()) is None

    async with asyncio.timeout(10):
        await asyncio.to_thread(work)


async def test_sync_methods_refuse_the_loops_own_thread(saver: SQLModelSaver) -> None:
    """Inside the loop a sync call would wait for itself, so it says to use the async one."""
    with pytest.raises(asyncio.InvalidStateError, match="aget_tuple"):
        saver.get_tuple(at())


def test_sync_methods_refuse_a_loop_that_has_stopped(sqlite_url: str) -> None:
    """After its loop has ended a saver raises instead of waiting for ever."""

    async def make() -> SQLModelSaver:
        async with open_saver(sqlite_url) as saver:
            return saver

    saver = asyncio.run(make())
    with pytest.raises(asyncio.InvalidStateError):
        saver.get_tuple(at())
