"""The arguments of a Web API call: read from a JSON or form body, and asked for by type."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.errors import Refused

Args = Mapping[str, Any]
_STRUCTURED = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "files": "invalid_arguments",
}
_FALSE = (None, "", "0", "false", "False")


async def read_args(request: web.Request) -> dict[str, Any]:
    """Return the arguments of a request: query first, then body; JSON inside form fields is parsed.

    Raises: Refused with json_not_object, invalid_json or the error word that fits a malformed field.
    """
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        args |= _json_object(await request.read())
    elif request.can_read_body:
        args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return normal(args)


def normal(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as a method reads them: text, or parsed JSON for blocks, metadata, view and the like.

    Raises: Refused with the error word that fits a malformed one.
    """
    return {name: _parsed(name, value) for name, value in args.items()}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as exc:
        raise Refused("invalid_json") from exc
    if not isinstance(value, dict):
        raise Refused("json_not_object")
    return value


def _parsed(name: str, value: Any) -> Any:
    if name not in _STRUCTURED:
        return _scalar(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError as exc:
        raise Refused(_STRUCTURED[name]) from exc


def _scalar(value: Any) -> str | None:
    """Bring an argument to the text that a form would have sent; a list becomes "a,b"."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(_scalar(one) or "" for one in value)
    return json.dumps(value)


def needed(args: Args, name: str) -> Any:
    """Return an argument.

    Raises: Refused with invalid_arguments when it is missing or empty.
    """
    value = args.get(name)
    if value in (None, ""):
        raise Refused("invalid_arguments", problems=[f"[ERROR] missing required field: {name}"])
    return value


def flagged(args: Args, name: str, *, default: bool = False) -> bool:
    """Return a boolean argument; forms send "1", "0", "true" and "false"."""
    return default if name not in args else args[name] not in _FALSE


def counted(args: Args, name: str, *, default: int, most: int) -> int:
    """Return an integer argument of 1 to `most`, cut at `most`.

    Raises: Refused with invalid_limit.
    """
    try:
        value = int(args.get(name) or default)
    except (TypeError, ValueError) as exc:
        raise Refused(f"invalid_{name}") from exc
    if value < 1:
        raise Refused(f"invalid_{name}")
    return min(value, most)


def page_of(args: Args, found: list[Any], *, default: int, most: int) -> tuple[list[Any], str]:
    """Return one page of `found` and the cursor of the next one, "" at the end.

    Raises: Refused with invalid_cursor or invalid_limit.
    """
    limit = counted(args, "limit", default=default, most=most)
    cursor = str(args.get("cursor") or "next:0")
    start = cursor.removeprefix("next:")
    if not cursor.startswith("next:") or not start.isdecimal():
        raise Refused("invalid_cursor")
    end = int(start) + limit
    return found[int(start) : end], f"next:{end}" if end < len(found) else ""
