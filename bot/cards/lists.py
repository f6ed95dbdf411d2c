"""Lists of runs and questions: the app's Home, and the answers to `/approvals list` and `show`."""

from __future__ import annotations

from collections.abc import Sequence

from bot import wording
from bot.blocks import (
    VIEW_BLOCKS,
    Block,
    actions,
    button,
    context,
    date,
    divider,
    header,
    line,
    rich,
    text,
    user,
)
from bot.cards.thread import root
from bot.inert import cut, one_line
from engine import ApprovalView, EventKind, RunView

HOME_PENDING = 25
ANSWER_PENDING = 10  # a message holds fewer characters than a view
RECENT_SHOWN = 15
EVENTS_SHOWN = 15

Waiting = tuple[RunView, ApprovalView, str | None]
"""A question with its run and, if known, the address of its card."""


def home_view(pending: Sequence[Waiting], recent: Sequence[RunView]) -> Block:
    """Make the app's Home: what waits for a decision, oldest first, then the newest runs.

    Buttons are plain links with the action id "home_open": their click still has to be acknowledged.
    """
    blocks = [
        header("Waiting for a decision"),
        *waiting_blocks(pending, most=HOME_PENDING),
        divider(),
        header("Recent runs"),
    ]
    blocks += [_run_line(run) for run in recent[:RECENT_SHOWN]] or [context("No run yet.")]
    return {"type": "home", "callback_id": "home", "blocks": blocks[:VIEW_BLOCKS]}


def waiting_blocks(pending: Sequence[Waiting], *, most: int = ANSWER_PENDING) -> list[Block]:
    """List the first `most` questions that wait, each with a link to its card; also the answer to `list`."""
    if not pending:
        return [context(wording.NOTHING_WAITING)]
    blocks: list[Block] = []
    for run, approval, permalink in pending[:most]:
        blocks.append(_question(run, approval))
        if permalink:
            opens = button("Open the card", action_id="home_open", url=permalink)
            blocks.append(actions([opens], block_id=f"open:{approval.id}"))
    hidden = len(pending) - most
    return [*blocks, *([context(f"And {hidden} more.")] if hidden > 0 else [])]


def show_blocks(run: RunView) -> list[Block]:
    """Tell one run from its start to now, the newest 15 events; the answer to `show`."""
    told = [event for event in run.events if event.kind is not EventKind.REFUSED]
    numbers = {approval.id: approval.number for approval in run.approvals}
    lines = []
    for event in told[-EVENTS_SHOWN:]:
        said = wording.event_line(event, title=run.title, number=numbers.get(event.approval_id or ""))
        rest = cut(said.rest, max_chars=120)
        lines.append(line(date(event.at), text(f"  {said.lead}", "bold"), *([text(rest)] if rest else [])))
    earlier = [context(f"{len(told) - EVENTS_SHOWN} earlier events are in the thread.")]
    return [
        *root(run).blocks,
        *(earlier if len(told) > EVENTS_SHOWN else []),
        *([rich(*lines)] if lines else []),
    ]


def _question(run: RunView, approval: ApprovalView) -> Block:
    deadline = [text(" · decide until "), date(approval.expires_at)] if approval.expires_at else []
    return rich(
        line(text(cut(one_line(approval.question.text), max_chars=150), "bold")),
        line(
            text(f"{cut(one_line(run.title), max_chars=80)} · run {run.id} · requested by "),
            user(run.requested_by, name=run.requested_by_name),
            text(" · asked "),
            date(approval.asked_at),
            *deadline,
        ),
    )


def _run_line(run: RunView) -> Block:
    title = cut(one_line(run.title), max_chars=150)
    status = wording.RUN_STATUS[run.status]
    return rich(
        line(text(title, "bold"), text(f" · run {run.id} · {status} · started "), date(run.started_at))
    )
