"""The state of the workspace: people, groups, channels, messages, homes and files, and the news of a change."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from bot.sandbox import cast
from bot.sandbox.errors import Refused
from bot.sandbox.store import Store

Message = dict[str, Any]
Channel = dict[str, Any]
_SLACKBOT = "USLACKBOT"


class Changes:
    """Wakes everybody who waits whenever something in the sandbox has changed."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def tell(self) -> None:
        """Wake all that wait now."""
        past, self._next = self._next, asyncio.Event()
        past.set()

    async def wait(self) -> None:
        """Return after the next change."""
        await self._next.wait()


class Workspace:
    """Everything that a restart keeps. Readers get the live dicts; writers go through the methods."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last_us = 0
        self.changes = Changes()
        self.people = {one["id"]: one for one in cast.people()}
        self.groups = {one["id"]: one for one in cast.groups()}
        self.channels: dict[str, Channel] = {one["id"]: one for one in cast.channels()}
        self.messages: dict[str, dict[str, Message]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self.ephemerals: list[Message] = []

    def load(self) -> None:
        """Read what an earlier process wrote; the fixed cast is there in any case, and all of it without a file."""
        if not self._store.is_open:
            return
        self.people |= self._store.load("person")
        self.groups |= self._store.load("group")
        self.channels |= self._store.load("channel")
        self.homes = self._store.load("home")
        self.files = self._store.load("file")
        self.messages = {}
        for key, message in self._store.load("message").items():
            channel, ts = key.split("/")
            self.messages.setdefault(channel, {})[ts] = message
            self._last_us = max(self._last_us, int(ts.replace(".", "")))

    def new_ts(self) -> str:
        """Return a message timestamp that is later than every earlier one of the workspace."""
        self._last_us = max(time.time_ns() // 1000, self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def save_person(self, user: dict[str, Any]) -> None:
        """Add or overwrite a person."""
        self.people[user["id"]] = user
        self._kept("person", user["id"], user)

    def save_group(self, group: dict[str, Any]) -> None:
        """Add or overwrite a user group."""
        self.groups[group["id"]] = group
        self._kept("group", group["id"], group)

    def save_channel(self, channel: Channel) -> None:
        """Add or overwrite a channel."""
        self.channels[channel["id"]] = channel
        self._kept("channel", channel["id"], channel)

    def save_home(self, user: str, view: dict[str, Any]) -> None:
        """Show this view as the app's home of a person."""
        self.homes[user] = view
        self._kept("home", user, view)

    def save_file(self, file: dict[str, Any]) -> None:
        """Add or overwrite a file; its content is base64 under `content`."""
        self.files[file["id"]] = file
        self._kept("file", file["id"], file)

    def save_message(self, channel: str, message: Message) -> None:
        """Add or overwrite a message by its ts."""
        self.messages.setdefault(channel, {})[message["ts"]] = message
        self._kept("message", f"{channel}/{message['ts']}", message)

    def add_ephemeral(self, message: Message) -> None:
        """Show a message to one person only (`_to`, `channel`); it is not kept over a restart, as in Slack."""
        self.ephemerals.append(message)
        self.changes.tell()

    def remove_ephemeral(self, message: Message) -> None:
        """Take an ephemeral message away again."""
        self.ephemerals = [one for one in self.ephemerals if one["ts"] != message["ts"]]
        self.changes.tell()

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message; the root of a thread with replies leaves a tombstone, as in Slack."""
        if len(self.thread(channel, ts)) > 1 and self.messages[channel][ts].get("thread_ts", ts) == ts:
            self.save_message(channel, _tombstone(self.messages[channel][ts]))
            return
        del self.messages[channel][ts]
        self._store.remove("message", f"{channel}/{ts}")
        self.changes.tell()

    def _kept(self, kind: str, key: str, document: Any) -> None:
        self._store.put(kind, key, document)
        self.changes.tell()

    def person(self, ref: str) -> dict[str, Any]:
        """Return a person by id or name.

        Raises: Refused with user_not_found.
        """
        found = self.people.get(ref) or _first(
            one for one in self.people.values() if one["name"] == ref.removeprefix("@")
        )
        if found is None:
            raise Refused("user_not_found")
        return found

    def channel(self, ref: Any) -> Channel:
        """Return a channel by id, name or "#name".

        Raises: Refused with channel_not_found.
        """
        name = str(ref).removeprefix("#")
        found = self.channels.get(str(ref)) or _first(
            one for one in self.channels.values() if one.get("name") == name
        )
        if found is None:
            raise Refused("channel_not_found")
        return found

    def direct_message(self, user: str) -> Channel:
        """Return the bot's conversation with a person, opened when it was not yet."""
        channel = cast.direct_message(user)
        if channel["id"] not in self.channels:
            self.save_channel(channel)
        return self.channels[channel["id"]]

    def message(self, channel: str, ts: Any) -> Message:
        """Return one message.

        Raises: Refused with message_not_found.
        """
        found = self.messages.get(channel, {}).get(str(ts))
        if found is None:
            raise Refused("message_not_found")
        return found

    def in_channel(self, channel: str) -> list[Message]:
        """Return all messages of a channel, replies included, oldest first (timestamps only ever rise)."""
        return list(self.messages.get(channel, {}).values())

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return the root and its replies, oldest first; [] when the root is unknown."""
        return [one for one in self.in_channel(channel) if ts in (one["ts"], one.get("thread_ts"))]

    def shown(self, channel: str, message: Message) -> Message:
        """Return a message as Slack shows it: the root of a thread with its reply counts."""
        return self.shown_all(channel, [message])[0]

    def shown_all(self, channel: str, messages: Iterable[Message]) -> list[Message]:
        """Return messages as Slack shows them; the channel is walked once for all."""
        replies: dict[str, list[Message]] = {}
        for one in self.in_channel(channel):
            if one.get("thread_ts", one["ts"]) != one["ts"]:
                replies.setdefault(one["thread_ts"], []).append(one)
        return [_with_replies(one, replies.get(one["ts"], [])) for one in messages]


def _with_replies(message: Message, replies: list[Message]) -> Message:
    if not replies:
        return dict(message)
    users = list(dict.fromkeys(one["user"] for one in replies))
    return {
        **message,
        "thread_ts": message["ts"],
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1]["ts"],
        "is_locked": False,
        "subscribed": False,
    }


def as_us(ts: str) -> int:
    """Return a message timestamp as whole microseconds, 0 for no number."""
    seconds, _, micros = ts.partition(".")
    digits = f"{seconds}{micros[:6]:0<6}"
    return int(digits) if digits.isdecimal() else 0


def _tombstone(message: Message) -> Message:
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": _SLACKBOT,
        "hidden": True,
        "ts": message["ts"],
        "thread_ts": message["ts"],
    }


def _first(found: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    return next(iter(found), None)
