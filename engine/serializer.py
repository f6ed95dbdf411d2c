"""How channel values become bytes and back, without ever running what stored bytes name."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any, get_args, get_origin, get_type_hints

import ormsgpack
from langgraph._internal._serde import build_serde_allowlist  # private: no public builder in 1.2.22
from langgraph.checkpoint.serde import jsonplus
from langgraph.checkpoint.serde.jsonplus import (  # private: what is packed, and how (langgraph-checkpoint 4.3)
    JsonPlusSerializer,
    _msgpack_default,
)
from langgraph.checkpoint.serde.jsonplus import _option as _OPTION  # noqa: N812
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
            levels), half characters (lone surrogates; in an error they become question marks), functions and other
            objects without a form as data.
        """
        try:
            if type(obj) in _NUMBERS:  # which LangGraph packs alike, in three calls more
                return "msgpack", ormsgpack.packb(obj)
            if obj is None or isinstance(obj, (bytes, bytearray)):
                return super().dumps_typed(obj)
            return "msgpack", _packed(obj)
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise UnstorableValue(
                f"A value of type {type(obj).__name__} cannot be stored: {self._why_not(obj, error)}."
            ) from error

    def _why_not(self, obj: Any, error: Exception) -> str:
        try:
            super().dumps_typed(obj)  # which puts a question mark in the place of half a character
        except (TypeError, ValueError, RecursionError, OverflowError):
            return str(error)
        return "a text in it holds half a character"

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value. Raises: DamagedCheckpoint for bytes or a kind that this class never writes."""
        kind, _ = data
        if kind not in KINDS:
            raise DamagedCheckpoint(f"A stored value of kind {kind!r} is not read here.")
        try:
            return super().loads_typed(data)
        except ormsgpack.MsgpackDecodeError as error:
            raise DamagedCheckpoint("A stored value is not msgpack.") from error


def _packed(value: Any) -> bytes:
    return ormsgpack.packb(value, default=_form, option=_OPTION & ~ormsgpack.OPT_REPLACE_SURROGATES)


def _form(value: Any) -> Any:
    """Return what LangGraph stores an object as.

    Of an error that is mostly its repr(): it has to be told whatever stands in it, so there a question mark may be.
    """
    if not isinstance(value, BaseException):
        return _form_of(value)
    form = _msgpack_default(value)
    return form.encode(errors="replace").decode() if isinstance(form, str) else form


_form_of = FunctionType(_msgpack_default.__code__, {**vars(jsonplus), "_msgpack_enc": _packed})
"""LangGraph's own, which packs what is inside an object with `_packed`, where half a character is an error."""


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
