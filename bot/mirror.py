"""Makes Slack equal to the database: posts, updates, thread lines. The only writer of messages to Slack."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import troubles
from bot.cards import ROOT, Message, Upload, postings, progress_line
from bot.identity import UNREACHABLE, refusal_code
from bot.pace import Pace
from bot.sightings import Sightings, metadata
from engine import Conflict, Desk, EngineError, Lease, Posting, RunView

LOG = logging.getLogger("assent")

RUNS_AT_ONCE: Final = 8
ANOTHER_TRY_S: Final = 0.1
"""Between two looks whether another process is done with showing a run."""
LONGEST_PAUSE_S: Final = 60.0
GONE: Final = frozenset({"message_not_found", "cant_update_message"})
"""chat.update says so of a message that was deleted, or that this app did not write."""
NO_THREAD: Final = frozenset({"thread_not_found", "message_not_found"})

Wanted = Message | Upload


@dataclass(frozen=True)
class _Trouble:
    """Why a run could not be shown, how often in a row, and when to try again (monotonic seconds)."""

    sentence: str
    failures: int
    until_s: float


@dataclass(frozen=True)
class _Rest:
    """The channel that had no turn for a run, and when the run is looked at all the same (monotonic seconds)."""

    place: str
    until_s: float


class _Overtaken(Exception):
    """Another process has shown the run meanwhile, or may be about to."""


class Mirror:
    """Shows runs in Slack as the desk tells them.

    It holds no truth: everything is read from the desk each time, so it can be called at any time, by anybody,
    as often as one likes. A message is written down before it is sent, so that a process which dies between
    finds it again by its metadata and does not send it twice. New messages go into a channel as `pace` lets them:
    a run for which there is no turn rests, with those before it shown. Progress goes through `progress_client`, which
    should take no for an answer and be patient (`slack.PROGRESS_LIMIT_S`); nothing else waits for it.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        progress_client: AsyncWebClient,
        desk: Desk,
        pace: Pace,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._progress_client = progress_client
        self._desk = desk
        self._pace = pace
        self._sightings = Sightings(client)
        self._monotonic = monotonic
        self._troubles: dict[str, _Trouble] = {}
        self._resting: dict[str, _Rest] = {}
        self._progress: dict[str, Posting] = {}  # lines that progress is on its way to, by run
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._gate = asyncio.Semaphore(RUNS_AT_ONCE)
        # a thread of its own: megabytes take long enough to hold up a click, and graphs may fill the default pool
        self._renderer = ThreadPoolExecutor(1, "assent-cards")

    @property
    def trouble(self) -> str | None:
        """A sentence on why some run is not shown as it is; None while Slack is up to date."""
        return next((trouble.sentence for trouble in self._troubles.values()), None)

    async def catch_up(self, run_id: str) -> None:
        """Show a run as it is now. Never raises for Slack or the database: what went wrong is in `trouble`.

        After a failure it does nothing until a pause is over (1 s, doubled each time up to a minute, or what
        Slack asks for), nor while the channel has no turn for it, for a minute at most, since its cards may have
        been decided meanwhile. The sweep calls again, the oldest run first, so that nothing is lost.
        """
        while not self._has_to_wait(run_id):
            if await self._caught_up(run_id):
                return
            await asyncio.sleep(ANOTHER_TRY_S)

    async def wake_behind(self) -> None:
        """Have all runs shown of which people see something old; what was wrong with any other one is so no more.

        That may be another process's doing. For the sweep.
        """
        behind = await self._desk.wake_behind()
        for known in (self._troubles, self._resting):
            for run_id in known.keys() - set(behind):
                del known[run_id]

    async def show_progress(self, run_id: str) -> bool:
        """Show what a run does now, below the line that is in Slack already; nothing where there is none.

        False: Slack or the database did not take it. That is no trouble: the next change of the run shows it all.
        Cards do not wait for it. But Slack may carry it out after a later update of the same line, so what that shows
        is not known from before the sending on, and a run that was shown meanwhile, by anybody, is shown once more.
        """
        if run_id in self._troubles:
            return True
        try:
            is_taken = await self._send_progress(run_id)
        except (*UNREACHABLE, LookupError, TypeError, EngineError):
            is_taken = False
        # but not when this is cancelled: nobody hears what becomes of it
        told = self._progress.pop(run_id, None)
        if told is not None and await self._is_overtaken(told):
            await self._caught_up(run_id)
        return is_taken

    async def _is_overtaken(self, told: Posting) -> bool:
        """Say whether a line was shown since progress was sent to it; who is just showing it will find out."""
        with suppress(EngineError):
            if await self._desk.record_posting(
                told, place=told.place, reference=str(told.reference), shown=None
            ):
                return False
            await self._desk.doubt_posting(told)
        return True

    async def _caught_up(self, run_id: str) -> bool:
        """Show a run, as far as it goes now. False: another process is at it."""
        async with self._lock(run_id), self._gate:
            if self._has_to_wait(run_id):  # the turn that was there may have gone to another run
                return True
            try:
                async with self._desk.showing(run_id) as lease:
                    if lease is None:
                        return False
                    await self._show(run_id, lease)
            except _Overtaken:
                return False
            except (*UNREACHABLE, LookupError, TypeError, EngineError) as error:
                self._note(run_id, error)
            else:
                self._troubles.pop(run_id, None)
            return True

    def _has_to_wait(self, run_id: str) -> bool:
        now_s = self._monotonic()
        trouble, rest = self._troubles.get(run_id), self._resting.get(run_id)
        if trouble is not None and now_s < trouble.until_s:
            return True
        return rest is not None and now_s < rest.until_s and not self._pace.has_turn(rest.place)

    def _lock(self, run_id: str) -> asyncio.Lock:
        return self._locks.setdefault(run_id, asyncio.Lock())

    async def _send_progress(self, run_id: str) -> bool:
        async with self._lock(run_id):
            line = progress_line(await self._desk.run(run_id))
            posting = (await self._desk.postings(run_id)).get(line.key) if line is not None else None
            if line is None or posting is None or posting.reference is None:
                return True
            told = await self._desk.record_posting(
                posting, place=posting.place, reference=posting.reference, shown=None
            )
            if told is None:
                return True
            self._progress[run_id] = told
        if not await self._update(line, posting, client=self._progress_client):
            async with self._lock(run_id):
                await self._desk.forget_posting(told)
            del self._progress[run_id]
        return True

    async def _show(self, run_id: str, lease: Lease) -> None:
        run = await self._desk.run(run_id)
        if run.channel is None:
            raise troubles.NoChannel(run.workflow)
        loop = asyncio.get_running_loop()
        wanted = await loop.run_in_executor(self._renderer, postings, run)
        posted = dict(await self._desk.postings(run_id))
        for message in wanted:  # what people have in front of them first: its buttons may be dead already
            _check(lease)
            await self._refresh(message, posted)
        for message in wanted:
            if _is_there(message, posted):
                continue
            _check(lease)
            if not self._pace.take(place := _place_of(run, posted)):
                self._resting[run_id] = _Rest(place, self._monotonic() + LONGEST_PAUSE_S)
                return
            await self._place(run, message, posted)
        self._resting.pop(run_id, None)
        if run_id not in self._progress:
            await self._desk.mirrored(run_id, revision=run.revision)

    async def _refresh(self, wanted: Wanted, posted: dict[str, Posting]) -> None:
        """Update a message that shows something old."""
        posting = posted.get(wanted.key)
        if (
            not isinstance(wanted, Message)
            or not wanted.changes
            or posting is None
            or posting.reference is None
        ):
            return
        if posting.shown == wanted.digest:
            return
        if await self._update(wanted, posting, client=self._client):
            place, reference = posting.place, posting.reference
            try:
                await self._record(posting, posted, place=place, reference=reference, shown=wanted.digest)
            except _Overtaken:
                await self._desk.doubt_posting(posting)
                raise
        else:
            await self._forget(posting, posted)

    async def _update(self, wanted: Message, posting: Posting, *, client: AsyncWebClient) -> bool:
        """Change a message where it is. False: it is there no more."""
        try:
            await client.chat_update(
                channel=posting.place,
                ts=str(posting.reference),
                text=wanted.text,
                blocks=list(wanted.blocks),
                metadata=metadata(posting.id, anchor=wanted.anchor),
                parse="none",
                link_names=False,
            )
        except SlackApiError as error:
            if refusal_code(error) not in GONE:
                raise
            return False
        return True

    async def _place(self, run: RunView, wanted: Wanted, posted: dict[str, Posting]) -> None:
        """Post a message that is not there yet, or find it if an earlier process has sent it."""
        posting = posted.get(wanted.key)
        if posting is None:
            place = _place_of(run, posted)
            try:
                posting = await self._desk.intend_posting(run.id, key=wanted.key, place=place)
            except Conflict:
                raise _Overtaken from None
        elif await self._adopt(run, wanted, posting, posted):
            return
        if isinstance(wanted, Upload):
            await self._upload(wanted, posting, posted)
        else:
            await self._post(run, wanted, posting, posted)

    async def _adopt(
        self, run: RunView, wanted: Wanted, posting: Posting, posted: dict[str, Posting]
    ) -> bool:
        place, root = posting.place, posted[ROOT].reference
        if wanted.key == ROOT:
            found = await self._sightings.of_root(posting.id, place=place, since=run.started_at)
            place, ts = found or (place, None)
        elif root is None:
            return False
        elif isinstance(wanted, Upload):
            ts = await self._sightings.of_file(
                wanted.filename, place=place, thread_ts=root, since=run.started_at
            )
        else:
            ts = await self._sightings.of_reply(posting.id, place=place, thread_ts=root, since=run.started_at)
        if ts is None:
            return False
        LOG.info("Found %s of run %s again in Slack.", wanted.key, run.id, extra={"action": "adopted"})
        await self._record(posting, posted, place=place, reference=ts, shown=None)
        await self._refresh(wanted, posted)
        return posted.get(wanted.key) is not None

    async def _post(
        self, run: RunView, wanted: Message, posting: Posting, posted: dict[str, Posting]
    ) -> None:
        try:
            answer = await self._client.chat_postMessage(
                channel=posting.place,
                text=wanted.text,
                blocks=list(wanted.blocks),
                metadata=metadata(posting.id, anchor=wanted.anchor),
                unfurl_links=False,
                unfurl_media=False,
                parse="none",
                link_names=False,
                **_in_thread(wanted, posted),
            )
        except SlackApiError as error:
            if wanted.key != ROOT and refusal_code(error) in NO_THREAD:
                await self._forget(posted[ROOT], posted)  # the thread goes on below a new root
            raise
        place, ts = answer["channel"], answer["ts"]
        self._pace.is_same(posting.place, place)
        try:
            await self._record(posting, posted, place=place, reference=ts, shown=wanted.digest)
        except _Overtaken:
            known = (await self._desk.postings(run.id)).get(wanted.key)
            # another process may have found this very one by its metadata
            if known is None or known.reference != ts:
                await self._client.chat_delete(channel=place, ts=ts)
            raise
        _tell(run, wanted)

    async def _upload(self, wanted: Upload, posting: Posting, posted: dict[str, Posting]) -> None:
        """Share a file. Its absence is told, but holds up nothing: the review form shows the same."""
        try:
            answer = await self._client.files_upload_v2(
                channel=posting.place,
                thread_ts=posted[ROOT].reference,
                filename=wanted.filename,
                title=wanted.title,
                content=wanted.content,
            )
        except SlackApiError as error:
            LOG.warning("The file %s could not be shared: %s", wanted.filename, refusal_code(error))
            return
        file_id = str(answer["files"][0]["id"])
        await self._record(posting, posted, place=posting.place, reference=file_id, shown="")

    async def _record(
        self, posting: Posting, posted: dict[str, Posting], *, place: str, reference: str, shown: str | None
    ) -> None:
        told = self._progress.get(posting.run_id)
        if told is not None and told.id == posting.id:
            shown = None
        known = await self._desk.record_posting(posting, place=place, reference=reference, shown=shown)
        if known is None:
            raise _Overtaken
        posted[posting.key] = known

    async def _forget(self, posting: Posting, posted: dict[str, Posting]) -> None:
        if not await self._desk.forget_posting(posting):
            raise _Overtaken
        del posted[posting.key]

    def _note(self, run_id: str, error: Exception) -> None:
        """Remember what went wrong, and say it once for each run and reason."""
        before = self._troubles.get(run_id)
        failures = before.failures + 1 if before else 1
        pause_s = min(2.0 ** min(failures - 1, 6), LONGEST_PAUSE_S)
        sentence = troubles.sentence(error)
        self._troubles[run_id] = _Trouble(
            sentence, failures, self._monotonic() + max(pause_s, troubles.asked_pause_s(error))
        )
        if before is None or before.sentence != sentence:
            LOG.warning("Run %s is not shown as it is. %s", run_id, sentence, extra={"action": "not shown"})


def _check(lease: Lease) -> None:
    if lease.is_lost:
        raise _Overtaken


def _is_there(wanted: Wanted, posted: dict[str, Posting]) -> bool:
    posting = posted.get(wanted.key)
    return posting is not None and posting.reference is not None


def _place_of(run: RunView, posted: dict[str, Posting]) -> str:
    return posted[ROOT].place if ROOT in posted else str(run.channel)


def _in_thread(wanted: Message, posted: dict[str, Posting]) -> dict[str, Any]:
    if wanted.key == ROOT:
        return {}
    return {"thread_ts": posted[ROOT].reference, "reply_broadcast": wanted.is_broadcast}


def _tell(run: RunView, wanted: Message) -> None:
    if wanted.approval_id is not None:
        ids = {"run_id": run.id, "workflow": run.workflow, "approval_id": wanted.approval_id}
        LOG.info(
            "Card posted for run %s of %s.", run.id, run.workflow, extra={"action": "card posted", **ids}
        )
