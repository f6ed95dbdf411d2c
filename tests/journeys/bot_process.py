"""The real bot in a process that can be killed: `assent serve`, forked from a server that has it imported."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import aiohttp

from bot.sandbox import Sandbox
from tests.waiting import eventually

_CONTEXT: ForkServerContext = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["bot.main", "bot.cli", "bot.terminal", "langgraph.graph", __name__])


class DeathWish(logging.Handler):
    """Kills the process at a log record with this action: the transaction it tells of has just been committed."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "action", None) == self._action:
            os.kill(os.getpid(), signal.SIGKILL)


def serve(
    environment: dict[str, str], log: str, dies_at: str | None, first: Callable[[], None] | None
) -> None:
    """Be the bot, once `first` was called."""
    os.environ.update(environment)
    with Path(log).open("a", buffering=1) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if dies_at is not None:
        logging.getLogger("assent").addHandler(DeathWish(dies_at))
    if first is not None:
        first()
    from bot.cli import main

    sys.exit(main(["serve"]))


class BotProcess:
    """One bot after the other on the same database and the same local Slack."""

    def __init__(self, sandbox: Sandbox, *, folder: Path, app: Path, database_url: str) -> None:
        self._sandbox = sandbox
        self._port = _free_port()
        self._process: ForkServerProcess | None = None
        self.log = folder / "bot.log"
        self._environment = {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_SIGNING_SECRET": sandbox.signing_secret,
            "SLACK_API_URL": sandbox.api_url,
            "ASSENT_APP": str(app),
            "ASSENT_DATABASE_URL": database_url,
            "ASSENT_HOST": "127.0.0.1",
            "ASSENT_PORT": str(self._port),
        }

    async def start(
        self,
        *,
        dies_at: str | None = None,
        is_ready: bool = True,
        first: Callable[[], None] | None = None,
    ) -> None:
        """Start a bot and wait until it is ready (`is_ready` False: it may die before that).

        `first` is called in its process, and must be picklable.
        """
        self._process = _CONTEXT.Process(
            target=serve, args=(self._environment, str(self.log), dies_at, first), daemon=True
        )
        self._process.start()
        self._sandbox.deliver_to(f"http://127.0.0.1:{self._port}/slack/events")
        if is_ready:
            await eventually(self._answers, timeout_s=30)

    @property
    def is_alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.is_alive()

    async def died(self) -> None:
        """Wait until it has killed itself."""

        async def is_dead() -> bool:
            return self._process is not None and not self._process.is_alive()

        await eventually(is_dead, timeout_s=30)
        assert self._process is not None
        assert self._process.exitcode == -signal.SIGKILL, self.log.read_text()

    async def kill(self) -> None:
        """Kill it now."""
        assert self._process is not None
        self._process.kill()
        await self.died()

    def end(self) -> None:
        """Kill whatever is left, at the end of a test."""
        if self._process is not None:
            self._process.kill()
            self._process.join(10)

    async def _answers(self) -> bool:
        if self._process is None or not self._process.is_alive():
            raise AssertionError(f"The bot ended by itself:\n{self.log.read_text()}")
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self._port}/readyz") as answer,
            ):
                return answer.status == 200
        except aiohttp.ClientError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
