"""What counts as a change of the code that asks, and what does not."""

from __future__ import annotations

import importlib.util
import linecache
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.decisions import Json
from engine.workflows.fingerprint import Fingerprint, fingerprint_of
from tests.engine.workflows.ways import PREAMBLE, WAYS

SOURCE = """
from functools import partial

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

QUESTION = "Pay?"
WORDS = ("yes", "no")
STARTED = 1.5
CACHE = {}


class State(TypedDict):
    amount: int


def limit():
    return 100


def ask(state, unit="EUR"):
    return {"amount": interrupt((QUESTION, limit(), WORDS, unit, STARTED, CACHE))}


def made(text):
    def node(state):
        return {"amount": interrupt(text)}

    return node


def inner(state):
    return {"amount": interrupt("Inner?")}


inside = StateGraph(State).add_node("inner", inner).add_edge(START, "inner").compile()
graph = (
    StateGraph(State)
    .add_node("ask", ask)
    .add_node("made", made("Made?"))
    .add_node("short", lambda state: {"amount": 1})
    .add_node("sub", inside)
    .add_edge(START, "ask")
    .add_edge("ask", "made")
    .add_edge("made", "sub")
    .add_conditional_edges("sub", lambda state: "short", ["short", END])
    .compile()
)
"""
NODES = {"ask", "made", "short", "sub"}


def imported(folder: Path, source: str) -> ModuleType:
    """Import a source as the loader does: from a file of its own."""
    file = folder / f"app_{len(list(folder.iterdir()))}.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def taken(folder: Path, source: str) -> Fingerprint:
    return fingerprint_of(imported(folder, source).graph)


def changed(folder: Path, *pairs: tuple[str, str]) -> set[str]:
    """Change the source and say which nodes, or whether the structure, have another fingerprint for it."""
    source = SOURCE
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    before, after = taken(folder, SOURCE), taken(folder, source)
    nodes = {name for name in NODES if before.of([name])["steps"] != after.of([name])["steps"]}
    return nodes | ({"structure"} if before.structure != after.structure else set())


# what is changed -> whose fingerprint is another
TABLE: dict[str, tuple[list[tuple[str, str]], set[str]]] = {
    "nothing": ([("Pay?", "Pay?")], set()),
    "a comment": ([("    return 100", "    # one hundred\n    return 100")], set()),
    "layout": ([("interrupt((QUESTION, limit(),", "interrupt(\n        (QUESTION,\n limit(),")], set()),
    "quotes": ([('interrupt("Inner?")', "interrupt('Inner?')")], set()),
    "a constant": ([("Pay?", "Delete?")], {"ask"}),
    "a tuple of constants": ([('"no")', '"never")')], {"ask"}),
    "a float, which may be a time": ([("1.5", "2.5")], set()),
    "a dict, which may be a cache": ([("CACHE = {}", "CACHE = {1: 2}")], set()),
    "a default": ([('"EUR"', '"USD"')], {"ask"}),
    "a helper": ([("return 100", "return 1_000")], {"ask"}),
    "what a function closes over": ([('made("Made?")', 'made("Other?")')], {"made"}),
    "a lambda": ([('{"amount": 1}', '{"amount": 2}')], {"short"}),
    "a node of a graph inside": ([("Inner?", "Deep?")], {"sub"}),
    "an edge": ([('.add_edge("made", "sub")', '.add_edge("made", "short")')], {"structure"}),
    "a branch": ([('["short", END]', '["short", "ask", END]')], {"structure"}),
    "a node more": ([('.add_node("made"', '.add_node("more", ask).add_node("made"')], {"structure"}),
    "a node inside more": (
        [('StateGraph(State).add_node("inner"', 'StateGraph(State).add_node("more", inner).add_node("inner"')],
        {"structure", "sub"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pairs", "found"), TABLE.values(), ids=TABLE)
def test_what_is_a_change(tmp_path: Path, pairs: list[tuple[str, str]], found: set[str]) -> None:
    """Each change is seen where it stands, and nothing else is called changed."""
    assert changed(tmp_path, *pairs) == found


def test_it_matches_what_it_gave_and_nothing_else(tmp_path: Path) -> None:
    """Kept with a question it is recognised; a node that is gone, and what was kept without one, are not."""
    fingerprint = taken(tmp_path, SOURCE)
    assert fingerprint.matches(fingerprint.of(["ask", "made"]))
    assert fingerprint.matches(fingerprint.of(["gone"]))
    assert not fingerprint.matches({"structure": fingerprint.structure, "steps": {"ask": None}})
    others: list[Json] = [None, {}, [], "x"]
    assert not any(map(fingerprint.matches, others))


def test_another_process_finds_the_same(tmp_path: Path) -> None:
    """Nothing of it depends on where, when or with which hash seed it is taken."""
    (tmp_path / "app.py").write_text(SOURCE)
    code = (
        "import app; from engine.workflows.fingerprint import fingerprint_of; "
        "print(fingerprint_of(app.graph).of(['ask', 'sub']))"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {f"{taken(tmp_path, SOURCE).of(['ask', 'sub'])}\n"}


@pytest.mark.parametrize(("source", "old", "new"), WAYS.values(), ids=WAYS)
def test_t05_however_a_node_is_written_its_question_is_seen(
    tmp_path: Path, source: str, old: str, new: str
) -> None:
    """Another question is another fingerprint, wherever its text stands; the same source is the same."""
    assert old in source
    before = taken(tmp_path, PREAMBLE + source)
    assert taken(tmp_path, PREAMBLE + source).nodes == before.nodes
    assert taken(tmp_path, PREAMBLE + source.replace(old, new)).nodes != before.nodes


def test_t05_a_function_of_another_module_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is called through the module that holds it."""
    monkeypatch.syspath_prepend(tmp_path)
    source = (
        PREAMBLE
        + "import asking_elsewhere\ndef ask(state): return asking_elsewhere.go()\ngraph = build(ask)\n"
    )
    prints = []
    for question in ("Pay?", "Delete?"):
        (tmp_path / "asking_elsewhere.py").write_text(f"def go():\n    return interrupt({question!r})\n")
        sys.modules.pop("asking_elsewhere", None)
        importlib.invalidate_caches()
        linecache.clearcache()
        prints.append(taken(tmp_path, source).nodes)
    assert prints[0] != prints[1]


def test_t05_an_app_that_is_installed_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that lies among the installed packages is no library: its changes count as elsewhere."""
    monkeypatch.setattr("engine.workflows.nodes._INSTALLED", (tmp_path.resolve(),))
    assert changed(tmp_path, ("Pay?", "Delete?")) == {"ask"}
    assert changed(tmp_path, ("return 100", "return 1_000")) == {"ask"}


def test_where_a_file_lies_is_no_change(tmp_path: Path) -> None:
    """The same release in another folder asks the same."""
    source = (
        PREAMBLE
        + 'def ask(state): return {"amount": interrupt(("Pay?", __file__, __name__))}\ngraph = build(ask)\n'
    )
    assert taken(tmp_path, source).nodes == taken(tmp_path, source).nodes
