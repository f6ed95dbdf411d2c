"""The example app for who starts more in a minute than a person may."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.demo import examples


def unhurried(folder: Path) -> Path:
    """Copy the examples below `folder`, with as many starts as one likes, and return their langgraph.json."""
    given = examples()
    copied = shutil.copytree(
        given.parent, folder / "examples", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )
    rules = copied / "approvals.toml"
    rules.write_text(
        rules.read_text().replace("[defaults]\n", "[defaults]\nstarts_per_minute = 100_000\n", 1)
    )
    return copied / given.name
