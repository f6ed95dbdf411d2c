"""What survives: a stop, a new port, a SIGKILL."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import Sandbox

CHANNEL = "C0APPROVALS"
_CHILD = """
import asyncio, sys
from pathlib import Path
from bot.sandbox import Sandbox
async def main():
    sandbox = Sandbox(state=Path(sys.argv[1]))
    await sandbox.start()
    print(sandbox.url, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def api(url: str) -> AsyncWebClient:
    """Return a client of the sandbox at this address."""
    return AsyncWebClient(Sandbox.bot_token, base_url=f"{url}/api/")


async def test_a_killed_sandbox_has_everything_it_answered(tmp_path: Path) -> None:
    """After SIGKILL the messages, threads, homes, files and memberships of the process before are there."""
    state = tmp_path / "slack.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, str(state), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        client = api((await child.stdout.readline()).decode().strip())
        root = (await client.chat_postMessage(channel=CHANNEL, text="root"))["ts"]
        await client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root)
        await client.chat_update(channel=CHANNEL, ts=root, text="root, changed")
        gone = (await client.chat_postMessage(channel=CHANNEL, text="gone"))["ts"]
        await client.chat_delete(channel=CHANNEL, ts=gone)
        await client.views_publish(user_id="U0AMY", view={"type": "home", "blocks": [{"type": "divider"}]})
        await client.files_upload_v2(content="abc", filename="a.txt", channel=CHANNEL, thread_ts=root)
        await client.conversations_join(channel="C0GENERAL")
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()
    async with Sandbox(state=state) as sandbox:
        assert [one["text"] for one in sandbox.thread(CHANNEL, root)] == ["root, changed", "reply", ""]
        assert len(sandbox.messages(CHANNEL)) == 3
        assert (sandbox.home("amy") or {})["blocks"][0]["type"] == "divider"
        later = (await api(sandbox.url).chat_postMessage(channel="C0GENERAL", text="x"))["ts"]
        assert later > sandbox.thread(CHANNEL, root)[-1]["ts"]


async def test_a_stopped_sandbox_starts_again(tmp_path: Path) -> None:
    """The same object and a new one go on where the first stopped, on the same port too."""
    first = Sandbox(state=tmp_path / "slack.db")
    await first.start()
    port = int(first.url.rpartition(":")[2])
    first.say("rita", CHANNEL, "hello")
    first.admin.deactivate("ben")
    await first.stop()
    await first.start(port=port)
    assert [one["text"] for one in first.messages(CHANNEL)] == ["hello"]
    await first.stop()
    async with Sandbox(state=tmp_path / "slack.db") as second:
        assert [one["text"] for one in second.messages(CHANNEL)] == ["hello"]
        assert (await api(second.url).users_info(user="U0BEN"))["user"]["deleted"] is True


async def test_a_taken_port_is_said_and_leaves_nothing_open(tmp_path: Path, sandbox: Sandbox) -> None:
    """start() raises OSError, and the state file can be opened by the next."""
    port = int(sandbox.url.rpartition(":")[2])
    second = Sandbox(state=tmp_path / "slack.db")
    with pytest.raises(OSError, match="address already in use"):
        await second.start(port=port)
    await second.start()
    await second.stop()


async def test_without_a_file_nothing_is_kept() -> None:
    """A sandbox in memory starts empty, two of them share nothing, and one keeps its own over a stop."""
    async with Sandbox() as one, Sandbox() as other:
        one.say("rita", CHANNEL, "hello")
        one.admin.archive(CHANNEL)
        assert other.messages(CHANNEL) == []
        assert (await api(other.url).conversations_info(channel=CHANNEL))["channel"]["is_archived"] is False
        await one.stop()
        await one.start()
        assert [message["text"] for message in one.messages(CHANNEL)] == ["hello"]


async def test_waiting_ends_with_what_was_on_the_screen(sandbox: Sandbox) -> None:
    """until() returns what the condition found, asked after each change; its TimeoutError says what there was."""
    waiting = asyncio.create_task(sandbox.until(lambda: sandbox.messages(CHANNEL)))
    await asyncio.sleep(0)
    assert not waiting.done()
    sandbox.say("rita", CHANNEL, "hello there")
    assert (await waiting)[0]["text"] == "hello there"
    with pytest.raises(TimeoutError, match="hello there"):
        await sandbox.until(lambda: False, timeout_s=0.01)
