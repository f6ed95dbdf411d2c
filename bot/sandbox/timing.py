"""How long Slack waits: its own figures, which a test may shorten."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds. `ack_s` and `trigger_s` 3 (docs.slack.dev), `response_url_s` 30 minutes.

    `retries_s`: the waits before the three retries of an event: at once, after 1 and after 5 minutes
    (docs.slack.dev, Events API, "error handling").
    """

    ack_s: float = 3.0
    trigger_s: float = 3.0
    response_url_s: float = 1800.0
    retries_s: tuple[float, ...] = (0.0, 60.0, 300.0)
