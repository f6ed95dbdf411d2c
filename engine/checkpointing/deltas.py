"""What changed between two versions of a value's bytes: copies of the old and texts that are new.

A list that grows keeps its bytes and gets more at the end; only the few bytes that count its items change. So the
new bytes are compared with the old from the front, over small changes of equal length, and then from the end.
"""

from __future__ import annotations

from collections.abc import Sequence

Op = Sequence[int] | bytes
"""[offset, length] copies from the old bytes, [offset, length, 1] from others; bytes stand for themselves."""

MAX_COPIES = 16
RESYNC_BYTES = 16  # a count in msgpack has up to 5 bytes, a float 9, and short fields may lie between two
MIN_COPY = 32  # a copy costs up to 11 bytes
HEAD = 64


def delta(new: bytes, old: bytes) -> list[Op] | None:
    """Return what makes `new` out of `old`; None when less than half of `new` would be copied."""
    if len(new) < 2 * MIN_COPY or len(old) < MIN_COPY:
        return None
    ops = _contained(new, old) or _edited(new, old)
    literal = sum(len(op) for op in ops if isinstance(op, bytes))
    return ops if 2 * literal <= len(new) else None


def _contained(new: bytes, old: bytes) -> list[Op] | None:
    """A value that was part of a larger one, such as a field of the graph's input."""
    at = old.find(new[:HEAD]) if len(new) <= len(old) else -1
    return [(at, len(new))] if at >= 0 and old.startswith(new, at) else None


def _edited(new: bytes, old: bytes) -> list[Op]:
    ops: list[Op] = []
    literal_from = at = shift = 0
    while len(ops) < 2 * MAX_COPIES:
        length = _common(new, old, at, at + shift)
        if length >= MIN_COPY:
            if literal_from < at:
                ops.append(new[literal_from:at])
            ops.append((at + shift, length))
            literal_from = at + length
        at += length
        resumed = _resumed(new, old, at, shift)
        if resumed is None:
            break
        at, shift = resumed
    tail = _common_end(new[literal_from:], old)
    if tail >= MIN_COPY:
        if literal_from < len(new) - tail:
            ops.append(new[literal_from : len(new) - tail])
        ops.append((len(old) - tail, tail))
    elif literal_from < len(new):
        ops.append(new[literal_from:])
    return ops


def _resumed(new: bytes, old: bytes, at: int, shift: int) -> tuple[int, int] | None:
    """Where, a few bytes on, both are equal again: at the same place, or where a count has grown or shrunk."""
    for skipped in range(1, RESYNC_BYTES + 1):
        for moved in (0, 1, -1, 2, -2):
            probe = new[at + skipped : at + skipped + MIN_COPY]
            if len(probe) == MIN_COPY and old.startswith(probe, max(at + skipped + shift - moved, 0)):
                return at + skipped, max(shift - moved, -(at + skipped))
    return None


def _common(new: bytes, old: bytes, new_at: int, old_at: int) -> int:
    """Count the equal bytes from both places on; halves are compared, which is as quick as copying."""
    low, high = 0, min(len(new) - new_at, len(old) - old_at)
    if high <= 0 or old_at < 0:
        return 0
    if new.startswith(old[old_at : old_at + high], new_at):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if new.startswith(old[old_at + low : old_at + middle], new_at + low):
            low = middle
        else:
            high = middle
    return low


def _common_end(new: bytes, old: bytes) -> int:
    low, high = 0, min(len(new), len(old))
    if new.endswith(old[len(old) - high :]):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if new[len(new) - middle : len(new) - low] == old[len(old) - middle : len(old) - low]:
            low = middle
        else:
            high = middle
    return low
