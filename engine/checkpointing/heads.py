"""The newest checkpoint of each thread, remembered as serialised bytes: what comes next is built upon it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from langgraph.checkpoint.base import WRITES_IDX_MAP
from langgraph.checkpoint.serde.types import ERROR

from engine.checkpointing.records import Key, Large, Place, Record, Write, unknown

CACHE_BYTES = 64 * 1024 * 1024
HEADS_KEPT = 128  # more small objects than that would slow down the garbage collector, which looks at all
EARLY_KEPT = 1000


class Heads:
    """Remembers what this process has read or stored last; another process may know better, so ask before use."""

    def __init__(self, max_bytes: int = CACHE_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._records: OrderedDict[Place, tuple[Record, int]] = OrderedDict()
        self._early: OrderedDict[Key, Record] = OrderedDict()
        # checkpoints that are still to come, and have writes which are not remembered; `_is_short`: not all of them
        self._unheard: OrderedDict[Key, None] = OrderedDict()
        self._is_short = False
        self._empty: OrderedDict[Place, None] = OrderedDict()

    def get(self, place: Place) -> Record | None:
        """Return the newest checkpoint of a place as far as it is remembered."""
        entry = self._records.get(place)
        if entry is None:
            return None
        self._records.move_to_end(place)
        return entry[0]

    def mark(self, place: Place) -> tuple[int, int] | None:
        """Return what is another one after each change of what is remembered of a place."""
        known = self.get(place)
        return None if known is None else (known.revision, sum(known.revisions.values()))

    def loaded(self, place: Place, record: Record | None) -> None:
        """Remember what the database holds as the newest checkpoint of a place, or that it holds none."""
        if record is not None:
            self._remember(record)
            return
        self.forget(place)
        self._empty[place] = None
        if len(self._empty) > EARLY_KEPT:
            self._empty.popitem(last=False)

    def is_to_come(self, place: Place, checkpoint_id: str) -> bool:
        """Say whether a checkpoint is not there yet by all that is known here: what is there is older, or nothing.

        That holds for one that this process is about to store. Of one that another process has stored, whoever builds
        upon it has read it first: see `found`.
        """
        known = self.get(place)
        return known.checkpoint_id < checkpoint_id if known is not None else place in self._empty

    def found(self, place: Place, checkpoint_id: str) -> None:
        """Take notice that the database has this checkpoint: if it was to come, what is remembered is too old."""
        if self.is_to_come(place, checkpoint_id):
            self.forget(place)
            self._empty.pop(place, None)
            self._early.pop((*place, checkpoint_id), None)

    def lost(self, place: Place, checkpoint_id: str) -> None:
        """Take notice that the database does not have this checkpoint: somebody may have deleted the thread."""
        known = self.get(place)
        if known is not None and known.checkpoint_id == checkpoint_id:
            self.forget(place)

    def stored(self, record: Record) -> None:
        """Remember a checkpoint that was stored now, with the writes that came before it, if it is the newest."""
        place = (record.thread_id, record.checkpoint_ns)
        known = self.get(place)
        key = (*place, record.checkpoint_id)
        early = self._early.pop(key, None)
        is_unknown = known is None and early is None and place not in self._empty
        was_unheard = key in self._unheard or (self._is_short and is_unknown)
        self._unheard.pop(key, None)
        if known is not None and known.checkpoint_id > record.checkpoint_id:
            return
        if was_unheard:  # it has more writes than are known here
            self.forget(place)
            self._empty.pop(place, None)
            return
        for source in (early, known):
            if source is not None and source.checkpoint_id == record.checkpoint_id:
                record.writes |= source.writes
                record.revisions |= source.revisions
        self._remember(record)

    def of(self, place: Place, checkpoint_id: str) -> Record | None:
        """Return this checkpoint if it is the newest one, or what is known of one that is still to come."""
        known = self.get(place)
        if known is not None and known.checkpoint_id == checkpoint_id:
            return known
        return self._early.get((*place, checkpoint_id))

    def wrote(
        self,
        place: Place,
        checkpoint_id: str,
        *,
        writes: dict[tuple[str, int], Write],
        revisions: dict[tuple[str, int], int],
        is_replacing: bool,
        forgotten: Sequence[str],
        is_early: bool = False,
    ) -> None:
        """Remember writes that were stored now; of the tasks in `forgotten` their errors are not there any more.

        They are `is_early` if their checkpoint may be still to come.
        """
        record = self.of(place, checkpoint_id)
        if record is None:
            if not self.is_to_come(place, checkpoint_id):
                if is_early:
                    self._unhear((*place, checkpoint_id))
                return  # it may have others, which are not known here
            record = unknown(*place, checkpoint_id)
            self._early[(*place, checkpoint_id)] = record
            while len(self._early) > EARLY_KEPT:
                self._unhear(self._early.popitem(last=False)[0])
        for task_id in forgotten:
            record.writes.pop((task_id, WRITES_IDX_MAP[ERROR]), None)
            record.revisions.pop((task_id, WRITES_IDX_MAP[ERROR]), None)
        if is_replacing:
            record.writes |= writes
            record.revisions |= revisions
        else:
            record.writes = writes | record.writes
            record.revisions = revisions | record.revisions
        newest = [write.value.chain[-1] for write in writes.values() if isinstance(write.value, Large)]
        if newest and record is self.get(place):
            self._grow(place, sum(node.size() + node.length() for node in newest))

    def forget(self, place: Place) -> None:
        """Forget the newest checkpoint of a place."""
        _, size = self._records.pop(place, (None, 0))
        self._bytes -= size

    def forget_threads(self, thread_ids: set[str] | None = None) -> None:
        """Forget all that is known of these threads, or of all."""
        for place in [place for place in self._records if thread_ids is None or place[0] in thread_ids]:
            self.forget(place)
        for key in [key for key in self._early if thread_ids is None or key[0] in thread_ids]:
            del self._early[key]
        for key in [key for key in self._unheard if thread_ids is None or key[0] in thread_ids]:
            del self._unheard[key]
        self._empty.clear()

    def _unhear(self, key: Key) -> None:
        """Note that a checkpoint which may be still to come has writes that are not remembered."""
        self._unheard[key] = None
        while len(self._unheard) > EARLY_KEPT:
            self._unheard.popitem(last=False)
            self._is_short = True

    def _remember(self, record: Record) -> None:
        place = (record.thread_id, record.checkpoint_ns)
        self.forget(place)
        self._empty.pop(place, None)
        size = record.size()
        self._records[place] = (record, 0)
        self._grow(place, size)

    def _grow(self, place: Place, size: int) -> None:
        """Count more memory for a place; what was replaced is counted on until its next checkpoint."""
        record, before = self._records[place]
        self._records[place] = (record, before + size)
        self._bytes += size
        while len(self._records) > HEADS_KEPT or (self._bytes > self._max_bytes and len(self._records) > 1):
            _, (_, size) = self._records.popitem(last=False)
            self._bytes -= size
