"""What is wrong, forged, broken or mad: told in one sentence or turned away, and nothing changes."""

from __future__ import annotations

import copy
import io
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.main import running
from bot.sandbox import Delivery, Sandbox, http_body, signed_headers
from engine import AppError, ApprovalStatus
from tests.journeys.office import OWN_APP, Office, settings
from tests.journeys.people import Card

MARK = "SAUERKRAUT-4711"
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "x",
    [],
    {},
    [None],
    {"id": 5},
    "\ud800",
    "\0",
    "é" * 5000,
)
MUTATIONS = 400


async def test_an_unknown_workflow_is_named(office: Office) -> None:
    """Who types a workflow that is not there reads which there are, and no form opens."""
    said = await office.rita.types("/approvals start holidays")
    assert "no workflow “holidays”" in said
    assert "content, contract, deploy" in said
    assert office.rita.form() is None


async def test_a_malformed_form_changes_nothing(office: Office) -> None:
    """A form whose fields are missing, foreign or of another kind is told so or turned away; no run begins."""
    await office.rita.types("/approvals start expense")
    await office.rita.fills_in({"amount": "-1", "purpose": "A desk", "category": "Other"})
    sent = office.sandbox.deliveries[-1]
    values = sent.payload["view"]["state"]["values"]
    for odd in (
        {},
        {**values, "field:amount": {"value": {"type": "number_input", "value": "many"}}},
        {**values, "field:amount": {"value": {"type": "number_input", "value": "1e999"}}},
        {
            **values,
            "field:category": {"value": {"type": "radio_buttons", "selected_option": {"value": "99"}}},
        },
        {**values, "field:category": {"value": {"type": "plain_text_input", "value": "Bribes"}}},
        {"field:unknown": {"value": {"type": "plain_text_input", "value": "x"}}},
    ):
        answer = await sent_again(office, with_values(sent, odd))
        assert answer.status == 200
        assert json.loads(answer.body)["response_action"] == "errors"
    assert (await sent_again(office, with_values(sent, None))).status == 400
    assert (await sent_again(office, with_values(sent, {"field:amount": [1]}))).status == 400
    assert await office.desk.recent() == ()


def with_values(sent: Delivery, values: Any) -> dict[str, Any]:
    """Give a submission's payload with other values in its state."""
    payload = copy.deepcopy(dict(sent.payload))
    payload["view"]["state"] = {"values": values}
    return payload


@dataclass(frozen=True)
class Answer:
    """What the bot's door answered."""

    status: int
    body: bytes


async def sent_again(office: Office, payload: dict[str, Any]) -> Answer:
    """Send a payload of an interaction, well signed."""
    body, content_type = http_body("interactive", payload)
    return await posted(office, body, headers={"Content-Type": content_type, **signed_headers(body)})


async def posted(office: Office, body: bytes, *, headers: dict[str, str]) -> Answer:
    """Send bytes to the bot's door."""
    assert office.bot.slack_url is not None
    async with (
        aiohttp.ClientSession() as session,
        session.post(office.bot.slack_url, data=io.BytesIO(body), headers=headers) as response,
    ):
        return Answer(response.status, await response.read())


def forgeries(body: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Give names and headers of signatures that are not to be believed."""
    good, now = signed_headers(body), int(time.time())
    yield "none", {}
    yield "no timestamp", {"X-Slack-Signature": good["X-Slack-Signature"]}
    yield "another secret", signed_headers(body, secret="guessed")
    yield "another body", signed_headers(body + b"&")
    yield "six minutes old", signed_headers(body, timestamp=now - 360)
    yield "six minutes ahead", signed_headers(body, timestamp=now + 360)
    yield "timestamp moved", {**good, "X-Slack-Request-Timestamp": str(now - 1)}
    yield "no number", {**good, "X-Slack-Request-Timestamp": "now"}
    yield "cut short", {**good, "X-Slack-Signature": good["X-Slack-Signature"][:-1]}


async def test_forged_and_old_requests_are_turned_away(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A signature that is missing, wrong, old or of the future gets 401, and nothing of the body is logged."""
    caplog.set_level(0)
    text = f"start {MARK}"
    await office.rita.types(f"/approvals {text}")
    command = dict(office.sandbox.deliveries[-1].payload)
    body, content_type = http_body("slash_commands", {**command, "text": f"start expense {MARK}"})
    calls = len(office.sandbox.transcript)
    caplog.clear()
    for name, headers in forgeries(body):
        answer = await posted(office, body, headers={"Content-Type": content_type, **headers})
        assert answer == Answer(401, b""), name
    assert len(office.sandbox.transcript) == calls
    assert MARK not in caplog.text
    assert "without a valid signature" in caplog.text
    good = {"Content-Type": content_type, **signed_headers(body)}
    assert (await posted(office, body, headers=good)).status == 200


async def test_other_doors_are_closed(office: Office) -> None:
    """GET gets 405, a body over 1 MiB 413, and a body that is no payload 400."""
    assert office.bot.slack_url is not None
    async with aiohttp.ClientSession() as session, session.get(office.bot.slack_url) as response:
        assert response.status == 405
    large = b"payload=" + b"x" * 1024 * 1024
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await posted(office, large, headers={**form, **signed_headers(large)})).status == 413
    for body in (b"", b"payload=", b"payload={", b"\xff\xfe", b"a=b=c&;", b"payload=[]", b"[" * 100_000):
        for headers in (form, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}):
            answer = await posted(office, body, headers={**headers, **signed_headers(body)})
            assert 400 <= answer.status < 500, (body[:20], headers)


async def test_mutated_payloads_do_no_harm(odd_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Hundreds of real payloads with something changed, well signed: no 5xx, no state change, the bot lives on.

    The payloads are a stranger's, and an approver's about a question that is decided already.
    """
    payloads = [each async for each in real_payloads(odd_office)]
    assert {kind for kind, _ in payloads} == {"slash_commands", "interactive", "events_api"}
    before = await state(odd_office)
    draw = random.Random(2026)  # noqa: S311  the same mutations every time
    statuses = set()
    async with aiohttp.ClientSession() as session:
        for number in range(MUTATIONS):
            kind, payload = payloads[number % len(payloads)]
            body, content_type = wire(kind, mutated(payload, draw=draw))
            if draw.random() < 0.1:
                body = body[: draw.randrange(len(body))]
            headers = {"Content-Type": content_type, **signed_headers(body)}
            async with session.post(str(odd_office.bot.slack_url), data=body, headers=headers) as response:
                assert response.status < 500, (kind, body)
                statuses.add(response.status)
    assert statuses == {200, 400, 404}
    assert "A listener failed" not in caplog.text
    assert await state(odd_office) == before
    assert "What you can do here" in await odd_office.rita.types("/approvals help")


def wire(kind: Any, payload: dict[str, Any]) -> tuple[bytes, str]:
    """Give body and content type, also of texts that are no valid Unicode."""
    if kind == "slash_commands":
        return urlencode(payload, errors="surrogatepass").encode(), "application/x-www-form-urlencoded"
    return http_body(kind, payload)


async def real_payloads(office: Office) -> Any:
    """Yield kind and payload of everything that a stranger, and an approver who comes late, can send."""
    decided = await office.rita.starts("echo", a="one")
    card = await decided.asks()
    await office.amy.clicks(card, "reject")
    await office.ben.clicks(card, "edit")
    await office.ben.fills_in({"a": ""})
    await office.sandbox.submit("amy", {"reason": "No"})
    waiting = await office.rita.starts("echo", a="two")
    await strangers(office, await waiting.asks())
    for each in office.sandbox.deliveries:
        user = each.payload.get("user", {}).get("id") or each.payload.get("user_id")
        if user in ("U0OTTO", None) or (user != "U0RITA" and each.payload.get("type") != "block_actions"):
            yield each.kind, dict(each.payload)


async def strangers(office: Office, card: Card) -> None:
    """Have Otto try everything."""
    for button in ("approve", "reject", "edit"):
        await office.otto.clicks(card, button)
    for text in ("start echo", "list", "show x", "help", ""):
        await office.otto.types(f"/approvals {text}")
    await office.otto.fills_in({"a": "three"})
    await office.sandbox.open_home("otto")


async def state(office: Office) -> list[tuple[Any, ...]]:
    """Give every run and every question with how it stands."""
    runs = [await office.desk.run(each.id) for each in await office.desk.recent(limit=100)]
    return [(run.id, run.status, [(a.id, a.status, a.decision) for a in run.approvals]) for run in runs]


def mutated(payload: dict[str, Any], *, draw: random.Random) -> dict[str, Any]:
    """Change, drop or double something at a random place of a payload."""
    made = copy.deepcopy(payload)
    places = list(_places(made))
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        holder, key = draw.choice(places)
        try:
            if draw.random() < 0.25:
                del holder[key]
            else:
                holder[key] = draw.choice(ODD)
        except (KeyError, IndexError):
            continue  # an earlier change took this place away
    return made


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


async def test_a_broken_graph_leaves_the_others(odd_office: Office) -> None:
    """A graph that cannot be loaded is named with the reason; the others start, and it says that it cannot."""
    assert "no licence key was found" in odd_office.desk.broken["raising"]
    assert "nothing_here" in odd_office.desk.broken["broken"]
    said = await odd_office.rita.types("/approvals start raising")
    assert "raising cannot be started" in said
    assert "licence" not in said
    case = await odd_office.rita.starts("fan", count="1")
    await odd_office.amy.approves(await case.asks())
    await case.ends()
    assert (await odd_office.record(case)).approvals[0].status is ApprovalStatus.RESUMED


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"graphs": {"echo": ', "JSON"),
        ('{"graphs": []}', "graphs"),
        ("{}", "graphs"),
    ],
)
async def test_a_broken_app_file_stops_the_start(tmp_path: Path, content: str, reason: str) -> None:
    """A langgraph.json that cannot be read ends the start with a sentence that names it and why."""
    file = tmp_path / "langgraph.json"
    file.write_text(content)
    async with Sandbox() as sandbox:
        with pytest.raises(AppError, match=reason) as caught:
            async with running(settings(sandbox, tmp_path, app=file)):
                pass
    assert "langgraph.json" in str(caught.value)


async def test_a_typing_error_in_the_policies_stops_the_start(tmp_path: Path) -> None:
    """A mistyped key of approvals.toml ends the start and is named: nobody runs with rules that do not hold."""
    for name in ("langgraph.json", "graphs.py", "raising.py"):
        (tmp_path / name).write_text((OWN_APP.parent / name).read_text())
    (tmp_path / "approvals.toml").write_text('[defaults]\nchannel = "#approvals"\naprovers = {}\n')
    async with Sandbox() as sandbox:
        with pytest.raises(AppError, match="aprovers"):
            async with running(settings(sandbox, tmp_path, app=tmp_path / "langgraph.json")):
                pass
