"""Sent pages of a form: what was entered is kept, and the next page follows until everything was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.blocks import Block
from bot.cards.pages import Filling, asked_again, begun, labelled, next_page, sent
from bot.notices import notice
from bot.payloads import Submission, block_id_of, entries_of, without_draft
from engine import Desk, Form, InvalidInput, NoDraft, check_entries, entries

Answer = dict[str, Any]
Draw = Callable[[Filling], Block]
"""Makes the modal of a form's next page."""


@dataclass(frozen=True)
class Sheet:
    """A form of which one more page was sent.

    `form` is what it asks, `draw` makes its modals, `filling` counts that page in; `shown` are its fields.
    """

    form: Form
    draw: Draw
    filling: Filling
    submission: Submission
    desk: Desk

    @property
    def entries(self) -> Mapping[str, str | None]:
        """What every field holds, also those of earlier pages and those that Slack cannot show."""
        return self.filling.entries

    @property
    def is_complete(self) -> bool:
        """Say whether everything was asked, so that no page follows."""
        return next_page(self.form, self.filling) is None

    async def next(self) -> Answer | None:
        """Answer with the next page, or with what is wrong on this one; None: everything was asked.

        A page is taken only if its fields are right by themselves. What was entered is committed before the next
        page is shown. Raises: NoDraft, StoreError.
        """
        if self.is_complete:
            return None
        try:
            check_entries(self.form, self.entries, names=self._shown())
        except InvalidInput as error:
            return _under_fields(self._by_block(error.errors))
        return await self._turned(self.filling)

    async def wrong(self, error: InvalidInput) -> Answer:
        """Answer with what is wrong with the whole: under the fields of this page, else on a page that asks anew.

        What is wrong with a field that no page can show stands under the first of this one, or in its place.
        """
        here = self._by_block(error.errors)
        if here:
            return _under_fields(here)
        again = asked_again(self.filling, error.errors)
        page = next_page(self.form, again)
        if page is not None and page.names:
            return await self._turned(again)
        said = labelled(self.form, error.errors)
        first = next(iter(self.submission.inputs), None)
        return _under_fields({first: said}) if first else _updated(notice(said))

    async def _turned(self, filling: Filling) -> Answer:
        """Keep what was entered, and show the next page."""
        if filling.draft_id is None:
            context = json.loads(without_draft(self.submission.metadata)[0])
            draft_id = await self.desk.drafts.begin(
                self.submission.user_id, context=context, entries=filling.entries, asked=filling.asked
            )
            filling = replace(filling, draft_id=draft_id)
        else:
            await self.desk.drafts.save(
                filling.draft_id,
                owner=self.submission.user_id,
                entries=filling.entries,
                asked=filling.asked,
            )
        return _updated(self.draw(filling))

    def _shown(self) -> frozenset[str]:
        names = {block_id_of(self.form, each.name): each.name for each in self.form.fields}
        return frozenset(names[block_id] for block_id in self.submission.inputs if block_id in names)

    def _by_block(self, errors: Mapping[str, str]) -> dict[str, str]:
        shown = self._shown()
        return {block_id_of(self.form, name): said for name, said in errors.items() if name in shown}


async def sheet_of(submission: Submission, *, form: Form, draw: Draw, desk: Desk) -> Sheet:
    """Put a sent page to what was entered before it. Raises: Malformed, NoDraft, StoreError."""
    about, draft_id = without_draft(submission.metadata)
    filling = begun(form)
    if draft_id is not None:
        draft = await desk.drafts.get(draft_id, owner=submission.user_id)
        if draft.context != json.loads(about):
            raise NoDraft
        filling = Filling({**entries(form), **draft.entries}, asked=draft.asked, draft_id=draft_id)
    names = {block_id_of(form, each.name): each.name for each in form.fields}
    untouched = {
        names[block_id]: filling.entries.get(names[block_id])
        for block_id in submission.inputs
        if block_id in names
    }
    filled = {**untouched, **entries_of(form, submission.values)}
    return Sheet(form=form, draw=draw, filling=sent(form, filling, filled), submission=submission, desk=desk)


def _under_fields(complaints: Mapping[str, str]) -> Answer:
    return {"response_action": "errors", "errors": dict(complaints)}


def _updated(view: Block) -> Answer:
    return {"response_action": "update", "view": view}
