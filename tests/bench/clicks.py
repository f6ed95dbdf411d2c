"""Clicks on cards as Slack sends them, and how long their acks and the new cards take."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.sandbox import Sandbox
from bot.sandbox.api import Call

CHANNEL, REQUESTER, APPROVER = "C0APPROVALS", "U0RITA", "U0AMY"
ENTRIES = {"field:amount": "4200", "field:purpose": "Team offsite", "field:category": "Travel"}
QUIET_S = 0.03
"""After the last call of a run the bot still writes a row or two; the next click waits that long for it."""

Message = dict[str, Any]


@dataclass
class Door:
    """Where clicks go, and what they took there."""

    name: str
    url: str
    ack_ms: list[float] = field(default_factory=list)
    card_ms: list[float] = field(default_factory=list)


class Clicker:
    """Plays Slack and the people in it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def ask(self, door: Door, *, count: int) -> list[Message]:
        """Start `count` runs at a door and give their cards, once nothing moves any more."""
        self._sandbox.deliver_to(door.url)
        before = len(self._sandbox.transcript)
        for _ in range(count):
            await self._sandbox.slash(REQUESTER, CHANNEL, "/approvals start expense")
            await self._sandbox.submit(REQUESTER, ENTRIES)
        async with asyncio.timeout(60):
            while len(found := list(_cards(self._sandbox.transcript[before:]))) < count:
                await self._quiet()
        await self._quiet()
        return found

    async def click(self, door: Door, card: Message, *, is_warm: bool) -> None:
        """Approve a card; at the bot's doors wait until it shows the decision and the run is at rest."""
        self._sandbox.deliver_to(door.url)
        before = len(self._sandbox.transcript)
        clicked_at = datetime.now(UTC)
        ack = await self._sandbox.click(APPROVER, CHANNEL, card["ts"], "approve", message=card)
        if ack.status != 200:
            raise RuntimeError(f"{door.name} did not take a click: {ack}")
        shown_at = None if door.name == "empty" else await self._shown_at(card, since=before)
        await self._quiet()
        if not is_warm:
            return
        door.ack_ms.append(ack.ms)
        if shown_at is not None:
            door.card_ms.append((shown_at - clicked_at).total_seconds() * 1000)

    async def _shown_at(self, card: Message, *, since: int) -> datetime:
        def updated() -> datetime | None:
            calls = (call for call in self._sandbox.transcript[since:] if _shows_decision(call, card))
            return next((call.at for call in calls), None)

        return await self._sandbox.until(updated)

    async def _quiet(self) -> None:
        seen = -1
        while seen != (seen := len(self._sandbox.transcript)):  # noqa: ASYNC110 - nothing happening is no event
            await asyncio.sleep(QUIET_S)


def _cards(calls: Sequence[Call]) -> Iterator[Message]:
    """Find the cards that were posted, in the form in which a click sends them back."""
    for call in calls:
        if call.method == "chat.postMessage" and call.response and _has_buttons(call.response["message"]):
            yield dict(call.response["message"])


def _shows_decision(call: Call, card: Message) -> bool:
    is_update = call.method == "chat.update" and call.args.get("ts") == card["ts"]
    return bool(is_update and call.response and not _has_buttons(call.response["message"]))


def _has_buttons(message: Message) -> bool:
    rows = (block["elements"] for block in message.get("blocks", []) if block["type"] == "actions")
    return any(element.get("action_id") == "approve" for row in rows for element in row)
