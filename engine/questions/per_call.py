"""LangChain's `ToolApprovalRequest`: one tool call, whose schema says which decisions it takes; takes one decision.

Asked by `HumanInTheLoopMiddleware` in its mode "per_call" (langchain 1.4.7), once for each call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from engine.decisions import Answer, Json
from engine.questions.calls import (
    DECISION_TYPES,
    Exact,
    args_form,
    decision,
    edited_args,
    matches,
    options_of,
    refusal_of_decision,
)
from engine.questions.notes import note_of
from engine.questions.question import Asked, Dialect, Option, Part, Path, Question
from engine.questions.schema import refusal_by_schema
from engine.questions.text import one_line


class _Request(Exact):
    type: Literal["tool_approval"]
    tool_call_id: str
    name: str
    args: dict[str, Any]
    description: str


def _recognises(asked: Asked) -> bool:
    if asked.schema is None or not matches(asked.value, _Request):
        return False
    branches = _branches(asked.schema)
    return bool(branches) and set(branches) <= set(DECISION_TYPES)


def _branches(schema: Json) -> dict[str, Json]:
    """Return the schema of each decision by its type; empty if any alternative does not say its type."""
    branches = [_resolved(branch, schema) for branch in schema.get("oneOf") or [schema]]
    kinds = [_type_of(branch) for branch in branches]
    return {str(kind): branch for kind, branch in zip(kinds, branches, strict=True)} if all(kinds) else {}


def _resolved(schema: Json, root: Json) -> Json:
    """Follow a reference into `$defs`, which is how pydantic writes each of them."""
    reference = schema.get("$ref", "") if isinstance(schema, dict) else ""
    return root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {}) if reference else schema


def _type_of(branch: Json) -> str | None:
    kind = _within(branch, "properties", "type", "const")
    return kind if isinstance(kind, str) else None


def _within(found: Json, *path: str) -> Json:
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _read(asked: Asked) -> Question:
    call, branches = asked.value, _branches(asked.schema)
    note = note_of(call["description"], name=call["name"], args=call["args"])
    part = Part(call["name"], note, call["args"])
    repeated: set[Path] = {("description",)} if note != call["description"] else set()
    form = args_form(call["args"], _args_schema(asked.schema, branches.get("edit")))
    return Question(
        dialect="per_call",
        text=one_line(f"Run {call['name']}?"),
        shown=call,
        options=options_of(tuple(branches), form),
        parts=(part,),
        schema=asked.schema,
        protocol=frozenset({("type",), ("tool_call_id",), *repeated}),
    )


def _args_schema(root: Json, edit: Json | None) -> Json | None:
    action = _resolved(_within(edit, "properties", "edited_action"), root)
    args = _resolved(_within(action, "properties", "args"), root)
    return {**args, "$defs": root.get("$defs", {})} if isinstance(args, dict) else None


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:
    call, form = question.shown, option.form
    args = call["args"] if form is None else edited_args(call["args"], form, values)
    return Answer(resume=decision(option.name, name=call["name"], args=args, message=reason))


def _refuses(question: Question, value: Json) -> str | None:
    allowed = tuple(_branches(question.schema))
    refusal = refusal_of_decision(value, name=question.shown["name"], allowed=allowed)
    return refusal or refusal_by_schema(value, question.schema)


PER_CALL = Dialect(
    name="per_call", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses, is_protocol=True
)
