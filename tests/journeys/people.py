"""Somebody at the keyboard and the requests in front of them: verbs that a person does, through the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox import Ack, Sandbox
from tests.journeys.reading import button_names, objects, words

CHANNEL = "C0APPROVALS"
LIMIT_S = 20.0  # for what takes a second at most on a quiet machine

Message = dict[str, Any]


@dataclass(frozen=True)
class Card:
    """A question as somebody had it on the screen at some moment; `seen` may be out of date since."""

    sandbox: Sandbox
    seen: Message

    @property
    def ts(self) -> str:
        """The message's own id."""
        return str(self.seen["ts"])

    def now(self) -> Card:
        """Look again."""
        return Card(self.sandbox, self.sandbox.message(CHANNEL, self.ts))

    def words(self) -> str:
        """What the card says."""
        return words(self.seen)

    def buttons(self) -> list[str]:
        """What can be clicked."""
        return button_names(self.seen)

    async def says(self, part: str) -> Card:
        """Wait until the card says this, and return it as it is then."""

        def found() -> Card | None:
            card = self.now()
            return card if part in card.words() else None

        return await self.sandbox.until(found, timeout_s=LIMIT_S)


@dataclass(frozen=True)
class Case:
    """One request in the channel: its root message and the thread below."""

    sandbox: Sandbox
    run_id: str
    ts: str

    def root(self) -> Message:
        """The message that stands in the channel."""
        return self.sandbox.message(CHANNEL, self.ts)

    def thread(self) -> list[Message]:
        """Every message below the root, oldest first."""
        return self.sandbox.thread(CHANNEL, self.ts)[1:]

    def lines(self) -> list[str]:
        """The first words of every message of the thread that is no card."""
        return [words(each).partition("\n")[0] for each in self.thread() if not is_card(each)]

    def last(self) -> str:
        """All that the newest message of the thread says."""
        return words(self.thread()[-1])

    def cards(self) -> list[Card]:
        """Every card, oldest first."""
        return [Card(self.sandbox, each) for each in self.thread() if is_card(each)]

    async def asks(self, *, number: int = 1) -> Card:
        """Wait for the card of the run's question with this number, counted from 1."""

        def found() -> Card | None:
            cards = self.cards()
            return cards[number - 1] if len(cards) >= number else None

        return await self.sandbox.until(found, timeout_s=LIMIT_S)

    async def asks_again(self, card: Card) -> Card:
        """Wait for the newer card of a question whose content changed."""

        def found() -> Card | None:
            newest = self.cards()[-1]
            return newest if newest.ts != card.ts and newest.buttons() else None

        return await self.sandbox.until(found, timeout_s=LIMIT_S)

    async def ends(self, how: str = "Finished") -> str:
        """Wait until the thread and the root tell that the run has ended so; return all of the last line."""

        def found() -> str | None:
            is_told = any(line.startswith(how) for line in self.lines())
            return self.last() if is_told and how in words(self.root()) else None

        return await self.sandbox.until(found, timeout_s=LIMIT_S)


class Person:
    """What they do reaches the bot as Slack would send it; what they see is what Slack would show them."""

    def __init__(self, sandbox: Sandbox, user_id: str, name: str) -> None:
        self.sandbox = sandbox
        self.id = user_id
        self.name = name

    async def types(self, text: str) -> str:
        """Type into the channel, and return what came back for this person's eyes only."""
        ack = await self.sandbox.slash(self.id, CHANNEL, text)
        assert ack.error is None, ack.error
        body = ack.body or {}
        return "\n".join(filter(None, (str(body.get("text") or ""), words(body.get("blocks") or []))))

    async def fills_in(self, entries: Mapping[str, Any]) -> Ack:
        """Fill the fields of the open form by name and send it; choices are taken by their label."""
        return await self.sandbox.submit(self.id, {f"field:{name}": entry for name, entry in entries.items()})

    async def starts(self, workflow: str, **entries: Any) -> Case:
        """Start a workflow by command and form, and wait until its request stands in the channel."""
        told_before = len(self.told())
        await self.types(f"/approvals start {workflow}")
        ack = await self.fills_in(entries)
        assert (ack.error, ack.body) == (None, None), ack
        told = await self.sandbox.until(lambda: self.told()[told_before:], timeout_s=LIMIT_S)
        run_id = told[-1].partition(" as run ")[2][:12]
        return await self.finds(run_id)

    async def finds(self, run_id: str) -> Case:
        """Wait until the request of a run stands in the channel."""

        def found() -> Case | None:
            roots = (each for each in self.sandbox.messages(CHANNEL) if not is_reply(each))
            root = next((each for each in roots if f"Run {run_id}" in words(each)), None)
            return Case(self.sandbox, run_id, str(root["ts"])) if root else None

        return await self.sandbox.until(found, timeout_s=LIMIT_S)

    async def clicks(self, card: Card, button: str, *, deliveries: int = 1) -> Ack:
        """Click a button of a card as it was seen."""
        return await self.sandbox.click(
            self.id, CHANNEL, card.ts, button, message=card.seen, deliveries=deliveries
        )

    async def approves(self, card: Card) -> None:
        """Click Approve; Slack takes the click."""
        ack = await self.clicks(card, "approve")
        assert (ack.status, ack.error) == (200, None), ack

    async def approves_in_full(self, card: Card) -> None:
        """Approve, from the form that shows all of it where the card cannot."""
        if "Approve" in card.buttons():
            await self.approves(card)
        else:
            await self.clicks(card, "review")
            ack = await self.sandbox.submit(self.id, {})
            assert (ack.error, ack.body) == (None, None)

    async def rejects(self, card: Card, reason: str) -> Ack:
        """Click Reject, write why and send it."""
        await self.clicks(card, "reject")
        return await self.sandbox.submit(self.id, {"reason": reason})

    async def chooses(self, card: Card, label: str) -> Ack:
        """Click the button with this label."""
        found = [each for each in objects(card.seen["blocks"]) if each.get("type") == "button"]
        (button,) = [each for each in found if each["text"]["text"] == label]
        return await self.clicks(card, button["action_id"])

    async def answers(self, card: Card, label: str, **entries: Any) -> Ack:
        """Click the button with this label; fill what it opens by the fields' labels, and send it.

        `reason` is the free text that goes with an option. Without entries the click has to decide by itself.
        """
        ack = await self.chooses(card, label)
        assert (ack.status, ack.error) == (200, None), ack
        if entries:
            return await self.writes(**entries)
        assert self.form() is None
        return ack

    async def writes(self, **entries: Any) -> Ack:
        """Fill the open form, or its next page, by the labels of its fields, and send it; `reason` by its place."""
        form = self.form()
        assert form is not None
        named = {
            block["label"]["text"]: block["block_id"] for block in form["blocks"] if block["type"] == "input"
        }
        places = {**named, "reason": "reason"}
        return await self.sandbox.submit(self.id, {places[label]: entry for label, entry in entries.items()})

    async def edits(self, card: Card, **entries: Any) -> Ack:
        """Click Edit, change some fields and send them."""
        await self.clicks(card, "edit")
        return await self.fills_in(entries)

    def told(self) -> list[str]:
        """Every sentence that only this person saw."""
        return [str(each["text"]) for each in self.sandbox.ephemerals(self.id)]

    async def is_told(self, part: str) -> str:
        """Wait for a private sentence with these words, and return the whole of it."""

        def found() -> str | None:
            return next((each for each in self.told() if part in each), None)

        return await self.sandbox.until(found, timeout_s=LIMIT_S)

    def form(self) -> dict[str, Any] | None:
        """The form that is open in front of this person."""
        views = self.sandbox.views(self.id)
        return views[-1] if views else None


def is_reply(message: Message) -> bool:
    """Say whether a message stands in a thread below another one."""
    return bool(message.get("thread_ts", message["ts"]) != message["ts"])


def is_card(message: Message) -> bool:
    """Say whether a message of a thread is a card: it has a heading, lines of events have none."""
    return is_reply(message) and any(block["type"] == "header" for block in message.get("blocks") or [])
