"""Plays a random history on the engine and on the model, and tells where they do not agree.

Everything that happens follows from the history's seed: who clicks what, right or wrong, when the run is driven, when
the engine is started anew, and where faults strike.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from engine import (
    Actor,
    ApprovalStatus,
    ApprovalView,
    Choice,
    EventKind,
    Refused,
    RunStatus,
    RunView,
    Seen,
    StoreError,
)
from tests.engine.desk_driver import AMY, APPROVE, BEN, OTTO, REJECT, RITA, edit, seen
from tests.faults.model import SHAPES, Model
from tests.faults.sink import append
from tests.faults.stage import Faults, Stage

T = TypeVar("T")
STEPS = 80
"""Far more than the longest history takes."""
RESTARTS_SHARE = 0.25
"""Of the faults in which the database was away; a process that goes on is the more frequent case."""
JUMPS_SHARE = 0.2
JUMPS = tuple(timedelta(minutes=minutes) for minutes in (0, 10, -10, 60, -60))
"""How far the clock may be off; the shapes' deadlines are further away than from one end to the other."""
REQUIRED = {"several": 2}
"""How many people have to approve, by shape."""
EDITS_SHARE = 0.4
WRONG = ("outsider", "requester", "digest", "revision", "old card", "twice")


class Disagreement(Exception):
    """The engine does something else than the model says."""


class History:
    """One run of one shape, from its start to its end."""

    def __init__(
        self, stage: Stage, seed: int, *, faults: Faults, strikes: int, shapes: Sequence[str] = tuple(SHAPES)
    ) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a dice, not a secret
        self._stage, self._faults = stage, faults
        self._shape = self._dice.choice(shapes)
        self._name = f"{seed}"
        self._model = Model(self._shape)
        self._cards: list[ApprovalView] = []
        self.refused = self.jumps = 0
        self._clock_dice = random.Random(f"clock {seed}")  # noqa: S311 - a dice of its own: clocks move no fault
        at = [int(self._dice.expovariate(1 / 40)) + 1 for _ in range(strikes)]
        self._planned = {point: self._dice.random() < 0.25 for point in at}

    async def play(self) -> None:
        """Play until the model's run has ended. Raises: Disagreement."""
        self._faults.plan(self._planned)
        self._run = await self._surely(self._start)
        await self._drive()
        for _ in range(STEPS):
            if self._model.status != "waiting":
                break
            if self._dice.random() < 0.35:
                await self._wrong_click()
            else:
                await self._right_answer()
            if self._dice.random() < 0.75:
                await self._drive()
        await self._drive()
        self._compare_end()

    async def _start(self) -> RunView:
        return await self._stage.desk.start(
            self._shape, entries={"name": self._name}, actor=RITA, request_key=self._name
        )

    async def _surely(self, step: Callable[[], Awaitable[T]]) -> T:
        """Do a step that may be repeated, as the next sweep does, or with a new engine after a fault."""
        while True:
            try:
                return await step()
            except StoreError:
                if self._dice.random() < RESTARTS_SHARE:
                    await self._restart()
            except asyncio.CancelledError:
                await self._restart()

    async def _restart(self) -> None:
        with self._faults.put_off():
            await self._stage.restart()

    async def _drive(self) -> None:
        """Bring the run to its rest, now and then by two drivers at once, and compare."""
        if self._dice.random() < 0.1:
            await self._restart()
        await self._jump()
        await self._surely(self._advance)
        for _ in range(STEPS):
            failed = [each for each in self._pending() if each.question.dialect == "failure"]
            if not failed:
                break
            await self._surely(lambda card=failed[0]: self._decide(card, Choice("retry")))  # type: ignore[misc]
            await self._surely(self._advance)
        self._compare()

    async def _jump(self) -> None:
        """Set the clock, now and then, and look for deadlines that have passed: none has."""
        if self._clock_dice.random() < JUMPS_SHARE:
            self._faults.clock = self._clock_dice.choice(JUMPS)
            self.jumps += 1
            with self._faults.put_off():
                await self._stage.desk.expire()

    async def _advance(self) -> None:
        runner, run_id = self._stage.bench.runner, self._run.id
        drivers = 2 if self._dice.random() < 0.1 else 1
        await asyncio.gather(*(runner.advance(run_id) for _ in range(drivers)))
        self._run = await self._stage.desk.run(run_id)

    async def _decide(self, card: ApprovalView, choice: Choice) -> None:
        """Decide, by as many people as it takes; when the answer is lost, look what became of it."""
        for actor in (AMY, BEN)[: 1 if choice == REJECT else REQUIRED.get(self._shape, 1)]:
            try:
                await self._stage.desk.decide(seen(card), actor=actor, choice=choice)
            except Refused:
                if not self._faults.struck:
                    raise

    def _pending(self) -> list[ApprovalView]:
        return [each for each in self._run.approvals if each.status is ApprovalStatus.PENDING]

    async def _right_answer(self) -> None:
        """Answer one of the questions that are asked, or several by a list."""
        cards = [card for card in self._pending() if text_of(card) in self._model.pending]
        if not cards:
            await self._drive()
            return
        self._cards += cards
        card = self._dice.choice(cards)
        is_yes = self._dice.random() < 0.65
        note = self._note(card) if is_yes else None
        choice = edit(**{**card.question.shown, "note": note}) if note else APPROVE if is_yes else REJECT
        await self._surely(lambda: self._decide(card, choice))
        append(self._stage.acks, {"approval": card.id, "revision": card.revision, "verdict": choice.option})
        self._model.answer(text_of(card), is_yes=is_yes, note=note)
        self._run = await self._surely(lambda: self._stage.desk.run(self._run.id))

    def _note(self, card: ApprovalView) -> str | None:
        """Return what the note is changed to, where an edit is offered; None: nobody changes it."""
        if self._shape != "edits" or self._dice.random() >= EDITS_SHARE:
            return None
        is_offered = "note" in card.question.shown and card.question.option("edit") is not None
        return f"as of {text_of(card)}" if is_offered else None

    async def _wrong_click(self) -> None:
        """Click as nobody may, or on what is not asked any more: refused, and nothing changes."""
        cards = self._pending()
        kind = self._dice.choice(WRONG)
        is_old = kind in ("old card", "twice")
        old = [card for card in self._cards if card.id not in {each.id for each in cards}]
        if not (old if is_old else cards):
            return
        card = self._dice.choice(old if is_old else cards)
        target, actor = seen(card), {"outsider": OTTO, "requester": RITA}.get(kind, BEN)
        if kind == "digest":
            target = replace(target, digest=target.digest[:-1] + ("0" if target.digest[-1] != "0" else "1"))
        if kind == "revision":
            target = replace(target, revision=target.revision + 1)
        await self._surely(lambda: self._refused(target, actor, kind))

    async def _refused(self, target: Seen, actor: Actor, kind: str) -> None:
        try:
            await self._stage.desk.decide(target, actor=actor, choice=self._dice.choice([APPROVE, REJECT]))
        except Refused:
            self.refused += 1
        else:
            raise Disagreement(f"A click counted that must not: {kind}")

    def _compare(self) -> None:
        asked = sorted(map(text_of, self._pending()))
        if asked != sorted(self._model.pending):
            raise Disagreement(f"{self._shape} asks {asked}, and should ask {sorted(self._model.pending)}")
        shown = [each.question.shown for each in self._pending() if each.question.dialect != "static"]
        if notes := {each["note"] for each in shown if "note" in each} - {self._model.note}:
            raise Disagreement(f"{self._shape} shows {notes}, and should show {self._model.note}")

    def _compare_end(self) -> None:
        status = self._run.status
        if status.value != self._model.status:
            raise Disagreement(
                f"{self._shape} is {status.value}, and should be {self._model.status}: {self._run.error}"
            )
        told = sorted((self._run.result or {}).get("told") or [])
        if status is RunStatus.FINISHED and told != sorted(self._model.told):
            raise Disagreement(f"{self._shape} was told {told}, and should be {sorted(self._model.told)}")
        note = (self._run.result or {}).get("note", self._model.note)
        if note != self._model.note:
            raise Disagreement(f"{self._shape} has the note {note}, and should have {self._model.note}")
        counts = [event.kind for event in self._run.events].count(EventKind.REFUSED)
        if counts != self.refused and not self._faults.struck:
            raise Disagreement(f"{counts} refusals are in the audit trail, and there were {self.refused}")


def text_of(card: ApprovalView) -> str:
    """Return the question's own text, or the node that a breakpoint holds up."""
    if card.question.dialect == "static":
        return card.node
    shown = card.question.shown
    return str(shown["question"]) if isinstance(shown, dict) and "question" in shown else card.question.text
