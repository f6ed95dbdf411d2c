"""What runs do just now: which nodes run and what the graph streamed last. In memory only, and gone at a rest.

Nothing depends on it: it is never stored, holds a few lines for each run that is driven in this process, and reads
what was streamed only when somebody looks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from reprlib import Repr
from typing import Any, Final

from engine.views import ProgressView

SHOWN_AFTER_S: Final = 1.0
"""A run that comes to rest sooner has no progress at all: nothing flickers."""
LINES: Final = 5
LINE_CHARS: Final = 200
NODES: Final = 10
KEYS: Final = 5

_BRIEF: Final = Repr()
_BRIEF.maxlevel, _BRIEF.maxstring, _BRIEF.maxother = 2, 60, 60


@dataclass
class _Underway:
    """One run: `tasks` holds the place of each running task by its id, `last` what was streamed, not yet read."""

    since_s: float
    tasks: dict[str, str] = field(default_factory=dict)
    last: deque[tuple[str, Any]] = field(default_factory=lambda: deque(maxlen=LINES))
    changes: int = 1


class Progress:
    """Hears what graphs stream, and tells it of the runs that have been under way for more than a second."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._runs: dict[str, _Underway] = {}

    def begin(self, run_id: str) -> None:
        """Say that a run is driven from now on; what was known of it is forgotten."""
        self._runs[run_id] = _Underway(self._monotonic())

    def end(self, run_id: str) -> None:
        """Say that a run has come to rest."""
        self._runs.pop(run_id, None)

    def hear(self, run_id: str, namespace: Sequence[str], mode: str, event: Any) -> None:
        """Take in one part of LangGraph's stream, as `astream(subgraphs=True)` gives it.

        `mode` is "tasks", "custom" or "updates"; of graphs inside the graph updates are left out, as their state is
        their own business.
        """
        run = self._runs.get(run_id)
        if run is None:
            return
        if mode == "tasks":
            _follow(run, namespace, event)
        elif mode == "custom":
            run.last.append(("", event))
        elif not namespace:
            run.last.extend((node, values) for node, values in event.items() if not node.startswith("__"))
        run.changes += 1

    def of(self, run_id: str) -> ProgressView | None:
        """Return what a run does now; None: it rests, or has only just begun."""
        run = self._runs.get(run_id)
        if run is None or not self._is_shown(run):
            return None
        nodes = tuple(islice(dict.fromkeys(run.tasks.values()), NODES))
        return ProgressView(nodes=nodes, lines=tuple(_line(*streamed) for streamed in run.last))

    def underway(self) -> Mapping[str, int]:
        """Return the runs of which `of` tells something, with the number of changes so far."""
        return {run_id: run.changes for run_id, run in self._runs.items() if self._is_shown(run)}

    def _is_shown(self, run: _Underway) -> bool:
        return self._monotonic() - run.since_s >= SHOWN_AFTER_S


def _follow(run: _Underway, namespace: Sequence[str], event: Mapping[str, Any]) -> None:
    """Note a task that begins; forget one that has ended: only the latter has a result."""
    if "result" in event or "error" in event:
        run.tasks.pop(event["id"], None)
    else:
        outer = [part.partition(":")[0] for part in namespace]
        run.tasks[event["id"]] = " › ".join([*outer, event["name"]])[:LINE_CHARS]


def _line(node: str, value: Any) -> str:
    said = _told(value)[:LINE_CHARS]
    return f"{node[:LINE_CHARS]}: {said}" if node and said else node[:LINE_CHARS] or said


def _told(value: Any) -> str:
    """Say in short what a value is. Whatever it is, it does no harm."""
    try:
        match value:
            case None:
                return ""
            case str():
                return value
            case Mapping():
                return ", ".join(
                    f"{_brief(key)}: {_brief(item)}" for key, item in islice(value.items(), KEYS)
                )
            case _:
                return _brief(value)
    except Exception:  # noqa: BLE001 - somebody else's object, which a node may be changing right now
        return type(value).__name__


def _brief(value: Any) -> str:
    return value[:LINE_CHARS] if isinstance(value, str) else _BRIEF.repr(value)
