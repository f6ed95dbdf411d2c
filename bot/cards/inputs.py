"""A form as the inputs of a modal, each filled in so that what comes back unchanged is the same value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.blocks import (
    INPUT_CHARS,
    OPTIONS,
    RADIO_OPTIONS,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Block,
    Element,
    field_input,
    number_input,
    radio,
    select,
    text_input,
    view_bytes,
)
from bot.cards.values import text_of
from bot.inert import has_invisible
from bot.payloads import block_id_of
from engine import Field, FieldKind, Form, entries

FRAME_BLOCKS: Final = 8
"""Blocks of a form beside its inputs, at most."""
FRAME_BYTES: Final = 20_000
"""What they and the private metadata take, at most."""
SINGLE_LINE_CHARS: Final = 150

_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_BOOLEANS: Final = (("Yes", "true"), ("No", "false"))


@dataclass(frozen=True)
class Inputs:
    """The inputs that Slack can show, and the names of the fields that it cannot."""

    blocks: tuple[Block, ...]
    left_out: tuple[str, ...]


def inputs(form: Form) -> Inputs:
    """Make one input per field, filled with its initial value.

    Left out are fields whose value Slack would not give back as it is (longer than 3 000 characters, or with
    invisible characters), choices of more than 10 000, and what is more than a view can hold. They keep their
    value: whoever reads the form takes `entries(form)` for them.
    """
    blocks: list[Block] = []
    left_out: list[str] = []
    filled = entries(form)
    room = VIEW_BYTES - FRAME_BYTES
    for field in form.fields:
        block = _input(form, field, filled) if _fits_an_input(field, filled.get(field.name)) else None
        size = 0 if block is None else view_bytes(block) + 2
        if block is None or size > room or len(blocks) == VIEW_BLOCKS - FRAME_BLOCKS:
            left_out.append(field.name)
        else:
            blocks.append(block)
            room -= size
    return Inputs(blocks=tuple(blocks), left_out=tuple(left_out))


def _fits_an_input(field: Field, initial: str | None) -> bool:
    if field.kind is FieldKind.CHOICE and not 0 < len(field.choices) <= OPTIONS * OPTIONS:
        return False
    return initial is None or (len(initial) <= INPUT_CHARS and not has_invisible(initial))


def _input(form: Form, field: Field, filled: Mapping[str, str | None]) -> Block:
    return field_input(
        block_id=block_id_of(form, field.name),
        label=field.label or field.name,
        element=_element(field, filled.get(field.name)),
        optional=not field.required,
        hint=field.hint,
    )


def _element(field: Field, initial: str | None) -> Element:
    match field.kind:
        case FieldKind.INTEGER | FieldKind.NUMBER:
            if initial and not _NUMBER.fullmatch(initial):
                return text_input(initial=initial)  # Slack takes no 1e30 and no number of 20 digits
            return number_input(initial=initial, decimals=field.kind is FieldKind.NUMBER)
        case FieldKind.BOOLEAN:
            pick = radio if field.required else select  # a radio button cannot be taken back
            return pick(_BOOLEANS, initial=initial)
        case FieldKind.CHOICE:
            pairs = _choices(field)
            pick = radio if field.required and len(pairs) <= RADIO_OPTIONS else select
            return pick(pairs, initial=initial)
        case FieldKind.TEXT | FieldKind.LONG_TEXT | FieldKind.JSON:
            return text_input(initial=initial, multiline=_is_multiline(field, initial or ""))


def _is_multiline(field: Field, initial: str) -> bool:
    """A single line would drop the line breaks of its value."""
    return field.kind is not FieldKind.TEXT or "\n" in initial or len(initial) > SINGLE_LINE_CHARS


def _choices(field: Field) -> list[tuple[str, str]]:
    labels = [
        choice if isinstance(choice, str) and choice.strip() else text_of(choice) for choice in field.choices
    ]
    if len({label[:70] for label in labels}) < len(labels):
        labels = [f"{at}. {label}" for at, label in enumerate(labels, 1)]
    return [(label, str(at)) for at, label in enumerate(labels)]
