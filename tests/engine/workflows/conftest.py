"""What the tests of loading share: an app on disk, and a process without the traces of others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.engine.workflows.apps import Files, Write


@pytest.fixture(autouse=True)
def _same_process() -> Iterator[None]:
    """Take back what apps leave in the process: modules, the path, variables."""
    path, variables, modules = list(sys.path), dict(os.environ), set(sys.modules)
    yield
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(variables)
    for name in set(sys.modules) - modules:
        if name.startswith(("assent_app_", "shelf_of_tests", "part_in_src")):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the files of an app and returns the path of its langgraph.json."""

    def write(files: Files) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(dedent(text), encoding="utf-8")
        return tmp_path / "langgraph.json"

    return write
