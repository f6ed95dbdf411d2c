"""The Web API, called by Slack's own client and by plain HTTP."""

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Refused, Sandbox, Timing
from bot.sandbox.arguments import normal
from bot.sandbox.methods import METHODS
from bot.sandbox.slack import Slack

CHANNEL = "C0APPROVALS"
MESSAGE = {"type": "message", "user": "U0ASSENT", "app_id": "A0ASSENT", "text": "x"}
HOME = {"type": "home", "blocks": [{"type": "divider"}]}


async def refusal(call: Any) -> str:
    """Return the error word with which a call was refused."""
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_tokens_are_checked(sandbox: Sandbox) -> None:
    """Without a token, with a wrong one and with the other kind of token a call is refused in Slack's words."""
    none, wrong = (
        AsyncWebClient(base_url=sandbox.api_url),
        AsyncWebClient("xoxb-no", base_url=sandbox.api_url),
    )
    app = AsyncWebClient(sandbox.app_token, base_url=sandbox.api_url)
    bot = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)
    assert await refusal(none.auth_test()) == "not_authed"
    assert await refusal(wrong.auth_test()) == "invalid_auth"
    assert await refusal(app.auth_test()) == "not_allowed_token_type"
    assert await refusal(bot.apps_connections_open(app_token=sandbox.bot_token)) == "not_allowed_token_type"
    assert (await bot.auth_test())["bot_id"] == "B0ASSENT"
    assert (await none.api_test())["ok"] is True


async def test_json_and_forms_say_the_same(sandbox: Sandbox) -> None:
    """A call is understood as JSON and as a form with JSON inside; the token may be a header or a field."""
    blocks = '[{"type":"divider"}]'
    async with aiohttp.ClientSession() as session:
        form = {"token": sandbox.bot_token, "channel": "#approvals", "text": "form", "blocks": blocks}
        async with session.post(f"{sandbox.api_url}chat.postMessage", data=form) as response:
            from_form = await response.json()
        headers = {"Authorization": f"Bearer {sandbox.bot_token}"}
        body = {"channel": CHANNEL, "text": "json", "blocks": [{"type": "divider"}]}
        async with session.post(f"{sandbox.api_url}chat.postMessage", json=body, headers=headers) as response:
            from_json = await response.json()
        async with session.post(
            f"{sandbox.api_url}chat.postMessage",
            data=b"{",
            headers=headers | {"Content-Type": "application/json"},
        ) as response:
            assert (await response.json())["error"] == "invalid_json"
    assert from_form["message"]["blocks"][0]["type"] == from_json["message"]["blocks"][0]["type"] == "divider"
    assert [one["text"] for one in sandbox.messages(CHANNEL)] == ["form", "json"]


async def test_an_unknown_method_is_named(client: AsyncWebClient) -> None:
    """A method that the sandbox does not have is unknown_method, not a silent success."""
    assert await refusal(client.api_call("chat.scheduleMessage")) == "unknown_method"


async def test_a_message_answers_as_in_slack(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """chat.postMessage answers channel, ts and the stored message, its blocks and elements with ids."""
    block = {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "B"}}],
    }
    metadata = {"event_type": "approval", "event_payload": {"id": "7"}}
    answer = await client.chat_postMessage(channel=CHANNEL, text="hi", blocks=[block], metadata=metadata)
    message = answer["message"]
    assert (answer["channel"], answer["ts"]) == (CHANNEL, message["ts"])
    assert (message["bot_id"], message["app_id"], message["user"]) == ("B0ASSENT", "A0ASSENT", "U0ASSENT")
    assert message["metadata"] == metadata
    assert message["blocks"][0]["block_id"]
    assert message["blocks"][0]["elements"][0]["action_id"]
    assert sandbox.message(CHANNEL, answer["ts"])["text"] == "hi"


async def test_timestamps_rise_and_never_repeat(client: AsyncWebClient) -> None:
    """Each message of the workspace has a later ts than the one before."""
    stamps = [(await client.chat_postMessage(channel=CHANNEL, text=str(n)))["ts"] for n in range(50)]
    assert stamps == sorted(set(stamps))


async def test_posting_is_refused_where_the_bot_has_no_place(
    client: AsyncWebClient, sandbox: Sandbox
) -> None:
    """Unknown, foreign and archived channels, empty and broken messages have Slack's error words."""
    assert await refusal(client.chat_postMessage(channel="#nowhere", text="x")) == "channel_not_found"
    assert await refusal(client.chat_postMessage(channel="C0GENERAL", text="x")) == "not_in_channel"
    assert (
        await refusal(client.api_call("chat.postMessage", json={"channel": CHANNEL, "text": " "}))
        == "no_text"
    )
    assert (
        await refusal(client.chat_postMessage(channel=CHANNEL, text="x", thread_ts="1.1"))
        == "thread_not_found"
    )
    broken = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=CHANNEL, text="x", blocks=broken)
    assert refused.value.response["error"] == "invalid_blocks"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]
    sandbox.admin.archive("approvals")
    assert await refusal(client.chat_postMessage(channel=CHANNEL, text="x")) == "is_archived"
    assert sandbox.messages(CHANNEL) == []


async def test_a_long_text_is_cut_at_40000(client: AsyncWebClient) -> None:
    """chat.postMessage cuts what chat.update would refuse."""
    message = await client.chat_postMessage(channel=CHANNEL, text="x" * 40_001)
    assert len(message["message"]["text"]) == 40_000


async def test_a_thread_has_its_root_first_and_counts(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Replies stand under their root, out of the channel's history unless they are broadcast."""
    root = (await client.chat_postMessage(channel=CHANNEL, text="root"))["ts"]
    reply = (await client.chat_postMessage(channel=CHANNEL, text="one", thread_ts=root))["ts"]
    loud = await client.chat_postMessage(channel=CHANNEL, text="two", thread_ts=reply, reply_broadcast=True)
    assert loud["message"]["thread_ts"] == root
    assert [one["text"] for one in sandbox.thread(CHANNEL, root)] == ["root", "one", "two"]
    history = await client.conversations_history(channel=CHANNEL)
    assert [one["text"] for one in history["messages"]] == ["two", "root"]
    assert history["messages"][1]["reply_count"] == 2
    replies = await client.conversations_replies(channel=CHANNEL, ts=root)
    assert [one["text"] for one in replies["messages"]] == ["root", "one", "two"]


async def test_history_is_paged_and_hides_metadata_unless_asked(client: AsyncWebClient) -> None:
    """Cursor and limit walk the whole history once; metadata comes with include_all_metadata only."""
    metadata = {"event_type": "e", "event_payload": {"n": 1}}
    for number in range(5):
        await client.chat_postMessage(channel=CHANNEL, text=str(number), metadata=metadata)
    seen: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await client.conversations_history(
            channel=CHANNEL, limit=2, cursor=cursor, include_all_metadata=bool(cursor)
        )
        seen += page["messages"]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] == bool(cursor)
        if not cursor:
            break
    assert [one["text"] for one in seen] == ["4", "3", "2", "1", "0"]
    assert ["metadata" in one for one in seen] == [False, False, True, True, True]
    middle = seen[2]["ts"]
    newer = await client.conversations_history(channel=CHANNEL, oldest=middle)
    older = await client.conversations_history(channel=CHANNEL, latest=middle, inclusive=True)
    assert [one["text"] for one in newer["messages"]] == ["4", "3"]
    assert [one["text"] for one in older["messages"]] == ["2", "1", "0"]
    assert await refusal(client.conversations_history(channel=CHANNEL, cursor="x")) == "invalid_cursor"


async def test_an_update_keeps_what_it_does_not_name(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Blocks and metadata stay unless given; empty ones go."""
    metadata = {"event_type": "e", "event_payload": {}}
    sent = await client.chat_postMessage(
        channel=CHANNEL, text="a", blocks=[{"type": "divider"}], metadata=metadata
    )
    await client.chat_update(channel=CHANNEL, ts=sent["ts"], text="b")
    changed = sandbox.message(CHANNEL, sent["ts"])
    assert (changed["text"], len(changed["blocks"]), changed["metadata"]) == ("b", 1, metadata)
    assert changed["edited"]["user"] == "U0ASSENT"
    await client.chat_update(channel=CHANNEL, ts=sent["ts"], text="c", blocks=[], metadata={})
    assert {"blocks", "metadata"}.isdisjoint(sandbox.message(CHANNEL, sent["ts"]))


async def test_an_update_is_refused_in_slacks_words(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Only the app's own, living message in a living channel may change, within the limits."""
    mine = (await client.chat_postMessage(channel=CHANNEL, text="a", blocks=[{"type": "divider"}]))["ts"]
    theirs = sandbox.say("rita", CHANNEL, "hello")["ts"]
    rich = [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
        }
    ]
    update = client.chat_update
    assert await refusal(update(channel=CHANNEL, ts="1.1", text="b")) == "message_not_found"
    assert await refusal(update(channel="C0NONE", ts=mine, text="b")) == "channel_not_found"
    assert await refusal(update(channel=CHANNEL, ts=theirs, text="b")) == "cant_update_message"
    assert await refusal(update(channel=CHANNEL, ts=mine, text="b" * 4001)) == "msg_too_long"
    assert await refusal(update(channel=CHANNEL, ts=mine, text="b", blocks=rich)) == "block_mismatch"
    sandbox.admin.archive(CHANNEL)
    assert await refusal(update(channel=CHANNEL, ts=mine, text="b")) == "is_inactive"
    assert sandbox.message(CHANNEL, mine)["text"] == "a"


async def test_deleting_leaves_a_tombstone_over_replies(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """A lone message goes; the root of a thread leaves a tombstone; a person's message is not the app's to delete."""
    lone = (await client.chat_postMessage(channel=CHANNEL, text="a"))["ts"]
    root = (await client.chat_postMessage(channel=CHANNEL, text="b"))["ts"]
    await client.chat_postMessage(channel=CHANNEL, text="c", thread_ts=root)
    theirs = sandbox.say("rita", CHANNEL, "hello")["ts"]
    await client.chat_delete(channel=CHANNEL, ts=lone)
    await client.chat_delete(channel=CHANNEL, ts=root)
    assert await refusal(client.chat_delete(channel=CHANNEL, ts=lone)) == "message_not_found"
    assert await refusal(client.chat_delete(channel=CHANNEL, ts=theirs)) == "cant_delete_message"
    assert sandbox.message(CHANNEL, root)["subtype"] == "tombstone"
    assert await refusal(client.chat_update(channel=CHANNEL, ts=root, text="x")) == "cant_update_message"


async def test_an_ephemeral_message_has_one_reader(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Only the named member sees it, and it is in no history."""
    await client.chat_postEphemeral(channel=CHANNEL, user="U0AMY", text="psst")
    assert [one["text"] for one in sandbox.ephemerals("amy")] == ["psst"]
    assert sandbox.ephemerals("ben") == []
    assert (await client.conversations_history(channel=CHANNEL))["messages"] == []
    stranger = client.chat_postEphemeral(channel=CHANNEL, user="U0NOBODY", text="x")
    assert await refusal(stranger) == "user_not_in_channel"


async def test_a_permalink_leads_to_the_page(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """The link names channel and message, the thread too, and the sandbox answers it with its page."""
    root = (await client.chat_postMessage(channel=CHANNEL, text="root"))["ts"]
    reply = (await client.chat_postMessage(channel=CHANNEL, text="r", thread_ts=root))["ts"]
    link = (await client.chat_getPermalink(channel=CHANNEL, message_ts=reply))["permalink"]
    digits = reply.replace(".", "")
    assert link == f"{sandbox.url}/archives/{CHANNEL}/p{digits}?thread_ts={root}&cid={CHANNEL}"
    async with aiohttp.ClientSession() as session, session.get(link, allow_redirects=False) as response:
        assert response.headers["Location"] == f"/#{CHANNEL}/p{digits}"


async def test_direct_messages_open_by_post_and_by_call(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Posting to a user id and conversations.open lead to the same conversation."""
    posted = await client.chat_postMessage(channel="U0AMY", text="hi")
    opened = await client.conversations_open(users="U0AMY")
    assert posted["channel"] == opened["channel"]["id"] == "D0AMY"
    sandbox.admin.deactivate("ben")
    assert await refusal(client.conversations_open(users="U0BEN")) == "user_disabled"
    assert await refusal(client.conversations_open(users="U0NOBODY")) == "user_not_found"


async def test_channels_and_their_members_can_be_asked(client: AsyncWebClient) -> None:
    """Info, members, list and join tell the same story about the bot's membership."""
    assert (await client.conversations_info(channel="C0GENERAL"))["channel"]["is_member"] is False
    assert await refusal(client.conversations_history(channel="C0GENERAL")) == "not_in_channel"
    await client.conversations_join(channel="C0GENERAL")
    assert (await client.conversations_info(channel="C0GENERAL"))["channel"]["is_member"] is True
    assert "U0ASSENT" in (await client.conversations_members(channel="C0GENERAL"))["members"]
    listed = (await client.conversations_list())["channels"]
    assert [one["name"] for one in listed] == ["approvals", "general"]


async def test_people_and_groups_follow_the_administrator(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Deactivated people, guests and group changes show in users.info and usergroups.users.list at once."""
    assert (await client.usergroups_users_list(usergroup="S0APPROVERS"))["users"] == ["U0AMY", "U0BEN"]
    sandbox.admin.remove_from_group("approvers", "ben")
    sandbox.admin.deactivate("ben")
    sandbox.admin.make_guest("otto")
    assert (await client.usergroups_users_list(usergroup="S0APPROVERS"))["users"] == ["U0AMY"]
    assert (await client.users_info(user="U0BEN"))["user"]["deleted"] is True
    assert (await client.users_info(user="U0OTTO"))["user"]["is_restricted"] is True
    assert await refusal(client.users_info(user="U0NOBODY")) == "user_not_found"
    assert await refusal(client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    assert len((await client.users_list())["members"]) == 6
    assert (await client.users_lookupByEmail(email="Amy@sandbox.example"))["user"]["id"] == "U0AMY"
    assert await refusal(client.users_lookupByEmail(email="ben@sandbox.example")) == "users_not_found"
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert [(one["handle"], one["users"]) for one in groups] == [
        ("approvers", ["U0AMY"]),
        ("directors", ["U0DORA"]),
    ]


async def test_an_administrator_deletes_and_removes(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """A message deleted behind the app's back cannot be updated; a removed bot cannot post."""
    ts = (await client.chat_postMessage(channel=CHANNEL, text="x"))["ts"]
    sandbox.admin.delete_message(CHANNEL, ts)
    assert await refusal(client.chat_update(channel=CHANNEL, ts=ts, text="y")) == "message_not_found"
    sandbox.admin.set_members(CHANNEL, ["U0RITA"])
    assert await refusal(client.chat_postMessage(channel=CHANNEL, text="x")) == "not_in_channel"


async def test_a_file_lands_in_the_thread_and_can_be_read(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """The three upload steps of the SDK end in a message whose file the page can load."""
    root = (await client.chat_postMessage(channel=CHANNEL, text="root"))["ts"]
    await client.files_upload_v2(
        content="a,b\n1,2\n",
        filename="trail.csv",
        channel=CHANNEL,
        thread_ts=root,
        initial_comment="The trail",
    )
    message = sandbox.thread(CHANNEL, root)[1]
    assert (message["text"], message["files"][0]["name"]) == ("The trail", "trail.csv")
    async with (
        aiohttp.ClientSession() as session,
        session.get(message["files"][0]["url_private"]) as response,
    ):
        assert await response.text() == "a,b\n1,2\n"
        assert response.headers["Content-Disposition"] == "attachment"


async def test_an_unfinished_upload_is_not_shared(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """Without the announced bytes there is no file and no message."""
    ticket = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with (
        aiohttp.ClientSession() as session,
        session.post(ticket["upload_url"], data=b"too long") as response,
    ):
        assert response.status == 400
    complete = client.files_completeUploadExternal(files=[{"id": ticket["file_id"]}], channel_id=CHANNEL)
    assert await refusal(complete) == "file_not_found"
    assert sandbox.messages(CHANNEL) == []


async def test_a_home_is_published_per_person_and_guarded_by_its_hash(
    client: AsyncWebClient, sandbox: Sandbox
) -> None:
    """An old hash loses; another person's home is untouched."""
    first = (await client.views_publish(user_id="U0AMY", view=HOME))["view"]
    second = (await client.views_publish(user_id="U0AMY", view=HOME, hash=first["hash"]))["view"]
    assert second["id"] == first["id"]
    stale = client.views_publish(user_id="U0AMY", view=HOME, hash=first["hash"])
    assert await refusal(stale) == "hash_conflict"
    assert sandbox.home("ben") is None
    wrong = client.views_publish(user_id="U0AMY", view={"type": "modal"})
    assert await refusal(wrong) == "invalid_arguments"


async def test_a_reaction_counts_once(client: AsyncWebClient, sandbox: Sandbox) -> None:
    """The same emoji twice is already_reacted."""
    ts = (await client.chat_postMessage(channel=CHANNEL, text="x"))["ts"]
    await client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    assert (
        await refusal(client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")) == "already_reacted"
    )
    assert sandbox.message(CHANNEL, ts)["reactions"][0]["count"] == 1


async def test_a_missing_argument_is_named(client: AsyncWebClient) -> None:
    """invalid_arguments says which field is missing."""
    with pytest.raises(SlackApiError) as refused:
        await client.api_call("chat.postMessage", json={"text": "x"})
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] missing required field: channel"
    ]


async def test_the_transcript_holds_every_call_without_tokens(
    client: AsyncWebClient, sandbox: Sandbox
) -> None:
    """Calls stand in their order with arguments and answers, refused ones too, and no token."""
    await client.chat_postMessage(channel=CHANNEL, text="x", token=sandbox.bot_token)
    await refusal(client.chat_postMessage(channel="#nowhere", text="x"))
    assert [(one.method, one.response and one.response["ok"]) for one in sandbox.transcript] == [
        ("chat.postMessage", True),
        ("chat.postMessage", False),
    ]
    assert sandbox.bot_token not in repr(sandbox.transcript)


JUNK: list[Any] = [
    None,
    0,
    -1,
    True,
    "x",
    "[",
    "\ud800",
    [],
    {},
    [{}],
    {"type": "modal"},
    {"type": []},
    10**30,
]


SOUND: dict[str, Any] = {
    **dict.fromkeys(["user", "users", "user_id"], "U0AMY"),
    **dict.fromkeys(["limit", "length"], 1),
    **dict.fromkeys(["cursor", "oldest", "latest", "blocks", "attachments", "metadata", "hash"]),
    **dict.fromkeys(
        ["markdown_text", "view_id", "external_id", "types", "channels", "channel_id", "thread_ts"]
    ),
    "channel": CHANNEL,
    "text": "x",
    "name": "eyes",
    "view": HOME,
    "files": [{"id": "F1"}],
    "filename": "a.txt",
    "usergroup": "S0APPROVERS",
    "trigger_id": "x",
    "email": "x",
    "file": "F1",
    "include_users": True,
    "reply_broadcast": True,
}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_junk_in_an_argument_is_answered_in_slacks_words(method: str) -> None:
    """Whatever stands in an argument, a method answers or refuses, and what it answers is JSON."""
    slack = Slack(state=None, timing=Timing())
    for name in [*SOUND, "ts", "message_ts", "timestamp"]:
        for junk in JUNK:
            slack.workspace.save_message(CHANNEL, {**MESSAGE, "ts": "1.000001"})
            sound = SOUND | dict.fromkeys(["ts", "message_ts", "timestamp"], "1.000001")
            try:
                answer = METHODS[method](slack, normal({**sound, name: junk}))
            except Refused as refusal:
                answer = refusal.body()
                assert answer["error"]
            json.dumps(answer)


async def test_junk_in_a_body_is_answered(sandbox: Sandbox) -> None:
    """Bodies that are no JSON object, or of no known type, get Slack's JSON with HTTP 200."""
    json_type = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        for data, headers in (
            (b"[]", json_type),
            (b"\xff", json_type),
            (b"x", {"Content-Type": "text/plain"}),
        ):
            async with session.post(f"{sandbox.api_url}auth.test", data=data, headers=headers) as response:
                assert response.status == 200
                assert (await response.json())["ok"] is False
