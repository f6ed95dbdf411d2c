"""How a run stands, and what came of it: for its root and for the card of its last question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import wording
from bot.blocks import Block, context, line, rich, text
from bot.cards.values import Row, fit, render, row, rows
from engine import RunStatus, RunView

OUTCOME_CHARS: Final = 1_500


def outcome(run: RunView) -> list[Block]:
    """Say how a run stands, with its result, or its error and where that was raised, as far as it fits."""
    label = rich(line(text(wording.RUN_STATUS[run.status], "bold")))
    match run.status:
        case RunStatus.FINISHED if run.result is not None:
            return [label, *in_short(rows(run.result), max_chars=OUTCOME_CHARS)]
        case RunStatus.FAILED if run.error:
            return [label, *in_short([row("", run.error)], max_chars=OUTCOME_CHARS)]
        case _:
            return [label]


def in_short(given: Sequence[Row], *, max_chars: int) -> list[Block]:
    """Set rows, and say so where they do not fit: the thread has all of them."""
    fitted = fit(given, max_chars=max_chars)
    said = [context(f"{wording.hidden(fitted.hidden)} {wording.SEE_THREAD}")] if fitted.hidden else []
    return [*render(fitted.rows), *said]
