"""Web API: conversations.*."""

from collections.abc import Iterable
from typing import Any

from bot.sandbox import cast
from bot.sandbox.arguments import Args, flagged, needed, page_of
from bot.sandbox.errors import Refused
from bot.sandbox.slack import Slack
from bot.sandbox.workspace import Channel, Message, as_us

_MOST = 999  # docs.slack.dev, conversations.history: "maximum of 999"


def info(slack: Slack, args: Args) -> dict[str, Any]:
    """Describe one channel."""
    channel = _known(slack, args)
    more = {"num_members": len(channel["members"])} if flagged(args, "include_num_members") else {}
    return {"channel": _described(channel) | more}


def list_all(slack: Slack, args: Args) -> dict[str, Any]:
    """List the channels of the asked types (public_channel by default)."""
    types = set(str(args.get("types") or "public_channel").replace(" ", "").split(","))
    if types - {"public_channel", "private_channel", "mpim", "im"}:
        raise Refused("invalid_types")
    channels = [
        _described(one)
        for one in slack.workspace.channels.values()
        if _type_of(one) in types and not (one["is_archived"] and flagged(args, "exclude_archived"))
    ]
    found, cursor = page_of(args, channels, default=100, most=1000)
    return {"channels": found, "response_metadata": {"next_cursor": cursor}}


def members(slack: Slack, args: Args) -> dict[str, Any]:
    """List the ids of a channel's members."""
    found, cursor = page_of(args, _known(slack, args)["members"], default=100, most=1000)
    return {"members": found, "response_metadata": {"next_cursor": cursor}}


def history(slack: Slack, args: Args) -> dict[str, Any]:
    """List a channel's messages, newest first; replies only when they were broadcast."""
    channel = _joined(slack, args)
    top = [
        one
        for one in _within(args, slack.workspace.in_channel(channel["id"]))
        if one.get("thread_ts", one["ts"]) == one["ts"] or one.get("subtype") == "thread_broadcast"
    ]
    found, cursor = page_of(args, top[::-1], default=100, most=_MOST)
    return _messages(slack, args, channel, found, cursor) | {"pin_count": 0}


def replies(slack: Slack, args: Args) -> dict[str, Any]:
    """List a thread: its root, then its replies, oldest first."""
    channel = _joined(slack, args)
    thread = slack.workspace.thread(channel["id"], str(needed(args, "ts")))
    if not thread:
        raise Refused("thread_not_found")
    root = thread[0]
    kept = [root, *_within(args, thread[1:])]
    found, cursor = page_of(args, kept, default=1000, most=1000)
    return _messages(slack, args, channel, found, cursor)


def open_direct(slack: Slack, args: Args) -> dict[str, Any]:
    """Open the direct message with one person."""
    if args.get("channel"):
        return {"channel": _described(slack.workspace.channel(args["channel"]))}
    users = [one for one in str(args.get("users") or "").split(",") if one]
    if not users:
        raise Refused("users_list_not_supplied")
    if len(users) > 1:
        raise Refused("method_not_supported_for_channel_type")
    user = slack.workspace.people.get(users[0])
    if user is None:
        raise Refused("user_not_found")
    if user["deleted"]:
        raise Refused("user_disabled")
    channel = slack.workspace.direct_message(user["id"])
    return {"channel": _described(channel) if flagged(args, "return_im") else {"id": channel["id"]}}


def join(slack: Slack, args: Args) -> dict[str, Any]:
    """Make the bot a member of a public channel; again is no error."""
    channel = _known(slack, args)
    if channel["is_archived"]:
        raise Refused("is_archived")
    if channel["is_im"]:
        raise Refused("method_not_supported_for_channel_type")
    if cast.BOT_USER in channel["members"]:
        return {"channel": _described(channel), "warning": "already_in_channel"}
    slack.workspace.save_channel({**channel, "members": [*channel["members"], cast.BOT_USER]})
    return {"channel": _described(slack.workspace.channels[channel["id"]])}


def _known(slack: Slack, args: Args) -> Channel:
    channel = slack.workspace.channels.get(str(needed(args, "channel")))
    if channel is None:
        raise Refused("channel_not_found")
    return channel


def _joined(slack: Slack, args: Args) -> Channel:
    channel = _known(slack, args)
    if cast.BOT_USER not in channel["members"]:
        raise Refused("not_in_channel")
    return channel


def _type_of(channel: Channel) -> str:
    if channel["is_im"]:
        return "im"
    return "private_channel" if channel["is_private"] else "public_channel"


def _described(channel: Channel) -> dict[str, Any]:
    shown = {name: value for name, value in channel.items() if name != "members"}
    return shown | {"is_member": cast.BOT_USER in channel["members"]}


def _within(args: Args, messages: Iterable[Message]) -> list[Message]:
    oldest, latest = as_us(str(args.get("oldest") or "0")), as_us(str(args.get("latest") or "0"))
    inclusive = flagged(args, "inclusive")

    def fits(us: int) -> bool:
        if inclusive and us in (oldest, latest):
            return True
        return us > oldest and (not latest or us < latest)

    return [one for one in messages if fits(as_us(one["ts"]))]


def _messages(
    slack: Slack, args: Args, channel: Channel, found: list[Message], cursor: str
) -> dict[str, Any]:
    hidden = () if flagged(args, "include_all_metadata") else ("metadata",)
    shown = slack.workspace.shown_all(channel["id"], found)
    return {
        "messages": [{name: value for name, value in one.items() if name not in hidden} for one in shown],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }
