"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path for room in ("bot", "engine") for path in (ROOT / room).rglob("*.py") if "static" not in path.parts
)
MAX_LINES = 400


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def room(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """Every file that git tracks, or would if it were added."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, path.read_text()
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize("path", SOURCES, ids=room)
def test_every_module_says_what_belongs_in_it(path: Path) -> None:
    """A module begins with a sentence; a file is small enough to be read at once."""
    assert ast.get_docstring(tree_of(path))
    assert len(path.read_text().splitlines()) <= MAX_LINES


def test_every_test_says_the_fact_that_it_proves() -> None:
    """Each test function has a docstring."""
    silent = [
        f"{room(path)}: {node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def calls(path: Path, *names: str) -> list[str]:
    """Name the places in a file that mention one of `names` as an attribute or a name."""
    return [
        f"{room(path)}:{node.lineno}"
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Name) and node.id in names)
    ]


def outside(*homes: str) -> list[Path]:
    return [path for path in SOURCES if not any(room(path).startswith(home) for home in homes)]


def test_one_reader_of_the_wall_clock() -> None:
    """In the engine only clock.py asks what time it is."""
    engine = [path for path in outside("engine/clock.py") if room(path).startswith("engine/")]
    assert [place for path in engine for place in calls(path, "now", "utcnow", "today")] == [
        place for path in engine for place in calls(path, "now") if _is_transition_time(path, place)
    ]


def _is_transition_time(path: Path, place: str) -> bool:
    """`transition.now` is the time stamp of a transition, read by clock.py, and `now` the name of a parameter."""
    line = path.read_text().splitlines()[int(place.rsplit(":", 1)[1]) - 1]
    return "datetime.now" not in line


def test_one_reader_of_the_environment() -> None:
    """Only the settings read the environment; loading an app sets what its own `env` says."""
    places = [
        place
        for path in outside("bot/settings.py", "engine/workflows/app_file.py")
        for place in calls(path, "environ", "getenv")
    ]
    assert places == []


def test_one_caller_of_compiled_graphs() -> None:
    """Only threads.py runs a graph or asks for its state."""
    names = ("astream", "ainvoke", "invoke", "stream", "aget_state", "aupdate_state", "get_state")
    engine = [path for path in outside("engine/threads.py") if room(path).startswith("engine/")]
    assert [place for path in engine for place in calls(path, *names)] == []


def test_one_writer_of_messages() -> None:
    """Only the mirror posts and updates messages; private sentences are the whispers' business."""
    writers = {
        "chat_postMessage": ("bot/mirror.py", "bot/whispers.py"),
        "chat_update": ("bot/mirror.py",),
        "chat_postEphemeral": ("bot/whispers.py",),
        "files_upload_v2": ("bot/mirror.py",),
    }
    for method, homes in writers.items():
        assert [place for path in outside("bot/sandbox", *homes) for place in calls(path, method)] == []


def test_nothing_is_printed_past_the_terminal() -> None:
    """No module but the command line writes to standard output."""
    allowed = ("bot/cli.py", "bot/terminal.py", "bot/demo.py")
    assert [place for path in outside(*allowed) for place in calls(path, "print", "stdout")] == []


def test_nothing_names_a_registry_or_a_machine() -> None:
    """No file names the host of a package registry, nor a path of one machine."""
    registry = re.compile(r"pypi\.(org|python)|pythonhosted|registry\.npmjs|deb\.debian", re.IGNORECASE)
    path_of_a_machine = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    found = [
        str(path.relative_to(ROOT))
        for path, text in texts()
        if path != Path(__file__) and (registry.search(text) or path_of_a_machine.search(text))
    ]
    assert found == []


def test_every_pin_has_its_hashes() -> None:
    """constraints.txt pins name==version with hashes, and langgraph is recent enough for its interrupt ids."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.match(r"[a-z0-9][\w.-]*==\S+.*  # --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    (pinned,) = [line.split()[0] for line in lines if line.startswith("langgraph==")]
    assert tuple(map(int, pinned.removeprefix("langgraph==").split("."))) >= (1, 2, 20)


def test_every_dependency_is_pinned() -> None:
    """What pyproject.toml names stands in constraints.txt."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=!~ ]", each)[0].lower() for each in wanted}
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert names <= pinned
