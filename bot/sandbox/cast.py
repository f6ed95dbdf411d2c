"""The sandbox's fixed cast: one team, one app, five people, two user groups, two channels, as Slack shows them."""

from typing import Any

TEAM = {"id": "T0SANDBOX", "name": "Sandbox", "domain": "sandbox"}
APP_ID = "A0ASSENT"
BOT_USER = "U0ASSENT"
BOT_ID = "B0ASSENT"
BOT_NAME = "Assent"
BOT_TOKEN = "xoxb-sandbox-bot-token"  # noqa: S105  a constant of a local double, opens nothing
APP_TOKEN = "xapp-sandbox-app-token"  # noqa: S105
SIGNING_SECRET = "sandbox-signing-secret"  # noqa: S105
VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105

_PEOPLE = [
    ("U0RITA", "rita", "Rita Requester", "Requester"),
    ("U0AMY", "amy", "Amy Approver", "Approver"),
    ("U0BEN", "ben", "Ben Backup", "Approver"),
    ("U0DORA", "dora", "Dora Director", "Director"),
    ("U0OTTO", "otto", "Otto Outsider", "Another team"),
]


def person(user_id: str, name: str, real_name: str, title: str, *, is_bot: bool = False) -> dict[str, Any]:
    """Return a user object as users.info answers it, e.g. {"id": "U0RITA", "name": "rita", "deleted": false}."""
    profile = {
        "real_name": real_name,
        "display_name": name,
        "title": title,
        "email": f"{name}@sandbox.example",
        "team": TEAM["id"],
    }
    if is_bot:
        profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
    return {
        "id": user_id,
        "team_id": TEAM["id"],
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "tz": "Europe/London",
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": is_bot,
        "is_app_user": False,
        "updated": 1,
    }


def people() -> list[dict[str, Any]]:
    """Return the five people and the bot user."""
    return [*(person(*one) for one in _PEOPLE), person(BOT_USER, "assent", BOT_NAME, "", is_bot=True)]


def groups() -> list[dict[str, Any]]:
    """Return the user groups: approvers (amy, ben) and directors (dora)."""
    return [
        group("approvers", ["U0AMY", "U0BEN"]),
        group("directors", ["U0DORA"]),
    ]


def group(handle: str, users: list[str] | None = None) -> dict[str, Any]:
    """Return a user group; its id is made of the handle, e.g. S0APPROVERS."""
    return {
        "id": f"S0{handle.upper()}",
        "team_id": TEAM["id"],
        "is_usergroup": True,
        "name": handle.title(),
        "handle": handle,
        "description": "",
        "date_delete": 0,
        "users": users or [],
    }


def channels() -> list[dict[str, Any]]:
    """Return the channels: approvals (everybody and the bot) and general (everybody, without the bot)."""
    everybody = [one[0] for one in _PEOPLE]
    return [
        channel(
            "C0APPROVALS", "approvals", [*everybody, BOT_USER], topic="Requests that wait for a decision"
        ),
        channel("C0GENERAL", "general", everybody, topic="Everything else"),
    ]


def channel(channel_id: str, name: str, members: list[str], *, topic: str = "") -> dict[str, Any]:
    """Return a channel object; `members` is the sandbox's own list, not part of Slack's answers."""
    return {
        "id": channel_id,
        "name": name,
        "name_normalized": name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_archived": False,
        "is_general": name == "general",
        "created": 1,
        "creator": "U0DORA",
        "context_team_id": TEAM["id"],
        "topic": {"value": topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "members": members,
    }


def direct_message(user_id: str) -> dict[str, Any]:
    """Return the conversation of the bot with one person: its id is the person's with D for U."""
    return {
        "id": f"D{user_id[1:]}",
        "is_im": True,
        "is_channel": False,
        "is_archived": False,
        "created": 1,
        "user": user_id,
        "context_team_id": TEAM["id"],
        "members": [user_id, BOT_USER],
    }
