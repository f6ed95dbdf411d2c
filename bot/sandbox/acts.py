"""What a person does in Slack: type, click, choose, submit, close, look at the home; all of it reaches the app."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox import payloads
from bot.sandbox.blockkit import block_elements
from bot.sandbox.delivery import TROUBLE, Ack, Courier
from bot.sandbox.errors import NotPossible, Refused
from bot.sandbox.inputs import filled_state, initial_values, problem_for_person, stateful
from bot.sandbox.limits import check_view
from bot.sandbox.posting import person_message
from bot.sandbox.slack import Slack
from bot.sandbox.workspace import Channel, Message, Workspace

_STATELESS = {"button", "overflow", "workflow_button"}


@dataclass(frozen=True, kw_only=True)
class SlashCommand:
    """A command that the app has announced, e.g. SlashCommand(command="/approvals", description="…").

    `example` is what the page offers a newcomer to type after it.
    """

    command: str
    description: str = ""
    usage_hint: str = ""
    example: str = "help"


class Acts:
    """Turns what a person does into deliveries, and the app's answers into what the person sees."""

    def __init__(self, slack: Slack, *, courier: Courier, commands: Sequence[SlashCommand]) -> None:
        self._slack = slack
        self._courier = courier
        self.commands = tuple(commands)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        """Post what a person has typed; the app hears nothing of it.

        Raises: NotPossible when the person is not in the channel or it is archived.
        """
        person, place = self._at(user, channel)
        if place["is_archived"]:
            raise NotPossible(f"#{place['name']} is archived")
        message = person_message(self._slack.workspace, person["id"], escaped(self._slack.workspace, text))
        if thread_ts:
            message["thread_ts"] = thread_ts
        self._slack.workspace.save_message(place["id"], message)
        return message

    async def slash(self, user: str, channel: str, text: str) -> Ack:
        """Send a slash command, e.g. "/approvals start expense", and show the answer.

        Raises: NotPossible for a command that nobody has announced.
        """
        person, place = self._at(user, channel)
        command, _, rest = text.strip().partition(" ")
        if self.commands and command not in {one.command for one in self.commands}:
            raise NotPossible(f"{command} is not a valid command.")
        payload = payloads.slash_command(
            person,
            channel=place,
            command=command,
            text=escaped(self._slack.workspace, rest.strip()),
            trigger_id=self._slack.triggers.issue(person["id"]),
            response_url=self._slack.responses.issue(user=person["id"], channel=place["id"]),
        )
        ack = await self._courier.deliver("slash_commands", payload)
        return self._answered(ack, user=person["id"], channel=place["id"], command=command)

    def _answered(self, ack: Ack, *, user: str, channel: str, command: str) -> Ack:
        if ack.error or not ack.body or not (ack.body.get("text") or ack.body.get("blocks")):
            return ack
        try:
            self._slack.responses.post(user=user, channel=channel, body=ack.body)
        except Refused as refusal:
            return replace(ack, error=f'{command} failed with the error "{refusal.code}"')
        return ack

    async def act_on_message(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        block_id: str | None,
        value: Any,
        message: Message | None,
        copies: int,
    ) -> Ack:
        """Use an element of a message; `message` is what the person still sees when it differs from now.

        Raises: NotPossible when the person does not see it.
        """
        person, place = self._at(user, channel)
        shown = message or self._seen(person["id"], place, ts)
        block, element = _element(shown, action_id, block_id)
        payload = payloads.message_actions(
            person,
            channel=place,
            message={name: value for name, value in shown.items() if not name.startswith("_")},
            action=self._action(block, element, value),
            trigger_id=self._slack.triggers.issue(person["id"]),
            response_url=self._slack.responses.issue(
                user=person["id"], channel=place["id"], original=shown["ts"]
            ),
        )
        return await self._courier.deliver("interactive", payload, copies=copies)

    def _seen(self, user: str, channel: Channel, ts: str) -> Message:
        for one in self._slack.workspace.ephemerals:
            if one["ts"] == ts and one["_to"] == user:
                return one
        try:
            message = self._slack.workspace.message(channel["id"], ts)
        except Refused as exc:
            raise NotPossible(f"no message {ts} in {channel['id']}") from exc
        return self._slack.workspace.shown(channel["id"], message)

    async def act_on_view(
        self,
        user: str,
        view: Mapping[str, Any],
        action_id: str,
        *,
        block_id: str | None,
        value: Any,
        copies: int,
    ) -> Ack:
        """Use an element of a modal or a home.

        Raises: NotPossible when the view has no such element.
        """
        person = self._person(user)
        block, element = _element(view, action_id, block_id)
        action = self._action(block, element, value)
        shown = self._slack.modals.with_state(dict(view))
        if view["type"] == "home":
            shown["state"] = {"values": initial_values(view)}
        held = shown["state"]["values"].get(block["block_id"], {})
        if element["type"] not in _STATELESS:
            held[element["action_id"]] = filled_state(element, value, workspace=self._slack.workspace)
        trigger_id = self._slack.triggers.issue(
            person["id"], view_id=view["id"] if view["type"] == "modal" else None
        )
        payload = payloads.view_actions(person, view=shown, action=action, trigger_id=trigger_id)
        return await self._courier.deliver("interactive", payload, copies=copies)

    def _action(self, block: Mapping[str, Any], element: Mapping[str, Any], value: Any) -> dict[str, Any]:
        action: dict[str, Any] = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": payloads.action_ts(),
        }
        if element["type"] in ("button", "workflow_button"):
            return action | {
                name: element[name] for name in ("text", "value", "style", "url") if name in element
            }
        return action | filled_state(element, value, workspace=self._slack.workspace)

    def fill(self, user: str, values: Mapping[str, Any], *, view_id: str | None) -> None:
        """Put plain values into the fields of a modal (the top one) by block_id; the app hears nothing of it.

        Raises: NotPossible without such a view or field, or for a value that cannot be put in; nothing is then.
        """
        self._fill(self._top(self._person(user)["id"], view_id), values)

    async def submit(self, user: str, values: Mapping[str, Any], *, view_id: str | None, copies: int) -> Ack:
        """Fill the fields of a modal (the top one) by block_id and submit it.

        What the Slack client itself refuses (an empty required field, a letter in a number) is not sent:
        status 0 and body {"response_action": "errors", "errors": {block_id: words}}.

        Raises: NotPossible without such a view or field.
        """
        person = self._person(user)
        view = self._top(person["id"], view_id)
        self._fill(view, values)
        if errors := self._client_errors(view):
            return Ack(status=0, body={"response_action": "errors", "errors": errors})
        payload = payloads.view_submission(
            person,
            view=self._slack.modals.with_state(view),
            trigger_id=self._slack.triggers.issue(person["id"], view_id=view["id"]),
        )
        ack = await self._courier.deliver("interactive", payload, copies=copies)
        return ack if ack.error else self._submitted(person["id"], view, ack)

    def _top(self, user: str, view_id: str | None = None) -> dict[str, Any]:
        stack = self._slack.modals.stack(user)
        if not stack or (view_id is not None and stack[-1]["id"] != view_id):
            raise NotPossible(f"{user} has no such view open")
        return stack[-1]

    def _fill(self, view: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        fields = {block["block_id"]: element for block, element in stateful(view)}
        states = {}
        for block_id, value in values.items():
            if block_id not in fields:
                raise NotPossible(f"the view has no field {block_id}, only {sorted(fields)}")
            states[block_id] = filled_state(fields[block_id], value, workspace=self._slack.workspace)
        for block_id, state in states.items():
            self._slack.modals.values[view["id"]][block_id][fields[block_id]["action_id"]] = state

    def _client_errors(self, view: Mapping[str, Any]) -> dict[str, str]:
        held = self._slack.modals.values[view["id"]]
        errors = {
            block["block_id"]: problem_for_person(block, held[block["block_id"]][element["action_id"]])
            for block, element in stateful(view)
            if block["type"] == "input"
        }
        return {block_id: words for block_id, words in errors.items() if words}

    def _submitted(self, user: str, view: Mapping[str, Any], ack: Ack) -> Ack:
        body = ack.body or {}
        modals = self._slack.modals
        try:
            match body.get("response_action"):
                case None:
                    modals.close(view["id"])
                case "clear":
                    modals.clear(user)
                case "errors" if _fits(view, body.get("errors")):
                    pass
                case "update":
                    check_view(body.get("view"), kind="modal")
                    modals.update(view["id"], body["view"])
                case "push":
                    check_view(body.get("view"), kind="modal")
                    modals.push(user, body["view"])
                case _:
                    return replace(ack, error=TROUBLE)
        except Refused:
            return replace(ack, error=TROUBLE)
        return ack

    async def close(self, user: str, *, view_id: str | None) -> Ack:
        """Close the top modal, or all when it says clear_on_close; the app hears it on notify_on_close.

        Raises: NotPossible when no such modal is open.
        """
        person = self._person(user)
        top = self._top(person["id"], view_id)
        closed = self._slack.modals.with_state(top)
        if top["clear_on_close"]:
            self._slack.modals.clear(person["id"])
        else:
            self._slack.modals.close_top(person["id"])
        if not top["notify_on_close"]:
            return Ack(status=0)
        payload = payloads.view_closed(person, view=closed, is_cleared=top["clear_on_close"])
        return await self._courier.deliver("interactive", payload)

    async def open_home(self, user: str) -> Ack:
        """Look at the app's home: the app gets app_home_opened."""
        person = self._person(user)
        view = self._slack.workspace.homes.get(person["id"])
        payload = payloads.app_home_opened(person["id"], channel=f"D{person['id'][1:]}", view=view)
        return await self._courier.deliver("events_api", payload)

    def _person(self, user: str) -> dict[str, Any]:
        try:
            person = self._slack.workspace.person(user)
        except Refused as exc:
            raise NotPossible(f"nobody is called {user}") from exc
        if person["deleted"]:
            raise NotPossible(f"{user} is deactivated")
        return person

    def _at(self, user: str, channel: str) -> tuple[dict[str, Any], Channel]:
        person = self._person(user)
        try:
            place = self._slack.workspace.channel(channel)
        except Refused as exc:
            raise NotPossible(f"no channel {channel}") from exc
        if person["id"] not in place["members"]:
            raise NotPossible(f"{user} is not in {channel}")
        return person, place


def _fits(view: Mapping[str, Any], errors: Any) -> bool:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    return isinstance(errors, dict) and bool(errors) and set(errors) <= inputs


def _element(
    shown: Mapping[str, Any], action_id: str, block_id: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    found = [
        (block, element)
        for block in shown.get("blocks") or []
        for element in block_elements(block)
        if element.get("action_id") == action_id and block_id in (None, block.get("block_id"))
    ]
    if len(found) != 1:
        count = "no" if not found else "more than one"
        raise NotPossible(f"{count} element {action_id} on the screen (block_id {block_id})")
    return found[0]


def escaped(workspace: Workspace, text: str) -> str:
    """Return a typed text as Slack passes it on with should_escape: & < > escaped, @name as <@U…|name>."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    people = {one["name"]: f"<@{one['id']}|{one['name']}>" for one in workspace.people.values()}
    groups = {one["handle"]: f"<!subteam^{one['id']}|@{one['handle']}>" for one in workspace.groups.values()}
    channels = {
        one["name"]: f"<#{one['id']}|{one['name']}>" for one in workspace.channels.values() if "name" in one
    }
    at = {**groups, **people}
    safe = re.sub(r"(?<![\w@])@([\w.-]+)", lambda found: at.get(found[1], found[0]), safe)
    return re.sub(r"(?<![\w&#])#([\w-]+)", lambda found: channels.get(found[1], found[0]), safe)
