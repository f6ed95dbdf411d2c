"""Offices to go through: behind each door, on both databases, with the examples or with an app of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.sandbox import Sandbox
from tests.bot.sandbox.page.conftest import tabs, visit
from tests.journeys.office import OWN_APP, Office, at_work, opened, settings

__all__ = ["tabs", "visit"]


MEMORY = Path("/dev/shm")  # noqa: S108  Linux has it; every file below it is in a folder of its own


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what a slow disk does to the time of a commit is measured elsewhere."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="assent-", dir=MEMORY) as made:
        yield Path(made)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Office]:
    """The examples behind signed HTTP, opened once for all tests of a module."""
    with tempfile.TemporaryDirectory(
        prefix="assent-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None
    ) as made:
        async with opened(Path(made)) as office:
            yield office


@pytest.fixture
async def office(folder: Path) -> AsyncIterator[Office]:
    """The examples behind signed HTTP."""
    async with opened(folder) as made:
        yield made


@pytest.fixture(params=["http", "socket"])
async def either(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """The examples behind each door in turn."""
    async with opened(folder, door=request.param) as made:
        yield made


@pytest.fixture(params=["http on sqlite", "socket on sqlite", "http on postgresql"])
async def anywhere(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """The examples behind each door, and on PostgreSQL."""
    door, _, database = request.param.partition(" on ")
    async with Sandbox() as sandbox:
        made = settings(sandbox, folder, door=door)
        if database == "postgresql":
            url = SecretStr(request.getfixturevalue("postgres_url"))
            made = made.model_copy(update={"assent_database_url": url})
        async with at_work(sandbox, made) as office:
            yield office


@pytest.fixture
async def odd_office(folder: Path) -> AsyncIterator[Office]:
    """An app made to be difficult, behind signed HTTP."""
    async with opened(folder, app=OWN_APP) as made:
        yield made
