"""What Slack sends becomes frozen values, or Malformed; never anything in between."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.payloads import (
    HomeOpened,
    Malformed,
    Slip,
    StartSlip,
    block_id_of,
    check,
    decode_slip,
    decode_start,
    encode_slip,
    encode_start,
    entries_of,
    entry_of,
    mark_of,
    parse,
    read_click,
    read_command,
    read_home,
    read_submission,
    with_draft,
    without_draft,
)
from engine import MISSING, Field, FieldKind, Form, Seen

SEEN = Seen(approval_id="9f" * 16, revision=3, digest="c0ffee" * 10)
SLIP = Slip(SEEN)
FORM_TYPE = "application/x-www-form-urlencoded"
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1", "team_id": "T1"},
    "team": {"id": "T1", "domain": "d"},
    "channel": {"id": "C1", "name": "n"},
    "container": {"type": "message", "message_ts": "1.2", "thread_ts": "1.1", "channel_id": "C1"},
    "trigger_id": "1.2.3",
    "actions": [{"action_id": "approve", "block_id": "b", "value": encode_slip(SLIP), "type": "button"}],
}
SUBMISSION: dict[str, Any] = {
    "type": "view_submission",
    "user": {"id": "U1", "team_id": "T1"},
    "team": {"id": "T1"},
    "view": {
        "id": "V1",
        "type": "modal",
        "callback_id": "reject",
        "private_metadata": encode_slip(SLIP),
        "blocks": [{"type": "section", "block_id": "s"}, {"type": "input", "block_id": "reason"}],
        "state": {"values": {"reason": {"value": {"type": "plain_text_input", "value": "No."}}}},
    },
}
COMMAND: dict[str, Any] = {
    "command": "/approvals",
    "text": "start pay",
    "user_id": "U1",
    "team_id": "T1",
    "channel_id": "C1",
    "trigger_id": "1.2.3",
}


def field(name: str, kind: FieldKind = FieldKind.TEXT) -> Field:
    """Make a field of a form."""
    return Field(name=name, label=name, kind=kind, required=False, initial=MISSING)


def test_what_a_button_carries_comes_back() -> None:
    """A question, and which option of it is meant, survive a button's value, well below Slack's 2 000 characters."""
    for slip in (SLIP, Slip(SEEN, option=mark_of("x" * 9999)), Slip(SEEN, option=mark_of("\ud800"))):
        assert decode_slip(encode_slip(slip)) == slip
        assert len(encode_slip(slip)) < 300
    seen = Seen("9f9f", 1, "c0ffee")
    assert decode_slip('{"a":"9f9f","r":1,"d":"c0ffee"}') == Slip(seen)
    assert decode_slip('{"a":"9f9f","r":1,"d":"c0ffee","o":"00112233445566aa"}') == Slip(
        seen, "00112233445566aa"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"a":"9f","r":1}',
        '{"a":"9f","r":1,"d":"c0","x":1}',
        '{"a":"9f","r":1,"d":"c0","o":3}',
        '{"a":"9f","r":1,"d":"c0","o":"approve"}',
        '{"a":"9f","r":1,"d":"c0","o":null}',
        '{"a":"9f","r":1,"o":1}',
        '{"a":"9f","r":"1","d":"c0"}',
        '{"a":"9f","r":true,"d":"c0"}',
        '{"a":"9f","r":-1,"d":"c0"}',
        '{"a":"9f","r":99999999999999999999,"d":"c0"}',
        '{"a":"9f","r":1.0,"d":"c0"}',
        '{"a":"","r":1,"d":"c0"}',
        '{"a":"9f\'; --","r":1,"d":"c0"}',
        '{"a":"9f\\u0000","r":1,"d":"c0"}',
        '{"a":"9f\\ud800","r":1,"d":"c0"}',
        '{"a":"9f","r":1,"d":"C0FFEE"}',
        '{"a":"9f\\n","r":1,"d":"c0"}',
        "[" * 100_000,
        "1" * 10_000,
    ],
)
def test_t15_another_button_value_is_malformed(text: str) -> None:
    """Anything but what `encode_slip` writes is refused before it reaches the desk."""
    with pytest.raises(Malformed):
        decode_slip(text)


def test_what_the_start_form_carries_comes_back() -> None:
    """Workflow and channel survive the way through the form's private metadata."""
    slip = StartSlip(workflow="pay “out” é", channel="C1")
    assert decode_start(encode_start(slip)) == slip
    with pytest.raises(Malformed):
        decode_start('{"workflow":"pay","channel":"../x"}')


def test_bodies_are_read_in_slacks_three_forms() -> None:
    """Commands come as a form, clicks as a form with JSON in `payload`, events as JSON."""
    assert parse(urlencode({"command": "/a", "text": ""}).encode(), content_type=FORM_TYPE) == {
        "command": "/a",
        "text": "",
    }
    assert parse(urlencode({"payload": '{"type":"x"}'}).encode(), content_type=FORM_TYPE) == {"type": "x"}
    assert parse(b'{"type":"x"}', content_type="application/json") == {"type": "x"}


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"", "application/json"),
        (b"payload=", FORM_TYPE),
        (b"payload={", FORM_TYPE),
        (b"payload=[]", FORM_TYPE),
        (b"nonsense", FORM_TYPE),
        (b"\xff\xfe", "application/json"),
        (b"[1]", "application/json"),
        (b'{"a":' * 50_000, "application/json"),
        (b"{}", "text/plain"),
        (b"{}", "multipart/form-data"),
        (b"{}", "application/octet-stream"),
    ],
)
def test_broken_bodies_are_malformed(raw: bytes, content_type: str) -> None:
    """Broken JSON, a list, other content types and bytes that are no text are refused."""
    with pytest.raises(Malformed):
        parse(raw, content_type=content_type)


def test_a_click_is_read_whole() -> None:
    """A click tells what was seen, by whom, where and in which thread."""
    click = read_click(CLICK)
    assert (click.action_id, click.slip, click.user_id, click.team_id) == ("approve", SLIP, "U1", "T1")
    assert (click.channel, click.message_ts, click.thread_ts, click.trigger_id) == (
        "C1",
        "1.2",
        "1.1",
        "1.2.3",
    )


def test_t12_a_persons_own_team_counts() -> None:
    """On a shared channel the team is the person's own, not the one whose channel it is."""
    body = {**CLICK, "user": {"id": "U1", "team_id": "T2"}}
    assert read_click(body).team_id == "T2"
    assert read_click({**CLICK, "user": {"id": "U1"}}).team_id == "T1"


def test_a_submission_is_read_whole() -> None:
    """A sent form tells its view, what it carries, its values and its inputs."""
    submission = read_submission(SUBMISSION)
    assert (submission.callback_id, submission.view_id, submission.inputs) == (
        "reject",
        "V1",
        ("reason",),
    )
    assert decode_slip(submission.metadata) == SLIP
    assert submission.values["reason"]["value"]["value"] == "No."


@pytest.mark.parametrize(
    ("text", "verb", "argument"),
    [
        ("", "", ""),
        ("  ", "", ""),
        ("START pay", "start", "pay"),
        ("start   Pay Out ", "start", "Pay Out"),
        ("start “pay out”", "start", "pay out"),
        ("start `pay`", "start", "pay"),
        ("start a &amp; b", "start", "a & b"),
        ("show 'K7M2'", "show", "K7M2"),
    ],
)
def test_commands_are_read_as_people_type(text: str, verb: str, argument: str) -> None:
    """The verb loses its capitals; quotes, spaces and Slack's escapes around the argument go."""
    command = read_command({**COMMAND, "text": text})
    assert (command.verb, command.argument) == (verb, argument)


def test_only_the_home_tab_counts() -> None:
    """Opening the messages tab of the app is not opening its home."""
    event = {"type": "app_home_opened", "user": "U1", "tab": "home"}
    assert read_home({"event": event, "team_id": "T1"}) == HomeOpened("U1", "T1")
    assert read_home({"event": {**event, "tab": "messages"}, "team_id": "T1"}) is None


def test_entries_are_read_by_field() -> None:
    """Texts, numbers and chosen options come back under their field; empty is None; other blocks are left."""
    form = Form(fields=(field("note"), field("size", FieldKind.CHOICE), field("gone")), schema={})
    values: dict[str, dict[str, dict[str, Any]]] = {
        "field:note": {"value": {"type": "plain_text_input", "value": None}},
        "field:size": {"value": {"type": "static_select", "selected_option": {"value": "2"}}},
        "other": {"value": {"type": "plain_text_input", "value": "x"}},
    }
    assert entries_of(form, values) == {"note": None, "size": "2"}
    assert entries_of(
        form, {"field:size": {"value": {"type": "radio_buttons", "selected_option": None}}}
    ) == {"size": None}


def test_every_field_has_a_block_id_of_its_own() -> None:
    """Names that Slack's 255 characters cannot hold, or that look like a position, go by position."""
    names = ["a", "#0", "x" * 300, "x" * 301, "field:a"]
    form = Form(fields=tuple(field(name) for name in names), schema={})
    ids = [block_id_of(form, name) for name in names]
    assert len(set(ids)) == len(names)
    assert all(len(each) <= 255 for each in ids)
    values = {each: {"value": {"type": "plain_text_input", "value": each}} for each in (*ids, "field:#9")}
    assert entries_of(form, values) == dict(zip(names, ids, strict=True))


@pytest.mark.parametrize(
    ("state", "entry"),
    [
        ({"type": "checkboxes", "selected_options": [{"value": "2"}, {"value": "0"}]}, "2,0"),
        ({"type": "multi_static_select", "selected_options": []}, None),
        ({"type": "datepicker", "selected_date": "2026-01-31"}, "2026-01-31"),
        ({"type": "timepicker", "selected_time": "09:30"}, "09:30"),
        ({"type": "timepicker", "selected_time": None}, None),
        ({"type": "datetimepicker", "selected_date_time": 1769851800}, "2026-01-31T09:30:00Z"),
        ({"type": "email_text_input", "value": "amy@example.com"}, "amy@example.com"),
        ({"type": "users_select", "selected_user": "U0AMY"}, "U0AMY"),
        ({"type": "channels_select", "selected_channel": "C0PAY"}, "C0PAY"),
        ({"type": "conversations_select", "selected_conversation": "C0PAY"}, "C0PAY"),
        ({"type": "plain_text_input", "value": ""}, None),
    ],
)
def test_every_element_gives_its_raw_text(state: dict[str, Any], entry: str | None) -> None:
    """What an element holds becomes the one text that the engine's forms take for its kind."""
    assert entry_of({"value": state}) == entry


@pytest.mark.parametrize(
    "state",
    [
        {"selected_options": "x"},
        {"selected_options": [1]},
        {"selected_option": "x"},
        {"selected_date_time": "soon"},
        {"selected_date_time": True},
        {"selected_date_time": 10**20},
        {"selected_date": 5},
        {"value": 5},
    ],
)
def test_an_element_that_holds_something_else_is_malformed(state: dict[str, Any]) -> None:
    """Nothing but the shapes that Slack documents is taken for an entry."""
    with pytest.raises(Malformed):
        entry_of({"value": state})


def test_a_draft_travels_beside_what_a_form_carries() -> None:
    """The id of a draft can be added to any form's metadata and taken out again; the rest stays as it was."""
    for metadata in (encode_slip(SLIP), encode_start(StartSlip(workflow="pay", channel="C1"))):
        carried = with_draft(metadata, "d" * 32)
        assert len(carried) < 3000
        assert without_draft(carried) == (metadata, "d" * 32)
        assert without_draft(metadata) == (metadata, None)
    with pytest.raises(Malformed):
        without_draft('{"draft":"../x"}')


ODD: list[Any] = [
    None,
    True,
    -1,
    1.5,
    "",
    "x",
    [],
    [None],
    [[]],
    {},
    {"id": None},
    {"id": []},
    "\ud800",
    "a" * 5000,
]


def mutated(value: Any, dice: random.Random) -> Any:
    """Drop or replace one thing somewhere inside."""
    if isinstance(value, dict) and value:
        key = dice.choice(sorted(value))
        rest = {name: each for name, each in value.items() if name != key}
        match dice.randrange(4):
            case 0:
                return rest
            case 1:
                return {**rest, key: dice.choice(ODD)}
            case _:
                return {**rest, key: mutated(value[key], dice)}
    if isinstance(value, list) and value:
        return [mutated(value[0], dice), *value[1:]]
    return dice.choice(ODD)


@pytest.mark.parametrize("body", [CLICK, SUBMISSION, COMMAND], ids=["click", "submission", "command"])
def test_anything_else_is_malformed_and_nothing_worse(body: dict[str, Any]) -> None:
    """Two thousand damaged bodies are either read or Malformed; no other error comes up."""
    dice = random.Random(7)  # noqa: S311  a seed makes the cases the same each time
    readers = {"block_actions": read_click, "view_submission": read_submission}
    read: Any = readers.get(str(body.get("type")), read_command)
    refused = []
    for _ in range(2000):
        damaged = mutated(json.loads(json.dumps(body)), dice)
        try:
            check(damaged)
            read(damaged)
        except Malformed as error:
            refused.append(str(error))
    assert len(refused) > 500
    assert all(refused)
