"""Requests that no Slack sends, at a running bot over real HTTP: no 5xx, no change, no word of them in the log."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.sandbox import Delivery
from bot.terminal import Lines
from tests.faults.figures import Figure, Plan
from tests.faults.forging import KINDS, MARK, Request
from tests.faults.ledger import at_rest, changes
from tests.journeys.office import Office, opened

TRIALS = 5_000
AT_ONCE = 16
LIMIT_S = 20
ENTRIES = {"amount": "4200", "purpose": f"A desk, {MARK}", "category": "Other"}


@dataclass
class Outcome:
    """What came of the requests, by their kind."""

    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    violations: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def figures(self) -> list[Figure]:
        """Make a line of each kind."""
        return [
            Figure(f"{kind} requests", seen.total(), self.violations[kind], _told(seen))
            for kind, seen in self.statuses.items()
        ]


class Log(logging.Handler):
    """Keeps every line as the terminal shows it, and apart from these what the terminal leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.left_out: list[str] = []
        self.setFormatter(Lines())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        self.left_out.append(record.getMessage())
        if record.exc_info:
            self.left_out.append(logging.Formatter().formatException(record.exc_info))

    def violations(self) -> list[str]:
        """Say which lines quote a request, shown or not, and which show a traceback."""
        quoting = [line for line in (*self.lines, *self.left_out) if MARK in line]
        traced = [line for line in self.lines if "Traceback" in line]
        return [f"The log says: {line[-300:]}" for line in (*quoting, *traced)]


async def measure(plan: Plan) -> list[Figure]:
    """Send them all to one bot on SQLite, and hold its ledger against what it held before."""
    total, draw = plan.of(TRIALS), random.Random(plan.seed)  # noqa: S311  the same requests for the same seed
    outcome, database = Outcome(), plan.folder / "assent.db"
    async with opened(plan.folder) as office:
        real = await real_deliveries(office)
        before = await at_rest(database)
        with listening() as log:
            kinds = draw.choices(list(KINDS), weights=[share for share, _ in KINDS.values()], k=total)
            await _send_all(office, [KINDS[kind][1](real, draw) for kind in kinds], outcome)
            after = await at_rest(database)
        left = changes(before, after) + log.violations()
        if "What you can do here" not in await office.rita.types("/approvals help"):
            left.append("The bot does not answer any more.")
    return [*outcome.figures(), Figure("rows of the ledger, lines of the log", total, left)]


async def real_deliveries(office: Office) -> list[Delivery]:
    """Have people send everything that there is, and return those that nobody could decide anything with.

    They are a stranger's, a requester's, and approvers' about a question that is decided already.
    """
    decided = await office.rita.starts("expense", **ENTRIES)
    card = await decided.asks()
    await office.ben.clicks(card, "edit")
    await office.amy.approves(card)
    await decided.ends()
    deciding = len(office.sandbox.deliveries)
    await office.ben.fills_in({"amount": "9"})
    await office.ben.clicks(card, "reject")
    waiting = await (await office.rita.starts("expense", **ENTRIES)).asks()
    for person in (office.otto, office.rita):
        for button in ("approve", "reject", "edit"):
            await person.clicks(waiting, button)
    for text in ("start expense", "list", "show x", "help", "", f"start {MARK}"):
        await office.otto.types(f"/approvals {text}")
    await office.otto.fills_in(ENTRIES)
    await office.otto.types("/approvals start expense")
    await office.sandbox.close("otto")
    await office.sandbox.open_home("otto")
    return [each for each in office.sandbox.deliveries[deciding:] if each.ack.status]


@contextmanager
def listening() -> Iterator[Log]:
    """Hear all that a bot in production logs, and more of its own."""
    log, root, own = Log(), logging.getLogger(), logging.getLogger("assent")
    before = own.level
    root.addHandler(log)
    own.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        root.removeHandler(log)
        own.setLevel(before)


async def _send_all(office: Office, requests: Sequence[Request], outcome: Outcome) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    url = urlsplit(str(office.bot.slack_url))

    async def one(request: Request) -> None:
        async with gate:
            status = await _sent(str(url.hostname), int(url.port or 0), url.path, request)
        outcome.statuses[request.kind][status] += 1
        if status not in request.allowed:
            headers = {name: value[:100] for name, value in request.headers.items()}
            outcome.violations[request.kind].append(
                f"{status} for {request.method} {headers} {request.body[:300]!r}"
            )

    await asyncio.gather(*map(one, requests))


async def _sent(host: str, port: int, path: str, request: Request) -> int:
    """Write a request byte for byte, whatever its headers are, and return the status; 0: no answer came."""
    headers = {
        "Host": f"{host}:{port}",
        "Connection": "close",
        "Content-Length": str(len(request.body)),
        **request.headers,
    }
    lines = [
        f"{request.method} {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
        "",
        "",
    ]
    reader, writer = await asyncio.open_connection(host, port)
    try:
        with suppress(ConnectionError):  # a refusal may come before everything is written
            writer.write("\r\n".join(lines).encode() + request.body)
            await writer.drain()
        answer = await asyncio.wait_for(reader.readline(), LIMIT_S)
    except (ConnectionError, TimeoutError):
        return 0
    finally:
        writer.close()
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found[1]) if found else 0


def _told(statuses: Counter[int]) -> str:
    return ", ".join(f"{status}: {times:,}" for status, times in sorted(statuses.items()))
