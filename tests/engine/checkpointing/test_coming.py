"""What is on its way: how often it is looked through, and what later calls are told of it."""

from __future__ import annotations

from engine.checkpointing.changes import Change
from engine.checkpointing.coming import Coming
from engine.checkpointing.encoding import Encoded, EncodedWrites
from engine.checkpointing.group_commit import Entry
from engine.checkpointing.records import NOTHING, Record, Write

KEY = ("t", "", "1")


class Counted(EncodedWrites):
    """Writes of one task that count how often anything is laid over another."""

    looks = 0

    def over(self, known: Record | None) -> Record:
        Counted.looks += 1
        return super().over(known)


def entry(n: int) -> Entry[Encoded]:
    """A write of a task on the one checkpoint."""
    call = Counted(KEY, Change(), {(f"task{n}", 0): Write("", "x", NOTHING)}, {}, is_early=False)
    return Entry(call, after=(), guard=None, series=None)


async def test_each_call_that_waits_is_looked_at_once() -> None:
    """Of a thousand tasks that end together each one builds upon all before it, in a thousand steps."""
    coming, below, Counted.looks = Coming(), Record(thread_id="t", checkpoint_ns="", checkpoint_id="1"), 0
    for n in range(1000):
        known, calls = coming.over(KEY, below)
        assert known is not None
        assert len(known.writes) == len(calls) == n
        coming.add(entry(n))
    assert Counted.looks < 1000


async def test_what_was_looked_through_is_not_used_for_anything_else() -> None:
    """Once a call has ended, or the checkpoint is known otherwise, all that still waits is looked through anew."""
    coming, first, second = Coming(), entry(1), entry(2)
    below = Record(thread_id="t", checkpoint_ns="", checkpoint_id="1")
    for each in (first, second):
        coming.add(each)
    assert _writes(coming, below) == {("task1", 0), ("task2", 0)}
    other = below.with_writes({("task0", 0): Write("", "x", NOTHING)})
    assert _writes(coming, other) == {("task0", 0), ("task1", 0), ("task2", 0)}
    coming.drop(first)
    assert _writes(coming, other) == {("task0", 0), ("task2", 0)}
    coming.drop(second)
    assert _writes(coming, other) == {("task0", 0)}
    assert coming.over(KEY, None) == (None, ())


def _writes(coming: Coming, below: Record) -> set[tuple[str, int]]:
    known, _ = coming.over(KEY, below)
    assert known is not None
    return set(known.writes)
