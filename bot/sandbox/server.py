"""The one aiohttp application: Web API, uploads, response URLs, Socket Mode and the page on one port."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.api import WebApi
from bot.sandbox.errors import Refused
from bot.sandbox.methods.files import receive
from bot.sandbox.page import Page
from bot.sandbox.slack import Slack
from bot.sandbox.sockets import Sockets

_LARGEST_BYTES = 64 * 1024 * 1024
_SHUTDOWN_S = 2.0


class Server:
    """Listens on one address from start() to stop()."""

    def __init__(self, slack: Slack, *, api: WebApi, sockets: Sockets, page: Page) -> None:
        self._slack = slack
        self._api = api
        self._sockets = sockets
        self._page = page
        self._runner: web.AppRunner | None = None

    async def start(self, *, host: str, port: int) -> None:
        """Listen; port 0 takes a free one. Raises: OSError when the port is taken."""
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        name = f"[{host}]" if ":" in host else host
        self._slack.listen_at(f"http://{name}:{runner.addresses[0][1]}")

    async def stop(self) -> None:
        """Close every socket and the port; a second call does nothing."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        await self._sockets.close()
        await self._page.close()
        await runner.cleanup()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BYTES, middlewares=[_same_origin])
        app.router.add_route("*", "/api/{method}", self._api.answer)
        app.router.add_post("/upload/v1/{file_id}", self._upload)
        app.router.add_post("/response/{token}", self._response)
        app.router.add_get("/link/", self._sockets.serve)
        self._page.add_routes(app)
        return app

    async def _upload(self, request: web.Request) -> web.Response:
        if request.content_type == "multipart/form-data":
            parts = [part for part in (await request.post()).values() if isinstance(part, web.FileField)]
            content = parts[0].file.read() if parts else b""
        else:
            content = await request.read()
        try:
            receive(self._slack, request.match_info["file_id"], content)
        except Refused as refusal:
            return web.Response(status=400, text=refusal.code)
        return web.Response(text=f"OK - {len(content)}")

    async def _response(self, request: web.Request) -> web.Response:
        try:
            body = await request.json()
            if not isinstance(body, dict):
                raise Refused("invalid_payload")
            self._slack.responses.answer(request.match_info["token"], body)
        except ValueError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except Refused as refusal:
            return web.json_response(refusal.body(), status=404 if refusal.code.endswith("_url") else 400)
        return web.json_response({"ok": True})


@web.middleware
async def _same_origin(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Keep other web sites out: acting as a person must not be possible from a stranger's page."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
        raise web.HTTPForbidden(text="another origin")
    return await handler(request)
