"""Fields as a person fills them: the notation of each, what cannot be put in, what a changed view keeps."""

from typing import Any

import pytest

from bot.sandbox import NotPossible, Sandbox
from tests.bot.sandbox.small_app import Json, SmallApp, button, modal
from tests.bot.sandbox.test_modals import CHANNEL, TROUBLE, answering, opened


def _options(*values: str) -> list[Json]:
    return [{"text": {"type": "plain_text", "text": one.title()}, "value": one} for one in values]


def _field(element: Json, *, block_id: str = "f", **more: Any) -> Json:
    label = {"type": "plain_text", "text": "Field"}
    block = {"type": "input", "block_id": block_id, "label": label}
    return {**block, "element": {"action_id": "v", **element}, **more}


_COLOURS = {"options": _options("red", "blue", "green")}
_GROUPS = {
    "option_groups": [
        {"label": {"type": "plain_text", "text": "G"}, "options": _options("red", "blue")},
    ]
}
NOTATIONS: list[tuple[Json, Any, Any]] = [
    ({"type": "datepicker"}, "2028-02-29", "2028-02-29"),
    ({"type": "timepicker"}, "09:30", "09:30"),
    ({"type": "datetimepicker"}, "2026-01-31 09:30", 1769851800),
    ({"type": "datetimepicker"}, "2026-01-31T09:30+01:00", 1769848200),
    ({"type": "datetimepicker"}, 1769851830, 1769851830),
    ({"type": "users_select"}, "amy", "U0AMY"),
    ({"type": "multi_users_select"}, ["amy", "U0BEN", "@amy"], ["U0AMY", "U0BEN"]),
    ({"type": "channels_select"}, "#approvals", CHANNEL),
    ({"type": "conversations_select"}, "approvals", CHANNEL),
    ({"type": "conversations_select"}, "ben", "U0BEN"),
    ({"type": "multi_static_select", **_COLOURS}, ["Red", "blue"], _options("red", "blue")),
    ({"type": "multi_static_select", **_GROUPS}, True, _options("red", "blue")),
    ({"type": "checkboxes", **_COLOURS}, ["Green"], _options("green")),
    ({"type": "number_input", "is_decimal_allowed": True}, 0.25, "0.25"),
]


@pytest.mark.parametrize(("element", "value", "held"), NOTATIONS, ids=lambda one: str(one)[:40])
async def test_a_value_has_one_readable_notation(
    app: SmallApp, sandbox: Sandbox, element: Json, value: Any, held: Any
) -> None:
    """What a person would write or tick arrives in view.state under the name that Slack gives it."""
    await opened(app, sandbox, modal(blocks=[_field(element)]))
    assert (await sandbox.submit("rita", {"f": value})).error is None
    state = app.heard[-1]["view"]["state"]["values"]["f"]["v"]
    assert [one for name, one in state.items() if name != "type"] == [held]


@pytest.mark.parametrize(
    ("element", "value", "words"),
    [
        ({"type": "datepicker"}, "31 January", "v takes a date such as 2026-01-31, not '31 January'"),
        ({"type": "datepicker"}, "2026-02-30", "takes a date"),
        ({"type": "timepicker"}, "9:30", "v takes a time such as 09:30"),
        ({"type": "datetimepicker"}, "tomorrow", "v takes a moment such as 2026-01-31 09:30"),
        ({"type": "datetimepicker"}, 12, "takes a moment"),
        ({"type": "users_select"}, "nobody", "v does not offer 'nobody'"),
        ({"type": "channels_select"}, "amy", "v does not offer 'amy'"),
        ({"type": "multi_users_select"}, ["amy", "nobody"], "v does not offer 'nobody'"),
        (
            {"type": "multi_static_select", "max_selected_items": 1, **_COLOURS},
            ["red", "blue"],
            "v takes at most 1",
        ),
        ({"type": "multi_users_select", "max_selected_items": 1}, ["amy", "ben"], "v takes at most 1"),
    ],
)
async def test_what_a_person_cannot_put_in_is_not_possible(
    app: SmallApp, sandbox: Sandbox, element: Json, value: Any, words: str
) -> None:
    """A value that the element would not let a person choose is the test's mistake; no field has changed then."""
    await opened(app, sandbox, modal(blocks=[*modal()["blocks"], _field(element)]))
    with pytest.raises(NotPossible, match=words):
        await sandbox.submit("rita", {"why": "changed", "f": value})
    assert sandbox.views("rita")[0]["state"]["values"]["why"]["v"]["value"] == "because"


@pytest.mark.parametrize(
    ("element", "value", "words"),
    [
        ({"type": "datepicker"}, None, "Please complete this required field."),
        ({"type": "timepicker", "timezone": "Europe/Berlin"}, "", "Please complete this required field."),
        ({"type": "multi_users_select"}, [], "Please complete this required field."),
        ({"type": "number_input", "is_decimal_allowed": True}, "1e3", "Please enter a valid number."),
        ({"type": "number_input", "is_decimal_allowed": True}, "NaN", "Please enter a valid number."),
        (
            {"type": "number_input", "is_decimal_allowed": False, "max_value": "9007199254740992"},
            "9007199254740993",
            "Please enter a number of at most 9007199254740992.",
        ),
        ({"type": "email_text_input"}, "a@b.example\n", "Please enter a valid email address."),
        ({"type": "url_text_input"}, "https://a b", "Please enter a valid URL."),
    ],
)
async def test_the_client_refuses_what_slacks_would(
    app: SmallApp, sandbox: Sandbox, element: Json, value: Any, words: str
) -> None:
    """An empty required field and a malformed entry stand under their field and are not sent."""
    await opened(app, sandbox, modal(blocks=[_field(element)]))
    heard = len(app.heard)
    ack = await sandbox.submit("rita", {"f": value})
    assert (ack.status, ack.body) == (0, {"response_action": "errors", "errors": {"f": words}})
    assert len(app.heard) == heard


async def test_a_time_carries_its_zone(app: SmallApp, sandbox: Sandbox) -> None:
    """A timepicker's timezone comes with its value, filled or not, and only when the element names one."""
    berlin = {"type": "timepicker", "timezone": "Europe/Berlin"}
    blocks = [
        _field({**berlin, "initial_time": "08:00"}, block_id="set"),
        _field(berlin, block_id="empty", optional=True),
        _field({"type": "timepicker"}, block_id="plain"),
    ]
    await opened(app, sandbox, modal(blocks=blocks))
    await sandbox.submit("rita", {"plain": "10:00"})
    values = app.heard[-1]["view"]["state"]["values"]
    assert values["set"]["v"] == {
        "type": "timepicker",
        "timezone": "Europe/Berlin",
        "selected_time": "08:00",
    }
    assert values["empty"]["v"]["selected_time"] is None
    assert values["plain"]["v"] == {"type": "timepicker", "selected_time": "10:00"}


async def test_a_button_in_a_modal_carries_what_was_typed(app: SmallApp, sandbox: Sandbox) -> None:
    """What is filled in and not yet submitted is in the block_actions of a button, under the view's own hash."""
    view = await opened(app, sandbox, modal(blocks=[*modal()["blocks"], button("other", value="row-2")]))
    sandbox.fill("rita", {"why": "typed", "amount": 4})
    await sandbox.click_view("rita", "other")
    body = app.heard[-1]
    assert (body["type"], body["actions"][0]["value"]) == ("block_actions", "row-2")
    assert (body["view"]["id"], body["view"]["hash"]) == (view["id"], view["hash"])
    values = body["view"]["state"]["values"]
    assert (values["why"]["v"]["value"], values["amount"]["v"]["value"]) == ("typed", "4")
    with pytest.raises(NotPossible, match="no field wy"):
        sandbox.fill("rita", {"wy": "x"})


async def test_an_updated_view_keeps_what_its_fields_hold(app: SmallApp, sandbox: Sandbox) -> None:
    """The same block, action and type keep their value against a new initial one; a chosen option must be offered."""
    text: Json = {"type": "plain_text_input", "initial_value": "first"}
    select: Json = {"type": "static_select", "initial_option": _options("red")[0], **_COLOURS}
    many: Json = {"type": "multi_static_select", "initial_options": _options("red", "blue"), **_COLOURS}
    ids = ("same", "other", "kind", "one", "many")
    blocks = [
        _field(element, block_id=name)
        for name, element in zip(ids, (text, text, text, select, many), strict=True)
    ]
    view = await opened(app, sandbox, modal(blocks=blocks))
    fewer = {"options": _options("blue", "green")}
    changed = [
        _field({**text, "initial_value": "second"}, block_id="same"),
        _field({**text, "initial_value": "second", "action_id": "w"}, block_id="other"),
        _field({"type": "email_text_input"}, block_id="kind"),
        _field({"type": "static_select", **fewer}, block_id="one"),
        _field({"type": "multi_static_select", **fewer}, block_id="many"),
    ]
    answer = await app.client.views_update(view_id=view["id"], view=modal(blocks=changed))
    assert (answer["view"]["id"], answer["view"]["hash"] != view["hash"]) == (view["id"], True)
    values = sandbox.views("rita")[0]["state"]["values"]
    assert values["same"]["v"]["value"] == "first"
    assert values["other"]["w"]["value"] == "second"
    assert values["kind"]["v"]["value"] is None
    assert values["one"]["v"]["selected_option"] is None
    assert values["many"]["v"]["selected_options"] == _options("blue")


async def test_an_answer_for_a_view_that_is_gone_is_trouble(app: SmallApp, sandbox: Sandbox) -> None:
    """An update in answer to a submission finds no view when another was opened meanwhile."""
    view = await opened(app, sandbox, modal(blocks=[*modal()["blocks"], button("approve")]))
    await sandbox.click_view("rita", "approve")
    trigger_id = app.heard[-1]["trigger_id"]

    async def replace_all(body: Json) -> Json:
        await app.client.views_open(trigger_id=trigger_id, view=modal(callback_id="another"))
        return {"response_action": "update", "view": modal()}

    app.answer = replace_all
    assert (await sandbox.submit("rita")).error == TROUBLE
    (left,) = sandbox.views("rita")
    assert (left["callback_id"], left["id"] != view["id"]) == ("another", True)


async def test_a_push_has_an_id_of_its_own_and_no_values_of_the_view_below(
    app: SmallApp, sandbox: Sandbox
) -> None:
    """A pushed view begins afresh under a new id, with its own private_metadata; the one below keeps its own."""
    below = await opened(app, sandbox, modal(private_metadata="1"))
    answering(app, {"response_action": "push", "view": modal(private_metadata="2")})
    await sandbox.submit("rita", {"why": "typed"})
    first, second = sandbox.views("rita")
    assert (first["id"], first["hash"], first["private_metadata"]) == (below["id"], below["hash"], "1")
    assert (second["id"] != first["id"], second["private_metadata"]) == (True, "2")
    assert first["state"]["values"]["why"]["v"]["value"] == "typed"
    assert second["state"]["values"]["why"]["v"]["value"] == "because"
