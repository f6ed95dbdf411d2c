"""Offices to go through: behind each door, on both databases, with the examples or with an app of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.sandbox import Sandbox
from tests.bot.sandbox.page.conftest import tabs, visit
from tests.journeys.office import OWN_APP, Office, at_work, opened, settings

__all__ = ["tabs", "visit"]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """The examples behind signed HTTP."""
    async with opened(tmp_path) as made:
        yield made


@pytest.fixture(params=["http", "socket"])
async def either(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """The examples behind each door in turn."""
    async with opened(tmp_path, door=request.param) as made:
        yield made


@pytest.fixture(params=["http on sqlite", "socket on sqlite", "http on postgresql"])
async def anywhere(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """The examples behind each door, and on PostgreSQL."""
    door, _, database = request.param.partition(" on ")
    async with Sandbox() as sandbox:
        made = settings(sandbox, tmp_path, door=door)
        if database == "postgresql":
            url = SecretStr(request.getfixturevalue("postgres_url"))
            made = made.model_copy(update={"assent_database_url": url})
        async with at_work(sandbox, made) as office:
            yield office


@pytest.fixture
async def odd_office(tmp_path: Path) -> AsyncIterator[Office]:
    """An app made to be difficult, behind signed HTTP."""
    async with opened(tmp_path, app=OWN_APP) as made:
        yield made
