"""What is said about a tool call beside its name and arguments."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import UnaskableValue

USUAL: Final = "Tool execution requires approval"
"""What LangChain's middleware says of every call, unless it is told otherwise (langchain 1.4.7)."""
MOST_CHARS: Final = 10_000
"""Of a longer text nobody finds out whether it repeats the arguments."""


def note_of(description: str, *, name: str, args: Mapping[str, Json]) -> str:
    """Leave out of a call's description what LangChain writes by default: its prefix, the name and the arguments.

    They are left out only where they are exactly those of this call, as Python writes them.
    """
    said, is_default, written = description.rpartition(f"\n\nTool: {name}\nArgs: ")
    if not is_default or not _are_written(args, written):
        return description
    return "" if said == USUAL else said


def _are_written(args: Mapping[str, Json], written: str) -> bool:
    """Say whether a text is these arguments as `repr` writes them, whatever their order, and nothing more."""
    if len(written) > MOST_CHARS:
        return False
    try:
        read = ast.literal_eval(written)
        return repr(read) == written and canonical(read) == canonical(dict(args))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, UnaskableValue):
        return False
