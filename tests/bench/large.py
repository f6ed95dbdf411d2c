"""What an approval costs in processor time beside LangGraph's own, for a small question and for a large one."""

from __future__ import annotations

import gc
import itertools
import json
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from tests.bench.figures import laid_out
from tests.bench.large_app.graphs import ITEM, graph
from tests.engine.desk_driver import AMY, APPROVE, RITA, Bench, open_bench, seen

APP = Path(__file__).parent / "large_app" / "langgraph.json"
ROUNDS, WARM = 15, 2
ITEMS = {"small": 1, "large": 4000}


@dataclass
class Size:
    """How many items a question has, and the ms of processor time that each of its approvals took."""

    name: str
    items: int
    ours: list[float] = field(default_factory=list)
    langgraph: list[float] = field(default_factory=list)


async def measure(folder: Path) -> list[Size]:
    """Approve with the engine and with LangGraph alone, one after the other in each round."""
    sizes = [Size(name, items) for name, items in ITEMS.items()]
    alone = graph.copy(update={"checkpointer": InMemorySaver()})
    names = (f"{number}" for number in itertools.count())
    async with open_bench(f"sqlite:///{folder / 'large.db'}", app=APP) as bench:
        gc.collect()
        gc.freeze()  # as the bot does
        for number in range(WARM + ROUNDS):
            for size in sizes:
                for took, work in ((size.ours, _by_engine(bench)), (size.langgraph, _alone(alone))):
                    began = time.process_time()
                    await work(size.items, names)
                    if number >= WARM:
                        took.append((time.process_time() - began) * 1000)
    return sizes


Work = Callable[[int, Iterator[str]], Coroutine[Any, Any, None]]


def _by_engine(bench: Bench) -> Work:
    async def work(items: int, names: Iterator[str]) -> None:
        key = next(names)
        run = await bench.driver.desk.start(
            "order", entries={"wanted": str(items)}, actor=RITA, request_key=key
        )
        await bench.runner.advance(run.id)
        (card,) = (await bench.driver.desk.run(run.id)).approvals
        await bench.driver.desk.decide(seen(card), actor=AMY, choice=APPROVE)
        await bench.runner.advance(run.id)
        if (await bench.driver.desk.run(run.id)).result != {"is_approved": True}:
            raise RuntimeError("An approval did not come to its end.")

    return work


def _alone(alone: Any) -> Work:
    async def work(items: int, names: Iterator[str]) -> None:
        config = {"configurable": {"thread_id": next(names)}}
        asked = await alone.ainvoke({"wanted": items}, config, durability="sync")
        (question,) = asked["__interrupt__"]
        done = await alone.ainvoke(Command(resume={question.id: True}), config, durability="sync")
        if done["is_approved"] is not True:
            raise RuntimeError("An approval did not come to its end.")

    return work


def report(sizes: list[Size]) -> str:
    """Write the figures as a table: medians, and the ratio's."""
    rows = [["Question", "bytes", "ours, ms", "LangGraph alone, ms", "ratio"]]
    for size in sizes:
        ratios = [ours / theirs for ours, theirs in zip(size.ours, size.langgraph, strict=True)]
        length = len(json.dumps(ITEM)) * size.items
        rows.append(
            [
                size.name,
                f"{length:,}",
                f"{median(size.ours):.1f}",
                f"{median(size.langgraph):.1f}",
                f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})",
            ]
        )
    return laid_out(rows)
