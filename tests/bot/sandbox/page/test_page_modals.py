"""Modals on the page: fields and their errors, the stack, what survives a change, the keyboard."""

import pytest
from playwright.async_api import expect

from bot.sandbox import Sandbox
from tests.bot.sandbox.page.conftest import Visit
from tests.bot.sandbox.page.small_page import (
    AMOUNT,
    CHANNEL,
    WHY,
    Answering,
    field,
    form,
    hook,
    option,
    plain,
    say,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_field_error_stands_under_its_field(app: Answering, visit: Visit, sandbox: Sandbox) -> None:
    """The app's error appears under its field, is tied to it and focused; what was typed elsewhere stays."""
    page = await visit()
    await say(page, "/approvals start expense")
    dialog = page.get_by_role("dialog", name="Form")
    why, amount = dialog.get_by_label("Why"), dialog.get_by_label("Amount")
    await expect(why).to_have_value("because")
    await expect(why).to_be_focused()
    await why.fill("of the rain")
    await amount.fill("12.5")
    app.answer = {"response_action": "errors", "errors": {"amount": "At most 10."}}
    await hook(page, "modal-submit").click()
    await expect(dialog.locator("[data-block-id=amount] [data-testid=field-error]")).to_have_text(
        "At most 10."
    )
    await expect(amount).to_be_focused()
    await expect(amount).to_have_accessible_description("At most 10.")
    await expect(amount).to_have_attribute("aria-invalid", "true")
    await expect(dialog.locator("[data-block-id=why] [data-testid=field-error]")).to_be_hidden()
    await expect(why).to_have_value("of the rain")
    await amount.fill("many")
    await expect(amount).not_to_have_attribute("aria-invalid", "true")
    await hook(page, "modal-submit").click()
    await expect(dialog.locator("[data-block-id=amount] [data-testid=field-error]")).to_contain_text("number")
    app.answer = {}
    await amount.fill("9.5")
    await hook(page, "modal-submit").click()
    await expect(dialog).to_have_count(0)
    values = app.heard[-1]["view"]["state"]["values"]
    assert (values["why"]["v"]["value"], values["amount"]["v"]["value"]) == ("of the rain", "9.5")


async def test_every_input_arrives_in_slacks_shape(app: Answering, visit: Visit) -> None:
    """Each kind of input of a modal sends what a person chose, and starts with what the app put in."""
    fruit = {"options": [option("apple"), option("pear"), option("plum")]}
    app.modal = form(
        field("one", {"type": "static_select", **fruit}),
        field("many", {"type": "multi_static_select", "initial_options": [option("pear")], **fruit}),
        field("radio", {"type": "radio_buttons", "initial_option": option("apple"), **fruit}),
        field("ticks", {"type": "checkboxes", **fruit}),
        field("day", {"type": "datepicker", "initial_date": "2026-01-02"}),
        field("hour", {"type": "timepicker"}),
        field("moment", {"type": "datetimepicker", "initial_date_time": 1767312000}),
        field("person", {"type": "users_select", "initial_user": "U0BEN"}),
        field("people", {"type": "multi_users_select"}),
        field("place", {"type": "conversations_select"}),
        field("long", {"type": "plain_text_input", "multiline": True}),
        field("mail", {"type": "email_text_input"}),
    )
    page = await visit()
    await say(page, "/approvals")
    dialog = hook(page, "modal")
    await dialog.get_by_label("One").select_option("plum")
    await dialog.get_by_role("button", name="Many: Pear").click()
    await dialog.locator("[data-block-id=many]").get_by_label("Apple").check()
    await dialog.get_by_role("radiogroup", name="Radio").get_by_label("Pear").check()
    await dialog.get_by_role("group", name="Ticks").get_by_label("Plum").check()
    await dialog.get_by_label("Hour").fill("13:45")
    await dialog.get_by_role("button", name="People").click()
    await dialog.locator("[data-block-id=people]").get_by_label("Amy Approver").check()
    await dialog.get_by_label("Place").select_option(CHANNEL)
    await dialog.get_by_label("Long").fill("two\nlines")
    await dialog.get_by_label("Mail").fill("rita@example.com")
    await hook(page, "modal-submit").click()
    await expect(dialog).to_have_count(0)
    held = {block: state["v"] for block, state in app.heard[-1]["view"]["state"]["values"].items()}
    assert held["one"]["selected_option"]["value"] == "plum"
    assert [one["value"] for one in held["many"]["selected_options"]] == ["apple", "pear"]
    assert held["radio"]["selected_option"]["value"] == "pear"
    assert [one["value"] for one in held["ticks"]["selected_options"]] == ["plum"]
    assert held["day"]["selected_date"] == "2026-01-02"
    assert held["hour"]["selected_time"] == "13:45"
    assert held["moment"]["selected_date_time"] == 1767312000
    assert held["person"]["selected_user"] == "U0BEN"
    assert held["people"]["selected_users"] == ["U0AMY"]
    assert held["place"]["selected_conversation"] == CHANNEL
    assert held["long"]["value"] == "two\nlines"
    assert held["mail"]["value"] == "rita@example.com"


async def test_pushed_view_stands_over_the_first_which_keeps_its_text(app: Answering, visit: Visit) -> None:
    """A pushed modal covers the one below; closing it brings back the first with what was typed."""
    app.modal = form(WHY)
    app.answer = {"response_action": "push", "view": form(AMOUNT, title="Second")}
    page = await visit()
    await say(page, "/approvals")
    await page.get_by_label("Why").fill("typed by hand")
    await hook(page, "modal-submit").click()
    second = page.get_by_role("dialog", name="Second")
    await expect(second.get_by_label("Amount")).to_be_focused()
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(second).to_have_count(0)
    await expect(page.get_by_label("Why")).to_have_value("typed by hand")
    await expect(hook(page, "modal-submit")).to_be_focused()


async def test_updated_modal_keeps_what_was_typed(app: Answering, visit: Visit) -> None:
    """views.update draws the modal again; a field that is still there keeps its typed value and the focus."""
    page = await visit()
    await say(page, "/approvals")
    await page.get_by_label("Why").fill("my own words")
    view_id = await hook(page, "modal").get_attribute("data-view-id")
    note = {"type": "section", "text": plain("A new line")}
    await app.client.views_update(view_id=view_id, view=form(note, WHY, title="Changed"))
    dialog = page.get_by_role("dialog", name="Changed")
    await expect(dialog).to_contain_text("A new line")
    await expect(dialog.get_by_label("Why")).to_have_value("my own words")
    await expect(dialog.get_by_label("Why")).to_be_focused()


async def test_keyboard_alone_is_enough(app: Answering, visit: Visit) -> None:
    """Command, fields, tick, submit: all by keyboard; Tab stays in the modal and the focus returns to the box."""
    app.modal = form(
        WHY, field("ticks", {"type": "checkboxes", "options": [option("urgent")]}, optional=True)
    )
    page = await visit()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the messages")).to_be_focused()
    box = page.locator("main [data-testid=composer-input]")
    await box.focus()
    await page.keyboard.type("/appr")
    await expect(page.get_by_role("option", name="/approvals")).to_contain_text("start <workflow>")
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/approvals ")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Form")
    await expect(dialog.get_by_label("Why")).to_be_focused()
    stops = []
    for _ in range(6):
        stops.append(await page.evaluate("document.activeElement.getAttribute('data-testid')"))
        assert await dialog.evaluate("node => node.contains(document.activeElement)")
        await page.keyboard.press("Tab")
    assert stops == [None, None, "modal-close", "modal-submit", "modal-x", None]
    await page.keyboard.press("Space")
    await expect(dialog.get_by_label("Urgent")).to_be_checked()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(box).to_be_focused()
    assert app.heard[-1]["view"]["state"]["values"]["ticks"]["v"]["selected_options"][0]["value"] == "urgent"
