"""Faults on order: what the next Web API calls and the next deliveries suffer."""

from collections import deque
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class CallFault:
    """What one Web API call suffers; without any field it takes its usual course."""

    status: int | None = None
    retry_after: int | None = None
    error: str | None = None
    page: str | None = None
    page_type: str = "text/html"
    cut: Literal["before", "after"] | None = None
    delay_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DeliveryFault:
    """What one delivery to the app suffers."""

    duplicate: int = 1
    late_s: float = 0.0
    drop_socket: bool = False


class Faults:
    """Queues of faults, each used once, first ordered first served."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[CallFault]] = {}
        self._deliveries: deque[DeliveryFault] = deque()

    def next(
        self,
        method: str,
        *,
        status: int | None = None,
        retry_after: int | None = None,
        error: str | None = None,
        page: str | None = None,
        page_type: str = "text/html",
        cut: Literal["before", "after"] | None = None,
        delay_s: float = 0.0,
        times: int = 1,
    ) -> None:
        """Spoil the next `times` calls of a Web API method ("*" for any).

        `status` answers with that HTTP status instead of working (429 carries Retry-After: `retry_after` s,
        1 by default); `error` answers {"ok": false, "error": error}; `page` answers with this text, of the
        content type `page_type`, not with JSON; `cut` closes the connection without an answer, "before" without
        effect or "after" with it; `delay_s` waits first and may stand alone.
        """
        fault = CallFault(
            status=status,
            retry_after=retry_after,
            error=error,
            page=page,
            page_type=page_type,
            cut=cut,
            delay_s=delay_s,
        )
        self._calls.setdefault(method, deque()).extend([fault] * times)

    def deliveries(
        self, *, duplicate: int = 1, late_s: float = 0.0, drop_socket: bool = False, times: int = 1
    ) -> None:
        """Spoil the next `times` deliveries to the app.

        `duplicate` sends the same payload that often at once; `late_s` holds it back that long, and the 3 s for the
        ack begin afterwards; `drop_socket` cuts the socket right after the envelope went out (Socket Mode).
        """
        fault = DeliveryFault(duplicate=duplicate, late_s=late_s, drop_socket=drop_socket)
        self._deliveries.extend([fault] * times)

    def clear(self) -> None:
        """Forget every fault that was ordered and has not happened yet."""
        self._calls.clear()
        self._deliveries.clear()

    @property
    def pending(self) -> int:
        """How many ordered faults have not begun yet."""
        return sum(map(len, self._calls.values())) + len(self._deliveries)

    def for_call(self, method: str) -> CallFault:
        """Take the fault that this call suffers."""
        for name in (method, "*"):
            if self._calls.get(name):
                return self._calls[name].popleft()
        return CallFault()

    def for_delivery(self) -> DeliveryFault:
        """Take the fault that this delivery suffers."""
        return self._deliveries.popleft() if self._deliveries else DeliveryFault()
