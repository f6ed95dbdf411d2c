"""An edit is what runs: the digest that was decided, the one that was sent, and what the graph has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from langchain_core.runnables import RunnableConfig

from engine import Choice, EventKind, RunView
from engine.canonical import digest
from engine.threads import saver_of
from tests.engine.desk_driver import APPROVE, REJECT, RITA, Bench, edit, open_bench

RESUME, NULL_TASK = "__resume__", "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def bench(database_url: str) -> AsyncIterator[Bench]:
    """An engine with the tests' app that moves only when told, on each database."""
    async with open_bench(database_url) as made:
        yield made


async def stored(bench: Bench, run: RunView) -> dict[str, object]:
    """Return what the checkpointer holds of the one answer of a run: the resume value and the state update."""
    saver = saver_of(bench.app.workflows[run.workflow].graph)
    config: RunnableConfig = {"configurable": {"thread_id": run.thread_id, "checkpoint_ns": ""}}
    held: dict[str, object] = {"resume": None, "update": {}}
    async for point in saver.alist(config):
        for task_id, channel, value in point.pending_writes or ():
            if channel == RESUME and task_id != NULL_TASK:
                held["resume"] = value[-1]
            elif task_id == NULL_TASK and not channel.startswith("__"):
                held["update"] = {**held["update"], channel: value}  # type: ignore[dict-item]
    return {**held, "update": held["update"] or None}


ODD = "Ünïcode \u202e 1.0 \x00 and\r\nlines"


@pytest.mark.parametrize(
    ("workflow", "entries", "choice"),
    [
        ("review", {"draft": "old"}, edit(draft=ODD)),  # a state update beside the answer
        ("expense", {"amount": "5000"}, edit(amount="4000.5")),
        ("editor", {"content": "old"}, edit(content=ODD)),  # the answer itself
        ("deploy", {}, edit(plan=ODD)),  # a state update before a breakpoint
        ("inspect", {}, edit(plan=ODD)),  # and after one
        ("review", {"draft": "old"}, Choice("request_changes", reason=ODD)),
        ("review", {"draft": "old"}, REJECT),
        ("review", {"draft": "old"}, APPROVE),
        ("deploy", {}, APPROVE),
    ],
)
async def test_t17_what_was_decided_is_what_runs(
    bench: Bench, workflow: str, entries: dict[str, str], choice: Choice
) -> None:
    """The digest in the decision, of what was sent, and of what the graph's own checkpoints hold are one."""
    run = await bench.driver.start(workflow, actor=RITA, **entries)
    await bench.runner.advance(run.id)
    decided = await bench.driver.decide(run, choice)
    await bench.runner.advance(run.id)
    told = {event.kind: event.detail for event in (await bench.driver.desk.run(run.id)).events}
    executed = digest(await stored(bench, run))
    assert told[EventKind.DECIDED]["answer_digest"] == executed
    assert told[EventKind.RESUMED]["answer_digest"] == executed
    assert decided.decision is not None
    assert decided.decision.answer_digest == executed
