"""The Bolt app behind both doors: what it checks, what it logs and what a person hears when it fails."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import Identity
from bot.notices import notice
from bot.payloads import Body, Malformed, check
from bot.whispers import Whispers
from bot.wording import NOTHING_RECORDED

LOG = logging.getLogger("assent")
SDK_LOG = logging.getLogger("slack_bolt")
_IS_NEW = "is_new"
"""Where Bolt's context has what says whether a delivery is new."""


def make_app(client: AsyncWebClient, *, identity: Identity, whispers: Whispers) -> AsyncApp:
    """Make the Bolt app, without listeners.

    Bolt's own signature check is off: it runs after the body is parsed (so a broken body ends in a 500) and
    logs the body of a forged request; `bot/web.py` checks before anything is parsed. Its auth.test is not
    used either: `identity` knows, and a request is then never held up by a call to Slack.
    `process_before_response`: the ack leaves when the listener is done, not at the next 10 ms poll.
    """
    _quieten()

    async def authorize() -> AuthorizeResult:
        account = identity.account
        return AuthorizeResult(
            enterprise_id=None,
            team_id=account.team_id if account else None,
            bot_user_id=account.user_id if account else None,
            bot_id=account.bot_id if account else None,
        )

    async def on_error(error: Exception, body: Body, context: AsyncBoltContext) -> BoltResponse:
        return _answer(error, body=body, context=context, whispers=whispers)

    app = AsyncApp(
        name="slack_bolt.assent",  # Bolt sets the level of the logger with this name
        logger=SDK_LOG,
        client=_without_token(client),
        authorize=authorize,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    app.error(on_error)
    app.use(_only_new)
    return app


async def dispatch(
    app: AsyncApp, body: Body, is_new: Awaitable[bool] | None = None, *, headers: Mapping[str, str]
) -> BoltResponse:
    """Hand an authentic body to the listeners, if `is_new` says so. Never raises; the status is 200 or in the 400s.

    The body comes parsed (Bolt calls that Socket Mode), so that what was checked is what is handled.
    """
    try:
        check(body)
        context = {} if is_new is None else {_IS_NEW: is_new}
        return await app.async_dispatch(
            AsyncBoltRequest(mode="socket_mode", body=body, headers=dict(headers), context=context)
        )
    except Malformed as error:
        LOG.warning("Slack sent something that cannot be read: %s", error)
    except Exception as error:  # noqa: BLE001  Bolt takes bodies apart unseen, also to call our error handler
        LOG.warning("Slack sent something that Bolt cannot read: %s", type(error).__name__)
    return BoltResponse(status=400, body="")


async def _only_new(context: AsyncBoltContext, next_: Callable[[], Awaitable[Any]]) -> BoltResponse | None:
    """Bolt's middleware before every listener: what was answered before gets an empty 200 and no listener."""
    if _IS_NEW in context and not await context[_IS_NEW]:
        return BoltResponse(status=200, body="")
    await next_()
    return None


def _without_token(client: AsyncWebClient) -> AsyncWebClient:
    """Bolt makes a client per request from this one; listeners use ours instead, which alone has the token."""
    return AsyncWebClient(base_url=client.base_url, session=client.session, logger=SDK_LOG)


def _quieten() -> None:
    """Below WARNING the SDK logs whole bodies and messages, so it is never let down there.

    The level is set on the very loggers too: Bolt and the Web API client look at a logger's own level.
    """
    for name in ("slack_bolt", "slack_sdk", "slack_sdk.web.async_client"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)


def _answer(error: Exception, *, body: Body, context: AsyncBoltContext, whispers: Whispers) -> BoltResponse:
    if isinstance(error, Malformed):
        LOG.warning("Slack sent something that cannot be read: %s", error)
        return BoltResponse(status=400, body="")
    if isinstance(error, BoltUnhandledRequestError):
        LOG.warning("Slack sent something that no listener is for: %s", _kind(body))
        return BoltResponse(status=404, body="")
    LOG.error(
        "A listener failed: %s, %s by %s; %s",
        type(error).__name__,
        _kind(body),
        context.user_id,
        _trail(error),
    )
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": NOTHING_RECORDED})
    if body.get("type") == "view_submission":
        view = notice(NOTHING_RECORDED)
        return BoltResponse(status=200, body={"response_action": "update", "view": view})
    if context.user_id and context.channel_id:
        whispers.tell(context.user_id, channel=context.channel_id, text=NOTHING_RECORDED)
    return BoltResponse(status=200, body="")


def _kind(body: Body) -> str:
    """Name what came by the words that Slack defines, never by what somebody typed."""
    kind: Any = "command" if "command" in body else body.get("type")
    return kind if isinstance(kind, str) and kind.isidentifier() and len(kind) <= 40 else "unknown"


def _trail(error: Exception) -> str:
    """Name the places that the error came through; its message is left out, since it may quote what was typed."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
