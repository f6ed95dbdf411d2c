"""What is on its way into the database: later calls build upon it before it is there, and fail if it fails."""

from __future__ import annotations

from collections.abc import Sequence

from engine.checkpointing.encoding import Encoded, EncodedCheckpoint
from engine.checkpointing.group_commit import Entry
from engine.checkpointing.records import Key, Record


class Coming:
    """Calls that wait for their commit, by the checkpoint that they concern, in their order."""

    def __init__(self) -> None:
        self._calls: dict[Key, tuple[Entry[Encoded], ...]] = {}
        self._puts: dict[Key, Entry[Encoded]] = {}
        self._seen: dict[Key, tuple[Record | None, int, Record | None]] = {}

    def add(self, entry: Entry[Encoded]) -> None:
        """Note a call that stores the checkpoint, or writes on top of it."""
        key = entry.call.key
        if isinstance(entry.call, EncodedCheckpoint):
            self._puts[key] = entry
        self._calls[key] = (*self._calls.get(key, ()), entry)

    def is_put(self, key: Key) -> bool:
        """Say whether the checkpoint itself is on its way; the database cannot know more of it then."""
        return key in self._puts

    def over(self, key: Key, record: Record | None) -> tuple[Record | None, Sequence[Entry[Encoded]]]:
        """Return what will be known of a checkpoint, and the calls that this depends on.

        `record` is what is known of it so far. Calls that came since this was asked last are laid over what was found
        then, or else N tasks that end together would take N times N looks.
        """
        calls = self._calls.get(key, ())
        if not calls:
            return record, calls
        below, count, known = self._seen.get(key, (None, 0, None))
        if count == 0 or below is not record:
            count, known = 0, record
        for entry in calls[count:]:
            known = entry.call.over(known)
        self._seen[key] = (record, len(calls), known)
        return known, calls

    def drop(self, entry: Entry[Encoded]) -> None:
        """Forget a call that is done."""
        key = entry.call.key
        self._seen.pop(key, None)
        if self._puts.get(key) is entry:
            del self._puts[key]
        left = tuple(each for each in self._calls.pop(key, ()) if each is not entry)
        if left:
            self._calls[key] = left
