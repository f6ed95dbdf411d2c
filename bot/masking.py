"""What looks like a secret, masked: for lines of the log, never for what people decide on."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[masked]"

_START = r"(?:(?<!\w)|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4}))"
"""Where a word begins, also behind an escape of JSON."""
_NAME = (
    rf"(?:pass(?:word|wd|phrase|code)|{_START}pwd|secret|token|credential|authorization|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|encryption[_-]?key|signing[_-]?key)"
)
_QUOTED = r"(?P<escape>\\{0,8})(?P<quote>[\"'])(?s:.*?)(?:(?<!\\)(?P=escape)(?P=quote)|\Z)"
"""A text in quotes, which are escaped as often as it stands in JSON within JSON."""
_SHAPES: Final = (
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{4,}",  # Slack's tokens: bot, user, app configuration, refresh
    r"xapp-[\w-]{4,}",
    r"hooks\.slack\.com/[\w/.-]+",  # who knows the address may post there
    rf"{_START}(?:A3T[A-Z0-9]|AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{{16}}(?!\w)",  # AWS
    rf"{_START}gh[a-z]_[A-Za-z0-9]{{20,}}",  # GitHub
    rf"{_START}github_pat_\w{{20,}}",
    rf"{_START}[srp]k[-_][\w-]{{16,}}",  # OpenAI, Anthropic, Stripe
    rf"{_START}AIza[\w-]{{30,}}",  # Google
    rf"{_START}eyJ[\w-]{{8,}}\.[\w-]+(?:\.[\w-]*)?",  # JSON Web Token
)
_PEM: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{1,60}-----.*?(?:-----END [A-Z0-9 ]{1,60}-----|\Z)", re.DOTALL)
_SHAPE: Final = re.compile("|".join(_SHAPES))
_SCHEME: Final = re.compile(
    rf"{_START}(Bearer|Basic|Digest)(\s{{1,5}})(?!\[masked\])[\w.~+/:=-]{{4,}}", re.IGNORECASE
)
_USERINFO: Final = re.compile(r"(?<=//)([^\s/:@]{0,100}):[^\s/@]{1,200}@")
_FIELD: Final = re.compile(
    rf"({_NAME}[\w.-]{{0,40}}(?:\\{{0,8}}[\"'])?\s{{0,5}}(?:=>|[:=])\s{{0,5}})"
    rf"(?!\[masked\])(?:{_QUOTED}|[^\s,;&|)\]}}\"']+)",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """Return `text` with what looks like a secret replaced by `[masked]`; once more changes nothing.

    By its shape: tokens of Slack and other services, PEM blocks, credentials of HTTP and in addresses. By its name:
    the value of anything called password, secret, token, key of some kind, as `name=value`, `name: value` or JSON.
    A name that only speaks of such a thing loses its value too: rather one word too many.
    """
    text = _PEM.sub(MASK, text)
    text = _SCHEME.sub(rf"\1\2{MASK}", text)
    text = _USERINFO.sub(rf"\1:{MASK}@", text)
    text = _SHAPE.sub(MASK, text)
    return _FIELD.sub(rf"\1{MASK}", text)
