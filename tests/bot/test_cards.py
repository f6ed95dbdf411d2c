"""Cards, thread and forms: all that is asked is shown, nothing of it is live, and Slack takes it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import cards
from bot.blocks import MESSAGE_CHARS, message_chars
from bot.inert import visible
from bot.payloads import Slip, block_id_of, decode_slip, decode_start, entries_of, mark_of
from bot.sandbox.inputs import initial_values
from bot.sandbox.limits import check_message, check_view
from engine import (
    ApprovalStatus,
    ApprovalView,
    EventKind,
    Option,
    Policy,
    ReasonWanted,
    RunStatus,
    RunView,
    Seen,
    Verdict,
    WorkflowView,
    entries,
)
from engine.forms import form_from_schema, form_from_values, read_form
from tests.bot.hostile import live_parts, sdk_accepts, strings, texts, unseen, values
from tests.bot.rebuilt import rebuilt
from tests.bot.runs import APPROVAL_ID, DIGEST, NOON, PAYLOAD, approval, asked, decided, event, run


def _messages(given: RunView) -> list[cards.Message]:
    return [each for each in cards.postings(given) if isinstance(each, cards.Message)]


def _actions(blocks: list[dict[str, Any]]) -> list[str]:
    return [each["action_id"] for block in blocks if block["type"] == "actions" for each in block["elements"]]


def _card(given: ApprovalView, **more: Any) -> list[dict[str, Any]]:
    return cards.card(run(given, **more), given)


def _said(tree: Any) -> str:
    return "\n".join(texts(tree))


# -- what is asked is shown, whatever it is ------------------------------------------------------------------------


@pytest.mark.parametrize("shown", values(), ids=lambda value: ascii(value)[:40])
def test_nobody_can_approve_what_was_not_shown_in_full(shown: Any) -> None:
    """Approve is on the card, or in the review form, only where every key and text of the value is."""
    given = approval(shown)
    blocks = _card(given)
    offered = _actions(blocks)
    if "approve" in offered:
        assert unseen(blocks, shown) == []
    else:
        assert "edit" not in offered
        assert "not shown here" in _said(blocks)
    review = cards.review_view(given)
    assert ("review" in offered) is ("approve" not in offered and "submit" in review)
    if "submit" in review:
        assert unseen(review, shown) == []


@pytest.mark.parametrize("shown", values(), ids=lambda value: ascii(value)[:40])
def test_slack_takes_whatever_a_graph_asks_and_nothing_of_it_is_live(shown: Any) -> None:
    """Every message and form keeps Slack's limits; mentions, links and emoji in a value stay text."""
    given = approval(shown, text=visible(str(shown))[:300].replace("\n", " "))
    for each in (given, decided(given)):
        told = run(
            each,
            events=(asked(2, each), event(3, EventKind.FINISHED, result=shown)),
            input={"x": shown},
            result=shown,
            status=RunStatus.FINISHED,
        )
        for message in _messages(told):
            _accepted(message)
    for view in (cards.review_view(given), cards.reject_view(given), cards.edit_view(given)):
        check_view(view, kind="modal")
        assert not live_parts(view)


@pytest.mark.parametrize("given", strings(), ids=lambda value: ascii(value)[:40])
def test_names_reasons_errors_and_ids_are_as_harmless_as_values(given: str) -> None:
    """A title, a person's name, a reason, an error or an id with markup in it becomes nothing but text."""
    said = replace(
        decided(
            approval({"a": given}, text=given[:300]),
            Verdict.REJECT,
            reason=given,
            actor_name=given,
            actor_id=given,
        ),
        policy=Policy(users=frozenset({given}), groups=frozenset({given})),
    )
    told = run(
        said,
        events=(
            asked(2, said),
            event(
                3,
                EventKind.DECIDED,
                approval_id=said.id,
                who=given,
                verdict="reject",
                label="Reject",
                reason=given,
            ),
            event(4, EventKind.WITHDRAWN, approval_id=said.id, why=given),
            event(5, EventKind.STOPPED, who=given, reason=given),
            event(6, EventKind.FAILED, error=given),
        ),
        title=given,
        requested_by=given,
        requested_by_name=given,
        thread_id=given,
        error=given,
        status=RunStatus.FAILED,
    )
    for message in _messages(told):
        _accepted(message)
    waiting = [(told, replace(said, id=f"{n:032x}"), "https://slack.example/p1") for n in range(30)]
    home = cards.home_view(waiting, [told] * 30)
    check_view(home, kind="home")
    assert not live_parts(home)
    for blocks in (cards.show_blocks(told), cards.waiting_blocks(waiting)):
        check_message(text="", blocks=blocks)
        assert not live_parts(blocks)


def _accepted(message: cards.Message) -> None:
    blocks = list(message.blocks)
    check_message(text=message.text, blocks=blocks)
    sdk_accepts(blocks)
    assert message_chars(blocks) <= MESSAGE_CHARS
    assert not live_parts(blocks)
    assert all(each == visible(each) for each in texts(blocks))
    assert len(message.text) <= 4000
    assert not set("<>") & set(message.text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (12500, "12500"), (True, "yes"), (True, "true"), (None, "none"), (False, "no"), ([], "[]"), ({}, "{}"),
        ("", " "), ("a", "a "), ("a", '"a"'), ("[1]", [1]), (1, 1.0), ("a\u202eb", "ab"), (["a"], "a"),
    ],
)  # fmt: skip
def test_different_values_never_look_the_same(one: Any, other: Any) -> None:
    """A number and the text of its digits, yes and "yes", nothing and a blank are shown differently."""
    assert _said(_card(approval({"x": one}))) != _said(_card(approval({"x": other})))


# -- the card in its states ----------------------------------------------------------------------------------------


def test_an_open_card_tells_all_that_a_decision_needs() -> None:
    """It names the question, workflow, requester, values, who may decide, deadline and run."""
    given = approval(expires_at=NOON + timedelta(hours=4), form=form_from_values(PAYLOAD))
    blocks = _card(given)
    said = _said(blocks)
    for part in (
        "Manager approval",
        "Expense",
        "amount: ",
        "12500",
        "Team offsite",
        "k7m2p9qx4d3a",
    ):
        assert part in said
    assert "8a6e0804" not in said  # the thread's id stands at the root message
    wire = json.dumps(blocks)
    assert '"user_id": "U0RITA"' in wire
    assert '"usergroup_id": "S0APPROVERS"' in wire
    assert '"user_id": "U0AMY"' in wire
    assert f'"timestamp": {int((NOON + timedelta(hours=4)).timestamp())}' in wire
    assert _actions(blocks) == ["approve", "reject", "edit"]


def test_every_button_says_which_question_was_seen() -> None:
    """The value of each button is the approval, its revision and the digest of what the card shows."""
    blocks = _card(approval(form=form_from_values(PAYLOAD), revision=3))
    seen = {
        decode_slip(each["value"])
        for block in blocks
        if block["type"] == "actions"
        for each in block["elements"]
    }
    assert seen == {Slip(Seen(approval_id=APPROVAL_ID, revision=3, digest=DIGEST))}


def test_edit_is_offered_only_where_something_can_be_edited() -> None:
    """Without a form, or when Slack cannot hold any of its values, there is no Edit button."""
    assert "edit" not in _actions(_card(approval()))
    too_long = {"draft": "x" * 3001}
    assert "edit" not in _actions(_card(approval(too_long, form=form_from_values(too_long))))


OWN = (
    Option("request_changes", "Request changes", Verdict.RESPOND, reason=ReasonWanted.REQUIRED),
    Option("x" * 3000, "x" * 3000, Verdict.RESPOND),
    Option(
        "<!here> *b* :smile:", "<!here> *b* :smile:", Verdict.RESPOND, form=form_from_values({"date": "May"})
    ),
)


def test_the_graphs_own_options_are_buttons_that_name_them() -> None:
    """An option of any text is a button within Slack's limits, and its value says which of the options it is."""
    given = approval(options=OWN)
    blocks = _card(given)
    assert _actions(blocks) == ["approve", "reject", "choose:2", "choose:3", "choose:4"]
    check_message(text="notice", blocks=blocks)
    assert not live_parts(blocks)
    buttons = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    marks = [decode_slip(each["value"]).option for each in buttons]
    assert marks == [None, None, *(mark_of(option.name) for option in OWN)]


@pytest.mark.parametrize("option", OWN, ids=lambda option: option.name[:20])
def test_an_option_asks_for_what_goes_with_it(option: Option) -> None:
    """The form of an option has the reason and the fields that it wants, and names the option."""
    given = approval(options=OWN)
    view = cards.choose_view(given, option=option)
    check_view(view, kind="modal")
    assert not live_parts(view)
    assert decode_slip(view["private_metadata"]).option == mark_of(option.name)
    wanted = ["reason"] if option.reason is ReasonWanted.REQUIRED else ["field:date"] if option.form else []
    assert [each["block_id"] for each in view["blocks"] if each["type"] == "input"] == wanted


def test_an_answer_in_the_graphs_own_words_is_told_by_its_label() -> None:
    """Card and thread say which option was chosen, with what was said and filled in."""
    given = decided(
        approval(options=OWN),
        Verdict.RESPOND,
        label="Request changes",
        reason="Shorter, please",
        after={"pages": 2},
    )
    said = _said(_card(given))
    assert "Answered “Request changes”" in said
    assert "Shorter, please" in said
    assert "pages" in said


def test_what_is_not_shown_in_full_can_only_be_reviewed_or_rejected() -> None:
    """Where the card does not show all of the value, every option but Reject opens a form that does."""
    given = approval({"draft": "x" * 50_000}, options=OWN)
    assert _actions(_card(given)) == ["review", "reject", "review:2", "review:3", "review:4"]


def test_nobody_may_decide_says_so() -> None:
    """A question without approvers names the reason instead of an empty list."""
    assert "no approvers are set" in _said(_card(approval(policy=Policy())))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (ApprovalStatus.DECIDED, "about to take this answer"),
        (ApprovalStatus.RESUMED, "has taken this answer"),
        (ApprovalStatus.WITHDRAWN, "Withdrawn"),
        (ApprovalStatus.EXPIRED, "Expired"),
    ],
)
def test_a_closed_card_has_no_buttons_and_says_why(status: ApprovalStatus, words: str) -> None:
    """Every state but pending takes the buttons away and tells in words what became of the question."""
    blocks = _card(replace(approval(form=form_from_values(PAYLOAD)), status=status))
    assert _actions(blocks) == []
    assert words in _said(blocks)


def test_a_decided_card_names_who_when_what_and_why() -> None:
    """The verdict stands with the person, the time and the reason."""
    blocks = _card(decided(approval(), Verdict.REJECT, reason="Too expensive"))
    assert "Rejected" in _said(blocks)
    assert "Too expensive" in _said(blocks)
    assert {"type": "user", "user_id": "U0AMY"} in blocks[1]["elements"][0]["elements"]
    assert any(each.get("type") == "date" for each in blocks[1]["elements"][0]["elements"])


def test_an_edited_card_shows_before_and_after_per_field() -> None:
    """Short values stand as before → after in one line, longer texts as a diff."""
    given = decided(
        approval(), Verdict.EDIT,
        before={"amount": 12500, "draft": "old\ntext"}, after={"amount": 9000, "draft": "new\ntext"},
    )  # fmt: skip
    said = "".join(texts(_card(given)))
    assert "amount: 12500 → 9000" in said
    assert "draft:− old\n+ new\ntext" in said


def test_a_warning_stands_where_characters_hide() -> None:
    """Invisible characters and mixed alphabets are pointed out, plain text is not."""
    assert "invisible" in _said(_card(approval({"to": "a\u202eb"})))
    assert "alphabets" in _said(_card(approval({"to": "раypal.example"})))
    assert "Careful" not in _said(_card(approval({"to": "paypal.example 👩\u200d👧"})))


# -- the thread ----------------------------------------------------------------------------------------------------


def test_the_thread_has_one_line_per_event_and_the_card_after_its_question() -> None:
    """Keys come in the order of events: root, started, asked, card, decided, resumed, next, card, finished."""
    first = decided(approval(), Verdict.APPROVE)
    second = approval(id="ab" * 16, number=2, text="Director approval")
    told = run(
        first, second,
        events=(
            asked(2, first),
            event(3, EventKind.REFUSED, approval_id=first.id, who="Otto Outsider", code="not_allowed"),
            event(4, EventKind.DECIDED, approval_id=first.id, who="Amy Approver", verdict="approve", label="Approve"),
            event(5, EventKind.RESUMED, approval_id=first.id, verdict="approve"),
            asked(6, second),
            event(7, EventKind.FINISHED, result={"paid": 12500}),
        ),
    )  # fmt: skip
    assert [each.key for each in cards.postings(told)] == [
        "root", "line:1", "line:2", f"card:{first.id}", "line:4", "line:5", "line:6", f"card:{second.id}", "line:7",
    ]  # fmt: skip
    lines = {each.key: "".join(texts(each.blocks)) for each in _messages(told)}
    assert lines["line:1"] == "Started by Rita Requester: Expense"
    assert lines["line:2"] == "Asked: Manager approval"
    assert lines["line:4"] == "Approved by Amy ApproverAudit anchor 4:0000000000000000"
    assert lines["line:6"] == "Next question: Director approval"
    assert lines["line:7"] == "Finished with this result:paid: 12500"


def test_only_cards_that_wait_go_to_the_channel_too() -> None:
    """An open card is broadcast, lines and closed cards are not."""
    given = approval()
    told = {each.key: each.is_broadcast for each in _messages(run(given, events=(asked(2, given),)))}
    assert told == {"root": False, "line:1": False, "line:2": False, f"card:{APPROVAL_ID}": True}
    late = decided(given)
    assert not any(each.is_broadcast for each in _messages(run(late, events=(asked(2, late),))))


def test_a_question_asked_anew_gets_a_new_card_and_the_old_one_dies() -> None:
    """The card of the earlier revision loses its buttons and points to the newer one."""
    first, again = approval({"draft": "one"}), approval({"draft": "two"}, revision=2)
    told = {
        each.key: each
        for each in _messages(
            run(again, events=(asked(2, first), asked(3, again, kind=EventKind.ASKED_ANEW)))
        )
    }
    old, new = told[f"card:{APPROVAL_ID}"], told[f"card:{APPROVAL_ID}:2"]
    assert _actions(list(old.blocks)) == []
    assert "Out of date" in _said(old.blocks)
    assert "approve" in _actions(list(new.blocks))
    assert "Asked again" in _said(told["line:3"].blocks)


def test_a_value_that_does_not_fit_comes_as_a_file() -> None:
    """The file below the card holds the whole value as JSON, also with lone surrogates in it."""
    shown = {"text": "long " * 10_000, "odd": "\ud800\u202e"}
    given = approval(shown)
    (file,) = [
        each
        for each in cards.postings(run(given, events=(asked(2, given),)))
        if isinstance(each, cards.Upload)
    ]
    assert file.key == f"file:{APPROVAL_ID}:1"
    assert json.loads(file.content) == shown
    assert file.content.encode()


def test_a_result_that_does_not_fit_its_line_comes_as_a_file() -> None:
    """The line shows the beginning and how much is missing; the file below it has all."""
    told = run(
        events=(event(2, EventKind.FINISHED, result="x" * 50_000),),
        status=RunStatus.FINISHED,
        result="x" * 50_000,
    )
    *_, said, file = cards.postings(told)
    assert isinstance(said, cards.Message)
    assert isinstance(file, cards.Upload)
    assert "more characters are not shown here" in _said(said.blocks)
    assert json.loads(file.content) == {"result": "x" * 50_000}


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        (RunStatus.RUNNING, {}, ["Running…"]),
        (RunStatus.WAITING, {}, ["Waiting for approval"]),
        (RunStatus.FINISHED, {"result": {"receipt": "R-17"}}, ["Finished", "R-17"]),
        (RunStatus.FAILED, {"error": "ValueError: no budget"}, ["Failed", "ValueError: no budget"]),
        (RunStatus.STOPPED, {}, ["Stopped"]),
        (RunStatus.EXPIRED, {}, ["Expired"]),
    ],
)
def test_the_root_tells_how_the_run_stands(status: RunStatus, more: dict[str, Any], words: list[str]) -> None:
    """The root names the requester and input in every state, and the outcome when there is one."""
    root = cards.root(run(status=status, **more))
    said = _said(root.blocks)
    assert all(word in said for word in [*words, "Expense", "Team offsite", "k7m2p9qx4d3a"])
    assert root.changes


def test_an_unchanged_rendering_has_the_same_digest() -> None:
    """Rendering twice gives one digest, and a decision gives another: only real changes are sent to Slack."""
    given = approval()
    before = {each.key: each.digest for each in _messages(run(given, events=(asked(2, given),)))}
    after = {each.key: each.digest for each in _messages(run(decided(given), events=(asked(2, given),)))}
    assert before == {each.key: each.digest for each in _messages(run(given, events=(asked(2, given),)))}
    assert {key for key in before if before[key] != after[key]} == {f"card:{APPROVAL_ID}"}


# -- the forms -----------------------------------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "title": "Amount", "description": "In euros.", "minimum": 0},
        "nights": {"type": "integer", "default": 2},
        "purpose": {"type": "string", "default": "Team offsite"},
        "note": {"type": "string", "default": "two\nlines"},
        "category": {"enum": ["travel", "food", "other"], "default": "food"},
        "receipt": {"type": "boolean", "default": True},
        "paid": {"type": "boolean", "default": False},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]},
    },
    "required": ["amount"],
}


def test_a_form_comes_back_from_slack_as_it_was_filled() -> None:
    """Opening the edit form and sending it untouched gives every value back as it was."""
    form = form_from_schema(SCHEMA, initial={"amount": 12500})
    view = cards.edit_view(approval(form=form))
    check_view(view, kind="modal")
    sent = entries_of(form, initial_values({**view, "id": "V1"}))
    assert sent == entries(form)
    assert read_form(form, sent) == {
        "amount": 12500, "nights": 2, "purpose": "Team offsite", "note": "two\nlines", "category": "food",
        "receipt": True, "paid": False, "tags": ["a", "b"],
    }  # fmt: skip


def test_every_kind_of_field_has_the_input_that_fits_it() -> None:
    """Numbers, texts, choices, yes or no, and JSON use Slack's own elements; optional ones can be left empty."""
    blocks = {block["block_id"]: block for block in cards.inputs(form_from_schema(SCHEMA)).blocks}
    kinds = {name: (block["element"]["type"], block["optional"]) for name, block in blocks.items()}
    assert kinds == {
        "field:amount": ("number_input", False),
        "field:nights": ("number_input", True),
        "field:purpose": ("plain_text_input", True),
        "field:note": ("plain_text_input", True),
        "field:category": ("static_select", True),
        "field:receipt": ("static_select", True),
        "field:paid": ("static_select", True),
        "field:tags": ("plain_text_input", True),
    }
    assert blocks["field:amount"]["element"]["min_value"] == "0"
    assert blocks["field:amount"]["element"]["is_decimal_allowed"] is True
    assert blocks["field:nights"]["element"]["is_decimal_allowed"] is False
    assert blocks["field:note"]["element"]["multiline"] is True
    assert blocks["field:amount"]["hint"]["text"] == "In euros."


DATE, TIME, MOMENT = ({"type": "string", "format": name} for name in ("date", "time", "date-time"))
ELEMENTS: list[tuple[dict[str, Any], Any, str, str | None]] = [
    (DATE, "2026-01-31", "datepicker", "initial_date"),
    (DATE, "0001-01-01", "plain_text_input", "initial_value"),
    (DATE, None, "datepicker", None),
    (TIME, "09:30:00", "timepicker", "initial_time"),
    (TIME, "09:30:15", "plain_text_input", "initial_value"),
    (TIME, "09:30:00Z", "plain_text_input", "initial_value"),
    (MOMENT, "2026-01-31T09:30:00+02:00", "datetimepicker", "initial_date_time"),
    (MOMENT, "2026-01-31T09:30:15Z", "plain_text_input", "initial_value"),
    (MOMENT, "2026-01-31T09:30:00", "plain_text_input", "initial_value"),
    (MOMENT, "1969-07-20T20:17:00Z", "plain_text_input", "initial_value"),
    ({"type": "string", "format": "email"}, "amy@example.com", "email_text_input", "initial_value"),
    ({"type": "string", "format": "email"}, "amy@localhost", "plain_text_input", "initial_value"),
    ({"type": "string", "format": "uri"}, "https://example.com", "url_text_input", "initial_value"),
    ({"type": "string", "format": "uri"}, "postgresql://host/db", "plain_text_input", "initial_value"),
    ({"type": "string", "format": "slack-user-id"}, "U0AMY", "users_select", "initial_user"),
    (
        {"type": "string", "format": "slack-channel-id"},
        "C0PAY",
        "conversations_select",
        "initial_conversation",
    ),
    ({"type": "string", "format": "slack-channel-id"}, "D0PAY", "plain_text_input", "initial_value"),
    ({"type": "array", "items": {"enum": ["a", "b"]}}, ["b", "a"], "checkboxes", "initial_options"),
    (
        {"type": "array", "items": {"enum": [*map(str, range(11))]}},
        ["3"],
        "multi_static_select",
        "initial_options",
    ),
    (
        {"type": "array", "items": {"enum": [*map(str, range(101))]}},
        ["3"],
        "multi_static_select",
        "initial_options",
    ),
    ({"type": "array", "items": {"type": "integer"}}, [1, 2], "plain_text_input", "initial_value"),
    ({"type": "integer", "minimum": 0, "maximum": 9}, 5, "number_input", "initial_value"),
    ({"type": "integer"}, 5.0, "plain_text_input", "initial_value"),
    ({"type": "string", "minLength": 2, "maxLength": 5}, "abc", "plain_text_input", "initial_value"),
]


@pytest.mark.parametrize(("prop", "value", "element", "initial"), ELEMENTS, ids=range(len(ELEMENTS)))
def test_a_value_stands_in_the_element_that_holds_it_exactly(
    prop: dict[str, Any], value: Any, element: str, initial: str | None
) -> None:
    """Each kind has Slack's own element, unless that would change the value: then it is typed and stays the same."""
    form = form_from_schema({"properties": {"x": prop}}, initial={} if value is None else {"x": value})
    view = cards.edit_view(approval(form=form))
    check_view(view, kind="modal")
    sdk_accepts(view["blocks"])
    (made,) = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    rebuilt(view["blocks"][-1])
    assert made["type"] == element
    assert [key for key in made if key.startswith("initial_")] == ([initial] if initial else [])
    sent = entries_of(form, initial_values({**view, "id": "V1"}))
    assert json.dumps(read_form(form, sent)) == json.dumps({} if value is None else {"x": value})


def test_bounds_are_given_to_slack_where_it_can_hold_them() -> None:
    """Bounds of numbers and lengths go along, unless Slack has no spelling for them or the value breaks them."""

    def element(prop: dict[str, Any], **initial: Any) -> dict[str, Any]:
        form = form_from_schema({"properties": {"x": prop}}, initial=initial)
        return dict(cards.inputs(form).blocks[0]["element"])

    assert element({"type": "integer", "exclusiveMinimum": 0, "maximum": 9})["min_value"] == "1"
    assert element({"type": "number", "maximum": 0.5})["max_value"] == "0.5"
    assert "max_value" not in element({"type": "number", "maximum": 1e30})
    assert "min_value" not in element({"type": "integer", "minimum": 6}, x=5)
    assert element({"type": "string", "minLength": 2, "maxLength": 9})["max_length"] == 9
    assert "max_length" not in element({"type": "string", "maxLength": 9000})
    assert "min_length" not in element({"type": "string", "minLength": 5}, x="abc")


def test_nested_fields_stand_under_headings() -> None:
    """A section begins with its heading; what follows at the top level is set apart by a line."""
    inner = {"type": "object", "properties": {"city": {"type": "string"}}}
    form = form_from_schema({"properties": {"home": inner, "note": {"type": "string"}}, "required": ["home"]})
    kinds = [(block["type"], block.get("text", {}).get("text")) for block in cards.inputs(form).blocks]
    assert kinds == [("header", "Home"), ("input", None), ("divider", None), ("input", None)]


@pytest.mark.parametrize("given", ["x" * 3001, "a\u202eb", "\0", "\ud800"])
def test_what_slack_would_not_give_back_is_left_out_and_said(given: str) -> None:
    """A value that is too long or invisible stays out of the form, so that it stays unchanged."""
    values_ = {"draft": given, "amount": 1}
    form = form_from_values(values_)
    view = cards.edit_view(approval(values_, form=form))
    check_view(view, kind="modal")
    assert cards.inputs(form).left_out == ("draft",)
    assert "left as it is: Draft" in _said(view)
    sent = entries_of(form, initial_values({**view, "id": "V1"}))
    assert read_form(form, {**entries(form), **sent}) == values_


def test_a_form_of_many_fields_keeps_to_what_a_view_holds() -> None:
    """Ninety-two fields stand on a page, none is left out, and the view is one that Slack takes."""
    values_ = {f"field_{n}": n for n in range(300)}
    view = cards.edit_view(approval(values_, form=form_from_values(values_)))
    check_view(view, kind="modal")
    made = cards.inputs(form_from_values(values_))
    assert (len(made.blocks), made.left_out) == (92, ())


def test_a_form_of_long_texts_keeps_to_what_a_view_weighs() -> None:
    """Ninety texts of 3 000 characters are more than 250 kB, so some wait for the next page."""
    values_ = {f"text_{n}": "é" * 3000 for n in range(90)}
    view = cards.edit_view(approval(values_, form=form_from_values(values_)))
    check_view(view, kind="modal")
    made = cards.inputs(form_from_values(values_))
    assert 0 < len(made.names) < 90
    assert made.left_out == ()


@pytest.mark.parametrize("count", [2, 10, 11, 100, 101, 250])
def test_choices_of_any_number_can_be_made(count: int) -> None:
    """Up to ten are buttons, up to a hundred a menu, more stand in groups; the value is the index."""
    form = form_from_schema(
        {"properties": {"pick": {"enum": [f"c{n}" for n in range(count)]}}, "required": ["pick"]}
    )
    view = cards.start_view(
        WorkflowView(name="w", title="W", description="", form=form, channel="#x"), channel="C1"
    )
    check_view(view, kind="modal")
    element = view["blocks"][0]["element"]
    found = element.get("options") or [
        option for group in element["option_groups"] for option in group["options"]
    ]
    assert [option["value"] for option in found] == [str(n) for n in range(count)]
    assert element["type"] == ("radio_buttons" if count <= 10 else "static_select")


def test_a_number_that_slack_does_not_take_is_entered_as_text() -> None:
    """1e+30 and numbers of twenty digits go through a text input, and come back as they were."""
    values_ = {"big": 1e30, "long": 12345678901234567890}
    form = form_from_values(values_)
    view = cards.edit_view(approval(values_, form=form))
    check_view(view, kind="modal")
    assert read_form(form, entries_of(form, initial_values({**view, "id": "V1"}))) == values_


def test_the_start_form_carries_its_workflow_and_shows_problems() -> None:
    """It names the workflow and the channel of the command, and says what is wrong with the setup."""
    form = form_from_schema(SCHEMA)
    workflow = WorkflowView(
        name="expense", title="A title that is longer than Slack allows", description="Pays an expense.",
        form=form, channel=None, problem="Nobody may decide.",
    )  # fmt: skip
    view = cards.start_view(workflow, channel="C0APPROVALS")
    check_view(view, kind="modal")
    assert view["callback_id"] == "start"
    assert decode_start(view["private_metadata"]).workflow == "expense"
    assert decode_start(view["private_metadata"]).channel == "C0APPROVALS"
    assert "Nobody may decide." in _said(view)
    assert block_id_of(form, "amount") in [block.get("block_id") for block in view["blocks"]]


@pytest.mark.parametrize(
    ("make", "name"),
    [(cards.reject_view, "reject"), (cards.edit_view, "edit"), (cards.review_view, "review")],
)
def test_every_form_about_a_question_says_which_one(make: Any, name: str) -> None:
    """The callback id names the verdict, the private metadata what was seen."""
    view = make(approval(form=form_from_values(PAYLOAD)))
    assert view["callback_id"] == name
    assert decode_slip(view["private_metadata"]) == Slip(Seen(APPROVAL_ID, revision=1, digest=DIGEST))


def test_home_lists_what_waits_and_what_ran() -> None:
    """Each waiting question has its card's link; an empty list says that nothing waits."""
    given = approval()
    told = run(given, events=(asked(2, given),))
    home = cards.home_view(
        [(told, given, "https://slack.example/p1"), (told, replace(given, id="ab" * 16), None)], [told]
    )
    check_view(home, kind="home")
    assert _actions(home["blocks"]) == ["home_open"]
    assert "Nothing is waiting" in _said(cards.home_view([], []))


def test_show_tells_the_run_from_its_start() -> None:
    """The answer to show has the root's facts and a dated line per event."""
    given = approval()
    said = "".join(texts(cards.show_blocks(run(given, events=(asked(2, given),)))))
    assert "Waiting for approval" in said
    assert "Started by Rita Requester: Expense" in said
    assert "Asked: Manager approval" in said
