"""The payloads that Slack delivers, in the shapes of docs.slack.dev ("interaction payloads", "events")."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from bot.sandbox import cast
from bot.sandbox.inputs import initial_values

Payload = dict[str, Any]


def action_ts() -> str:
    """Return a time as actions and events carry it, e.g. "1700000000.123456"."""
    return f"{time.time():.6f}"


def _interaction(kind: str, user: Mapping[str, Any]) -> Payload:
    return {
        "type": kind,
        "user": {
            "id": user["id"],
            "username": user["name"],
            "name": user["name"],
            "team_id": cast.TEAM["id"],
        },
        "api_app_id": cast.APP_ID,
        "token": cast.VERIFICATION_TOKEN,
        "team": {"id": cast.TEAM["id"], "domain": cast.TEAM["domain"]},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_actions(
    user: Mapping[str, Any],
    *,
    channel: Mapping[str, Any],
    message: Mapping[str, Any],
    action: Mapping[str, Any],
    trigger_id: str,
    response_url: str,
) -> Payload:
    """Return block_actions of a message; that of an ephemeral one carries no `message`, as in Slack."""
    is_ephemeral = bool(message.get("is_ephemeral"))
    container: Payload = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel["id"],
        "is_ephemeral": is_ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    values = initial_values(message)
    payload = {
        **_interaction("block_actions", user),
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": channel["id"], "name": channel.get("name", "directmessage")},
        "state": {"values": _with_action(values, action)},
        "response_url": response_url,
        "actions": [action],
    }
    return payload if is_ephemeral else payload | {"message": message}


def _with_action(values: dict[str, dict[str, Any]], action: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    held = values.get(action["block_id"], {})
    if action["action_id"] not in held:
        return values
    state = {name: action.get(name) for name in held[action["action_id"]]}
    return {**values, action["block_id"]: {**held, action["action_id"]: state}}


def view_actions(
    user: Mapping[str, Any], *, view: Mapping[str, Any], action: Mapping[str, Any], trigger_id: str
) -> Payload:
    """Return block_actions of a modal or a home."""
    return {
        **_interaction("block_actions", user),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger_id,
        "view": view,
        "actions": [action],
    }


def view_submission(user: Mapping[str, Any], *, view: Mapping[str, Any], trigger_id: str) -> Payload:
    """Return view_submission; `view` carries its state."""
    return {
        **_interaction("view_submission", user),
        "trigger_id": trigger_id,
        "view": view,
        "response_urls": [],
    }


def view_closed(user: Mapping[str, Any], *, view: Mapping[str, Any], is_cleared: bool) -> Payload:
    """Return view_closed; `is_cleared` when the whole stack went."""
    return {**_interaction("view_closed", user), "view": view, "is_cleared": is_cleared}


def slash_command(
    user: Mapping[str, Any],
    *,
    channel: Mapping[str, Any],
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> Payload:
    """Return the form fields of a slash command; `text` is escaped already."""
    return {
        "token": cast.VERIFICATION_TOKEN,
        "team_id": cast.TEAM["id"],
        "team_domain": cast.TEAM["domain"],
        "channel_id": channel["id"],
        "channel_name": channel.get("name", "directmessage"),
        "user_id": user["id"],
        "user_name": user["name"],
        "command": command,
        "text": text,
        "api_app_id": cast.APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def app_home_opened(user: str, *, channel: str, view: Mapping[str, Any] | None) -> Payload:
    """Return the event of a person who looks at the app's home; `view` is the home published before."""
    event = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": "home",
        "event_ts": action_ts(),
    }
    return event_callback(event | ({"view": view} if view else {}))


def event_callback(event: Mapping[str, Any]) -> Payload:
    """Return the envelope of an event with a new event_id; a retry sends the same one."""
    authorization = {
        "enterprise_id": None,
        "team_id": cast.TEAM["id"],
        "user_id": cast.BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": cast.VERIFICATION_TOKEN,
        "team_id": cast.TEAM["id"],
        "context_team_id": cast.TEAM["id"],
        "context_enterprise_id": None,
        "api_app_id": cast.APP_ID,
        "event": dict(event),
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
    }
