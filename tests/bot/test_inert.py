"""Text from outside becomes harmless."""

from __future__ import annotations

import pytest

from bot.inert import cut, escape, has_invisible, has_mixed_alphabets, one_line, visible
from tests.bot.hostile import strings


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
        ("a\u200bb\u200cc\u200dd\u200e\u200f", "a⟨U+200B⟩b⟨U+200C⟩c⟨U+200D⟩d⟨U+200E⟩⟨U+200F⟩"),
        ("\ufeff", "⟨U+FEFF⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("\0\x1b\x7f\x85", "⟨U+0000⟩⟨U+001B⟩⟨U+007F⟩⟨U+0085⟩"),
        ("\ud800", "⟨U+D800⟩"),
        ("\u2028\u2029", "⟨U+2028⟩⟨U+2029⟩"),
        ("\u3164\u2800\u034f", "⟨U+3164⟩⟨U+2800⟩⟨U+034F⟩"),
        ("z" + "\u0301" * 6, "z" + "\u0301" * 4 + "⟨U+0301⟩⟨U+0301⟩"),
        ("line\r\nline\tend\r", "line\nline\tend⟨U+000D⟩"),
        ("❤\ufe0f 👨\u200d👩\u200d👧 1\ufe0f\u20e3 👍🏽", "❤\ufe0f 👨\u200d👩\u200d👧 1\ufe0f\u20e3 👍🏽"),
        ("a\ufe0f", "a⟨U+FE0F⟩"),
        ("Größe, 日本語, שלום, ñ", "Größe, 日本語, שלום, ñ"),
    ],
)
def test_what_is_invisible_is_shown(given: str, shown: str) -> None:
    """Every invisible character is named by its code point; letters of any language and emoji stay."""
    assert visible(given) == shown
    assert has_invisible(given) is (shown != given.replace("\r\n", "\n"))


@pytest.mark.parametrize("given", strings())
def test_showing_twice_changes_nothing(given: str) -> None:
    """What is visible already stays as it is, so that it does not matter how many atoms handle a text."""
    assert visible(visible(given)) == visible(given)


@pytest.mark.parametrize(
    ("given", "escaped"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("&lt;!here&gt;", "&amp;lt;!here&amp;gt;"),
        ("*b* _i_ ~s~ `c`", "∗b∗ ＿i＿ ∼s∼ ˋcˋ"),
        ("snake_case 12:30", "snake_case 12:30"),
        (":tada: https://evil.example", "꞉tada: https꞉//evil.example"),
    ],
)
def test_markup_becomes_literal(given: str, escaped: str) -> None:
    """Mentions, links, styles and emoji codes of mrkdwn are shown instead of taking effect."""
    assert escape(given) == escaped


@pytest.mark.parametrize("given", strings())
def test_no_escaped_text_holds_a_control_sequence(given: str) -> None:
    """Nothing that Slack could take for `<…>` is left, whatever the text was."""
    assert not set("<>*~`") & set(escape(one_line(given)))


def test_a_cut_text_says_so() -> None:
    """A text within the limit stays whole, a longer one ends in an ellipsis within the limit."""
    assert cut("abc", max_chars=3) == "abc"
    assert cut("abcd", max_chars=3) == "ab…"
    assert cut("👍👍👍👍", max_chars=3) == "👍👍…"


@pytest.mark.parametrize(
    ("given", "is_mixed"),
    [
        ("раypal.com", True),
        ("Αmazon", True),
        ("paypal.com", False),
        ("Москва and Paris", False),
        ("naïve", False),
    ],
)
def test_words_of_two_alphabets_are_noticed(given: str, is_mixed: bool) -> None:
    """A word that mixes Latin with look-alike letters is told from two words of two languages."""
    assert has_mixed_alphabets(given) is is_mixed
