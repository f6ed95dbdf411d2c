"""What the tutorials' bot loses in the same laboratory: acknowledge, then resume, with LangGraph's own checkpointer.

The second baseline resumes strictly and by the interrupt's id. Both run the same graphs, die at the same points, see
the same people, of whom every fourth clicks twice, and carry cut off threads on with `ainvoke(None)` when they start.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph._internal._constants import CONFIG_KEY_STRICT_RESUME
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from tests.faults import points
from tests.faults.figures import Figure, Plan, histogram
from tests.faults.kills import batch_of, lived
from tests.faults.lives import APP, LIMIT_S, Batch, wants
from tests.faults.points import Death, reached
from tests.faults.sink import SINK, append, lines

APPROVALS, RUNS, DEATHS = 600, 6, 4
POINTS = ("K3", "K4", "K5", "K7", "time")
EFFECTS = {"First?": "first", "Second?": "second", "Order?": "paid"}


async def measure(plan: Plan) -> list[Figure]:
    """Count the losses of both."""
    return [await lost(plan, is_strict=False), await lost(plan, is_strict=True)]


async def lost(plan: Plan, *, is_strict: bool) -> Figure:
    """Run one baseline under SIGKILL and say what it lost, doubled or took for something else."""
    folder = plan.folder / ("strict" if is_strict else "plain")
    folder.mkdir()
    violations, approvals, deaths, number = list[str](), 0, Counter[str](), 0
    wanted = plan.of(APPROVALS)
    while approvals < wanted:
        batch = batch_of(Plan(plan.scale, plan.seed, folder), number, runs=RUNS)
        await asyncio.to_thread(lived, batch, _deaths(batch), partial(live, is_strict=is_strict))
        violations += _violations(batch)
        deaths.update(told["point"] for told in lines(batch.hits))
        approvals += batch.questions
        number += 1
    kinds = Counter(sentence.partition(":")[0] for sentence in violations)
    detail = histogram(kinds) or "nothing"
    name = "baseline: ack, then resume" + (" strictly and by id" if is_strict else "")
    return Figure(name, approvals, violations, f"{detail}; {deaths.total()} kills", expects_violations=True)


def _deaths(batch: Batch) -> Iterator[Death | None]:
    dice = random.Random(batch.seed)  # noqa: S311 - a dice, not a secret
    for _ in range(DEATHS):
        point = dice.choice(POINTS)
        yield Death(point, dice.randint(20, 150) if point == "time" else dice.randint(1, 4), batch.hits)
    yield None


def live(batch: Batch, death: Death | None, *, is_strict: bool) -> None:
    """Live once, as the bot of a tutorial."""
    os.environ[SINK] = str(batch.sink)
    asyncio.run(_live(batch, death, is_strict=is_strict))


async def _live(batch: Batch, death: Death | None, *, is_strict: bool) -> None:
    points.plan(death)
    spec = importlib.util.spec_from_file_location("baseline_graphs", APP.with_name("graphs.py"))
    if spec is None or spec.loader is None:
        raise RuntimeError("The graphs are not there.")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = batch.database.removeprefix("sqlite:///")
    async with asyncio.timeout(LIMIT_S), AsyncSqliteSaver.from_conn_string(path) as saver:
        for number in range(batch.runs):
            graph = getattr(module, batch.workflow(number)).compile(checkpointer=saver)
            await _run(graph, batch, f"{batch.seed}:{number}", is_strict=is_strict)


async def _run(graph: Any, batch: Batch, name: str, *, is_strict: bool) -> None:
    """Bring one thread to its end."""
    config: RunnableConfig = {"configurable": {"thread_id": name}}
    if is_strict:
        config["configurable"][CONFIG_KEY_STRICT_RESUME] = True
    state = await graph.aget_state(config)
    if state.created_at is None:
        await graph.ainvoke({"name": name}, config)
    elif state.next and not state.interrupts:
        await graph.ainvoke(None, config)
    while (state := await graph.aget_state(config)).next:
        if not state.interrupts:
            await graph.ainvoke(None, config)
            continue
        asked = state.interrupts[0]
        question = asked.value["question"]
        append(batch.acks, {"thread": name, "question": question})
        reached("K3")
        is_alone = len(state.interrupts) == 1 and not is_strict
        answer = wants(name, question)
        command: Command[Any] = Command(resume=answer if is_alone else {asked.id: answer})
        clicks = 2 if random.Random(f"{name} {question} twice").random() < 0.25 else 1  # noqa: S311 - a dice
        await asyncio.gather(*(graph.ainvoke(command, config) for _ in range(clicks)), return_exceptions=True)


def _violations(batch: Batch) -> Iterator[str]:
    acks = Counter((ack["thread"], ack["question"]) for ack in lines(batch.acks))
    for (thread, question), count in acks.items():
        if count > 1:
            yield f"lost: {thread} {question} was acknowledged {count} times before it held"
    calls = Counter((call["thread"], call["what"]) for call in lines(batch.sink))
    for (thread, what), count in calls.items():
        question = next((text for text, effect in EFFECTS.items() if effect == what), what)
        if count > 1:
            yield f"doubled: {thread} {what} happened {count} times"
        if (thread, question) not in acks or not wants(thread, question):
            yield f"misapplied: {thread} {what} happened and was not approved"
