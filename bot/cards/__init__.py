"""What people see of runs and questions, as Block Kit: pure functions from the engine's views to blocks."""

from bot.cards.asked import seen
from bot.cards.buttons import action_of
from bot.cards.card import card, is_complete
from bot.cards.changes import changes_text
from bot.cards.inputs import Inputs, inputs
from bot.cards.lists import home_view, show_blocks, waiting_blocks
from bot.cards.modals import (
    REASON_BLOCK,
    choose_in_full,
    choose_view,
    edit_view,
    reject_view,
    review_view,
    start_view,
)
from bot.cards.thread import ROOT, Message, Upload, card_key, postings, progress_line, root

__all__ = [
    "REASON_BLOCK",
    "ROOT",
    "Inputs",
    "Message",
    "Upload",
    "action_of",
    "card",
    "card_key",
    "changes_text",
    "choose_in_full",
    "choose_view",
    "edit_view",
    "home_view",
    "inputs",
    "is_complete",
    "postings",
    "progress_line",
    "reject_view",
    "review_view",
    "root",
    "seen",
    "show_blocks",
    "start_view",
    "waiting_blocks",
]
