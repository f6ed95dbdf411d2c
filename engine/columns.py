"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

TextKey: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared byte by byte on both databases, so that `<` and ORDER BY agree."""


def canonical_json(value: Any) -> str:
    """Return JSON text in ASCII with sorted keys and no spaces: equal values give equal text.

    NUL and lone surrogates are escaped (PostgreSQL text refuses the one, both databases the other). Of keys that are
    one text in JSON, such as 1 and "1", the last one's value stays where keys of several types stand side by side.

    Raises: TypeError for what JSON does not know, ValueError for a value that contains itself.
    """
    try:
        return _ENCODER.encode(value)
    except TypeError:  # keys of several types cannot be sorted before they are texts
        return _ENCODER.encode(json.loads(json.dumps(value)))


log = logging.getLogger("assent.columns")

_TOLD = {"(cannot be read)": "It was changed in the database."}
_ENCODER = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"))


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime with microseconds; naive ones are refused on the way in.

    SQLite stores it as UTC text without an offset, PostgreSQL as timestamptz.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored; use aware UTC datetimes.")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DamagedObject(dict[str, Any]):
    """Stands for JSON text that cannot be read, so that the rows beside it can."""


class DamagedList(list[Any]):
    """The same for the text of a list."""


def is_damaged(value: Any) -> bool:
    """Say whether a stored value could not be read: nothing may be done with it but show it."""
    return isinstance(value, (DamagedObject, DamagedList))


class JsonText(TypeDecorator[Any]):
    """A JSON value as ASCII text that keeps the order of keys; None is SQL NULL, not the text `null`.

    People are shown names in the order of the graph's author. So equal values may differ in text: compare values, or
    their `canonical_json`, never the column. What is no JSON any more is read as one that `is_damaged`.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, ensure_ascii=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        try:
            return None if value is None else json.loads(value)
        except (ValueError, RecursionError):
            log.error("a stored value is no JSON any more: somebody or something has altered the database")
            is_list = value is not None and value.startswith("[")
            return DamagedList() if is_list else DamagedObject(_TOLD)
