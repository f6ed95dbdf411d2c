"""Some 230 hostile texts in every place: nothing of them is live, nothing hides, and all that is asked is shown."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from bot import cards
from bot.inert import visible
from bot.sandbox import Call, Sandbox
from bot.sandbox.limits import check_message, check_view
from engine import Question, Verdict
from tests.bot.hostile import live_parts, strings, texts, unseen
from tests.bot.runs import asked, run
from tests.faults.figures import Figure, Plan
from tests.faults.places import Shown, drawn, of, questions
from tests.journeys.office import OWN_APP, Office, at_work, settings
from tests.journeys.reading import objects

TYPED_CHARS = 2_900
"""What fits an input of Slack, with room."""
FIELDS = "abcdef"
OURS = ("<@U0AMY>", "<@U0RITA>")
PROTOCOL = frozenset(
    {
        "name",
        "args",
        "description",
        "action_name",
        "action_requests",
        "action_request",
        "action",
        "question",
        "options",
    }
    | {
        "config",
        "allow_ignore",
        "allow_respond",
        "allow_edit",
        "allow_accept",
        "review_configs",
        "allowed_decisions",
    }
    | {
        "approve",
        "reject",
        "edit",
        "instruction",
        "content",
        "level",
        "errors",
        "answered",
        "node",
        "error",
        "next",
        "state",
    }
)
"""Keys and words of the dialects, which headings and buttons stand for."""
_MARKUP = re.compile(
    r"<[^>]*>?|https?://\S|(?<!\w):[\w+'-]+:|```|`[^`\n]+`|(?<!\w)([*_~])(?=\S)[^\n]*?\S\1(?!\w)|^(?:>|&gt;)",
    re.MULTILINE,
)
_JOINERS = "\u200d\ufe0e\ufe0f"


async def measure(plan: Plan) -> list[Figure]:
    """Draw every text at every place, and send those that can be typed through the whole bot."""
    draw = random.Random(plan.seed)  # noqa: S311  the same texts for the same seed
    given = strings()
    chosen = draw.sample(given, plan.of(len(given)))
    count, broken = everywhere(chosen)
    asked_count, left_out = in_full(chosen)
    posted, wrong = await through_the_bot(plan, [each for each in chosen if is_typable(each)])
    return [
        Figure("texts drawn: nothing live, nothing hidden", count, broken, f"{len(chosen)} texts"),
        Figure("questions: shown and attached in full, or not to be approved", asked_count, left_out),
        Figure("calls to Slack with what people typed", posted, wrong),
    ]


def everywhere(given: Sequence[str]) -> tuple[int, list[str]]:
    """Draw each text at each place; say how many things were drawn, and what is wrong with which."""
    count, wrong = 0, []
    for text in given:
        for place, shown in drawn(text):
            count += 1
            wrong += [f"{place}: {problem}, for {text[:60]!r}" for problem in problems(shown)]
    return count, wrong


def problems(shown: Shown) -> Iterator[str]:
    """Say what of it Slack would make live or refuse, and what people could not see."""
    if live := live_parts(shown.blocks):
        yield f"live: {live}"
    for part in objects(list(shown.blocks)):
        if part.get("type") == "plain_text" and part.get("emoji") is not False:
            yield "emoji codes are live"
        if part.get("type") == "mrkdwn" and (found := markup(str(part["text"]))):
            yield f"markup: {found}"
    if found := markup(shown.text):
        yield f"markup in {shown.kind}: {found}"
    for said in (shown.text, *texts(shown.blocks)):
        if unseen_ones := hidden(said):
            yield f"hidden: {unseen_ones}"
    try:
        if shown.view is not None:
            check_view(shown.view, kind="home" if shown.kind == "home" else "modal")
        else:
            check_message(text=shown.text, blocks=list(shown.blocks))
    except Exception as error:  # noqa: BLE001  whatever it is, Slack would not take it
        yield f"refused: {error}"


def markup(text: str) -> list[str]:
    """Return what mrkdwn would make of a text beyond letters, but for the people whom the app itself names."""
    for name in OURS:
        text = text.replace(name, "")
    return [found[0] for found in _MARKUP.finditer(text)]


def hidden(text: str) -> list[str]:
    """Name the characters that cannot be seen or turn the line round, and marks that pile up on a letter."""
    if text.isascii() and text.isprintable():
        return []
    kinds = {char: unicodedata.category(char) for char in set(text)}
    odd = {char for char, kind in kinds.items() if _is_odd(char, kind)}
    found = (
        {char for at, char in enumerate(text) if char in odd and not _is_in_emoji(text, at)} if odd else set()
    )
    marks = "".join(
        re.escape(char) for char, kind in kinds.items() if kind in ("Mn", "Me") and char not in odd
    )
    if marks and (flood := re.search(f"[{marks}]{{9}}", text)):
        found.add(flood[0][0])
    return sorted(f"U+{ord(char):04X}" for char in found)


def _is_odd(char: str, kind: str) -> bool:
    return char not in "\n\t" and (
        kind in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        or char in "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
        or 0xFE00 <= ord(char) <= 0xFE0F
        or 0xE0000 <= ord(char) <= 0xE0FFF
    )


def in_full(given: Sequence[str]) -> tuple[int, list[str]]:
    """Ask with each text at each place; say what could be approved without having been shown."""
    count, wrong = 0, []
    for text in given:
        for place, question in questions(text):
            count += 1
            wrong += [f"{place}: {problem}, for {text[:60]!r}" for problem in _left_out(question)]
    return count, wrong


def _left_out(question: Question) -> Iterator[str]:
    """Look at each option but to reject: its button stands beside all that is asked, or opens a form with it."""
    given = of(question)
    told = run(given, events=(asked(2, given),))
    blocks = cards.card(told, given)
    offered = {each["action_id"] for each in objects(blocks) if each.get("type") == "button"}
    missing = _missing(blocks, question)
    for number, option in enumerate(question.options):
        if option.verdict is Verdict.REJECT:
            continue
        if missing and offered & {cards.action_of(option), f"choose:{number}"}:
            yield f"{option.name[:40]!r} can be chosen without {sorted(missing)[0][:80]!r}"
        if offered & {"review", f"review:{number}"}:
            view = cards.choose_in_full(given, option=option) or cards.review_view(given)
            if unshown := _missing([blocks, view], question):
                yield f"the form of {option.name[:40]!r} lacks {sorted(unshown)[0][:80]!r}"
    if missing:
        files = [each.content for each in cards.postings(told) if isinstance(each, cards.Upload)]
        if [json.loads(each) for each in files] != [question.shown]:
            yield "no file holds all of it"


def _missing(tree: Any, question: Question) -> set[str]:
    """Return what of a question is in no text of blocks, be it a key or a value.

    The name of an option is seen where its whole label is, which writes the same word as people would.
    """
    said = set(texts(tree))
    labelled = {each.name for each in question.options if visible(each.label) in said}
    return {each for each in unseen(tree, question.shown) if each not in PROTOCOL | labelled}


def is_typable(text: str) -> bool:
    """Say whether somebody can type a text into one of Slack's inputs."""
    return (
        bool(text.strip())
        and len(text) <= TYPED_CHARS
        and not any("\ud800" <= char <= "\udfff" for char in text)
    )


async def through_the_bot(plan: Plan, given: Sequence[str]) -> tuple[int, list[str]]:
    """Have people type the texts into forms, edits, reasons and commands, and look at every call to Slack."""
    async with (
        Sandbox() as sandbox,
        at_work(sandbox, settings(sandbox, plan.folder, app=OWN_APP)) as office,
    ):
        wrong = []
        for at in range(0, len(given), len(FIELDS)):
            wrong += await _typed(office, given[at : at + len(FIELDS)])
        calls = [each for each in sandbox.transcript if each.method.startswith(("chat.", "views."))]
        return len(calls), [*wrong, *(problem for each in calls for problem in _problems_of(each))]


async def _typed(office: Office, given: Sequence[str]) -> list[str]:
    """Ask with some texts, turn it down with one of them as the reason, and compare what came back."""
    entered = dict(zip(FIELDS, given, strict=False))
    case = await office.rita.starts("echo", **entered)
    card = await case.asks()
    await office.amy.rejects(card, given[0])
    await case.ends()
    await office.otto.types(f"/approvals start {given[-1]}")
    result = (await office.record(case)).result
    return [
        f"{name} came back as {result[name]!r:.80}" for name, text in entered.items() if result[name] != text
    ]


def _problems_of(call: Call) -> Iterator[str]:
    args = call.args
    if not (call.response or {}).get("ok"):
        yield f"{call.method}: {call.response}"
    view = args.get("view")
    blocks = tuple((view or args).get("blocks") or ())
    yield from problems(Shown("view" if view else "message", str(args.get("text") or ""), blocks, view=view))
    if call.method == "chat.postMessage" and any(
        str(args.get(name)).lower() not in ("0", "false") for name in ("unfurl_links", "unfurl_media")
    ):
        yield f"{call.method} unfurls"


def _is_in_emoji(text: str, at: int) -> bool:
    """Say whether a joiner or selector stands beside a picture."""
    if text[at] not in _JOINERS:
        return False
    beside = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return any(unicodedata.category(each) in ("So", "Sm", "Sk") or each in "#*0123456789" for each in beside)
