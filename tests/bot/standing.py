"""A whole bot on a small app of its own, connected to a sandbox: for tests of what goes in and what comes out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from bot.main import Running, running
from bot.sandbox import Sandbox
from bot.settings import Settings
from engine import Desk, RunView

CHANNEL = "C0APPROVALS"
GRAPHS = {
    "payment.py": """
from typing_extensions import NotRequired, TypedDict
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict):
    amount: int
    note: NotRequired[str]
    paid: NotRequired[bool]


def ask(state: State) -> dict:
    return {"paid": interrupt({"question": "Pay this?", "amount": state["amount"]})}


graph = StateGraph(State).add_node(ask).add_edge(START, "ask").add_edge("ask", END)
""",
    "mail.py": """
from typing_extensions import NotRequired, TypedDict
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict):
    amount: int
    answer: NotRequired[str]


def ask(state: State) -> dict:
    asked = {"question": "Send this?", "options": ["approve", "reject", "request_changes", "hold back"]}
    return {"answer": interrupt(asked)}


graph = StateGraph(State).add_node(ask).add_edge(START, "ask").add_edge("ask", END)
""",
    "broken.py": "graph = nothing_of_the_kind\n",
}
WORKFLOWS = {
    "pay-out": "./payment.py:graph",
    "mail": "./mail.py:graph",
    "orphan": "./payment.py:graph",
    "broken": "./broken.py:graph",
}
APPROVALS = """
[workflows.pay-out]
title = "Pay out"
channel = "#approvals"
approvers = { users = ["U0DORA"], groups = ["S0APPROVERS"] }

[workflows.mail]
channel = "#approvals"
approvers = { groups = ["S0APPROVERS"] }

[workflows.orphan]
channel = "#approvals"
"""


@dataclass(frozen=True)
class Standing:
    """A sandbox and the bot that works against it."""

    sandbox: Sandbox
    bot: Running

    @property
    def desk(self) -> Desk:
        """The bot's own desk, to look at what is recorded."""
        return self.bot.desk

    async def card(
        self, *, amount: int = 120, requester: str = "U0RITA", workflow: str = "pay-out"
    ) -> dict[str, Any]:
        """Start a run as people do, and give the message that asks for a decision."""
        before = {each["ts"] for each in self.sandbox.messages(CHANNEL)}
        await self.sandbox.slash(requester, CHANNEL, f"/approvals start {workflow}")
        await self.sandbox.submit(requester, {"field:amount": str(amount)})

        def posted() -> dict[str, Any] | None:
            new = (each for each in self.sandbox.messages(CHANNEL) if each["ts"] not in before)
            return next((each for each in new if button(each, "approve")), None)

        card = await self.sandbox.until(posted)
        await self._recorded(card["ts"])
        return card

    async def _recorded(self, ts: str) -> None:
        """Wait until the bot has written down where its message is."""
        async with asyncio.timeout(5):
            while True:
                for run in await self.desk.recent():
                    if ts in {each.reference for each in (await self.desk.postings(run.id)).values()}:
                        return

    async def only_run(self) -> RunView:
        """Give the one run that there is, with its events."""
        (run,) = await self.desk.recent()
        return await self.desk.run(run.id)

    async def told(self, user: str, part: str) -> str:
        """Wait for a sentence with these words that only this person sees, and give the whole of it."""

        def found() -> str | None:
            texts = (str(each["text"]) for each in self.sandbox.ephemerals(user))
            return next((text for text in texts if part in text), None)

        return await self.sandbox.until(found)


def button(message: dict[str, Any], action_id: str) -> dict[str, Any] | None:
    """Find a button of a message."""
    rows = (block["elements"] for block in message.get("blocks", []) if block["type"] == "actions")
    return next((each for row in rows for each in row if each["action_id"] == action_id), None)


def write_app(folder: Path) -> Path:
    """Write the small app into a folder and give its langgraph.json."""
    for name, source in GRAPHS.items():
        (folder / name).write_text(source)
    (folder / "approvals.toml").write_text(APPROVALS)
    (folder / "langgraph.json").write_text(json.dumps({"graphs": WORKFLOWS}))
    return folder / "langgraph.json"


def settings(sandbox: Sandbox, folder: Path, *, mode: Literal["http", "socket"]) -> Settings:
    """Make the settings of a bot on the small app, against a running sandbox."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it without declaring it
        slack_bot_token=SecretStr(sandbox.bot_token),
        slack_app_token=SecretStr(sandbox.app_token) if mode == "socket" else None,
        slack_signing_secret=SecretStr(sandbox.signing_secret) if mode == "http" else None,
        slack_api_url=sandbox.api_url,
        assent_database_url=SecretStr(f"sqlite:///{folder / 'assent.db'}"),
        assent_app=write_app(folder),
        assent_host="127.0.0.1",
        assent_port=0,
    )


@asynccontextmanager
async def standing(folder: Path, *, mode: Literal["http", "socket"] = "http") -> AsyncIterator[Standing]:
    """Start a sandbox and a bot on a database in `folder`, by signed HTTP or over a socket."""
    async with Sandbox() as sandbox, running(settings(sandbox, folder, mode=mode)) as bot:
        sandbox.deliver_to(bot.slack_url)
        yield Standing(sandbox=sandbox, bot=bot)
