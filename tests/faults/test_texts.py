"""A short, seeded part of the hostile texts, and that who looks at them would see what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.blocks import section
from engine import Question
from tests.bot.hostile import strings
from tests.bot.runs import APPROVE
from tests.faults import texts
from tests.faults.__main__ import SEED
from tests.faults.figures import Plan
from tests.faults.places import Shown


async def test_t19_t20_t21_t22_hostile_texts_stay_texts(tmp_path: Path) -> None:
    """Seven of the texts at every place and through the bot: nothing live, hidden or left out, no link unfurled."""
    figures = await texts.measure(Plan(0.03, SEED, tmp_path))
    for each in figures:
        assert each.holds, (each.name, each.violations[:3])


@pytest.mark.parametrize(
    "text", ["> quoted", "e" + "\u0301" * 50, "yes", "⟨U+202E⟩\n⟨U+202E⟩", "<!channel>\n<!here>"]
)
def test_t21_an_option_is_chosen_only_beside_all_that_is_asked(text: str) -> None:
    """Texts that once were cut on a button, or looked like something else, are shown in full at every place."""
    assert texts.everywhere([text])[1] == []
    assert texts.in_full([text])[1] == []


def test_there_are_more_than_two_hundred_texts() -> None:
    """The figure is about at least 200."""
    assert len(strings()) > 200


@pytest.mark.parametrize(
    ("text", "blocks", "problem"),
    [
        ("<!channel>", [], "markup"),
        ("see https://evil.example", [], "markup"),
        ("&gt; quoted", [], "markup"),
        (":tada:", [], "markup"),
        ("a\u202eb", [], "hidden"),
        ("e" + "\u0301" * 20, [], "hidden"),
        ("x", [{"type": "rich_text", "elements": [{"type": "link", "url": "https://evil.example"}]}], "live"),
        ("x", [{"type": "section", "text": {"type": "mrkdwn", "text": "*bold*"}}], "live"),
        ("x", [section("x")] * 51, "refused"),
    ],
)
def test_what_is_wrong_is_seen(text: str, blocks: list[dict[str, Any]], problem: str) -> None:
    """What would be live, hidden or refused is told as that."""
    assert any(each.startswith(problem) for each in texts.problems(Shown("message", text, tuple(blocks))))


def test_what_is_left_out_is_seen() -> None:
    """A question that says of a value that it need not be shown, though nothing else shows it, is told."""
    asked = Question("plain", "Right?", {"a": "secret"}, (APPROVE,), protocol=frozenset({("a",)}))
    assert [each for each in texts._left_out(asked) if "can be chosen without 'secret'" in each]
