"""JSON Schema of what a graph takes and holds, from whatever its author used to describe it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NotRequired, Required, get_origin, get_type_hints

import typing_extensions
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel
from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import PydanticJsonSchemaWarning

from engine.decisions import Json

WRAPPED = "input"
"""The one field of a graph whose input is not an object with known keys."""

_MARKS = (NotRequired, Required, getattr(typing_extensions, "ReadOnly", Required))


def input_schema(graph: Pregel[Any, Any, Any, Any]) -> Json:
    """Describe the object that starts a graph. A key that has a value without being given is not required.

    Where the input is no object with known keys (a functional graph that takes a number, say), the schema has
    one property, `WRAPPED`: see `takes_wrapped`.
    """
    if isinstance(graph, CompiledStateGraph):
        taken: Any = graph.builder.input_schema
        schema = _held(_described(taken), graph=graph)
    else:
        schema = _functional(graph)
    if "properties" in schema:
        return schema
    inner = {key: value for key, value in schema.items() if key not in ("$defs", "title", "default")}
    return {
        "type": "object",
        "properties": {WRAPPED: inner},
        "required": [WRAPPED],
        "$defs": schema.get("$defs", {}),
    }


def takes_wrapped(graph: Pregel[Any, Any, Any, Any]) -> bool:
    """Say whether a graph takes the value of `WRAPPED` itself instead of an object of keys."""
    if isinstance(graph, CompiledStateGraph):
        return "__root__" in graph.builder.channels
    return "properties" not in _functional(graph)


def state_schema(graph: Pregel[Any, Any, Any, Any]) -> Json:
    """Describe the state of a graph; a functional graph has none, which gives an empty object."""
    if not isinstance(graph, CompiledStateGraph):
        return {"type": "object", "properties": {}}
    held: Any = graph.builder.state_schema
    return {"properties": {}, **_held(_described(held), graph=graph)}


def _held(schema: Json, *, graph: CompiledStateGraph[Any, Any, Any, Any]) -> Json:
    """Leave out what LangGraph fills in itself, and require nothing that starts with a value of its own."""
    if "properties" not in schema:
        return schema
    channels = graph.builder.channels
    given = {key for key, channel in channels.items() if not channel.is_available()}
    return {
        **schema,
        "properties": {key: value for key, value in schema["properties"].items() if key in channels},
        "required": [key for key in schema.get("required", ()) if key in given],
    }


def _functional(graph: Pregel[Any, Any, Any, Any]) -> Json:
    try:
        return graph.get_input_jsonschema()
    except (PydanticUserError, NameError, TypeError):
        return {}


@lru_cache(maxsize=64)
def _described(annotated: Any) -> Json:
    """Describe a pydantic model, dataclass or TypedDict; what pydantic cannot describe may be anything.

    Most graphs take as input what they hold as state, and describing messages takes as long as all else at the start.
    """
    if not typing_extensions.is_typeddict(annotated):
        schema = _whole(annotated)
        if schema is not None:
            return schema
    return _key_by_key(annotated)


def _whole(annotated: Any) -> Json | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
            return TypeAdapter(annotated).json_schema(by_alias=False)
    except (PydanticUserError, NameError, TypeError):
        return None


def _key_by_key(annotated: Any) -> Json:
    """Describe each key for itself, so that one type that pydantic does not know leaves the others typed.

    It also spares `typing.TypedDict`, which pydantic refuses on Python 3.11, and reads NotRequired in modules
    whose annotations are texts, where `__required_keys__` does not see it.
    """
    hints = _hints(annotated)
    required = set(getattr(annotated, "__required_keys__", hints))
    adapters: dict[str, TypeAdapter[Any]] = {}
    for key, hint in hints.items():
        mark = get_origin(hint)
        required -= {key} if mark is NotRequired else set()
        required |= {key} if mark is Required else set()
        adapter = _adapter(typing_extensions.get_args(hint)[0] if mark in _MARKS else hint)
        adapters |= {} if adapter is None else {key: adapter}
    described, rest = TypeAdapter.json_schemas(
        [(key, "validation", adapter) for key, adapter in adapters.items()], by_alias=False
    )
    known = {key: schema for (key, _), schema in described.items()}
    return {
        "type": "object",
        "properties": {key: known.get(key, {}) for key in hints},
        "required": [key for key in hints if key in required],
        "$defs": rest.get("$defs", {}),
    }


def _hints(annotated: Any) -> Mapping[str, Any]:
    try:
        return get_type_hints(annotated, include_extras=True)
    except (NameError, TypeError):
        return dict.fromkeys(getattr(annotated, "__annotations__", {}), Any)


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(hint)
        adapter.json_schema()
    except (PydanticUserError, NameError, TypeError):
        return None
    return adapter
