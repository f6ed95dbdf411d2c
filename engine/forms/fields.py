"""The shape of a form: frozen values, no behaviour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Literal

from engine.decisions import Json


class FieldKind(StrEnum):
    """How a field is entered."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    JSON = "json"


TEXTUAL: Final = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""There is no initial value; None is one."""


@dataclass(frozen=True)
class Field:
    """One input of a form.

    `initial` is the value that the field starts with. `choices` are the values of a CHOICE, in order.
    `minimum` and `maximum` are inclusive; a bound that cannot be said so (more than 0 for a number) is held
    only by the schema. `min_chars` and `max_chars` count characters of a text. `nullable`: None is a value.
    """

    name: str
    label: str
    kind: FieldKind
    required: bool
    hint: str = ""
    initial: Json | Literal[Missing.MISSING] = MISSING
    choices: tuple[Json, ...] = ()
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_chars: int | None = None
    max_chars: int | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Form:
    """Fields in the order to show them, and the JSON Schema of the object that they make."""

    fields: tuple[Field, ...]
    schema: Json


def readable(name: str) -> str:
    """Write an identifier as people would: `unit_price`, `unit-price` and `unitPrice` give `Unit price`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", name)
    text = " ".join(re.split(r"[\s_\-.]+", words)).strip()
    if words != name:
        text = text.lower()
    return text[:1].upper() + text[1:] if text else name
