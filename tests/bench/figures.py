"""Durations to figures: medians, spread, and what one way costs over another in the same round; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way of doing something: what each of its rounds took, in ms, and the limit it is held to."""

    name: str
    took_ms: Sequence[float]
    over_ms: Sequence[float] | None = None
    limit_ms: float | None = None

    @property
    def p50_ms(self) -> float:
        return median(self.took_ms)

    @property
    def p99_ms(self) -> float:
        return quantiles(self.took_ms, n=100, method="inclusive")[98]

    @property
    def difference_ms(self) -> float | None:
        """The median of what this took over its peer in the same round; None: it has no peer."""
        if self.over_ms is None:
            return None
        return median(own - peer for own, peer in zip(self.took_ms, self.over_ms, strict=True))

    @property
    def ratio(self) -> float | None:
        return None if self.over_ms is None else self.p50_ms / median(self.over_ms)

    @property
    def is_within(self) -> bool | None:
        """Whether the limit is kept: by the difference where there is a peer, else by the median; None: no limit."""
        if self.limit_ms is None:
            return None
        difference = self.difference_ms
        return (self.p50_ms if difference is None else difference) <= self.limit_ms


def table(rows: Sequence[Row]) -> str:
    """Lay the rows out as a Markdown table, so that they can stand in docs/performance.md as printed."""
    head = ["", "N", "p50 ms", "p99 ms", "over the empty handler", "ratio", "limit"]
    return laid_out([head, *(_cells(row) for row in rows)])


def laid_out(rows: Sequence[Sequence[str]]) -> str:
    """Lay cells out as a Markdown table; the first row is its head."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(cells, widths) for cells in (rows[0], rule, *rows[1:]))


def _cells(row: Row) -> list[str]:
    difference, ratio = row.difference_ms, row.ratio
    return [
        row.name,
        str(len(row.took_ms)),
        f"{row.p50_ms:.2f}",
        f"{row.p99_ms:.2f}",
        "" if difference is None else f"{difference:+.2f} ms",
        "" if ratio is None else f"{ratio:.1f}",
        _verdict(row),
    ]


def _verdict(row: Row) -> str:
    if row.limit_ms is None:
        return ""
    sign = "+" if row.over_ms is not None else ""
    return f"{sign}{row.limit_ms:g} ms: {'kept' if row.is_within else '**MISSED**'}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
