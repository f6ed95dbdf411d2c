"""Settings: what stops the start, and that it names the key and never the value."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import BadSettings, Settings, StoreSettings, load

ROOT = Path(__file__).parents[2]
GOOD = {"SLACK_BOT_TOKEN": "xoxb-right", "SLACK_SIGNING_SECRET": "a-secret-that-nobody-sees"}
KEYS = {name.upper() for name in Settings.model_fields}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment with just what is needed, in a folder that has an app."""
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    for key, value in GOOD.items():
        monkeypatch.setenv(key, value)
    (tmp_path / "langgraph.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems() -> tuple[str, ...]:
    """Load the settings and give what is wrong with them."""
    with pytest.raises(BadSettings) as caught:
        load(Settings)
    return caught.value.problems


def test_defaults_are_those_of_the_manual() -> None:
    """Without anything but the secrets the bot talks to Slack, keeps a SQLite file and listens on loopback only."""
    settings = load(Settings)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.assent_database_url.get_secret_value() == "sqlite:///assent.db"
    assert (settings.assent_host, settings.assent_port) == ("127.0.0.1", 3000)
    assert settings.slack_app_token is None


def test_env_file_is_read_below_the_environment(environment: Path) -> None:
    """A key of .env counts unless the environment has it."""
    (environment / ".env").write_text("ASSENT_PORT=4001\nSLACK_BOT_TOKEN=xoxb-file\nSOMETHING_ELSE=1\n")
    settings = load(Settings)
    assert settings.assent_port == 4001
    assert settings.slack_bot_token.get_secret_value() == "xoxb-right"


@pytest.mark.parametrize("value", ["", " ", "\t\n"])
@pytest.mark.parametrize("key", sorted(KEYS))
def test_t08_an_empty_value_stops_the_start(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """No key may be set but empty, needed or not."""
    monkeypatch.setenv(key, value)
    assert any(each.startswith(key) for each in problems())


@pytest.mark.parametrize("key", sorted(GOOD))
def test_t08_a_missing_secret_stops_the_start(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """Without a bot token, or without any door, nothing starts."""
    monkeypatch.delenv(key)
    (problem,) = problems()
    assert problem.startswith(f"{key} is missing")


def test_socket_mode_needs_no_signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an app token the signing secret may be left out."""
    monkeypatch.delenv("SLACK_SIGNING_SECRET")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    assert load(Settings).slack_signing_secret is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SLACK_BOT_TOKEN", "xapp-swapped-7x"),
        ("SLACK_BOT_TOKEN", "xoxp-user-7x"),
        ("SLACK_BOT_TOKEN", "xoxb-7x with space"),
        ("SLACK_APP_TOKEN", "xoxb-swapped-7x"),
        ("SLACK_SIGNING_SECRET", "7x\n7x"),
        ("SLACK_API_URL", "slack.7x"),
        ("SLACK_API_URL", "ftp://slack.7x/api/"),
        ("SLACK_API_URL", "http://slack.7x/api/"),
        ("SLACK_API_URL", "https://slack.7x/api/?a=b"),
        ("ASSENT_DATABASE_URL", "mysql://u:p@h/7x"),
        ("ASSENT_DATABASE_URL", "7x.db"),
        ("ASSENT_DATABASE_URL", "sqlite://"),
        ("ASSENT_ENCRYPTION_KEYS", "7x"),
        ("ASSENT_ENCRYPTION_KEYS", "N3g="),
        ("ASSENT_ENCRYPTION_KEYS", "MDAwMDAwMDAwMDAwMDAwMA==,7x"),
        ("ASSENT_ALLOWED_TYPES", "7x"),
        ("ASSENT_ALLOWED_TYPES", "app:Order,,7x"),
        ("ASSENT_KEEP_STEPS_DAYS", "0"),
        ("ASSENT_KEEP_STEPS_DAYS", "7x"),
        ("ASSENT_APP", "missing/7x.json"),
        ("ASSENT_HOST", "http://7x"),
        ("ASSENT_PORT", "65536"),
        ("ASSENT_PORT", "-1"),
        ("ASSENT_PORT", "7x"),
        ("ASSENT_PORT", "80.5"),
    ],
)
def test_a_wrong_value_is_named_but_never_shown(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    """A value that cannot work gives one sentence with its key and nothing of the value."""
    monkeypatch.setenv(key, value)
    (problem,) = problems()
    assert problem.startswith(key)
    assert "7x" not in problem
    assert problem.endswith(".")


def test_lists_in_a_setting_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys keep their order, since the first encrypts; types are pairs."""
    assert load(StoreSettings).encryption_keys() == ()
    assert load(StoreSettings).allowed_types() == ()
    monkeypatch.setenv("ASSENT_ENCRYPTION_KEYS", "MTExMTExMTExMTExMTExMQ==,MDAwMDAwMDAwMDAwMDAwMA==")
    monkeypatch.setenv("ASSENT_ALLOWED_TYPES", "app.models:Order, app:Outer.Inner")
    assert load(StoreSettings).encryption_keys() == (b"1" * 16, b"0" * 16)
    assert load(StoreSettings).allowed_types() == (("app.models", "Order"), ("app", "Outer.Inner"))
    monkeypatch.setenv("ASSENT_KEEP_STEPS_DAYS", "30")
    assert load(Settings).keep_steps() == timedelta(days=30)


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("https://slack.com/api/", False),
        ("https://slack-gov.com/api/", False),
        ("http://127.0.0.1:4390/api/", True),
        ("http://localhost:4390/api/", True),
    ],
)
def test_f04_slacks_pace_is_kept_except_at_a_sandbox(
    monkeypatch: pytest.MonkeyPatch, url: str, is_local: bool
) -> None:
    """Only a Slack on this machine, which has no limit on messages a second, is spared ours."""
    monkeypatch.setenv("SLACK_API_URL", url)
    assert load(Settings).is_slack_local() is is_local


def test_every_problem_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three wrong keys give three sentences."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "wrong")
    monkeypatch.setenv("ASSENT_PORT", "wrong")
    monkeypatch.setenv("SLACK_API_URL", "wrong")
    assert {each.split()[0] for each in problems()} == {"SLACK_BOT_TOKEN", "ASSENT_PORT", "SLACK_API_URL"}


def test_the_ledger_can_be_read_without_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs that only look at the database ask for no token."""
    for key in GOOD:
        monkeypatch.delenv(key)
    assert load(StoreSettings).assent_app == Path("langgraph.json")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed settings hold neither a token nor the password of the database."""
    monkeypatch.setenv("ASSENT_DATABASE_URL", "postgresql://user:hush@db/assent")
    shown = repr(load(Settings))
    assert "hush" not in shown
    assert GOOD["SLACK_SIGNING_SECRET"] not in shown
    assert GOOD["SLACK_BOT_TOKEN"] not in shown


def test_t08_a_start_with_wrong_settings_ends_within_two_seconds(environment: Path) -> None:
    """`assent serve` with an empty secret ends with code 2, names the key and shows no traceback."""
    kept = {key: value for key, value in os.environ.items() if key not in KEYS}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "serve"],
        env={**kept, "PYTHONPATH": str(ROOT), "SLACK_BOT_TOKEN": "", "SLACK_SIGNING_SECRET": "hush-hush"},
        cwd=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert time.monotonic() - began < 2
    assert done.returncode == 2
    assert done.stderr.startswith("SLACK_BOT_TOKEN is empty")
    assert "hush" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_lists_every_setting_with_its_default() -> None:
    """.env.example and settings.py agree: same keys, and each default is told."""
    text = (ROOT / ".env.example").read_text()
    listed = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, flags=re.MULTILINE))
    assert set(listed) == KEYS
    for name, field in Settings.model_fields.items():
        if not field.is_required() and field.default is not None:
            default = getattr(field.default, "get_secret_value", lambda value=field.default: value)()
            assert f"Default: {default}" in text, name
