"""One Chromium for the page's tests, the real Sandbox, and the Bolt app behind it."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Dialog, Error, Page, async_playwright, expect

from bot.sandbox import Sandbox, SlashCommand
from tests.bot.sandbox.page.small_page import CHANNEL, Answering, hook

Visit = Callable[..., Awaitable[Page]]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Tabs:
    """Lends out pages and takes them back, because a new one costs more than a test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[Page]] = {}
        self._lent: list[tuple[str, Page]] = []

    async def take(self, **options: Any) -> Page:
        """Return a page of a context with these options that nobody else holds."""
        key = repr(sorted(options.items()))
        free = self._free.setdefault(key, [])
        if free:
            page = free.pop()
        else:
            page = await (await self._browser.new_context(**options)).new_page()
            page.set_default_timeout(5000)
        self._lent.append((key, page))
        return page

    async def give_back(self) -> None:
        """Blank every page that was lent."""
        while self._lent:
            key, page = self._lent.pop()
            await page.goto("about:blank")
            self._free[key].append(page)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def tabs() -> AsyncIterator[Tabs]:
    """One headless Chromium; without one the tests are skipped, in CI they fail."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=_QUIET)
        yield Tabs(browser)
        await browser.close()


@pytest_asyncio.fixture(loop_scope="package")
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox in memory with one command."""
    command = SlashCommand(command="/approvals", description="Start approvals", usage_hint="start <workflow>")
    async with Sandbox(commands=[command]) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="package")
async def app(sandbox: Sandbox) -> AsyncIterator[Answering]:
    """A Bolt app that the sandbox reaches over signed HTTP."""
    answering = Answering(sandbox)
    application = web.Application()
    application.router.add_post("/slack/events", answering.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield answering
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="package")
async def visit(tabs: Tabs, sandbox: Sandbox) -> AsyncIterator[Visit]:
    """Open the page as somebody; an error of its script, or a dialog of the browser's, fails the test."""
    problems: list[str] = []
    pages: list[Page] = []

    def on_error(error: Error) -> None:
        problems.append(str(error))

    async def on_dialog(dialog: Dialog) -> None:
        problems.append(f"dialog {dialog.message}")
        await dialog.dismiss()

    async def open_page(
        me: str = "U0RITA", *, width: int = 1200, height: int = 800, scheme: str = "light"
    ) -> Page:
        size = {"width": width, "height": height}
        page = await tabs.take(viewport=size, timezone_id="UTC", locale="en-GB", color_scheme=scheme)
        pages.append(page)
        page.on("pageerror", on_error)
        page.on("dialog", on_dialog)
        await page.goto(f"{sandbox.url}/#as={me}&at={CHANNEL}")
        await expect(hook(page, "app")).to_have_attribute("data-me", me)
        return page

    yield open_page
    for page in pages:
        page.remove_listener("pageerror", on_error)
        page.remove_listener("dialog", on_dialog)
    await tabs.give_back()
    assert problems == []
