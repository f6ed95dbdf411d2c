"""A form as modal pages: each shows the next fields that count and were not asked yet, as many as fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot import wording
from bot.blocks import Block, context, section
from bot.cards.inputs import Inputs, inputs
from bot.payloads import with_draft
from engine import Form, active_fields, entries


@dataclass(frozen=True)
class Filling:
    """How far a form is filled in.

    `entries` are by field name, `asked` the names of each page that was sent, in order. `draft_id` is where this
    is kept, None for a form that has only begun. `complaints` (by field name) are said on the page that is next.
    """

    entries: Mapping[str, str | None]
    asked: tuple[tuple[str, ...], ...] = ()
    draft_id: str | None = None
    complaints: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The names of all fields that were asked."""
        return frozenset(name for page in self.asked for name in page)


@dataclass(frozen=True)
class Page:
    """The next page of a form: its blocks, and whether a further one is to come (as far as is known now)."""

    blocks: tuple[Block, ...]
    names: tuple[str, ...]
    is_last: bool


def begun(form: Form) -> Filling:
    """Return a form of which nothing was asked yet."""
    return Filling(entries=entries(form))


def sent(form: Form, filling: Filling, filled: Mapping[str, str | None]) -> Filling:
    """Return a form of which one more page came back, with these entries by field name.

    The same page once more changes nothing but its entries. Fields that Slack could not show count as asked.
    """
    shown = inputs(form, filled=filling.entries, asked=filling.names)
    fresh = [name for name in (*filled, *shown.left_out) if name not in filling.names]
    return replace(
        filling,
        entries={**filling.entries, **filled},
        asked=(*filling.asked, tuple(fresh)) if fresh else filling.asked,
        complaints={},
    )


def asked_again(filling: Filling, complaints: Mapping[str, str]) -> Filling:
    """Return a form whose next page asks some fields once more and says what is wrong with them."""
    kept = tuple(tuple(name for name in page if name not in complaints) for page in filling.asked)
    return replace(filling, asked=kept, complaints=complaints)


def next_page(form: Form, filling: Filling) -> Page | None:
    """Lay out the next page; None: everything that counts was asked."""
    made = inputs(form, filled=filling.entries, asked=filling.names)
    if not made.names and not made.left_out:
        return None
    after = replace(filling, asked=(*filling.asked, (*made.names, *made.left_out)))
    rest = _rest(form, after)
    number = len(filling.asked) + 1
    total = None if _is_open(form, filling) else number + rest
    said = [context(wording.page(number, total=total))] if rest or number > 1 else []
    wrong = [section(wording.to_correct(_labelled(form, filling.complaints)))] if filling.complaints else []
    return Page(
        blocks=(*said, *wrong, *made.blocks, *left_out(form, made)),
        names=made.names,
        is_last=rest == 0 and not _is_undecided(form, made.names, filling),
    )


def private_metadata(metadata: str, filling: Filling) -> str:
    """Write what a page carries: what the form is about, and where its draft is kept."""
    return with_draft(metadata, filling.draft_id) if filling.draft_id else metadata


def left_out(form: Form, made: Inputs) -> list[Block]:
    """Name the fields that Slack cannot show, and say that they stay as they are."""
    labels = [each.label or each.name for each in form.fields if each.name in made.left_out]
    return [section(wording.left_out(labels))] if labels else []


def labelled(form: Form, complaints: Mapping[str, str]) -> str:
    """Write complaints with the labels of their fields in one line."""
    return " ".join(_labelled(form, complaints))


def _labelled(form: Form, complaints: Mapping[str, str]) -> Iterable[str]:
    labels = {each.name: each.label or each.name for each in form.fields}
    return [f"{labels.get(name, name)}: {said}" for name, said in complaints.items()]


def _rest(form: Form, filling: Filling) -> int:
    """Count the pages that are still to come if nothing is changed."""
    count = 0
    while True:
        made = inputs(form, filled=filling.entries, asked=filling.names)
        if not made.names and not made.left_out:
            return count
        filling = replace(filling, asked=(*filling.asked, (*made.names, *made.left_out)))
        count += 1


def _is_open(form: Form, filling: Filling) -> bool:
    """Say whether fields to come depend on a choice that was not made yet."""
    to_ask = [each.name for each in active_fields(form, filling.entries) if each.name not in filling.names]
    return _is_undecided(form, to_ask, filling)


def _is_undecided(form: Form, names: Iterable[str], filling: Filling) -> bool:
    choosing = {each.when[0] for each in form.fields if each.when is not None}
    return any(name in choosing and filling.entries.get(name) is None for name in names)
