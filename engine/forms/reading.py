r"""Reads a form back: the text that people entered -> a value that the form's schema accepts.

The raw text of each kind, as `entries` writes it and `read_form` takes it; None and blank text are empty:

TEXT, LONG_TEXT     as typed
EMAIL, URL          as typed
USER, CHANNEL       the id: "U012AB3CD", "C012AB3CD"
INTEGER, NUMBER     "12500", "-0.5", "1e+30"
BOOLEAN             "true" or "false"
CHOICE              the index of the choice: "0"
CHOICES             the indices, separated by commas: "0,2"
LINES               one item per line; numbers, true and false as in JSON
DATE                "2026-01-31"
TIME                "09:30", read as 09:30:00; one with seconds or an offset as it is
DATE_TIME           "2026-01-31T09:30:00Z": ISO 8601 in UTC; one with seconds, or without an offset, as it is
JSON                indented JSON

An initial value whose kind cannot show it so that it reads back the same (a list item with a line break, the
same choice twice) is a JSON field from the start.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.decisions import Json
from engine.errors import InvalidInput
from engine.forms.complaints import complaints, names_in
from engine.forms.fields import MISSING, Branches, Field, Fixed, Form, Group, Leaf, Maybe, Part
from engine.forms.raw import Wrong, is_as_prefilled, is_blank, prefilled, value_of

Entries = Mapping[str, str | None]


def entries(form: Form) -> dict[str, str | None]:
    """Write the initial values as people would enter them: what `read_form` turns back into the same values."""
    return {field.name: prefilled(field) for field in form.fields}


def active_fields(form: Form, entries: Entries) -> tuple[Field, ...]:
    """Return the fields that count: those of a branch only while it is the one that is chosen."""
    fields = {field.name: field for field in form.fields}

    def is_active(field: Field) -> bool:
        if field.when is None:
            return True
        name, index = field.when
        return name in fields and entries.get(name) == str(index) and is_active(fields[name])

    return tuple(field for field in form.fields if is_active(field))


def read_form(form: Form, entries: Entries) -> Json:
    r"""Turn what people entered into the value that `form.schema` accepts: an object, or the branch chosen.

    `entries` maps field names to raw text; names that are no fields, and fields of branches that are not
    chosen, are ignored. An entry as it was prefilled (apart from \r\n against \n) gives the initial value itself,
    and so does an object all of whose entries are. Blank is empty. An empty field that is not required gives
    None if it may be null and held a value or has to be there, an empty text or list if one was cleared, else
    nothing. An object that is not required gives None or nothing if all its fields are empty. A NUMBER gives an
    int if it was written as one, else a float: JSON Schema, and pydantic's `float`, accept both. One that may be a
    text too, as a Decimal may, gives the text as it was written where these would lose digits.

    Raises:
        InvalidInput: with one sentence for every field that is wrong.
    """
    reading = _Reading(form, entries)
    value = reading.value()
    if reading.wrong:
        order = [field.name for field in form.fields]
        raise InvalidInput({name: reading.wrong[name] for name in [*order, ""] if name in reading.wrong})
    return value


def check_entries(form: Form, entries: Entries, *, names: Collection[str]) -> None:
    """Check some fields by themselves while others are still to be asked.

    Raises:
        InvalidInput: with one sentence for each of `names` that is wrong.
    """
    reading = _Reading(form, entries)
    reading.value()
    if wrong := {name: reading.wrong[name] for name in names if name in reading.own}:
        raise InvalidInput(wrong)


class _Reading:
    """One reading of a form. `wrong` is by field name; `own` are the fields that are wrong by themselves."""

    def __init__(self, form: Form, entries: Entries) -> None:
        self._form = form
        self._fields = {field.name: field for field in form.fields}
        self._active = {field.name for field in active_fields(form, entries)}
        self._entries = {name: entries.get(name) for name in self._fields}
        self._chosen = {
            name: index
            for name in self._active
            for index in range(len(self._fields[name].choices))
            if self._entries[name] == str(index)
        }
        self.wrong: dict[str, str] = {}
        self.own: set[str] = set()

    def value(self) -> Json:
        """Read and validate; what is wrong is in `wrong` then, and the value of no use."""
        value = self._of(self._form.root)
        self.own = set(self.wrong)
        if value is MISSING:
            return {}
        for each in complaints(value, form=self._form, chosen=self._chosen):
            if each.is_own or not self._is_wrong_inside(each.name):
                name = each.name if each.name in self._fields else next(iter(self._fields), "")
                self.wrong.setdefault(name, each.sentence)
                self.own |= {name} if each.is_own else set()
        return value

    def _of(self, part: Part) -> Maybe:
        match part:
            case Fixed():
                return part.value
            case Leaf():
                return self._leaf(part)
            case Group():
                return self._group(part)
            case Branches():
                return self._branch(part)

    def _leaf(self, leaf: Leaf) -> Maybe:
        field = self._fields.get(leaf.name)
        if field is None:
            return MISSING
        try:
            return value_of(field, self._entries[leaf.name], leaf=leaf)
        except Wrong as exc:
            self.wrong[leaf.name] = str(exc)
            return MISSING

    def _group(self, group: Group) -> Maybe:
        if group.initial is not MISSING and self._is_left(group):
            return group.initial
        if not group.needed and self._is_blank(group):
            return group.empty
        made = dict(group.initial) if isinstance(group.initial, Mapping) else {}
        for key, part in group.parts.items():
            value = self._of(part)
            if value is MISSING:
                made.pop(key, None)
            else:
                made[key] = value
        return made

    def _branch(self, branches: Branches) -> Maybe:
        if branches.initial is not MISSING and self._is_left(branches):
            return branches.initial
        if self._leaf(Leaf(branches.name)) in (MISSING, None):
            return branches.empty
        return self._of(branches.parts[self._chosen[branches.name]])

    def _is_left(self, part: Part) -> bool:
        """Say whether every entry that counts is as it was prefilled."""
        fields = (self._fields[name] for name in names_in(part) if name in self._active)
        return all(is_as_prefilled(field, self._entries[field.name]) for field in fields)

    def _is_blank(self, part: Part) -> bool:
        return all(is_blank(self._entries[name]) for name in names_in(part) if name in self._active)

    def _is_wrong_inside(self, name: str) -> bool:
        """Say whether a field that stands for a whole object has something wrong in the same object."""
        path = self._fields[name].path[:-1] if name in self._fields else ()
        return any(
            self._fields[each].path[: len(path)] == path for each in self.wrong if each in self._fields
        )
