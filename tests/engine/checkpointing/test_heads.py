"""What is remembered of threads, and how much memory that is counted as."""

from __future__ import annotations

from engine.checkpointing.heads import Heads
from engine.checkpointing.packing import Packing
from engine.checkpointing.records import Large, Record, Small, Vault, Write


def large(text: bytes) -> Large:
    return Vault(Packing()).kept(Small("bytes", text), (), ())


def head(thread_id: str, size: int) -> Record:
    values = {"x": large(b"x" * size)}
    return Record(thread_id=thread_id, checkpoint_ns="", checkpoint_id="1", family=thread_id, values=values)


def write(heads: Heads, n: int, size: int) -> None:
    """A task of the thread "t" writes a text."""
    written = {(f"task{n}", 0): Write("", "x", large(b"%9d" % n + b"x" * (size - 9)))}
    heads.wrote(("t", ""), "1", writes=written, revisions={}, is_replacing=False, forgotten=())


def test_a_value_counts_twice() -> None:
    """As the bytes that the next version is compared with, and as what they are decoded to."""
    heads = Heads(max_bytes=5000)
    for name in ("a", "b", "c"):
        heads.stored(head(name, 1000))
    assert [name for name in ("a", "b", "c") if heads.get((name, ""))] == ["b", "c"]


def test_writes_count_as_they_come() -> None:
    """Each adds its own size; for them other threads are forgotten, and the last one stays."""
    heads = Heads(max_bytes=10_000)
    for name in ("a", "t"):
        heads.stored(head(name, 1000))
    write(heads, 1, 1000)
    assert (heads._bytes, heads.get(("a", "")) is not None) == (6000, True)
    heads.get(("t", ""))
    for n in range(2, 6):
        write(heads, n, 1000)
    assert (heads._bytes, heads.get(("a", ""))) == (12_000, None)
    known = heads.get(("t", ""))
    assert known is not None
    assert len(known.writes) == 5
    heads.forget(("t", ""))
    assert heads._bytes == 0
