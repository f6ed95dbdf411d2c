"""What a form started with, and what an edit made of it, leaf by leaf."""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Json
from engine.forms.fields import MISSING, Branches, Fixed, Form, Group, Leaf, Maybe, Part
from engine.forms.schemas import same, validator


def initial_values(form: Form) -> Json:
    """Return what the form started with, as `read_form` gives it for untouched entries; {} if that is nothing."""
    initial = _initial(form.root, {field.name: field.initial for field in form.fields})
    return {} if initial is MISSING else initial


def form_keys(form: Form) -> frozenset[str]:
    """Return the keys of the object that the form makes; none for a form that makes one of several shapes."""
    return frozenset(form.root.parts) if isinstance(form.root, Group) else frozenset()


def changed_values(form: Form, values: Mapping[str, Json]) -> dict[str, Json]:
    """Pick the form's own top-level keys whose value differs, in value or type, from what it started with."""
    before = initial_values(form)
    return {
        key: value
        for key, value in values.items()
        if key in form_keys(form) and not (key in before and same(before[key], value))
    }


def changed_fields(form: Form, values: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    """Compare values with what the form started with: two objects (before, after) by field name.

    They hold only what differs in value or type; a name that is in one of them only had, or has, no value there.
    Of one of several shapes the field that chooses it is named with the label of the shape. An object that came
    or went without any of its fields is named by itself.
    """
    comparison = _Comparison(form)
    comparison.compare(form.root, initial_values(form), values)
    return comparison.before, comparison.after


class _Comparison:
    """Walks two values of one form side by side."""

    def __init__(self, form: Form) -> None:
        self._fields = {field.name: field for field in form.fields}
        self.before: dict[str, Json] = {}
        self.after: dict[str, Json] = {}

    def compare(self, part: Part, before: Maybe, after: Maybe) -> None:
        """Note what differs between two values of a part."""
        if _is_same(before, after):
            return
        match part:
            case Leaf():
                self._note(part.name, before, after)
            case Group():
                self._compare_groups(part, before, after)
            case Branches():
                self._compare_branches(part, before, after)

    def _compare_groups(self, group: Group, before: Maybe, after: Maybe) -> None:
        noted = len(self.before) + len(self.after)
        for key, part in group.parts.items():
            self.compare(part, _at(before, key), _at(after, key))
        if noted == len(self.before) + len(self.after):
            self._note(group.name, before, after)

    def _compare_branches(self, branches: Branches, before: Maybe, after: Maybe) -> None:
        old, new = branch_of(branches, before), branch_of(branches, after)
        if old == new and old is not None:
            self.compare(branches.parts[old], before, after)
            return
        choices = self._fields[branches.name].choices
        labels = [MISSING if index is None else choices[index] for index in (old, new)]
        self._note(branches.name, *labels)
        if old is not None:
            self.compare(branches.parts[old], before, MISSING)
        if new is not None:
            self.compare(branches.parts[new], MISSING, after)

    def _note(self, name: str, before: Maybe, after: Maybe) -> None:
        if before is not MISSING:
            self.before[name] = before
        if after is not MISSING:
            self.after[name] = after


def branch_of(branches: Branches, value: Maybe) -> int | None:
    """Find the shape that a value has; None: it has none of them."""
    if value is MISSING or value is None:
        return None
    fitting = (at for at, schema in enumerate(branches.schemas) if validator(schema).is_valid(value))
    return next(fitting, None)


def _initial(part: Part, initial: Mapping[str, Maybe]) -> Maybe:
    match part:
        case Fixed():
            return part.value
        case Leaf():
            return initial.get(part.name, MISSING)
        case Group() if part.initial is MISSING and part.needed:
            held = {key: _initial(inner, initial) for key, inner in part.parts.items()}
            return {key: value for key, value in held.items() if value is not MISSING}
        case Group() | Branches():
            return part.initial


def _at(value: Maybe, key: str) -> Maybe:
    return value.get(key, MISSING) if isinstance(value, Mapping) else MISSING


def _is_same(left: Maybe, right: Maybe) -> bool:
    if left is MISSING or right is MISSING:
        return left is right
    return same(left, right)
