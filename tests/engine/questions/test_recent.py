"""A question is read once for equal JSON, and only for equal JSON."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.decisions import Json
from engine.errors import UnaskableValue
from engine.gate import asked_with
from engine.pictures import question_of
from engine.questions import Question, RecentQuestions, read_question
from engine.questions.recent import KEPT, KEPT_BYTES
from tests.engine.desk_driver import open_bench

Reads = list[Json]


def reading(value: Json, reads: Reads) -> Callable[[], Question]:
    """Return what reads a value, and notes that it has."""

    def read() -> Question:
        reads.append(value)
        return read_question(value, state={}, state_schema={})

    return read


def asked(recent: RecentQuestions, value: Json, reads: Reads) -> Question:
    """Ask for the question of a value."""
    return recent.question(value, reading(value, reads))


def test_equal_json_is_read_once() -> None:
    """A step reads each of its questions about ten times."""
    recent, reads = RecentQuestions(), Reads()
    first = asked(recent, {"amount": 12, "to": "Amy"}, reads)
    assert asked(recent, {"amount": 12, "to": "Amy"}, reads) is first
    assert len(reads) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 12.0, "to": "Amy"},
        {"amount": "12", "to": "Amy"},
        {"amount": True, "to": "Amy"},
        {"amount": 1, "to": "Amy"},
        {"to": "Amy", "amount": 12},
        {"amount": 12, "to": "Amy", "note": None},
    ],
)
def test_what_only_looks_alike_is_read_anew(other: Json) -> None:
    """Types count, and so does the order of keys, which is that of the fields."""
    recent, reads = RecentQuestions(), Reads()
    asked(recent, {"amount": 12, "to": "Amy"}, reads)
    assert asked(recent, other, reads).shown == other
    assert len(reads) == 2


def test_only_so_many_are_kept() -> None:
    """However many questions are asked, memory does not grow."""
    recent, reads = RecentQuestions(), Reads()
    for number in range(KEPT + 1):
        asked(recent, number, reads)
    asked(recent, KEPT, reads)
    assert len(reads) == KEPT + 1
    asked(recent, 0, reads)
    assert len(reads) == KEPT + 2


def test_large_ones_are_kept_one_at_a_time() -> None:
    """One that is larger than all that is kept otherwise is read once for its own step."""
    recent, reads = RecentQuestions(), Reads()
    large: list[Json] = [letter * (KEPT_BYTES + 1) for letter in "ab"]
    for value in (large[0], large[0], large[1], large[1], large[0]):
        asked(recent, value, reads)
    assert reads == [large[0], large[1], large[0]]


def test_what_cannot_be_read_is_tried_again() -> None:
    """An error is raised each time, and nothing is remembered of it."""
    recent = RecentQuestions()

    def failing() -> Question:
        raise UnaskableValue("no")

    for _ in range(2):
        with pytest.raises(UnaskableValue):
            recent.question("x", failing)
    assert asked(recent, "x", []).text


def test_halves_of_a_character_are_not_the_whole_one() -> None:
    """As ASCII text they would be the same; what is shown is not."""
    recent, reads = RecentQuestions(), Reads()
    whole, halves = "Pay \U0001f600?", "Pay \ud83d\ude00?"
    assert [asked(recent, value, reads).shown for value in (whole, halves)] == [whole, halves]


async def test_a_state_that_is_not_shown_makes_no_other_question(sqlite_url: str) -> None:
    """It may be large, and no edit of what is asked reaches it; what is shown can be edited, in an approval() too."""
    value: Json = {"amount": 12}
    async with open_bench(sqlite_url) as bench:
        workflow = next(iter(bench.app.workflows.values()))
        first = question_of(workflow, value, pause="dynamic", state={"amount": 12, "notes": "x" * 1000})
        assert question_of(workflow, value, pause="dynamic", state={"amount": 12}) is first
        inside = question_of(workflow, asked_with(value, schema=None), pause="dynamic", state={"amount": 12})
    assert [each.form is not None for each in (first, inside)] == [True, True]


LEVEL = {"type": "string", "enum": ["low", "high"]}


@pytest.mark.parametrize(
    "other",
    [{"schema": LEVEL}, {"state": {"amount": 12}}, {"pause": "before"}, {"pause": "error"}],
    ids=["schema", "state", "breakpoint", "error"],
)
async def test_all_that_makes_a_question_tells_it_apart(sqlite_url: str, other: dict[str, Json]) -> None:
    """One value is asked in several ways: with a schema for the answer, with an edit, as a breakpoint, an error."""
    value: Json = {"amount": 12, "next": ["pay"], "state": {}, "errors": [], "answered": False}
    async with open_bench(sqlite_url) as bench:
        workflow = next(iter(bench.app.workflows.values()))
        plain: dict[str, Json] = {"pause": "dynamic", "state": {}}
        first = question_of(workflow, value, **plain)
        assert question_of(workflow, value, **plain) is first
        assert question_of(workflow, value, **plain | other) != first
