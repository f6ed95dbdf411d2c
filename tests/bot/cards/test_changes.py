"""Edits as people read them: before → after within the limits, nothing live, nothing lost from card and file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cards
from bot.blocks import MESSAGE_CHARS, message_chars
from bot.cards.changes import changes, changes_text
from bot.cards.values import text_of
from bot.inert import visible
from bot.sandbox.limits import check_message
from engine import EventKind, Verdict
from tests.bot.hostile import live_parts, sdk_accepts, strings, texts, unseen
from tests.bot.runs import approval, asked, decided, event, run

ODD = st.text(st.characters(), max_size=100)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
    max_leaves=6,
)
EDITS = st.dictionaries(st.sampled_from(["draft", "amount", "to"]), JSON, min_size=1)


def styled(blocks: Any, style: str) -> str:
    """Return all text that is set in this style."""
    parts = [part for block in blocks for each in block["elements"] for part in each.get("elements", ())]
    return "".join(part["text"] for part in parts if style in part.get("style", {}))


def test_names_stand_in_the_order_of_what_came_of_them() -> None:
    """What was decided on a call stands above what was edited of it, and what is gone stands last."""
    before = {"1. pay, amount": 5, "1. pay, note": "x"}
    after = {"1. pay": "edited", "1. pay, amount": 7, "2. mail": "approved"}
    blocks, missing = changes(before, after, max_chars=1_000)
    names = [part["text"] for part in _parts(blocks) if part["text"].endswith(": ")]
    assert missing == 0
    assert names == ["1. pay: ", "1. pay, amount: ", "2. mail: ", "1. pay, note: "]


def _parts(blocks: list[Any]) -> list[Any]:
    """Return the texts of blocks in order."""
    return [part for block in blocks for row in block["elements"] for part in row["elements"]]


@settings(deadline=None, max_examples=200)
@given(before=EDITS, after=EDITS)
def test_slack_takes_every_edit_and_nothing_of_it_is_live(before: Any, after: Any) -> None:
    """Whatever people and graphs wrote, the card and the line of the thread keep Slack's limits."""
    card = decided(approval(before), Verdict.EDIT, before=before, after=after)
    detail = {"verdict": "edit", "label": "Edit", "before": before, "after": after}
    line = event(3, EventKind.DECIDED, approval_id=card.id, who="Amy", **detail)
    for message in cards.postings(run(card, events=(asked(2, card), line))):
        if isinstance(message, cards.Message):
            blocks = list(message.blocks)
            check_message(text=message.text, blocks=blocks)
            sdk_accepts(blocks)
            assert message_chars(blocks) <= MESSAGE_CHARS
            assert not live_parts(blocks)
            assert all(each == visible(each) for each in texts(blocks))


@settings(deadline=None, max_examples=200)
@given(before=EDITS, after=EDITS)
def test_no_character_of_an_edit_is_lost_from_line_and_file(before: Any, after: Any) -> None:
    """The line shows every line of both texts, or says how much is missing and has a file with all of it.

    Lines that both have may be folded away.
    """
    detail = {"verdict": "edit", "label": "Edit", "before": before, "after": after}
    line = event(2, EventKind.DECIDED, who="Amy", **detail)
    shown, *files = (each for each in cards.postings(run(events=(line,))) if each.key in ("line:2", "file:2"))
    assert isinstance(shown, cards.Message)
    if files:
        (file,) = files
        assert isinstance(file, cards.Upload)
        assert json.loads(file.content) == detail
        assert "not shown here" in "".join(texts(shown.blocks))
    else:
        came = {name: value for name, value in after.items() if name not in before}
        assert unseen(shown.blocks, came) == []
        lines = [line for name in set(before) & set(after) for line in both_sides(before[name], after[name])]
        assert not [line for line in lines if line and not is_subsequence(line, "".join(texts(shown.blocks)))]


def both_sides(old: Any, new: Any) -> list[str]:
    """Return the lines that only one of an old and a new value has, as a card writes them."""
    left, right = (text_of(value).split("\n") for value in (old, new))
    return [*(line for line in left if line not in right), *(line for line in right if line not in left)]


def is_subsequence(part: str, whole: str) -> bool:
    """Say whether all characters of `part` are in `whole` in their order, whatever is between."""
    rest = iter(whole)
    return all(char in rest for char in part)


@pytest.mark.parametrize("given", strings(), ids=lambda given: ascii(given)[:40])
def test_hostile_texts_keep_to_their_quote(given: str) -> None:
    """An edit to, from or beside any odd text is shown inert and within its room."""
    for before, after in (("old", given), (given, "new"), (f"a {given}\nb", f"a {given}\nc")):
        blocks, missing = changes({given[:80]: before}, {given[:80]: after}, max_chars=3_000)
        assert message_chars(blocks) <= 3_000
        assert blocks or missing or before == after
        assert not live_parts(blocks)
        assert not any("\n" in told for told in changes_text({"x": before}, {"x": after}))


def test_a_text_that_changed_in_a_word_shows_the_word() -> None:
    """Removed words are struck through, added ones bold, and the rest of the line stands around them."""
    blocks, missing = changes(
        {"draft": "one\nopen at eight"}, {"draft": "one\nopen at nine"}, max_chars=3_000
    )
    assert missing == 0
    assert styled(blocks, "strike") == "eight"
    assert styled(blocks, "bold") == "draft:nine"
    assert "".join(texts(blocks)) == "draft:one\nopen at eight nine"


def test_what_was_not_there_and_what_is_no_more() -> None:
    """A field that came stands as it is, one that went is struck through."""
    blocks, _ = changes({"gone": "a text\nof two lines", "small": 1}, {"new": 2}, max_chars=3_000)
    assert "".join(texts(blocks)) == "new: 2gone:− a text\n− of two linessmall: 1"
    assert styled(blocks, "strike") == "a textof two lines1"


def test_texts_that_look_alike_are_said_to_differ() -> None:
    """Windows line ends are shown as others are, so a change of nothing else is said in words."""
    blocks, _ = changes({"draft": "a\r\nb"}, {"draft": "a\nb"}, max_chars=3_000)
    assert "the ends of lines" in "".join(texts(blocks))


def test_what_does_not_fit_is_counted() -> None:
    """An edit that is longer than its room says how many characters are missing, and is never cut silently."""
    old, new = {"a": "x " * 2_000 + "\n"}, {"a": "y " * 2_000 + "\n", "b": 1}
    blocks, missing = changes(old, new, max_chars=1_000)
    shown = sum(map(len, texts(blocks)))
    assert missing > 8_000 - shown
    assert message_chars(blocks) <= 1_000


def test_the_terminal_tells_an_edit_in_lines() -> None:
    """Changed lines stand with − and + before them, short values with an arrow."""
    told = list(changes_text({"n": 1, "draft": "a b c d\nx"}, {"n": 2, "draft": "a b c e\nx"}))
    assert told == ["n: 1 → 2", "draft:", "- a b c d", "+ a b c e", "  x"]


def test_what_was_added_is_seen_beside_a_long_removal() -> None:
    """Where a removed text would fill all the room, its inside is left out and counted."""
    long = ("word " * 700, "\n".join(f"line {number} " * 3 for number in range(200)))
    for old in long:
        blocks, missing = changes({"draft": old}, {"draft": "Short words\nof two lines"}, max_chars=3_000)
        said = "".join(texts(blocks))
        assert "+ Short words\n+ of two lines" in said
        assert "removed …" in said
        shown = "".join(styled(blocks, "strike"))
        assert missing >= len(old.replace("\n", "")) - len(shown) > 0
