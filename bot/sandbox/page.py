"""The page's routes: its files, what a person sees as JSON, a stream of it, and what the person does."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox import cast
from bot.sandbox.acts import Acts
from bot.sandbox.delivery import Ack, Courier
from bot.sandbox.errors import NotPossible
from bot.sandbox.methods.files import file_path
from bot.sandbox.slack import Slack
from bot.sandbox.workspace import Message

STATIC = Path(__file__).parent / "static"
_COALESCE_S = 0.03
_ME = "U0RITA"


class Page:
    """Serves the page and acts for whoever the page names in `as`."""

    def __init__(self, slack: Slack, *, courier: Courier, acts: Acts) -> None:
        self._slack = slack
        self._courier = courier
        self._acts = acts
        self._streams: set[web.WebSocketResponse] = set()

    def add_routes(self, app: web.Application) -> None:
        """Mount the routes."""
        app.router.add_get("/", self._index)
        app.router.add_get("/archives/{channel}/{message}", self._permalink)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/files/{id}/{name}", self._file)
        app.router.add_get("/page/state", self._state)
        app.router.add_get("/page/stream", self._stream)
        for name, act in {
            "message": self._message,
            "action": self._action,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
        }.items():
            app.router.add_post(f"/page/{name}", _told(act))

    async def close(self) -> None:
        """End every stream."""
        for stream in list(self._streams):
            await stream.close(code=1001)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _permalink(self, request: web.Request) -> web.StreamResponse:
        channel, message = request.match_info["channel"], request.match_info["message"]
        raise web.HTTPFound(f"/#{channel}/{message}")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._slack.workspace.files.get(request.match_info["id"])
        if file is None or file["content"] is None:
            raise web.HTTPNotFound
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        content = base64.b64decode(file["content"])
        return web.Response(body=content, content_type=file["mimetype"], headers=headers)

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.state(request.query.get("as", _ME)))

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        me = request.query.get("as", _ME)
        stream = web.WebSocketResponse(heartbeat=20)
        await stream.prepare(request)
        self._streams.add(stream)
        sending = asyncio.ensure_future(self._send_states(stream, me))
        try:
            async for _ in stream:
                pass
        finally:
            self._streams.discard(stream)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return stream

    async def _send_states(self, stream: web.WebSocketResponse, me: str) -> None:
        while not stream.closed:
            changed = asyncio.ensure_future(self._slack.workspace.changes.wait())
            try:
                await asyncio.sleep(0)
                await stream.send_json({"type": "state", **self.state(me)})
                await changed
            except ConnectionError:
                return
            finally:
                changed.cancel()
            await asyncio.sleep(_COALESCE_S)

    def state(self, me: str) -> dict[str, Any]:
        """Return all that `me` sees; its shape is the contract with the page's script."""
        workspace = self._slack.workspace
        seen = [one for one in workspace.channels.values() if me in one["members"]]
        return {
            "team": {"name": cast.TEAM["name"]},
            "me": me,
            "people": [_shown_person(one) for one in workspace.people.values() if not one["is_bot"]],
            "app": {
                "user": cast.BOT_USER,
                "name": cast.BOT_NAME,
                "connected": self._courier.mode is not None,
                "mode": self._courier.mode,
            },
            "commands": [
                {
                    "command": one.command,
                    "usage_hint": one.usage_hint,
                    "description": one.description,
                    "example": one.example,
                }
                for one in self._acts.commands
            ],
            "channels": [_shown_channel(one) for one in seen],
            "messages": {one["id"]: self._messages(one["id"], me) for one in seen},
            "views": [self._slack.modals.with_state(one) for one in self._slack.modals.stack(me)],
            "home": workspace.homes.get(me),
        }

    def _messages(self, channel: str, me: str) -> list[dict[str, Any]]:
        workspace = self._slack.workspace
        own = [one for one in workspace.ephemerals if one["channel"] == channel and one["_to"] == me]
        messages = sorted([*workspace.in_channel(channel), *own], key=lambda one: str(one["ts"]))
        replies: dict[str, int] = {}
        for one in messages:
            root = one.get("thread_ts", one["ts"])
            replies[root] = replies.get(root, -1) + 1
        return [self._shown(one, replies.get(one["ts"], 0)) for one in messages]

    def _shown(self, message: Message, reply_count: int) -> dict[str, Any]:
        author = self._slack.workspace.people.get(message["user"])
        return {
            "ts": message["ts"],
            "user": message["user"],
            "name": author["real_name"] if author else "Slackbot",
            "bot": bool(message.get("bot_id")),
            "text": message["text"],
            "blocks": message.get("blocks", []),
            "thread_ts": message.get("thread_ts"),
            "broadcast": message.get("subtype") == "thread_broadcast",
            "edited": "edited" in message,
            "ephemeral": bool(message.get("is_ephemeral")),
            "files": [
                {"name": one["name"], "url": file_path(one), "size": one["size"]}
                for one in message.get("files", [])
            ],
            "reply_count": reply_count,
        }

    async def _message(self, said: Mapping[str, Any]) -> Ack:
        if str(said["text"]).startswith("/"):
            return await self._acts.slash(said["as"], said["channel"], said["text"])
        self._acts.say(said["as"], said["channel"], said["text"], thread_ts=said.get("thread_ts"))
        return Ack(status=200)

    async def _action(self, done: Mapping[str, Any]) -> Ack:
        block_id, value = done.get("block_id"), done.get("value")
        if done.get("view_id") is None:
            return await self._acts.act_on_message(
                done["as"],
                done["channel"],
                done["ts"],
                done["action_id"],
                block_id=block_id,
                value=value,
                message=None,
                copies=1,
            )
        view = self._view(done)
        if done.get("values"):
            self._acts.fill(done["as"], done["values"], view_id=view["id"])
        return await self._acts.act_on_view(
            done["as"], view, done["action_id"], block_id=block_id, value=value, copies=1
        )

    def _view(self, done: Mapping[str, Any]) -> Mapping[str, Any]:
        home = self._slack.workspace.homes.get(done["as"])
        for view in [*self._slack.modals.stack(done["as"]), *([home] if home else [])]:
            if view["id"] == done["view_id"]:
                return view
        raise NotPossible("This view is not open any more.")

    async def _submit(self, done: Mapping[str, Any]) -> Ack:
        return await self._acts.submit(
            done["as"], done.get("values") or {}, view_id=done["view_id"], copies=1
        )

    async def _close(self, done: Mapping[str, Any]) -> Ack:
        return await self._acts.close(done["as"], view_id=done.get("view_id"))

    async def _home(self, done: Mapping[str, Any]) -> Ack:
        return await self._acts.open_home(done["as"])


def _told(
    act: Callable[[Mapping[str, Any]], Awaitable[Ack]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Turn an act into a route: {"ok": true}, or false with `error` or `errors` in words a person sees."""

    async def route(request: web.Request) -> web.Response:
        if request.content_type != "application/json":  # a form of another site cannot send this type
            raise web.HTTPUnsupportedMediaType
        try:
            done = await request.json()
            ack = await act(done)
        except NotPossible as exc:
            return web.json_response({"ok": False, "error": str(exc)})
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise web.HTTPBadRequest(text=f"malformed: {type(exc).__name__}") from exc
        if ack.error:
            return web.json_response({"ok": False, "error": ack.error})
        if ack.body and ack.body.get("response_action") == "errors":
            return web.json_response({"ok": False, "errors": ack.body["errors"]})
        return web.json_response({"ok": True})

    return route


def _shown_person(user: Mapping[str, Any]) -> dict[str, Any]:
    title = user["profile"]["title"]
    return {"id": user["id"], "name": user["name"], "real_name": user["real_name"], "title": title}


def _shown_channel(channel: Mapping[str, Any]) -> dict[str, Any]:
    topic = channel.get("topic", {}).get("value", "")
    name = channel.get("name", cast.BOT_NAME)
    return {"id": channel["id"], "name": name, "topic": topic, "members": channel["members"]}
