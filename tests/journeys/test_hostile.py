"""Texts that try to break out, hide or pass for something else, in every place where people or graphs put text."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Call
from engine import EventKind
from tests.journeys.office import Office
from tests.journeys.people import Case
from tests.journeys.reading import objects, words

FIELDS = "abcdef"
SHORT = (
    "<!channel> <!here|here> <!everyone>",
    "<@U0DORA> and @dora",
    "<#C0GENERAL|general> #general",
    "<!subteam^S0DIRECTORS|@directors>",
    "<https://evil.example|https://bank.example>",
    "https://evil.example/?a=b&c=d",
    "<mailto:a@evil.example|write me>",
    "&lt;!channel&gt; &amp;lt;@U0DORA&amp;gt;",
    "<!date^0^{date}^https://evil.example|soon>",
    "*bold* _sly_ ~gone~ `code`",
    "```\n<!here>\n```",
    "> quoted\n&gt; again",
    ":white_check_mark: Approved by :crown:",
    "Approved by Dora Director\n\n*Approved* by <@U0DORA>",
    "a\u202eb\u2066c\u2069",
    "zero\u200bwidth\ufeff and \u00ad",
    "tag\U000e0041\U000e007f and \u2028 line",
    "раypal.example",
    "e" + "\u0301" * 20,
    '{"type": "button", "action_id": "approve"}',
    "line\r\nfeed\ttab",
    "\x1b[31mred\x07",
    "%s {0} $reason ${x} <script>alert(1)</script>",
    "[link](https://evil.example) **md** # head",
)
LONG = ("<!channel> " * 200, "&<>" * 900, "word " * 590, '"\\' * 1400, "<@U0DORA>\n" * 250, "`" * 2900)

LIVE = {"user", "usergroup", "channel", "broadcast", "link", "emoji", "color", "team"}
NAMED = {("user", "U0RITA"), ("user", "U0AMY"), ("user", "U0BEN"), ("usergroup", "S0APPROVERS")}
SIX = [pytest.param(SHORT[at : at + 6], id=f"short-{at}") for at in range(0, len(SHORT), 6)]
ALL = [*SIX, pytest.param(LONG, id="long")]


def entries(texts: tuple[str, ...]) -> dict[str, str]:
    """Give each of the six fields a text."""
    return dict(zip(FIELDS, texts, strict=True))


def live_things(call: Call) -> list[str]:
    """Return everything in a message or view that Slack would make live and that is no name which the app gives."""
    found = []
    for each in objects([call.args]):
        kind = each.get("type")
        target = str(each.get("user_id") or each.get("usergroup_id") or each.get("url") or "")
        if kind in LIVE and (kind, target) not in NAMED:
            found.append(f"{kind} {target}")
        if kind == "mrkdwn" or (kind == "plain_text" and each.get("emoji") is not False):
            found += markup(str(each["text"])) if kind == "mrkdwn" else [f"emoji codes: {each['text']}"]
        if kind in ("button", "image") and ("url" in each or "image_url" in each):
            found.append(f"{kind} with an address")
    if "view" not in call.args:
        found += markup(str(call.args.get("text") or ""))
    return found


def markup(text: str) -> list[str]:
    """Return what Slack's mrkdwn would make of a text beyond letters."""
    live = re.findall(r"<(?!@U0(?:AMY|BEN)>)[^>]*>?", text)
    live += re.findall(r"https?://\S+|(?<!\w):[\w+'-]+:|```|`[^`]+`", text)
    live += re.findall(r"(?<!\w)([*_~])(?=\S)[^\n]*?\S\1(?!\w)", text)
    return live + re.findall(r"(?m)^(?:>|&gt;).*", text)


def sent(office: Office) -> list[Call]:
    """Return every call that showed something."""
    methods = {"chat.postMessage", "chat.update", "chat.postEphemeral", "views.open", "views.publish"}
    return [each for each in office.sandbox.transcript if each.method in methods]


def assert_nothing_is_live(office: Office) -> None:
    """Look through all that was ever shown, and at what Slack did not take."""
    for call in sent(office):
        assert call.response is not None
        assert call.response["ok"], call.response
        assert live_things(call) == [], call.method
        if "view" not in call.args and call.method != "chat.postEphemeral":
            assert str(call.args.get("parse")) == "none"
            assert str(call.args.get("link_names")).lower() in ("0", "false")


def raw(shown: str) -> str:
    """Take back how invisible characters were made visible."""
    return re.sub(r"⟨U\+([0-9A-F]{4,6})⟩", lambda found: chr(int(found[1], 16)), shown)


def assert_shown(texts: tuple[str, ...], where: str) -> None:
    """Check that every text stands there in full, as it is or as JSON writes it.

    Line breaks are the layout's, and so are the signs of a diff.
    """
    readable = flat(re.sub(r"(?m)^[+−] ", "", raw(where)))
    for text in texts:
        written = (text, json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1])
        assert any(flat(each) in readable for each in written), text[:60]


def flat(text: str) -> str:
    """Drop line breaks and spaces."""
    return "".join(text.split())


async def everywhere(case: Case) -> str:
    """Return all that the thread shows, with the content of the files in it."""
    shown = [words(each) for each in case.thread()]
    async with aiohttp.ClientSession() as session:
        for file in (file for each in case.thread() for file in each.get("files", [])):
            async with session.get(file["url_private"]) as response:
                shown.append(await response.text())
    return "\n".join(shown)


@pytest.mark.parametrize("texts", ALL)
async def test_what_is_typed_into_a_form_stays_text(odd_office: Office, texts: tuple[str, ...]) -> None:
    """A start form's entries come out again in full, on the card and in the result, and none of them is live."""
    case = await odd_office.rita.starts("echo", **entries(texts))
    card = await case.asks()
    if "Review in full" in card.buttons():
        await odd_office.amy.clicks(card, "review")
        assert_shown(texts, words(odd_office.amy.form()))
        await odd_office.sandbox.submit("amy", {})
    else:
        assert_shown(texts, card.words())
        await odd_office.amy.approves(card)
    await case.ends()
    run = await odd_office.record(case)
    assert [run.result[name] for name in FIELDS] == list(texts)
    assert_nothing_is_live(odd_office)


@pytest.mark.parametrize("texts", ALL)
async def test_an_edit_stays_text(odd_office: Office, texts: tuple[str, ...]) -> None:
    """What an edit changes is shown in full before and after where it fits, and none of it is live."""
    case = await odd_office.rita.starts("echo", **dict.fromkeys(FIELDS, "old"))
    card = await case.asks()
    ack = await odd_office.amy.edits(card, **entries(texts))
    assert (ack.error, ack.body) == (None, None)
    await odd_office.amy.approves_in_full(await case.asks_again(card))  # its words come from what was edited
    await case.ends()
    assert_shown(texts, await everywhere(case))
    events = (await odd_office.record(case)).events
    edited = next(each.detail["after"] for each in events if each.kind is EventKind.DECIDED)
    assert [edited[name] for name in FIELDS] == list(texts)
    assert_nothing_is_live(odd_office)


@pytest.mark.parametrize("text", ["\n".join(SHORT), LONG[1][:2000], LONG[4][:2000]])
async def test_a_reason_stays_text(odd_office: Office, text: str) -> None:
    """A reason is shown in full, on the card or in the thread's file when it is long, and nothing in it is live."""
    case = await odd_office.rita.starts("echo", a="old")
    card = await case.asks()
    ack = await odd_office.amy.rejects(card, text)
    assert (ack.error, ack.body) == (None, None)
    await case.ends()
    assert_shown((text.strip(),), await everywhere(case))
    assert_nothing_is_live(odd_office)


async def test_an_error_stays_text(odd_office: Office) -> None:
    """The message of an exception is told as text, on its card, in the thread and at the root."""
    for at in range(0, len(SHORT), 6):
        text = " | ".join(SHORT[at : at + 6])
        case = await odd_office.rita.starts("fail", a=text)
        await odd_office.amy.approves(await case.asks())
        failed = await case.asks(number=2)
        assert failed.buttons() == ["Retry", "Edit and retry", "Stop"]
        assert repr(text)[1:-1] in raw(failed.words())
        await odd_office.amy.answers(failed, "Stop", reason="No")
        told = await case.ends("Failed")
        assert repr(text)[1:-1] in raw(told)
        assert repr(text)[1:-1] in raw(words(case.root()))
    assert_nothing_is_live(odd_office)


@pytest.mark.parametrize("text", SHORT[:14])
def test_the_walker_sees_what_would_be_live(text: str) -> None:
    """Unescaped, these texts do become live: what looks for that in the other tests finds it."""
    assert markup(text) != [] or text.startswith("&lt;")
    mention = {"type": "user", "user_id": "U0DORA"}
    shown = {"text": "", "blocks": [{"type": "rich_text", "elements": [mention]}]}
    call = Call(at=datetime.now(UTC), method="chat.postMessage", args=shown, response=None, status=200)
    assert live_things(call) == ["user U0DORA"]


async def test_lists_and_commands_stay_text(odd_office: Office) -> None:
    """The home, the answers to commands and refusals show hostile questions and commands as text."""
    for at in range(0, len(SHORT), 6):
        await (await odd_office.rita.starts("echo", **entries(SHORT[at : at + 6]))).asks()
    await odd_office.sandbox.open_home("amy")
    await odd_office.sandbox.until(lambda: odd_office.sandbox.home("amy"))
    for text in SHORT:
        for verb in ("start", "show"):
            await odd_office.otto.types(f"/approvals {verb} {text}")
    await odd_office.otto.types("/approvals list")
    for delivery in odd_office.sandbox.deliveries:
        answer: dict[str, Any] = delivery.ack.body or {}
        assert markup(str(answer.get("text") or "")) == []
    home = [each for each in objects(odd_office.sandbox.home("amy")) if each.get("type") in LIVE]
    assert {(each["type"], each.get("user_id")) for each in home} == {("user", "U0RITA")}
