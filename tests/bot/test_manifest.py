"""manifest.yml and the code agree, and Slack takes the manifest as it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

from bot import listeners
from bot.cards import card
from bot.listeners import actions, commands, modals
from engine import Field, FieldKind, Form
from tests.bot.runs import approval, run

BOT = Path(listeners.__file__).parents[1]
SOURCES = [path for path in BOT.rglob("*.py") if "sandbox" not in path.parts]
MANIFEST: dict[str, Any] = yaml.safe_load((BOT.parent / "manifest.yml").read_text())

# docs.slack.dev/reference/methods: what a bot token needs for each method
SCOPES: dict[str, set[str]] = {
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write", "chat:write.public"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_replies": {"channels:history", "groups:history"},
    "files_upload_v2": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
}


def methods_called() -> set[str]:
    """Find every Web API method that the bot's code calls."""
    calls = (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())))
    names = {
        node.func.attr
        for node in calls
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return {name for name in names if "_" in name and name in vars(AsyncWebClient)}


def written(pattern: str) -> set[str]:
    """Find what the sources write literally."""
    return {found for path in SOURCES for found in re.findall(pattern, path.read_text())}


def test_scopes_are_those_that_the_code_needs() -> None:
    """The manifest asks for exactly the scopes of the methods that are called, and for the command's own."""
    called = methods_called()
    assert called == set(SCOPES)
    needed = {"commands"}.union(*(SCOPES[name] for name in called))
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed
    assert list(MANIFEST["oauth_config"]["scopes"]) == ["bot"]


def test_the_command_is_the_one_that_is_listened_to() -> None:
    """There is one slash command, told in the same words as in the code, and ids in it arrive as ids."""
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command == {
        "command": commands.COMMAND,
        "description": commands.DESCRIPTION,
        "usage_hint": commands.USAGE_HINT,
        "should_escape": True,
    }


def test_events_are_those_that_are_listened_to() -> None:
    """Every event that the app subscribes to has a listener, and the other way round."""
    assert written(r'app\.event\("([a-z_]+)"\)') == set(
        MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    )


def test_every_form_has_its_listener() -> None:
    """The callback ids of the forms that open are those that are listened to; a notice cannot be sent."""
    assert written(r'callback_id="([a-z_]+)"') == {"start", "notice", *modals.PAGED, *modals.OPTIONS}
    assert {*modals.OPTIONS, *modals.PAGED} == {*actions.FORMS, "choose"}


def test_every_button_has_its_listener() -> None:
    """The buttons of a short card and of one that is too long to show are those that are listened to."""
    form = Form(
        fields=(Field(name="amount", label="Amount", kind=FieldKind.INTEGER, required=True, initial=5),),
        schema={},
    )
    short, long = approval(form=form), approval({"text": "x" * 20_000})
    blocks = [*card(run(short), short), *card(run(long), long)]
    shown = {
        button["action_id"] for block in blocks if block["type"] == "actions" for button in block["elements"]
    }
    assert shown == {"approve", *actions.FORMS}


def test_what_the_app_uses_is_switched_on() -> None:
    """Buttons, the home and direct messages work, and Socket Mode needs no public address."""
    settings, home = MANIFEST["settings"], MANIFEST["features"]["app_home"]
    assert settings["interactivity"]["is_enabled"]
    assert settings["socket_mode_enabled"]
    assert home["home_tab_enabled"]
    assert home["messages_tab_enabled"]
    assert not settings["org_deploy_enabled"]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (MANIFEST["display_information"]["name"], 1, 35),
        (MANIFEST["display_information"]["description"], 1, 140),
        (MANIFEST["display_information"]["long_description"], 175, 4000),
        (MANIFEST["features"]["bot_user"]["display_name"], 1, 80),
        (commands.COMMAND, 2, 32),
        (commands.DESCRIPTION, 1, 2000),
        (commands.USAGE_HINT, 1, 1000),
    ],
)
def test_texts_keep_to_slacks_limits(text: str, least: int, most: int) -> None:
    """Names and descriptions are as long as Slack takes them (slackapi/manifest-schema 0.5.0 and docs.slack.dev)."""
    assert least <= len(text) <= most


def test_only_known_keys_are_used() -> None:
    """The manifest has no key that Slack would refuse (slackapi/manifest-schema 0.5.0)."""
    assert set(MANIFEST) == {"display_information", "features", "oauth_config", "settings"}
    assert re.fullmatch(r"#[0-9a-f]{6}", MANIFEST["display_information"]["background_color"])
    assert set(MANIFEST["settings"]) <= {
        "event_subscriptions",
        "interactivity",
        "org_deploy_enabled",
        "socket_mode_enabled",
        "token_rotation_enabled",
    }
