"""Slack user -> the engine's Actor, looked up afresh for every decision; a failed lookup decides nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.identity import UNREACHABLE, Identity, refusal_code
from engine import Actor, Policy

LOG = logging.getLogger("assent")
NAME_LIFETIME_S = 60.0
NAMES_KEPT = 1_000
LOOKUP_LIMIT_S = 2.0  # Slack waits 3 s for an ack (docs.slack.dev, interactivity)
UNCHECKED = "Could not check who you are, so nothing was done. Please try again."

Answer = TypeVar("Answer")


class People:
    """Looks people up. Membership and account status are asked each time; only names for display are kept."""

    def __init__(self, client: AsyncWebClient, *, identity: Identity) -> None:
        self._client = client
        self._identity = identity
        self._names: dict[str, tuple[str | None, float]] = {}

    async def actor(self, user_id: str, *, team_id: str, policy: Policy | None) -> Actor:
        """Say who acts, with those of the policy's groups that the person is in right now.

        Never raises for what Slack says or fails to say: the actor is then `barred` with the reason. Groups
        are asked only when the policy does not name the person; one that cannot be read counts as a group
        the person is not in, and bars when it could have mattered. Takes 2 s at most.
        """
        wanted = sorted(policy.groups) if policy and user_id not in policy.users else []
        user, *members = await asyncio.gather(
            self._looked_up(self._user(user_id)),
            *(self._looked_up(self._members(group)) for group in wanted),
        )
        if user is None:
            return Actor(id=user_id, name=user_id, barred=UNCHECKED)
        groups = frozenset(
            group for group, ids in zip(wanted, members, strict=True) if ids and user_id in ids
        )
        return Actor(
            id=user_id,
            name=_name(user) or user_id,
            groups=groups,
            barred=self._barred(user, user_id=user_id, team_id=team_id)
            or (UNCHECKED if None in members and not groups else None),
        )

    async def name(self, user_id: str) -> str | None:
        """Give a person's name for display, at most 60 s old; None: Slack does not say."""
        name, asked_at = self._names.get(user_id, (None, -NAME_LIFETIME_S))
        if time.monotonic() - asked_at < NAME_LIFETIME_S:
            return name
        user = await self._looked_up(self._user(user_id))
        if user is None:
            return None
        if len(self._names) >= NAMES_KEPT:
            self._names.clear()
        self._names[user_id] = (_name(user) or None, time.monotonic())
        return self._names[user_id][0]

    async def _looked_up(self, lookup: Coroutine[Any, Any, Answer]) -> Answer | None:
        try:
            async with asyncio.timeout(LOOKUP_LIMIT_S):
                return await lookup
        except (*UNREACHABLE, LookupError, TypeError) as error:
            code = refusal_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            LOG.warning("A person could not be looked up: %s", code)
            return None

    async def _user(self, user_id: str) -> dict[str, Any]:
        user = (await self._client.users_info(user=user_id))["user"]
        if not isinstance(user, dict):
            raise TypeError("users.info gave no user")
        return user

    async def _members(self, group: str) -> frozenset[str]:
        ids = (await self._client.usergroups_users_list(usergroup=group))["users"]
        if not isinstance(ids, list):
            raise TypeError("usergroups.users.list gave no list")
        return frozenset(ids)

    def _barred(self, user: dict[str, Any], *, user_id: str, team_id: str) -> str | None:
        own = self._identity.account
        if own is None or user.get("id") != user_id:
            return UNCHECKED
        if team_id != own.team_id or user.get("team_id", own.team_id) != own.team_id:
            return "You belong to another workspace, so you cannot decide here."
        if user.get("is_stranger"):
            return "You belong to another workspace, so you cannot decide here."
        if user.get("deleted"):
            return "This account is deactivated."
        if user.get("is_bot") or user.get("is_workflow_bot"):
            return "A bot cannot decide this."
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return "Guests cannot decide this."
        return None


def _name(user: dict[str, Any]) -> str:
    profile = user.get("profile")
    shown = profile if isinstance(profile, dict) else {}
    names = (shown.get("real_name"), user.get("real_name"), shown.get("display_name"), user.get("name"))
    return next((name.strip() for name in names if isinstance(name, str) and name.strip()), "")
