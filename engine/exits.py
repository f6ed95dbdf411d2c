"""Keeps a node that calls `sys.exit()` from ending the process: for the run it is an error like any other.

asyncio raises it again from the task to whoever runs the event loop (CPython 3.11, asyncio.tasks), so it has to be
caught inside the task that LangGraph makes for the node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final


class NodeExited(RuntimeError):
    """A node wanted to end the process, as `sys.exit()` does."""


_IS_RUNNING_NODES: Final[ContextVar[bool]] = ContextVar("is_running_nodes", default=False)


def keep_running(loop: asyncio.AbstractEventLoop) -> None:
    """Let no task that begins within `running_nodes` end the process; others are as they were."""
    inner = loop.get_task_factory()

    def create(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> asyncio.Future[Any]:
        kept = _Kept(coro) if _IS_RUNNING_NODES.get() else coro
        return inner(loop, kept, **more) if inner else asyncio.Task(kept, loop=loop, **more)

    loop.set_task_factory(create)


@contextmanager
def running_nodes() -> Iterator[None]:
    """Mark that tasks which begin in this block, and within them, run the nodes of a graph."""
    token = _IS_RUNNING_NODES.set(True)
    try:
        yield
    finally:
        _IS_RUNNING_NODES.reset(token)


class _Kept(Coroutine[Any, Any, Any]):
    """A coroutine whose SystemExit is an error. It is none around the other, which may be closed before it begins."""

    def __init__(self, inner: Coroutine[Any, Any, Any]) -> None:
        self._inner = inner
        self.__name__ = getattr(inner, "__name__", type(inner).__name__)
        self.__qualname__ = getattr(inner, "__qualname__", self.__name__)

    def send(self, value: Any) -> Any:
        with _as_error():
            return self._inner.send(value)

    def throw(self, *raised: Any) -> Any:
        with _as_error():
            return self._inner.throw(*raised)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()


@contextmanager
def _as_error() -> Iterator[None]:
    try:
        yield
    except SystemExit as error:
        raise NodeExited(f"A node wanted to end the process: SystemExit({error.code!r}).") from error
