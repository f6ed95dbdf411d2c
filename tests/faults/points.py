"""The points at which a process of the laboratory kills itself.

K1 before the decision is committed, K2 committed but not acknowledged, K3 acknowledged, K4 in the resumed node,
before its effect, K5 after it, K6 the writes of a step stored but not its checkpoint, K7 in the next node, K8 a
message noted but not sent, K9 sent but not noted, K10 in the recovery at start, K11 in the migration. "time" is
any moment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.sink import append

POINTS = ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11")


@dataclass
class Death:
    """Where a process dies: at the `count`-th time that it reaches `point`; at "time", after `count` milliseconds.

    `hits` is the file that tells which deaths were died.
    """

    point: str
    count: int
    hits: Path

    def die(self) -> None:
        """Write down where, and end without any chance to clean up."""
        append(self.hits, {"point": self.point})
        os.kill(os.getpid(), signal.SIGKILL)


_planned: list[Death] = []
_listeners: list[Callable[[str], None]] = []


def plan(death: Death | None) -> None:
    """Say where this process is to die; None: it lives on."""
    _planned[:] = [death] if death is not None else []
    if death is not None and death.point == "time":
        asyncio.get_running_loop().call_later(death.count / 1000, death.die)


def listen(listener: Callable[[str], None]) -> None:
    """Have this called at each point from now on, and nothing else; what it raises is raised there."""
    _listeners[:] = [listener]


def reached(point: str) -> None:
    """Die if it is planned to be here."""
    for listener in _listeners:
        listener(point)
    for death in _planned:
        if death.point == point:
            death.count -= 1
            if death.count == 0:
                death.die()
