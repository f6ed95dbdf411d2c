"""How dates, times, moments, numbers and addresses are written in Block Kit; what is not raises ValueError."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

_ZONE = re.compile(r"[A-Za-z][A-Za-z_]*(/[A-Za-z0-9_+-]+)*")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")


def _matching(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(text)
    return text


def read_date(text: str) -> date:
    """Read "2026-01-31"."""
    return date.fromisoformat(_matching(r"\d{4}-\d{2}-\d{2}", text))


def read_time(text: str) -> time:
    """Read "09:30", of 24 hours."""
    return time.fromisoformat(_matching(r"\d{2}:\d{2}", text))


def read_number(text: str) -> Decimal:
    """Read "-12.50"; neither an exponent nor a leading plus."""
    return Decimal(_matching(r"-?\d+(\.\d+)?", text))


def read_zone(text: str) -> str:
    """Read the form of an IANA name, e.g. "Europe/Berlin"; whether there is such a place is not asked."""
    return _matching(_ZONE.pattern, text)


def read_moment(text: str) -> int:
    """Read Unix seconds of 10 digits, or "2026-01-31 09:30" with an optional offset such as +01:00, else UTC."""
    if re.fullmatch(r"\d+", text, re.ASCII):
        return int(_matching(r"[1-9]\d{9}", text))
    moment = datetime.fromisoformat(
        _matching(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", text)
    )
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(_matching(r"[1-9]\d{9}", str(int(aware.timestamp()))))


def is_email(text: str) -> bool:
    """Tell whether the Slack client takes this as an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def is_url(text: str) -> bool:
    """Tell whether the Slack client takes this as an address of the web."""
    return _URL.fullmatch(text) is not None


# element type -> (how a person writes it, what reads it)
NOTATIONS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "datepicker": ("a date such as 2026-01-31", read_date),
    "timepicker": ("a time such as 09:30", read_time),
    "datetimepicker": ("a moment such as 2026-01-31 09:30 or Unix seconds", read_moment),
}
