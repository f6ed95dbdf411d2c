"""What is wrong with the value of a form, each complaint under the field that it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from jsonschema.exceptions import ValidationError

from engine.decisions import Json
from engine.forms.fields import LISTS, Branches, Form, Group, Leaf, Part
from engine.forms.schemas import validator
from engine.forms.sentences import AMBIGUOUS, NEEDED, sentence_of


class Complaint(NamedTuple):
    """One sentence for one field. `is_own`: about this field alone, not about the object that it begins."""

    name: str
    sentence: str
    is_own: bool = True


def complaints(value: Json, *, form: Form, chosen: Mapping[str, int]) -> Iterator[Complaint]:
    """Validate the value of a form. `chosen` says which branch is taken, by the name of the choosing field."""
    placing = _Placing(chosen, lists={each.name for each in form.fields if each.kind in LISTS})
    for error in validator(form.schema).iter_errors(value):
        yield from placing.place(error, form.root, list(error.absolute_path))


def names_in(part: Part) -> Iterator[str]:
    """Yield the names of the fields of a part, in their order."""
    match part:
        case Leaf():
            yield part.name
        case Group():
            for inner in part.parts.values():
                yield from names_in(inner)
        case Branches():
            yield part.name
            for inner in part.parts:
                yield from names_in(inner)


class _Placing:
    """Finds the field that an error of jsonschema is about."""

    def __init__(self, chosen: Mapping[str, int], *, lists: Collection[str]) -> None:
        self._chosen = chosen
        self._lists = lists

    def place(self, error: ValidationError, part: Part, path: Sequence[str | int]) -> Iterator[Complaint]:
        """Go from `part` along what is left of the error's path."""
        if (
            not path
            and error.context
            and error.validator in ("anyOf", "oneOf")
            and not isinstance(part, Leaf)
        ):
            yield from self._inside(error, part)
            return
        match part:
            case Leaf():
                depth = len(error.absolute_path) - len(path)
                said = sentence_of(error, depth=depth, has_items=part.name in self._lists)
                yield Complaint(part.name, said)
            case Branches() if part.name in self._chosen and not self._is_ambiguous(error, path):
                yield from self.place(error, part.parts[self._chosen[part.name]], path)
            case Branches():
                said = AMBIGUOUS if self._is_ambiguous(error, path) else NEEDED
                yield Complaint(part.name, said)
            case Group() if path and path[0] in part.parts:
                yield from self.place(error, part.parts[str(path[0])], path[1:])
            case _:
                yield from self._about_all(error, part, path)

    def _inside(self, error: ValidationError, part: Part) -> Iterator[Complaint]:
        """Place the errors of the one alternative that was meant."""
        found: dict[int, list[ValidationError]] = {}
        for inner in error.context or ():
            found.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
        solid = {number: errors for number, errors in found.items() if not _wants_null(errors)}
        meant = next(iter(solid.values()), [])
        if isinstance(part, Branches) and len(solid) > 1:
            if part.name not in self._chosen:
                yield Complaint(part.name, NEEDED)
                return
            at = self._chosen[part.name]
            meant, part = solid.get(part.numbers[at], []), part.parts[at]
        for inner in meant:
            yield from self.place(inner, part, list(inner.relative_path))

    def _about_all(
        self, error: ValidationError, part: Part, path: Sequence[str | int]
    ) -> Iterator[Complaint]:
        """Place an error of an object as a whole: what is missing under its field, the rest under the first."""
        if isinstance(part, Group) and error.validator == "required" and not path:
            required: Json = error.validator_value
            held: Json = error.instance
            missing = [name for name in required if name not in held]
            first = {
                name: next(names_in(part.parts[name]), None) if name in part.parts else None
                for name in missing
            }
            yield from (Complaint(name, NEEDED) for name in first.values() if name)
            if unnamed := [name for name, field in first.items() if field is None]:
                said = f"{', '.join(unnamed)} is missing."
                yield Complaint(next(names_in(part), ""), said, is_own=False)
            return
        depth = len(error.absolute_path) - len(path)
        name = next(names_in(part), "")
        yield Complaint(name, sentence_of(error, depth=depth), is_own=False)

    def _is_ambiguous(self, error: ValidationError, path: Sequence[str | int]) -> bool:
        return error.validator == "oneOf" and not error.context and not path


def _wants_null(errors: Sequence[ValidationError]) -> bool:
    return len(errors) == 1 and (errors[0].validator, errors[0].validator_value) == ("type", "null")
