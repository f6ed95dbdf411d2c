"""The Web API's methods by name; each is a function of (slack, args) that returns the fields beside "ok"."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.arguments import Args
from bot.sandbox.methods import apps, chat, conversations, files, people, views
from bot.sandbox.slack import Slack

Method = Callable[[Slack, Args], dict[str, Any]]

METHODS: Mapping[str, Method] = {
    "api.test": apps.test,
    "apps.connections.open": apps.open_connection,
    "auth.test": apps.auth_test,
    "bots.info": apps.bot_info,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.get_permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "conversations.history": conversations.history,
    "conversations.info": conversations.info,
    "conversations.join": conversations.join,
    "conversations.list": conversations.list_all,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_direct,
    "conversations.replies": conversations.replies,
    "files.completeUploadExternal": files.complete_upload,
    "files.getUploadURLExternal": files.get_upload_url,
    "files.info": files.info,
    "reactions.add": chat.add_reaction,
    "usergroups.list": people.list_groups,
    "usergroups.users.list": people.list_group_users,
    "users.info": people.info,
    "users.list": people.list_all,
    "users.lookupByEmail": people.look_up_by_email,
    "views.open": views.open_view,
    "views.publish": views.publish,
    "views.push": views.push,
    "views.update": views.update,
}
APP_TOKEN_METHODS = frozenset({"apps.connections.open"})
OPEN_METHODS = frozenset({"api.test"})
