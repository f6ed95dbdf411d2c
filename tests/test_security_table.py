"""The table of docs/security.md: every threat and fault once, with tests that are there and carry its id."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
IDS: Final = [f"T{n:02}" for n in range(1, 34)] + [f"F{n:02}" for n in range(1, 31)]
LATER: Final = {"F10", "F17"}
"""What is left for later, on purpose."""
ROW: Final = re.compile(r"^\| ([TF][0-9]{2}) \| (.+) \| (.+) \|$", re.MULTILINE)
NAMED: Final = re.compile(r"`(test_[a-z0-9_]+…?)`")


def rows() -> list[tuple[str, str]]:
    """Return every line of the table: the id and the cell of the tests."""
    table = (ROOT / "docs" / "security.md").read_text()
    return [(found[1], found[3]) for found in ROW.finditer(table)]


def names_there() -> set[str]:
    """Return the names of all test functions."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def ids_of(name: str) -> set[str]:
    """Return the ids with which a test's name begins: T07 and F29 for `test_t07_f29_what_no_slack_sends`."""
    found = re.match(r"test_((?:[tf][0-9]{2}_)+)", name)
    return set(found[1].upper().strip("_").split("_")) if found else set()


def test_every_threat_and_fault_has_one_line() -> None:
    """The ids stand in their order, each once."""
    assert [each for each, _ in rows()] == IDS


def test_what_is_left_for_later_says_why() -> None:
    """Exactly what may be left for later is, with a reason and without a test."""
    later = {each for each, cell in rows() if not NAMED.search(cell)}
    assert later == LATER
    assert all(re.fullmatch(r"left for later: .+", cell) for each, cell in rows() if each in LATER)


def test_every_named_test_is_there_and_carries_the_id() -> None:
    """A name in the table is the name of a test function that begins with the id of its line."""
    there = names_there()
    named = [(each, name) for each, cell in rows() for name in NAMED.findall(cell)]
    assert [(each, name) for each, name in named if each not in ids_of(name)] == []
    assert [(each, name) for each, name in named if name not in there] == []


def test_every_test_with_an_id_is_of_the_table() -> None:
    """No test begins with an id that the table does not have or leaves for later."""
    strange = [name for name in names_there() if not ids_of(name) <= set(IDS) - LATER]
    assert strange == []
