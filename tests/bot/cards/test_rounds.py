"""Further rounds of a question: what was said to the one before, what has changed, what was turned down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import cards
from bot.blocks import MESSAGE_CHARS, message_chars
from bot.cards.rounds import changed
from bot.sandbox.limits import check_message, check_view
from engine import ApprovalView, Earlier, EventKind, Part, Question, Verdict
from tests.bot.hostile import live_parts, sdk_accepts, strings, texts, unseen
from tests.bot.runs import ANSWER_DIGEST, approval, asked, decided, event, run


def again(old: Any, new: Any, *, repeats: bool = False, reason: str = "Shorter, please") -> ApprovalView:
    """Make the second round of a question, after Amy asked for changes of the first."""
    first = approval(old, text="Review draft")
    answer = {"option": "request_changes", "label": "Request changes", "reason": reason}
    decision = decided(first, Verdict.RESPOND, **answer).decision
    assert decision is not None
    earlier = Earlier(first.id, 1, first.question, decision)
    second = approval(new, text="Review draft", round=2, number=2, id="ab" * 16)
    return replace(second, previous=earlier, repeats=earlier if repeats else None)


def said(given: ApprovalView, **more: Any) -> str:
    """Return all that the card of a question says."""
    return "\n".join(texts(cards.card(run(given, **more), given)))


def test_a_further_round_tells_what_was_said_and_what_has_changed() -> None:
    """The round, the comment and the change come before the value in full, which comes before the buttons."""
    told = said(again({"draft": "open at eight o'clock"}, {"draft": "open at nine o'clock"}))
    order = [
        "Review draft", "Round 2", "Request changes", "Shorter, please", "Workflow: ", "Changed since round 1:",
        "eight", "All that is asked:", "open at nine o'clock", "Approve",
    ]  # fmt: skip
    places = [told.rfind(part) if part.startswith("open") else told.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


def test_the_first_round_says_nothing_of_rounds() -> None:
    """A question that was asked once has neither a counter nor changes."""
    assert "ound" not in said(approval({"a": 1}, text="Pay?"))


def test_the_same_once_more_is_flagged_before_anything_else_is_read() -> None:
    """Exactly what was turned down stands with a warning above the value, on the card and in the form in full."""
    same = {"draft": "open at eight"}
    told = said(again(same, same, repeats=True))
    warning = "nothing has changed since round 1, which was answered “Request changes”"
    assert told.index(warning) < told.index("open at eight")
    assert "Changed since" not in told
    assert "nothing has changed" not in said(again(same, {"draft": "open at nine"}))
    long = {"draft": "word " * 10_000}
    view = cards.review_view(again(long, long, repeats=True))
    assert warning in "\n".join(texts(view))


@pytest.mark.parametrize("given", strings(), ids=lambda given: ascii(given)[:40])
def test_any_round_keeps_the_limits_and_shows_what_it_asks(given: str) -> None:
    """Odd comments and texts are inert, and the changes never push a part of the value off the card."""
    for old, new in (
        ({"draft": given}, {"draft": f"{given}!"}),
        ({given: 1, "n": given}, {given: 2, "n": given}),
    ):
        question = again(old, new, reason=given)
        shown = run(question, events=(asked(2, question),))
        for message in cards.postings(shown):
            if isinstance(message, cards.Message):
                blocks = list(message.blocks)
                check_message(text=message.text, blocks=blocks)
                sdk_accepts(blocks)
                assert message_chars(blocks) <= MESSAGE_CHARS
                assert not live_parts(blocks)
        card = cards.card(shown, question)
        if cards.is_complete(card):
            assert unseen(card, new) == []
        check_view(cards.review_view(question), kind="modal")


def test_what_changed_between_calls_is_named_by_their_number() -> None:
    """Of several calls only the arguments that differ are told, each with the number of its call."""
    old, new = (
        Question(
            "batched", "Run?", {}, (), parts=(Part("a", "", {"to": "x"}), Part("b", "note", {"n": n, "m": 1}))
        )
        for n in (1, 2)
    )
    assert changed(old, new) == ({"2. n": 1}, {"2. n": 2})


def test_true_and_one_are_a_change() -> None:
    """Values of another kind differ, also where Python calls them equal."""
    old, new = (Question("plain", "?", {"a": [value]}, ()) for value in (1, True))
    assert changed(old, new) == ({"a": [1]}, {"a": [True]})


# -- what became of it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (None, "Fingerprint ab12ab12ab12ab12"),
        (ANSWER_DIGEST, "The run has taken this answer. Fingerprint ab12ab12ab12ab12"),
        ("ff" * 32, "Careful: the run got another answer (fingerprint ffffffffffffffff)"),
    ],
)
def test_a_card_says_whether_the_run_got_what_was_decided(sent: str | None, words: str) -> None:
    """The answer is named by its digest, and an answer that is not the one that was sent is warned of."""
    given = decided(approval(), Verdict.EDIT, before={"amount": 1}, after={"amount": 2})
    detail = {"verdict": "edit", "answer_digest": sent}
    events = (event(5, EventKind.RESUMED, approval_id=given.id, **detail),) if sent else ()
    assert words in said(given, events=events)


def test_the_line_of_a_further_round_counts_it() -> None:
    """The thread says which round is asked, and the notification does too."""
    question = again({"a": 1}, {"a": 2})
    line = event(4, EventKind.ASKED, approval_id=question.id, text="Review draft", revision=1, round=2)
    shown = {each.key: each for each in cards.postings(run(question, events=(line,)))}
    line_shown, card = shown["line:4"], shown[f"card:{question.id}"]
    assert isinstance(line_shown, cards.Message)
    assert isinstance(card, cards.Message)
    assert "".join(texts(line_shown.blocks)) == "Round 2: Review draft"
    assert card.text.startswith("Approval needed, round 2, for Rita Requester")


def test_a_decision_is_told_by_the_label_of_its_button() -> None:
    """Where a button says more than Approve, the card says what it said."""
    assert "Approved all by" in "".join(texts(cards.card(run(), decided(approval(), label="Approve all"))))
    assert "Approved by" in "".join(texts(cards.card(run(), decided(approval(), label="Approve"))))
