"""Deliveries that come again: at once, later, as a retry, in another order, at another bot: one effect each."""

from __future__ import annotations

import asyncio
import math
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp
import psycopg
from pydantic import SecretStr

from bot.sandbox import Delivery, Sandbox, signed_headers
from bot.sandbox.timing import Timing
from tests.faults.figures import Figure, Plan
from tests.faults.forging import wire
from tests.journeys.office import Office, at_work, settings
from tests.journeys.people import CHANNEL
from tests.postgres import postgres
from tests.unhurried import unhurried
from tests.waiting import eventually

Setting = Literal["signed HTTP", "Socket Mode", "two bots on PostgreSQL"]
TRIALS: Mapping[Setting, int] = {"signed HTTP": 6_000, "Socket Mode": 2_500, "two bots on PostgreSQL": 2_000}
COPIES = 5
"""How often a delivery comes at the same time."""
ACTS = 8
"""What people send in one story."""
REPLAYS = 100
"""How many repetitions of anything sent so far come beside the next story."""
AT_ONCE = 16
NOBODY = "http://127.0.0.1:9/nobody"
ENTRIES = {"amount": "4200", "purpose": "A desk", "category": "Other"}
LIMIT_S = 60
SWEEP_S, SLOW_S = 0.02, 0.05


class Post:
    """Brings what people send to one bot or several by signed HTTP, and brings it again."""

    def __init__(self, office: Office, doors: list[str], draw: random.Random) -> None:
        self._office, self._doors, self._draw = office, doors, draw
        self._sent: list[tuple[bytes, dict[str, str]]] = []
        self._session = aiohttp.ClientSession()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.statuses: Counter[int] = Counter()
        office.sandbox.deliver_to(NOBODY)  # what people do is taken from the sandbox's log instead

    async def deliver(self, act: Awaitable[Any]) -> None:
        """Send what somebody does several times at once, to each door in turn."""
        before = len(self._office.sandbox.deliveries)
        await act
        body, content_type = wire(self._office.sandbox.deliveries[before])
        headers = {"Content-Type": content_type, **signed_headers(body)}
        self._sent.append((body, headers))
        doors = (self._doors * COPIES)[: max(COPIES, len(self._doors))]
        await asyncio.gather(*(self._posted(door, body, headers) for door in doors))

    async def repeat(self, count: int) -> None:
        """Send `count` of what was sent before: the same bytes, or signed anew with the headers of a retry."""
        await asyncio.gather(*(self._repeat() for _ in range(count)))

    async def close(self) -> None:
        await self._session.close()

    async def _repeat(self) -> None:
        body, headers = self._draw.choice(self._sent)
        if self._draw.random() < 0.5:
            headers = {**headers, **signed_headers(body), "X-Slack-Retry-Num": "1"}
        await self._posted(self._draw.choice(self._doors), body, headers)

    async def _posted(self, door: str, body: bytes, headers: dict[str, str]) -> None:
        async with self._gate, self._session.post(door, data=body, headers=headers) as response:
            await response.read()
            self.statuses[response.status] += 1


class Envelopes:
    """The same over a socket, each repetition in an envelope of its own."""

    def __init__(self, office: Office, draw: random.Random) -> None:
        self._office, self._draw = office, draw
        self._sent: list[Delivery] = []
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._turn = asyncio.Lock()
        self.statuses: Counter[int] = Counter()

    async def deliver(self, act: Awaitable[Any]) -> None:
        """Send what somebody does several times at once."""
        sandbox = self._office.sandbox
        async with self._turn:
            sandbox.faults.deliveries(duplicate=COPIES)
            before = len(sandbox.deliveries)
            await act
        delivery = next(each for each in sandbox.deliveries[before:] if len(each.ack.others) == COPIES - 1)
        self._sent.append(delivery)
        self.statuses.update((delivery.ack.status, *(each.status for each in delivery.ack.others)))

    async def repeat(self, count: int) -> None:
        """Send `count` of what was sent before."""
        chosen = [self._draw.choice(self._sent) for _ in range(count)]
        async with self._turn:  # the sandbox's orders of faults are for what people do
            await asyncio.gather(*map(self._repeat, chosen))

    async def close(self) -> None:
        """Nothing is held."""

    async def _repeat(self, delivery: Delivery) -> None:
        async with self._gate:
            self.statuses[(await self._office.sandbox.redeliver(delivery)).status] += 1


Carrier = Post | Envelopes


@dataclass(frozen=True)
class Scene:
    """An office, who carries its deliveries, and a way to count rows past the product."""

    office: Office
    carrier: Carrier
    count: Callable[[str], int]


async def measure(plan: Plan) -> list[Figure]:
    """Play stories in each setting until enough has come twice."""
    figures = []
    for setting, trials in TRIALS.items():
        folder = plan.folder / setting.replace(" ", "-")
        folder.mkdir(mode=0o700)
        async with AsyncExitStack() as stack:
            url = None
            if setting == "two bots on PostgreSQL":
                url = stack.enter_context(postgres(folder, is_durable=True))
            figures.append(
                await played(setting, plan.of(trials), seed=plan.seed, folder=folder, database_url=url)
            )
    return figures


async def played(
    setting: Setting, trials: int, *, seed: int, folder: Path, database_url: str | None = None
) -> Figure:
    """Play so many stories, with repetitions beside them, that `trials` deliveries were no first ones."""
    draw = random.Random(seed)  # noqa: S311  the same stories for the same seed
    async with AsyncExitStack() as stack:
        scene = await _opened(stack, setting, draw, folder=folder, database_url=database_url)
        stories = math.ceil(trials / (REPLAYS + ACTS * (COPIES - 1)))
        for number in range(stories):
            repeating = scene.carrier.repeat(REPLAYS if number else 0)
            await asyncio.gather(tell_story(scene, number), repeating)
        await scene.carrier.repeat(REPLAYS)
        await eventually(lambda: _is_over(scene), timeout_s=LIMIT_S)
        sent = scene.carrier.statuses.total()
        return Figure(
            f"deliveries that came before, by {setting}",
            sent - ACTS * stories,
            violations(scene, stories),
            f"{stories} requests, {ACTS * stories:,} first deliveries",
        )


async def tell_story(scene: Scene, number: int) -> None:
    """One request from command to end: a stranger tries, two approvers are at it at once, and one comes late."""
    office, deliver = scene.office, scene.carrier.deliver
    rita, amy, ben, otto = office.rita, office.amy, office.ben, office.otto
    await deliver(office.sandbox.slash(rita.id, CHANNEL, "/approvals start expense"))
    await _form_of(office, rita.id)
    await deliver(rita.fills_in(ENTRIES))
    await office.sandbox.until(lambda: len(rita.told()) > number, timeout_s=LIMIT_S)
    await _closed(office, rita.id)
    case = await rita.finds(rita.told()[number].partition(" as run ")[2][:12])
    card = await case.asks()
    await deliver(otto.clicks(card, "approve"))
    await deliver(amy.clicks(card, "reject"))
    await _form_of(office, amy.id)
    late, first = (ben.clicks(card, "approve"), office.sandbox.submit(amy.id, {"reason": "No"}))
    if number % 2:
        late, first = first, late
    await deliver(first)
    await deliver(late)
    await _closed(office, amy.id)
    await deliver(ben.clicks(card, "edit"))
    await deliver(office.sandbox.open_home(otto.id))
    await case.ends()


def violations(scene: Scene, stories: int) -> list[str]:
    """Count everything that a delivery can bring about: each first one did it once, and no other did anything."""
    calls = Counter(call.method for call in scene.office.sandbox.transcript)
    posted = [
        call.args["metadata"]["event_payload"]["posting"]
        for call in scene.office.sandbox.transcript
        if call.method == "chat.postMessage"
    ]
    audit = "SELECT count(*) FROM assent_audit WHERE kind ="
    late_ones = stories // 2  # each odd story: a form that is refused; each even one: a click that is told
    found = {
        "statuses other than 200": (scene.carrier.statuses.total() - scene.carrier.statuses[200], 0),
        "runs": (scene.count("SELECT count(*) FROM assent_runs"), stories),
        "decisions": (scene.count("SELECT count(*) FROM assent_decisions"), stories),
        "decided entries": (scene.count(f"{audit} 'decided'"), stories),
        "resumed entries": (scene.count(f"{audit} 'resumed'"), stories),
        "refused entries": (scene.count(f"{audit} 'refused'"), 3 * stories),
        "drafts": (scene.count("SELECT count(*) FROM assent_drafts"), 0),
        "messages posted twice": (len(posted) - len(set(posted)), 0),
        "messages beside the postings": (
            len(posted) - scene.count("SELECT count(*) FROM assent_postings"),
            0,
        ),
        "forms opened": (calls["views.open"], 2 * stories),
        "homes drawn": (calls["views.publish"], stories),
        "told to Rita": (len(scene.office.rita.told()), stories),
        "told to Otto": (len(scene.office.otto.told()), stories),
        "told to Amy": (len(scene.office.amy.told()), 0),
        "told to Ben": (len(scene.office.ben.told()), stories + (stories - late_ones)),
    }
    return [f"{what}: {seen}, not {right}" for what, (seen, right) in found.items() if seen != right]


async def _opened(
    stack: AsyncExitStack,
    setting: Setting,
    draw: random.Random,
    *,
    folder: Path,
    database_url: str | None,
) -> Scene:
    sandbox = await stack.enter_async_context(Sandbox(timing=Timing(retries_s=())))
    made = settings(
        sandbox, folder, door="socket" if setting == "Socket Mode" else "http", app=unhurried(folder)
    )
    if database_url is not None:
        made = made.model_copy(update={"assent_database_url": SecretStr(database_url)})
    bots = 2 if setting == "two bots on PostgreSQL" else 1
    offices = [await stack.enter_async_context(at_work(sandbox, made)) for _ in range(bots)]
    carrier: Carrier
    if setting == "Socket Mode":
        carrier = Envelopes(offices[0], draw)
    else:
        carrier = Post(offices[0], [str(each.bot.slack_url) for each in offices], draw)
    stack.push_async_callback(carrier.close)
    if bots > 1:
        sweeping = asyncio.create_task(_sweep_without_end(offices))
        stack.callback(sweeping.cancel)

    def count(query: str) -> int:
        if database_url is not None:
            with psycopg.connect(database_url) as there:
                return int(there.execute(query.encode()).fetchone()[0])  # type: ignore[index]  # count(*) gives a row
        with closing(sqlite3.connect(folder / "assent.db")) as here:
            return int(here.execute(query).fetchone()[0])

    return Scene(offices[0], carrier, count)


async def _sweep_without_end(offices: list[Office]) -> None:
    """Have each bot look all the time for what is not shown yet, while Slack takes its time with every message."""
    while True:
        for office in offices:
            if not office.sandbox.faults.pending:
                office.sandbox.faults.next("chat.postMessage", delay_s=SLOW_S)
            await office.desk.wake_behind()
            await asyncio.sleep(SWEEP_S)


async def _form_of(office: Office, user_id: str) -> None:
    await office.sandbox.until(lambda: office.sandbox.views(user_id), timeout_s=LIMIT_S)


async def _closed(office: Office, user_id: str) -> None:
    """Close the form if it is still there: it is when the ack went past the sandbox, or said what was wrong."""
    if office.sandbox.views(user_id):
        await office.sandbox.close(user_id)


async def _is_over(scene: Scene) -> bool:
    left = "SELECT count(*) FROM assent_runs WHERE status <> 'finished' OR mirrored < revision"
    return scene.count(left) == 0
