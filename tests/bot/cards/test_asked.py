"""What is asked in several parts: each under its own title, and nothing of the value left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import cards
from bot.blocks import MESSAGE_CHARS, message_chars
from bot.sandbox.limits import check_message, check_view
from engine import ApprovalView, Option, Part, Question, ReasonWanted, Verdict
from engine.questions import read_question
from tests.bot.hostile import live_parts, sdk_accepts, strings, texts, unseen
from tests.bot.runs import approval, asked, run

CONFIG = {"allow_ignore": True, "allow_respond": False, "allow_edit": False, "allow_accept": True}
KEYS = (
    "name",
    "args",
    "description",
    "action_name",
    "action_requests",
    "action_request",
    "action",
    "",
    "review_configs",
)
"""Which the titles of the parts stand for; the values below them are to be seen."""


def call(name: str, args: dict[str, Any], description: str = "") -> dict[str, Any]:
    """Make one call of a tool as LangChain's middleware asks for it."""
    return {"name": name, "args": args, "description": description}


def batch(*calls: dict[str, Any]) -> ApprovalView:
    """Make the question of several calls."""
    allowed = [{"action_name": each["name"], "allowed_decisions": ["approve", "reject"]} for each in calls]
    value = {"action_requests": list(calls), "review_configs": allowed}
    return of(value)


def of(value: Any) -> ApprovalView:
    """Make the question of a value."""
    return approval(value, question=read_question(value, state={}, state_schema={}))


def unsaid(question: Question) -> Any:
    """Return what is asked without what heading, buttons and parts say by themselves."""

    def left(value: Any, *path: str | int) -> Any:
        if isinstance(value, list):
            return [left(each, *path, at) for at, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        kept = {key: each for key, each in value.items() if (*path, key) not in question.protocol}
        return {key: left(each, *path, key) for key, each in kept.items()}

    return left(question.shown)


def said(given: ApprovalView) -> str:
    """Return all that the card of a question says."""
    return "\n".join(texts(cards.card(run(given), given)))


def test_each_call_stands_under_its_own_title() -> None:
    """Title, note and arguments of a call come before those of the next, and every value stands there once."""
    told = said(
        batch(call("send_email", {"to": "ben"}, "Tell Ben"), call("run_sql", {"query": "DELETE 1"}, "Clean"))
    )
    order = [
        "1 of 2: send_email",
        "Tell Ben",
        "ben",
        "2 of 2: run_sql",
        "Clean",
        "DELETE 1",
    ]
    assert [part for part in order if part in told] == order
    assert sorted(order, key=told.index) == order
    assert told.count("DELETE 1") == told.count("Tell Ben") == 1


def test_what_no_part_shows_is_shown_beside_them() -> None:
    """Any key that is no part's is part of what is signed and so is on the card; what is allowed are its buttons."""
    request = {"action": "book", "args": {"to": "LIS"}}
    told = said(of({"action_request": request, "config": CONFIG, "description": None}))
    assert "Also asked" not in told
    assert "allow_respond" not in told
    question = Question(
        dialect="plain",
        text="Run it?",
        shown={"name": "other", "args": {"a": True}, "empty": {}, "list": [{}, {"args": {"a": 1}}]},
        options=(Option("approve", "Approve", Verdict.APPROVE),),
        parts=(Part("pay", "", {"a": 1}),),
    )
    told = said(approval(question=question))
    assert '{"name": "other", "args": {"a": true}, "empty": {}, "list": [{}]}' in told


USUAL = "Tool execution requires approval\n\nTool: pay\nArgs: {'to': 'Bo', 'amount': 5}"
PAY = {"name": "pay", "args": {"amount": 5, "to": "Bo"}}


@pytest.mark.parametrize(
    ("note", "left"),
    [
        (USUAL, ""),
        ("Ask the boss" + USUAL.removeprefix("Tool execution requires approval"), "Ask the boss"),
        (USUAL + " ", USUAL),
        (USUAL + "  # and 99 more", "and 99 more"),
        (USUAL.replace("5", "6"), "'amount': 6"),
        (USUAL.replace("5", "True"), "'amount': True"),
        (USUAL.replace("Tool: pay", "Tool: play"), "Tool: play"),
        (USUAL.replace("'amount'", "'amount': 6, 'amount'"), "'amount': 6"),
        ("Tool execution requires approval", "Tool execution requires approval"),
    ],
)
def test_a_note_that_repeats_name_and_arguments_is_left_out(note: str, left: str) -> None:
    """LangChain's default text goes when it says exactly what stands below it; anything else stays."""
    told = said(batch({**PAY, "description": note}))
    assert (left in told) if left else ("Tool" not in told)


SAID = [
    ({"question": "Pay?", "options": ["approve", "request_changes"], "amount": 5}, {"question", "options"}),
    ({"question": "Pay\tnow?", "options": ["approve", "  hold\t"], "amount": 5}, set()),
    ({"question": "Pay?", "options": [f"way {n}" for n in range(30)], "amount": 5}, {"question"}),
    ({"action": "review", "options": ["approve", "reject"], "draft": "Hi"}, {"action", "options"}),
    ({"action": "publish", "options": ["approve", "reject"], "draft": "Hi"}, {"action", "options"}),
    ({"action": "publish", "options": ["approve", "reject"], "title": "Hi"}, {"title", "options"}),
    ({"content": "Hi", "prompt": "Good?"}, {"prompt"}),
    ({"error": "bad", "question": "Again?", "current_input": 7}, {"question"}),
    ({"message": "Pay?", "title": "Other", "amount": 5}, {"message"}),
    ({"question": "Pay?"}, {"question"}),
    ({"question": "x" * 301, "amount": 5}, set()),
    ({"level": "manager", "amount": 5}, set()),
]


@pytest.mark.parametrize(("value", "keys"), SAID)
def test_what_heading_and_buttons_say_is_not_said_again(value: dict[str, Any], keys: set[str]) -> None:
    """A key is left out exactly when the heading or the buttons say all of it; every other one is there."""
    asks = of(value)
    names = {
        text.removesuffix(": ").removesuffix(":") for text in texts(cards.card(run(asks, input={}), asks))
    }
    assert {key for key in value if key not in names} == keys
    assert {each[0] for each in asks.question.protocol} == keys


def test_the_request_is_shown_without_what_the_question_shows() -> None:
    """A key that a question shows, also in a part and with another value, is not repeated from the request."""
    asks = batch(call("pay", {"to": "Bo", "amount": 7}, "Pay him"))
    told = "\n".join(texts(cards.card(run(asks, input={"amount": 5, "why": "rent"}), asks)))
    assert "rent" in told
    assert told.count("amount") == 1


@pytest.mark.parametrize("given", strings(), ids=lambda given: ascii(given)[:40])
def test_titles_notes_and_values_of_parts_are_inert_and_whole(given: str) -> None:
    """Whatever a tool, its description or its arguments say is text; approvable only if all of it is there."""
    asks = batch(call(given[:2_000], {given[:2_000]: given, "n": 1}, given), call("b", {"x": [given]}, "two"))
    blocks = cards.card(run(asks), asks)
    check_message(text="notice", blocks=blocks)
    sdk_accepts(blocks)
    assert message_chars(blocks) <= MESSAGE_CHARS
    assert not live_parts(blocks)
    if cards.is_complete(blocks):
        missing = unseen(blocks, unsaid(asks.question))
        assert [leaf for leaf in missing if leaf not in KEYS] == []


ODD = st.text(st.characters(), max_size=300)


@settings(deadline=None, max_examples=150)
@given(
    names=st.lists(ODD, min_size=1, max_size=4),
    args=st.lists(st.dictionaries(ODD, ODD | st.integers(), max_size=30), min_size=4, max_size=4),
)
def test_no_character_of_the_parts_is_lost_from_card_and_file(names: list[str], args: list[Any]) -> None:
    """A card with Approve shows every text; any other comes with a file that holds the value as it was asked."""
    asks = batch(*(call(name, each, name) for name, each in zip(names, args, strict=False)))
    shown = cards.postings(run(asks, events=(asked(2, asks),)))
    (card,) = (each for each in shown if isinstance(each, cards.Message) and each.approval_id)
    files = [each for each in shown if isinstance(each, cards.Upload)]
    if files:
        assert json.loads(files[0].content) == asks.question.shown
    else:
        missing = unseen(card.blocks, unsaid(asks.question))
        assert [leaf for leaf in missing if leaf not in KEYS] == []


# -- options -------------------------------------------------------------------------------------------------------


def buttons(given: ApprovalView) -> list[dict[str, Any]]:
    """Return the buttons of a question's card."""
    return [
        each
        for block in cards.card(run(given), given)
        if block["type"] == "actions"
        for each in block["elements"]
    ]


def with_options(*options: Option, shown: Any = "x") -> ApprovalView:
    """Make a question with these options only."""
    return approval(question=Question(dialect="plain", text="Which?", shown=shown, options=options))


def test_buttons_stand_in_the_order_of_the_options_with_their_style() -> None:
    """Green for what approves, red for what rejects, no colour for the rest, whatever order the graph has."""
    made = buttons(
        with_options(
            Option("no", "No", Verdict.REJECT),
            Option("later", "Later", Verdict.RESPOND),
            Option("yes", "Yes", Verdict.APPROVE),
        )
    )
    assert [(each["text"]["text"], each.get("style")) for each in made] == [
        ("No", "danger"),
        ("Later", None),
        ("Yes", "primary"),
    ]


def test_more_options_than_a_row_holds_take_another_row() -> None:
    """Slack takes 25 buttons in a row; the 26th begins the next one."""
    asks = with_options(*(Option(f"o{n}", f"Option {n}", Verdict.RESPOND) for n in range(27)))
    rows = [block for block in cards.card(run(asks), asks) if block["type"] == "actions"]
    assert [len(each["elements"]) for each in rows] == [25, 2]
    assert len({each["block_id"] for each in rows}) == 2
    check_message(text="notice", blocks=cards.card(run(asks), asks))


@pytest.mark.parametrize("label", strings(), ids=lambda given: ascii(given)[:40])
def test_any_label_makes_a_button_and_a_form(label: str) -> None:
    """A label of the graph's own is inert on the button, as the form's title and on what sends it."""
    option = Option("own", label, Verdict.RESPOND, reason=ReasonWanted.REQUIRED)
    asks = with_options(option, shown={"draft": "x" * 30_000})
    blocks = cards.card(run(asks), asks)
    check_message(text="notice", blocks=blocks)
    assert not live_parts(blocks)
    view = cards.choose_in_full(asks, option=option)
    assert view is not None
    check_view(view, kind="modal")
    assert not live_parts(view)
    assert unseen(view, asks.question.shown) == []


@pytest.mark.parametrize(
    ("verdict", "submit"),
    [
        (Verdict.APPROVE, "Approve"),
        (Verdict.REJECT, "Reject"),
        (Verdict.RESPOND, "Send"),
        (Verdict.EDIT, "Approve with changes"),
    ],
)
def test_what_sends_a_form_says_what_it_does(verdict: Verdict, submit: str) -> None:
    """A label that is too long for Slack's 24 characters is not cut: the verdict stands in its place."""
    option = Option("own", "Ask the whole board of directors", verdict, reason=ReasonWanted.OPTIONAL)
    assert cards.choose_view(with_options(option), option=option)["submit"]["text"] == submit


@pytest.mark.parametrize(
    ("label", "title", "submit"),
    [("Decide each…", "Decide each", "Send decisions"), ("Answer…", "Answer", "Send answer")],
)
def test_dots_stand_on_buttons_that_open_a_form_alone(label: str, title: str, submit: str) -> None:
    """The form itself and what sends it say what they do."""
    option = Option("own", label, Verdict.RESPOND, reason=ReasonWanted.OPTIONAL)
    view = cards.choose_view(with_options(option), option=option)
    assert (view["title"]["text"], view["submit"]["text"]) == (title, submit)


@pytest.mark.parametrize(
    ("label", "asks"), [("Reject", "Why do you reject this?"), ("Ignore", "Why do you choose “Ignore”?")]
)
def test_a_reason_is_asked_for_with_the_words_of_the_button(label: str, asks: str) -> None:
    """Who ignores is not asked why they reject."""
    option = Option("reject", label, Verdict.REJECT, reason=ReasonWanted.OPTIONAL)
    (reason,) = [
        each for each in cards.reject_view(with_options(option))["blocks"] if each["type"] == "input"
    ]
    assert reason["label"]["text"] == asks


def test_nothing_but_a_rejection_is_offered_where_no_form_holds_it() -> None:
    """Half a megabyte fits neither a card nor a form, so it can only be turned down."""
    yes, no = Option("approve", "Approve", Verdict.APPROVE), Option("stop", "Stop", Verdict.REJECT)
    asks = with_options(yes, no, Option("own", "Own", Verdict.RESPOND), shown={"draft": "x" * 500_000})
    assert [each["text"]["text"] for each in buttons(asks)] == ["Stop"]


def test_t23_a_summary_that_lies_stands_above_what_is_asked() -> None:
    """Whatever an agent says of its call, the arguments stand on the card, in full and above the buttons."""
    lie = "Reads the disk usage. Read only, safe to approve."
    for shown in (
        batch(call("shell", {"command": "rm -rf /srv"}, lie)),
        of({"question": lie, "summary": lie, "command": "rm -rf /srv"}),
        of({"action": "review", "draft": lie, "arguments": {"command": "rm -rf /srv"}}),
    ):
        *_, card = cards.postings(run(shown, events=(asked(2, shown),)))
        assert isinstance(card, cards.Message)
        kinds = [block["type"] for block in card.blocks]
        holding = [at for at, block in enumerate(card.blocks) if "rm -rf /srv" in json.dumps(block)]
        assert holding
        assert max(holding) < kinds.index("actions")
        assert "rm -rf /srv" in json.dumps(shown.question.shown)  # what the digest on the buttons is of
