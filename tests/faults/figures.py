"""What a part of the laboratory is asked for, and what it tells."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """How much is to be done. `scale` 1 is the whole figure; every random choice comes from `seed`.

    `folder` is empty and the part's own; what is left there when something was violated helps to see why. If it
    `is_whole`, parts take as long as they need. `left_s` are the seconds that are left for all parts together.
    """

    scale: float
    seed: int
    folder: Path
    is_whole: bool = False
    left_s: float = math.inf

    def part(self, number: int, *, of: str) -> Plan:
        """Return a part of this with a seed and a folder of its own."""
        return replace(self, seed=self.seed + number, folder=self.folder / f"{of}-{number}")

    def within(self, seconds: float) -> float:
        """Return after how many seconds no further trial is begun."""
        return math.inf if self.is_whole else seconds

    def of(self, whole: int) -> int:
        """Return how many of `whole` trials to make: at least one."""
        return max(1, round(whole * self.scale))


@dataclass(frozen=True)
class Figure:
    """One line of the table: `n` trials of what `name` says, and a sentence per violation.

    `expects_violations` is for the baselines, whose losses are told and are no failure of ours.
    """

    name: str
    n: int
    violations: Sequence[str] = ()
    detail: str = ""
    expects_violations: bool = False

    @property
    def holds(self) -> bool:
        return self.n > 0 and (self.expects_violations or not self.violations)


def histogram(counts: Mapping[str, int]) -> str:
    """Tell how often each came, by name: "K1 3, K2 5"."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


@dataclass(frozen=True)
class Told:
    """What came of one part: its figures, or why it broke off."""

    part: str
    took_s: float
    figures: Sequence[Figure] = field(default=())
    error: str = ""

    @property
    def holds(self) -> bool:
        return not self.error and bool(self.figures) and all(figure.holds for figure in self.figures)


def dumped(told: Told) -> str:
    """Write one part's outcome as a line of JSON."""
    return json.dumps(asdict(told))


def loaded(line: str) -> Told:
    """Read what `dumped` wrote."""
    held = json.loads(line)
    return Told(**{**held, "figures": tuple(Figure(**each) for each in held["figures"])})


def table(told: Sequence[Told]) -> str:
    """Lay out everything as one Markdown table, with the first violations below it."""
    lines = ["| part | what | trials | violations | detail | seconds |", "|---|---|---:|---:|---|---:|"]
    for part in told:
        if part.error:
            lines.append(f"| {part.part} | broke off | 0 | | {part.error} | {part.took_s:.0f} |")
        lines += [
            f"| {part.part} | {figure.name} | {figure.n:,} | {len(figure.violations):,} | {figure.detail} "
            f"| {part.took_s:.0f} |"
            for figure in part.figures
        ]
    broken = [
        f"{part.part}: {figure.name}: {sentence}"
        for part in told
        for figure in part.figures
        if not figure.expects_violations
        for sentence in figure.violations[:10]
    ]
    return "\n".join([*lines, "", *broken])
