"""Web API: api.test, auth.test, bots.info and apps.connections.open."""

from typing import Any

from bot.sandbox import cast
from bot.sandbox.arguments import Args
from bot.sandbox.errors import Refused
from bot.sandbox.slack import Slack


def test(_slack: Slack, args: Args) -> dict[str, Any]:
    """Answer the arguments back, or the error that was asked for."""
    if args.get("error"):
        raise Refused(str(args["error"]), extra={"args": dict(args)})
    return {"args": dict(args)}


def auth_test(slack: Slack, _args: Args) -> dict[str, Any]:
    """Say whose token it is."""
    return {
        "url": f"{slack.url}/",
        "team": cast.TEAM["name"],
        "user": "assent",
        "team_id": cast.TEAM["id"],
        "user_id": cast.BOT_USER,
        "bot_id": cast.BOT_ID,
        "is_enterprise_install": False,
    }


def bot_info(_slack: Slack, args: Args) -> dict[str, Any]:
    """Describe the app's bot."""
    if args.get("bot") not in (None, "", cast.BOT_ID):
        raise Refused("bot_not_found")
    bot = {
        "id": cast.BOT_ID,
        "deleted": False,
        "name": cast.BOT_NAME,
        "updated": 1,
        "app_id": cast.APP_ID,
        "user_id": cast.BOT_USER,
        "icons": {},
    }
    return {"bot": bot}


def open_connection(slack: Slack, _args: Args) -> dict[str, Any]:
    """Hand out an address for one Socket Mode connection."""
    address = slack.url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={slack.tickets.issue()}&app_id={cast.APP_ID}"}
