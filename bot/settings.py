"""Every setting, where it comes from and what is wrong with it: the only reader of the environment."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SCHEMES = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+psycopg")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ENV_FILE = Path(".env")


class BadSettings(Exception):
    """The settings cannot work. `problems` has one sentence each, with the key, never with the value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def _not_empty(secret: SecretStr | None) -> SecretStr | None:
    """An empty value is nearly always a secret that failed to expand, so it never counts as "not set"."""
    if secret is not None and not secret.get_secret_value().strip():
        raise ValueError("is empty. Give it a value, or leave the whole line out if you do not need it.")
    if secret is not None and re.search(r"\s", secret.get_secret_value()):
        raise ValueError("has a space or a line break in it.")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_not_empty)]


def _listed(text: str | None) -> list[str]:
    """Return what stands between the commas; an empty text is one empty item, None is no item."""
    return [] if text is None else [each.strip() for each in text.split(",")]


def _fitting(text: str | None, pattern: str, *, otherwise: str) -> str | None:
    """Return a list as it was given. Raises: ValueError with the sentence `otherwise` when an item does not fit."""
    if not all(re.fullmatch(pattern, each) for each in _listed(text)):
        raise ValueError(otherwise)
    return text


def _keys(text: str) -> tuple[bytes, ...]:
    keys = []
    for each in text.split(","):
        try:
            keys.append(b64decode(each, validate=True))
        except ValueError:
            raise ValueError("must hold keys in base64, such as `openssl rand -base64 32` prints.") from None
        if len(keys[-1]) not in (16, 24, 32):
            raise ValueError(
                "must hold keys of 16, 24 or 32 bytes, such as `openssl rand -base64 32` prints."
            )
    return tuple(keys)


class AppSettings(BaseSettings):
    """What is needed to look at the app: enough for check."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8",
        extra="ignore",
        hide_input_in_errors=True,
        frozen=True,
        validate_default=True,
    )

    assent_app: Annotated[Path, Field(description="path of your app's langgraph.json")] = Path(
        "langgraph.json"
    )

    @field_validator("assent_app", mode="before")
    @classmethod
    def _app_there(cls, path: str | Path) -> Path:
        if not str(path).strip():
            raise ValueError("is empty. Give the path of your app's langgraph.json.")
        if not Path(path).is_file():
            raise ValueError("names no file. Give the path of your app's langgraph.json.")
        return Path(path)


class StoreSettings(AppSettings):
    """What is needed to look at the ledger and at the app: enough for list, show and verify."""

    assent_database_url: Annotated[Secret, Field(description="sqlite:///file.db or postgresql://…")] = (
        SecretStr("sqlite:///assent.db")
    )

    assent_encryption_keys: Annotated[
        Secret | None, Field(description="AES keys in base64, the newest first, commas between them")
    ] = None
    assent_allowed_types: Annotated[
        str | None, Field(description="types that stored states may hold, module:Name, commas between them")
    ] = None

    def encryption_keys(self) -> tuple[bytes, ...]:
        """Return the keys; the first encrypts."""
        given = self.assent_encryption_keys
        return () if given is None else _keys(given.get_secret_value())

    def allowed_types(self) -> tuple[tuple[str, str], ...]:
        """Return (module, name) of the types beside those in the graphs' own schemas."""
        given = (each.partition(":") for each in _listed(self.assent_allowed_types))
        return tuple((module, name) for module, _, name in given)

    @field_validator("assent_encryption_keys")
    @classmethod
    def _usable_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            _keys(keys.get_secret_value())
        return keys

    @field_validator("assent_allowed_types")
    @classmethod
    def _named_types(cls, names: str | None) -> str | None:
        sentence = "must name types as module:Name, with commas between them."
        return _fitting(names, r"[\w.]+:[\w.]+", otherwise=sentence)

    @field_validator("assent_database_url")
    @classmethod
    def _known_database(cls, url: SecretStr) -> SecretStr:
        scheme, found, rest = url.get_secret_value().partition("://")
        if scheme not in _SCHEMES or not found or not rest.strip("/"):
            raise ValueError("must look like sqlite:///file.db or postgresql://user:password@host/name.")
        return url


class Settings(StoreSettings):
    """Everything that `assent serve` needs. With an app token it is Socket Mode, else signed HTTP.

    A key that is set but empty is an error, also for an optional one: an empty SLACK_APP_TOKEN would
    otherwise silently open the HTTP door instead. SLACK_SIGNING_SECRET may stay set in Socket Mode; it is
    not used then, since `/slack/events` is not served.
    """

    slack_bot_token: Annotated[Secret, Field(description="bot token, xoxb-…")]
    slack_app_token: Annotated[Secret | None, Field(description="app-level token, xapp-…")] = None
    slack_signing_secret: Annotated[Secret | None, Field(description="signing secret of the app")] = None
    slack_api_url: Annotated[str, Field(description="where the Web API is")] = "https://slack.com/api/"
    assent_host: Annotated[str, Field(description="address to listen on")] = "127.0.0.1"
    assent_port: Annotated[int, Field(description="TCP port; 0: any free one")] = 3000

    assent_accepted_anchors: Annotated[
        str | None, Field(description="decisions of a lost database that are given up, number:hash")
    ] = None
    assent_keep_steps_days: Annotated[
        int | None, Field(description="days after its end for which a run keeps all its steps")
    ] = None

    def keep_steps(self) -> timedelta | None:
        """Return for how long a run that has ended keeps every step; None: for ever."""
        return None if self.assent_keep_steps_days is None else timedelta(days=self.assent_keep_steps_days)

    def accepted_anchors(self) -> frozenset[str]:
        """Return the anchors that the audit trail need not fit, as the log names them."""
        return frozenset(_listed(self.assent_accepted_anchors))

    def is_slack_local(self) -> bool:
        """Say whether the Web API is on this machine: a sandbox, which has no limit on messages a second."""
        return urlsplit(self.slack_api_url).hostname in _LOOPBACK

    @field_validator("slack_bot_token")
    @classmethod
    def _bot_token(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().startswith("xoxb-"):
            raise ValueError("is no bot token: a bot token begins with xoxb-.")
        return token

    @field_validator("slack_app_token")
    @classmethod
    def _app_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value().startswith("xapp-"):
            raise ValueError("is no app-level token: it begins with xapp-.")
        return token

    @field_validator("slack_signing_secret")
    @classmethod
    def _some_door(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is None and "slack_app_token" in info.data and info.data["slack_app_token"] is None:
            raise ValueError("is missing. HTTP needs it; for Socket Mode set SLACK_APP_TOKEN instead.")
        return secret

    @field_validator("slack_api_url")
    @classmethod
    def _safe_address(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("is no address. It must look like https://slack.com/api/.")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("would send the token in clear: use https, or http on this machine only.")
        return url.strip().rstrip("/") + "/"

    @field_validator("assent_host")
    @classmethod
    def _some_host(cls, host: str) -> str:
        if not host.strip() or re.search(r"[\s/]", host.strip()):
            raise ValueError("is no address to listen on. It must look like 127.0.0.1 or 0.0.0.0.")
        return host.strip()

    @field_validator("assent_keep_steps_days", mode="before")
    @classmethod
    def _some_days(cls, days: str | int | None) -> int | None:
        if days is not None and (not re.fullmatch(r"[0-9]{1,5}", str(days)) or int(days) == 0):
            raise ValueError(
                "must be a whole number of days, at least 1; leave the line out to keep all steps."
            )
        return None if days is None else int(days)

    @field_validator("assent_accepted_anchors")
    @classmethod
    def _some_anchors(cls, anchors: str | None) -> str | None:
        sentence = "must list anchors as the log names them: 41:3f2a9c0d1e2b4a5c, with commas."
        return _fitting(anchors, r"[0-9]{1,12}:[0-9a-f]{16}", otherwise=sentence)

    @field_validator("assent_port", mode="before")
    @classmethod
    def _some_port(cls, port: str | int) -> int:
        if not re.fullmatch(r"[0-9]{1,5}", str(port)) or int(port) > 65535:
            raise ValueError("must be a whole number from 0 to 65535; 0 takes any free port.")
        return int(port)


AnySettings = TypeVar("AnySettings", bound=AppSettings)


def load(kind: type[AnySettings], *, env_file: Path | None = _ENV_FILE) -> AnySettings:
    """Read `kind` from the environment and, below it, from `env_file`.

    Raises: BadSettings with every problem at once.
    """
    try:
        return kind(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings takes it without declaring it
    except ValidationError as error:
        raise BadSettings(tuple(_problem(each["loc"], each["msg"]) for each in error.errors())) from None
    except (OSError, UnicodeDecodeError):
        raise BadSettings((f"{env_file}: cannot be read as UTF-8 text.",)) from None


def _problem(place: tuple[int | str, ...], message: str) -> str:
    key = str(place[0]).upper() if place else "Settings"
    sentence = message.removeprefix("Value error, ")
    return f"{key} {'is missing.' if sentence == 'Field required' else sentence}"
