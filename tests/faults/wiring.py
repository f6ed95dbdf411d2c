"""Puts the points of death into the product from outside: nothing in it knows of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import Desk, SQLModelSaver, migrations
from engine.ledger import Ledger
from engine.runner import Runner
from tests.faults.points import reached


def wire() -> None:
    """Wrap what lies at each point, for the rest of this process."""
    _before(Ledger, "transact", "K1")
    _before(SQLModelSaver, "aput", "K6")
    _after(Desk, "intend_posting", "K8")
    _before(Desk, "record_posting", "K9")
    _after(Runner, "_take", "K10")
    applied = migrations.apply

    def apply(*given: Any, **more: Any) -> bool:
        is_done = applied(*given, **more)
        reached("K11")
        return is_done

    setattr(migrations, "apply", apply)  # noqa: B010 - mypy takes an assignment for a mistake


def _before(owner: type, name: str, point: str) -> None:
    inner: Callable[..., Any] = getattr(owner, name)

    async def wrapped(*args: Any, **more: Any) -> Any:
        reached(point)
        return await inner(*args, **more)

    setattr(owner, name, wrapped)


def _after(owner: type, name: str, point: str) -> None:
    inner: Callable[..., Any] = getattr(owner, name)

    async def wrapped(*args: Any, **more: Any) -> Any:
        result = await inner(*args, **more)
        reached(point)
        return result

    setattr(owner, name, wrapped)
