"""What the bot does when a person types, clicks, sends a form or opens the app's home."""

from slack_bolt.async_app import AsyncApp

from bot.listeners import actions, commands, home, modals
from bot.listeners.parts import Parts

__all__ = ["Parts", "register"]


def register(app: AsyncApp, *, parts: Parts) -> None:
    """Put every listener on the app."""
    for each in (commands, actions, modals, home):
        each.register(app, parts=parts)
