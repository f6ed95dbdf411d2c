"""The world outside: everything that graphs do there, a line for each time, in a file that no crash takes back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langgraph.config import get_config

from engine import idempotency_key

SINK = "LAB_SINK"
"""The environment variable that names the file."""


def happen(what: str) -> None:
    """Do something outside, from within a node."""
    thread_id = get_config()["configurable"]["thread_id"]
    append(Path(os.environ[SINK]), {"thread": thread_id, "what": what, "key": idempotency_key(what)})


def append(path: Path, told: dict[str, Any]) -> None:
    """Add a line: one write, so that a process that is killed leaves all of it or nothing."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, (json.dumps(told) + "\n").encode())
    finally:
        os.close(file)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read what was added."""
    if path.exists():
        yield from map(json.loads, path.read_text().splitlines())
