"""The README says what is true: its code runs, its commands and files are there."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from engine.workflows.approvals_file import read_rules

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


class Weather(TypedDict, total=False):
    topic: str


async def test_the_python_runs(tmp_path: Path) -> None:
    """The example of the checkpointer works as it stands, with a graph in place."""
    (code,) = blocks("python")
    builder = StateGraph(Weather)
    builder.add_node("look", lambda state: {"topic": state["topic"]})
    builder.add_edge(START, "look")
    builder.add_edge("look", END)
    code = code.replace("sqlite:///threads.db", f"sqlite:///{tmp_path}/threads.db")
    imports, body = code.split("\n\n", 1)
    namespace: dict[str, Any] = {"builder": builder}
    source = f"{imports}\nasync def example():\n{textwrap.indent(body, '    ')}\n    return graph"
    exec(source, namespace)  # noqa: S102
    graph = await namespace["example"]()
    assert (tmp_path / "threads.db").exists()
    assert graph.checkpointer is not None


def test_the_approvals_toml_is_accepted(tmp_path: Path) -> None:
    """The example of approvals.toml loads, and its level is there."""
    (text,) = blocks("toml")
    (tmp_path / "approvals.toml").write_text(text)
    rules = read_rules(tmp_path, names=["expense"])["expense"]
    assert rules.channel == "#approvals"
    assert rules.policy_for({"level": "director"}).groups == {"S0DIRECTORS"}


def test_the_make_targets_are_there() -> None:
    """Every `make …` that the docs name is a target."""
    named = set(re.findall(r"`?make ([a-z]+)", README + (ROOT / "docs/operating.md").read_text()))
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    targets = set(re.findall(r"make ([a-z]+)", helped.stdout))
    assert named - {"alone"} <= targets


def test_the_files_that_the_docs_link_are_there() -> None:
    """Links of README and docs lead somewhere."""
    broken = [
        f"{page.name}: {link}"
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
        if not link.startswith("http") and not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_version_is_one() -> None:
    """pyproject.toml and `assent --version` agree."""
    from importlib.metadata import version

    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == version("assent")


def test_the_samples_have_their_workflows_and_journeys() -> None:
    """The tables of samples name every workflow of the examples, and each journey named starts its workflows."""
    graphs = set(json.loads((ROOT / "examples/langgraph.json").read_text())["graphs"])
    pages = (README, (ROOT / "examples/README.md").read_text(), (ROOT / "docs/workflows.md").read_text())
    for page in pages:
        rows = [row for row in page.splitlines() if row.startswith("| ") and row.count("|") > 3]
        named = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row.split("|")[2])}
        assert graphs <= named
    journeys = re.findall(r"^\| .* \| (.*) \| \[.*\]\((tests/journeys/.*)\) \|$", README, re.MULTILINE)
    assert len(journeys) == 11
    for workflows, path in journeys:
        journey = re.sub(r"\(\s+", "(", (ROOT / path).read_text())
        for name in re.findall(r"`([a-z_]+)`", workflows):
            assert f'starts("{name}"' in journey
