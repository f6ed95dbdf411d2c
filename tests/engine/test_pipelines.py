"""Statements that share a connection to PostgreSQL: answers, errors, and connections that break."""

from __future__ import annotations

import asyncio
import errno
import gc
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text, bindparam, insert, select

from engine.connections import normalised
from engine.database import Database
from engine.errors import Conflict, StoreError
from engine.pipelines import Pipelines
from engine.prepared import Call
from engine.transactions import renamed_errors
from tests.engine.tables import create
from tests.postgres import end_other_sessions
from tests.waiting import eventually

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text),
    Column("body", LargeBinary),
)
PUT = "INSERT INTO things (id, name, body) VALUES ($1, $2, $3)"
BACKEND = "SELECT pg_backend_pid()"
GET = select(THINGS).where(THINGS.c.id == bindparam("wanted"))


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    await create(database, THINGS)
    yield database
    await database.close()


def put(number: int, name: str | None = "", body: bytes = b"") -> Call:
    return Call(PUT, [number, name, body])


def asked(sql: str, *values: Any) -> list[Call]:
    return [Call(sql, values)]


async def ids(database: Database) -> list[int]:
    (answer,) = await database.ask("other", asked("SELECT id FROM things ORDER BY id"))
    return [number for (number,) in answer.rows]


async def one(database: Database, sql: str, *values: Any) -> Any:
    (answer,) = await database.ask("reads", asked(sql, *values), is_repeatable=True)
    return answer.rows[0][0]


async def test_everybody_gets_the_own_answer(database: Database) -> None:
    """Two hundred askers at once, over one connection."""
    answers = await asyncio.gather(
        *(database.ask("reads", asked("SELECT $1::int, pg_backend_pid()", n)) for n in range(200))
    )
    assert [answer.rows[0][0] for (answer,) in answers] == list(range(200))
    assert len({answer.rows[0][1] for (answer,) in answers}) == 1


async def test_values_come_back_equal(database: Database) -> None:
    """Also large ones, which the socket does not take at once, while others ask on the same connection."""
    large = bytes(range(256)) * 40_000
    some = [(1, "", b""), (2, None, b"\x00\x01"), (3, "Zoë 😀 '\"\\ $1 %s", large), (4, "x" * 3_000_000, b"")]
    await asyncio.gather(*(database.ask("writes", [put(*each)]) for each in some))
    found = [
        (await database.ask_for("reads", GET, {"wanted": number})).one() for number in range(1, len(some) + 1)
    ]
    assert [tuple(each) for each in found] == some
    assert (await database.ask_for("reads", GET, {"wanted": 9})).first() is None


async def test_values_of_all_kinds_are_sent_as_the_driver_sends_them(database: Database) -> None:
    """Those of everyday are encoded here, all others by the driver."""

    class Name(str):
        __slots__ = ()

    class Raw(bytes):
        __slots__ = ()

    kinds: dict[str, Any] = {
        "text": "Zoë",
        "bigint": 2**62,
        "int": -1,
        "bytea": b"\x00\xff",
        "boolean": True,
        "numeric": Decimal("1.50"),
        "uuid": UUID(int=7),
        "timestamptz": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "text[]": ["a", "b"],
        "bytea[]": [b"\x00", b""],
        "varchar": Name("of a kind"),
        "bytea ": Raw(b"\x00x"),
        "float8": 0.1,
        "date": None,
    }
    for kind, value in kinds.items():
        assert await one(database, f"SELECT $1::{kind}", value) == value, kind
    assert await one(database, "SELECT $1::text", Raw(b"as it is")) == "as it is"


async def test_what_is_asked_together_is_one_transaction(database: Database) -> None:
    """Nothing of it is stored when one statement fails, and the error shows no value."""
    with pytest.raises(Conflict) as caught:
        await database.ask("writes", [put(1), put(2), put(1, "secret")])
    assert "secret" not in str(caught.value)
    assert await ids(database) == []
    first, second = await database.ask("writes", [put(1), Call("UPDATE things SET name = $1", ["new"])])
    assert (first.rowcount, second.rowcount) == (1, 1)


async def test_an_error_is_for_its_own_asker(database: Database) -> None:
    """Those that were sent before and behind it on the same connection hear nothing of it."""
    works = [database.ask("writes", [put(number % 40)]) for number in range(80)]
    answers = await asyncio.gather(*works, return_exceptions=True)
    assert [type(answer) for answer in answers[40:]] == [Conflict] * 40
    assert await ids(database) == list(range(40))


async def test_a_text_with_nul_is_refused_and_not_cut_off(database: Database) -> None:
    """So is half a character, before anything is sent; the connection goes on after both."""
    with pytest.raises(StoreError):
        await database.ask("writes", [put(1, "before\x00after")])
    with pytest.raises(StoreError):
        await database.ask("writes", [put(2), put(3, "half a pair \ud83d")])
    assert await ids(database) == []
    await database.ask("writes", [put(1, "whole")])
    assert await one(database, "SELECT name FROM things") == "whole"


async def test_a_commit_is_durable(database: Database) -> None:
    """Whatever its database has for a default."""
    await database.ask("other", asked("ALTER DATABASE test SET synchronous_commit = off"))
    try:
        assert await one(database, "SHOW synchronous_commit") == "on"
    finally:
        await database.ask("other", asked("ALTER DATABASE test RESET synchronous_commit"))


async def test_a_connection_that_broke_is_replaced(database: Database, postgres_url: str) -> None:
    """Nobody hears of it, whether the event loop has seen it by then or not: a look tells before anything is sent."""
    for number in range(3):
        await database.ask("writes", [put(number)])
        end_other_sessions(postgres_url)
        time.sleep(0.05)  # noqa: ASYNC251 - the server's end of it takes a moment, and the loop must not see it
        if number == 1:
            await asyncio.sleep(0.05)
    assert await ids(database) == [0, 1, 2]


async def test_what_writes_is_not_repeated(database: Database, postgres_url: str) -> None:
    """The server may have received it, and may still run it, after all that is written later."""
    wanted = [put(1), Call("SELECT pg_sleep(0.3)", [])]
    work = asyncio.create_task(database.ask("writes", wanted))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(end_other_sessions, postgres_url)
    with pytest.raises(StoreError):
        await work
    assert await ids(database) == []
    await database.ask("writes", [put(1)])
    assert await ids(database) == [1]


async def test_an_error_of_a_living_connection_is_no_broken_one(database: Database) -> None:
    """A statement that took too long, or that raised an error of its own, is run once, on the same connection."""
    for code in ("40001", "55P03", "22ABC", "57014"):
        made = f"BEGIN PERFORM nextval('calls'); RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END"
        await database.ask("writes", asked("CREATE SEQUENCE IF NOT EXISTS calls"))
        await database.ask(
            "writes",
            asked(f"CREATE OR REPLACE FUNCTION fails() RETURNS int LANGUAGE plpgsql AS $f$ {made}; $f$"),
        )
        before, session = await one(database, "SELECT nextval('calls')"), await one(database, BACKEND)
        with pytest.raises(StoreError):
            await one(database, "SELECT fails()")
        assert await one(database, "SELECT nextval('calls')") == before + 2
        assert await one(database, BACKEND) == session


async def test_what_cannot_be_prepared_is_left_with_its_connection(database: Database) -> None:
    """What is asked next gets its answer, though the same batch has named it first."""
    for bad in ("SELECT 'abc'::int", "SELECT nothing()"):
        good = asked("SELECT 7")
        with pytest.raises(StoreError):
            await database.ask("reads", [*asked(bad), *good])
        (answer,) = await database.ask("reads", good)
        assert answer.rows == [(7,)]


async def test_a_copy_is_refused(database: Database) -> None:
    """Its answer would never end."""
    with pytest.raises(StoreError, match="COPY"):
        await database.ask("reads", asked("COPY things TO STDOUT"))
    assert await one(database, "SELECT 7") == 7


async def test_each_statement_sees_what_was_committed_before_it(database: Database) -> None:
    """Whatever its database has for a default."""
    await database.ask("other", asked("ALTER DATABASE test SET default_transaction_isolation = serializable"))
    assert await one(database, "SHOW transaction_isolation") == "read committed"


async def test_all_that_is_under_way_is_asked_again(database: Database, postgres_url: str) -> None:
    """The server ends the connection while many wait: they get their answers on the next one."""
    await one(database, "SELECT 1")
    slow = asyncio.create_task(one(database, "SELECT 1 FROM pg_sleep(0.3)"))
    others = [asyncio.create_task(one(database, "SELECT $1::int", number)) for number in range(50)]
    await asyncio.sleep(0.1)
    await asyncio.to_thread(end_other_sessions, postgres_url)
    assert await asyncio.gather(slow, *others) == [1, *range(50)]


async def test_a_plan_that_no_longer_fits_costs_one_call(database: Database) -> None:
    """The connection that knows the old plan is left, and what was sent behind it is still answered."""
    await database.ask("writes", [put(1)])
    wanted = asked("SELECT id, name FROM things")
    await database.ask("reads", wanted)
    await database.ask("writes", asked("ALTER TABLE things ALTER COLUMN name TYPE varchar(9)"))
    answers = await asyncio.gather(
        *(database.ask("reads", each) for each in (wanted, asked("SELECT 7"))), return_exceptions=True
    )
    assert isinstance(answers[0], StoreError)
    assert not isinstance(answers[1], BaseException)
    assert answers[1][0].rows == [(7,)]
    (answer,) = await database.ask("reads", wanted)
    assert answer.rows == [(1, "")]


async def test_who_is_cancelled_takes_no_answer_from_another(database: Database) -> None:
    """The answers that nobody waits for any more are left aside, and all others reach their askers."""
    slow = asyncio.create_task(one(database, "SELECT 1 FROM pg_sleep(0.2)"))
    others = [asyncio.create_task(one(database, "SELECT $1::int", number)) for number in range(20)]
    await asyncio.sleep(0.05)
    for each in (slow, *others[::2]):
        each.cancel()
    assert await asyncio.gather(*others[1::2]) == list(range(1, 20, 2))
    assert all(each.cancelled() for each in (slow, *others[::2]))


async def test_a_server_that_is_not_there_is_one_failure_for_all(unused_tcp_port: int) -> None:
    """They share the attempt to connect, and the next one who asks tries anew."""
    pipelines = Pipelines(normalised(f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/none"))
    for _ in range(2):
        with renamed_errors():
            works = [pipelines.ask("reads", asked("SELECT 1"), is_repeatable=True) for _ in range(20)]
            answers = await asyncio.gather(*works, return_exceptions=True)
        assert len({id(answer) for answer in answers}) == 1
        assert "refused" in str(answers[0])


async def test_a_connection_that_cannot_be_used_is_closed(
    database: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right when there are too many open files it must not stay open, here and at the server."""

    def too_many(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with psycopg.connect(postgres_url, autocommit=True) as connection:

        async def count() -> int:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            ).fetchone()
            return int(row[0]) if row else 0

        async def are_gone() -> bool:
            return await count() == before

        before = await count()

        with monkeypatch.context() as patched:
            patched.setattr("engine.pipelines.os.dup", too_many)
            for _ in range(3):
                with pytest.raises(StoreError):
                    await one(database, "SELECT 1")
        await eventually(are_gone)
    assert await one(database, "SELECT 2") == 2


async def test_an_opening_that_is_stopped_keeps_nobody_waiting(database: Database) -> None:
    """When the event loop ends, whoever waits is told, and whoever asks after that has a connection opened."""
    waiting = asyncio.create_task(one(database, "SELECT 1"))
    await asyncio.sleep(0)
    for task in database._pipelines._tasks:
        task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(StoreError):
            await waiting
        assert await one(database, "SELECT 2") == 2


async def test_an_opening_that_nobody_waits_for_any_more_is_silent(database: Database) -> None:
    """All who waited were cancelled, and then everything is closed: no error is left that nobody has read."""
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    waiting = asyncio.create_task(one(database, "SELECT 1"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await database.close()
    gc.collect()
    assert told == []
    assert not database._pipelines._tasks


async def test_closing_ends_every_connection(database: Database, postgres_url: str) -> None:
    """Also one that was replaced while it still had something to answer, and one that was being opened."""
    bad = asyncio.create_task(database.ask("reads", asked("SELECT nothing()")))
    slow = asyncio.create_task(database.ask("reads", asked("SELECT pg_sleep(1)")))
    with pytest.raises(StoreError):
        await bad
    assert await one(database, "SELECT 7") == 7
    opening = asyncio.create_task(database.ask("new", asked("SELECT 1")))
    await asyncio.sleep(0)
    await database.close()
    again = [asyncio.create_task(database.ask("new", asked("SELECT 1"))) for _ in range(2)]
    await asyncio.gather(slow, opening, *again, return_exceptions=True)
    await database.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        assert sessions(connection) == [connection.info.backend_pid]


def sessions(connection: psycopg.Connection[Any]) -> list[int]:
    """Wait up to 3 s until there is only one session, and return all that there are then."""
    for _ in range(300):
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchall()
        if len(found) == 1:
            break
        time.sleep(0.01)
    return [pid for (pid,) in found]


async def test_closing_ends_what_is_under_way(database: Database) -> None:
    """With an error, whether the connection was open yet or not; the next use opens a new one."""
    await one(database, "SELECT 1")
    slow = asyncio.create_task(one(database, "SELECT 1 FROM pg_sleep(5)"))
    opening = asyncio.create_task(database.ask("new", asked("SELECT 1")))
    await asyncio.sleep(0)
    began = time.monotonic()
    await database._pipelines.close()  # at once: the rest of a database takes its time
    ended = await asyncio.gather(slow, opening, return_exceptions=True)
    assert all(isinstance(each, StoreError) for each in ended)
    assert time.monotonic() - began < 4
    assert await ids(database) == []


async def test_a_statement_of_sqlalchemy_is_sent_as_it_stands(database: Database) -> None:
    """What SQLAlchemy makes of a statement is sent as it stands, `$1` and all."""
    for number in range(3):
        rows = await database.ask_for(
            "writes", insert(THINGS), {"id": number, "name": "$1 %(x)s", "body": b"a"}
        )
        assert rows.rowcount == 1
    assert await one(database, "SELECT name FROM things LIMIT 1") == "$1 %(x)s"


async def test_nobody_waits_for_ever_in_a_storm_of_broken_connections(
    database: Database, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While much is being sent and the server ends connections all the time: the own answer, or an error.

    No error is left that nobody heard of.
    """
    is_over, answered = asyncio.Event(), 0
    body = bytes(300_000)

    async def ask(number: int) -> None:
        nonlocal answered
        while not is_over.is_set():
            try:
                (answer,) = await database.ask(
                    "reads", asked("SELECT $1::int, length($2::bytea)", number, body)
                )
            except StoreError:
                await asyncio.sleep(0.01)
            else:
                assert answer.rows == [(number, len(body))]
                answered += 1

    askers = [asyncio.create_task(ask(number)) for number in range(40)]
    for _ in range(60):
        await asyncio.to_thread(end_other_sessions, postgres_url)
        await asyncio.sleep(0.02)
    is_over.set()
    async with asyncio.timeout(20):
        await asyncio.gather(*askers)
    assert answered > 0
    gc.collect()
    assert "never retrieved" not in caplog.text
