"""Web API: views.*."""

from typing import Any

from bot.sandbox.arguments import Args, needed
from bot.sandbox.errors import Refused
from bot.sandbox.limits import check_view
from bot.sandbox.modals import stored_view
from bot.sandbox.slack import Slack


def open_view(slack: Slack, args: Args) -> dict[str, Any]:
    """Open a modal for the person who made the trigger."""
    view = _modal(args)
    trigger = slack.triggers.redeem(needed(args, "trigger_id"))
    return {"view": slack.modals.open(trigger.user, view)}


def push(slack: Slack, args: Args) -> dict[str, Any]:
    """Put a modal over the one in which the trigger was made."""
    view = _modal(args)
    trigger = slack.triggers.redeem(needed(args, "trigger_id"))
    if trigger.view_id is None:
        raise Refused("not_found")
    return {"view": slack.modals.push(trigger.user, view)}


def update(slack: Slack, args: Args) -> dict[str, Any]:
    """Replace the content of an open modal; `hash` guards against an older one."""
    view = _modal(args)
    old = slack.modals.find(view_id=args.get("view_id"), external_id=args.get("external_id"))
    if args.get("hash") and args["hash"] != old["hash"]:
        raise Refused("hash_conflict")
    return {"view": slack.modals.update(old["id"], view)}


def publish(slack: Slack, args: Args) -> dict[str, Any]:
    """Show a home to one person; `hash` guards against an older one."""
    user = str(needed(args, "user_id"))
    view = needed(args, "view")
    check_view(view, kind="home")
    if user not in slack.workspace.people:
        raise Refused("invalid_arguments", problems=["[ERROR] user not found [json-pointer:/user_id]"])
    old = slack.workspace.homes.get(user)
    if args.get("hash") and (old is None or args["hash"] != old["hash"]):
        raise Refused("hash_conflict")
    view_id = old["id"] if old else f"VHOME{user[1:]}"
    slack.workspace.save_home(user, stored_view(view, view_id=view_id, root=view_id, previous=None))
    return {"view": slack.workspace.homes[user]}


def _modal(args: Args) -> dict[str, Any]:
    view = needed(args, "view")
    check_view(view, kind="modal")
    return dict(view)
