"""Runs pytest again and again, each time in a fork of this process that has every library loaded but nothing of ours.

    python tests/faults/zygote.py

Reads a line of JSON for each run: {"folder": where to run it, "arguments": […], "limit_s": 60}, and answers with the
exit code of pytest, or 99 for a run that took too long. Stands alone: nothing of the project may be imported here.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
from typing import NoReturn

LIBRARIES = (
    "pytest",
    "pytest_asyncio",
    "_pytest.assertion.rewrite",
    "aiohttp.web",
    "aiosqlite",
    "filelock",
    "jsonschema",
    "langchain_core.messages",
    "langgraph.graph",
    "langgraph.checkpoint.memory",
    "langgraph.func",
    "langgraph.prebuilt",
    "psycopg",
    "pydantic_settings",
    "slack_bolt.async_app",
    "slack_bolt.adapter.aiohttp",
    "slack_bolt.adapter.socket_mode.aiohttp",
    "slackblocks",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlmodel",
    "unittest",
    "xdist.plugin",
)
TOO_LONG = 99


def main() -> None:
    """Answer until the input ends."""
    sys.dont_write_bytecode = False  # the copy is thrown away, and compiling takes longer than most runs
    sys.path[:] = [each for each in sys.path if each != os.path.dirname(os.path.abspath(__file__))]
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # pytest collects all garbage at its end, which would look through the libraries each time
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(wanted["folder"], wanted["arguments"])
        print(_waited(child, limit_s=wanted["limit_s"]), flush=True)


def _run(folder: str, arguments: list[str]) -> NoReturn:
    """Run pytest as if it had been started in `folder`, in a process group of its own, and say nothing."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["pytest", *arguments]
    import pytest

    # what is loaded before pytest begins is not the tests' own
    os._exit(int(pytest.main([*arguments, "-W", "ignore::pytest.PytestAssertRewriteWarning"])))


def _waited(child: int, *, limit_s: float) -> int:
    """Return how it ended; what hangs is killed with all that it started."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TOO_LONG


if __name__ == "__main__":
    main()
