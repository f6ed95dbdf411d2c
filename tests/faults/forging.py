"""Requests that no Slack sends, made of those that it did send: forged, malformed, mutated, replayed, oversized."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from bot.sandbox import Delivery, http_body, signed_headers
from bot.web import MAX_BODY_BYTES

MARK = "sauerkraut-4711"
"""In everything that is sent: it must not turn up in the log."""
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TYPES = (
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/xml",
    "",
    "a/b;" * 500,
    "ä/ö",
    "*",
    FORM,
    JSON,
)
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
TAKEN, REFUSED = frozenset({200, 400, 404}), frozenset({400, 401, 404})
"""401 is for bytes that are no text: no signature of Slack is for these."""
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, "", "x", MARK, [], {}, [None], [[]], {"id": 5}, {"id": MARK}, "\ud800", "\0",
    "é" * 5_000, 2**70, {"a": {"b": [MARK]}},
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request, and the statuses that it may get."""

    kind: str
    body: bytes
    headers: Mapping[str, str]
    allowed: frozenset[int]
    method: str = "POST"


Make = Callable[[Sequence[Delivery], random.Random], Request]


def forged(real: Sequence[Delivery], draw: random.Random) -> Request:
    """A real body under headers that Slack did not make for it."""
    body, content_type = wire(draw.choice(real))
    headers = draw.choice(list(signatures(body, draw)))
    return Request("forged", body, {"Content-Type": content_type, **headers}, frozenset({401}))


def signatures(body: bytes, draw: random.Random) -> Iterator[dict[str, str]]:
    """Headers that are missing, guessed, old, of the future, cut, moved or no headers of Slack at all."""
    good, now = signed_headers(body), int(time.time())
    yield {}
    yield {STAMP: good[STAMP]}
    yield {SIGNATURE: good[SIGNATURE]}
    yield signed_headers(body, secret=draw.choice(("", "guessed", MARK)))
    yield signed_headers(body + b"&")
    yield signed_headers(body, timestamp=now - draw.randrange(302, 10**9))
    yield signed_headers(body, timestamp=now + draw.randrange(302, 10**9))
    yield {**good, STAMP: str(now - draw.randrange(1, 290))}
    yield {**good, SIGNATURE: good[SIGNATURE][: draw.randrange(67)]}
    yield {**good, SIGNATURE: good[SIGNATURE].upper()}
    yield {**good, SIGNATURE: "v1" + good[SIGNATURE][2:]}
    flipped = draw.randrange(3, 67)
    yield {**good, SIGNATURE: good[SIGNATURE][:flipped] + "g" + good[SIGNATURE][flipped + 1 :]}
    for stamp in ("", " ", "abc", "-1", "+1", "1e9", "9" * 3_000, "0x10", "١٢٣٤", f"{now}.5", f"{now} {now}"):
        yield {**good, STAMP: stamp}
    for signature in ("", "v0=", "v0=é" + "a" * 60, MARK, "v0=" + "0" * 64, "v0=" + "a" * 6_000):
        yield {**good, SIGNATURE: signature}


def malformed(real: Sequence[Delivery], draw: random.Random) -> Request:
    """What no Slack would say, under its valid signature."""
    said, content_type = wire(draw.choice(real))
    body = draw.choice(
        (
            b"",
            draw.randbytes(draw.randrange(1, 400)),
            b"payload=",
            b"payload=" + draw.randbytes(60).hex().encode(),
            b"payload=%5B%5D",
            f'{{"type": "{MARK}"}}'.encode(),
            f"payload=%7B%22type%22%3A%22{MARK}%22%7D".encode(),
            f"command={MARK}&text={MARK}".encode(),
            b'{"a":' * draw.randrange(1, 50_000),
            b"[" * draw.randrange(1, 100_000),
            b"\xff\xfe" + said,
            said[: draw.randrange(len(said) // 2)],
            f'"{MARK}"'.encode(),
            b"null",
            b"a=b=c&;&&=" + MARK.encode(),
            b"NaN",
        )
    )
    headers = {"Content-Type": draw.choice((FORM, JSON, content_type)), **signed_headers(body)}
    return Request("malformed", body, headers, REFUSED)


def mutated(real: Sequence[Delivery], draw: random.Random) -> Request:
    """A real payload with some keys dropped or altered, under a valid signature."""
    delivery = draw.choice(real)
    payload = copy.deepcopy(dict(delivery.payload))
    places = list(_places(payload))
    for holder, key in draw.sample(places, min(len(places), draw.choice((1, 1, 1, 2, 5)))):
        _alter(holder, key, draw)
    body, content_type = wire(delivery, payload)
    return Request("mutated", body, {"Content-Type": content_type, **signed_headers(body)}, TAKEN)


def replayed(real: Sequence[Delivery], draw: random.Random) -> Request:
    """The bytes of a real request, as a proxy or Slack itself may send them once more."""
    body, content_type = wire(draw.choice(real))
    retry = {"X-Slack-Retry-Num": str(draw.randrange(1, 4)), "X-Slack-Retry-Reason": "http_timeout"}
    headers = {"Content-Type": content_type, **signed_headers(body), **draw.choice(({}, retry))}
    return Request("replayed", body, headers, frozenset({200}))


def mistyped(real: Sequence[Delivery], draw: random.Random) -> Request:
    """A real request under another content type, which Slack's signature does not cover."""
    body, _ = wire(draw.choice(real))
    headers = {"Content-Type": draw.choice(TYPES), **signed_headers(body)}
    return Request("mistyped", body, headers, TAKEN)


def misplaced(real: Sequence[Delivery], draw: random.Random) -> Request:
    """A real request by another method than POST; one that HTTP does not know gets 400."""
    body, content_type = wire(draw.choice(real))
    headers = {"Content-Type": content_type, **signed_headers(body)}
    method = draw.choice(("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW"))
    return Request("misplaced", body, headers, frozenset({400, 405}), method=method)


def packed(real: Sequence[Delivery], draw: random.Random) -> Request:
    """A body that says it is compressed, signed or not."""
    body, content_type = wire(draw.choice(real))
    headers = {"Content-Type": content_type, "Content-Encoding": draw.choice(("gzip", "deflate", "br", "x"))}
    return Request("packed", body, {**headers, **signed_headers(body)}, frozenset({400, 415}))


def oversized(real: Sequence[Delivery], draw: random.Random) -> Request:
    """A body over the limit, signed or not."""
    body = b"payload=" + MARK.encode() + b"x" * (MAX_BODY_BYTES + draw.randrange(200_000))
    return Request("oversized", body, draw.choice(({}, signed_headers(body))), frozenset({413}))


KINDS: Final[Mapping[str, tuple[int, Make]]] = {
    "forged": (30, forged),
    "malformed": (15, malformed),
    "mutated": (38, mutated),
    "replayed": (8, replayed),
    "mistyped": (4, mistyped),
    "misplaced": (2, misplaced),
    "packed": (2, packed),
    "oversized": (1, oversized),
}
"""The share of each kind in a hundred, and who makes it."""


def wire(delivery: Delivery, payload: Mapping[str, Any] | None = None) -> tuple[bytes, str]:
    """Give body and content type, also of texts that are no valid Unicode."""
    said = delivery.payload if payload is None else payload
    if delivery.kind == "slash_commands":
        return urlencode(said, errors="surrogatepass").encode(), FORM
    return http_body(delivery.kind, said)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


def _alter(holder: Any, key: Any, draw: random.Random) -> None:
    """Drop or replace what stands at a place, or leave it if an earlier change took the place away."""
    if not (key in holder if isinstance(holder, dict) else key < len(holder)):
        return
    match draw.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder[key], str):
            holder[key] = json.dumps(holder[key])[: draw.randrange(1, 40)]
        case _:
            holder[key] = draw.choice(ODD)
