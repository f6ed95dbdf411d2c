"""What looks like a secret does not get into the log, at any level and by anybody's logger."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.masking import MASK, masked
from bot.terminal import Lines, log_shown
from tests.bot.standing import CHANNEL, standing

# Put together here, so that nothing in this file looks like a secret to whoever scans it.
BODY = "7Kq9ZxW3mT5vB8nR2pL6"
SECRETS = {
    "Slack bot token": f"xo{'xb'}-123456-{BODY}",
    "Slack app token": f"xa{'pp'}-1-A0-{BODY}",
    "Slack refresh token": f"xo{'xe'}.xoxp-1-{BODY}",
    "Slack webhook": f"https://hooks.slack.com/services/T0/B0/{BODY}",
    "AWS key": f"AK{'IA'}QWERTYUIOPASDFGH",
    "GitHub token": f"gh{'p'}_{BODY}",
    "API key": f"s{'k'}-proj-{BODY}",
    "JSON Web Token": f"ey{'J'}hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{BODY}",
    "PEM": f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n{BODY}\n-----END RSA PRIVATE KEY-----",
    "open PEM": f"-----BEGIN PRIVATE KEY-----\\n{BODY}\\n{BODY}",
    "bearer": f"Authorization: Bearer {BODY}",
    "basic": f"'authorization': 'Basic {BODY}=='",
    "address": f"postgresql://assent:{BODY}@db.example/assent",
    "password": f"password={BODY}",
    "quoted password": f"db_password = 'with spaces {BODY}'",
    "query": f"https://example.com/?access_token={BODY}&x=1",
    "YAML": f"client_secret: {BODY}",
    "JSON": f'{{"user": "amy", "api_key": "with \\"quotes\\" {BODY}"}}',
    "JSON within JSON": f'"{{\\"secretKey\\": \\"two words {BODY}\\"}}"',
    "Python": f"{{'SECRET_TOKEN': '{BODY}'}}",
    "capitals": f"AWS_SECRET_ACCESS_KEY={BODY}",
    "cut off": f'"password": "two words {BODY}',
}
HARMLESS = (
    "12:04:31  decided       k7m2p9qx4d3a  approved by Amy Approver",
    "A request without a valid signature was turned away",
    "Run k7m2p9qx4d3a: card posted",
    "Found card:9f8e7d of run k7m2p9qx4d3a again in Slack.",
    "Assent runs at http://127.0.0.1:3000 (Socket Mode).",
    "monkey=banana, keyboard: 3, tokenizer is on, passed: 12",
)


@pytest.mark.parametrize("name", SECRETS)
def test_t24_what_looks_like_a_secret_is_masked(name: str) -> None:
    """Nothing of it is left, wherever it stands in a line, and masking again changes nothing."""
    for frame in (
        "{}",
        "before {} after",
        '{{"text": "{}", "n": 1}}',
        "a\n{}\nb",
        "a\\n{}\\u201d",
        "\\u201c{}",
    ):
        line = frame.format(SECRETS[name])
        shown = masked(line)
        assert BODY not in shown
        assert "QWERTYUIOP" not in shown
        assert MASK in shown
        assert masked(shown) == shown


@pytest.mark.parametrize("line", HARMLESS)
def test_lines_of_ours_stay_as_they_are(line: str) -> None:
    """What only has a name that looks like one is left alone."""
    assert masked(line) == line


@pytest.mark.parametrize(
    "part", ["password=", '"', "\\", "-----BEGIN A-----", "://a:", "xoxb-", "Bearer ", "eyJ.", "token: "]
)
def test_masking_takes_no_time(part: str) -> None:
    """A line made to be hard is done in a moment: no expression goes back and forth over it."""
    began = time.process_time()
    masked(part * (100_000 // len(part)))
    assert time.process_time() - began < 5


@pytest.fixture
def loud() -> Iterator[None]:
    """Every logger at its loudest, those of the libraries too."""
    kept = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
    for name in list(logging.root.manager.loggerDict):  # those that came meanwhile, too
        logging.getLogger(name).setLevel(kept.get(name, logging.NOTSET))


async def test_t24_no_secret_reaches_the_log_at_any_level(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], loud: None
) -> None:
    """With all loggers at DEBUG, the SDK's included, a request full of secrets leaves none in the log."""
    async with standing(tmp_path) as at:
        with log_shown():
            logging.getLogger().setLevel(logging.DEBUG)
            for name in list(logging.root.manager.loggerDict):
                logging.getLogger(name).setLevel(logging.DEBUG)
            for secret in SECRETS.values():
                await at.sandbox.slash("U0RITA", CHANNEL, f"/approvals start {secret}")
                logging.getLogger("some.library").debug("got %s", {"note": secret})
            card = await at.card()
            await at.sandbox.click("U0AMY", CHANNEL, card["ts"], "reject")
            await at.sandbox.submit("U0AMY", {"reason": "\n".join(SECRETS.values())})
            await at.sandbox.until(lambda: BODY in at.sandbox.thread(CHANNEL, card["thread_ts"])[-1]["text"])
    said = capfd.readouterr().err
    assert "slack_sdk" in said or "chat.postMessage" in said
    assert MASK in said
    assert BODY not in said


def test_t24_an_error_of_a_library_is_masked() -> None:
    """What an exception quotes is not shown at all, and what the message quotes is masked."""
    record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed with %s", (SECRETS["password"],), None)
    assert Lines().format(record).endswith(f"failed with password={MASK}")
