"""A local Slack for newcomers and tests: the names that cli.py and the tests may use."""

from bot.sandbox.acts import SlashCommand
from bot.sandbox.api import Call
from bot.sandbox.delivery import Ack, Delivery, http_body, signed_headers
from bot.sandbox.errors import NotPossible, Refused
from bot.sandbox.faults import Faults
from bot.sandbox.sandbox import Sandbox
from bot.sandbox.timing import Timing

__all__ = [
    "Ack",
    "Call",
    "Delivery",
    "Faults",
    "NotPossible",
    "Refused",
    "Sandbox",
    "SlashCommand",
    "Timing",
    "http_body",
    "signed_headers",
]
