"""Questions that were read last, since a step reads each of them about ten times."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from engine.decisions import Json
from engine.questions.question import Question

KEPT = 64
"""Enough for the runs that are under way at once."""
KEPT_BYTES = 1_000_000
"""Of the texts of what was asked: more would slow down the garbage collector. The last one is kept however long."""


class RecentQuestions:
    """What was read from the same JSON is the same question. For several threads at once."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Question] = {}
        self._bytes = 0

    def question(self, asked: Json, read: Callable[[], Question]) -> Question:
        """Return what `read` gave for an equal `asked` not long ago, or gives now.

        Objects with their keys in another order are others: their forms have another order.
        Raises: what `read` raises.
        """
        text = _ENCODER.encode(asked).encode("utf-8", "surrogatepass")
        key = hashlib.sha256(text).digest()
        found = self._kept.get(key)
        if found is None:
            found = read()
            if len(self._kept) >= KEPT or self._bytes + len(text) > KEPT_BYTES:
                self._kept.clear()
                self._bytes = 0
            self._kept[key] = found
            self._bytes += len(text)
        return found


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Two halves of a character are not the whole one; as ASCII they would be one text."""
