"""Modals and the trigger ids that open them: one stack of at most three views per person."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from bot.sandbox import cast
from bot.sandbox.blockkit import with_ids
from bot.sandbox.errors import Refused
from bot.sandbox.inputs import initial_values, stateful, still_offered
from bot.sandbox.limits import STACK_VIEWS
from bot.sandbox.workspace import Changes

View = dict[str, Any]
_ASKED = (
    "type",
    "title",
    "blocks",
    "submit",
    "close",
    "private_metadata",
    "callback_id",
    "external_id",
    "clear_on_close",
    "notify_on_close",
)


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """Permission to open one view for a person, from a click in `view_id` or elsewhere (None)."""

    user: str
    view_id: str | None
    expires_s: float


class Triggers:
    """Issues trigger ids and redeems each once, within `lifetime_s` (Slack: 3 s)."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._open: dict[str, Trigger] = {}
        self._used: set[str] = set()

    def issue(self, user: str, *, view_id: str | None = None) -> str:
        """Return a new trigger id in Slack's form "132456.7890123.abcdef"."""
        trigger_id = f"{time.time_ns() // 1_000_000}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        expires_s = time.monotonic() + self._lifetime_s
        self._open[trigger_id] = Trigger(user=user, view_id=view_id, expires_s=expires_s)
        return trigger_id

    def redeem(self, trigger_id: Any) -> Trigger:
        """Take a trigger id; it is gone afterwards.

        Raises: Refused with invalid_trigger_id, exchanged_trigger_id or expired_trigger_id.
        """
        if trigger_id in self._used:
            raise Refused("exchanged_trigger_id")
        if trigger_id not in self._open:
            raise Refused("invalid_trigger_id")
        trigger = self._open[trigger_id]
        if time.monotonic() >= trigger.expires_s:
            raise Refused("expired_trigger_id")
        del self._open[trigger_id]
        self._used.add(trigger_id)
        return trigger


class Modals:
    """The modal stacks of all people; a view's live values are kept beside it, as the Slack client does."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._stacks: dict[str, list[str]] = {}
        self._views: dict[str, View] = {}
        self.values: dict[str, dict[str, dict[str, Any]]] = {}

    def stack(self, user: str) -> list[View]:
        """Return the views that a person sees, top last."""
        return [self._views[view_id] for view_id in self._stacks.get(user, [])]

    def owner(self, view_id: str) -> str | None:
        """Return whose stack holds the view, None when nobody's does."""
        return next((user for user, stack in self._stacks.items() if view_id in stack), None)

    def find(self, *, view_id: Any = None, external_id: Any = None) -> View:
        """Return a view that is open.

        Raises: Refused with not_found.
        """
        for view in self._views.values():
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return view
        raise Refused("not_found")

    def open(self, user: str, asked: View) -> View:
        """Show a view as the only one of a person."""
        self.clear(user)
        return self._add(user, asked, previous=None)

    def push(self, user: str, asked: View) -> View:
        """Show a view over the person's others.

        Raises: Refused with push_limit_reached at three views, not_found without any.
        """
        stack = self._stacks.get(user, [])
        if not stack:
            raise Refused("not_found")
        if len(stack) >= STACK_VIEWS:
            raise Refused("push_limit_reached")
        return self._add(user, asked, previous=self._views[stack[-1]])

    def update(self, view_id: str, asked: View) -> View:
        """Replace the content of an open view; fields that stay (block_id, action_id, type) keep what they hold.

        They keep it touched or not, whatever their new initial value is (slackapi/bolt-python#1064).

        Raises: Refused with not_found, or duplicate_external_id.
        """
        old = self.find(view_id=view_id)
        kept = self.values[view_id]
        self._check_external_id(asked, view_id)
        view = stored_view(asked, view_id=view_id, root=old["root_view_id"], previous=old["previous_view_id"])
        self._views[view_id] = view
        self.values[view_id] = _merged(view, kept)
        self._changes.tell()
        return view

    def close_top(self, user: str) -> View | None:
        """Take the top view away and return it, None when there is none."""
        stack = self._stacks.get(user, [])
        if not stack:
            return None
        view_id = stack.pop()
        self.values.pop(view_id)
        self._changes.tell()
        return self._views.pop(view_id)

    def close(self, view_id: str) -> None:
        """Take a view and those over it away; nothing happens when it is gone already."""
        user = self.owner(view_id)
        while user and view_id in self._stacks[user]:
            self.close_top(user)

    def clear(self, user: str) -> None:
        """Take all views of a person away."""
        while self.close_top(user):
            pass

    def with_state(self, view: View) -> View:
        """Return the view as payloads carry it: with the live values of its fields."""
        return {**view, "state": {"values": self.values.get(view["id"], {})}}

    def _add(self, user: str, asked: View, *, previous: View | None) -> View:
        self._check_external_id(asked, None)
        view_id = f"V{secrets.token_hex(5).upper()}"
        root = previous["root_view_id"] if previous else view_id
        view = stored_view(asked, view_id=view_id, root=root, previous=previous["id"] if previous else None)
        self._views[view_id] = view
        self.values[view_id] = initial_values(view)
        self._stacks.setdefault(user, []).append(view_id)
        self._changes.tell()
        return view

    def _check_external_id(self, asked: View, view_id: str | None) -> None:
        external_id = asked.get("external_id")
        if external_id and any(
            one["external_id"] == external_id and one["id"] != view_id for one in self._views.values()
        ):
            raise Refused("duplicate_external_id")


def stored_view(asked: View, *, view_id: str, root: str, previous: str | None) -> View:
    """Return a view as Slack answers it: what the app asked for, with ids, hash and defaults."""
    view: View = {
        "id": view_id,
        "team_id": cast.TEAM["id"],
        **{name: asked.get(name) for name in _ASKED},
        "state": {"values": {}},
        "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
        "previous_view_id": previous,
        "root_view_id": root,
        "app_id": cast.APP_ID,
        "app_installed_team_id": cast.TEAM["id"],
        "bot_id": cast.BOT_ID,
    }
    for name in ("private_metadata", "callback_id", "external_id"):
        view[name] = view[name] or ""
    for name in ("clear_on_close", "notify_on_close"):
        view[name] = bool(view[name])
    view["blocks"] = with_ids(asked["blocks"])
    return view


def _merged(view: View, kept: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    values = initial_values(view)
    for block, element in stateful(view):
        held = kept.get(block["block_id"], {}).get(element["action_id"])
        if held and held["type"] == element["type"]:
            values[block["block_id"]][element["action_id"]] = still_offered(element, held)
    return values
