"""What the checkpointer stores, between LangGraph's objects and the rows: serialised values and chains of them.

A value is small and stands in the row that uses it, or large and has a name in the table of blobs. A large value that
is a changed form of another is stored as the change. The versions of a growing value form a chain; the one at
`position` is stored against the one at `base_position(position)`, so that a chain of N is read back from at most
31 * log32(N) + 1 rows, and takes about twice the space of what was added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import ormsgpack
from langgraph.checkpoint.serde.base import SerializerProtocol

from engine.checkpointing.deltas import Op, delta
from engine.checkpointing.packing import Packing
from engine.errors import DamagedCheckpoint

STEPS_PER_LEVEL = 32
SMALL_VALUE_BYTES = (
    256  # in a checkpoint: it is repeated in each one, a name and its row take about 100 bytes
)
SMALL_WRITE_BYTES = 512  # in a task's writes: they are stored once
MIN_SHARED = 64  # naming another row takes about 30 bytes
NAME_BYTES = 16
MAX_WEIGHT = 2  # what a value is read back from may be this many times its size


Place = tuple[str, str]
"""Thread id and namespace."""
Key = tuple[str, str, str]
"""Thread id, namespace and checkpoint id."""


Version = tuple[int, int]
"""The number of a connection, and what it says after each commit."""


class Small(NamedTuple):
    """A serialised value."""

    kind: str
    body: bytes


NOTHING = Small("null", b"")


class Node:
    """A large value. It is stored in `weight` bytes of rows, those that it is stored against included.

    `plain` is for whoever decodes it: serializer, kind and the value itself, where nobody can change it.
    """

    __slots__ = ("_base", "_beside", "_content", "_ops", "name", "plain", "position", "weight")

    def __init__(
        self,
        name: bytes,
        *,
        position: int,
        weight: int,
        content: bytes | None = None,
        ops: Sequence[Op] = (),
        base: Node | None = None,
        beside: Node | None = None,
    ) -> None:
        self.name, self.position, self.weight = name, position, weight
        self._content, self._ops, self._base, self._beside = content, ops, base, beside
        self.plain: tuple[SerializerProtocol, str, Any] | None = None

    @property
    def content(self) -> bytes:
        """The value, put together from its changes when it is first asked for."""
        if self._content is None:
            self._content = b"".join(_pieces(self))
            self._ops, self._base, self._beside = (), None, None
        return self._content

    def path(self) -> Iterator[Node]:
        """Yield this and those that it is still to be put together from, newest first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node._base

    def size(self) -> int:
        """Return the bytes of memory that this takes by itself."""
        ops = sum(len(op) for op in self._ops if isinstance(op, bytes))
        return ops + len(self._content or b"")

    def length(self) -> int:
        """Return how many bytes the value has."""
        return sum(map(_length, self._ops)) if self._content is None else len(self._content)


def _pieces(node: Node) -> Iterator[bytes]:
    """Yield the parts of a value, found by going down from each copy to the text that it stands for."""
    todo: list[tuple[Node | bytes | None, int, int]] = [(node, 0, sum(map(_length, node._ops)))]
    while todo:
        source, start, end = todo.pop()
        if source is None:
            raise DamagedCheckpoint("A stored change copies from nowhere.")
        if isinstance(source, bytes):
            yield source[start:end]
            continue
        if source._content is not None:
            yield source._content[start:end]
            continue
        parts: list[tuple[Node | bytes | None, int, int]] = []
        for op in source._ops:  # `start` and `end` count from where this one begins
            of: Node | bytes | None
            if isinstance(op, bytes):
                of, at, length = op, 0, len(op)
            else:
                of, at, length = source._base if len(op) == 2 else source._beside, op[0], op[1]
            if start < length and end > 0:
                parts.append((of, at + (start if start > 0 else 0), at + (end if end < length else length)))
            start -= length
            end -= length
        todo += reversed(parts)


def _length(op: Op) -> int:
    return len(op) if isinstance(op, bytes) else op[1]


Chain = tuple[Node, ...]
"""The newest version last, and before it those that later versions will be stored against."""


class Large(NamedTuple):
    """A serialised value in the table of blobs."""

    kind: str
    chain: Chain


Value = Small | Large


BlobRow = tuple[bytes, bytes | None, bytes | None, bytes]
"""Name, base, beside and body, as in Blob."""


class Blob(NamedTuple):
    """A row of a large value."""

    name: bytes
    base: bytes | None
    beside: bytes | None
    body: bytes


def base_position(position: int) -> int:
    """Return the position that this one, at least 1, is stored against.

    Its last digit in base 32 that is not 0 is one less.
    """
    step = 1
    while position % (step * STEPS_PER_LEVEL) == 0:
        step *= STEPS_PER_LEVEL
    return position - step


class Vault:
    """Turns serialised values into what is stored, and collects the rows that are new."""

    def __init__(self, packing: Packing) -> None:
        self._packing = packing
        self._new: dict[bytes, Blob] = {}

    @property
    def blobs(self) -> list[Blob]:
        """The rows that are new, each once."""
        return list(self._new.values())

    def kept(self, whole: Small, same: Sequence[Value], before: Sequence[Value]) -> Large:
        """Return a large value: it is first looked for in `same`, then stored as a change of one of `before`.

        What is new in the change may stand in one of `same`, which tasks have written, and is not stored again then.
        """
        kind, body = whole
        for value in (*same, *before):
            if isinstance(value, Large) and value.chain[-1].content == body:
                return Large(kind, value.chain)
        for value in before:
            if isinstance(value, Large) and (chain := self._changed(value.chain, body, same)) is not None:
                return Large(kind, chain)
        return Large(kind, (self._node(body, 0, len(body), content=body),))

    def _changed(self, chain: Chain, body: bytes, written: Sequence[Value]) -> Chain | None:
        position = chain[-1].position + 1
        base = _at(chain, base_position(position))
        ops = delta(body, base.content) if base is not None else None
        if base is None or ops is None:
            return None
        ops, beside = _shared(ops, written)
        change = ormsgpack.packb(ops)
        weight = base.weight + len(change) + (beside.weight if beside else 0)
        if weight > MAX_WEIGHT * len(body):
            return None
        return _kept(chain, self._node(change, position, weight, content=body, base=base, beside=beside))

    def _node(
        self,
        plain: bytes,
        position: int,
        weight: int,
        *,
        content: bytes,
        base: Node | None = None,
        beside: Node | None = None,
    ) -> Node:
        of = [(node.name if node else bytes(NAME_BYTES)) for node in (base, beside)]
        node = Node(self._packing.name(*of, plain), position=position, weight=weight, content=content)
        names = (node.name, base.name if base else None, beside.name if beside else None)
        if node.name not in self._new:
            self._new[node.name] = Blob(*names, self._packing.pack(plain, about_blob(*names)))
        return node


def _shared(ops: list[Op], written: Sequence[Value]) -> tuple[list[Op], Node | None]:
    """Replace new text by copies of what a task has written, where it is stored whole."""
    for value in written:
        if isinstance(value, Small) or value.chain[-1].position > 0:
            continue
        node = value.chain[-1]
        found = [
            (at, len(op), 1)
            if isinstance(op, bytes) and len(op) >= MIN_SHARED and (at := node.content.find(op)) >= 0
            else op
            for op in ops
        ]
        if found != ops:
            return found, node
    return ops, None


def about_blob(name: bytes, base: bytes | None, beside: bytes | None) -> bytes:
    """Return what the body of a blob is packed with."""
    return name + (base or b"") + (beside or b"")


class Reader:
    """Puts large values together from the rows that they were stored in, by name."""

    def __init__(self, rows: Mapping[bytes, BlobRow], packing: Packing) -> None:
        self._rows = rows
        self._packing = packing
        self._nodes: dict[bytes, Node] = {}

    def value(self, stored: Sequence[Any]) -> Value:
        """Return the value of what stands in a row. Raises: DamagedCheckpoint."""
        if len(stored) == 2:
            return Small(*stored)
        kind, name, position, weight = stored
        newest = self._node(name, position, weight)
        older = [node for node in newest.path() if node is not newest]
        return Large(kind, _kept(tuple(reversed(older)), newest))

    def _node(self, name: bytes, position: int, weight: int) -> Node:
        nodes = self._nodes
        todo: list[tuple[Node, bytes, bytes]] = []
        at = name
        while at not in nodes:
            base, beside, plain = self._row(at)
            node = Node(at, position=position, weight=weight)
            if base is None:
                node._content = plain
                nodes[at] = node
                break
            if position <= 0:  # it is less at each step, so that also a circle comes to its end
                raise DamagedCheckpoint("A stored value has no beginning.")
            todo.append((node, base, plain))
            weight -= len(plain)
            if beside is not None:
                node._beside = part = self._whole(beside)
                weight -= part.weight
            position = base_position(position)
            at = base
        for node, base, plain in reversed(todo):
            node._ops, node._base = _ops(plain), nodes[base]
            nodes[node.name] = node
        return nodes[name]

    def _whole(self, name: bytes) -> Node:
        node = self._nodes.get(name)
        if node is None:
            base, _, plain = self._row(name)
            if base is not None:
                raise DamagedCheckpoint("A part of a stored value is not whole.")
            self._nodes[name] = node = Node(name, position=0, weight=len(plain), content=plain)
        return node

    def _row(self, name: bytes) -> tuple[bytes | None, bytes | None, bytes]:
        """Return base, beside and the body, unpacked."""
        row = self._rows.get(name)
        if row is None:
            raise DamagedCheckpoint("A part of a stored value is missing.")
        _, base, beside, body = row
        return base, beside, self._packing.unpack(body, about_blob(name, base, beside))


def _ops(change: bytes) -> Sequence[Op]:
    try:
        ops: Sequence[Op] = ormsgpack.unpackb(change)
    except ValueError as error:
        raise DamagedCheckpoint("A stored change cannot be read.") from error
    return ops


def _at(chain: Chain, position: int) -> Node | None:
    return next((node for node in chain if node.position == position), None)


def _kept(chain: Chain, newest: Node) -> Chain:
    """Leave out what no later version is stored against."""
    wanted, step = set(), 1
    while step <= newest.position:
        step *= STEPS_PER_LEVEL
        wanted.add(newest.position - newest.position % step)
    return (*(node for node in chain if node.position in wanted and node.position < newest.position), newest)


class Write(NamedTuple):
    """What one task wrote to one channel."""

    task_path: str
    channel: str
    value: Value


@dataclass(slots=True, kw_only=True)
class Record:
    """One checkpoint as it is stored, with what tasks have written on top of it.

    `structure` is the checkpoint without its values, `values` has those of the channels that are not empty.
    `writes` are by task and index; `revisions` are those of their rows, by task and the row's first index. `version`:
    the database's, as Lane.version() has it, at which this was last the newest checkpoint.
    """

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    parent_id: str | None = None
    family: str = ""
    revision: int = 0
    structure: Small = NOTHING
    versions: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    metadata: str = "{}"
    writes: dict[tuple[str, int], Write] = field(default_factory=dict)
    revisions: dict[tuple[str, int], int] = field(default_factory=dict)
    version: Version | None = None

    def with_writes(self, writes: dict[tuple[str, int], Write]) -> Record:
        """Return the same with other writes; dataclasses.replace takes four times as long."""
        return Record(
            thread_id=self.thread_id,
            checkpoint_ns=self.checkpoint_ns,
            checkpoint_id=self.checkpoint_id,
            parent_id=self.parent_id,
            family=self.family,
            revision=self.revision,
            structure=self.structure,
            versions=self.versions,
            values=self.values,
            metadata=self.metadata,
            writes=writes,
            revisions=self.revisions,
        )

    def is_current(self, checkpoint_id: str, revision: int, writes_revision: int) -> bool:
        """Say whether the database still holds just this."""
        return (self.checkpoint_id, self.revision, sum(self.revisions.values())) == (
            checkpoint_id,
            revision,
            writes_revision,
        )

    def size(self) -> int:
        """Return about how many bytes of memory its large values take once they are joined and decoded.

        Many short texts take up to twice as much when they are decoded.
        """
        values = (*self.values.values(), *(write.value for write in self.writes.values()))
        chains = [value.chain for value in values if isinstance(value, Large)]
        if not chains:
            return 0
        nodes = {each.name: each.size() for chain in chains for node in chain for each in node.path()}
        return sum(nodes.values()) + sum(chain[-1].length() for chain in chains)


def unknown(thread_id: str, checkpoint_ns: str, checkpoint_id: str) -> Record:
    """Return a checkpoint of which only writes are known; it belongs to no family."""
    return Record(thread_id=thread_id, checkpoint_ns=checkpoint_ns, checkpoint_id=checkpoint_id)
