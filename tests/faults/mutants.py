"""Takes away one guard of the safe core after the other, in a copy of the code, and looks whether a test notices."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.figures import Figure, Plan
from tests.faults.mutations import MUTATIONS, Mutation

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
LIMIT_S = 240
SCORE = 0.95
FAILED, PASSED = 1, 0
"""What pytest ends with when a test failed, and when all passed; anything else means that nothing was tested."""


@dataclass(frozen=True)
class Outcome:
    """What became of one edit: "killed", "survived", or what keeps it from being tried."""

    mutation: Mutation
    told: str

    @property
    def is_killed(self) -> bool:
        return self.told == "killed"


async def measure(plan: Plan) -> list[Figure]:
    """Try every edit, and first that the same tests pass without any."""
    tried = MUTATIONS[: plan.of(len(MUTATIONS))]
    tree = copied(plan.folder / "tree")
    controls = {tests: await run(tree, tests) for tests in dict.fromkeys(each.tests for each in tried)}
    broken = [
        f"the tests {tests!r} end with {code} without any edit" for tests, code in controls.items() if code
    ]
    outcomes = [await tried_in(tree, mutation) for mutation in tried]
    missed = [each for each in outcomes if not each.is_killed]
    excused = [each for each in missed if each.told == "survived" and each.mutation.survives]
    killed = sum(each.is_killed for each in outcomes)
    violations = [*broken, *(f"{each.mutation.name}: {each.told}" for each in missed if each not in excused)]
    reasons = "; ".join(f"{each.mutation.name} survives: {each.mutation.survives}" for each in excused)
    is_enough = (
        killed >= SCORE * len(outcomes) and not broken and all(each.told == "survived" for each in missed)
    )
    detail = f"{killed} of {len(outcomes)} killed" + (f"; {reasons}" if reasons else "")
    if is_enough and violations:
        detail += f"; not noticed: {', '.join(violations)}"
    return [Figure("edits that take a guard away", len(outcomes), [] if is_enough else violations, detail)]


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


async def tried_in(tree: Path, mutation: Mutation) -> Outcome:
    """Make the edit, run its tests, and take it back."""
    file = tree / mutation.file
    before = file.read_text()
    if before.count(mutation.old) != 1:
        return Outcome(mutation, f"outdated: its text is there {before.count(mutation.old)} times")
    file.write_text(before.replace(mutation.old, mutation.new))
    try:
        code = await run(tree, mutation.tests)
    finally:
        file.write_text(before)
    return Outcome(
        mutation, {FAILED: "killed", PASSED: "survived"}.get(code, f"not tried: pytest ended with {code}")
    )


async def run(tree: Path, tests: str) -> int:
    """Run pytest on the copy and return how it ended; whatever hangs has noticed something too."""
    process = await asyncio.create_subprocess_exec(
        *command(tests), cwd=tree, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
        return FAILED


def command(tests: str) -> Sequence[str]:
    """Say how pytest is called."""
    return [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *shlex.split(tests)]
