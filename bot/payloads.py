"""What Slack sends, read into frozen values, and the codec of what a button carries: pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from yarl import query_to_pairs

from engine import Form, Seen

Body: TypeAlias = dict[str, Any]

_ID = re.compile(r"[A-Z0-9]{1,64}")
_TS = re.compile(r"[0-9]{1,20}\.[0-9]{1,10}")
_APPROVAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{1,128}")
_MARK = re.compile(r"[0-9a-f]{16}")
_MAX_REVISION = 2**31 - 1
_FIELD = "field:"
_MAX_BLOCK_ID = 255  # slackblocks 3.0.0
_DRAFT = "draft"
_DRAFT_ID = re.compile(r"[A-Za-z0-9_-]{22,64}")
_STATES = (
    "selected_option",
    "selected_options",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "selected_user",
    "selected_channel",
    "selected_conversation",
    "value",
)
"""Where an element's state holds what was entered (docs.slack.dev, block elements)."""


class Malformed(ValueError):
    """Slack, or somebody in its name, sent something that cannot be read. The message never quotes it."""


@dataclass(frozen=True)
class Slip:
    """What a button or a form of a card carries: what the person had in view, and what of it is meant.

    `option` is the mark of its name, see `mark_of`; `agrees_with` is the digest of an endorsed answer.
    """

    seen: Seen
    option: str | None = None
    agrees_with: str | None = None


@dataclass(frozen=True)
class Click:
    """A button on a card. `slip` is what it carries; `thread_ts` is the thread the card is in."""

    action_id: str
    slip: Slip
    user_id: str
    team_id: str
    channel: str
    message_ts: str
    thread_ts: str | None
    trigger_id: str


@dataclass(frozen=True)
class Submission:
    """A sent modal. `values` is Slack's `view.state.values`: block id -> action id -> element state.

    `inputs` are the block ids of all inputs that the modal showed, in their order.
    """

    callback_id: str
    view_id: str
    user_id: str
    team_id: str
    metadata: str
    values: Mapping[str, Mapping[str, Mapping[str, Any]]]
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class SlashCommand:
    """A typed command: `verb` in lower case, `argument` the rest without quotes around it."""

    verb: str
    argument: str
    user_id: str
    team_id: str
    channel: str
    trigger_id: str


@dataclass(frozen=True)
class HomeOpened:
    """A person opened the app's Home tab."""

    user_id: str
    team_id: str


@dataclass(frozen=True)
class StartSlip:
    """What the start form carries: which workflow, and the channel where the command was typed."""

    workflow: str
    channel: str


def encode_slip(slip: Slip) -> str:
    """Write what a button carries: `{"a":"9f…","r":1,"d":"c0…"}`, below 300 characters; "o" and "e" if given."""
    parts = zip("ardoe", (*astuple(slip.seen), slip.option, slip.agrees_with), strict=True)
    return json.dumps({key: part for key, part in parts if part is not None}, separators=(",", ":"))


def mark_of(name: str) -> str:
    """Mark an option's name, which may be any text of any length, with 16 hex digits of its SHA-256."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def decode_slip(text: str) -> Slip:
    """Read back what `encode_slip` wrote. Raises: Malformed for anything else, however close."""
    parts = _object(_json(text))
    if set(parts) - {"o", "e"} != {"a", "r", "d"}:
        raise Malformed("The button does not carry a question.")
    if type(parts["r"]) is not int or not 0 <= parts["r"] <= _MAX_REVISION:
        raise Malformed("The button carries no revision.")
    seen = Seen(_matching(parts["a"], _APPROVAL), parts["r"], _matching(parts["d"], _DIGEST))
    kinds = (("option", "o", _MARK), ("agrees_with", "e", _DIGEST))
    return Slip(seen, **{name: _matching(parts[key], kind) for name, key, kind in kinds if key in parts})


def encode_start(slip: StartSlip) -> str:
    """Write the start form's private metadata: `{"workflow":"expense","channel":"C1"}`."""
    return json.dumps({"workflow": slip.workflow, "channel": slip.channel}, separators=(",", ":"))


def decode_start(text: str) -> StartSlip:
    """Read back what `encode_start` wrote, also with a draft in it. Raises: Malformed."""
    parts = _object(_json(text))
    return StartSlip(workflow=_text(parts.get("workflow")), channel=_matching(parts.get("channel"), _ID))


def with_draft(metadata: str, draft_id: str) -> str:
    """Add the id of a draft to the private metadata of a form, which is a JSON object."""
    return json.dumps({**_object(_json(metadata)), _DRAFT: draft_id}, separators=(",", ":"))


def without_draft(metadata: str) -> tuple[str, str | None]:
    """Give private metadata as it is without a draft, and the draft's id if there is one. Raises: Malformed."""
    parts = _object(_json(metadata))
    draft_id = parts.pop(_DRAFT, None)
    if draft_id is None:
        return metadata, None
    return json.dumps(parts, separators=(",", ":")), _matching(draft_id, _DRAFT_ID)


def block_id_of(form: Form, name: str) -> str:
    """Give a field's block id: `field:<name>`, or `field:#<position>` when the name is too long for Slack."""
    whole = _FIELD + name
    if len(whole) <= _MAX_BLOCK_ID and not name.startswith("#"):
        return whole
    return f"{_FIELD}#{[each.name for each in form.fields].index(name)}"


def entries_of(form: Form, values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, str | None]:
    """Read what was filled in, by field name; None: left empty.

    Only fields that the modal showed are in the answer: one that was too long to be prefilled is not.
    """
    names = {block_id_of(form, each.name): each.name for each in form.fields}
    return {names[block_id]: entry_of(elements) for block_id, elements in values.items() if block_id in names}


def entry_of(elements: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Read the one element of an input block into the raw text that the engine's forms take; None: it is empty.

    What was typed, the value of the option chosen, several of them with commas between, a date, a time, a moment
    as ISO 8601 in UTC, or the id of a person or a channel. Raises: Malformed.
    """
    state = next(iter(elements.values()), {})
    held = next((key for key in _STATES if state.get(key) is not None), None)
    if held is None:
        return None
    entry = state[held]
    match held:
        case "selected_option":
            entry = _option_value(entry)
        case "selected_options":
            entry = ",".join(_option_value(each) for each in _list(entry))
        case "selected_date_time":
            entry = _moment(entry)
    if not isinstance(entry, str):
        raise Malformed("A field of the form holds no text.")
    return entry or None


def parse(raw: bytes, *, content_type: str) -> Body:
    """Read a request's body: JSON, or a form that is a slash command or holds JSON in `payload`.

    Raises: Malformed for any other content type, bytes that are not UTF-8, and broken or too deep JSON.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    if content_type == "application/json":
        return _object(_json(text))
    if content_type != "application/x-www-form-urlencoded":
        raise Malformed("The content type is neither JSON nor a form.")
    if not all("=" in field for field in text.split("&")):
        raise Malformed("The form cannot be read.")
    form = dict(query_to_pairs(text))  # in C: urllib takes ten times as long for a click's 20 KB
    return _object(_json(form["payload"])) if "payload" in form else dict(form)


def check(body: Body) -> None:
    """Make sure that `body` has the shape its type promises, before Bolt looks into it.

    Raises: Malformed. Types that this app does not handle pass when they are of a plain shape.
    """
    _check_places(body)
    if "command" in body:
        read_command(body)
        return
    kind = _text(body.get("type"))
    if kind == "event_callback":
        event = _object(body.get("event"))
        _text(event.get("type"))
        _check_places(event)
    elif kind == "block_actions":
        _check_actions(body)
    elif kind in {"view_submission", "view_closed"}:
        view = _object(body.get("view"))
        _text(view.get("type"))
        _text(view.get("callback_id"))
    elif kind == "url_verification":
        _text(body.get("challenge"))


def read_click(body: Body) -> Click:
    """Read a click on a card's button. Raises: Malformed."""
    action = _check_actions(body)
    container = _object(body.get("container", {}))
    thread_ts = container.get("thread_ts")
    user_id, team_id = _person(body)
    return Click(
        action_id=_text(action.get("action_id")),
        slip=decode_slip(_text(action.get("value"))),
        user_id=user_id,
        team_id=team_id,
        channel=_matching(_object(body.get("channel")).get("id"), _ID),
        message_ts=_matching(container.get("message_ts"), _TS),
        thread_ts=None if thread_ts is None else _matching(thread_ts, _TS),
        trigger_id=_text(body.get("trigger_id")),
    )


def read_submission(body: Body) -> Submission:
    """Read a sent modal. Raises: Malformed."""
    view = _object(body.get("view"))
    user_id, team_id = _person(body)
    return Submission(
        callback_id=_text(view.get("callback_id")),
        view_id=_matching(view.get("id"), _ID),
        user_id=user_id,
        team_id=team_id,
        metadata=_text(view.get("private_metadata")),
        values=_values(_object(view.get("state", {})).get("values", {})),
        inputs=_inputs(view.get("blocks", [])),
    )


def read_command(body: Body) -> SlashCommand:
    """Read a slash command. Quotes, also curly ones, and spaces around the argument are dropped.

    Raises: Malformed.
    """
    _matching(body.get("command"), re.compile(r"/\S{1,64}"))
    verb, _, argument = str(body.get("text", "")).strip().partition(" ")
    return SlashCommand(
        verb=_unquoted(verb).lower(),
        argument=_unquoted(argument),
        user_id=_matching(body.get("user_id"), _ID),
        team_id=_matching(body.get("team_id"), _ID),
        channel=_matching(body.get("channel_id"), _ID),
        trigger_id=_text(body.get("trigger_id")),
    )


def read_home(body: Body) -> HomeOpened | None:
    """Read that a person opened the app; None when it was another tab than Home. Raises: Malformed."""
    event = _object(body.get("event"))
    if event.get("tab") != "home":
        return None
    return HomeOpened(user_id=_matching(event.get("user"), _ID), team_id=_matching(body.get("team_id"), _ID))


def _check_actions(body: Body) -> Body:
    actions = body.get("actions")
    if not isinstance(actions, list) or not actions:
        raise Malformed("No action was taken.")
    action = _object(actions[0])
    _text(action.get("action_id"))
    _text(action.get("block_id"))
    return action


def _check_places(body: Body) -> None:
    """Bolt takes these apart without looking: each is missing, an id, or an object with an id."""
    for key in ("user", "team", "channel", "enterprise", "item"):
        place = body.get(key)
        if place is not None and not isinstance(place, str):
            _text(_object(place).get("id"))
    for key in ("user_id", "team_id", "channel_id", "enterprise_id", "thread_ts", "response_url"):
        if body.get(key) is not None:
            _text(body[key])
    for key in ("event", "view", "message", "previous_message"):
        if body.get(key) is not None:
            _object(body[key])
    for key in ("authorizations", "response_urls"):
        for each in _list(body.get(key)):
            _object(each)


def _person(body: Body) -> tuple[str, str]:
    """Give the user and their own workspace, which on a shared channel is not the one they clicked in."""
    user = _object(body.get("user"))
    team = body.get("team")
    team_id = user.get("team_id") or (team.get("id") if isinstance(team, dict) else None)
    return _matching(user.get("id"), _ID), _matching(team_id, _ID)


def _values(values: Any) -> dict[str, dict[str, Body]]:
    return {
        block_id: {action_id: _object(state) for action_id, state in _object(elements).items()}
        for block_id, elements in _object(values).items()
    }


def _inputs(blocks: Any) -> tuple[str, ...]:
    inputs = (each for each in _list(blocks) if isinstance(each, dict) and each.get("type") == "input")
    return tuple(_text(each.get("block_id")) for each in inputs)


def _option_value(option: Any) -> str:
    return _text(_object(option).get("value"))


def _moment(epoch_s: Any) -> str:
    if type(epoch_s) is not int:
        raise Malformed("A moment is no number.")
    try:
        return f"{datetime.fromtimestamp(epoch_s, UTC).isoformat()[:19]}Z"
    except (OverflowError, OSError, ValueError):
        raise Malformed("A moment is out of reach.") from None


def _unquoted(text: str) -> str:
    """Take off the quotes around a text, and Slack's own escapes (docs.slack.dev, slash commands)."""
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return text.strip().strip("\"'`“”‘’„«»").strip()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("The JSON cannot be read.") from None


def _object(value: Any) -> Body:
    if not isinstance(value, dict):
        raise Malformed("An object is missing.")
    return value


def _list(value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise Malformed("A list is missing.")
    return value or []


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("A text is missing.")
    return value


def _matching(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Malformed("An id is missing or odd.")
    return value
