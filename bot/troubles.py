"""What keeps runs from being shown in Slack, in sentences for whoever runs the bot."""

from __future__ import annotations

from bot.inert import one_line


def no_channel(workflow: str) -> str:
    """Say that a workflow's runs cannot be shown anywhere."""
    return f"The workflow {one_line(workflow)} has no channel. Set one in approvals.toml and start again."


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
