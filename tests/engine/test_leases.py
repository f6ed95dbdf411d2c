"""One holder per key, across tasks, processes, kills and broken connections."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import psycopg.conninfo
import pytest
from sqlalchemy import event

from engine.database import Database
from engine.errors import DatabaseInUse, StoreError
from engine.leases import Lease, Leases
from tests.postgres import end_other_sessions

ROOT = Path(__file__).parents[2]
HOLDER = Path(__file__).with_name("lease_holder.py")
LIMIT_S = 10
START_S = 60  # for a process of Python, which takes half a second on a quiet machine


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Leases]:
    database = Database(url)
    leases = Leases(database, pulse_s=0.05)
    await leases.open()
    try:
        yield leases
    finally:
        await leases.close()
        await database.close()


@asynccontextmanager
async def other_process(url: str, key: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Start a holder, wait for its one line, and make sure that it is dead afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HOLDER), url, key, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            line = (await process.stdout.readline()).decode().strip()
        yield process, line
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_held(leases: Leases, key: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            async with leases.try_hold(key) as lease:
                if lease is not None:
                    return
            await asyncio.sleep(0.005)


async def test_a_held_key_is_refused_and_free_afterwards(database_url: str) -> None:
    """Within one process the second taker gets None while the first holds, and the lease afterwards."""
    async with opened(database_url) as leases:
        async with leases.try_hold("run:1") as first:
            assert isinstance(first, Lease)
            assert not first.is_lost
            async with leases.try_hold("run:1") as second:
                assert second is None
            async with leases.try_hold("run:1") as third:
                assert third is None
        async with leases.try_hold("run:1") as fourth:
            assert fourth is not None


async def test_who_is_cancelled_while_letting_go_lets_go(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is free in this process too, not only for others."""
    async with opened(database_url) as leases:
        give_back, is_giving = leases._exclusion.give_back, asyncio.Event()

        async def slowly(lease: Lease) -> None:
            is_giving.set()
            await asyncio.sleep(0.01)
            await give_back(lease)

        async def hold() -> None:
            async with leases.try_hold("run:1"):
                pass

        with monkeypatch.context() as patched:
            patched.setattr(leases._exclusion, "give_back", slowly)
            holding = asyncio.create_task(hold())
            await is_giving.wait()
            holding.cancel()
            await asyncio.wait([holding])
            assert holding.cancelled()
        async with leases.try_hold("run:1") as lease:
            assert lease is not None


async def test_different_keys_do_not_disturb_each_other(database_url: str) -> None:
    """A hundred keys, odd ones among them, are held at once."""
    keys = [*(f"run:{n}" for n in range(97)), "", "'); SELECT 1; --", "😀"]
    async with opened(database_url) as leases, AsyncExitStack() as stack:
        held = [await stack.enter_async_context(leases.try_hold(key)) for key in keys]
        assert all(held)


async def test_of_many_takers_one_wins(database_url: str) -> None:
    """Fifty tasks that want one key at the same moment get it one at a time, and every holder is alone."""
    holders = 0
    most = 0

    async def take(leases: Leases) -> bool:
        nonlocal holders, most
        async with leases.try_hold("run:1") as lease:
            if lease is None:
                return False
            holders += 1
            most = max(most, holders)
            await asyncio.sleep(0)
            holders -= 1
            return True

    async with opened(database_url) as leases:
        outcomes = await asyncio.gather(*(take(leases) for _ in range(50)))
    assert any(outcomes)
    assert most == 1


async def test_an_exception_in_the_block_frees_the_key(database_url: str) -> None:
    """A holder that fails does not keep the key."""

    async def fail(leases: Leases) -> None:
        async with leases.try_hold("run:1"):
            raise LookupError

    async with opened(database_url) as leases:
        with pytest.raises(LookupError):
            await fail(leases)
        async with leases.try_hold("run:1") as lease:
            assert lease is not None


async def test_a_cancelled_taker_leaves_nothing_held(postgres_url: str) -> None:
    """A taker that is cancelled while the server is asked gives the key back and costs nobody a lease."""

    async def take(leases: Leases) -> None:
        async with leases.try_hold("run:1"):
            await asyncio.Event().wait()

    database = Database(postgres_url)
    leases = Leases(database, pulse_s=3600)
    await leases.open()
    async with opened(postgres_url) as other, leases.try_hold("run:2") as bystander:
        assert bystander is not None
        task = asyncio.create_task(take(leases))
        event.listen(
            database.engine.sync_engine, "before_cursor_execute", lambda *_: task.cancel(), once=True
        )
        with pytest.raises(asyncio.CancelledError):
            await task
        async with other.try_hold("run:1") as lease:
            assert lease is not None
        async with other.try_hold("run:2") as lease:
            assert lease is None
        assert not bystander.is_lost
    await leases.close()
    await database.close()


async def test_two_pools_on_postgresql_exclude_each_other(postgres_url: str) -> None:
    """What one replica holds the other is refused, key by key."""
    async with opened(postgres_url) as mine, opened(postgres_url) as theirs:
        async with (
            mine.try_hold("run:1"),
            theirs.try_hold("run:1") as refused,
            theirs.try_hold("run:2") as other,
        ):
            assert refused is None
            assert other is not None
        async with theirs.try_hold("run:1") as lease:
            assert lease is not None


async def test_postgresql_frees_the_keys_of_a_killed_process(postgres_url: str) -> None:
    """After kill -9 of the holder another process gets the key without waiting for any timeout."""
    async with opened(postgres_url) as leases, other_process(postgres_url, "run:1") as (process, line):
        assert line == "held"
        async with leases.try_hold("run:1") as lease:
            assert lease is None
        process.kill()
        await process.wait()
        await until_held(leases, "run:1")


async def test_a_broken_connection_loses_every_lease(postgres_url: str) -> None:
    """When the server ends our session, held leases are marked lost and another replica takes the key."""
    async with opened(postgres_url) as leases:
        async with leases.try_hold("run:1") as first, leases.try_hold("run:2") as second:
            assert first is not None
            assert second is not None
            end_other_sessions(postgres_url)
            async with opened(postgres_url) as other:
                await until_held(other, "run:1")
            async with asyncio.timeout(LIMIT_S):
                await asyncio.gather(first.wait_lost(), second.wait_lost())
            assert first.is_lost
        async with leases.try_hold("run:1") as again:
            assert again is not None
            assert not again.is_lost


async def test_a_broken_connection_does_not_fail_the_next_taker(postgres_url: str) -> None:
    """A taker that finds the connection broken gets its lease on a new one, and the lease is good."""
    database = Database(postgres_url)
    leases = Leases(database, pulse_s=3600)
    await leases.open()
    async with leases.try_hold("run:1") as first:
        end_other_sessions(postgres_url)
        async with leases.try_hold("run:2") as second:
            assert first is not None
            assert second is not None
            assert first.is_lost
            assert not second.is_lost
    await leases.close()
    await database.close()


async def test_a_lost_key_stays_taken_here_until_its_block_ends(postgres_url: str) -> None:
    """A process does not run a key twice at once because its connection broke in between."""
    async with opened(postgres_url) as leases, leases.try_hold("run:1") as first:
        assert first is not None
        end_other_sessions(postgres_url)
        await first.wait_lost()
        async with leases.try_hold("run:1") as second:
            assert second is None


async def test_the_end_of_a_lost_lease_does_not_free_the_next_holder(postgres_url: str) -> None:
    """A late holder of a lost lease leaves alone what this process took on its new connection."""
    async with opened(postgres_url) as leases, AsyncExitStack() as late:
        first = await late.enter_async_context(leases.try_hold("run:1"))
        assert first is not None
        end_other_sessions(postgres_url)
        await first.wait_lost()
        async with leases.try_hold("run:2") as fresh, opened(postgres_url) as other:
            assert fresh is not None
            await late.aclose()
            assert not fresh.is_lost
            async with other.try_hold("run:2") as stolen:
                assert stolen is None


async def test_an_unreachable_server_is_a_store_error(postgres_url: str, postgres_server: str) -> None:
    """A key cannot be taken while the server refuses connections, and can once it is back."""
    name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]

    async def take(leases: Leases) -> None:
        async with leases.try_hold("run:2"):
            pass

    async with opened(postgres_url) as leases, leases.try_hold("run:1") as lease:
        assert lease is not None
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            await lease.wait_lost()
            with pytest.raises(StoreError):
                await take(leases)
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await take(leases)


async def test_sqlite_belongs_to_one_process(sqlite_url: str, tmp_path: Path) -> None:
    """A second process on the same file is told so in one sentence, by whatever path it comes."""
    (tmp_path / "link.db").symlink_to(tmp_path / "assent.db")
    async with opened(sqlite_url), other_process(f"sqlite:///{tmp_path}/link.db", "run:1") as (_, line):
        assert line == str(DatabaseInUse())


async def test_sqlite_is_free_after_a_kill(sqlite_url: str) -> None:
    """After kill -9 of the owner the next process owns the file at once."""
    async with other_process(sqlite_url, "run:1") as (process, line):
        assert line == "held"
        with pytest.raises(DatabaseInUse):
            await Leases(Database(sqlite_url)).open()
        process.kill()
        await process.wait()
        async with opened(sqlite_url) as leases, leases.try_hold("run:1") as lease:
            assert lease is not None


async def test_sqlite_is_free_after_close(sqlite_url: str) -> None:
    """Closing gives the file to the next owner, and closing twice does no harm."""
    async with opened(sqlite_url) as leases:
        await leases.close()
        async with opened(sqlite_url):
            pass


async def test_a_folder_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    """A lock file is not made, nor a folder for it, where the database could not be."""
    missing = tmp_path / "missing"
    with pytest.raises(StoreError):
        await Leases(Database(f"sqlite:///{missing}/assent.db")).open()
    with pytest.raises(StoreError, match="not there"):
        await Database(f"sqlite:///{missing}/assent.db").ping()


async def test_closing_loses_what_is_still_held(database_url: str) -> None:
    """A holder that outlives close() can see that it may write no more."""
    async with opened(database_url) as leases, leases.try_hold("run:1") as lease:
        assert lease is not None
        await leases.close()
        assert lease.is_lost
