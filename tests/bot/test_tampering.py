"""Clicks and forms with altered content, in any order, and while the database is away: nothing slips through."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from pydantic import SecretStr

from bot.main import running
from bot.sandbox import Ack, Delivery, Sandbox
from engine import ApprovalStatus, EventKind, RunStatus
from tests.bot.standing import CHANNEL, Standing, button, settings, standing

SEED: Final = 20261126
ENDED: Final = "Finished with this result:"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Standing]:
    """A bot behind the HTTP door."""
    async with standing(tmp_path) as made:
        yield made


def slip_of(card: dict[str, Any]) -> dict[str, Any]:
    """Read what the card's Approve carries."""
    clicked = button(card, "approve")
    assert clicked is not None
    return dict(json.loads(clicked["value"]))


def flipped(text: str) -> str:
    """Change one bit of the last hexadecimal digit."""
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


async def decided(at: Standing) -> int:
    """Count the decisions of all runs."""
    runs = [await at.desk.run(run.id) for run in await at.desk.recent()]
    return sum(event.kind is EventKind.DECIDED for run in runs for event in run.events)


async def test_t15_a_button_that_was_altered_decides_nothing(at: Standing) -> None:
    """Another question's id, a guessed one, another revision, one bit of the digest, more, less or no JSON at all."""
    mine, other = await at.card(amount=1), await at.card(amount=2)
    slip, strange = slip_of(mine), slip_of(other)
    altered = [
        {**slip, "a": strange["a"]},
        {**slip, "d": strange["d"]},
        {**slip, "a": flipped(slip["a"])},
        {**slip, "r": slip["r"] + 1},
        {**slip, "d": flipped(slip["d"])},
        {**slip, "d": slip["d"][:8]},
        {**slip, "a": f"{slip['a']}' OR '1'='1"},
        {**slip, "thread": "another"},
        {key: slip[key] for key in ("a", "r")},
        [slip],
    ]
    for value in [*(json.dumps(each) for each in altered), "", "approve"]:
        forged = deepcopy(mine)
        clicked = button(forged, "approve")
        assert clicked is not None
        clicked["value"] = value
        await at.sandbox.click("U0AMY", CHANNEL, mine["ts"], "approve", message=forged)
    assert await decided(at) == 0
    assert (await at.sandbox.click("U0AMY", CHANNEL, mine["ts"], "approve")).error is None
    assert await decided(at) == 1


async def test_t16_a_form_whose_metadata_was_altered_decides_nothing(at: Standing) -> None:
    """Another question, revision or digest in a form's metadata is refused in the form; as it was, it counts once."""
    mine, other = await at.card(amount=1), await at.card(amount=2)
    await at.sandbox.click("U0AMY", CHANNEL, mine["ts"], "reject")
    await at.sandbox.submit("U0AMY", {"reason": " "})  # refused, and the form stays open
    sent = at.sandbox.deliveries[-1]
    slip, strange = slip_of(mine), slip_of(other)
    for altered in (
        {**slip, "a": strange["a"]},
        {**slip, "r": slip["r"] + 1},
        {**slip, "d": flipped(slip["d"])},
    ):
        ack = await at.sandbox.redeliver(_filled(sent, json.dumps(altered)))
        assert list((ack.body or {})["errors"]) == ["reason"]
    assert await decided(at) == 0
    await at.sandbox.submit("U0AMY", {"reason": "Too much"})
    again = await at.sandbox.redeliver(at.sandbox.deliveries[-1])
    assert (again.error, (again.body or {}).get("errors")) == (None, None)
    assert await decided(at) == 1


def _filled(sent: Delivery, metadata: str) -> Delivery:
    """Give a form that was sent with a reason and with other metadata."""
    view = deepcopy(sent.payload["view"])
    view["private_metadata"] = metadata
    for element in view["state"]["values"]["reason"].values():
        element["value"] = "Too much"
    return replace(sent, payload={**sent.payload, "view": view})


async def test_f07_whatever_comes_first_decides_and_all_orders_end_alike(at: Standing) -> None:
    """A click and two forms in each of their six orders, then all again in any order: the first of them decides."""
    chance = random.Random(SEED)  # noqa: S311  a seed makes it the same each time
    by = {"click": "U0AMY", "reject": "U0BEN", "edit": "U0DORA"}
    for number, order in enumerate(permutations(by)):
        card = await at.card(amount=100 + number)
        for user, action in (("U0BEN", "reject"), ("U0DORA", "edit")):
            await at.sandbox.click(user, CHANNEL, card["ts"], action)
        before = len(at.sandbox.deliveries)
        for name in order:
            await _sent(at, name, card)
        late = at.sandbox.deliveries[before:]
        for delivery in chance.sample(late, k=len(late)):
            await at.sandbox.redeliver(delivery)
        for user in ("U0BEN", "U0DORA"):
            while at.sandbox.views(user):
                await at.sandbox.close(user)
        await at.sandbox.until(partial(has_ended, at, card))
        (newest,) = await at.desk.recent(limit=1)
        run = await at.desk.run(newest.id)
        made = [event for event in run.events if event.kind is EventKind.DECIDED]
        assert [event.actor_id for event in made] == [by[order[0]]]
        assert (run.status, lines(at, card).count(ENDED)) == (RunStatus.FINISHED, 1)


def lines(at: Standing, card: dict[str, Any]) -> list[str]:
    """Give the text of every message of the card's thread."""
    return [str(each["text"]) for each in at.sandbox.thread(CHANNEL, card["thread_ts"])]


def has_ended(at: Standing, card: dict[str, Any]) -> bool:
    """Say whether the card's thread tells the end."""
    return ENDED in lines(at, card)


async def _sent(at: Standing, name: str, card: dict[str, Any]) -> Ack:
    """Do what one of the people does with the card, or with a form of it that was opened before."""
    acts: dict[str, Callable[[], Awaitable[Ack]]] = {
        "click": lambda: at.sandbox.click("U0AMY", CHANNEL, card["ts"], "approve", message=card),
        "reject": lambda: at.sandbox.submit("U0BEN", {"reason": "No"}),
        "edit": lambda: at.sandbox.submit("U0DORA", {"field:amount": "7"}),
    }
    return await acts[name]()


async def test_f11_while_the_database_is_away_no_click_counts(tmp_path: Path, postgres_url: str) -> None:
    """The click is acknowledged, the person is told that nothing was recorded, and a later click counts."""
    async with Sandbox() as sandbox:
        made = settings(sandbox, tmp_path, mode="http")
        made = made.model_copy(update={"assent_database_url": SecretStr(postgres_url)})
        async with running(made) as bot:
            sandbox.deliver_to(bot.slack_url)
            at = Standing(sandbox=sandbox, bot=bot)
            card = await at.card()
            with psycopg.connect(postgres_url.replace("/test?", "/postgres?"), autocommit=True) as server:
                server.execute("ALTER DATABASE test ALLOW_CONNECTIONS false")
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test'"
                )
                ack = await sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
                assert (ack.status, ack.error) == (200, None)
                await at.told("U0AMY", "Nothing was recorded")
                server.execute("ALTER DATABASE test ALLOW_CONNECTIONS true")
            assert (await at.only_run()).approvals[0].status is ApprovalStatus.PENDING
            await sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
            assert (await at.only_run()).approvals[0].decision is not None
