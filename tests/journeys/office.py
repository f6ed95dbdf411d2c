"""The place of the journeys: a sandbox, the real bot beside it and a database, all to be stopped and started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from bot.demo import examples, settings_for
from bot.main import Running, running
from bot.sandbox import Sandbox
from bot.settings import Settings
from engine import Desk, EventKind, RunView
from tests.journeys.people import Case, Person

Door = Literal["http", "socket"]
OWN_APP = Path(__file__).parent / "app" / "langgraph.json"


class Office:
    """Five people, a sandbox and the bot. `bot` is new after each `open`."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.rita = Person(sandbox, "U0RITA", "Rita Requester")
        self.amy = Person(sandbox, "U0AMY", "Amy Approver")
        self.ben = Person(sandbox, "U0BEN", "Ben Backup")
        self.dora = Person(sandbox, "U0DORA", "Dora Director")
        self.otto = Person(sandbox, "U0OTTO", "Otto Outsider")
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """Start the bot and let the sandbox deliver to it."""
        self.bot: Running = await self._stack.enter_async_context(running(self.settings))
        self.sandbox.deliver_to(self.bot.slack_url)

    async def close(self) -> None:
        """Stop the bot as Ctrl-C does."""
        await self._stack.aclose()

    @property
    def desk(self) -> Desk:
        """The bot's own desk, to look at what is recorded."""
        return self.bot.desk

    async def record(self, case: Case) -> RunView:
        """Return what the database holds of a request."""
        return await self.desk.run(case.run_id)

    async def refusals(self, case: Case) -> list[str]:
        """Return the code of every refused click that the audit trail holds of a request."""
        events = (await self.record(case)).events
        return [each.detail["code"] for each in events if each.kind is EventKind.REFUSED]


def settings(sandbox: Sandbox, folder: Path, *, door: Door = "http", app: Path | None = None) -> Settings:
    """Make the demo's settings with the database in `folder`; `door` "http" takes Socket Mode out of them."""
    made = settings_for(sandbox, app=app or examples(), folder=folder)
    if door == "socket":
        return made
    secret = SecretStr(sandbox.signing_secret)
    return made.model_copy(update={"slack_app_token": None, "slack_signing_secret": secret})


@asynccontextmanager
async def opened(folder: Path, *, door: Door = "http", app: Path | None = None) -> AsyncIterator[Office]:
    """Open an office on SQLite with the examples, or with the app given."""
    async with (
        Sandbox() as sandbox,
        at_work(sandbox, settings(sandbox, folder, door=door, app=app)) as office,
    ):
        yield office


@asynccontextmanager
async def at_work(sandbox: Sandbox, made: Settings) -> AsyncIterator[Office]:
    """Open an office at a sandbox that stands already."""
    office = Office(sandbox, made)
    await office.open()
    try:
        yield office
    finally:
        await office.close()
