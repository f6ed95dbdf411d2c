"""What is wrong with one value, in words for people who are not engineers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError, best_match

from engine.decisions import Json
from engine.forms.schemas import CHANNEL_FORMAT, USER_FORMAT, validator

NEEDED = "This is needed."
CHOOSE = "Choose one of the options."
WHOLE_NUMBER = "Enter a whole number."
NUMBER = "Enter a number such as 1234.5, with a point and without other signs."
TRUE_OR_FALSE = "Enter true or false."
AMBIGUOUS = "This fits more than one of the options, so it is not clear which one is meant."

_ODD = "This does not have the expected form."
_TYPES = {
    "array": "Enter a list in square brackets.",
    "boolean": TRUE_OR_FALSE,
    "integer": WHOLE_NUMBER,
    "null": "Leave this empty.",
    "number": NUMBER,
    "object": "Enter an object in curly brackets.",
    "string": "Enter a text.",
}
_FORMATS = {
    "date": "Enter a date such as 2026-01-31.",
    "date-time": "Enter a date and time such as 2026-01-31T09:30:00Z.",
    "duration": "Enter a duration such as PT2H or P1DT30M.",
    "email": "Enter an e-mail address.",
    "time": "Enter a time such as 09:30.",
    "uri": "Enter a web address such as https://example.com.",
    "url": "Enter a web address such as https://example.com.",
    "uuid": "Enter an id such as 123e4567-e89b-12d3-a456-426614174000.",
    CHANNEL_FORMAT: "Choose a channel.",
    USER_FORMAT: "Choose a person.",
}


def sentence_of(error: ValidationError, *, depth: int, has_items: bool = False) -> str:
    """Say what is wrong. `depth` counts the keys that lead to the field; what lies deeper is named.

    `has_items`: the field is no JSON but a list, whose items people count from 1.
    """
    inner = best_match([error]) or error
    say = _SENTENCES.get(str(inner.validator))
    text = say(inner.validator_value, inner.instance) if say else f"This does not fit: {inner.message[:200]}."
    path = list(inner.absolute_path)[depth:]
    if has_items and path:
        return f"Item {int(path[0]) + 1}: {text}"
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return f"At {where.lstrip('.')}: {text}" if where else text


def misfit(value: Json, schema: Json) -> str | None:
    """Say in one sentence why a value does not fit a JSON Schema; None: it does."""
    error = best_match(validator(schema).iter_errors(value))
    return None if error is None else sentence_of(error, depth=0)


def _type(expected: Any, _: Json) -> str:
    return _TYPES.get(expected if isinstance(expected, str) else "", "This has the wrong type.")


def _missing(expected: Any, value: Json) -> str:
    names = [name for name in expected if name not in value]
    return f"{', '.join(names)} is missing."


def _number(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _count(bound: int, *, noun: str) -> str:
    return f"{bound} {noun}" if bound == 1 else f"{bound} {noun}s"


_SENTENCES: Mapping[str, Callable[[Any, Json], str]] = {
    "type": _type,
    "required": _missing,
    "enum": lambda *_: CHOOSE,
    "const": lambda *_: CHOOSE,
    "minimum": lambda bound, _: f"Enter a number that is at least {_number(bound)}.",
    "maximum": lambda bound, _: f"Enter a number that is at most {_number(bound)}.",
    "exclusiveMinimum": lambda bound, _: f"Enter a number that is more than {_number(bound)}.",
    "exclusiveMaximum": lambda bound, _: f"Enter a number that is less than {_number(bound)}.",
    "multipleOf": lambda step, _: f"Enter a multiple of {_number(step)}.",
    "minLength": lambda bound, _: f"Enter at least {_count(bound, noun='character')}.",
    "maxLength": lambda bound, _: f"Enter at most {_count(bound, noun='character')}.",
    "minItems": lambda bound, _: f"List at least {_count(bound, noun='item')}.",
    "maxItems": lambda bound, _: f"List at most {_count(bound, noun='item')}.",
    "minProperties": lambda *_: "More of this has to be filled in.",
    "maxProperties": lambda *_: "Less of this may be filled in.",
    "anyOf": lambda *_: "This is none of the values that can stand here.",
    "oneOf": lambda *_: "This is none of the values that can stand here.",
    "additionalProperties": lambda *_: "There is a name in this that is not expected.",
    "uniqueItems": lambda *_: "List each item only once.",
    "pattern": lambda *_: _ODD,
    "format": lambda name, _: _FORMATS.get(name, _ODD),
}
