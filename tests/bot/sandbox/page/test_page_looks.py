"""Whether everybody can use the page: names, contrast, colours, phones, a lost connection, quiet news."""

import pytest
from playwright.async_api import expect

from bot.sandbox import Sandbox
from tests.bot.sandbox.page.conftest import Visit
from tests.bot.sandbox.page.reading import CONTRAST, control_names
from tests.bot.sandbox.page.small_page import (
    CHANNEL,
    WHY,
    Answering,
    button,
    field,
    form,
    hook,
    message,
    mrkdwn,
    option,
    plain,
    say,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_everything_has_a_name_for_screen_readers(app: Answering, visit: Visit) -> None:
    """Every control, dialog and list that Chromium tells a screen reader of has a name, in a channel and a modal."""
    select = {"type": "static_select", "action_id": "s", "options": [option("apple")]}
    people = {"type": "multi_users_select", "action_id": "p", "placeholder": plain("Who")}
    dates = [{"type": kind, "action_id": kind} for kind in ("datepicker", "timepicker")]
    menu = {"type": "overflow", "action_id": "m", "options": [option("trail")]}
    page = await visit()
    await app.post(button(), {"type": "actions", "elements": [select, people, *dates, menu]})
    await app.post(text="answer", thread_ts=await app.post(text="root"))
    await hook(page, "open-thread").click()
    names = await control_names(page)
    assert {"button", "textbox", "combobox", "log", "article", "navigation"} <= {role for role, _ in names}
    assert [role for role, name in names if not name.strip()] == []
    app.modal = form(WHY, field("radio", {"type": "radio_buttons", "options": [option("apple")]}))
    await say(page, "/approvals")
    await expect(hook(page, "modal")).to_be_visible()
    names = await control_names(page)
    assert {"dialog", "textbox", "radiogroup", "radio"} <= {role for role, _ in names}
    assert [role for role, name in names if not name.strip()] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read_in_light_and_dark(app: Answering, visit: Visit, scheme: str) -> None:
    """All text has the contrast of WCAG AA (4.5 to 1) in both schemes, in a channel and in a modal with an error."""
    page = await visit(scheme=scheme)
    ts = await app.post(
        {"type": "section", "text": mrkdwn("<@U0AMY> <!here> `code` <https://example.com|link>\n> quote")},
        {"type": "context", "elements": [mrkdwn("quiet")]},
        {
            "type": "actions",
            "elements": [*button(style="primary")["elements"], *button("no", style="danger")["elements"]],
        },
    )
    await app.client.chat_postEphemeral(channel=CHANNEL, user="U0RITA", text="a word to you")
    await app.post(text="line", thread_ts=ts)
    await expect(hook(page, "open-thread")).to_be_visible()
    await say(page, "/nothing")
    await expect(hook(page, "toast")).to_contain_text("/nothing is not a valid command.")
    assert await page.evaluate(CONTRAST) == []
    dark = await page.evaluate("getComputedStyle(document.querySelector('.panes')).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") is (scheme == "light")
    app.answer = {"response_action": "errors", "errors": {"why": "No."}}
    await say(page, "/approvals")
    await hook(page, "modal-submit").click()
    await expect(hook(page, "field-error").first).to_be_visible()
    assert await page.evaluate(CONTRAST) == []


async def test_colours_can_be_switched_and_stay(visit: Visit) -> None:
    """The button turns light into dark, and the choice outlives a reload."""
    page = await visit()
    await hook(page, "theme").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_phone_folds_the_sidebar_and_gives_the_thread_all_room(app: Answering, visit: Visit) -> None:
    """At 360 pixels nothing sticks out, the sidebar opens by a button and the thread takes the whole width."""
    page = await visit(width=360, height=640)
    root = await app.post({"type": "section", "text": mrkdwn("x" * 400)}, button(), button("reject"))
    await app.post(text="line", thread_ts=root)
    await expect(hook(page, "open-thread")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.get_by_role("navigation")).to_be_hidden()
    await hook(page, "menu").click()
    await page.locator("nav [data-channel=C0GENERAL]").click()
    await expect(page.get_by_role("navigation")).to_be_hidden()
    await expect(hook(page, "channel")).to_have_attribute("data-channel", "C0GENERAL")
    await page.go_back()
    await hook(page, "open-thread").click()
    await expect(hook(page, "channel")).to_be_hidden()
    assert await hook(page, "thread").evaluate("node => node.getBoundingClientRect().width") == 360


async def test_news_disturbs_nobody_who_types_or_reads(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """What arrives leaves text, caret, an open select of a message, a modal's fields and the scroll place alone."""
    for number in range(30):
        sandbox.say("U0BEN", CHANNEL, f"line {number}")
    page = await visit()
    box = page.locator("main [data-testid=composer-input]")
    await box.fill("half a thought")
    await box.evaluate("node => node.setSelectionRange(2, 6)")
    await page.locator("main .log").evaluate("node => { node.scrollTop = 100; }")
    await expect(page.locator("main .log")).to_have_js_property("scrollTop", 100)
    last = await app.post(text="news")
    await expect(message(page, last)).to_be_attached()
    await expect(page.locator("main .log")).to_have_js_property("scrollTop", 100)
    await expect(box).to_be_focused()
    assert await box.evaluate("node => [node.value, node.selectionStart, node.selectionEnd]") == [
        "half a thought",
        2,
        6,
    ]
    await say(page, "/approvals")
    await page.get_by_label("Why").fill("half")
    newest = await app.post(text="more news")
    await expect(message(page, newest)).to_be_attached()
    await expect(page.get_by_label("Why")).to_have_value("half")
    await expect(page.get_by_label("Why")).to_be_focused()


async def test_page_comes_back_after_the_sandbox_was_away(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """While the sandbox is down the page says so and keeps what is typed; afterwards it goes on by itself."""
    page = await visit()
    port = int(sandbox.url.rpartition(":")[2])
    await page.locator("main [data-testid=composer-input]").fill("half a thought")
    await sandbox.stop()
    await expect(hook(page, "banner")).to_contain_text("connection to the sandbox is lost")
    await sandbox.start(port=port)
    await expect(hook(page, "app")).to_have_attribute("data-online", "true")
    ts = await app.post(text="back again")
    await expect(message(page, ts)).to_contain_text("back again")
    await expect(page.locator("main [data-testid=composer-input]")).to_have_value("half a thought")
