"""Diffs: nothing of either text is lost, what is far from a change is folded, all of it is quick."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.diffs import CONTEXT_CHARS, Line, Mark, diff, folded
from tests.bot.hostile import strings

TEXTS = st.text(st.sampled_from("ab \n,é日\u0301👩\u200d🎈"), max_size=60)


def side(lines: tuple[Line, ...], *, without: Mark) -> str:
    """Put one of the two texts together again."""
    kept = [line for line in lines if not (len(line) == 1 and line[0].mark is without)]
    return "\n".join("".join(span.content for span in line if span.mark is not without) for line in kept)


@settings(deadline=None, max_examples=500)
@given(old=TEXTS, new=TEXTS)
def test_both_texts_can_be_read_from_their_diff(old: str, new: str) -> None:
    """Leaving out what was added gives the old text, leaving out what was removed the new one."""
    made = diff(old, new)
    assert side(made, without=Mark.ADDED) == old
    assert side(made, without=Mark.REMOVED) == new
    assert (old == new) is all(span.mark is Mark.SAME for line in made for span in line)


@pytest.mark.parametrize(
    "odd", [text for text in strings() if len(text) <= 5000], ids=lambda odd: ascii(odd)[:30]
)
def test_no_text_is_too_odd_to_be_compared(odd: str) -> None:
    """Markup, marks and surrogates are compared like any other text."""
    old, new = f"one {odd} two\nthree", f"one {odd} zwei\nthree"
    made = diff(old, new)
    assert (side(made, without=Mark.ADDED), side(made, without=Mark.REMOVED)) == (old, new)


def test_a_changed_word_stands_in_its_line() -> None:
    """A line of which little changed is one line with the old and the new word in it, spaces unmarked."""
    (line,) = diff("we open at eight today", "we open at nine today")
    assert [(span.content, span.mark.value) for span in line] == [
        ("we open at ", "same"), ("eight", "removed"), ("nine", "added"), (" ", "same"), ("today", "same"),
    ]  # fmt: skip


def test_a_line_of_which_little_is_left_is_removed_and_added() -> None:
    """Two lines with too little in common stand one below the other."""
    made = diff("Please tell us what you think", "Yours, the team")
    assert [line[0].mark for line in made] == [Mark.REMOVED, Mark.ADDED]


def test_unchanged_lines_far_from_a_change_are_counted() -> None:
    """One line of context stays on either side; one line alone is not worth a fold."""
    old = [f"line {number}" for number in range(12)]
    new = [*old[:5], "another", *old[6:]]
    made = ["".join(span.content for span in line) for line in folded(diff("\n".join(old), "\n".join(new)))]
    assert made == ["… 4 unchanged lines …", "line 4", "line 5", "another", "line 6", "… 5 unchanged lines …"]
    short = folded(diff("a\nb\nc", "x\nb\nc"))
    assert "".join(short[-1][0].content) == "c"


def test_a_long_line_shows_what_is_near_its_change() -> None:
    """The unchanged inside of a long line is counted, so that the one changed word is found."""
    words = " ".join(f"word{number}" for number in range(300))
    (line,) = folded(diff(f"{words} eight {words}", f"{words} nine {words}"))
    assert [span.mark for span in line if span.mark is not Mark.SAME] == [
        Mark.FOLDED, Mark.REMOVED, Mark.ADDED, Mark.FOLDED,
    ]  # fmt: skip
    assert sum(len(span.content) for span in line) < 4 * CONTEXT_CHARS


@pytest.mark.parametrize("alphabet", ["ab", "a"])
@pytest.mark.parametrize("end", [" ", "\n"])
def test_the_worst_texts_are_compared_in_time(alphabet: str, end: str) -> None:
    """A hundred thousand characters that repeat themselves take no longer than people wait for a card."""
    chance = random.Random(7)  # noqa: S311
    old, new = ("".join(chance.choice(alphabet) + end for _ in range(size)) for size in (50_000, 49_000))
    began = time.perf_counter()
    diff(old, new)
    assert time.perf_counter() - began < 10
