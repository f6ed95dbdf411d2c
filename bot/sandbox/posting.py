"""How a message comes into a channel: made as Slack makes it, for chat.*, response URLs, commands and files alike."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox import cast
from bot.sandbox.blockkit import with_ids
from bot.sandbox.errors import Refused
from bot.sandbox.limits import TEXT_CUT_CHARS, check_message
from bot.sandbox.workspace import Channel, Message, Workspace

_BOT_PROFILE = {
    "id": cast.BOT_ID,
    "app_id": cast.APP_ID,
    "user_id": cast.BOT_USER,
    "name": cast.BOT_NAME,
    "deleted": False,
    "team_id": cast.TEAM["id"],
}


def content(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked text, blocks and attachments of a message as Slack stores them.

    Raises: Refused as limits.check_message says.
    """
    text, markdown = args.get("text"), args.get("markdown_text")
    check_message(
        text=text, blocks=args.get("blocks"), attachments=args.get("attachments"), markdown_text=markdown
    )
    made: dict[str, Any] = {"text": str(text or markdown or "")[:TEXT_CUT_CHARS]}
    if args.get("blocks"):
        made["blocks"] = with_ids(args["blocks"])
    if args.get("attachments"):
        made["attachments"] = args["attachments"]
    return made


def bot_message(workspace: Workspace, made: Mapping[str, Any]) -> Message:
    """Return a new message of the app with its own ts; nothing is shown yet."""
    return {
        "type": "message",
        "user": cast.BOT_USER,
        "bot_id": cast.BOT_ID,
        "app_id": cast.APP_ID,
        "team": cast.TEAM["id"],
        "bot_profile": _BOT_PROFILE,
        "ts": workspace.new_ts(),
        **made,
    }


def person_message(workspace: Workspace, user: str, text: str) -> Message:
    """Return a new message that a person has typed; nothing is shown yet."""
    return {
        "type": "message",
        "user": user,
        "team": cast.TEAM["id"],
        "ts": workspace.new_ts(),
        "text": text,
    }


def threaded(
    workspace: Workspace, channel: Channel, message: Message, *, thread_ts: Any, broadcast: bool
) -> Message:
    """Return the message as a reply; a reply's own ts as `thread_ts` leads to its root.

    Raises: Refused with thread_not_found when no such message is in the channel.
    """
    if not thread_ts:
        return message
    root = workspace.messages.get(channel["id"], {}).get(str(thread_ts))
    if root is None:
        raise Refused("thread_not_found")
    replied = {**message, "thread_ts": root.get("thread_ts", root["ts"]), "parent_user_id": root["user"]}
    return {**replied, "subtype": "thread_broadcast"} if broadcast else replied


def open_channel(workspace: Workspace, ref: Any, *, member: bool = True) -> Channel:
    """Return the channel that the app may post to; a person's id or D-id opens the direct message.

    Raises: Refused with channel_not_found, is_archived or not_in_channel.
    """
    channel = _direct(workspace, str(ref)) or workspace.channel(ref)
    if channel["is_archived"]:
        raise Refused("is_archived")
    if member and cast.BOT_USER not in channel["members"]:
        raise Refused("not_in_channel")
    return channel


def _direct(workspace: Workspace, ref: str) -> Channel | None:
    user = f"U{ref[1:]}" if ref.startswith("D") and ref not in workspace.channels else ref
    return workspace.direct_message(user) if user in workspace.people else None


def ephemeral(message: Message, *, user: str, channel: str) -> Message:
    """Return the message as one that only `user` sees, in `channel`."""
    return {**message, "_to": user, "channel": channel, "is_ephemeral": True}
