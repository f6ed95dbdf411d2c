"""Response URLs: the five answers in thirty minutes that an interaction or a command allows."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.errors import Refused
from bot.sandbox.posting import bot_message, content, ephemeral, threaded
from bot.sandbox.workspace import Message, Workspace

USES = 5


@dataclass(kw_only=True)
class _Door:
    user: str
    channel: str
    original: str | None  # ts of the message that was clicked
    expires_s: float
    uses: int = 0


class ResponseUrls:
    """Issues response URLs below `prefix` (set when the server's address is known) and answers their posts."""

    def __init__(self, workspace: Workspace, *, lifetime_s: float) -> None:
        self._workspace = workspace
        self._lifetime_s = lifetime_s
        self._doors: dict[str, _Door] = {}
        self.prefix = ""

    def issue(self, *, user: str, channel: str, original: str | None = None) -> str:
        """Return a new URL for a person's action in a channel, on the message `original` if there is one."""
        token = secrets.token_urlsafe(16)
        expires_s = time.monotonic() + self._lifetime_s
        self._doors[token] = _Door(user=user, channel=channel, original=original, expires_s=expires_s)
        return f"{self.prefix}/response/{token}"

    def answer(self, token: str, body: Mapping[str, Any]) -> None:
        """Do what the app posted to a response URL: a new, replaced or deleted message.

        `body`: text, blocks, response_type (in_channel or ephemeral, the default), replace_original,
        delete_original, thread_ts.

        Raises: Refused with no_such_url, expired_url, used_url or as a message is refused.
        """
        door = self._doors.get(token)
        if door is None:
            raise Refused("no_such_url")
        if time.monotonic() >= door.expires_s:
            raise Refused("expired_url")
        if door.uses >= USES:
            raise Refused("used_url")
        self._act(door, body)
        door.uses += 1

    def _act(self, door: _Door, body: Mapping[str, Any]) -> None:
        if body.get("delete_original"):
            self._delete(door)
        elif body.get("replace_original") and door.original:
            self._replace(door, content(body))
        else:
            self.post(user=door.user, channel=door.channel, body=body)

    def post(self, *, user: str, channel: str, body: Mapping[str, Any]) -> None:
        """Show an answer in the channel: to everybody when response_type is in_channel, else to `user` only."""
        message = bot_message(self._workspace, content(body))
        in_channel = self._workspace.channel(channel)
        message = threaded(
            self._workspace, in_channel, message, thread_ts=body.get("thread_ts"), broadcast=False
        )
        if body.get("response_type") == "in_channel":
            self._workspace.save_message(channel, message)
        else:
            self._workspace.add_ephemeral(ephemeral(message, user=user, channel=channel))

    def _ephemeral(self, door: _Door) -> Message | None:
        return next((one for one in self._workspace.ephemerals if one["ts"] == door.original), None)

    def _delete(self, door: _Door) -> None:
        shown = self._ephemeral(door)
        if shown:
            self._workspace.remove_ephemeral(shown)
        elif door.original in self._workspace.messages.get(door.channel, {}):
            self._workspace.delete_message(door.channel, str(door.original))
        else:
            raise Refused("message_not_found")

    def _replace(self, door: _Door, made: Mapping[str, Any]) -> None:
        shown = self._ephemeral(door)
        if shown:
            shown.pop("blocks", None)
            shown.update(made)
            self._workspace.changes.tell()
            return
        old = dict(self._workspace.message(door.channel, door.original))
        old.pop("blocks", None)
        self._workspace.save_message(door.channel, {**old, **made})
