"""Web API: users.* and usergroups.*."""

from typing import Any

from bot.sandbox.arguments import Args, flagged, needed, page_of
from bot.sandbox.errors import Refused
from bot.sandbox.slack import Slack


def info(slack: Slack, args: Args) -> dict[str, Any]:
    """Describe one person, deactivated ones too; only an id is taken."""
    user = slack.workspace.people.get(str(needed(args, "user")))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user}


def look_up_by_email(slack: Slack, args: Args) -> dict[str, Any]:
    """Describe the person with this address, letter case aside; a deactivated one is not found."""
    email = str(needed(args, "email")).casefold()
    for user in slack.workspace.people.values():
        if user["profile"]["email"].casefold() == email and not user["deleted"]:
            return {"user": user}
    raise Refused("users_not_found")


def list_all(slack: Slack, args: Args) -> dict[str, Any]:
    """List the people, the bot user and deactivated ones included."""
    found, cursor = page_of(args, list(slack.workspace.people.values()), default=1000, most=1000)
    return {"members": found, "response_metadata": {"next_cursor": cursor}}


def list_groups(slack: Slack, args: Args) -> dict[str, Any]:
    """List the user groups; their users only on `include_users`."""
    with_users = flagged(args, "include_users")
    groups = [
        {name: value for name, value in group.items() if name != "users" or with_users}
        | ({"user_count": len(group["users"])} if flagged(args, "include_count") else {})
        for group in slack.workspace.groups.values()
        if not group["date_delete"] or flagged(args, "include_disabled")
    ]
    return {"usergroups": groups}


def list_group_users(slack: Slack, args: Args) -> dict[str, Any]:
    """List the ids of a group's users."""
    group = slack.workspace.groups.get(str(needed(args, "usergroup")))
    if group is None or (group["date_delete"] and not flagged(args, "include_disabled")):
        raise Refused("no_such_subteam")
    return {"users": list(group["users"])}
