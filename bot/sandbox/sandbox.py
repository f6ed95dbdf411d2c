"""The sandbox as a test or the command line holds it: start, act as people, look at the screen, order faults."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from bot.sandbox import cast
from bot.sandbox.acts import Acts, SlashCommand
from bot.sandbox.admin import Admin
from bot.sandbox.api import Call, WebApi
from bot.sandbox.delivery import Ack, Courier, Delivery
from bot.sandbox.errors import NotPossible
from bot.sandbox.faults import Faults
from bot.sandbox.page import Page
from bot.sandbox.payloads import event_callback
from bot.sandbox.server import Server
from bot.sandbox.slack import Slack
from bot.sandbox.sockets import Sockets
from bot.sandbox.timing import Timing

T = TypeVar("T")
Message = dict[str, Any]
View = dict[str, Any]


class Sandbox:
    """A local Slack on one port of this machine.

    People and channels are taken by id or name ("U0AMY" or "amy", "C0APPROVALS" or "#approvals"). `state` names the
    file in which messages, threads and homes survive a restart and a SIGKILL; None keeps them in memory. Open modals,
    ephemeral messages, trigger ids and response URLs do not survive, as a browser's would not. Without `commands`
    every slash command is known.
    """

    bot_token = cast.BOT_TOKEN
    app_token = cast.APP_TOKEN
    signing_secret = cast.SIGNING_SECRET

    def __init__(
        self,
        *,
        state: Path | None = None,
        commands: Sequence[SlashCommand] = (),
        timing: Timing | None = None,
    ) -> None:
        self._slack = Slack(state=state, timing=timing or Timing())
        self.faults = Faults()
        self._sockets = Sockets(self._slack)
        self._courier = Courier(self._slack, sockets=self._sockets, faults=self.faults)
        self._acts = Acts(self._slack, courier=self._courier, commands=commands)
        self._api = WebApi(self._slack, faults=self.faults)
        page = Page(self._slack, courier=self._courier, acts=self._acts)
        self._server = Server(self._slack, api=self._api, sockets=self._sockets, page=page)
        self.admin = Admin(self._slack.workspace)

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """Read the state file and listen; port 0 takes a free one. Raises: OSError when the port is taken."""
        self._slack.store.open()
        self._slack.workspace.load()
        try:
            await self._server.start(host=host, port=port)
        except OSError:
            self._slack.store.close()
            raise

    async def stop(self) -> None:
        """Close everything; start() may follow."""
        for task in list(self._slack.tasks):
            task.cancel()
        await asyncio.gather(*self._slack.tasks, return_exceptions=True)
        await self._server.stop()
        await self._courier.close()
        self._slack.store.close()

    async def __aenter__(self) -> "Sandbox":
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Address of the page, e.g. "http://127.0.0.1:8080"; "" before start()."""
        return self._slack.url

    @property
    def api_url(self) -> str:
        """The base URL of the Web API."""
        return f"{self.url}/api/"

    @property
    def mode(self) -> Literal["http", "socket"] | None:
        """How payloads go to the app now; None when no app is connected."""
        return self._courier.mode

    @property
    def request_url(self) -> str | None:
        """Where payloads go by HTTP, None when they go over sockets."""
        return self._courier.request_url

    @property
    def pending_retries(self) -> int:
        """How many events wait for their next attempt."""
        return len(self._slack.tasks)

    @property
    def sockets(self) -> int:
        """How many sockets the app holds."""
        return len(self._sockets)

    @property
    def transcript(self) -> list[Call]:
        """Every Web API call, in the order in which they took effect."""
        return self._api.transcript

    @property
    def deliveries(self) -> list[Delivery]:
        """Every payload that went to the app, retries of events included, with its ack."""
        return self._courier.log

    def deliver_to(self, request_url: str | None) -> None:
        """Send payloads signed to this address; None: over the app's sockets only."""
        self._courier.request_url = request_url
        self._slack.workspace.changes.tell()

    async def slash(self, user: str, channel: str, text: str) -> Ack:
        """Type a slash command, e.g. "/approvals start expense"."""
        return await self._acts.slash(user, channel, text)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Post a message as a person; the app is not told."""
        return self._acts.say(user, channel, text, thread_ts=thread_ts)

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        block_id: str | None = None,
        message: Message | None = None,
        deliveries: int = 1,
    ) -> Ack:
        """Click a button of a message; `message`: what the person still sees when it has changed since.

        `deliveries` sends the same click that often at once. Raises: NotPossible when no such button is there.
        """
        return await self._acts.act_on_message(
            user, channel, ts, action_id, block_id=block_id, value=None, message=message, copies=deliveries
        )

    async def select(
        self, user: str, channel: str, ts: str, action_id: str, value: Any, *, block_id: str | None = None
    ) -> Ack:
        """Choose in another element of a message: a select, an overflow, checkboxes, a date."""
        return await self._acts.act_on_message(
            user, channel, ts, action_id, block_id=block_id, value=value, message=None, copies=1
        )

    async def click_view(
        self,
        user: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Any = None,
        deliveries: int = 1,
    ) -> Ack:
        """Use an element of the person's top modal."""
        stack = self.views(user)
        if not stack:
            raise NotPossible(f"{user} has no view open")
        return await self._acts.act_on_view(
            user, stack[-1], action_id, block_id=block_id, value=value, copies=deliveries
        )

    async def click_home(
        self,
        user: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Any = None,
        deliveries: int = 1,
    ) -> Ack:
        """Use an element of the person's home."""
        home = self.home(user)
        if home is None:
            raise NotPossible(f"{user} has no home yet")
        return await self._acts.act_on_view(
            user, home, action_id, block_id=block_id, value=value, copies=deliveries
        )

    def fill(self, user: str, values: Mapping[str, Any]) -> None:
        """Put values into the top modal as submit() does, without submitting: a later click_view carries them.

        Raises: NotPossible as submit() does.
        """
        self._acts.fill(user, values, view_id=None)

    async def submit(self, user: str, values: Mapping[str, Any] | None = None, *, deliveries: int = 1) -> Ack:
        """Fill the top modal by block_id with plain values and submit it; fields not named keep what they hold.

        A value is written as a person would, by the element of its block; None and "" empty the field:

        - plain_text_input, email_text_input, url_text_input: the text
        - number_input: a number or its text, 3 or "3.50"
        - static_select, radio_buttons: an option's value or its label; True and False for an option yes or no
        - checkboxes, multi_static_select: a list of values or labels; True ticks all, False none
        - datepicker: "2026-01-31"; timepicker: "09:30"
        - datetimepicker: "2026-01-31 09:30" in UTC or with an offset, "2026-01-31 09:30+01:00"; or Unix seconds
        - users_select, channels_select, conversations_select: an id or a name, "U0AMY", "amy", "#approvals"
        - multi_users_select and its like: a list of those
        - rich_text_input: a text, or a rich_text block

        What the Slack client itself refuses is not sent: status 0 and `body["errors"]` by block_id.

        Raises: NotPossible when no modal is open, it has no such field, or the field cannot hold the value.
        """
        return await self._acts.submit(user, values or {}, view_id=None, copies=deliveries)

    async def close(self, user: str) -> Ack:
        """Close the top modal; status 0 without error when the app did not ask to hear of it."""
        return await self._acts.close(user, view_id=None)

    async def open_home(self, user: str) -> Ack:
        """Look at the app's home; the app gets app_home_opened."""
        return await self._acts.open_home(user)

    async def event(self, event: Mapping[str, Any]) -> Ack:
        """Send any other event, e.g. {"type": "app_uninstalled"}, in an envelope of its own."""
        return await self._courier.deliver("events_api", event_callback(event))

    async def redeliver(self, delivery: Delivery, *, copies: int = 1) -> Ack:
        """Send an earlier payload once more; the screen does not change by the answer."""
        return await self._courier.deliver(delivery.kind, delivery.payload, copies=copies)

    async def refresh_sockets(self) -> None:
        """Ask the app to reconnect its sockets, as Slack does now and then."""
        await self._sockets.refresh()

    def drop_sockets(self) -> None:
        """Cut the app's sockets."""
        self._sockets.drop()

    def messages(self, channel: str) -> list[Message]:
        """Return a channel's messages, replies included, oldest first."""
        place = self._slack.workspace.channel(channel)["id"]
        return self._slack.workspace.shown_all(place, self._slack.workspace.in_channel(place))

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return a thread, its root first; [] when there is no such message."""
        return self._slack.workspace.thread(self._slack.workspace.channel(channel)["id"], ts)

    def message(self, channel: str, ts: str) -> Message:
        """Return one message as shown now. Raises: Refused with message_not_found."""
        place = self._slack.workspace.channel(channel)["id"]
        return self._slack.workspace.shown(place, self._slack.workspace.message(place, ts))

    def views(self, user: str) -> list[View]:
        """Return the person's modals with the values they hold, top last."""
        person = self._slack.workspace.person(user)["id"]
        return [self._slack.modals.with_state(one) for one in self._slack.modals.stack(person)]

    def home(self, user: str) -> View | None:
        """Return the person's home, None before the app has published one."""
        return self._slack.workspace.homes.get(self._slack.workspace.person(user)["id"])

    def ephemerals(self, user: str) -> list[Message]:
        """Return the messages that only this person sees, oldest first."""
        person = self._slack.workspace.person(user)["id"]
        return [one for one in self._slack.workspace.ephemerals if one["_to"] == person]

    async def until(self, condition: Callable[[], T | Literal[False] | None], *, timeout_s: float = 5) -> T:
        """Wait until `condition` gives something true, and return that; it is asked after each change here.

        Raises: TimeoutError that says what was on the screen.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := condition()):
                    await self._slack.workspace.changes.wait()
                return found
        except TimeoutError as exc:
            raise TimeoutError(f"not within {timeout_s} s; on the screen:\n{self.screen()}") from exc

    def screen(self) -> str:
        """Return what is to be seen now and the last calls, as text for a failed test."""
        lines = []
        for channel in self._slack.workspace.channels:
            for one in self._slack.workspace.in_channel(channel):
                mark = "  " if one.get("thread_ts", one["ts"]) != one["ts"] else ""
                lines.append(f"{channel} {mark}{one['ts']} {one['user']}: {one['text'][:200]!r}")
        lines += [
            f"only {one['_to']} sees: {one['text'][:200]!r}" for one in self._slack.workspace.ephemerals
        ]
        for user in self._slack.workspace.people:
            titles = [one["title"]["text"] for one in self._slack.modals.stack(user)]
            lines += [f"modals of {user}: {titles}"] if titles else []
        for call in self.transcript[-5:]:
            lines.append(f"call {call.method}: {json.dumps(call.response)[:200]}")
        for sent in self.deliveries[-3:]:
            lines.append(f"delivery {sent.kind}: {sent.ack.status} {sent.ack.error or ''}")
        return "\n".join(lines) or "(nothing)"
