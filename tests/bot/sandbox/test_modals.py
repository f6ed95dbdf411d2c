"""Modals: trigger ids, the stack of three, fields by plain values, answers of the app to a submission."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import NotPossible, Sandbox, Timing
from tests.bot.sandbox.small_app import Json, SmallApp, button, modal

CHANNEL = "C0APPROVALS"
TROUBLE = "We had some trouble connecting. Try again?"


async def trigger(app: SmallApp, sandbox: Sandbox, user: str = "rita") -> str:
    """Return a fresh trigger id of a person."""
    await sandbox.slash(user, CHANNEL, "/approvals")
    return str(app.heard[-1]["trigger_id"])


async def opened(app: SmallApp, sandbox: Sandbox, view: Json | None = None) -> Json:
    """Open a modal for rita and return it."""
    answer = await app.client.views_open(trigger_id=await trigger(app, sandbox), view=view or modal())
    return dict(answer["view"])


async def refusal(call: Any) -> str:
    """Return the error word with which a call was refused."""
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


def answering(app: SmallApp, answer: Json) -> None:
    """Make the app answer every submission with this."""

    async def say(body: Json) -> Json | None:
        return answer if body.get("type") == "view_submission" else None

    app.answer = say


async def test_a_trigger_opens_one_view_for_its_person(app: SmallApp, sandbox: Sandbox) -> None:
    """The id works once, only as it was issued, and the view belongs to who made it."""
    trigger_id = await trigger(app, sandbox)
    view = (await app.client.views_open(trigger_id=trigger_id, view=modal()))["view"]
    assert [one["id"] for one in sandbox.views("rita")] == [view["id"]]
    assert (view["root_view_id"], view["previous_view_id"], view["bot_id"]) == (view["id"], None, "B0ASSENT")
    assert sandbox.views("amy") == []
    assert await refusal(app.client.views_open(trigger_id=trigger_id, view=modal())) == "exchanged_trigger_id"
    assert await refusal(app.client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"


async def test_a_trigger_expires(client: AsyncWebClient, served: Any) -> None:
    """After its lifetime the id is expired_trigger_id."""
    async with Sandbox(timing=Timing(trigger_s=0)) as sandbox:
        app = SmallApp(sandbox)
        sandbox.deliver_to(await served(app))
        late = app.client.views_open(trigger_id=await trigger(app, sandbox), view=modal())
        assert await refusal(late) == "expired_trigger_id"


async def test_a_refused_view_does_not_use_the_trigger_up(app: SmallApp, sandbox: Sandbox) -> None:
    """After invalid_arguments the same trigger opens a sound view; the refusal says where."""
    trigger_id = await trigger(app, sandbox)
    with pytest.raises(SlackApiError) as refused:
        await app.client.views_open(trigger_id=trigger_id, view=modal(submit=None))
    assert refused.value.response["error"] == "invalid_arguments"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] missing required field: submit [json-pointer:/view]"
    ]
    await app.client.views_open(trigger_id=trigger_id, view=modal())


async def test_a_submission_carries_the_fields_as_slack_does(app: SmallApp, sandbox: Sandbox) -> None:
    """Plain values become view.state, untouched fields keep their initial value, and the view closes."""
    view = await opened(app, sandbox, modal(private_metadata="m"))
    ack = await sandbox.submit("rita", {"amount": 3})
    body = app.heard[-1]
    assert (ack.status, ack.error) == (200, None)
    assert body["view"]["state"]["values"] == {
        "why": {"v": {"type": "plain_text_input", "value": "because"}},
        "amount": {"v": {"type": "number_input", "value": "3"}},
    }
    assert (body["type"], body["view"]["id"], body["view"]["hash"]) == (
        "view_submission",
        view["id"],
        view["hash"],
    )
    assert (body["view"]["private_metadata"], body["view"]["callback_id"]) == ("m", "form")
    assert body["user"]["id"] == "U0RITA"
    assert sandbox.views("rita") == []


def _field(block_id: str, element: Json) -> Json:
    label = {"type": "plain_text", "text": block_id}
    return {
        "type": "input",
        "block_id": block_id,
        "label": label,
        "optional": True,
        "element": {**element, "action_id": "v"},
    }


def _options(*values: str) -> list[Json]:
    return [{"text": {"type": "plain_text", "text": one.title()}, "value": one} for one in values]


EVERY_FIELD = [
    _field("text", {"type": "plain_text_input", "multiline": True}),
    _field("number", {"type": "number_input", "is_decimal_allowed": True}),
    _field("email", {"type": "email_text_input"}),
    _field("url", {"type": "url_text_input"}),
    _field("select", {"type": "static_select", "options": _options("red", "blue")}),
    _field("many", {"type": "multi_static_select", "options": _options("red", "blue")}),
    _field("radio", {"type": "radio_buttons", "options": _options("true", "false")}),
    _field("checks", {"type": "checkboxes", "options": _options("yes")}),
    _field("date", {"type": "datepicker"}),
    _field("time", {"type": "timepicker"}),
    _field("moment", {"type": "datetimepicker"}),
    _field("user", {"type": "users_select"}),
    _field("users", {"type": "multi_users_select"}),
    _field("channel", {"type": "channels_select"}),
    _field("conversation", {"type": "conversations_select"}),
    _field("rich", {"type": "rich_text_input"}),
]


async def test_every_kind_of_field_takes_a_plain_value(app: SmallApp, sandbox: Sandbox) -> None:
    """Each element turns its plain value into its own field of view.state."""
    await opened(app, sandbox, modal(blocks=EVERY_FIELD))
    values = {
        "text": "a\nb",
        "number": 1.5,
        "email": "a@b.example",
        "url": "https://a.example",
        "select": "Blue",
        "many": ["red"],
        "radio": True,
        "checks": True,
        "date": "2026-11-22",
        "time": "12:30",
        "moment": 1795000000,
        "user": "U0AMY",
        "users": ["U0AMY", "U0BEN"],
        "channel": CHANNEL,
        "conversation": CHANNEL,
        "rich": "hello",
    }
    await sandbox.submit("rita", values)
    state = app.heard[-1]["view"]["state"]["values"]
    held = {
        block_id: next(value for name, value in fields["v"].items() if name != "type")
        for block_id, fields in state.items()
    }
    rich = held.pop("rich")
    assert rich["elements"][0]["elements"] == [{"type": "text", "text": "hello"}]
    assert held == {
        **{name: value for name, value in values.items() if name != "rich"},
        "number": "1.5",
        "select": _options("blue")[0],
        "many": _options("red"),
        "radio": _options("true")[0],
        "checks": _options("yes"),
    }


async def test_an_untouched_view_submits_empty_fields(app: SmallApp, sandbox: Sandbox) -> None:
    """Optional fields that nobody fills are null or an empty list, with the name that their type has."""
    await opened(app, sandbox, modal(blocks=EVERY_FIELD))
    await sandbox.submit("rita", {"text": ""})
    state = app.heard[-1]["view"]["state"]["values"]
    assert state["text"]["v"] == {"type": "plain_text_input", "value": None}
    assert state["select"]["v"] == {"type": "static_select", "selected_option": None}
    assert state["checks"]["v"] == {"type": "checkboxes", "selected_options": []}


@pytest.mark.parametrize(
    ("element", "value", "words"),
    [
        ({"type": "plain_text_input"}, "", "Please complete this required field."),
        ({"type": "plain_text_input", "max_length": 2}, "abc", "Please enter at most 2 characters."),
        ({"type": "plain_text_input", "min_length": 2}, "a", "Please enter at least 2 characters."),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "Please enter a valid number."),
        (
            {"type": "number_input", "is_decimal_allowed": False, "min_value": "2"},
            1,
            "Please enter a number of at least 2.",
        ),
        (
            {"type": "number_input", "is_decimal_allowed": True, "max_value": "2"},
            2.5,
            "Please enter a number of at most 2.",
        ),
        ({"type": "email_text_input"}, "nobody", "Please enter a valid email address."),
        ({"type": "url_text_input"}, "nowhere", "Please enter a valid URL."),
        ({"type": "checkboxes", "options": _options("yes")}, False, "Please complete this required field."),
    ],
)
async def test_slacks_client_refuses_before_it_sends(
    app: SmallApp, sandbox: Sandbox, element: Json, value: Any, words: str
) -> None:
    """What the client itself checks shows under the field, is not delivered, and the view stays."""
    await opened(app, sandbox, modal(blocks=[{**_field("f", element), "optional": False}]))
    heard = len(app.heard)
    ack = await sandbox.submit("rita", {"f": value})
    assert (ack.status, ack.body) == (0, {"response_action": "errors", "errors": {"f": words}})
    assert len(app.heard) == heard
    assert len(sandbox.views("rita")) == 1


async def test_field_errors_of_the_app_keep_the_view_and_what_was_typed(
    app: SmallApp, sandbox: Sandbox
) -> None:
    """response_action errors shows them; a second try starts from the typed values."""
    answering(app, {"response_action": "errors", "errors": {"why": "Say more."}})
    await opened(app, sandbox)
    ack = await sandbox.submit("rita", {"why": "no"})
    assert ack.body == {"response_action": "errors", "errors": {"why": "Say more."}}
    assert sandbox.views("rita")[0]["state"]["values"]["why"]["v"]["value"] == "no"
    answering(app, {"response_action": "errors", "errors": {"nonsense": "x"}})
    assert (await sandbox.submit("rita")).error == TROUBLE


async def test_update_and_push_change_the_stack(app: SmallApp, sandbox: Sandbox) -> None:
    """update replaces the view in place, push goes up to three views, clear closes all."""
    first = await opened(app, sandbox)
    answering(app, {"response_action": "update", "view": modal(private_metadata="2")})
    await sandbox.submit("rita", {"why": "typed"})
    updated = sandbox.views("rita")[0]
    assert (updated["id"], updated["private_metadata"]) == (first["id"], "2")
    assert updated["hash"] != first["hash"]
    assert updated["state"]["values"]["why"]["v"]["value"] == "typed"
    answering(app, {"response_action": "push", "view": modal()})
    await sandbox.submit("rita")
    await sandbox.submit("rita")
    stack = sandbox.views("rita")
    assert [one["previous_view_id"] for one in stack] == [None, stack[0]["id"], stack[1]["id"]]
    assert {one["root_view_id"] for one in stack} == {first["id"]}
    assert (await sandbox.submit("rita")).error == TROUBLE
    answering(app, {"response_action": "update", "view": modal(title=None)})
    assert (await sandbox.submit("rita")).error == TROUBLE
    assert len(sandbox.views("rita")) == 3
    answering(app, {"response_action": "clear"})
    await sandbox.submit("rita")
    assert sandbox.views("rita") == []


async def test_views_push_needs_a_trigger_from_a_modal(app: SmallApp, sandbox: Sandbox) -> None:
    """A click in a modal allows a push, over three views is push_limit_reached, a command's trigger is not_found."""
    view = modal(blocks=[button()])
    await opened(app, sandbox, view)
    for _ in range(2):
        await sandbox.click_view("rita", "approve")
        await app.client.views_push(trigger_id=app.heard[-1]["trigger_id"], view=view)
    await sandbox.click_view("rita", "approve")
    over = app.client.views_push(trigger_id=app.heard[-1]["trigger_id"], view=view)
    assert await refusal(over) == "push_limit_reached"
    elsewhere = app.client.views_push(trigger_id=await trigger(app, sandbox), view=view)
    assert await refusal(elsewhere) == "not_found"


async def test_views_update_is_guarded_by_the_hash(app: SmallApp, sandbox: Sandbox) -> None:
    """An old hash is hash_conflict, a closed view not_found; external_id finds a view and is unique."""
    view = await opened(app, sandbox, modal(external_id="e1"))
    changed = await app.client.views_update(external_id="e1", hash=view["hash"], view=modal(external_id="e1"))
    stale = app.client.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    assert await refusal(stale) == "hash_conflict"
    again = app.client.views_open(trigger_id=await trigger(app, sandbox, "amy"), view=modal(external_id="e1"))
    assert await refusal(again) == "duplicate_external_id"
    await sandbox.close("rita")
    closed = app.client.views_update(view_id=changed["view"]["id"], view=modal())
    assert await refusal(closed) == "not_found"


async def test_the_app_hears_of_a_close_when_it_asked(app: SmallApp, sandbox: Sandbox) -> None:
    """view_closed comes with notify_on_close only, and is_cleared with clear_on_close."""
    await opened(app, sandbox)
    heard = len(app.heard)
    assert (await sandbox.close("rita")).status == 0
    assert len(app.heard) == heard
    await opened(app, sandbox, modal(notify_on_close=True, clear_on_close=True))
    assert (await sandbox.close("rita")).status == 200
    assert (app.heard[-1]["type"], app.heard[-1]["is_cleared"]) == ("view_closed", True)
    with pytest.raises(NotPossible):
        await sandbox.close("rita")


async def test_an_app_that_fails_leaves_the_modal_open(app: SmallApp, sandbox: Sandbox) -> None:
    """Without a good ack the person reads that there was trouble and may try again."""
    await opened(app, sandbox)
    url = str(sandbox.request_url)
    sandbox.deliver_to(url.replace("/slack/events", "/nowhere"))
    ack = await sandbox.submit("rita")
    assert (ack.status, ack.error) == (404, TROUBLE)
    sandbox.deliver_to(url)
    assert (await sandbox.submit("rita")).error is None
    assert sandbox.views("rita") == []


async def test_an_action_in_a_modal_carries_the_values_so_far(app: SmallApp, sandbox: Sandbox) -> None:
    """A dispatching field sends block_actions with container view and the state of all fields."""
    choice = {"type": "static_select", "action_id": "other", "options": _options("red", "blue")}
    block = {
        **_field("colour", {}),
        "element": choice,
        "dispatch_action": True,
    }
    view = await opened(app, sandbox, modal(blocks=[*modal()["blocks"], block]))
    await sandbox.click_view("rita", "other", value="red")
    body = app.heard[-1]
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["actions"][0]["selected_option"] == _options("red")[0]
    assert body["view"]["state"]["values"]["colour"]["other"]["selected_option"] == _options("red")[0]
    assert body["view"]["state"]["values"]["why"]["v"]["value"] == "because"
    assert "channel" not in body


async def test_a_field_that_is_not_there_cannot_be_filled(app: SmallApp, sandbox: Sandbox) -> None:
    """A wrong block_id or an option that is not offered is the test's mistake, said so."""
    await opened(app, sandbox, modal(blocks=EVERY_FIELD))
    with pytest.raises(NotPossible, match="no field wy"):
        await sandbox.submit("rita", {"wy": "x"})
    with pytest.raises(NotPossible, match="does not offer"):
        await sandbox.submit("rita", {"select": "green"})
    with pytest.raises(NotPossible):
        await sandbox.submit("amy")
