"""The audit trail: append-only entries, each sealed with the hash of the one before it.

Detail by kind: STARTED {workflow, input}; ASKED and ASKED_ANEW {text, digest, revision, round};
DECIDED {verdict, option, label, reason, before, after, digest, revision, answer_digest, endorsers};
ENDORSED the same with {groups, count, required} for endorsers;
RESUMED {verdict, answer_digest}, the digest of what was sent; RESENT {}; REFUSED {code, option};
WITHDRAWN {why}; RESTARTED {why, taken_back, checkpoint_id}, the numbers of questions and where the step began anew;
DROPPED {count, why}; EXPIRED {}; STOPPED {reason}; FINISHED {result}; FAILED {error}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import bindparam, insert, select, text

from engine.columns import canonical_json
from engine.decisions import Actor, Json
from engine.errors import AnchorBroken, AuditBroken
from engine.tables import audit
from engine.transactions import Transaction
from engine.views import Anchor, Event, EventKind

GENESIS = "0" * 64
CHAIN_LOCK = 0x61756469  # "audi": on PostgreSQL one appender at a time; SQLite has one writer anyway
PAGE = 1000

# What every click runs is made once, see engine/approvals.py.
_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
_HEAD = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
_APPEND = insert(audit)
_SEALS = select(audit.c.seq, audit.c.hash)
_OF_RUN = select(audit).where(audit.c.run_id == bindparam("of_run")).order_by(audit.c.seq)


@dataclass(frozen=True)
class Entry:
    """Something to be written down. `actor` is None for what the product does by itself."""

    kind: EventKind
    approval_id: str | None = None
    actor: Actor | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)


async def lock(tx: Transaction) -> None:
    """Wait until nobody else appends, and keep others from it until the transaction ends.

    What is read from here on is what all who appended before have written.
    """
    if tx.dialect == "postgresql":
        await tx.execute(_LOCK, {"number": CHAIN_LOCK})


async def append(
    tx: Transaction, entries: Sequence[Entry], *, run_id: str | None, at: datetime
) -> tuple[Event, ...]:
    """Seal `entries` in their order. Do this last in a transaction: the chain stays locked until it ends."""
    await lock(tx)
    head = (await tx.execute(_HEAD)).first()
    seq, previous = (head.seq, head.hash) if head else (0, GENESIS)
    rows = []
    for entry in entries:
        seq += 1
        row = _row(entry, seq=seq, run_id=run_id, at=at, previous=previous)
        previous = row["hash"]
        rows.append(row)
    await tx.execute(_APPEND, rows)
    return tuple(_event_of(row) for row in rows)


async def of_run(tx: Transaction, run_id: str) -> tuple[Event, ...]:
    """Return a run's events, oldest first."""
    rows = await tx.execute(_OF_RUN, {"of_run": run_id})
    return tuple(_event_of(row._asdict()) for row in rows)


async def verify(tx: Transaction, anchors: Sequence[Anchor] = ()) -> int:
    """Walk the whole chain, compare it with `anchors`, and return its length in entries.

    The chain alone tells every changed, swapped, inserted or removed entry, but not a cut at the end, nor a chain
    that somebody has sealed anew from some entry on. An anchor tells these up to its own entry.

    Raises: AuditBroken at the first entry that does not fit the one before it; AnchorBroken.
    """
    seq, previous = 0, GENESIS
    while page := (
        await tx.execute(select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(PAGE))
    ).all():
        for row in page:
            if row.seq != seq + 1 or row.previous != previous or row.hash != _seal(row._asdict()):
                raise AuditBroken(seq + 1)
            seq, previous = row.seq, row.hash
    if broken := await unfitting(tx, anchors):
        raise AnchorBroken(tuple(map(str, broken)))
    return seq


async def unfitting(tx: Transaction, anchors: Sequence[Anchor]) -> list[Anchor]:
    """Return the anchors whose entry is not there or has another seal."""
    rows = await tx.execute(_SEALS.where(audit.c.seq.in_({each.seq for each in anchors})))
    seals = {row.seq: row.hash for row in rows}
    return [each for each in anchors if not seals.get(each.seq, "").startswith(each.beginning or "-")]


def _row(entry: Entry, *, seq: int, run_id: str | None, at: datetime, previous: str) -> dict[str, Json]:
    row: dict[str, Json] = {
        "seq": seq,
        "run_id": run_id,
        "approval_id": entry.approval_id,
        "kind": entry.kind.value,
        "at": at,
        "actor_id": entry.actor.id if entry.actor else None,
        "actor_name": entry.actor.name if entry.actor else None,
        "detail": dict(entry.detail),
        "previous": previous,
    }
    return {**row, "hash": _seal(row)}


def _seal(row: Mapping[str, Json]) -> str:
    """Hash every column but the hash itself, in one spelling."""
    sealed = {name: value for name, value in row.items() if name != "hash"}
    sealed["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical_json(sealed).encode()).hexdigest()


def _event_of(row: Mapping[str, Json]) -> Event:
    return Event(
        seq=row["seq"],
        run_id=row["run_id"],
        approval_id=row["approval_id"],
        kind=EventKind(row["kind"]),
        at=row["at"],
        actor_id=row["actor_id"],
        actor_name=row["actor_name"],
        detail=row["detail"],
        seal=row["hash"],
    )
