"""Who we are in Slack, as `auth.test` says: asked once, and again until Slack can be reached."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

LOG = logging.getLogger("assent")
UNREACHABLE = (SlackClientError, ClientError, OSError, TimeoutError, ValueError)

_LIMIT_S = 10
_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
# Errors of auth.test after which trying again is no use (docs.slack.dev, methods/auth.test).
_FATAL = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "no_permission",
    "org_login_required",
    "team_access_not_granted",
    "ekm_access_denied",
    "missing_args",
}


class TokenRefused(Exception):
    """Slack does not take this token. The message says which error Slack gave, never the token."""


@dataclass(frozen=True)
class Account:
    """The app's own account in the workspace."""

    team_id: str
    team: str
    user_id: str
    bot_id: str | None


class Identity:
    """The app's own account, once Slack has told it. `account` is None until then."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self.account: Account | None = None

    async def ask(self) -> bool:
        """Ask Slack once. False: Slack could not be reached now. Raises: TokenRefused."""
        try:
            async with asyncio.timeout(_LIMIT_S):
                answer = await self._client.auth_test()
        except SlackApiError as error:
            code = refusal_code(error)
            if code in _FATAL:
                raise TokenRefused(f"Slack refuses SLACK_BOT_TOKEN: {code}.") from None
            LOG.warning("Slack did not answer auth.test: %s", code)
            return False
        except UNREACHABLE as error:
            LOG.warning("Slack cannot be reached: %s", type(error).__name__)
            return False
        self.account = Account(
            team_id=str(answer["team_id"]),
            team=str(answer.get("team", "")),
            user_id=str(answer["user_id"]),
            bot_id=answer.get("bot_id"),
        )
        return True

    async def keep_asking(self) -> None:
        """Ask until Slack answers, with pauses that grow to half a minute. Raises: TokenRefused."""
        pause_s = _PAUSE_S
        while not await self.ask():
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


def refusal_code(error: SlackApiError) -> str:
    """Give Slack's word for what went wrong, or the HTTP status when there is none.

    The error's own text is never shown or logged: it can quote what was sent.
    """
    response = error.response
    data = getattr(response, "data", response)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else f"HTTP {getattr(response, 'status_code', 'error')}"
