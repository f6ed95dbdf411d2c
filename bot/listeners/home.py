"""The app's home: what waits for a decision, and what ran lately."""

from __future__ import annotations

import logging

from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.cards import home_view
from bot.cards.lists import HOME_PENDING, RECENT_SHOWN
from bot.identity import UNREACHABLE, refusal_code
from bot.listeners.parts import Parts
from bot.payloads import Body, HomeOpened, read_home

LOG = logging.getLogger("assent")


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Listen to people who open the app. The home is made anew each time."""

    async def opened(body: Body) -> None:
        home = read_home(body)
        if home is not None:
            await _publish(home, parts=parts)

    app.event("app_home_opened")(opened)


async def _publish(home: HomeOpened, *, parts: Parts) -> None:
    pending = await parts.links.to_cards(await parts.desk.pending(), most=HOME_PENDING)
    view = home_view(pending, await parts.desk.recent(limit=RECENT_SHOWN))
    try:
        await parts.client.views_publish(user_id=home.user_id, view=view)
    except UNREACHABLE as error:
        code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
        LOG.warning("Slack did not take the home of %s: %s", home.user_id, code)
