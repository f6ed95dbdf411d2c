"""What a card shows of approvals by several people, and with what of it somebody can agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import cards
from bot.blocks import MESSAGE_CHARS, message_chars
from bot.payloads import decode_slip
from bot.sandbox.limits import check_message
from engine import ApprovalStatus, ApprovalView, Endorsement, Policy, Verdict
from engine.forms import form_from_values
from tests.bot.hostile import texts
from tests.bot.runs import APPROVAL_ID, DIGEST, NOON, approval, decided, run

TWO = Policy(users=frozenset({"U0AMY", "U0BEN"}), required_approvals=2)


def endorsement(n: int = 0, **more: Any) -> Endorsement:
    """Make an edit by Amy, the answer with number `n`."""
    made = Endorsement(
        verdict=Verdict.EDIT,
        option="edit",
        label="Edit",
        actor_id="U0AMY",
        actor_name="Amy Approver",
        reason="",
        before={"amount": 5},
        after={"amount": 7 + n},
        endorsed_at=NOON,
        answer_digest=f"{n:064x}",
        required=2,
    )
    return replace(made, **more)


def asked(*endorsements: Endorsement, shown: Any = None) -> ApprovalView:
    form = form_from_values({"amount": 5})
    return approval(shown or {"amount": 5}, form=form, policy=TWO, endorsements=endorsements)


def agreeing(given: ApprovalView) -> list[dict[str, Any]]:
    """Return the buttons that agree with somebody, after a look at whether Slack takes the card."""
    blocks = cards.card(run(given), given)
    check_message(text="t", blocks=blocks)
    buttons = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    return [each for each in buttons if each["action_id"].startswith("agree:")]


def said(given: ApprovalView) -> str:
    return "\n".join(texts(cards.card(run(given), given)))


def test_the_button_names_just_that_answer() -> None:
    """It carries the question as it was seen and the digest of the answer."""
    (button,) = agreeing(asked(endorsement(3)))
    slip = decode_slip(button["value"])
    assert (slip.seen.approval_id, slip.seen.revision, slip.seen.digest) == (APPROVAL_ID, 1, DIGEST)
    assert slip.agrees_with == f"{3:064x}"
    assert button["text"]["text"] == "Agree with Amy Approver"


def test_a_plain_approval_has_no_button_of_its_own() -> None:
    """The card's own Approve approves the same; those who did are counted in one line."""
    plain: dict[str, Any] = {
        "verdict": Verdict.APPROVE,
        "option": "approve",
        "label": "Approve",
        "before": {},
        "after": {},
    }
    given = asked(endorsement(**plain), endorsement(**plain, actor_id="U0BEN", actor_name="Ben"))
    assert agreeing(given) == []
    assert "Approved (2 of 2)" in said(given)


@pytest.mark.parametrize(
    "given",
    [
        asked(endorsement(after={"amount": "9" * 6_000})),
        asked(endorsement(reason="because " * 800)),
        asked(endorsement(), shown={"amount": 5, "text": "x" * 40_000}),
    ],
    ids=["a long value", "a long reason", "a question that is not shown in full"],
)
def test_nobody_agrees_with_what_does_not_stand_there(given: ApprovalView) -> None:
    """An answer or a question that the card cannot show in full has no button to agree."""
    assert agreeing(given) == []
    assert "nobody can agree with it here" in said(given)


@pytest.mark.parametrize(("size", "agree"), [(3_000, 1), (7_500, 1), (8_200, 0)])
def test_an_endorsement_does_not_push_the_question_off_its_card(size: int, agree: int) -> None:
    """A question that fits a card in full still does; a short edit has its button where there is room for it."""
    given = asked(endorsement(), shown={"amount": 5, "text": "y" * size})
    assert len(agreeing(given)) == agree
    assert cards.is_complete(cards.card(run(given), given))
    assert "Edited and approved (1 of 2)" in said(given)


def test_however_many_approve_the_card_stays_below_its_limit() -> None:
    """Three long answers of nineteen people each, twenty approvers and a long request."""
    crowd = Policy(users=frozenset(f"U0PERSON{n:02}" for n in range(25)), required_approvals=20)
    answers = [
        endorsement(n, reason="because " * 140, actor_id=f"U0PERSON{m:02}", actor_name="Somebody " * 8)
        for n in range(3)
        for m in range(19)
    ]
    given = replace(asked(*answers), policy=crowd)
    drawn = cards.card(run(given, input={"why": "z" * 1_400}), given)
    assert message_chars(drawn) <= MESSAGE_CHARS
    assert "and 14 more" in "\n".join(texts(drawn))


def test_many_answers_are_counted() -> None:
    """Three different answers are shown, the others counted."""
    given = asked(*(endorsement(n, actor_id=f"U{n}") for n in range(8)))
    assert len(agreeing(given)) == 3
    assert "5 more answers are in the thread." in said(given)


def test_a_large_edit_still_is_a_card_that_slack_takes() -> None:
    """Fifty changed fields in each of three answers."""
    before = {f"field {n}": n for n in range(50)}
    after = {name: value + 1 for name, value in before.items()}
    given = asked(*(endorsement(n, before=before, after=after) for n in range(3)))
    agreeing(given)


def test_once_it_is_decided_nothing_can_be_agreed_with() -> None:
    """The closed card names the others beside who decided."""
    given = replace(decided(asked(endorsement())), status=ApprovalStatus.RESUMED)
    assert agreeing(given) == []
    assert "(1 of 2)" not in said(given)
