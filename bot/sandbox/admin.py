"""What an administrator of the workspace does behind the app's back."""

from typing import Any

from bot.sandbox import cast
from bot.sandbox.workspace import Workspace


class Admin:
    """Changes people, groups, channels and messages; the app is told nothing. Ids or names are taken.

    Raises everywhere: Refused with Slack's word for what does not exist.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete anybody's message."""
        place = self._workspace.channel(channel)["id"]
        self._workspace.message(place, ts)
        self._workspace.delete_message(place, ts)

    def set_group(self, group: str, users: list[str]) -> None:
        """Make these people the whole user group (id or handle); an unknown group is made."""
        known = {one["handle"]: one for one in self._workspace.groups.values()}
        found: dict[str, Any] = self._workspace.groups.get(group) or known.get(group) or cast.group(group)
        ids = [self._workspace.person(user)["id"] for user in users]
        self._workspace.save_group({**found, "users": ids})

    def remove_from_group(self, group: str, user: str) -> None:
        """Take a person out of a user group."""
        known = {one["handle"]: one for one in self._workspace.groups.values()} | self._workspace.groups
        out = self._workspace.person(user)["id"]
        self.set_group(group, [one for one in known[group]["users"] if one != out])

    def rename_group(self, group: str, handle: str) -> None:
        """Give a user group (id) another handle and name; its id and its people stay."""
        found = self._workspace.groups[group]
        self._workspace.save_group({**found, "handle": handle, "name": handle.title()})

    def deactivate(self, user: str, *, deleted: bool = True) -> None:
        """Deactivate a person, or bring one back."""
        self._workspace.save_person({**self._workspace.person(user), "deleted": deleted})

    def make_guest(self, user: str, *, is_restricted: bool = True) -> None:
        """Make a person a guest, or a full member again."""
        self._workspace.save_person({**self._workspace.person(user), "is_restricted": is_restricted})

    def change_person(self, user: str, **fields: Any) -> None:
        """Change what users.info says of a person, e.g. is_stranger=True or team_id="T0OTHER"."""
        self._workspace.save_person({**self._workspace.person(user), **fields})

    def add_person(self, user_id: str, name: str, *, channels: tuple[str, ...] = ("approvals",)) -> None:
        """Add a person and put them into channels."""
        self._workspace.save_person(cast.person(user_id, name, name.title(), ""))
        for channel in channels:
            self.set_members(channel, [*self._workspace.channel(channel)["members"], user_id])

    def set_members(self, channel: str, users: list[str]) -> None:
        """Make these ids the whole membership of a channel; leave the bot's out to remove it."""
        self._workspace.save_channel({**self._workspace.channel(channel), "members": list(users)})

    def archive(self, channel: str, *, is_archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        self._workspace.save_channel({**self._workspace.channel(channel), "is_archived": is_archived})
