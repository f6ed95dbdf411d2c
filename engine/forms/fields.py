"""The shape of a form: frozen values, no behaviour.

A form is a flat list of fields to show, and a tree of parts that says how their values make one object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, Literal, TypeAlias

from engine.decisions import Json


class FieldKind(StrEnum):
    """How a field is entered."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CHOICES = "choices"  # several of an enum
    LINES = "lines"  # a list of scalars, one per line
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date_time"
    EMAIL = "email"
    URL = "url"
    USER = "user"  # JSON Schema `format: slack-user-id`
    CHANNEL = "channel"  # JSON Schema `format: slack-channel-id`
    JSON = "json"


TEXTUAL: Final = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT})
LISTS: Final = frozenset({FieldKind.CHOICES, FieldKind.LINES})


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""There is no initial value; None is one."""

Maybe: TypeAlias = Json | Literal[Missing.MISSING]


@dataclass(frozen=True)
class Field:
    """One input of a form.

    `name` is unique in the form: the property's own name at the top level. `path` is where the value belongs,
    `section` the heading under which the field stands ("" at the top level). `when` names a CHOICE field and the
    index that has to be chosen there for this field to count; None: it always counts.

    `initial` is the value that the field starts with. `choices` are the values of a CHOICE or of CHOICES, in
    order; of a field that chooses a branch they are the branches' labels. `items` is the kind of each line of
    LINES. `minimum` and `maximum` are inclusive; a bound that cannot be said so (more than 0 for a number) is
    held only by the schema. `exact` is the schema of a NUMBER that is given as a text where a float would lose
    digits. `min_chars` and `max_chars` count characters of a text. `nullable`: None is a value.
    """

    name: str
    label: str
    kind: FieldKind
    required: bool
    hint: str = ""
    initial: Maybe = MISSING
    choices: tuple[Json, ...] = ()
    items: FieldKind | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_chars: int | None = None
    max_chars: int | None = None
    exact: Json | None = None
    nullable: bool = False
    path: tuple[str, ...] = ()
    section: str = ""
    when: tuple[str, int] | None = None


@dataclass(frozen=True)
class Leaf:
    """The value of one field. `empty` is what it gives when left empty; MISSING: nothing.

    `needed`: the object around it may not do without it.
    """

    name: str
    needed: bool = False
    empty: Maybe = MISSING


@dataclass(frozen=True)
class Fixed:
    """A value that the schema leaves no choice about: filled in, never asked."""

    value: Json


@dataclass(frozen=True)
class Group:
    """An object, by property. One that is not `needed` and whose fields are all empty gives `empty`.

    `initial` is the whole object that it starts with, also what no field shows of it.
    """

    name: str = ""
    parts: Mapping[str, Part] = field(default_factory=dict)
    needed: bool = True
    empty: Maybe = MISSING
    initial: Maybe = MISSING


@dataclass(frozen=True)
class Branches:
    """One of several shapes, chosen by the CHOICE field `name`; `empty` is what no choice gives.

    `schemas` are the branches' own and `numbers` their places in the schema's anyOf or oneOf. `initial` is the
    value that it starts with.
    """

    name: str
    parts: tuple[Part, ...]
    schemas: tuple[Json, ...]
    numbers: tuple[int, ...]
    empty: Maybe = MISSING
    initial: Maybe = MISSING


Part: TypeAlias = Leaf | Fixed | Group | Branches


@dataclass(frozen=True)
class Form:
    """Fields in the order to show them, the JSON Schema of the value that they make, and how they make it."""

    fields: tuple[Field, ...]
    schema: Json
    root: Part = field(default_factory=Group)


def readable(name: str) -> str:
    """Write an identifier as people would: `unit_price`, `unit-price` and `unitPrice` give `Unit price`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", name)
    text = " ".join(re.split(r"[\s_\-.]+", words)).strip()
    if words != name:
        text = text.lower()
    return text[:1].upper() + text[1:] if text else name
