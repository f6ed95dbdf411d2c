"""Slack becomes equal to the desk, whatever happens on the way, and no message is sent twice."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import seen
from bot.mirror import RUNS_AT_ONCE, Mirror
from bot.pace import Pace
from bot.sandbox import Sandbox
from bot.slack import RATE_LIMIT_RETRIES, open_slack
from engine import Actor, Choice, Desk, Lease, RunStatus, RunView, open_desk
from tests.bot.slow import slow_answers

CHANNEL = "C0APPROVALS"
RITA = Actor(id="U0RITA", name="Rita Requester")
AMY = Actor(id="U0AMY", name="Amy Approver")
APP = """
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    what: str
    answer: bool
    again: bool

def ask(state: State):
    asked = {"question": "Pay this?", "what": state["what"], "payee": "Ann"}
    return {"answer": interrupt(asked), "again": interrupt("Really?")}

graph = StateGraph(State).add_node(ask).add_edge(START, "ask")
"""
APPROVALS = """
[workflows.pay]
title = "Pay"
channel = "#approvals"
approvers = { users = ["U0AMY"], groups = ["S0APPROVERS"] }

[workflows.orphan]
approvers = { users = ["U0AMY"] }
"""


class Clock:
    """A monotonic clock that stands still until it is moved."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Stage:
    """A desk on a small app, a sandbox, and a mirror that is called by the test alone."""

    desk: Desk
    sandbox: Sandbox
    client: AsyncWebClient
    clock: Clock = field(default_factory=Clock)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.mirror = self.new_mirror()

        async def heard(_run_id: str) -> None:
            self.changed.set()

        self.desk.on_change(heard)

    def new_mirror(self, *, per_s: float | None = None, client: AsyncWebClient | None = None) -> Mirror:
        """Make a mirror that remembers nothing, as a new process has it; by default it need not wait for turns."""
        pace = Pace(per_s=per_s, monotonic=self.clock)
        client = client or self.client
        return Mirror(client, progress_client=client, desk=self.desk, pace=pace, monotonic=self.clock)

    async def start(self, what: str = "a bicycle", *, workflow: str = "pay", key: str = "k1") -> RunView:
        """Start a run and wait until it asks."""
        entries = {"what": what, "answer": None, "again": None}
        run = await self.desk.start(workflow, entries=entries, actor=RITA, request_key=key)
        return await self.until(run.id, RunStatus.WAITING)

    async def decide(self, run: RunView, number: int, choice: Choice, *, then: RunStatus) -> RunView:
        """Decide a question as Amy and wait until the run has come to rest again."""
        asked = run.approvals[number - 1]
        await self.desk.decide(seen(asked), actor=AMY, choice=choice)
        return await self.until(run.id, then, asked=number + 1 if then is RunStatus.WAITING else number)

    async def until(self, run_id: str, status: RunStatus, *, asked: int = 1) -> RunView:
        """Wait until the run has this status and has asked so many questions."""
        async with asyncio.timeout(10):
            while True:
                self.changed.clear()
                run = await self.desk.run(run_id)
                if run.status is status and len(run.approvals) >= asked:
                    return run
                await self.changed.wait()

    def posts(self) -> list[dict[str, Any]]:
        """Return what is in the channel, oldest first."""
        return self.sandbox.messages(CHANNEL)

    def texts(self) -> list[str]:
        """Return the notification text of all that is in the channel, oldest first."""
        return [message["text"] for message in self.posts()]

    def calls(self, method: str) -> int:
        """Count the calls of a method so far."""
        return sum(call.method == method for call in self.sandbox.transcript)

    async def is_behind(self, run_id: str) -> bool:
        """Say whether the desk takes the run for not yet shown."""
        self.changed.clear()
        await self.desk.wake_behind()
        try:
            await asyncio.wait_for(self.changed.wait(), 0.1)  # the handler is called 5 ms after the commit
        except TimeoutError:
            return False
        return True


def write_app(folder: Path) -> Path:
    """Write the small app into a folder and give its langgraph.json."""
    (folder / "app.py").write_text(APP)
    (folder / "approvals.toml").write_text(APPROVALS)
    graphs = {"pay": "./app.py:graph", "orphan": "./app.py:graph"}
    (folder / "langgraph.json").write_text(json.dumps({"graphs": graphs}))
    return folder / "langgraph.json"


@asynccontextmanager
async def staged(folder: Path, *, retries: int = RATE_LIMIT_RETRIES) -> AsyncIterator[Stage]:
    """Open a stage; without `retries` its client takes a 429 for an answer, so that only the clock decides."""
    url = f"sqlite:///{folder / 'a.db'}"
    async with (
        Sandbox() as sandbox,
        open_slack(sandbox.bot_token, base_url=sandbox.api_url, retries=retries) as client,
        open_desk(database_url=url, app=write_app(folder)) as desk,
    ):
        yield Stage(desk=desk, sandbox=sandbox, client=client)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage on an empty database."""
    async with staged(tmp_path) as made:
        yield made


ASKED = [
    "Pay, requested by Rita Requester: Waiting for approval",
    "Started by Rita Requester: Pay",
    "Asked: Pay this?",
    "Approval needed for Rita Requester: Pay this?",
]


async def test_a_run_that_asks_is_shown_in_order(stage: Stage) -> None:
    """The root stands in the channel, the lines and the card in its thread, the card in both."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    root, *replies = stage.posts()
    assert stage.texts() == ASKED
    assert all(reply["thread_ts"] == root["ts"] for reply in replies)
    assert [reply.get("subtype") for reply in replies] == [None, None, "thread_broadcast"]
    assert stage.mirror.trouble is None
    assert not await stage.is_behind(run.id)


async def test_names_stand_in_the_order_of_the_graph(stage: Stage) -> None:
    """What a card shows of a question is not sorted by the alphabet."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    card = json.dumps(stage.posts()[-1]["blocks"])
    assert card.index("what: ") < card.index("payee: ")


async def test_t22_every_message_is_sent_without_unfurling_and_with_its_posting(stage: Stage) -> None:
    """No link is unfurled, nothing is parsed for names, and the metadata is the posting's id alone."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    postings = {posting.id for posting in (await stage.desk.postings(run.id)).values()}
    sent = [call.args for call in stage.sandbox.transcript if call.method == "chat.postMessage"]
    assert len(sent) == 4
    for args in sent:
        wire = json.dumps(args)
        assert not any(
            args[name] in (True, "1", "true") for name in ("unfurl_links", "unfurl_media", "link_names")
        )
        assert args["parse"] == "none"
        assert sum(posting in wire for posting in postings) == 1


async def test_catching_up_again_sends_nothing(stage: Stage) -> None:
    """What is shown already is neither posted nor updated, also by a new process."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    before = len(stage.sandbox.transcript)
    await stage.mirror.catch_up(run.id)
    await stage.new_mirror().catch_up(run.id)
    assert len(stage.sandbox.transcript) == before


async def test_a_decision_updates_the_card_and_tells_the_thread(stage: Stage) -> None:
    """The card loses its buttons in place; lines say who decided, and the next question follows."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    card = stage.posts()[3]
    run = await stage.decide(run, 1, Choice("approve"), then=RunStatus.WAITING)
    await stage.mirror.catch_up(run.id)
    updated = stage.sandbox.message(CHANNEL, card["ts"])
    assert "actions" not in [block["type"] for block in updated["blocks"]]
    assert updated["text"] == "Approved for Rita Requester: Pay this?"
    assert stage.texts()[4:] == [
        "Approved by Amy Approver",
        "Resumed: the run has taken the answer and goes on.",
        "Next question: Really?",
        "Approval needed for Rita Requester: Really?",
    ]


async def test_a_finished_run_says_so_at_its_root(stage: Stage) -> None:
    """After the last answer the root tells the end, and the last line holds the result."""
    run = await stage.start()
    run = await stage.decide(run, 1, Choice("approve"), then=RunStatus.WAITING)
    run = await stage.decide(run, 2, Choice("reject", reason="No"), then=RunStatus.FINISHED)
    await stage.mirror.catch_up(run.id)
    assert stage.texts()[0] == "Pay, requested by Rita Requester: Finished"
    assert stage.texts()[-1] == "Finished with this result:"
    assert "a bicycle" in json.dumps(stage.posts()[-1]["blocks"])


@pytest.mark.parametrize("nth", range(4))
@pytest.mark.parametrize("cut", ["before", "after"])
async def test_f03_a_cut_connection_neither_loses_nor_doubles_a_message(
    stage: Stage, nth: int, cut: Any
) -> None:
    """Whichever post is cut, before or after Slack took it, each message is there once and in order."""
    run = await stage.start()
    if nth:
        stage.sandbox.faults.next("chat.postMessage", delay_s=0, times=nth)
    stage.sandbox.faults.next("chat.postMessage", cut=cut)
    await stage.mirror.catch_up(run.id)
    assert len(stage.posts()) == nth + (cut == "after")
    assert await stage.is_behind(run.id)
    await stage.new_mirror().catch_up(run.id)  # as the next process does, which remembers nothing
    assert stage.texts() == ASKED
    assert not await stage.is_behind(run.id)


async def test_a_found_card_is_brought_up_to_date(stage: Stage) -> None:
    """A card that was sent before a crash and decided since is updated where it is."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", delay_s=0, times=3)
    stage.sandbox.faults.next("chat.postMessage", cut="after")
    await stage.mirror.catch_up(run.id)
    run = await stage.decide(run, 1, Choice("approve"), then=RunStatus.WAITING)
    await stage.new_mirror().catch_up(run.id)
    assert stage.texts()[3] == "Approved for Rita Requester: Pay this?"
    assert len(stage.posts()) == 8


async def test_two_that_show_a_run_at_once_send_each_message_once(stage: Stage) -> None:
    """Whoever comes second waits until the first has noted what it sent, and finds it all there."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", delay_s=0.2)
    first = asyncio.create_task(stage.mirror.catch_up(run.id))
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    await asyncio.gather(first, *(stage.new_mirror().catch_up(run.id) for _ in range(2)))
    assert stage.texts() == ASKED
    assert stage.calls("chat.postMessage") == len(ASKED)
    assert not await stage.is_behind(run.id)


@pytest.fixture
def without_locks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets everybody who shows a run believe to be the only one, as after a lost connection to the database."""

    @asynccontextmanager
    async def showing(run_id: str) -> AsyncIterator[Lease]:
        yield Lease(run_id)

    monkeypatch.setattr(stage.desk, "showing", showing)


@pytest.mark.usefixtures("without_locks")
@pytest.mark.parametrize("posts_before", [0, 3])  # the root, or the card
async def test_of_two_that_post_at_once_one_takes_its_message_back(stage: Stage, posts_before: int) -> None:
    """Whoever finds that another one's message is known already deletes its own; the thread hangs together."""
    run = await stage.start()
    if posts_before:
        stage.sandbox.faults.next("chat.postMessage", delay_s=0, times=posts_before)
    stage.sandbox.faults.next("chat.postMessage", delay_s=0.3)
    first = asyncio.create_task(stage.mirror.catch_up(run.id))
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    await stage.new_mirror().catch_up(run.id)
    await first
    assert stage.calls("chat.postMessage") == len(ASKED) + 1
    assert stage.calls("chat.delete") == 1
    assert stage.texts() == ASKED
    assert {post.get("thread_ts", post["ts"]) for post in stage.posts()} == {stage.posts()[0]["ts"]}
    assert not await stage.is_behind(run.id)
    assert stage.mirror.trouble is None


@pytest.mark.usefixtures("without_locks")
async def test_a_message_that_another_process_has_found_is_not_taken_back(stage: Stage) -> None:
    """It may be found by its metadata while whoever has sent it still waits for Slack's answer."""
    run = await stage.start()
    client = slow_answers(stage.client, "chat_postMessage", ASKED[-1], by_s=0.5)
    first = asyncio.create_task(stage.new_mirror(client=client).catch_up(run.id))
    await stage.sandbox.until(lambda: len(stage.posts()) == len(ASKED))
    await stage.new_mirror().catch_up(run.id)
    assert not first.done()
    await first
    assert stage.texts() == ASKED
    assert stage.calls("chat.delete") == 0


@pytest.mark.usefixtures("without_locks")
async def test_an_old_update_that_comes_late_is_made_good(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run was is not left standing when that reaches Slack after what it is."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    stage.sandbox.faults.next("chat.update", delay_s=0.3)
    with monkeypatch.context() as patched:
        read = asyncio.Future[RunView]()
        read.set_result(replace(run, title="Old"))
        patched.setattr(stage.desk, "run", lambda _: read)
        first = asyncio.create_task(stage.mirror.catch_up(run.id))
        await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    run = await stage.decide(run, 1, Choice("approve"), then=RunStatus.WAITING)
    run = await stage.decide(run, 2, Choice("approve"), then=RunStatus.FINISHED)
    await stage.new_mirror().catch_up(run.id)
    assert "Finished" in stage.texts()[0]
    await first
    assert "Finished" in stage.texts()[0]
    assert not await stage.is_behind(run.id)


async def test_a_lost_lock_stops_whoever_shows_a_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing more is sent under it; the next try, with a lock of its own, goes on."""
    run = await stage.start()
    leases: list[Lease] = []

    @asynccontextmanager
    async def showing(run_id: str) -> AsyncIterator[Lease | None]:
        leases.append(Lease(run_id))
        yield leases[-1] if len(leases) != 2 else None

    monkeypatch.setattr(stage.desk, "showing", showing)
    stage.sandbox.faults.next("chat.postMessage", delay_s=0.1)
    showed = asyncio.create_task(stage.mirror.catch_up(run.id))
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    leases[0].mark_lost()
    await showed
    assert len(leases) == 3
    assert stage.texts() == ASKED
    assert stage.calls("chat.postMessage") == len(ASKED)


async def test_what_another_process_has_made_good_is_no_trouble(stage: Stage) -> None:
    """A run that somebody else shows after all is forgotten by the sweep, so that the bot is ready again."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", error="internal_error")
    await stage.mirror.catch_up(run.id)
    await stage.mirror.wake_behind()
    assert stage.mirror.trouble is not None
    await stage.new_mirror().catch_up(run.id)
    assert stage.mirror.trouble is not None
    await stage.mirror.wake_behind()
    assert stage.mirror.trouble is None


async def test_only_runs_that_are_shown_now_are_kept_from_others(stage: Stage) -> None:
    """However many wait for their turn here, another process may show those."""
    runs = [await stage.start(key=f"k{number}") for number in range(RUNS_AT_ONCE + 4)]
    stage.sandbox.faults.next("chat.postMessage", delay_s=0.3, times=RUNS_AT_ONCE)
    showing = [asyncio.create_task(stage.mirror.catch_up(run.id)) for run in runs]
    await stage.sandbox.until(lambda: not stage.sandbox.faults.pending)
    async with stage.desk.showing(runs[-1].id) as lease:
        assert lease is not None
    await asyncio.gather(*showing)
    assert len(stage.posts()) == len(runs) * len(ASKED)


async def test_without_the_right_to_look_a_maybe_sent_message_is_sent_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """When the app may not read the thread, a second copy is better than none, and the log says why."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", delay_s=0)
    stage.sandbox.faults.next("chat.postMessage", cut="after")
    await stage.mirror.catch_up(run.id)
    stage.sandbox.faults.next("conversations.replies", error="missing_scope")
    await stage.new_mirror().catch_up(run.id)
    assert stage.texts() == [ASKED[0], ASKED[1], *ASKED[1:]]
    assert "missing_scope" in caplog.text


async def test_f04_a_rate_limit_is_waited_out(stage: Stage) -> None:
    """A 429 is tried again after the time that Slack names, without trouble and in order."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", status=429, retry_after=1)
    await stage.mirror.catch_up(run.id)
    assert stage.texts() == ASKED
    assert stage.mirror.trouble is None


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503}, {"error": "fatal_error"}, {"error": "internal_error"}]
)
async def test_f04_trouble_is_told_and_tried_again_after_a_pause(stage: Stage, fault: dict[str, Any]) -> None:
    """An error of Slack leaves a sentence; nothing is sent in the pause, and all of it afterwards."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", **fault)
    await stage.mirror.catch_up(run.id)
    assert stage.mirror.trouble is not None
    before = len(stage.sandbox.transcript)
    await stage.mirror.catch_up(run.id)
    assert len(stage.sandbox.transcript) == before
    stage.clock.now_s += 1.0
    await stage.mirror.catch_up(run.id)
    assert stage.texts() == ASKED
    assert stage.mirror.trouble is None


async def test_f04_the_pause_doubles_up_to_a_minute(stage: Stage) -> None:
    """Ten failures in a row are 1, 2, 4, … and at most 60 s apart."""
    run = await stage.start()
    stage.sandbox.faults.next("*", error="fatal_error", times=100)
    pauses = []
    for _ in range(10):
        before, start = len(stage.sandbox.transcript), stage.clock.now_s
        while len(stage.sandbox.transcript) == before:
            await stage.mirror.catch_up(run.id)
            stage.clock.now_s += 1.0
        pauses.append(stage.clock.now_s - start)
    assert pauses == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("channel_not_found", "cannot see this channel"),
        ("not_in_channel", "Invite it"),
        ("is_archived", "archived"),
        ("invalid_auth", "SLACK_BOT_TOKEN"),
        ("token_revoked", "SLACK_BOT_TOKEN"),
        ("missing_scope", "manifest.yml"),
    ],
)
async def test_t33_a_lasting_refusal_is_said_once_in_words(
    stage: Stage, caplog: pytest.LogCaptureFixture, error: str, words: str
) -> None:
    """The log and /readyz say what to do; the same refusal again is not logged again, and nothing is lost."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", error=error, times=3)
    with caplog.at_level(logging.WARNING, "assent"):
        for _ in range(3):
            await stage.mirror.catch_up(run.id)
            stage.clock.now_s += 60
    assert words in (stage.mirror.trouble or "")
    assert sum("is not shown" in record.getMessage() for record in caplog.records) == 1
    await stage.mirror.catch_up(run.id)
    assert stage.texts() == ASKED
    assert stage.mirror.trouble is None


async def test_a_run_without_a_channel_is_trouble(stage: Stage) -> None:
    """Nothing is sent, the sentence names the workflow, and the run counts as not shown."""
    run = await stage.start(workflow="orphan")
    await stage.mirror.catch_up(run.id)
    assert "orphan has no channel" in (stage.mirror.trouble or "")
    assert stage.sandbox.transcript == []
    assert await stage.is_behind(run.id)


@pytest.mark.parametrize("which", [0, 3])
async def test_f27_a_deleted_message_is_posted_anew(stage: Stage, which: int) -> None:
    """When somebody deleted the root or the card, the next change brings it back, once."""
    run = await stage.start()
    await stage.mirror.catch_up(run.id)
    await stage.client.chat_delete(channel=CHANNEL, ts=stage.posts()[which]["ts"])
    run = await stage.decide(run, 1, Choice("approve"), then=RunStatus.WAITING)
    run = await stage.decide(run, 2, Choice("approve"), then=RunStatus.FINISHED)
    await stage.mirror.catch_up(run.id)
    expected = (
        "Pay, requested by Rita Requester: Finished"
        if which == 0
        else "Approved for Rita Requester: Pay this?"
    )
    assert stage.texts().count(expected) == 1
    assert not await stage.is_behind(run.id)


async def test_a_value_too_long_for_a_card_is_shared_as_a_file_once(stage: Stage) -> None:
    """The file holds the whole value and stands below the card; catching up again adds none."""
    what = "a very long reason " * 1000
    run = await stage.start(what)
    await stage.mirror.catch_up(run.id)
    await stage.mirror.catch_up(run.id)
    files = [file for message in stage.posts() for file in message.get("files", [])]
    assert len(files) == 2  # the input with the start, the question with its card
    assert files[1]["name"].startswith("question-1-")
    assert stage.posts()[-1]["thread_ts"] == stage.posts()[0]["ts"]


async def test_a_file_that_was_maybe_shared_is_found_again(stage: Stage) -> None:
    """A connection cut after the upload leads to no second file."""
    run = await stage.start("a very long reason " * 1000)
    stage.sandbox.faults.next("files.completeUploadExternal", cut="after")
    await stage.mirror.catch_up(run.id)
    await stage.new_mirror().catch_up(run.id)
    names = [file["name"] for message in stage.posts() for file in message.get("files", [])]
    assert len(names) == len(set(names)) == 2


async def test_a_refused_file_holds_up_nothing(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Without the right to share files the card is posted all the same, and the log says why."""
    run = await stage.start("a very long reason " * 1000)
    stage.sandbox.faults.next("files.getUploadURLExternal", error="missing_scope", times=2)
    await stage.mirror.catch_up(run.id)
    assert ASKED[3] in stage.texts()
    assert "missing_scope" in caplog.text
    assert not await stage.is_behind(run.id)


async def test_many_calls_at_once_send_each_message_once(stage: Stage) -> None:
    """Ten catch-ups of one run and of nine others side by side leave every thread whole and in order."""
    runs = [await stage.start(key=f"k{n}") for n in range(10)]
    await asyncio.gather(*(stage.mirror.catch_up(run.id) for run in [*runs, *[runs[0]] * 10]))
    roots = [message for message in stage.posts() if message.get("thread_ts") in (None, message["ts"])]
    assert len(roots) == 10
    for root in roots:
        assert [message["text"] for message in stage.sandbox.thread(CHANNEL, root["ts"])] == ASKED


async def test_a_call_in_the_middle_of_another_waits_for_it(stage: Stage) -> None:
    """While a post is on its way, a second catch-up does not take it for lost and send it again."""
    run = await stage.start()
    stage.sandbox.faults.next("chat.postMessage", delay_s=0.3)
    first = asyncio.create_task(stage.mirror.catch_up(run.id))
    async with asyncio.timeout(5):
        while not await stage.desk.postings(run.id):
            pass
    await stage.mirror.catch_up(run.id)
    await first
    assert stage.texts() == ASKED


async def test_the_terminal_hears_of_the_card_without_its_content(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """The log line has the action word and ids, and nothing of what is asked."""
    run = await stage.start("a secret plan")
    with caplog.at_level(logging.INFO, "assent"):
        await stage.mirror.catch_up(run.id)
    (told,) = [record for record in caplog.records if getattr(record, "action", None) == "card posted"]
    assert run.id in told.getMessage()
    assert "secret" not in caplog.text
