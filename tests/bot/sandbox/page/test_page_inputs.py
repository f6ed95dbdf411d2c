"""The inputs of a form on the page: what is read from each, what its picker refuses, what reaches the app early."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from bot.sandbox import Sandbox
from tests.bot.sandbox.page.conftest import Visit
from tests.bot.sandbox.page.reading import CONTRAST, control_names
from tests.bot.sandbox.page.small_page import (
    CHANNEL,
    WHY,
    Answering,
    Json,
    button,
    field,
    form,
    hook,
    option,
    plain,
    say,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")

FRUIT = {"options": [option("apple"), option("pear"), option("plum")]}
EVERY_INPUT = form(
    field("name", {"type": "plain_text_input"}, hint=plain("As on the passport")),
    field("amount", {"type": "number_input", "is_decimal_allowed": True, "placeholder": plain("0.00")}),
    field("mail", {"type": "email_text_input"}),
    field("link", {"type": "url_text_input"}),
    field("day", {"type": "datepicker", "placeholder": plain("Choose a date")}),
    field("hour", {"type": "timepicker", "timezone": "America/New_York"}),
    field("moment", {"type": "datetimepicker"}),
    field("fruit", {"type": "static_select", **FRUIT}),
    field("basket", {"type": "multi_static_select", "placeholder": plain("Pick some"), **FRUIT}),
    field("ticks", {"type": "checkboxes", **FRUIT}),
    field("level", {"type": "radio_buttons", **FRUIT}),
    field("person", {"type": "users_select"}),
    field("people", {"type": "multi_users_select"}),
    field("room", {"type": "channels_select"}),
    field("talk", {"type": "conversations_select"}),
)


async def shown(page: Page, app: Answering, view: Json) -> Locator:
    """Open this modal and return its dialog."""
    app.modal = view
    await say(page, "/approvals")
    dialog = hook(page, "modal")
    await expect(dialog).to_be_visible()
    return dialog


def held(body: Json) -> dict[str, Any]:
    """Return what a payload's view holds, by block."""
    return {block: state["v"] for block, state in body["view"]["state"]["values"].items()}


async def test_a_required_field_is_asked_for_under_each_input(app: Answering, visit: Visit) -> None:
    """An empty form is not sent: every input says so, is marked invalid, and the first one has the focus."""
    page = await visit()
    dialog = await shown(page, app, EVERY_INPUT)
    heard = len(app.heard)
    await hook(page, "modal-submit").click()
    errors = dialog.locator("[data-testid=field-error]:visible")
    await expect(errors).to_have_text(["Please complete this required field."] * len(EVERY_INPUT["blocks"]))
    await expect(dialog.get_by_label("Name")).to_be_focused()
    unmarked = await dialog.evaluate(
        "node => [...node.querySelectorAll('[data-testid=field]')]"
        ".filter(field => !field.querySelector('[aria-invalid=true]')).map(field => field.dataset.blockId)"
    )
    assert unmarked == []
    assert len(app.heard) == heard


async def test_what_is_left_alone_comes_back_as_it_was(app: Answering, visit: Visit) -> None:
    """Values that a browser's input cannot hold in full are sent as the app put them in when nobody touched them."""
    page = await visit()
    await shown(
        page,
        app,
        form(
            field("moment", {"type": "datetimepicker", "initial_date_time": 1769851859}),
            field("line", {"type": "plain_text_input", "initial_value": "one\r\ntwo "}),
            field("amount", {"type": "number_input", "is_decimal_allowed": True, "initial_value": "1.50"}),
        ),
    )
    await hook(page, "modal-submit").click()
    await expect(hook(page, "modal")).to_have_count(0)
    values = held(app.heard[-1])
    assert values["moment"]["selected_date_time"] == 1769851859
    assert (values["line"]["value"], values["amount"]["value"]) == ("one\r\ntwo ", "1.50")


async def test_a_date_half_typed_is_not_sent_as_none(app: Answering, visit: Visit) -> None:
    """A picker of which only a part is typed is no date, even in an optional field, and says so under it."""
    page = await visit()
    dialog = await shown(page, app, form(field("day", {"type": "datepicker"}, optional=True)))
    heard = len(app.heard)
    day = dialog.get_by_label("Day")
    await day.focus()
    await page.keyboard.type("12")
    await hook(page, "modal-submit").click()
    await expect(dialog.locator("[data-testid=field-error]")).to_have_text("Please enter a valid date.")
    await expect(day).to_be_focused()
    assert len(app.heard) == heard
    await day.fill("2026-01-31")
    await hook(page, "modal-submit").click()
    await expect(dialog).to_have_count(0)
    assert held(app.heard[-1])["day"]["selected_date"] == "2026-01-31"


async def test_pickers_say_what_the_app_asks(app: Answering, visit: Visit) -> None:
    """A placeholder stands in an empty picker and goes when it is used; both it and the zone are read out."""
    page = await visit()
    dialog = await shown(page, app, EVERY_INPUT)
    day, hint = dialog.get_by_label("Day"), dialog.get_by_text("Choose a date")
    await expect(hint).to_be_visible()
    await expect(day).to_have_accessible_description("Choose a date")
    await day.fill("2026-01-31")
    await expect(hint).to_be_hidden()
    await expect(dialog.get_by_label("Hour")).to_have_accessible_description("America/New York time")
    await expect(dialog.get_by_text("America/New York time")).to_be_visible()


async def test_a_multi_select_keeps_to_its_groups_and_its_number(app: Answering, visit: Visit) -> None:
    """Options stand under their group's heading, and no more can be ticked than the element allows."""
    groups = [
        {"label": plain("Sweet"), "options": [option("apple"), option("pear")]},
        {"label": plain("Sour"), "options": [option("lime")]},
    ]
    page = await visit()
    dialog = await shown(
        page,
        app,
        form(
            field("basket", {"type": "multi_static_select", "option_groups": groups, "max_selected_items": 2})
        ),
    )
    opener = dialog.get_by_role("button", name="Basket: Choose")
    await expect(opener).to_have_accessible_description("Choose at most 2.")
    await opener.press("Enter")
    sweet, sour = dialog.get_by_role("group", name="Sweet"), dialog.get_by_role("group", name="Sour")
    await page.keyboard.press("Tab")
    await expect(sweet.get_by_label("Apple")).to_be_focused()
    await page.keyboard.press("Space")
    await sour.get_by_label("Lime").check()
    await expect(sweet.get_by_label("Pear")).to_be_disabled()
    await sour.get_by_label("Lime").uncheck()
    await sweet.get_by_label("Pear").check()
    await page.keyboard.press("Escape")
    await expect(dialog.get_by_role("button", name="Basket: Apple, Pear")).to_be_focused()
    await hook(page, "modal-submit").click()
    await expect(dialog).to_have_count(0)
    chosen = held(app.heard[-1])["basket"]["selected_options"]
    assert [one["value"] for one in chosen] == ["apple", "pear"]


async def test_conversations_are_those_that_the_filter_names(app: Answering, visit: Visit) -> None:
    """A filter on public channels leaves the people out."""
    page = await visit()
    element = {"type": "conversations_select", "filter": {"include": ["public"]}}
    dialog = await shown(page, app, form(field("talk", element)))
    await expect(dialog.get_by_label("Talk").get_by_role("option")).to_have_text(
        ["Choose …", "# approvals", "# general"]
    )


async def test_a_dispatching_field_tells_the_app_on_enter(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """Enter in such a field sends block_actions with all that is typed, and does not submit the form."""
    page = await visit()
    branch = field("branch", {"type": "plain_text_input", "action_id": "pick"}, dispatch_action=True)
    dialog = await shown(page, app, form(WHY, branch))
    await dialog.get_by_label("Why").fill("typed")
    await expect(dialog.get_by_label("Branch")).to_have_accessible_description("Press Enter to go on.")
    await dialog.get_by_label("Branch").fill("left")
    await page.keyboard.press("Enter")
    body = await sandbox.until(lambda: app.heard_at(1))
    assert (body["type"], body["actions"][0]["value"]) == ("block_actions", "left")
    assert body["view"]["state"]["values"]["why"]["v"]["value"] == "typed"
    await expect(dialog).to_be_visible()


async def test_a_dispatching_choice_and_each_character_reach_the_app(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """A select tells the app when it is chosen, a text with on_character_entered while it is typed."""
    each = {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    page = await visit()
    dialog = await shown(
        page,
        app,
        form(
            field("fruit", {"type": "static_select", **FRUIT}, dispatch_action=True),
            field("search", {"type": "plain_text_input", **each}, dispatch_action=True),
        ),
    )
    await dialog.get_by_label("Fruit").select_option("plum")
    body = await sandbox.until(lambda: app.heard_at(1))
    assert body["actions"][0]["selected_option"] == option("plum")
    await dialog.get_by_label("Search").press_sequentially("ab")
    body = await sandbox.until(
        lambda: app.heard_at(2) and app.heard[-1]["actions"][0].get("value") == "ab" and app.heard[-1]
    )
    assert held(body)["fruit"]["selected_option"] == option("plum")


async def test_a_button_in_a_modal_carries_the_form_and_a_change_keeps_it(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """The app hears what is typed with the click; its update keeps each field, touched or not, and the focus."""
    page = await visit()
    choose = field("fruit", {"type": "static_select", "initial_option": option("apple"), **FRUIT})
    dialog = await shown(page, app, form(WHY, choose, button("more")))
    await dialog.get_by_label("Why").fill("typed")
    await dialog.get_by_role("button", name="More").press("Enter")
    body = await sandbox.until(lambda: app.heard_at(1))
    assert (body["actions"][0]["action_id"], held(body)["why"]["value"]) == (
        "more",
        "typed",
    )
    again = field("why", {"type": "plain_text_input", "initial_value": "another"})
    other = field("fruit", {"type": "static_select", "initial_option": option("plum"), **FRUIT})
    await app.client.views_update(
        view_id=body["view"]["id"],
        hash=body["view"]["hash"],
        view=form(again, other, field("added", {"type": "datepicker"}), button("more"), title="Longer"),
    )
    await expect(page.get_by_role("dialog", name="Longer").get_by_label("Added")).to_be_visible()
    await expect(dialog.get_by_label("Why")).to_have_value("typed")
    await expect(dialog.get_by_label("Fruit")).to_have_value("apple")
    await expect(dialog.get_by_role("button", name="More")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_input_is_named_and_readable_on_a_phone(
    app: Answering, visit: Visit, scheme: str
) -> None:
    """At 390 pixels nothing sticks out of the form, all text has WCAG AA's contrast, every control has a name."""
    page = await visit(width=390, height=800, scheme=scheme)
    dialog = await shown(page, app, EVERY_INPUT)
    await hook(page, "modal-submit").click()
    await expect(dialog.locator("[data-testid=field-error]:visible").first).to_be_visible()
    await dialog.get_by_role("button", name="Basket").click()
    body = dialog.locator(".dialog-body")
    assert await body.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert await page.evaluate(CONTRAST) == []
    names = await control_names(page)
    roles = {role for role, _ in names}
    assert {"textbox", "combobox", "radiogroup", "checkbox", "Date", "DateTime", "InputTime"} <= roles
    assert [role for role, name in names if not name.strip()] == []


async def test_25_buttons_wrap_on_a_phone(app: Answering, visit: Visit, sandbox: Sandbox) -> None:
    """As many buttons as a row may hold stay in the width of a phone, large enough for a thumb, and all work."""
    elements = [
        {
            "type": "button",
            "action_id": f"answer:{number}",
            "text": plain(f"Answer {number} " + "x" * (number * 2)),
        }
        for number in range(25)
    ]
    page = await visit(width=390, height=800)
    await app.post({"type": "actions", "elements": elements})
    last = page.get_by_role("button", name="Answer 24")
    await expect(last).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    boxes = await page.locator(".block-actions .button").evaluate_all(
        "nodes => nodes.map(node => node.getBoundingClientRect()).map(box => [box.left, box.right, box.height])"
    )
    assert len(boxes) == 25
    assert all(left >= 0 and right <= 390 and height >= 42 for left, right, height in boxes)
    await last.click()
    body = await sandbox.until(app.heard_at)
    assert (body["actions"][0]["action_id"], body["channel"]["id"]) == ("answer:24", CHANNEL)
