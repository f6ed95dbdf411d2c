"""The demo: the bot, a local Slack, SQLite and the examples in one process; a second start goes on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import quote

from pydantic import SecretStr

from bot.listeners.commands import COMMAND, DESCRIPTION, USAGE_HINT
from bot.main import CannotStart, Running, serve
from bot.sandbox import Sandbox, SlashCommand
from bot.settings import Settings

EXAMPLES = Path("examples/langgraph.json")


async def demo(*, port: int, folder: Path) -> int:
    """Run until Ctrl-C. `folder` is made when it is missing, and holds the local Slack's file and the database.

    Raises: CannotStart for a busy port or when the examples are not found, and what `serve` raises.
    """
    app = examples()
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    commands = [
        SlashCommand(command=COMMAND, usage_hint=USAGE_HINT, description=DESCRIPTION, example="start expense")
    ]
    sandbox = Sandbox(state=folder / "slack.db", commands=commands)
    try:
        await sandbox.start(port=port)
    except OSError as error:
        raise CannotStart(
            f"Port {port} is taken ({error.strerror}). Stop what runs there, or choose another: make demo PORT=4391"
        ) from None

    def ready(_bot: Running) -> None:
        sys.stdout.write(
            f"Open {sandbox.url} in a browser and type: /approvals start expense\nCtrl-C stops it.\n"
        )
        sys.stdout.flush()

    try:
        await serve(settings_for(sandbox, app=app, folder=folder), on_ready=ready)
    finally:
        await sandbox.stop()
    return 0


def settings_for(sandbox: Sandbox, *, app: Path, folder: Path) -> Settings:
    """Make the settings that connect the bot to a running sandbox over Socket Mode; the environment is not read."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it without declaring it
        slack_bot_token=SecretStr(sandbox.bot_token),
        slack_app_token=SecretStr(sandbox.app_token),
        slack_signing_secret=None,
        slack_api_url=sandbox.api_url,
        assent_database_url=SecretStr(f"sqlite:///{quote(str(folder.resolve() / 'assent.db'))}"),
        assent_app=app,
        assent_host="127.0.0.1",
        assent_port=0,
    )


def examples() -> Path:
    """Find the examples: in the present folder, else beside the source. Raises: CannotStart."""
    places = (EXAMPLES, Path(__file__).parent.parent / EXAMPLES)
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise CannotStart("The examples are not here. Run this in a checkout of Assent.")
    return found
