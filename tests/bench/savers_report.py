"""Figures of the checkpointers as tables and as a picture; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from tests.bench.figures import laid_out
from tests.bench.savers import MEMORY, OUR_POSTGRES, OUR_SQLITE, PEERS, Contender, p99

Wanted = tuple[str, float]
"""The name of a peer, and the ratio that is wanted over it."""

LIMITS: dict[tuple[str, int], Sequence[Wanted]] = {
    (OUR_SQLITE, 1): [("AsyncSqliteSaver", 1.7)],
    (OUR_POSTGRES, 1): [("AsyncPostgresSaver", 1.5)],
    (OUR_SQLITE, 32): [("AsyncSqliteSaver", 3.0), (MEMORY, 0.65)],
    (OUR_POSTGRES, 32): [("AsyncPostgresSaver", 2.7), (MEMORY, 0.65)],
}
MEASURES: Sequence[tuple[str, str, bool, float | None]] = (
    ("bytes of 800 messages of 1 KB", "messages: bytes", False, 100),
    ("bytes of a 1 MB document, 200 steps", "document: bytes", False, 100),
    ("bytes per cycle", "bytes per cycle", False, None),
    ("latest state, small", "warm get", True, 15),
    ("the same while the lease is held", "warm get, lease held", True, 15),
    ("by id, 800 messages, read by nobody before", "cold get", True, 1),
    ("list(20), 800 messages", "list 20", True, 1),
    ("put of the last 32 of 800 messages", "messages: put late", True, None),
    ("get after 800 messages", "messages: get late", True, None),
)
"""What is told, its figure, whether it is a time, and how many times less than the peer is wanted."""


def report(contenders: Sequence[Contender]) -> str:
    """Return the tables in Markdown."""
    by_name = {each.name: each for each in contenders}
    parts = [_cycles(by_name, at_once) for at_once in contenders[0].per_second]
    if "messages: bytes" in by_name[OUR_SQLITE].figures:
        parts += [_against_peers(by_name), _late(by_name)]
    return "\n\n".join(parts)


def _cycles(by_name: dict[str, Contender], at_once: int) -> str:
    threads = "1 thread" if at_once == 1 else f"{at_once} threads"
    rows = [
        [
            f"Approval cycles, {threads}",
            "per second",
            "commits each",
            "resume p50",
            "p99",
            "ratios, with their range",
        ]
    ]
    for each in by_name.values():
        wanted = LIMITS.get((each.name, at_once), ())
        told = "; ".join(_ratio(each, by_name[name], at_once, limit) for name, limit in wanted)
        took = each.resume_ms[at_once]
        rows.append(
            [
                each.name,
                f"{median(each.per_second[at_once]):.0f}",
                f"{each.figures[f'commits, {at_once}']:.3g}",
                f"{median(took):.1f} ms",
                f"{p99(took):.1f} ms",
                told,
            ]
        )
    return laid_out(rows)


def ratios(own: Contender, peer: Contender, at_once: int) -> list[float]:
    """Return the ratio of each round."""
    pairs = zip(own.per_second[at_once], peer.per_second[at_once], strict=True)
    return [mine / theirs for mine, theirs in pairs]


def _ratio(own: Contender, peer: Contender, at_once: int, limit: float) -> str:
    found = ratios(own, peer, at_once)
    verdict = "kept" if median(found) >= limit else "**MISSED**"
    spread = f"{min(found):.2f} to {max(found):.2f}"
    return f"{median(found):.2f} x {peer.name} ({spread}), wanted {limit:g}: {verdict}"


def _against_peers(by_name: dict[str, Contender]) -> str:
    rows = [["", *(f"{name} / {peer}" for name, peer in PEERS.items()), "wanted"]]
    for title, key, is_time, limit in MEASURES:
        cells = [title]
        for name, peer in PEERS.items():
            own = by_name[name].figures[key]
            theirs = by_name[peer].figures[key.removesuffix(", lease held")]
            show: Callable[[float], str] = _ms if is_time else _bytes
            factor = theirs / own
            verdict = "" if limit is None else (", kept" if factor >= limit else ", **MISSED**")
            cells.append(f"{show(own)} / {show(theirs)} = 1/{factor:.3g}{verdict}")
        rows.append([*cells, "" if limit is None else f"1/{limit:g}"])
    return laid_out(rows)


def _late(by_name: dict[str, Contender]) -> str:
    rows = [["Late over early (step 800 over step 50)", "put", "get", "wanted"]]
    for name in PEERS:
        figures = by_name[name].figures
        found = [
            figures[f"messages: {verb} late"] / figures[f"messages: {verb} early"] for verb in ("put", "get")
        ]
        told = [f"{each:.2f}, {'kept' if each <= 2 else '**MISSED**'}" for each in found]
        rows.append([name, *told, "at most 2"])
    return laid_out(rows)


def _ms(value: float) -> str:
    return f"{value:.3f} ms" if value < 1 else f"{value:.1f} ms"


def _bytes(value: float) -> str:
    return f"{value / 1e6:.2f} MB" if value > 1e5 else f"{value / 1e3:.1f} kB"


WIDTH, BAR, GAP, LEFT = 760, 22, 10, 190


def picture(contenders: Sequence[Contender]) -> str:
    """Return an SVG: cycles per second of each saver as bars with their range, for each number of threads."""
    parts, top = [], 30
    peak = max(max(values) for each in contenders for values in each.per_second.values())
    for at_once in contenders[0].per_second:
        title = "one thread" if at_once == 1 else f"{at_once} threads at once"
        parts.append(f'<text class="head" x="10" y="{top}">Approval cycles per second, {title}</text>')
        top += 14
        for each in contenders:
            values = each.per_second[at_once]
            low, middle, high = (
                LEFT + (WIDTH - LEFT - 90) * v / peak for v in (min(values), median(values), max(values))
            )
            kind = "ours" if each.name in PEERS else "theirs"
            centre = top + BAR / 2
            parts += [
                f'<text x="{LEFT - 8}" y="{centre + 4}" text-anchor="end">{each.name}</text>',
                f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{middle - LEFT:.1f}" height="{BAR}"/>',
                f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{centre}" y2="{centre}"/>',
                f'<text x="{max(high, middle) + 8:.1f}" y="{centre + 4}">{median(values):.0f}</text>',
            ]
            top += BAR + GAP
        top += 26
    style = (
        "text{font:13px sans-serif;fill:#222}.head{font-weight:bold}.ours{fill:#2f6f4f}.theirs{fill:#a9b4bd}"
        "line{stroke:#111;stroke-width:2}@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#eee}"
        ".theirs{fill:#5b6770}.ours{fill:#4fa87a}}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" '
        f'aria-label="Approval cycles per second"><style>{style}</style>{"".join(parts)}</svg>\n'
    )
