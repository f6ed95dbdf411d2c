"""Keeps the ids of checkpoints in the order in which they are made, whatever the clock says.

A thread's latest checkpoint is the one with the greatest id, and LangGraph makes ids of this machine's time (uuid6,
langgraph-checkpoint 4.3). A process whose clock is behind that of the one before it would make steps that lie below
the thread's head: what they did would be done again and again, until the clock has caught up.
"""

from __future__ import annotations

from threading import Lock

from langgraph.checkpoint.base import id as ids

_TURN = Lock()
_CHARS = 36  # 1f1ec149-a2a7-6a47-8003-0f874eab018b


def not_before(checkpoint_id: str) -> None:
    """Let every id that this process makes from now on be greater than this one; other kinds of ids mean no time."""
    if len(checkpoint_id) != _CHARS or checkpoint_id[14] != "6":
        return
    try:  # its first 60 bits, the version left out
        at = int(checkpoint_id[:8] + checkpoint_id[9:13] + checkpoint_id[15:18], 16)
    except ValueError:
        return
    if at <= (ids._last_v6_timestamp or 0):
        return
    with _TURN:
        last: int | None = ids._last_v6_timestamp
        ids._last_v6_timestamp = max(last or 0, at)  # type: ignore[assignment]  # declared as None only
