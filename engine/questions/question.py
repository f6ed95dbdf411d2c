"""What every dialect shares: the question and its options, and how a workflow may want its answers otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from engine.columns import canonical_json
from engine.decisions import Answer, Json, Verdict
from engine.forms import MISSING, Form, Missing, changed_fields, changed_values, form_from_values


class ReasonWanted(StrEnum):
    """Whether a free text goes with an option."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class Option:
    """One way to answer a question: a button of its own.

    `name` is unique within its question: "approve", "reject", "edit", or the graph's own word, which may be any
    text. `label` is what stands on the button, of which 75 characters are shown. `verdict` is what the option counts
    as in the audit trail and for policy. `form` is what has to be filled in; None: nothing. `can_stay`: an edit that
    changes nothing is an answer too: the graph wants the word itself, or nothing else lets it go on unchanged.
    """

    name: str
    label: str
    verdict: Verdict
    form: Form | None = None
    reason: ReasonWanted = ReasonWanted.NONE
    can_stay: bool = False

    def is_typed(self, reason: str) -> bool:
        """Say whether this answer, given with a reason or an empty one, holds what a person filled in."""
        return self.form is not None or bool(reason.strip())


@dataclass(frozen=True)
class Part:
    """One of several things that a question asks about, such as one tool call of a batch."""

    title: str
    note: str
    value: Json


Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in a JSON value: keys of objects, and places in lists from 0."""


@dataclass(frozen=True)
class Question:
    """What a graph asks.

    `text` is one line of plain text, at most 300 characters. `shown` is the value in full; `parts`, where there are
    any, show the same piece by piece. `schema` is the JSON Schema that the answer has to fit; None: the dialect alone
    knows. `protocol` are the paths in `shown` of what the text, the options and the parts say already, so that
    nobody has to read it again; it is part of what is decided all the same.
    """

    dialect: str
    text: str
    shown: Json
    options: tuple[Option, ...]
    parts: tuple[Part, ...] = ()
    schema: Json | None = None
    protocol: frozenset[Path] = frozenset()

    def option(self, name: str) -> Option | None:
        """Return the option of this name; None: there is none."""
        return next((option for option in self.options if option.name == name), None)

    @property
    def form(self) -> Form | None:
        """What an edit may change; None: nothing can be edited."""
        return next((option.form for option in self.options if option.verdict is Verdict.EDIT), None)


@dataclass(frozen=True)
class Asked:
    """A value that a graph gave to `interrupt()`, as plain JSON, with what can be known about it.

    `state` holds only keys that an edit may change; `state_schema` is the JSON Schema of the state object, `schema`
    the one that the answer has to fit (None: any).
    """

    value: Json
    state: Mapping[str, Json] = field(default_factory=dict)
    state_schema: Json = field(default_factory=dict)
    schema: Json | None = None


@dataclass(frozen=True)
class AnswerMapping:
    """How a workflow wants its answers, where the dialect's own do not fit.

    In a text of `approve` and `reject`, `$reason` stands for the reason; a text that is exactly `$edits` stands
    for the object of all form values. `edit` says where edited values go: into the state ("update", with the
    value of `approve` as the answer) or into the answer ("resume": `approve` if it holds `$edits`, else the
    object itself). MISSING and None: as the dialect does it.
    """

    approve: Json | Literal[Missing.MISSING] = MISSING
    reject: Json | Literal[Missing.MISSING] = MISSING
    edit: Literal["update", "resume"] | None = None


class Refuses(Protocol):
    """Says in one sentence why a value is no possible answer to a question; None: it is one."""

    def __call__(self, question: Question, value: Json) -> str | None: ...


class Answers(Protocol):
    """Makes the answer that the graph expects. `values` are those of the option's form."""

    def __call__(
        self, question: Question, *, option: Option, reason: str, values: Mapping[str, Json]
    ) -> Answer: ...


class Tells(Protocol):
    """Says what an answer holds, before and after, by the names under which people read it."""

    def __call__(
        self, question: Question, *, option: Option, values: Mapping[str, Json]
    ) -> tuple[dict[str, Json], dict[str, Json]]: ...


@dataclass(frozen=True)
class Dialect:
    """One way to ask: `recognises` a value by its exact shape, `read` it, `answer` it. All of them are pure.

    `fits` says what can be read when a workflow names the dialect itself (None: what is recognised). `is_protocol`:
    the answer's shape is fixed by who asks, so a workflow cannot want another. `tells` says what people read of an
    answer (None: the fields of the form, see `told_fields`).
    """

    name: str
    recognises: Callable[[Asked], bool]
    read: Callable[[Asked], Question]
    answer: Answers
    refuses: Refuses
    fits: Callable[[Asked], bool] | None = None
    is_protocol: bool = False
    tells: Tells | None = None

    def can_read(self, asked: Asked) -> bool:
        """Say whether a value that is said to be of this dialect can be read as such."""
        return (self.fits or self.recognises)(asked)


APPROVE = Option("approve", "Approve", Verdict.APPROVE)
REJECT = Option("reject", "Reject", Verdict.REJECT, reason=ReasonWanted.REQUIRED)


def edit_of(form: Form | None, *, label: str = "Edit") -> tuple[Option, ...]:
    """Make the option to edit; none where there is nothing to edit."""
    if form is None or not form.fields:
        return ()
    return (Option("edit", label, Verdict.EDIT, form=form),)


def edit_of_call(form: Form | None, *, is_approvable: bool) -> tuple[Option, ...]:
    """Make the option to edit the arguments of a call; none where there is nothing to edit.

    Where the call cannot be approved, only an edit lets it go on, so it may leave everything as it is.
    """
    if is_approvable:
        return edit_of(form)
    made = edit_of(form) or (Option("edit", "Run unchanged", Verdict.EDIT),)
    return tuple(replace(option, can_stay=True) for option in made)


def state_form(asked: Asked) -> Form | None:
    """Make a form of the keys of a payload that are also keys of the state with an equal value.

    None: there are no such keys, so an edit could reach nothing.
    """
    value, state = asked.value, asked.state
    if not isinstance(value, dict):
        return None
    held = {
        key: value[key]
        for key in value
        if key in state and canonical_json(value[key]) == canonical_json(state[key])
    }
    return form_from_values(held, schema=asked.state_schema) if held else None


def update_of(option: Option, values: Mapping[str, Json]) -> dict[str, Json] | None:
    """Pick the values of an edit that belong to its form and differ from what was shown. None: there are none."""
    if option.verdict is not Verdict.EDIT or option.form is None:
        return None
    return changed_values(option.form, values) or None


def told_fields(option: Option, values: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Say what was entered, field by field: what it was before and after, or the value alone of what was not there.

    Of an edit that is what differs; of any other answer also what was left as it was, since that is the answer.
    """
    if option.form is None:
        return {}, dict(values)
    before, after = changed_fields(option.form, values)
    if option.verdict is Verdict.EDIT:
        return before, after
    changed = {*before, *after}
    told = changed | {each.path[0] for each in option.form.fields if each.name in changed and each.path}
    return before, {**{key: value for key, value in values.items() if key not in told}, **after}
