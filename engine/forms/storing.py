"""What a checkpointer can hold of a value: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import UnaskableValue

LEAST_INT, MOST_INT = -(2**63), 2**64 - 1
"""What MessagePack holds, in which LangGraph stores checkpoints
(https://github.com/msgpack/msgpack/blob/master/spec.md#int-format-family)."""

TOO_LARGE: Final = "This number is too large to be stored."
TOO_DEEP: Final = "This is nested too deeply."
UNSTORABLE: Final = "This contains a character that cannot be stored."


def unstorable(value: Json) -> str | None:
    """Say in one sentence why a value cannot be stored as it is; None: it can.

    Refused are what a question could not show, lone surrogates, which checkpointers silently replace, and integers
    of more than 64 bits.
    """
    try:
        canonical(value)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return UNSTORABLE
    except UnaskableValue:
        return TOO_DEEP
    return TOO_LARGE if any(not LEAST_INT <= number <= MOST_INT for number in _integers(value)) else None


def _integers(value: Json) -> Iterator[int]:
    if type(value) is int:
        yield value
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in items:
        yield from _integers(item)
