"""The command line as people run it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.cli import main
from bot.identity import TokenRefused
from bot.main import serve
from bot.sandbox import Sandbox
from bot.settings import Settings
from engine import RunView
from tests.bot.standing import CHANNEL, standing, write_app

ROOT = Path(__file__).parents[2]
LIMIT_S = 30


def environment(**settings: str) -> dict[str, str]:
    """Make an environment without any setting of ours but these."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SLACK_", "ASSENT_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


class Terminal:
    """Runs verbs in this process, in a folder of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        """Give the exit code, standard output and standard error of one verb."""
        for key, value in settings.items():
            self._monkeypatch.setenv(key, value)
        code = main(arguments)
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def assent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A terminal in an empty folder, without any setting."""
    for key in [key for key in os.environ if key.startswith(("SLACK_", "ASSENT_"))]:
        monkeypatch.delenv(key)
    monkeypatch.chdir(tmp_path)
    return Terminal(capsys, monkeypatch)


@asynccontextmanager
async def started(*arguments: str, cwd: Path, **settings: str) -> AsyncIterator[Process]:
    """Run the command until the test is over."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=cwd,
        env=environment(**settings),
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line_with(stream: asyncio.StreamReader | None, words: str) -> str:
    """Read up to the line with these words."""
    assert stream is not None
    read = []
    async with asyncio.timeout(LIMIT_S):
        while raw := await stream.readline():
            read.append(raw.decode())
            if words in read[-1]:
                return read[-1]
    raise AssertionError(f"no line with {words!r} in {read}")


def test_help_is_quick_because_it_imports_nothing_heavy() -> None:
    """--help and --version import neither LangGraph nor Slack's SDK nor a database."""
    heavy = {"langgraph", "slack_bolt", "slack_sdk", "sqlalchemy", "aiohttp", "pydantic"}
    script = f"""
import sys
from bot.cli import main
try:
    main(["--help"])
except SystemExit as ended:
    print("code", ended.code, "heavy", sorted({heavy!r} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "code 0 heavy []" in done.stdout
    assert all(verb in done.stdout for verb in ("serve", "demo", "list", "show", "check", "verify"))


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """--version tells the version of the installed package."""
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert re.fullmatch(r"assent \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_check_tells_what_works_and_what_does_not(assent: Terminal, tmp_path: Path) -> None:
    """`check` tells each workflow, names the graph that is broken with the reason, and ends with 1."""
    code, out, err = assent("check", ASSENT_APP=str(write_app(tmp_path)))
    assert (code, err) == (1, "")
    assert "pay-out (Pay out)\n  inputs      amount: " in out
    assert re.search(r"broken\n  problem     could not be loaded\. .*NameError", out)
    assert re.search(r"\d workflows: \d of them cannot work as set up\.\n$", out)


def test_check_is_content_with_the_examples(assent: Terminal) -> None:
    """The examples can be started and decided as they are, and no line is wider than a terminal."""
    code, out, err = assent("check", str(ROOT / "examples"))
    assert (code, err) == (0, "")
    assert "expense (Expense)" in out
    assert out.endswith("16 workflows: nothing is known to be wrong.\n")
    assert max(len(line) for line in out.splitlines()) <= 80


def test_check_needs_no_database(assent: Terminal, tmp_path: Path) -> None:
    """`check` opens no database, neither a new one nor one that is not there."""
    app = str(ROOT / "examples" / "langgraph.json")
    code, _, err = assent("check", ASSENT_APP=app, ASSENT_DATABASE_URL="postgresql://nobody@192.0.2.1/none")
    assert (code, err) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_check_tells_a_wrong_mapping(assent: Terminal, tmp_path: Path) -> None:
    """An answer mapping that cannot be meant so is told with its place, and ends with 1."""
    (tmp_path / "langgraph.json").write_text('{"graphs": {"pay": "./pay.py:graph"}}')
    (tmp_path / "approvals.toml").write_text('[workflows.pay]\nanswers = { approve = "$reson" }\n')
    code, out, err = assent("check", "langgraph.json")
    assert (code, out) == (1, "")
    assert "approvals.toml: workflows.pay.answers.approve: it has $reson" in err


def test_list_show_and_verify_read_the_ledger(assent: Terminal, tmp_path: Path) -> None:
    """After a bot has stopped, the terminal shows what waits, tells a run and checks the trail."""

    async def one_run() -> RunView:
        async with standing(tmp_path) as at:
            await at.card()
            return await at.only_run()

    run = asyncio.run(one_run())
    keys = {"ASSENT_APP": "langgraph.json", "ASSENT_DATABASE_URL": "sqlite:///assent.db"}
    code, out, _ = assent("list", **keys)
    assert (code, out.startswith(f"{run.id}  pay-out  Pay this?  (asked")) == (0, True)
    code, out, _ = assent("show", run.id[:8].upper())
    assert code == 0
    assert "requested by Rita Requester" in out
    assert "Waiting for approval" in out
    code, out, _ = assent("verify")
    assert code == 0
    assert re.fullmatch(r"The audit trail is whole: \d+ entries\.\n", out)


def test_t28_verify_takes_anchors_and_names_the_one_that_does_not_fit(
    assent: Terminal, tmp_path: Path
) -> None:
    """What a thread in Slack says is held against the trail; an anchor that no entry fits ends it with 1."""

    async def seals() -> list[str]:
        async with standing(tmp_path) as at:
            await at.card()
            return [each.seal for each in (await at.only_run()).events]

    first, *_, last = asyncio.run(seals())
    keys = {"ASSENT_APP": "langgraph.json", "ASSENT_DATABASE_URL": "sqlite:///assent.db"}
    code, out, _ = assent("verify", "--anchor", f"1:{first}", "--anchor", f"2:{last[:16].upper()}", **keys)
    assert (code, out) == (0, "The audit trail is whole: 2 entries. It fits 2 anchors.\n")
    wrong = f"2:{first[:16]}"
    code, out, err = assent(
        "verify", "--anchor", f"1:{first[:16]}", "--anchor", wrong, "--anchor", f"9:{last}"
    )
    assert (code, out) == (1, "")
    assert f"older copy: {wrong}, 9:{last}. No entry fits these anchors." in err
    with pytest.raises(SystemExit, match="2"):
        assent("verify", "--anchor", "2:abc")


@pytest.mark.parametrize(
    ("verb", "settings", "code", "said"),
    [
        (["show", "zzzz"], {}, 1, "no such run"),
        (["list"], {"ASSENT_DATABASE_URL": "sqlite:///missing/folder/x.db"}, 1, "folder"),
        (["list"], {"ASSENT_DATABASE_URL": "sqlite:///:memory:"}, 2, "ASSENT_DATABASE_URL"),
        (["list"], {"ASSENT_APP": "nowhere.json"}, 2, "ASSENT_APP"),
        (["serve"], {}, 2, "SLACK_BOT_TOKEN is missing"),
    ],
)
def test_errors_are_told_in_sentences(
    assent: Terminal, tmp_path: Path, verb: list[str], settings: dict[str, str], code: int, said: str
) -> None:
    """What cannot be done is told in sentences on standard error, without a traceback."""
    ended, out, err = assent(*verb, **{"ASSENT_APP": str(write_app(tmp_path)), **settings})
    assert (ended, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


async def test_f20_serve_stops_cleanly_and_says_where_it_runs(tmp_path: Path) -> None:
    """`serve` tells its address, works, and SIGTERM ends it with code 0."""
    async with Sandbox() as sandbox:
        keys = {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_SIGNING_SECRET": sandbox.signing_secret,
            "SLACK_API_URL": sandbox.api_url,
            "ASSENT_APP": str(write_app(tmp_path)),
            "ASSENT_PORT": "0",
        }
        async with started("serve", cwd=tmp_path, **keys) as process:
            ready = await line_with(process.stderr, "Assent runs at")
            sandbox.deliver_to(re.findall(r"http://\S+/slack/events", ready)[0])
            ack = await sandbox.slash("U0RITA", CHANNEL, "/approvals list")
            assert ack.error is None
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(LIMIT_S):
                _, errors = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in errors
        assert sandbox.bot_token.encode() not in errors


def test_serve_ends_when_slack_refuses_the_token(assent: Terminal, tmp_path: Path) -> None:
    """A token that Slack does not take raises to the command, which names the key and not the token."""
    app = write_app(tmp_path)

    async def refused() -> None:
        async with Sandbox() as sandbox:
            made = Settings(
                _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it without declaring it
                slack_bot_token=SecretStr("xoxb-hush"),
                slack_signing_secret=SecretStr(sandbox.signing_secret),
                slack_api_url=sandbox.api_url,
                assent_app=app,
            )
            with pytest.raises(TokenRefused, match=r"^Slack refuses SLACK_BOT_TOKEN: invalid_auth\.$"):
                await serve(made)

    asyncio.run(refused())


async def test_demo_tells_its_address_and_goes_on(tmp_path: Path) -> None:
    """The demo prints the page's address first; Ctrl-C ends it with 0; a second start goes on."""
    for _ in range(2):
        async with started("demo", "--port", "0", "--folder", str(tmp_path / "demo"), cwd=ROOT) as process:
            assert re.match(r"Open http://127\.0\.0\.1:\d+", await line_with(process.stdout, ""))
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(LIMIT_S):
                _, errors = await process.communicate()
            assert process.returncode == 0
            assert b"Traceback" not in errors
    assert (tmp_path / "demo" / "assent.db").exists()


def test_demo_on_a_busy_port_says_what_to_do(assent: Terminal, tmp_path: Path) -> None:
    """A port that is taken is told in one sentence that names it and a way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = assent("demo", "--port", str(port), "--folder", str(tmp_path / "demo"))
    assert (code, out) == (1, "")
    assert err.startswith(f"Port {port} is taken")


def test_check_names_nodes_that_swallow_their_question(assent: Terminal) -> None:
    """A broad `except` around interrupt() is a problem, told with the node and the line."""
    code, out, _ = assent("check", str(ROOT / "tests" / "shapes"))
    assert code == 1
    assert "shapes.py: interrupt() in line" in out
    assert "never pauses: “except Exception”" in " ".join(out.split())
