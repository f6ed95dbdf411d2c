"""Keeps the ids of checkpoints in the order in which they are made, whatever the clock says.

A thread's latest checkpoint is the one with the greatest id, and LangGraph makes ids of this machine's time (uuid6,
langgraph-checkpoint 4.3). A process whose clock is behind that of the one before it would make steps that lie below
the thread's head: what they did would be done again and again, until the clock has caught up.
"""

from __future__ import annotations

from threading import Lock
from uuid import UUID

from langgraph.checkpoint.base import id as ids

_TURN = Lock()


def not_before(checkpoint_id: str) -> None:
    """Let every id that this process makes from now on be greater than this one; other kinds of ids mean no time."""
    try:
        given = UUID(checkpoint_id)
    except ValueError:
        return
    if given.version != 6:
        return
    at = (given.int >> 80) << 12 | (given.int >> 64) & 0xFFF
    with _TURN:
        last: int | None = ids._last_v6_timestamp
        ids._last_v6_timestamp = max(last or 0, at)  # type: ignore[assignment]  # declared as None only
