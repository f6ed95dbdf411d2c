"""LangGraph's own conformance suite for checkpointers, on both databases."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability, DetectedCapabilities

from engine.checkpointer import SQLModelSaver, open_saver
from engine.database import Database


@pytest.mark.parametrize("capability", sorted(each.value for each in Capability))
async def test_capability(database_url: str, capability: str) -> None:
    """Every test of the capability passes, and there are some."""

    @checkpointer_test(name="SQLModelSaver")
    async def registered() -> AsyncGenerator[SQLModelSaver, None]:
        async with open_saver(database_url) as saver:
            yield saver

    report = await validate(registered, capabilities={capability})
    result = report.results[capability]
    assert result.failures == []
    assert result.passed is True
    assert result.tests_passed >= 5


async def test_all_capabilities_are_detected(database: Database) -> None:
    """The suite finds our own implementation of each capability, not LangGraph's default."""
    assert DetectedCapabilities.from_instance(SQLModelSaver(database)).detected == set(Capability)
