"""Assent's own `approval()`: any question, bound by its digest; takes an answer that carries the same digest.

What is asked inside is read and answered by the dialect that it would have without the digest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.decisions import Answer, Json, Verdict
from engine.gate import asked_with, is_answer, is_asked_with
from engine.questions.question import Asked, Dialect, Option, Question, told_fields

NAME = "approval"


def bound(inside: Callable[[Asked], Dialect]) -> Dialect:
    """Make the dialect; `inside` finds the dialect of what is asked inside."""

    def read(asked: Asked) -> Question:
        inner = replace(asked, value=asked.value["asked"], schema=asked.value["response_schema"])
        return replace(inside(inner).read(inner), dialect=NAME, schema=inner.schema)

    def of(question: Question) -> tuple[Dialect, Question]:
        dialect = inside(Asked(question.shown, schema=question.schema))
        return dialect, replace(question, dialect=dialect.name)

    def answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:
        dialect, inner = of(question)
        own = dialect.answer(inner, option=option, reason=reason, values=values)
        asked = asked_with(question.shown, schema=question.schema)
        resume = {
            "for": edited(asked, own.update or {})["digest"],
            "verdict": option.verdict.value,
            "option": option.name,
            "reason": reason,
            "answer": own.resume,
        }
        return Answer(resume=resume, update=own.update)

    def refuses(question: Question, value: Json) -> str | None:
        if not is_answer(value):
            return "This takes an answer to approval(), with the digest of what it is for."
        dialect, inner = of(question)
        option = question.option(value["option"])
        if option is None or option.verdict.value != value["verdict"]:
            return "The answer names no option of this question."
        is_bound = value["for"] == asked_with(question.shown, schema=question.schema)["digest"]
        if not is_bound and option.verdict is not Verdict.EDIT:
            return "The answer was given to another question: its digest is not the one of this."
        return dialect.refuses(inner, value["answer"])

    def tells(
        question: Question, *, option: Option, values: Mapping[str, Json]
    ) -> tuple[dict[str, Json], dict[str, Json]]:
        dialect, inner = of(question)
        if dialect.tells is None:
            return told_fields(option, values)
        return dialect.tells(inner, option=option, values=values)

    return Dialect(
        name=NAME,
        recognises=lambda asked: is_asked_with(asked.value),
        read=read,
        answer=answer,
        refuses=refuses,
        is_protocol=True,
        tells=tells,
    )


def shared(value: Json, state: Mapping[str, Json]) -> dict[str, Json]:
    """Return the values of a state whose keys a graph shows: no edit of what it asks can reach any other."""
    if is_asked_with(value):
        return shared(value["asked"], state)
    return {key: state[key] for key in value if key in state} if isinstance(value, dict) else {}


def edited(value: Json, update: Mapping[str, Json]) -> Json:
    """Return what a graph asks once `update` has reached its state: keys of the same name and value follow it."""
    if is_asked_with(value):
        return asked_with(edited(value["asked"], update), schema=value["response_schema"])
    if not isinstance(value, dict):
        return value
    return {key: update.get(key, old) for key, old in value.items()}
