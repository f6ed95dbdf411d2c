"""The demo's whole story in a browser, each station as a picture in tests/screenshots/."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from bot.listeners.commands import COMMAND, DESCRIPTION, USAGE_HINT
from bot.sandbox import Sandbox, SlashCommand
from tests.bot.sandbox.page.small_page import hook, say
from tests.journeys.office import Office, at_work, settings

pytestmark = pytest.mark.asyncio(loop_scope="package")
SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
LIMIT_MS = 15_000

Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="package")
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox that knows the bot's command, as in the demo."""
    command = SlashCommand(
        command=COMMAND, usage_hint=USAGE_HINT, description=DESCRIPTION, example="start expense"
    )
    async with Sandbox(commands=[command]) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="package", autouse=True)
async def demo(sandbox: Sandbox, folder: Path) -> AsyncIterator[Office]:
    """The bot over Socket Mode, as in the demo."""
    async with at_work(sandbox, settings(sandbox, folder, door="socket")) as office:
        yield office


@pytest.fixture
def window(visit: Visit) -> Visit:
    """Open the page in a window of 1280 x 800, the size of the pictures."""

    async def opened(me: str = "U0RITA", *, scheme: str = "light") -> Page:
        page = await visit(me, width=1280, height=800, scheme=scheme)
        page.set_default_timeout(LIMIT_MS)
        return page

    return opened


async def picture(page: Page, name: str) -> None:
    """Write what is to be seen into tests/screenshots/, once fonts and movements have come to rest."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")


async def act_as(page: Page, person: str) -> None:
    """Choose whom one is."""
    await page.locator(f"[data-person={person}]").click()
    await expect(hook(page, "app")).to_have_attribute("data-me", person)


def card(page: Page, heading: str) -> Locator:
    """Return the card with this heading in the open thread."""
    title = page.get_by_role("heading", name=heading, exact=True)
    return hook(page, "thread").locator("[data-testid=message]").filter(has=title)


async def open_thread(page: Page) -> Locator:
    """Open the thread of the newest request and return its pane."""
    await hook(page, "open-thread").last.click(timeout=LIMIT_MS)
    await expect(hook(page, "thread")).to_be_visible()
    return hook(page, "thread")


async def press(place: Locator, button: str) -> None:
    """Press the button with this name."""
    await place.get_by_role("button", name=button, exact=True).click()


async def told(place: Locator, *parts: str) -> None:
    """Wait until these words stand there."""
    for part in parts:
        await expect(place).to_contain_text(part, timeout=LIMIT_MS)


async def test_an_expense_from_command_to_result(window: Visit) -> None:
    """Command, field error, two levels, somebody who is late, an edit, the result; pictures in tests/screenshots/."""
    rita, ben = await window(), await window("U0BEN")
    await picture(rita, "01-newcomer")
    await start_expense(rita)
    pane = await open_thread(rita)
    await told(pane, "Manager approval", "Approve")
    await picture(rita, "04-card-waiting")
    await open_thread(ben)
    await press(card(ben, "Manager approval"), "Reject")
    await ben.get_by_role("dialog").get_by_label("Why do you reject this?").fill("Let us wait")

    await act_as(rita, "U0AMY")
    await press(card(rita, "Manager approval"), "Edit")
    dialog = rita.get_by_role("dialog", name="Edit and approve")
    await expect(dialog.get_by_label("Amount")).to_have_value("12500")
    await dialog.get_by_label("Amount").fill("11000")
    await picture(rita, "05-edit")
    await hook(rita, "modal-submit").click()
    await told(card(rita, "Manager approval"), "Edited and approved by @Amy Approver", "12500 → 11000")
    await expect(card(rita, "Manager approval").get_by_role("button")).to_have_count(0)
    await told(card(rita, "Director approval"), "Approve", "11000")
    await picture(rita, "06-edited-next-question")
    await hook(ben, "modal-submit").click()
    await told(hook(ben, "field-error").filter(visible=True), "approved already, by Amy Approver")
    await picture(ben, "07-somebody-was-faster")

    await act_as(rita, "U0DORA")
    await press(card(rita, "Director approval"), "Approve")
    await told(card(rita, "Director approval"), "Approved by @Dora Director")
    await told(pane, "Finished with this result:", "Paid $11,000.00 for Team offsite (Travel).")
    await picture(rita, "08-result")


async def start_expense(page: Page) -> None:
    """Type the command, fill in the form wrongly and then right."""
    box = page.locator("main [data-testid=composer-input]")
    await box.focus()
    await page.keyboard.type("/appr")
    await expect(hook(page, "suggestion")).to_be_visible()
    await picture(page, "02-command")
    await box.fill("/approvals start expense")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Expense")
    await dialog.get_by_label("Amount in dollars").fill("-12500")
    await dialog.get_by_label("Purpose").fill("Team offsite")
    await dialog.get_by_label("Travel").check()
    await hook(page, "modal-submit").click()
    await told(hook(page, "field-error").filter(visible=True), "0")
    await picture(page, "03-field-error")
    await dialog.get_by_label("Amount in dollars").fill("12500")
    await hook(page, "modal-submit").click()
    await expect(dialog).to_have_count(0)


async def start_content(page: Page) -> Locator:
    """Start an announcement and open its thread."""
    await say(page, "/approvals start content")
    dialog = page.get_by_role("dialog", name="Announcement")
    await dialog.get_by_label("Topic").fill("New opening hours")
    await dialog.get_by_label("Customers").check()
    await dialog.get_by_label("Details").fill("From 1 May we open at eight.")
    await hook(page, "modal-submit").click()
    await expect(dialog).to_have_count(0)
    return await open_thread(page)


async def test_a_draft_is_rejected_with_a_reason(window: Visit) -> None:
    """The reason is asked for in a form and stands on the card and in the thread; in dark colours."""
    page = await window(scheme="dark")
    pane = await start_content(page)
    await act_as(page, "U0AMY")
    await told(pane, "Review draft", "From 1 May we open at eight.")
    await press(card(page, "Review draft"), "Reject")
    await page.get_by_role("dialog").get_by_label("Why do you reject this?").fill("The shop opens at nine.")
    await picture(page, "09-reject-dark")
    await hook(page, "modal-submit").click()
    await told(card(page, "Review draft"), "Rejected by @Amy Approver", "The shop opens at nine.")
    await told(pane, "Rejected by Amy Approver: The shop opens at nine.", "rejected")
    await told(pane, "Finished with this result:")
    await picture(page, "10-rejected-dark")


async def test_a_draft_is_edited_wrongly_and_then_right(window: Visit) -> None:
    """An empty draft is told under its field; the right one is approved, and before and after are to be read."""
    page = await window()
    pane = await start_content(page)
    await act_as(page, "U0BEN")
    await press(card(page, "Review draft"), "Edit")
    dialog = page.get_by_role("dialog", name="Edit and approve")
    draft = dialog.get_by_label("Draft")
    await expect(draft).to_have_value("To our customers: New opening hours.\n\nFrom 1 May we open at eight.")
    await draft.fill("")
    await hook(page, "modal-submit").click()
    await expect(hook(page, "field-error").filter(visible=True)).to_have_count(1)
    await picture(page, "11-edit-field-error")
    await draft.fill("To our customers: New opening hours.\n\nFrom 1 May we open at nine.")
    await hook(page, "modal-submit").click()
    await told(
        card(page, "Review draft"),
        "Edited and approved by @Ben Backup",
        "From 1 May we open at eight. nine.",
    )
    await told(pane, "Finished with this result:", "final")
    await picture(page, "12-edited")


async def test_refusals_and_the_home_are_to_be_read(window: Visit) -> None:
    """An outsider's click is answered in private, and the home shows what waits."""
    page = await window("U0RITA")
    await say(page, "/approvals start deploy")
    dialog = page.get_by_role("dialog", name="Release")
    await dialog.get_by_label("Shop").check()
    await dialog.get_by_label("Version").fill("2.4.1")
    await hook(page, "modal-submit").click()
    await told(page.locator("main"), "Continue with executor?")
    await act_as(page, "U0OTTO")
    await page.locator("main").get_by_role("button", name="Approve", exact=True).click()
    await told(page.locator("main [data-ephemeral=true]").last, "not among the people")
    await picture(page, "13-not-allowed")
    await act_as(page, "U0AMY")
    await hook(page, "open-home").click()
    await told(hook(page, "home"), "Waiting for a decision", "Continue with executor?", "Open the card")
    await picture(page, "14-home")
    await say_in_channel(page, "/approvals list")
    answers = page.locator("main [data-ephemeral=true]")
    await told(answers.last, "Continue with executor?", "Open the card")
    await say(page, "/approvals help")
    await told(answers.last, "What you can do here")
    await picture(page, "15-commands")


async def say_in_channel(page: Page, text: str) -> None:
    """Go back to the channel and type there."""
    await page.locator("[data-channel=C0APPROVALS]").first.click()
    await say(page, text)
