"""Text from outside made inert: what is invisible is shown, what could be markup is not, what is cut says so."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

ELLIPSIS: Final = "…"
MAX_MARKS: Final = 4
"""Combining marks that one letter may carry; written languages need fewer, floods of them hide the lines around."""

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_INVISIBLE_LETTERS: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)  # blank, yet letters
_VARIATIONS: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
_JOINERS: Final = "\u200d\ufe0e\ufe0f"
_JOINER: Final = re.compile(f"[{_JOINERS}]")
_SKIN_TONES: Final = frozenset(map(chr, range(0x1F3FB, 0x1F400)))
_MIXED_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_MRKDWN_PAIRED: Final = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")
_MRKDWN_QUOTE: Final = re.compile(r"^(\s*)>")
_MRKDWN_COLON: Final = re.compile(r":(?=//|[\w+'-]+:)")
_LOOKALIKES: Final = str.maketrans({"*": "∗", "_": "＿", "~": "∼", "`": "ˋ"})
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def visible(text: str) -> str:
    """Return `text` with every invisible character shown as ⟨U+202E⟩: nothing can hide or turn the line round.

    Line feeds, tabs and the joiners inside an emoji stay; CR LF becomes a line feed. Once more changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _JOINER.sub(_joiner, text.replace("\r\n", "\n"))
    table = {ord(char): _marker(char) for char in set(text) - set(_JOINERS) if _is_invisible(char)}
    return _without_floods(text.translate(table) if table else text)


def has_invisible(text: str) -> bool:
    """Say whether `visible` shows something that a reader would not have seen."""
    return visible(text) != text.replace("\r\n", "\n")


def has_mixed_alphabets(text: str) -> bool:
    """Say whether a word mixes Latin with Cyrillic or Greek letters, as a look-alike address does."""
    if text.isascii():
        return False
    return any(len(_alphabets(word)) > 1 for word in set(_MIXED_WORD.findall(text)) if not word.isascii())


def one_line(text: str) -> str:
    """Return `text` visible and in one line: white space of any kind becomes one space."""
    return visible(" ".join(text.split()))


def cut(text: str, *, max_chars: int) -> str:
    """Return `text` with at most `max_chars` characters (Unicode code points); a cut one ends in "…"."""
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + ELLIPSIS


def escape(text: str) -> str:
    """Return `text` so that mrkdwn shows it literally: no mention, link, date, emoji or style becomes live.

    `&`, `<` and `>` become entities, as https://docs.slack.dev/messaging/formatting-message-text/ asks; for
    the signs that have no escape in Slack (`*`, `_`, `~`, backtick, `:name:`, `://`) a look-alike stands in.
    Give it one line: Slack makes a quote of a line that begins with ">", escaped or not, so at the beginning a
    look-alike stands for that too.
    """
    text = _MRKDWN_QUOTE.sub(r"\1＞", text)
    text = _MRKDWN_PAIRED.sub(lambda found: found[0].translate(_LOOKALIKES), visible(text))
    return _MRKDWN_COLON.sub("꞉", text).translate(_ENTITIES)


def _marker(char: str) -> str:
    return f"⟨U+{ord(char):04X}⟩"


@lru_cache(maxsize=4096)
def _is_invisible(char: str) -> bool:
    if char in "\n\t":
        return False
    code = ord(char)
    return (
        unicodedata.category(char) in _INVISIBLE_CATEGORIES
        or char in _INVISIBLE_LETTERS
        or code & 0xFFFE == 0xFFFE
        or any(code in block for block in _VARIATIONS)
    )


def _joiner(found: re.Match[str]) -> str:
    """Leave a joiner or a style selector where it belongs to an emoji, mark it everywhere else."""
    text, at = found.string, found.start()
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if found[0] == "\u200d":
        belongs = _is_picture(before, or_selector=True) and _is_picture(after)
    else:
        belongs = _is_picture(before) or (after == "\u20e3" and before in "#*0123456789")
    return found[0] if belongs else _marker(found[0])


def _is_picture(char: str, *, or_selector: bool = False) -> bool:
    if not char:
        return False
    return (
        unicodedata.category(char) in ("So", "Sm")
        or char in _SKIN_TONES
        or (or_selector and char == "\ufe0f")
    )


def _without_floods(text: str) -> str:
    marks = {
        char for char in set(text) if char not in _JOINERS and unicodedata.category(char) in ("Mn", "Me")
    }
    if not marks:
        return text
    flood = re.compile(
        f"([{''.join(map(re.escape, marks))}]{{{MAX_MARKS}}})([{''.join(map(re.escape, marks))}]+)"
    )
    return flood.sub(lambda found: found[1] + "".join(map(_marker, found[2])), text)


def _alphabets(word: str) -> set[str]:
    names = (unicodedata.name(char, "").partition(" ")[0] for char in word)
    return {name for name in names if name in ("LATIN", "CYRILLIC", "GREEK")}
