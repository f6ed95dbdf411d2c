"""People click while fifty graphs are busy: what they wait for until the ack."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from bot.sandbox import Sandbox
from tests.faults.figures import Figure, Plan
from tests.journeys.office import at_work, settings

APP = Path(__file__).parent / "busy_app" / "langgraph.json"
CHANNEL = "C0APPROVALS"
BUSY, CLICKS, AT_ONCE = 50, 120, 4
P99_S, MAX_S = 1.0, 2.5
LIMIT_S = 120


async def measure(plan: Plan) -> list[Figure]:
    """Have `CLICKS` cards decided while `BUSY` graphs sleep and calculate in their nodes."""
    waits = await waited(plan.folder, busy=BUSY, clicks=plan.of(CLICKS), tenths=50)
    p50, p99 = (sorted(waits)[min(len(waits) - 1, int(len(waits) * share))] for share in (0.5, 0.99))
    detail = (
        f"ack after {p50 * 1000:.0f} ms (p50), {p99 * 1000:.0f} ms (p99), {max(waits) * 1000:.0f} ms (max)"
    )
    wrong = [f"p99 is {p99:.2f} s"] if p99 > P99_S else []
    wrong += [f"the longest is {max(waits):.2f} s"] if max(waits) > MAX_S else []
    return [Figure(f"clicks while {BUSY} graphs are busy", len(waits), wrong, detail)]


async def waited(folder: Path, *, busy: int, clicks: int, tenths: int) -> list[float]:
    """Return the seconds from each click to its ack, while `busy` nodes hold a thread for `tenths` of a second."""
    async with Sandbox() as sandbox, at_work(sandbox, settings(sandbox, folder, app=APP)) as office:
        for _ in range(clicks):
            await _started(sandbox, "ask", name="ask")
        cards = await sandbox.until(lambda: _cards(sandbox, clicks), timeout_s=LIMIT_S)
        for _ in range(busy):
            await _started(sandbox, "toil", name=str(tenths))
        queue, waits = list(cards), list[float]()

        async def clicking() -> None:
            while queue:
                card = queue.pop()
                began = time.perf_counter()
                ack = await sandbox.click("amy", CHANNEL, card["ts"], "approve", message=card)
                waits.append(time.perf_counter() - began)
                if ack.error is not None:
                    raise RuntimeError(f"A click was not taken: {ack.error}")

        await asyncio.gather(*(clicking() for _ in range(AT_ONCE)))
        views = await office.desk.recent(limit=clicks + busy)
        decided = [each for view in views for each in view.approvals if each.decision is not None]
        if len(decided) != clicks:
            raise RuntimeError(f"{len(decided)} of {clicks} clicks were recorded.")
        return waits


async def _started(sandbox: Sandbox, workflow: str, *, name: str) -> None:
    await sandbox.slash("rita", CHANNEL, f"/approvals start {workflow}")
    if sandbox.views("rita"):
        await sandbox.submit("rita", {"field:name": name})


def _cards(sandbox: Sandbox, count: int) -> list[Any] | None:
    found = [each for each in sandbox.messages(CHANNEL) if _is_live(each)]
    return found if len(found) >= count else None


def _is_live(message: Any) -> bool:
    return any(block.get("type") == "actions" for block in message.get("blocks") or ())
