"""What every dialect shares: the question as people see it, and how its answer may be told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from engine.canonical import canonical
from engine.decisions import Answer, Json, Verdict
from engine.forms import MISSING, Form, Missing, changed_values, form_from_values


@dataclass(frozen=True)
class Question:
    """What a graph asks.

    `text` is one line of plain text, at most 300 characters. `shown` is the value in full. `form` holds what
    an edit may change; None: nothing can be edited.
    """

    dialect: str
    text: str
    shown: Json
    form: Form | None


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


class Reads(Protocol):
    """Makes a question of a value (plain JSON) that the dialect recognises."""

    def __call__(self, value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Question: ...


class Answers(Protocol):
    """Makes the answer that the graph expects. `edits` are values of the question's form."""

    def __call__(
        self, question: Question, *, verdict: Verdict, reason: str, edits: Mapping[str, Json]
    ) -> Answer: ...


@dataclass(frozen=True)
class Dialect:
    """One way to ask: `recognises` a value by its exact shape, `read` it, `answer` it. All three are pure."""

    name: str
    recognises: Callable[[Json], bool]
    read: Reads
    answer: Answers


def state_form(value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Form | None:
    """Make a form of the keys of a payload that are also keys of the state with an equal value.

    None: there are no such keys, so an edit could reach nothing.
    """
    if not isinstance(value, dict):
        return None
    held = {
        key: value[key] for key in value if key in state and canonical(value[key]) == canonical(state[key])
    }
    return form_from_values(held, schema=state_schema) if held else None


def changed(question: Question, edits: Mapping[str, Json]) -> dict[str, Json] | None:
    """Pick the edits that belong to the question's form and differ from what was shown. None: there are none."""
    return (changed_values(question.form, edits) or None) if question.form else None
