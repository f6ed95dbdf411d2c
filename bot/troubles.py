"""What keeps runs from being shown in Slack, in sentences for whoever runs the bot, and for how long."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from bot import wording
from bot.identity import refusal_code
from bot.inert import one_line
from engine import EngineError


class NoChannel(EngineError):
    """A workflow's runs cannot be shown anywhere."""

    def __init__(self, workflow: str) -> None:
        super().__init__(
            f"The workflow {one_line(workflow)} has no channel. Set one in approvals.toml and start again."
        )


def sentence(error: Exception) -> str:
    """Say what has gone wrong with showing a run."""
    match error:
        case SlackApiError():
            return slack_trouble(refusal_code(error))
        case NoChannel():
            return str(error)
        case EngineError():
            return wording.plain_sentence(error)
        case _:
            return slack_unreachable(type(error).__name__)


def asked_pause_s(error: Exception) -> float:
    """Return how many seconds Slack asks to wait; 0 where it does not."""
    if not isinstance(error, SlackApiError):
        return 0.0
    headers = getattr(error.response, "headers", None) or {}
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "0")
    return float(asked) if str(asked).isdecimal() else 0.0


def slack_unreachable(kind: str) -> str:
    """Say that Slack did not answer; `kind` names the error for whoever runs the bot."""
    return f"Slack cannot be reached now ({kind}). It is tried again."


def slack_trouble(code: str) -> str:
    """Say what Slack's refusal of a message means, and what to do."""
    match code:
        case "channel_not_found":
            told = "The bot cannot see this channel. Check its name in approvals.toml, or invite the bot"
        case "not_in_channel":
            told = "The bot is not in the channel. Invite it there"
        case "is_archived" | "is_inactive":
            told = "The channel is archived. Restore it, or set another one in approvals.toml"
        case "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired":
            told = (
                "Slack does not take the bot's token any more. Install the app again and set SLACK_BOT_TOKEN"
            )
        case (
            "missing_scope" | "no_permission" | "restricted_action" | "restricted_action_thread_only_channel"
        ):
            told = "Slack does not allow this to the app. Install it again from manifest.yml"
        case "ratelimited" | "rate_limited" | "message_limit_exceeded":
            told = "Slack asks for a pause. It is tried again"
        case _:
            told = "Slack refused a message. It is tried again"
    return f"{told} ({one_line(code)})."
