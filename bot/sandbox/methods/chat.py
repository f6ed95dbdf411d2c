"""Web API: chat.* and reactions.add."""

import time
from typing import Any

from bot.sandbox import cast
from bot.sandbox.arguments import Args, flagged, needed
from bot.sandbox.blockkit import with_ids
from bot.sandbox.errors import Refused
from bot.sandbox.limits import check_message, check_metadata, check_update_text, has_rich_text
from bot.sandbox.posting import bot_message, content, ephemeral, open_channel, threaded
from bot.sandbox.slack import Slack
from bot.sandbox.workspace import Message


def post_message(slack: Slack, args: Args) -> dict[str, Any]:
    """Post to a channel (id or "#name"), a person (user id) or a thread."""
    channel = open_channel(slack.workspace, needed(args, "channel"))
    message = bot_message(slack.workspace, content(args) | _metadata(args))
    message = threaded(
        slack.workspace,
        channel,
        message,
        thread_ts=args.get("thread_ts"),
        broadcast=flagged(args, "reply_broadcast"),
    )
    slack.workspace.save_message(channel["id"], message)
    return {"channel": channel["id"], "ts": message["ts"], "message": message}


def post_ephemeral(slack: Slack, args: Args) -> dict[str, Any]:
    """Show a message to one member of a channel."""
    channel = open_channel(slack.workspace, needed(args, "channel"))
    user = str(needed(args, "user"))
    if user not in channel["members"]:
        raise Refused("user_not_in_channel")
    message = bot_message(slack.workspace, content(args))
    message = threaded(slack.workspace, channel, message, thread_ts=args.get("thread_ts"), broadcast=False)
    slack.workspace.add_ephemeral(ephemeral(message, user=user, channel=channel["id"]))
    return {"message_ts": message["ts"]}


def update(slack: Slack, args: Args) -> dict[str, Any]:
    """Change a message of the app; blocks and metadata that are not given stay, empty ones go."""
    channel = slack.workspace.channel(needed(args, "channel"))
    old = slack.workspace.message(channel["id"], needed(args, "ts"))
    if channel["is_archived"]:
        raise Refused("is_inactive")
    if old.get("app_id") != cast.APP_ID:
        raise Refused("cant_update_message")
    check_update_text(args.get("text"))
    new = _changed(old, args)
    slack.workspace.save_message(channel["id"], new)
    return {"channel": channel["id"], "ts": new["ts"], "text": new["text"], "message": new}


def _changed(old: Message, args: Args) -> Message:
    new = dict(old)
    if args.get("text") is not None or args.get("markdown_text") is not None:
        new["text"] = str(args.get("text") or args.get("markdown_text") or "")
    for name in ("blocks", "attachments"):
        if args.get(name) is not None:
            new[name] = args[name]
    check_message(
        text=new["text"] if args.get("markdown_text") is None else None,
        blocks=new.get("blocks") if args.get("markdown_text") is None else None,
        attachments=new.get("attachments"),
        markdown_text=args.get("markdown_text"),
    )
    new["blocks"] = with_ids(new.get("blocks") or [])
    if old.get("blocks") and new["blocks"] and has_rich_text(old) != has_rich_text(new):
        raise Refused("block_mismatch")
    if args.get("metadata") is not None:
        new["metadata"] = args["metadata"] and _metadata(args)["metadata"]
    new["edited"] = {"user": cast.BOT_USER, "ts": f"{int(time.time())}.000000"}
    return {name: value for name, value in new.items() if value not in ([], {})}


def _metadata(args: Args) -> dict[str, Any]:
    if args.get("metadata") is None:
        return {}
    check_metadata(args["metadata"])
    return {"metadata": args["metadata"]}


def delete(slack: Slack, args: Args) -> dict[str, Any]:
    """Delete a message of the app."""
    channel = slack.workspace.channel(needed(args, "channel"))
    message = slack.workspace.message(channel["id"], needed(args, "ts"))
    if message.get("app_id") != cast.APP_ID:
        raise Refused("cant_delete_message")
    slack.workspace.delete_message(channel["id"], message["ts"])
    return {"channel": channel["id"], "ts": message["ts"]}


def get_permalink(slack: Slack, args: Args) -> dict[str, Any]:
    """Return the address of a message on the sandbox's page."""
    channel = slack.workspace.channel(needed(args, "channel"))
    message = slack.workspace.message(channel["id"], needed(args, "message_ts"))
    link = f"{slack.url}/archives/{channel['id']}/p{message['ts'].replace('.', '')}"
    root = message.get("thread_ts", message["ts"])
    if root != message["ts"]:
        link += f"?thread_ts={root}&cid={channel['id']}"
    return {"channel": channel["id"], "permalink": link}


def add_reaction(slack: Slack, args: Args) -> dict[str, Any]:
    """Add the bot's emoji to a message."""
    channel = open_channel(slack.workspace, needed(args, "channel"), member=False)
    message = slack.workspace.message(channel["id"], needed(args, "timestamp"))
    name = str(needed(args, "name"))
    others = [one for one in message.get("reactions", []) if one["name"] != name]
    mine = next((one for one in message.get("reactions", []) if one["name"] == name), None)
    users = mine["users"] if mine else []
    if cast.BOT_USER in users:
        raise Refused("already_reacted")
    reaction = {"name": name, "users": [*users, cast.BOT_USER], "count": len(users) + 1}
    slack.workspace.save_message(channel["id"], {**message, "reactions": [*others, reaction]})
    return {}
