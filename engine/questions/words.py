"""The words of a graph's own list of options, each as an option of the question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from unicodedata import category

from engine.decisions import Json, Verdict
from engine.forms import Form, form_from_schema, readable
from engine.questions.question import Asked, Option, Path, ReasonWanted, edit_of, state_form
from engine.questions.text import one_line

MAX_WORDS: Final = 10
"""Words that get a button of their own: Slack takes 25 in a row, but a card has little room for more beside what is
asked. Where there are more, those that are not "approve", "reject" or "edit" are in one list."""

LABEL_CHARS: Final = 75
"""What Slack shows of a button's label (https://docs.slack.dev/reference/block-kit/block-elements/button-element)."""

WRITTEN_OUT_CHARS: Final = 9
"""What a button needs for a character that it writes out, as ⟨U+0301⟩, beyond the character itself; at most."""

MORE: Final = "more"
"""The field that takes a word of a long list; the option that has it is called so too, with dots if need be."""

REQUEST_CHANGES: Final = "request_changes"

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def are_words(options: Json) -> bool:
    """Say whether `options` is a list of at least one text, none of them blank or there twice."""
    is_list = isinstance(options, list) and all(isinstance(word, str) and word.strip() for word in options)
    return is_list and 0 < len(options) == len(set(options))


def offers_both(options: Json) -> bool:
    """Say whether `options` are words among which there are "approve" and "reject"."""
    return are_words(options) and {"approve", "reject"} <= set(options)


def options_of(asked: Asked, *, comments: ReasonWanted) -> tuple[Option, ...]:
    """Make an option of each word in the value's `options`, in their order.

    "edit" edits where the state has something to edit, and is a word like any other where not. Without it among the
    words, what can be edited is edited along with an approval. `comments` says whether free text goes with the words
    that are the graph's own; "request_changes" always needs some.
    """
    words, edit = asked.value["options"], state_form(asked)
    made = [
        option_of(word, label, edit=edit, comments=comments)
        for word, label in zip(words, labels_of(words), strict=True)
    ]
    own = [option for option in made if option.verdict is Verdict.RESPOND]
    if len(made) > MAX_WORDS and len(own) > 1:
        made = [option for option in made if option not in own]
        made.append(_more([option.name for option in own], taken=words, comments=comments))
    if "approve" in words and not any(option.verdict is Verdict.EDIT for option in made):
        made += edit_of(edit) if "edit" not in words else ()
    return tuple(made)


def said_by(options: Sequence[Option], *, words: Sequence[str]) -> frozenset[Path]:
    """Name the list of words as said by its buttons, if each has one that says it whole."""
    labels = {option.name: option.label for option in options}
    whole = (word in labels and _is_whole(labels[word]) for word in words)
    return frozenset({("options",)}) if all(whole) else frozenset()


def _is_whole(label: str) -> bool:
    """A button writes out what piles up or is invisible, as ⟨U+0301⟩, and cuts what is too long by then."""
    odd = sum(not char.isprintable() or category(char) in ("Mn", "Me") for char in label)
    return label == one_line(label) and len(label) + WRITTEN_OUT_CHARS * odd <= LABEL_CHARS


def word_of(option: Option, values: Mapping[str, Json], *, words: Sequence[str]) -> str:
    """Return the word that an option stands for: "approve" for an edit that the graph does not know."""
    if option.verdict is Verdict.RESPOND and option.form is not None:
        return str(values[MORE])
    return option.name if option.name in words else "approve"


def labels_of(words: Sequence[str]) -> list[str]:
    """Write words as people would, so that no two look the same: numbered where they would."""
    labels = [readable(word) if _IDENTIFIER.fullmatch(word) else word for word in words]
    looks = {" ".join(label.split())[: LABEL_CHARS - 5].casefold() for label in labels}
    return labels if len(looks) == len(labels) else [f"{at}. {label}" for at, label in enumerate(labels, 1)]


def option_of(word: str, label: str, *, edit: Form | None, comments: ReasonWanted) -> Option:
    """Make the option of one word; "approve", "reject" and "edit" are known in any spelling."""
    match word.strip().casefold():
        case "approve":
            return Option(word, label, Verdict.APPROVE)
        case "reject":
            return Option(word, label, Verdict.REJECT, reason=ReasonWanted.REQUIRED)
        case "edit" if edit is not None:
            return Option(word, label, Verdict.EDIT, form=edit, can_stay=True)
    reason = ReasonWanted.REQUIRED if word == REQUEST_CHANGES else comments
    return Option(word, label, Verdict.RESPOND, reason=reason)


def _more(words: Sequence[str], *, taken: Sequence[str], comments: ReasonWanted) -> Option:
    listed = {"title": "Answer", "enum": list(words)}
    form = form_from_schema({"type": "object", "properties": {MORE: listed}, "required": [MORE]})
    names = (MORE + "." * dots for dots in range(len(taken) + 1))
    name = next(name for name in names if name not in taken)
    return Option(name, "Answer…", Verdict.RESPOND, form=form, reason=comments)
