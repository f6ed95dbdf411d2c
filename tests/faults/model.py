"""The reference model: what must become of a run, in a few lines that know nothing of the product.

A run is a list of steps, each with tasks side by side, each with its questions one after the other; a text instead
of tasks is a breakpoint. In "loop" a no is asked again, up to the third round. The questions of "edits" show a note,
which an edit changes; those of "several" need two people's yes. A new release begins the step anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SHAPES: Final[dict[str, list[list[list[str]] | str]]] = {
    "sequence": [[["A1", "A2", "A3"]]],
    "loop": [[["Round 1"]]],
    "parallel": [[["L1", "L2"], ["R1"]], [["J1"]]],
    "send": [[["S0"], ["S1"], ["S2"]]],
    "subgraph": [[["I1", "I2"]], [["O1"]]],
    "static": [[["B1"]], "act", [["C1"]]],
    "edits": [[["E1", "E2"], ["F1"]], [["E3"]]],
    "called": [[["G1", "G2"], ["H1"]], [["K1"]]],
    "several": [[["V1", "V2"]]],
    "deep": [[["D1", "D2"], ["X1"]], [["Y1"]]],
    "hidden": [[["M1", "M2"], ["N1"]], [["O2"]]],
    "parts": [[["T1", "T2", "T3"]]],
    "caught": [[["U1", "U2"]], [["U3"]]],
    "handled": [[["W1", "W2"]], [["W3"]]],
}

NOTE: Final = "as it was"
"""What a run's note says before anybody has changed it."""


class Model:
    """One run: what it asks now, what it was told, which effects it made, its note, and how it stands.

    `asked` is what is pending in the order in which it was asked, `_answered` what the step's tasks were answered so
    far, each with its task, the question, and the note before it if it changed that.
    """

    def __init__(self, shape: str) -> None:
        self._steps = [
            step if isinstance(step, str) else [list(task) for task in step] for step in SHAPES[shape]
        ]
        self.status, self.told, self.effects = "waiting", list[str](), list[str]()
        self.note = NOTE
        self._answered: list[tuple[list[str], str, str | None]] = []
        self.asked = list(self.pending)

    @property
    def pending(self) -> Sequence[str]:
        if self.status != "waiting":
            return []
        step = self._steps[0]
        return [step] if isinstance(step, str) else [task[0] for task in step if task]

    def answer(self, question: str, *, is_yes: bool, note: str | None = None) -> None:
        """Take an answer to what is pending; None: it leaves the note as it is."""
        step, before = self._steps[0], self.note
        self.note = self.note if note is None else note
        self.effects += [question] if is_yes else []
        if isinstance(step, str):
            self.status = self.status if is_yes else "stopped"
        else:
            task = next(task for task in step if task[:1] == [question])
            task.pop(0)
            self.told.append(f"{question} {is_yes}")
            self._answered.append((task, question, before if note is not None else None))
            if question in ("Round 1", "Round 2") and not is_yes:
                step[0].append(f"Round {int(question[-1]) + 1}")
                self._answered.clear()  # each round is a step
        if isinstance(step, str) or not any(step):
            self._steps.pop(0)
            self._answered.clear()
        if not self._steps and self.status == "waiting":
            self.status = "finished"
        self.asked = [each for each in self.asked if each in self.pending]
        self.asked += [each for each in self.pending if each not in self.asked]

    def start_over(self) -> None:
        """Begin the step anew: the tasks that are not done lose their answers, and what these have changed."""
        for task, question, note in reversed(self._answered):
            if task:
                task.insert(0, question)
                self.told.remove(next(each for each in self.told if each.rpartition(" ")[0] == question))
                self.note = self.note if note is None else note
        self._answered = [each for each in self._answered if not each[0]]
        self.asked = list(self.pending)
