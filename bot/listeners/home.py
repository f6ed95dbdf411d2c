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
    waiting = await parts.desk.pending()
    recent = await parts.desk.recent(limit=RECENT_SHOWN)
    may_read = await parts.readable(
        [*(run for run, _ in waiting), *recent], user_id=home.user_id, team_id=home.team_id
    )
    ids = {run.id for run in may_read}
    pending = await parts.links.to_cards([each for each in waiting if each[0].id in ids], most=HOME_PENDING)
    view = home_view(pending, [run for run in recent if run.id in ids])
    try:
        await parts.client.views_publish(user_id=home.user_id, view=view)
    except UNREACHABLE as error:
        code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
        LOG.warning("Slack did not take the home of %s: %s", home.user_id, code)
