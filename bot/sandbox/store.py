"""The state file: JSON documents in one SQLite file, each written before the change is answered."""

import json
import sqlite3
from pathlib import Path
from typing import Any

_SCHEMA = "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, document TEXT, PRIMARY KEY (kind, key))"


class Store:
    """Keeps (kind, key) -> JSON; without a path it keeps nothing.

    A write is one autocommitted statement. It is handed to the operating system before the call returns, so it
    survives a SIGKILL of the process; it is not flushed to the disk, so it may not survive a power cut.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, made when missing; its folder must exist."""
        if self._path is None or self._connection is not None:
            return
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(_SCHEMA)

    @property
    def is_open(self) -> bool:
        """Whether there is a file to read and write."""
        return self._connection is not None

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(self, kind: str) -> dict[str, Any]:
        """Return every document of a kind by key, in key order."""
        if self._connection is None:
            return {}
        rows = self._connection.execute(
            "SELECT key, document FROM documents WHERE kind = ? ORDER BY key", (kind,)
        )
        return {key: json.loads(document) for key, document in rows}

    def put(self, kind: str, key: str, document: Any) -> None:
        """Write one document over an earlier one."""
        if self._connection is not None:
            self._connection.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(document))
            )

    def remove(self, kind: str, key: str) -> None:
        """Delete one document; a missing one is no error."""
        if self._connection is not None:
            self._connection.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))
