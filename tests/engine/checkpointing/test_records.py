"""Values that change from step to step, and what is stored of them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpointing.deltas import delta
from engine.checkpointing.packing import Packing
from engine.checkpointing.records import (
    Blob,
    Large,
    Node,
    Reader,
    Small,
    Value,
    Vault,
    about_blob,
    base_position,
)
from engine.errors import DamagedCheckpoint

PACKING = Packing()


def kept(contents: Sequence[bytes]) -> tuple[list[Value], list[Blob]]:
    """Store versions of one value one after the other; return them and every row that was stored."""
    values: list[Value] = []
    vault = Vault(PACKING)
    for content in contents:
        values.append(vault.kept(Small("bytes", content), (), values[-1:]))
    return values, vault.blobs


def reader(blobs: Sequence[Blob]) -> Reader:
    return Reader({blob.name: blob for blob in blobs}, PACKING)


def stored(value: Value) -> tuple[object, ...]:
    """What stands in the row of a checkpoint."""
    assert isinstance(value, Large)
    node = value.chain[-1]
    return value.kind, node.name, node.position, node.weight


def rows_of(value: Value, blobs: Sequence[Blob]) -> int:
    """Count the rows that a value is read back from."""
    bases = {blob.name: blob.base for blob in blobs}
    assert isinstance(value, Large)
    at: bytes | None = value.chain[-1].name
    count = 0
    while at is not None:
        at, count = bases[at], count + 1
    return count


def messages(count: int) -> list[bytes]:
    """A list of texts that grows, as msgpack has it after each step."""
    texts = [random.Random(n).randbytes(300).hex() for n in range(count)]  # noqa: S311
    return [ormsgpack.packb(texts[: n + 1]) for n in range(count)]


def patched(new: bytes, old: bytes) -> bytes | None:
    ops = delta(new, old)
    if ops is None:
        return None
    base = Node(b"old", position=0, weight=0, content=old)
    return Node(b"new", position=1, weight=0, ops=ops, base=base).content


@given(st.binary(min_size=40, max_size=400), st.data())
def test_a_change_gives_back_the_new_bytes(old: bytes, data: st.DataObject) -> None:
    """Whatever was inserted, cut out or replaced, old bytes and change give the new bytes."""
    new = bytearray(old)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(new)))
        new[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=40))
    assert patched(bytes(new), old) in (None, bytes(new))


@pytest.mark.parametrize("count", [2, 16, 17, 100])
def test_a_list_that_grows_costs_what_is_new(count: int) -> None:
    """Also where the list's count takes more bytes, and where the list lies inside a larger value."""
    old, new = messages(count)[-2:]
    for before, after in ((old, new), (b"{key" + old + b"tail" * 20, b"{key" + new + b"tail" * 20)):
        ops = delta(after, before)
        literal = sum(len(op) for op in ops or [] if isinstance(op, bytes))
        assert count == 2 or 600 <= literal <= 640
        assert patched(after, before) in (None, after)


def test_a_part_of_a_larger_value_is_a_copy() -> None:
    """A document that came inside the graph's input is not stored again when it gets a channel of its own."""
    document = random.Random(1).randbytes(100_000)  # noqa: S311
    assert delta(document, b"start" + document + b"end") == [(5, 100_000)]


def test_every_version_is_read_back_from_few_rows() -> None:
    """Of 1,100 versions each comes back from at most 31 rows a level; all take about thrice the texts."""
    contents = messages(1100)
    values, blobs = kept(contents)
    assert all(rows_of(value, blobs) <= 31 + 31 + 2 for value in values)
    for n in (0, 1, 31, 32, 33, 700, 1023, 1024, 1025, 1099):
        back = reader(blobs).value(stored(values[n]))
        assert isinstance(back, Large)
        assert back.chain[-1].content == contents[n]
    plain = sum(len(PACKING.unpack(blob.body, about_blob(*blob[:3]))) for blob in blobs)
    assert plain < 3.2 * len(contents[-1])


def test_a_value_that_was_read_back_goes_on_as_before() -> None:
    """A process that has just started stores the next versions as small as one that remembers."""
    contents = messages(200)
    values, blobs = kept(contents[:100])
    value: Value = reader(blobs).value(stored(values[-1]))
    vault = Vault(PACKING)
    for content in contents[100:]:
        value = vault.kept(Small("bytes", content), (), [value])
    assert sum(blob.base is None for blob in vault.blobs) == 0
    back = reader([*blobs, *vault.blobs]).value(stored(value))
    assert isinstance(back, Large)
    assert back.chain[-1].content == contents[-1]


def test_what_is_equal_is_stored_once() -> None:
    """A value that is written again unchanged, or that a task has written before, needs no row."""
    values, blobs = kept([b"same" * 100, b"same" * 100, b"same" * 100])
    assert len(blobs) == 1
    vault = Vault(PACKING)
    assert vault.kept(Small("bytes", b"same" * 100), values[:1], ()) == values[0]
    assert vault.blobs == []


def test_what_has_little_in_common_starts_anew() -> None:
    """Texts that share nothing are stored whole, so that none drags others behind it."""
    texts = [random.Random(n).randbytes(1000) for n in range(5)]  # noqa: S311
    _, blobs = kept(texts)
    assert [blob.base for blob in blobs] == [None] * 5


def test_lost_and_changed_rows_are_damage() -> None:
    """A row that is missing, replaced by another, or points at itself is noticed."""
    values, blobs = kept(messages(20))
    newest = stored(values[-1])
    lost = [blob for blob in blobs if blob is not blobs[10]]
    swapped = [*lost, blobs[10]._replace(body=blobs[3].body)]
    circular = [*lost, blobs[10]._replace(base=blobs[10].name)]
    for rows in (lost, swapped, circular):
        with pytest.raises(DamagedCheckpoint):
            reader(rows).value(newest)


def test_rows_that_lead_nowhere_are_damage() -> None:
    """A change of itself, of a value that is a change of it, a part that is a change: none is followed."""
    names = [bytes((n,)) * 16 for n in range(3)]
    first, second, third = names
    ops = ormsgpack.packb([(0, 5), (0, 3, 1)])
    for bases in (
        {first: first},
        {first: second, second: first},
        {first: second, second: None, third: second},
    ):
        found = {}
        for name, base in bases.items():
            beside = third if third in bases and name == first else None
            plain = ops if base else b"hello"
            found[name] = Blob(name, base, beside, PACKING.pack(plain, about_blob(name, base, beside)))
        for position in (0, 5, 2**60):
            with pytest.raises(DamagedCheckpoint):
                Reader(found, PACKING).value(("bytes", first, position, 100))


def test_positions_count_down_to_the_start() -> None:
    """The one that a version is stored against is nearer to the start, by one unit of its last digit."""
    assert [base_position(n) for n in (1, 2, 31, 32, 33, 64, 1024, 1056, 2048)] == [
        0,
        1,
        30,
        0,
        32,
        32,
        0,
        1024,
        1024,
    ]


def test_what_a_task_has_written_is_not_stored_again() -> None:
    """The new end of a list stands in the row of the task that wrote it; the list's row names it."""
    old, new = messages(40)[-2:]
    vault = Vault(PACKING)
    before = vault.kept(Small("msgpack", old), (), ())
    written = vault.kept(Small("msgpack", b"\x91" + new[-603:]), (), ())
    value = vault.kept(Small("msgpack", new), [written], [before])
    assert isinstance(written, Large)
    assert vault.blobs[-1].beside == written.chain[-1].name
    assert len(vault.blobs[-1].body) < 60
    back = reader(vault.blobs).value(stored(value))
    assert isinstance(back, Large)
    assert back.chain[-1].content == new
    with pytest.raises(DamagedCheckpoint):
        reader([blob for blob in vault.blobs if blob.name != written.chain[-1].name]).value(stored(value))
