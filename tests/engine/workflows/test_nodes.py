"""Sources of functions are read as Python's own inspect reads them."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FunctionType

import pytest

from engine.workflows.nodes import source_lines


def decorated(inner: Callable[[], str]) -> Callable[[], str]:
    @wraps(inner)
    def outer() -> str:
        return inner()

    return outer


@decorated
def within() -> str:
    """Stands below its decorator."""
    return "within"


class Holder:
    async def method(self) -> str:
        return """
not indented"""


by_lambda = lambda: "a lambda"  # noqa: E731
FUNCTIONS = (decorated, within, inspect.unwrap(within), Holder.method, by_lambda)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_source_is_read_as_inspect_reads_it(function: FunctionType) -> None:
    """The lines with the decorators above them, and the number of the first."""
    assert source_lines(function) == tuple(inspect.getsourcelines(function.__code__))


def test_a_source_that_was_written_again_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of a file is not kept beyond its change."""
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "written_twice.py"
    for text in ("def node():\n    return 'once'\n", "def node():\n    return 'written again'\n"):
        file.write_text(text)
        sys.modules.pop("written_twice", None)
        function = vars(__import__("written_twice"))["node"]
        assert "".join(source_lines(function)[0]) == text


def made_by_exec() -> Callable[[], None]:
    held: dict[str, Callable[[], None]] = {}
    exec("def node(): pass", held)  # noqa: S102
    return held["node"]


def test_a_function_without_a_source_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken for its source, nor what `python -c` was given, which has the same name from 3.13 on."""
    monkeypatch.setitem(linecache.cache, "<string>", (16, None, ["print('-c')\n"], "<string>"))
    function = made_by_exec()
    assert isinstance(function, FunctionType)
    with pytest.raises(OSError, match="no source of node"):
        source_lines(function)
