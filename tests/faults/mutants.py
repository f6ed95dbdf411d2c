"""Takes away one guard of the safe core after the other, in a copy of the code, and looks whether a test notices."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

from tests.faults import zygote
from tests.faults.figures import Figure, Plan
from tests.faults.mutations import MUTATIONS, Mutation
from tests.faults.zygote import TOO_LONG

ROOT = Path(__file__).parents[2]
COPIED = (
    "bot",
    "engine",
    "examples",
    "tests",
    "docs",
    "pyproject.toml",
    "manifest.yml",
    "README.md",
    ".env.example",
)
LIMIT_S, CONTROL_LIMIT_S = 30, 400
"""Ten times what a test takes that passes; an edit may leave what waits for it waiting for ever."""
AT_ONCE = 2
"""Laboratories; many an edit is noticed by waiting, which needs no core."""
SCORE = 0.95
T = TypeVar("T")
FAILED, PASSED = 1, 0
"""What pytest ends with when a test failed, and when all passed; anything else means that nothing was tested."""


@dataclass(frozen=True)
class Outcome:
    """What became of one edit: "killed", "hung", "survived", or what keeps it from being tried."""

    mutation: Mutation
    told: str

    @property
    def is_killed(self) -> bool:
        """Say whether a test has noticed, if only by waiting for ever."""
        return self.told in ("killed", "hung")


async def measure(plan: Plan) -> list[Figure]:
    """Try every edit, and first that the tests pass without any."""
    tried = MUTATIONS[: plan.of(len(MUTATIONS))]
    async with AsyncExitStack() as stack:
        laboratories = [
            await stack.enter_async_context(Laboratory(plan.folder / str(number)))
            for number in range(AT_ONCE)
        ]
        control = await laboratories[0].run(tests_of(tried), limit_s=CONTROL_LIMIT_S)
        control = control or await laboratories[0].run(
            tests_of([each for each in tried if each.needs_postgresql]),
            with_postgresql=True,
            limit_s=CONTROL_LIMIT_S,
        )
        left = iter(tried)
        shares = await asyncio.gather(*(_tried(left, laboratory) for laboratory in laboratories))
    outcomes = list(chain.from_iterable(shares))
    broken = [f"the tests end with {control} without any edit"] if control else []
    missed = [each for each in outcomes if not each.is_killed]
    excused = [each for each in missed if each.told == "survived" and each.mutation.survives]
    killed = sum(each.is_killed for each in outcomes)
    violations = [*broken, *(f"{each.mutation.name}: {each.told}" for each in missed if each not in excused)]
    reasons = "; ".join(f"{each.mutation.name} survives: {each.mutation.survives}" for each in excused)
    is_enough = (
        killed >= SCORE * len(outcomes) and not broken and all(each.told == "survived" for each in missed)
    )
    hung = sum(each.told == "hung" for each in outcomes)
    detail = f"{killed} of {len(outcomes)} killed, {hung} of them by waiting for ever"
    detail += f"; {reasons}" if reasons else ""
    if is_enough and violations:
        detail += f"; not noticed: {', '.join(violations)}"
    return [Figure("edits that take a guard away", len(outcomes), [] if is_enough else violations, detail)]


async def _tried(left: Iterator[Mutation], laboratory: Laboratory) -> list[Outcome]:
    return [await laboratory.tried(mutation) for mutation in left]


def tests_of(mutations: Sequence[Mutation]) -> str:
    """Name the tests of these edits, each once."""
    return " ".join(dict.fromkeys(test for each in mutations for test in each.tests.split()))


def copied(tree: Path) -> Path:
    """Copy what the tests need to a place where it may be edited."""
    tree.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    return tree


class Laboratory:
    """A copy of the code that may be edited, and a process that runs its tests. Belongs in an `async with` block."""

    def __init__(self, folder: Path) -> None:
        self.tree = copied(folder / "tree")
        self._seconds = int(time.time())

    async def __aenter__(self) -> Laboratory:
        self._zygote = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(zygote.__file__)), stdin=PIPE, stdout=PIPE
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        _pipe(self._zygote.stdin).close()
        await self._zygote.wait()

    async def tried(self, mutation: Mutation) -> Outcome:
        """Make the edit, run its tests, and take it back."""
        file = self.tree / mutation.file
        before = file.read_text()
        if before.count(mutation.old) != 1:
            return Outcome(mutation, f"outdated: its text is there {before.count(mutation.old)} times")
        self._write(file, before.replace(mutation.old, mutation.new))
        try:
            code = await self.run(mutation.tests, with_postgresql=mutation.needs_postgresql)
        finally:
            self._write(file, before)
        return Outcome(
            mutation,
            {FAILED: "killed", TOO_LONG: "hung", PASSED: "survived"}.get(
                code, f"not tried: pytest ended with {code}"
            ),
        )

    def _write(self, file: Path, text: str) -> None:
        """Write with a time of its own: Python takes a module for unchanged by its size and the second (PEP 3147)."""
        file.write_text(text)
        self._seconds += 1
        os.utime(file, (self._seconds, self._seconds))

    async def run(self, tests: str, *, with_postgresql: bool = False, limit_s: float = LIMIT_S) -> int:
        """Run tests in the copy and return how pytest ended; what hangs has noticed something too."""
        chosen = [] if with_postgresql else ["-k", "not postgresql"]
        arguments = ["-q", "-x", "-p", "no:cacheprovider", *chosen, *tests.split()]
        wanted = {"folder": str(self.tree), "arguments": arguments, "limit_s": limit_s}
        _pipe(self._zygote.stdin).write(json.dumps(wanted).encode() + b"\n")
        return int(await _pipe(self._zygote.stdout).readline())


def _pipe(end: T | None) -> T:
    if end is None:
        raise RuntimeError("The process was started without its pipes.")
    return end
