"""Reads a form back: the text that people entered -> values of the right type."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import InvalidInput, UnaskableValue
from engine.forms.complaints import CHOOSE, NEEDED, NUMBER, WHOLE_NUMBER, complaints
from engine.forms.fields import MISSING, TEXTUAL, Field, FieldKind, Form, Missing
from engine.forms.schemas import same

LEAST_INT, MOST_INT = -(2**63), 2**64 - 1
"""What MessagePack holds, in which LangGraph stores checkpoints
(https://github.com/msgpack/msgpack/blob/master/spec.md#int-format-family)."""

TOO_LARGE = "This number is too large to be stored."
TOO_DEEP = "This is nested too deeply."
UNSTORABLE = "This contains a character that cannot be stored."

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


class _Wrong(Exception):
    """Carries the sentence for one field."""


def entries(form: Form) -> dict[str, str | None]:
    """Write the initial values as people would enter them: what `read_form` turns back into the same values.

    Text and numbers as typed, BOOLEAN as "true" or "false", CHOICE as the index of the choice, JSON indented.
    None: the field is empty.
    """
    return {field.name: _prefilled(field) for field in form.fields}


def read_form(form: Form, entries: Mapping[str, str | None]) -> dict[str, Json]:
    r"""Turn what people entered into the values of an object that `form.schema` accepts.

    `entries` maps field names to raw text in the shape of `entries()`; names that are no fields are ignored.
    An entry as it was prefilled (apart from \r\n against \n) gives the initial value itself. Blank is empty.
    An empty field that is not required gives None if it may be null and held a value or has to be there, an
    empty text if a text was cleared, else nothing. A NUMBER gives an int if it was written as one, else a
    float: JSON Schema, and pydantic's `float`, accept both.

    Raises:
        InvalidInput: with one sentence for every field that is wrong.
    """
    values: dict[str, Json] = {}
    wrong: dict[str, str] = {}
    for field in form.fields:
        try:
            value = _value(field, entries.get(field.name), form=form)
        except _Wrong as exc:
            wrong[field.name] = str(exc)
        else:
            values |= {} if value is MISSING else {field.name: value}
    names = [field.name for field in form.fields]
    for name, sentence in complaints(values, schema=form.schema).items():
        wrong.setdefault(name if name in names else next(iter(names), name), sentence)
    if wrong:
        raise InvalidInput({name: wrong[name] for name in [*names, *wrong] if name in wrong})
    return values


def _prefilled(field: Field) -> str | None:
    value = field.initial
    if value is MISSING or value is None:
        return None
    if field.kind is FieldKind.CHOICE:
        return next((str(index) for index, choice in enumerate(field.choices) if same(choice, value)), None)
    if isinstance(value, str) and field.kind is not FieldKind.JSON:
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _value(field: Field, entry: str | None, *, form: Form) -> Json | Literal[Missing.MISSING]:
    is_empty = entry is None or not entry.strip()
    prefilled = _prefilled(field)
    if is_empty and field.required and not (entry and _is_same_text(entry, prefilled)):
        raise _Wrong(NEEDED)
    if field.initial is not MISSING and _is_same_text(entry or "", prefilled or ""):
        return field.initial
    if entry is None or is_empty:
        return _cleared(field, form=form)
    value = _PARSERS[field.kind](entry, field)
    _check_storable(value)
    return value


def _is_same_text(entry: str, prefilled: str | None) -> bool:
    return prefilled is not None and _with_plain_breaks(entry) == _with_plain_breaks(prefilled)


def _with_plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cleared(field: Field, *, form: Form) -> Json | Literal[Missing.MISSING]:
    if field.nullable and (field.initial is not MISSING or field.name in form.schema.get("required", ())):
        return None
    if field.kind in TEXTUAL and field.initial is not MISSING:
        return ""
    return MISSING


def _text(entry: str, _: Field) -> str:
    return entry


def _whole_number(entry: str, _: Field) -> int:
    text = entry.strip()
    if not _WHOLE.fullmatch(text):
        raise _Wrong(WHOLE_NUMBER)
    return _int(text)


def _number(entry: str, _: Field) -> int | float:
    text = entry.strip()
    if not _DECIMAL.fullmatch(text):
        raise _Wrong(NUMBER)
    return _int(text) if _WHOLE.fullmatch(text) else _float(text)


def _boolean(entry: str, _: Field) -> bool:
    if entry not in ("true", "false"):
        raise _Wrong(CHOOSE)
    return entry == "true"


def _choice(entry: str, field: Field) -> Json:
    chosen = {str(index): choice for index, choice in enumerate(field.choices)}
    if entry not in chosen:
        raise _Wrong(CHOOSE)
    return chosen[entry]


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
        where = f"at line {exc.lineno}, column {exc.colno}"
        raise _Wrong(f"This is not valid JSON: {exc.msg[:1].lower()}{exc.msg[1:]} {where}.") from exc
    except RecursionError as exc:
        raise _Wrong(TOO_DEEP) from exc


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Json]:
    counts = Counter(key for key, _ in pairs)
    for key, count in counts.items():
        if count > 1:
            raise _Wrong(f"This is not valid JSON: “{key}” is there more than once.")
    return dict(pairs)


def _not_json(name: str) -> Json:
    raise _Wrong(f"This is not valid JSON: {name} is not a number.")


def _int(text: str) -> int:
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > len(str(MOST_INT)) or not LEAST_INT <= int(text) <= MOST_INT:
        raise _Wrong(TOO_LARGE)
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Wrong(TOO_LARGE)
    return value


def _check_storable(value: Json) -> None:
    """Refuse what a question could not show, and lone surrogates, which checkpointers silently replace."""
    try:
        canonical(value)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise _Wrong(UNSTORABLE) from exc
    except UnaskableValue as exc:
        raise _Wrong(TOO_DEEP) from exc


_PARSERS = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.INTEGER: _whole_number,
    FieldKind.NUMBER: _number,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.CHOICE: _choice,
    FieldKind.JSON: _json,
}
