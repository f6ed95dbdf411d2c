"""The Bolt app that the page's tests talk to, the blocks it shows, and where things are on the page."""

import re
from typing import Any

from aiohttp import web
from playwright.async_api import Locator, Page
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox

Json = dict[str, Any]
CHANNEL = "C0APPROVALS"


def plain(text: str) -> Json:
    """Return a plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    """Return a mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def option(value: str) -> Json:
    """Return an option, its text the value with a capital."""
    return {"text": plain(value.title()), "value": value}


def field(block_id: str, element: Json, **more: Any) -> Json:
    label = plain(block_id.title())
    return {
        "type": "input",
        "block_id": block_id,
        "label": label,
        "element": {"action_id": "v", **element},
        **more,
    }


def form(*blocks: Json, title: str = "Form") -> Json:
    """Return a modal that submits these blocks."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": list(blocks),
    }


def button(action_id: str = "approve", **more: Any) -> Json:
    """Return an actions block with one button."""
    element = {
        "type": "button",
        "action_id": action_id,
        "text": plain(action_id.title()),
        "value": "v1",
        **more,
    }
    return {"type": "actions", "block_id": f"{action_id}-row", "elements": [element]}


WHY = field("why", {"type": "plain_text_input", "initial_value": "because"})
AMOUNT = field("amount", {"type": "number_input", "is_decimal_allowed": True}, optional=True)


class Answering:
    """A Bolt app that keeps what it hears and answers as the test has set."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
        self.modal = form(WHY, AMOUNT)
        self.answer: Json = {}
        self.heard: list[Json] = []
        self.bolt = AsyncApp(
            client=self.client, signing_secret=sandbox.signing_secret, process_before_response=True
        )
        self.bolt.command("/approvals")(self._open)
        self.bolt.action(re.compile(".*"))(self._hear)
        self.bolt.view("form")(self._hear)
        self.bolt.event("app_home_opened")(self._home)

    async def _open(self, ack: Any, body: Json) -> None:
        self.heard.append(body)
        await self.client.views_open(trigger_id=body["trigger_id"], view=self.modal)
        await ack()

    async def _hear(self, ack: Any, body: Json) -> None:
        self.heard.append(body)
        await ack(**self.answer) if body["type"] == "view_submission" else await ack()

    async def _home(self, event: Json) -> None:
        blocks = [{"type": "section", "text": mrkdwn("*Waiting for you*")}, button("look")]
        await self.client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    def heard_at(self, place: int = 0) -> Json | None:
        """Return what came in at this place, or None as long as nothing has."""
        return self.heard[place] if len(self.heard) > place else None

    async def post(self, *blocks: Json, **more: Any) -> str:
        """Post to #approvals and return the ts."""
        said: Json = {"text": "text", "blocks": list(blocks) or None, **more}
        return str((await self.client.chat_postMessage(channel=CHANNEL, **said))["ts"])

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one signed request."""
        return await to_aiohttp_response(await self.bolt.async_dispatch(await to_bolt_request(request)))


def hook(page: Page, name: str) -> Locator:
    """Return what carries this data-testid."""
    return page.locator(f"[data-testid={name}]")


def message(page: Page, ts: str) -> Locator:
    """Return a message of the channel view."""
    return page.locator(f"main [data-ts='{ts}']")


async def say(page: Page, text: str) -> None:
    """Type into the channel's composer and press Enter."""
    await page.locator("main [data-testid=composer-input]").fill(text)
    await page.keyboard.press("Enter")
