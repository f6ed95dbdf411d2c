"""Copying, forgetting and thinning out whole threads, and giving back the space of what nobody refers to any more."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from engine.checkpointing.packing import Packing
from engine.checkpointing.rows import names_in, unpacked_checkpoint, unpacked_writes
from engine.checkpointing.statements import BLOBS, CHECKPOINTS, INTERRUPTS, WRITES, pattern
from engine.columns import canonical_json
from engine.transactions import Transaction

Key = tuple[str, str]
"""Namespace and checkpoint id, within one thread."""

_FAMILY = func.coalesce(CHECKPOINTS.c.family, CHECKPOINTS.c.thread_id)


async def copy_thread(tx: Transaction, source: str, target: str) -> None:
    """Copy checkpoints, writes and open questions; the large values are shared.

    A source that is forgotten meanwhile is copied whole, or not at all.

    Raises: ValueError when the target has checkpoints.
    """
    held = select(CHECKPOINTS.c.thread_id).where(CHECKPOINTS.c.thread_id == source)
    await tx.execute(held.with_for_update(read=True))  # on PostgreSQL, so that no sweep overlooks the copy
    if (
        await tx.execute(select(CHECKPOINTS.c.thread_id).where(CHECKPOINTS.c.thread_id == target).limit(1))
    ).first():
        raise ValueError(f"The thread {target} has checkpoints already; copy to a new one.")
    for table in (CHECKPOINTS, WRITES, INTERRUPTS):
        values = {each.name: each for each in table.columns}
        copied: dict[str, Any] = {**values, "thread_id": literal(target).label("thread_id")}
        if table is CHECKPOINTS:
            copied["family"] = _FAMILY
        rows = select(*copied.values()).where(table.c.thread_id == source)
        await tx.execute(insert(table).from_select(list(copied), rows))


async def delete_threads(tx: Transaction, thread_ids: Sequence[str], packing: Packing) -> None:
    """Forget these threads in all namespaces. Raises: DamagedCheckpoint."""
    for thread_id in thread_ids:
        families = await _families(tx, thread_id)
        for table in (WRITES, INTERRUPTS, CHECKPOINTS):
            await tx.execute(delete(table).where(table.c.thread_id == thread_id))
        for family in {*families, thread_id}:
            await _sweep(tx, family, packing)


async def delete_for_runs(tx: Transaction, run_ids: Sequence[str], packing: Packing) -> set[str]:
    """Forget the checkpoints whose metadata names one of these runs; return the threads that had some.

    Raises: DamagedCheckpoint.
    """
    columns = CHECKPOINTS.c
    doomed: dict[str, set[Key]] = {}
    for run_id in run_ids:
        fragment = canonical_json({"run_id": run_id})[1:-1]
        found = select(
            columns.thread_id, columns.checkpoint_ns, columns.checkpoint_id, columns.metadata
        ).where(columns.metadata.like(pattern(fragment), escape="/"))
        for row in await tx.execute(found):
            if json.loads(row.metadata).get("run_id") == run_id:
                doomed.setdefault(row.thread_id, set()).add((row.checkpoint_ns, row.checkpoint_id))
    for thread_id, keys in doomed.items():
        await _delete(tx, thread_id, keys, packing)
    return set(doomed)


async def keep_latest(
    tx: Transaction, thread_id: str, packing: Packing, *, keep: Collection[str] = ()
) -> None:
    """Forget all checkpoints of a thread but the newest of each namespace, and what these need.

    Kept too are the checkpoints with an id in `keep`, those that they were called from, and the ancestors that a
    DeltaChannel is put together from. A subgraph's namespace goes with the step that called it.

    Raises: DamagedCheckpoint.
    """
    columns = CHECKPOINTS.c
    found = select(
        columns.checkpoint_ns, columns.checkpoint_id, columns.parent_checkpoint_id, columns.metadata
    ).where(columns.thread_id == thread_id)
    steps = {
        (row.checkpoint_ns, row.checkpoint_id): _Step(row.parent_checkpoint_id, json.loads(row.metadata))
        for row in await tx.execute(found)
    }
    kept = _kept(steps, keep)
    doomed = steps.keys() - kept
    orphans = [
        {"ns": ns, "id": checkpoint_id, "new": random.getrandbits(47) + 1}
        for ns, checkpoint_id in kept
        if (ns, steps[ns, checkpoint_id].parent_id) in doomed
    ]
    if orphans:
        await tx.execute(
            update(CHECKPOINTS)
            .where(
                columns.thread_id == thread_id,
                columns.checkpoint_ns == bindparam("ns"),
                columns.checkpoint_id == bindparam("id"),
            )
            .values(parent_checkpoint_id=None, revision=bindparam("new")),
            orphans,
        )
    if doomed:
        await _delete(tx, thread_id, doomed, packing)


@dataclass(frozen=True)
class _Step:
    parent_id: str | None
    metadata: Mapping[str, Any]

    def callers(self) -> Iterable[Key]:
        """The checkpoints of outer graphs that this one was made under."""
        return (self.metadata.get("parents") or {}).items()

    def delta_channels(self) -> set[str]:
        """Channels whose value is not in this checkpoint but in its ancestors and their writes."""
        return set(self.metadata.get("counters_since_delta_snapshot") or {})


def _kept(steps: Mapping[Key, _Step], keep: Collection[str]) -> set[Key]:
    newest: dict[str, str] = {}
    for ns, checkpoint_id in steps:
        newest[ns] = max(newest.get(ns, ""), checkpoint_id)
    wanted = {key for key in steps if key[1] in keep}
    wanted |= {caller for key in wanted for caller in steps[key].callers() if caller in steps}
    kept = set(wanted)
    for ns in sorted(newest, key=lambda name: name.count("|")):
        key = (ns, newest[ns])
        is_left_behind = ":" in ns.rpartition("|")[2] and any(
            caller not in kept and caller[1] < newest.get(caller[0], "") for caller in steps[key].callers()
        )
        if not is_left_behind:
            kept.add(key)
    for key in list(kept):
        kept |= _delta_ancestors(steps, key)
    return kept


def _delta_ancestors(steps: Mapping[Key, _Step], key: Key) -> set[Key]:
    found: set[Key] = set()
    left = steps[key].delta_channels()
    at = (key[0], steps[key].parent_id or "")
    while left and at in steps and at not in found:
        found.add(at)
        left &= steps[at].delta_channels()
        at = (at[0], steps[at].parent_id or "")
    return found


async def _delete(tx: Transaction, thread_id: str, keys: Collection[Key], packing: Packing) -> None:
    families = await _families(tx, thread_id)
    params = [{"ns": ns, "id": checkpoint_id} for ns, checkpoint_id in keys]
    for table in (WRITES, INTERRUPTS, CHECKPOINTS):
        doomed = delete(table).where(
            table.c.thread_id == thread_id,
            table.c.checkpoint_ns == bindparam("ns"),
            table.c.checkpoint_id == bindparam("id"),
        )
        await tx.execute(doomed, params)
    for family in families:
        await _sweep(tx, family, packing)


async def _families(tx: Transaction, thread_id: str) -> set[str]:
    found = select(_FAMILY).where(CHECKPOINTS.c.thread_id == thread_id).distinct()
    return set((await tx.execute(found)).scalars())


async def _sweep(tx: Transaction, family: str, packing: Packing) -> None:
    """Delete the large values of a family that no checkpoint and no write needs any more.

    On PostgreSQL others may write to copies meanwhile. So the values are read first: whoever needs one of them is
    seen afterwards. Whoever has named one anew since has changed its `xmin` (engine.checkpointing.changes), and it
    stays; so does one that somebody is just naming, which is not waited for.
    """
    is_shared = tx.dialect == "postgresql"
    seen = cast(literal_column("xmin"), Text) if is_shared else literal("")
    stored = select(BLOBS.c.name, BLOBS.c.base, BLOBS.c.beside, seen.label("seen"))
    rows: list[Any] = list(await tx.execute(stored.where(BLOBS.c.family == family)))
    members = or_(
        CHECKPOINTS.c.family == family, (CHECKPOINTS.c.family.is_(None)) & (CHECKPOINTS.c.thread_id == family)
    )
    needed: set[bytes] = set()
    for row in await tx.execute(select(CHECKPOINTS).where(members)):
        needed.update(names_in(unpacked_checkpoint(row, packing)[2].values()))
    threads = select(CHECKPOINTS.c.thread_id).where(members).distinct()
    for row in await tx.execute(select(WRITES).where(WRITES.c.thread_id.in_(threads))):
        needed.update(names_in(stored for _, _, stored in unpacked_writes(row, packing)))
    parts = {row.name: {row.base, row.beside} - {None} for row in rows}
    left = list(needed)
    while left:
        more = parts.get(left.pop(), set()) - needed
        needed |= more
        left += more
    useless = [{"useless": row.name, "seen": row.seen} for row in rows if row.name not in needed]
    if useless:
        same = (BLOBS.c.family == family) & (BLOBS.c.name == bindparam("useless"))
        free = select(BLOBS.c.name).where(same, seen == bindparam("seen")).with_for_update(skip_locked=True)
        await tx.execute(delete(BLOBS).where(same, BLOBS.c.name.in_(free)), useless)
