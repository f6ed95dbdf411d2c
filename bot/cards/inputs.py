"""A form as the inputs of a modal, each filled in so that what comes back unchanged is the same value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.blocks import (
    CHECKBOXES,
    CHOSEN,
    INPUT_CHARS,
    OPTIONS,
    RADIO_OPTIONS,
    VIEW_BLOCKS,
    VIEW_BYTES,
    Block,
    Element,
    channel_select,
    checkboxes,
    date_input,
    divider,
    email_input,
    field_input,
    header,
    moment_input,
    multi_select,
    number_input,
    radio,
    select,
    text_input,
    time_input,
    url_input,
    user_select,
    view_bytes,
)
from bot.cards.values import text_of
from bot.inert import has_invisible
from bot.payloads import block_id_of
from engine import Field, FieldKind, Form, active_fields, entries

FRAME_BLOCKS: Final = 8
"""Blocks of a form beside its inputs and their headings, at most."""
FRAME_BYTES: Final = 40_000
"""What they and the private metadata take, at most."""
ROOM_BYTES: Final = VIEW_BYTES - FRAME_BYTES
HEADING_BYTES: Final = 2_000
"""What the heading of a section takes, at most."""
SINGLE_LINE_CHARS: Final = 150
EARLIEST, FIRST_MOMENT, LATEST = 1900, 2002, 2199
"""Years that a calendar, and one with a clock, is trusted with. Other dates are typed. Ours, as Slack documents
none, save that a moment is a number of ten digits (slackblocks 3.0.0), which begin in 2001."""

_INTEGER: Final = re.compile(r"-?\d{1,15}")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00Z")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL: Final = re.compile(r"https?://\S+")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,30}")
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,30}")
_BOOLEANS: Final = (("Yes", "true"), ("No", "false"))
_TYPED_HINTS: Final = {
    FieldKind.DATE: "A date such as 2026-01-31.",
    FieldKind.TIME: "A time such as 09:30.",
    FieldKind.DATE_TIME: "A date and time such as 2026-01-31T09:30:00Z.",
    FieldKind.EMAIL: "An e-mail address.",
    FieldKind.URL: "A web address such as https://example.com.",
    FieldKind.USER: "The id of a person, such as U012AB3CD.",
    FieldKind.CHANNEL: "The id of a channel, such as C012AB3CD.",
}

Entries = Mapping[str, str | None]


@dataclass(frozen=True)
class Inputs:
    """The inputs of one modal with their headings, the names of their fields, and of those Slack cannot show."""

    blocks: tuple[Block, ...]
    names: tuple[str, ...]
    left_out: tuple[str, ...]


def inputs(form: Form, *, filled: Entries | None = None, asked: Collection[str] = ()) -> Inputs:
    """Make an input for each field that counts and was not asked yet, in order, as many as one view holds.

    `filled` is what the fields hold (by default the form's initial values), `asked` names those to pass over.
    Left out are fields whose value Slack would not give back as it is (longer than 3 000 characters, or with
    invisible characters), and choices that are too many or too large for a view. They keep their value: whoever
    reads the form takes `entries(form)` for them.
    """
    filled = entries(form) if filled is None else filled
    room = _Room()
    left_out: list[str] = []
    for field in active_fields(form, filled):
        if field.name in asked:
            continue
        block = _input(form, field, filled) if _fits_an_input(field, filled.get(field.name)) else None
        if block is None or _size(block) > ROOM_BYTES - HEADING_BYTES:
            left_out.append(field.name)
        elif not room.is_full:
            room.add(field, block)
    return Inputs(blocks=tuple(room.blocks), names=tuple(room.names), left_out=tuple(left_out))


class _Room:
    """What a view has room for; once something did not fit, nothing after it is added."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.names: list[str] = []
        self.is_full = False
        self._bytes = 0
        self._section = ""

    def add(self, field: Field, block: Block) -> None:
        """Add a field's input, below a heading where its section begins."""
        heading = [] if field.section == self._section else [_heading(field.section)]
        size = sum(map(_size, (*heading, block)))
        count = len(self.blocks) + len(heading) + 1
        self.is_full = self._bytes + size > ROOM_BYTES or count > VIEW_BLOCKS - FRAME_BLOCKS
        if not self.is_full:
            self.blocks += [*heading, block]
            self.names.append(field.name)
            self._bytes += size
            self._section = field.section


def _size(block: Block) -> int:
    return view_bytes(block) + 2  # the comma and the space after it


def _heading(section: str) -> Block:
    return header(section) if section else divider()


def _fits_an_input(field: Field, entry: str | None) -> bool:
    if (
        field.kind in (FieldKind.CHOICE, FieldKind.CHOICES)
        and not 0 < len(field.choices) <= OPTIONS * OPTIONS
    ):
        return False
    if field.kind is FieldKind.CHOICES and len((entry or "").split(",")) > CHOSEN:
        return False
    return entry is None or (len(entry) <= INPUT_CHARS and not has_invisible(entry))


def _input(form: Form, field: Field, filled: Entries) -> Block:
    element = _element(field, filled.get(field.name))
    is_typed = element["type"] == "plain_text_input"
    hints = [field.hint, _TYPED_HINTS.get(field.kind, "") if is_typed else ""]
    return field_input(
        block_id=block_id_of(form, field.name),
        label=field.label or field.name,
        element=element,
        optional=not field.required,
        hint=" ".join(filter(None, hints)),
    )


def _element(field: Field, entry: str | None) -> Element:
    """Choose the element that gives the entry back as it is; what no other one holds is text."""
    match field.kind:
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return _number(field, entry)
        case FieldKind.BOOLEAN:
            pick = radio if field.required else select  # a radio button cannot be taken back
            return pick(_BOOLEANS, initial=entry)
        case FieldKind.CHOICE:
            pairs = _choices(field)
            pick = radio if field.required and len(pairs) <= RADIO_OPTIONS else select
            return pick(pairs, initial=entry)
        case FieldKind.CHOICES:
            pairs = _choices(field)
            tick = checkboxes if len(pairs) <= CHECKBOXES else multi_select
            return tick(pairs, initial=entry.split(",") if entry else ())
        case FieldKind.TEXT | FieldKind.LONG_TEXT:
            return _text(field, entry)
        case FieldKind.JSON | FieldKind.LINES:
            return text_input(initial=entry, multiline=True)
        case _:
            return _picker(field.kind, entry) or _text(field, entry)


def _text(field: Field, entry: str | None) -> Element:
    """A single line would drop the line breaks of its value."""
    is_long = (
        field.kind is FieldKind.LONG_TEXT or "\n" in (entry or "") or len(entry or "") > SINGLE_LINE_CHARS
    )
    return text_input(initial=entry, multiline=is_long, min_chars=field.min_chars, max_chars=field.max_chars)


def _number(field: Field, entry: str | None) -> Element:
    has_decimals = field.kind is FieldKind.NUMBER
    spelling = _NUMBER if has_decimals else _INTEGER
    if entry and not spelling.fullmatch(entry):
        return text_input(initial=entry)  # Slack takes no 1e30 and no number of 20 digits
    least, most = (_bound(bound, spelling) for bound in (field.minimum, field.maximum))
    is_inside = not entry or (
        float(least or entry) <= float(entry) <= float(most or entry)
    )  # Slack refuses a form that starts outside its own bounds
    is_range = least is None or most is None or float(least) <= float(most)
    bounds = (least, most) if is_inside and is_range else (None, None)
    return number_input(initial=entry, decimals=has_decimals, least=bounds[0], most=bounds[1])


def _bound(bound: float | int | None, spelling: re.Pattern[str]) -> str | None:
    """Write a bound as Slack takes numbers; None: it cannot be written so."""
    text = "" if bound is None else str(int(bound)) if bound == int(bound) else repr(bound)
    return text if spelling.fullmatch(text) else None


def _picker(kind: FieldKind, entry: str | None) -> Element | None:
    """Make the input that Slack has for this kind; None: it could not hold the entry."""
    match kind:
        case FieldKind.DATE if not entry or (_DATE.fullmatch(entry) and _is_reached(entry)):
            return date_input(initial=entry)
        case FieldKind.TIME if not entry or _TIME.fullmatch(entry):
            return time_input(initial=entry)
        case FieldKind.DATE_TIME if not entry or (_MOMENT.fullmatch(entry) and _is_reached(entry)):
            return moment_input(initial=int(datetime.fromisoformat(entry).timestamp()) if entry else None)
        case FieldKind.EMAIL if not entry or _EMAIL.fullmatch(entry):
            return email_input(initial=entry)
        case FieldKind.URL if not entry or _URL.fullmatch(entry):
            return url_input(initial=entry)
        case FieldKind.USER if not entry or _USER.fullmatch(entry):
            return user_select(initial=entry)
        case FieldKind.CHANNEL if not entry or _CHANNEL.fullmatch(entry):
            return channel_select(initial=entry)
    return None


def _is_reached(entry: str) -> bool:
    """Say whether a calendar can show a day or a moment."""
    try:
        year = datetime.fromisoformat(entry).year
    except ValueError:
        return False
    return (EARLIEST if len(entry) == len("2026-01-31") else FIRST_MOMENT) <= year <= LATEST


def _choices(field: Field) -> list[tuple[str, str]]:
    labels = [
        choice if isinstance(choice, str) and choice.strip() else text_of(choice) for choice in field.choices
    ]
    if len({label[:70] for label in labels}) < len(labels):
        labels = [f"{at}. {label}" for at, label in enumerate(labels, 1)]
    return [(label, str(at)) for at, label in enumerate(labels)]
