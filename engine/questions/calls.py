"""What LangChain's two modes of asking about tool calls share: the decisions, their options and their shapes.

The shapes are those of langchain 1.4.7, `langchain/agents/middleware/human_in_the_loop.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from engine.decisions import Json, Verdict
from engine.errors import AppError
from engine.forms import Form, check_schema, form_from_schema, form_from_values, form_keys
from engine.forms.fields import Group
from engine.questions.question import APPROVE, Option, ReasonWanted, edit_of_call

DecisionType: TypeAlias = Literal["approve", "edit", "reject", "respond"]
DECISION_TYPES: Final[tuple[str, ...]] = get_args(DecisionType)


class Exact(BaseModel):
    """A shape with these keys and no others, each of exactly this type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Approve(Exact):
    type: Literal["approve"]


class _EditedAction(Exact):
    name: str
    args: dict[str, Any]


class _Edit(Exact):
    type: Literal["edit"]
    edited_action: _EditedAction


class _Reject(Exact):
    type: Literal["reject"]
    message: str = ""


class _Respond(Exact):
    type: Literal["respond"]
    message: str


_Decision: TypeAlias = Annotated[_Approve | _Edit | _Reject | _Respond, Field(discriminator="type")]
_DECISION: TypeAdapter[_Decision] = TypeAdapter(_Decision)


def matches(value: Json, shape: type[BaseModel]) -> bool:
    """Say whether a value has exactly this shape."""
    try:
        shape.model_validate(value)
    except ValidationError:
        return False
    return True


def args_form(args: Mapping[str, Json], schema: Json | None) -> Form | None:
    """Make the form that edits a call's arguments: typed by their schema if one is known, else by their values.

    None: there is nothing to edit.
    """
    if schema and schema.get("properties"):
        try:
            check_schema(schema)
        except AppError:
            return form_from_values(args) if args else None
        return form_from_schema(schema, edited={(): args})
    return form_from_values(args) if args else None


def edited_args(args: Mapping[str, Json], form: Form, values: Mapping[str, Json]) -> dict[str, Json]:
    """Return the arguments with what the form gave in place of what it shows; those that it does not show stay."""
    if not isinstance(form.root, Group):
        return dict(values)
    shown = form_keys(form)
    return {**{key: value for key, value in args.items() if key not in shown}, **values}


def options_of(allowed: Sequence[str], form: Form | None) -> tuple[Option, ...]:
    """Make an option of each allowed decision, in one order for every call."""
    known = {
        "approve": (APPROVE,),
        "edit": edit_of_call(form, is_approvable="approve" in allowed),
        "reject": (Option("reject", "Reject", Verdict.REJECT, reason=ReasonWanted.OPTIONAL),),
        "respond": (Option("respond", "Respond", Verdict.RESPOND, reason=ReasonWanted.REQUIRED),),
    }
    return tuple(option for name in DECISION_TYPES if name in allowed for option in known[name])


def decision(kind: str, *, name: str, args: Mapping[str, Json], message: str) -> dict[str, Json]:
    """Make a decision. `name` and `args` are those of the call, as edited; a blank `message` is left out."""
    match kind:
        case "edit":
            return {"type": kind, "edited_action": {"name": name, "args": dict(args)}}
        case "reject" if message.strip():
            return {"type": kind, "message": message}
        case "respond":
            return {"type": kind, "message": message}
        case _:
            return {"type": kind}


def refusal_of_decision(value: Json, *, name: str, allowed: Sequence[str]) -> str | None:
    """Say why a value is no decision on a call of the tool `name`; None: it is one."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in allowed:
        return f"{name} takes one of: {', '.join(allowed)}."
    try:
        given = _DECISION.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return f"The decision on {name} is not as it has to be at {where or kind}: {first['msg']}."
    if isinstance(given, _Edit) and given.edited_action.name != name:
        return f"An edit may not turn {name} into another tool."
    return None
