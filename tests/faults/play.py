"""Plays a random history on the engine and on the model, and tells where they do not agree.

Everything that happens follows from the history's seed: who clicks what, right or wrong, when the run is driven, when
the engine is started anew, and where faults strike.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from copy import copy, deepcopy
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
REACH = 40
"""A fault strikes at the point after so many others, on average."""
WRONG_SHARE = 0.35
REQUIRED = {"several": 2}
"""How many people have to approve, by shape."""
EDITS_SHARE = 0.4
RELEASES_SHARE, AHEAD_SHARE, STOPS_SHARE = 0.08, 0.15, 0.1
"""How often a release comes before the run is driven, an answer is the first of a list, and an error ends the run."""
WRONG = ("outsider", "requester", "digest", "revision", "old card", "twice")


class Disagreement(Exception):
    """The engine does something else than the model says."""


class History:
    """One run of one shape, from its start to its end.

    If it `is_plain`, no release comes, no values are given ahead, and no error ends it. `reach`: how many points a
    fault is away on average.
    """

    def __init__(
        self,
        stage: Stage,
        seed: int,
        *,
        faults: Faults,
        strikes: int,
        shapes: Sequence[str] = tuple(SHAPES),
        is_plain: bool = False,
        has_releases: bool = True,
        reach: int = REACH,
    ) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a dice, not a secret
        self._stage, self._faults = stage, faults
        self._shape = self._dice.choice(shapes)
        self._name = f"{seed}"
        self._model = Model(self._shape)
        self._cards: list[ApprovalView] = []
        self.refused = self.jumps = self._refused_before = 0
        self._has_releases = has_releases
        self._ahead: list[bool] = []
        self._met: set[str] = set()
        self._dropped = self.released = self.ahead = 0
        self._throw(seed, strikes=strikes, is_plain=is_plain, reach=reach)

    def _throw(self, seed: int, *, strikes: int, is_plain: bool, reach: int) -> None:
        """Decide where faults strike, and take the dice for what comes."""
        self._clock_dice = random.Random(f"clock {seed}")  # noqa: S311 - a dice of its own: clocks move no fault
        self._more_dice = None if is_plain else random.Random(f"more {seed}")  # noqa: S311
        at = [int(self._dice.expovariate(1 / reach)) + 1 for _ in range(strikes)]
        self._planned = {point: self._dice.random() < 0.25 for point in at}

    async def play(self) -> None:
        """Play until the model's run has ended. Raises: Disagreement."""
        await self.begin()
        await self.finish()

    async def begin(self) -> None:
        """Start the run and bring it to its first rest. Raises: Disagreement."""
        self._faults.plan(self._planned)
        self._run = await self._surely(self._start)
        self._at_rest = deepcopy(self._model)
        await self._drive()

    async def finish(self) -> None:
        """Play on until the model's run has ended. Raises: Disagreement."""
        for _ in range(STEPS):
            if not self.waits:
                break
            await self._step()
        await self._drive()
        self._compare_end()

    async def answer(self, *, meets_release: bool = False) -> None:
        """Answer once, after a wrong click now and then, and bring the run to its rest. Raises: Disagreement.

        If it `meets_release`, the stage has another one than the run, which is driven by that first.
        """
        self._faults.plan(self._planned)
        if meets_release:
            await self._meet_release()
        if self._dice.random() < WRONG_SHARE:
            await self._wrong_click()
        await self._right_answer()
        await self._drive()

    @property
    def waits(self) -> bool:
        return self._model.status == "waiting"

    def resting(self, stage: Stage, seed: int, *, faults: Faults, strikes: int, reach: int) -> History:
        """Return the same run on a stage that was copied when it rested, with faults and dice of its own."""
        other = copy(self)
        other._stage, other._faults, other._dice = stage, faults, random.Random(seed)  # noqa: S311
        other._refused_before, other.refused = self._refused_before + self.refused, 0
        other.jumps = other.ahead = other.released = 0
        other._model, other._at_rest = deepcopy(self._model), deepcopy(self._model)
        other._cards, other._met, other._ahead = list(self._cards), set(self._met), []
        other._name = f"{self._name} {seed}"
        other._throw(seed, strikes=strikes, is_plain=False, reach=reach)
        return other

    async def _step(self) -> None:
        if self._dice.random() < WRONG_SHARE:
            await self._wrong_click()
        else:
            await self._right_answer()
        if self._dice.random() < 0.75:
            await self._drive()

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
        """Bring the run to its rest, now and then by two drivers at once or with a new release, and compare."""
        if self._dice.random() < 0.1:
            await self._restart()
        await self._jump()
        if self.waits and self._has_releases and self._comes(RELEASES_SHARE):
            await self._release()
        await self._surely(self._advance)
        for _ in range(STEPS):
            failed = [each for each in self._pending() if each.question.dialect == "failure"]
            if not failed:
                break
            choice = Choice("stop" if self._comes(STOPS_SHARE) else "retry")
            await self._surely(lambda card=failed[0], choice=choice: self._decide(card, choice))  # type: ignore[misc]
            await self._surely(self._advance)
            if choice.option == "stop":
                self._model.status, self._ahead = "failed", []
        self._take_ahead()
        self._compare()
        self._at_rest = deepcopy(self._model)

    def _comes(self, share: float) -> bool:
        """Throw the dice for what a plain history has not."""
        return self._more_dice is not None and self._more_dice.random() < share

    async def _release(self) -> None:
        """Deploy the other release."""
        with self._faults.put_off():
            await self._stage.release()
        self._start_over()

    async def _meet_release(self) -> None:
        """Let the run meet the other release, half the time with an answer to what the earlier one has asked."""
        if self._dice.random() < 0.5:
            await self._right_answer()
        if self._model.status != "stopped":  # by a no at a breakpoint, whatever the code
            self._start_over()
        await self._drive()

    def _start_over(self) -> None:
        """Nobody's answer to what waits reaches the graph any more."""
        self._model = self._at_rest
        self._model.start_over()
        self._ahead = []
        self.released += 1

    def _take_ahead(self) -> None:
        """Let the model have the values that were given ahead, but for those that were dropped.

        They go to the questions in the order of asking, which is the model's unless a fault kept one of them back.
        """
        dropped = sum(event.detail["count"] for event in self._run.events if event.kind is EventKind.DROPPED)
        lost, self._dropped = dropped - self._dropped, dropped
        met = [each for each in self._run.approvals if each.decision and "value" in each.decision.after]
        texts = [text_of(each) for each in met if each.id not in self._met]
        self._met = {each.id for each in met}
        taken = self._ahead[: max(len(self._ahead) - lost, 0)]
        is_struck = bool(self._faults.struck)
        for number, value in enumerate(taken):
            wanted = [*self._model.asked, "nothing"][0]
            text = texts[number] if is_struck and len(texts) == len(taken) else wanted
            if text not in self._model.asked:
                raise Disagreement(f"{self._shape} gave {taken} to {texts}, and {text} is not asked")
            self._model.answer(text, is_yes=value)
        if len(taken) < len(self._ahead) and self._model.status == "waiting" and not is_struck:
            raise Disagreement(f"{self._shape} dropped {lost} values")
        self._ahead = []

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
        if self._shape not in REQUIRED and self._comes(AHEAD_SHARE):
            await self._give_ahead()
            return
        card = self._dice.choice(cards)
        is_yes = self._dice.random() < 0.65
        note = self._note(card) if is_yes else None
        choice = edit(**{**card.question.shown, "note": note}) if note else APPROVE if is_yes else REJECT
        await self._surely(lambda: self._decide(card, choice))
        append(self._stage.acks, {"approval": card.id, "revision": card.revision, "verdict": choice.option})
        self._model.answer(text_of(card), is_yes=is_yes, note=note)
        self._run = await self._surely(lambda: self._stage.desk.run(self._run.id))

    async def _give_ahead(self) -> None:
        """Give a list of values: what is asked now gets its own, the rest waits for what is asked next.

        A breakpoint takes no no.
        """
        assert self._more_dice is not None
        count = self._more_dice.randint(1, 4)
        values = [self._shape == "static" or self._more_dice.random() < 0.65 for _ in range(count)]
        key = f"{self._name} {len(self._ahead)} {self.ahead}"
        self._run = await self._surely(
            lambda: self._stage.desk.resume(self._run.id, values, actor=AMY, request_key=key)
        )
        self._ahead += values
        self.ahead += len(values)

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
        if asked != sorted(self._model.pending) and not self._is_late(asked):
            raise Disagreement(f"{self._shape} asks {asked}, and should ask {sorted(self._model.pending)}")
        shown = [each.question.shown for each in self._pending() if each.question.dialect != "static"]
        if notes := {each["note"] for each in shown if "note" in each} - {self._model.note}:
            raise Disagreement(f"{self._shape} shows {notes}, and should show {self._model.note}")

    def _is_late(self, asked: list[str]) -> bool:
        """Say whether a question is missing that comes after those beside it.

        What a hidden graph was cut off at looks like its breakpoint, which may not be passed.
        """
        is_part = bool(asked) and set(asked) < set(self._model.pending)
        return self._shape == "hidden" and bool(self._faults.struck) and is_part

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
        refused = self._refused_before + self.refused
        if counts != refused and not self._faults.struck:
            raise Disagreement(f"{counts} refusals are in the audit trail, and there were {refused}")


def text_of(card: ApprovalView) -> str:
    """Return the question's own text, or the node that a breakpoint holds up."""
    if card.question.dialect == "static":
        return card.node
    shown = card.question.shown
    return str(shown["question"]) if isinstance(shown, dict) and "question" in shown else card.question.text
