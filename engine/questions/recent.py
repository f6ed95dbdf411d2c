"""Questions that were read last, since a step reads each of them about ten times."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine.decisions import Json
from engine.questions.question import Question

KEPT = 64
"""Enough for the runs that are under way at once."""
KEPT_CHARS = 1_000_000
"""Of the texts of what was asked: more would slow down the garbage collector. The last one is kept however long."""


class RecentQuestions:
    """What was read from the same JSON is the same question. For several threads at once."""

    def __init__(self) -> None:
        self._kept: dict[str, Question] = {}
        self._chars = 0

    def question(self, asked: Json, read: Callable[[], Question]) -> Question:
        """Return what `read` gave for an equal `asked` not long ago, or gives now.

        Objects with their keys in another order are others: their forms have another order.
        Raises: what `read` raises.
        """
        key = _ENCODER.encode(asked)
        found = self._kept.get(key)
        if found is None:
            found = read()
            if len(self._kept) >= KEPT or self._chars + len(key) > KEPT_CHARS:
                self._kept.clear()
                self._chars = 0
            self._kept[key] = found
            self._chars += len(key)
        return found


_ENCODER = json.JSONEncoder(separators=(",", ":"))
