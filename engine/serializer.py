"""How channel values become bytes and back, without ever running what stored bytes name."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import ormsgpack
from langgraph._internal._serde import build_serde_allowlist  # private: no public builder in 1.2.22
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.func import entrypoint
from langgraph.pregel import Pregel

from engine.errors import DamagedCheckpoint, UnstorableValue

KINDS = frozenset({"null", "bytes", "bytearray", "msgpack"})
"""What dumps_typed() writes. LangGraph also reads `json` and `pickle` of older releases, which revive objects."""


_NUMBERS = frozenset({bool, int, float})


class StrictSerializer(JsonPlusSerializer):
    """LangGraph's msgpack, limited to its list of safe types whatever LANGGRAPH_STRICT_MSGPACK says.

    A type that is not allowed comes back as the plain data it was made of (a model as a dict, an Enum as its
    value) and LangGraph logs its name once. `allowlist_of(graph)` names the types that a graph's own state needs.
    Tuples come back as lists, as everywhere in LangGraph, also those in a set.
    """

    def __init__(self) -> None:
        super().__init__(pickle_fallback=False, allowed_json_modules=None, allowed_msgpack_modules=None)

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return kind and bytes.

        Raises: UnstorableValue for what would not come back: integers over 64 bits, very deep nesting (some hundred
            levels), half characters (lone surrogates), functions and other objects without a form as data.
        """
        try:
            if type(obj) in _NUMBERS:  # which LangGraph packs alike, in three calls more
                return "msgpack", ormsgpack.packb(obj)
            kind, body = super().dumps_typed(obj)
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise UnstorableValue(
                f"A value of type {type(obj).__name__} cannot be stored: {error}."
            ) from error
        if b"?" in body and any(map(_is_broken, _texts(obj))):  # LangGraph puts a question mark in its place
            raise UnstorableValue(
                f"A value of type {type(obj).__name__} cannot be stored: a text in it holds half a character."
            )
        return kind, body

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value. Raises: DamagedCheckpoint for bytes or a kind that this class never writes."""
        kind, _ = data
        if kind not in KINDS:
            raise DamagedCheckpoint(f"A stored value of kind {kind!r} is not read here.")
        try:
            return super().loads_typed(data)
        except ormsgpack.MsgpackDecodeError as error:
            raise DamagedCheckpoint("A stored value is not msgpack.") from error


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value that could be serialised, so that it does not contain itself."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, (list, tuple, set, frozenset, deque)):
            left += each
        elif isinstance(each, Enum):
            left.append(each.value)
        elif hasattr(each, "__dict__") and not isinstance(each, type):
            left += vars(each).values()


def allowlist_of(graph: Pregel[Any, Any, Any, Any]) -> set[tuple[str, ...]]:
    """Return the (module, name) pairs of the types in the schemas of a compiled graph and of its subgraphs.

    Models, dataclasses and enums are found through annotations only, so a subclass that no annotation names
    is not among them. Their modules must be importable under the name they had when the value was stored.
    """
    inner = (subgraph for _, subgraph in graph.get_subgraphs(recurse=True))
    graphs = [graph, *(subgraph for subgraph in inner if isinstance(subgraph, Pregel))]
    return set().union(
        *(
            build_serde_allowlist(schemas=list(_schemas(each)), channels=dict(each.channels))
            for each in graphs
        )
    )


def _schemas(graph: Pregel[Any, Any, Any, Any]) -> Iterator[type[Any]]:
    """The same schemas as StateGraph.compile() collects when LANGGRAPH_STRICT_MSGPACK is set."""
    if graph.context_schema is not None:
        yield graph.context_schema
    builder = getattr(graph, "builder", None)
    if builder is None:
        yield from _entrypoint_types(graph)
        return
    yield from (builder.state_schema, builder.input_schema, builder.output_schema)
    yield from (node.input_schema for node in builder.nodes.values())
    for branches in builder.branches.values():
        yield from (branch.input_schema for branch in branches.values() if branch.input_schema is not None)


def _entrypoint_types(graph: Pregel[Any, Any, Any, Any]) -> Iterator[type[Any]]:
    """What an @entrypoint takes, returns and saves.

    Its channels name the same types, but only as text where the module has `from __future__ import annotations`.
    """
    for node in graph.nodes.values():
        function = getattr(node.bound, "func", None) or getattr(node.bound, "afunc", None)
        try:
            hints = get_type_hints(function) if function else {}
        except (NameError, TypeError):  # a name that exists for type checkers only
            continue
        for hint in hints.values():
            yield from get_args(hint) if get_origin(hint) is entrypoint.final else (hint,)
