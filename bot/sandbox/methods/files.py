"""Web API: the three steps of a file upload, and files.info."""

import base64
import mimetypes
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.sandbox import cast
from bot.sandbox.arguments import Args, counted, needed
from bot.sandbox.errors import Refused
from bot.sandbox.posting import bot_message, open_channel, threaded
from bot.sandbox.slack import Slack

_LARGEST_BYTES = 1_000_000_000


def get_upload_url(slack: Slack, args: Args) -> dict[str, Any]:
    """Hand out an address that takes the bytes of one file."""
    name = str(needed(args, "filename"))
    size = counted(args, "length", default=0, most=_LARGEST_BYTES)
    file_id = f"F{secrets.token_hex(5).upper()}"
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    slack.workspace.save_file(
        {
            "id": file_id,
            "name": name,
            "title": name,
            "mimetype": kind,
            "size": size,
            "user": cast.BOT_USER,
            "mode": "hosted",
            "content": None,
        }
    )
    return {"upload_url": f"{slack.url}/upload/v1/{file_id}", "file_id": file_id}


def receive(slack: Slack, file_id: str, content: bytes) -> None:
    """Take the bytes that were posted to an upload address; the size must be the announced one.

    Raises: Refused with file_not_found or file_update_failed.
    """
    file = slack.workspace.files.get(file_id)
    if file is None:
        raise Refused("file_not_found")
    if len(content) != file["size"]:
        raise Refused("file_update_failed")
    slack.workspace.save_file({**file, "content": base64.b64encode(content).decode()})


def complete_upload(slack: Slack, args: Args) -> dict[str, Any]:
    """Finish uploads and share them as one message in a channel or thread, if one is given."""
    asked = needed(args, "files")
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise Refused("invalid_arguments")
    channels = str(args.get("channels") or args.get("channel_id") or "")
    opened = [open_channel(slack.workspace, one) for one in channels.split(",") if one]
    files = [_finished(slack, one) for one in asked]
    for channel in opened:
        made = {"text": str(args.get("initial_comment") or ""), "files": files, "upload": True}
        message = bot_message(slack.workspace, made)
        message = threaded(
            slack.workspace, channel, message, thread_ts=args.get("thread_ts"), broadcast=False
        )
        slack.workspace.save_message(channel["id"], message)
    return {"files": files}


def info(slack: Slack, args: Args) -> dict[str, Any]:
    """Describe one file."""
    return {"file": _described(slack, str(needed(args, "file")))}


def _finished(slack: Slack, asked: dict[str, Any]) -> dict[str, Any]:
    file = slack.workspace.files.get(str(asked.get("id")))
    if file is None or file["content"] is None:
        raise Refused("file_not_found")
    slack.workspace.save_file({**file, "title": asked.get("title") or file["title"]})
    return _described(slack, file["id"])


def _described(slack: Slack, file_id: str) -> dict[str, Any]:
    file = slack.workspace.files.get(file_id)
    if file is None:
        raise Refused("file_not_found")
    shown = {name: value for name, value in file.items() if name != "content"}
    return shown | {name: f"{slack.url}{file_path(file)}" for name in ("url_private", "permalink")}


def file_path(file: Mapping[str, Any]) -> str:
    """Return the path below which the sandbox serves a file; the port may be another after a restart."""
    return f"/files/{file['id']}/{quote(file['name'], safe='')}"
