"""A Bolt app and the blocks and views it shows, small enough to see through in a test."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox

Json = dict[str, Any]


def modal(**more: Any) -> Json:
    """Return a modal with a required text and an optional number."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "v", "initial_value": "because"},
            },
            {
                "type": "input",
                "block_id": "amount",
                "optional": True,
                "label": {"type": "plain_text", "text": "Amount"},
                "element": {"type": "number_input", "action_id": "v", "is_decimal_allowed": False},
            },
        ],
        **more,
    }


def button(action_id: str = "approve", **more: Any) -> Json:
    """Return an actions block with one button."""
    text = {"type": "plain_text", "text": "Approve"}
    element = {"type": "button", "action_id": action_id, "text": text, "value": "v1", **more}
    return {"type": "actions", "block_id": "buttons", "elements": [element]}


class SmallApp:
    """A Bolt app that writes down what it hears and acks; a test may set what it answers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.client = AsyncWebClient(token=sandbox.bot_token, base_url=sandbox.api_url)
        self.client.retry_handlers.clear()
        self.bolt = AsyncApp(
            client=self.client, signing_secret=sandbox.signing_secret, process_before_response=True
        )
        self.heard: list[Json] = []
        self.headers: list[dict[str, Any]] = []
        self.answer: Callable[[Json], Awaitable[Json | None]] | None = None
        for register in (
            self.bolt.command("/approvals"),
            self.bolt.action("approve"),
            self.bolt.action("other"),
            self.bolt.view("form"),
            self.bolt.view_closed("form"),
            self.bolt.event("app_home_opened"),
        ):
            register(self._hear)

    async def _hear(self, ack: Any, body: Json, request: Any) -> None:
        self.heard.append(body)
        self.headers.append(dict(request.headers))
        answer = await self.answer(body) if self.answer else None
        await ack(**(answer or {}))

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one signed request."""
        return await to_aiohttp_response(await self.bolt.async_dispatch(await to_bolt_request(request)))
