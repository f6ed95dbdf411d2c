"""The list of edits is true to today's code, and the laboratory tells a killed one from one that survives."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.mutants import ROOT, Laboratory
from tests.faults.mutations import MUTATIONS, POLICY, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_an_edit_fits_the_code(mutation: Mutation) -> None:
    """Its text is there once, what it becomes is Python and something else, and its tests are there."""
    source = (ROOT / mutation.file).read_text()
    assert source.count(mutation.old) == 1
    edited = source.replace(mutation.old, mutation.new)
    assert ast.dump(ast.parse(edited)) != ast.dump(ast.parse(source))
    assert mutation.tests
    for each in mutation.tests.split():
        file, _, test = each.partition("::")
        assert f"def {test}" in (ROOT / file).read_text()


def test_there_are_enough_of_them() -> None:
    """At least sixty, each with a name of its own."""
    assert len(MUTATIONS) >= 60
    assert [name for name, count in Counter(each.name for each in MUTATIONS).items() if count > 1] == []


async def test_a_guard_that_is_gone_is_noticed(tmp_path: Path) -> None:
    """One edit is killed by its test; a harmless one at the same place survives, and an old text is told."""
    mutation = next(each for each in MUTATIONS if each.tests.startswith(POLICY))
    harmless = replace(mutation, new=mutation.old + "    # nothing\n")
    async with Laboratory(tmp_path) as laboratory:
        assert (await laboratory.tried(mutation)).told == "killed"
        assert (await laboratory.tried(harmless)).told == "survived"
        assert (await laboratory.tried(replace(mutation, old="no such text"))).told.startswith("outdated")
        assert (await laboratory.tried(replace(mutation, tests="tests/no_such_file.py"))).told == (
            "not tried: pytest ended with 4"
        )
