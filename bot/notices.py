"""What stands in the place of a form that cannot open or go on."""

from __future__ import annotations

from bot.blocks import Block, modal, section

FORM_NOT_OPENED = "Slack did not open the form, and nothing was recorded. Please try again."


def notice(sentence: str) -> Block:
    """Make the modal; `sentence` is plain text of at most 3 000 characters."""
    return modal(
        title="Approvals", callback_id="notice", private_metadata="", blocks=[section(sentence)], submit=None
    )
