"""References within a JSON Schema: where they lead, and how they still do when the schema is put elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.decisions import Json

_NOT_SCHEMAS = frozenset({"const", "default", "enum", "examples"})
_BY_NAME = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


def references(schema: Json) -> Iterator[str]:
    """Yield each reference in a schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for key, item in schema.items():
            if key in _BY_NAME and isinstance(item, Mapping):
                yield from references(list(item.values()))
            elif key not in _NOT_SCHEMAS:
                yield from references(item)


def target_of(reference: str, *, root: Mapping[str, Json]) -> Json:
    """Follow a reference within the document (RFC 6901); None: it leads nowhere."""
    if not re.match(r"#(/|$)", reference):
        return None
    found: Json = root
    for part in reference.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def moved(schema: Json, *, place: str) -> Json:
    """Rewrite a schema for a place within another, such as "#/$defs/args": its references lead to where they did."""
    if isinstance(schema, list):
        return [moved(item, place=place) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {key: _moved(key, item, place=place) for key, item in schema.items() if key != "$id"}


def _moved(key: str, item: Json, *, place: str) -> Json:
    if key in ("$ref", "$dynamicRef") and isinstance(item, str):
        return place + item[1:] if re.match(r"#(/|$)", item) else item
    if key in _BY_NAME and isinstance(item, Mapping):
        return {name: moved(inner, place=place) for name, inner in item.items()}
    return item if key in _NOT_SCHEMAS else moved(item, place=place)


def with_all_in_defs(schema: Json) -> Json:
    """Write a schema so that each of its references leads into `$defs`, which is all that its parts take along."""
    if all(reference.startswith("#/$defs/") for reference in references(schema)):
        return schema
    return {"$ref": "#/$defs/whole", "$defs": {"whole": moved(schema, place="#/$defs/whole")}}
