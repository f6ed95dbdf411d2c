"""What is on its way into the database: later calls build upon it before it is there, and fail if it fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.checkpointing.group_commit import Entry
from engine.checkpointing.records import Record

Key = tuple[str, str, str]
"""Thread id, namespace and checkpoint id."""
Apply = Callable[[Record | None], Record]
"""Makes of what is known of a checkpoint what is known once a call is through; it changes nothing."""


class Coming:
    """Calls that wait for their commit, by the checkpoint that they concern, in their order."""

    def __init__(self) -> None:
        self._calls: dict[Key, list[tuple[Entry, Apply]]] = {}
        self._puts: dict[Key, Entry] = {}

    def put(self, entry: Entry, apply: Apply) -> None:
        """Note a call that stores the checkpoint."""
        self._puts[entry.key] = entry
        self.add(entry, apply)

    def add(self, entry: Entry, apply: Apply) -> None:
        """Note a call that writes on top of the checkpoint."""
        self._calls.setdefault(entry.key, []).append((entry, apply))

    def is_put(self, key: Key) -> bool:
        """Say whether the checkpoint itself is on its way; the database cannot know more of it then."""
        return key in self._puts

    def over(self, key: Key, record: Record | None) -> tuple[Record | None, Sequence[Entry]]:
        """Return what will be known of a checkpoint, and the calls that this depends on."""
        calls = self._calls.get(key, ())
        for _, apply in calls:
            record = apply(record)
        return record, [entry for entry, _ in calls]

    def drop(self, entry: Entry) -> None:
        """Forget a call that is done."""
        key = entry.key
        if self._puts.get(key) is entry:
            del self._puts[key]
        left = [call for call in self._calls[key] if call[0] is not entry]
        if left:
            self._calls[key] = left
        else:
            del self._calls[key]
