"""The raw text of one field: written from its initial value, and read back as people left or changed it.

`reading.py` says what the raw text of each kind looks like.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from engine.canonical import canonical
from engine.decisions import Json
from engine.forms.fields import LISTS, MISSING, TEXTUAL, Field, FieldKind, Leaf, Maybe
from engine.forms.schemas import same
from engine.forms.sentences import CHOOSE, NEEDED, NUMBER, TRUE_OR_FALSE, WHOLE_NUMBER, misfit
from engine.forms.storing import LEAST_INT, MOST_INT, TOO_DEEP, TOO_LARGE, unstorable

SAMPLE_CHARS = 40
"""A longer text is not said again in a complaint about it."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}")
_NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.NUMBER})


class Wrong(Exception):
    """Carries the sentence for one field."""


def prefilled(field: Field) -> str | None:
    """Write the initial value of a field as people would enter it; None: there is none."""
    value = field.initial
    if value is MISSING or value is None:
        return None
    match field.kind:
        case FieldKind.CHOICE:
            return _index(value, field)
        case FieldKind.CHOICES if isinstance(value, list):
            return ",".join(filter(None, (_index(each, field) for each in value)))
        case FieldKind.LINES if isinstance(value, list):
            return "\n".join(each if isinstance(each, str) else json.dumps(each) for each in value)
        case FieldKind.TIME:
            return _plain_time(value)
        case FieldKind.DATE_TIME:
            return _in_utc(value)
        case kind if isinstance(value, str) and kind is not FieldKind.JSON:
            return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def is_as_prefilled(field: Field, entry: str | None) -> bool:
    r"""Say whether an entry was left as it was prefilled, apart from \r\n against \n and the order of choices."""
    entry, before = entry or "", prefilled(field) or ""
    if field.kind is FieldKind.CHOICES:
        return sorted(entry.split(",")) == sorted(before.split(","))
    return _with_plain_breaks(entry) == _with_plain_breaks(before)


def is_blank(entry: str | None) -> bool:
    """Say whether an entry counts as empty."""
    return entry is None or not entry.strip()


def value_of(field: Field, entry: str | None, *, leaf: Leaf) -> Maybe:
    """Read one entry; MISSING: there is no value. Raises: Wrong."""
    is_left = is_as_prefilled(field, entry)
    if is_blank(entry) and field.required and not (entry and is_left):
        raise Wrong(NEEDED)
    if field.initial is not MISSING and is_left:
        return field.initial
    if entry is None or is_blank(entry):
        return _cleared(field, leaf=leaf)
    value = _PARSERS[field.kind](entry, field)
    _check_storable(value)
    return value


def holds(field: Field, value: Maybe) -> bool:
    """Say whether a field of this kind can show a value and give it back when it is entered anew."""
    if value is MISSING or value is None:
        return True
    match field.kind:
        case FieldKind.INTEGER | FieldKind.NUMBER:
            is_exact = field.exact is not None and isinstance(value, str) and _PLAIN.fullmatch(value)
            return bool(is_exact) or (isinstance(value, int | float) and not isinstance(value, bool))
        case FieldKind.BOOLEAN:
            return isinstance(value, bool)
        case FieldKind.CHOICES | FieldKind.LINES:
            return _is_read_back(field, value)
        case FieldKind.CHOICE | FieldKind.JSON:
            return True
    return isinstance(value, str)


def _is_read_back(field: Field, value: Json) -> bool:
    if not isinstance(value, list):
        return False
    if field.kind is FieldKind.CHOICES and len({canonical(each) for each in value}) < len(value):
        return False
    entry = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in value)
    entry = entry if field.kind is FieldKind.LINES else ",".join(_index(each, field) or "?" for each in value)
    try:
        return not value or same(_PARSERS[field.kind](entry, field), value)
    except Wrong:
        return False


def _index(value: Json, field: Field) -> str | None:
    return next((str(index) for index, choice in enumerate(field.choices) if same(choice, value)), None)


def _with_plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _plain_time(value: str) -> str:
    """Write a time on the minute as 09:30; any other as it is."""
    try:
        read = time.fromisoformat(value)
    except ValueError:
        return value
    is_on_the_minute = read.tzinfo is None and not (read.second or read.microsecond)
    return f"{read:%H:%M}" if is_on_the_minute else value


def _in_utc(value: str) -> str:
    """Write a moment on the minute in UTC; one with seconds, or without an offset, as it is."""
    try:
        read = datetime.fromisoformat(value)
        moment = read.astimezone(UTC)
    except (ValueError, OverflowError):
        return value
    is_on_the_minute = read.tzinfo is not None and not (moment.second or moment.microsecond)
    return f"{moment.isoformat()[:19]}Z" if is_on_the_minute else value


def _cleared(field: Field, *, leaf: Leaf) -> Maybe:
    had_value = field.initial is not MISSING
    if field.nullable and had_value:
        return None
    if field.kind in LISTS and had_value:
        return []
    if field.kind in TEXTUAL and had_value and not leaf.needed:
        return ""
    return leaf.empty


def _text(entry: str, _: Field) -> str:
    return entry


def _trimmed(entry: str, _: Field) -> str:
    return entry.strip()


def _time(entry: str, _: Field) -> str:
    text = entry.strip()
    return f"{text}:00" if _TIME.fullmatch(text) else text


def _whole_number(entry: str, _: Field) -> int:
    text = entry.strip()
    if not _WHOLE.fullmatch(text):
        raise Wrong(WHOLE_NUMBER)
    return _int(text)


def _number(entry: str, field: Field) -> int | float | str:
    text = entry.strip()
    if not _DECIMAL.fullmatch(text):
        raise Wrong(NUMBER)
    if field.exact is not None and _loses_digits(text):
        if (wrong := misfit(float(text), field.exact)) is not None:
            raise Wrong(wrong)
        return text
    return _int(text) if _WHOLE.fullmatch(text) else _float(text)


def _loses_digits(text: str) -> bool:
    """Say whether a number written without an exponent is another one as a float, or larger than an int may be."""
    if not _PLAIN.fullmatch(text) or math.isinf(float(text)):
        return False
    if _WHOLE.fullmatch(text):
        return not LEAST_INT <= Decimal(text) <= MOST_INT
    return Decimal(repr(float(text))) != Decimal(text)


def _boolean(entry: str, _: Field) -> bool:
    if entry not in ("true", "false"):
        raise Wrong(CHOOSE)
    return entry == "true"


def _choice(entry: str, field: Field) -> Json:
    chosen = {str(index): choice for index, choice in enumerate(field.choices)}
    if entry not in chosen:
        raise Wrong(CHOOSE)
    return chosen[entry]


def _choices(entry: str, field: Field) -> list[Json]:
    return [_choice(each, field) for each in dict.fromkeys(entry.split(","))]


def _lines(entry: str, field: Field) -> list[Json]:
    lines = [line.strip() for line in _with_plain_breaks(entry).split("\n") if line.strip()]
    return [_line(line, field, number=number) for number, line in enumerate(lines, 1)]


def _line(line: str, field: Field, *, number: int) -> Json:
    if field.items is FieldKind.BOOLEAN and line not in ("true", "false"):
        raise Wrong(f"Item {number}: {TRUE_OR_FALSE}")
    parse = _PARSERS[field.items] if field.items in {*_NUMBERS, FieldKind.BOOLEAN} else _text
    try:
        return parse(line, field)
    except Wrong as exc:
        raise Wrong(f"Item {number}: {exc}") from exc


def _json(entry: str, _: Field) -> Json:
    try:
        return json.loads(
            entry,
            object_pairs_hook=_without_repeats,
            parse_int=_int,
            parse_float=_float,
            parse_constant=_not_json,
        )
    except json.JSONDecodeError as exc:
        raise Wrong(_not_parsed(entry, exc)) from exc
    except RecursionError as exc:
        raise Wrong(TOO_DEEP) from exc


def _not_parsed(entry: str, error: json.JSONDecodeError) -> str:
    """Say what to do about a text that is no JSON: quote it if it is meant as one, else where it goes wrong."""
    text = entry.strip()
    if text[:1] in ("{", "[", '"'):
        where = f"at line {error.lineno}, column {error.colno}"
        return f"This is not valid JSON: {error.msg[:1].lower()}{error.msg[1:]} {where}."
    sample = text if len(text) <= SAMPLE_CHARS and "\n" not in text else "like this"
    return f"Put text in double quotes: {json.dumps(sample, ensure_ascii=False)}"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Json]:
    counts = Counter(key for key, _ in pairs)
    for key, count in counts.items():
        if count > 1:
            raise Wrong(f"This is not valid JSON: “{key}” is there more than once.")
    return dict(pairs)


def _not_json(name: str) -> Json:
    raise Wrong(f"This is not valid JSON: {name} is not a number.")


def _int(text: str) -> int:
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > len(str(MOST_INT)) or not LEAST_INT <= int(text) <= MOST_INT:
        raise Wrong(TOO_LARGE)
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Wrong(TOO_LARGE)
    return value


def _check_storable(value: Json) -> None:
    if sentence := unstorable(value):
        raise Wrong(sentence)


_PARSERS: dict[FieldKind, Callable[[str, Field], Json]] = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.INTEGER: _whole_number,
    FieldKind.NUMBER: _number,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.CHOICE: _choice,
    FieldKind.CHOICES: _choices,
    FieldKind.LINES: _lines,
    FieldKind.DATE: _trimmed,
    FieldKind.TIME: _time,
    FieldKind.DATE_TIME: _trimmed,
    FieldKind.EMAIL: _trimmed,
    FieldKind.URL: _trimmed,
    FieldKind.USER: _trimmed,
    FieldKind.CHANNEL: _trimmed,
    FieldKind.JSON: _json,
}
