"""LangChain's `HITLRequest`: one or several tool calls at once; takes `{"decisions": […]}`, one per call, in order.

Asked by `HumanInTheLoopMiddleware` in its default mode, "batched" (langchain 1.4.7).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field as Constraint

from engine.canonical import canonical
from engine.decisions import Answer, Json, Verdict
from engine.errors import InvalidInput
from engine.forms import Form, form_from_schema, moved
from engine.questions.calls import (
    DecisionType,
    Exact,
    args_form,
    decision,
    edited_args,
    matches,
    options_of,
    refusal_of_decision,
)
from engine.questions.notes import note_of
from engine.questions.question import Asked, Dialect, Option, Part, Path, Question, told_fields
from engine.questions.text import one_line

EACH = "each"
"""The option to decide call by call."""

NOTHING_CHANGED = "Nothing was changed here. Change something, or choose Approve for this call."

_TOLD = {"approve": "approved", "edit": "edited", "reject": "rejected", "respond": "answered"}


class _Action(Exact):
    name: str
    args: dict[str, Any]
    description: str = ""


class _Review(Exact):
    action_name: str
    allowed_decisions: Annotated[list[DecisionType], Constraint(min_length=1)]
    args_schema: dict[str, Any] | None = None


class _Request(Exact):
    action_requests: Annotated[list[_Action], Constraint(min_length=1)]
    review_configs: list[_Review]


def _recognises(asked: Asked) -> bool:
    if not matches(asked.value, _Request):
        return False
    names = [action["name"] for action in asked.value["action_requests"]]
    return names == [review["action_name"] for review in asked.value["review_configs"]]


def _read(asked: Asked) -> Question:
    calls = asked.value["action_requests"]
    parts = tuple(Part(call["name"], _note(call), call["args"]) for call in calls)
    options = _options_for_one(asked.value) if len(parts) == 1 else _options_for_all(asked.value)
    return Question(
        dialect="batched",
        text=_text(parts),
        shown=asked.value,
        options=tuple(options),
        parts=parts,
        protocol=_protocol(asked.value),
    )


def _note(call: Json) -> str:
    return note_of(call.get("description", ""), name=call["name"], args=call["args"])


def _protocol(request: Json) -> frozenset[Path]:
    """Name what the buttons say, which are the decisions allowed, and descriptions that say nothing more."""
    calls = request["action_requests"]
    allowed = {("review_configs", at, "allowed_decisions") for at, _ in enumerate(calls)}
    repeated = {
        ("action_requests", at, "description")
        for at, call in enumerate(calls)
        if _note(call) != call.get("description", "")
    }
    return frozenset[Path](allowed | repeated)


def _text(parts: Sequence[Part]) -> str:
    names = [part.title for part in parts]
    if len(names) == 1:
        return one_line(f"Run {names[0]}?")
    return one_line(f"Run {len(names)} tools: {', '.join(names[:-1])} and {names[-1]}?")


def _options_for_one(request: Json) -> Sequence[Option]:
    (call,), (review,) = request["action_requests"], request["review_configs"]
    return options_of(review["allowed_decisions"], args_form(call["args"], review.get("args_schema")))


def _options_for_all(request: Json) -> list[Option]:
    allowed = [set(review["allowed_decisions"]) for review in request["review_configs"]]
    for_all = options_of(sorted(set.intersection(*allowed) & {"approve", "reject"}), None)
    made = [replace(option, label=f"{option.label} all") for option in for_all]
    return [*made, Option(EACH, "Decide each…", Verdict.RESPOND, form=_each_form(request))]


def _each_form(request: Json) -> Form:
    """Make the form that decides call by call: the alternatives that each tool allows, told apart by `type`.

    The fields of an edit start with what was asked, and keep what they do not show of it.
    """
    calls = list(enumerate(zip(request["action_requests"], request["review_configs"], strict=True), 1))
    schemas = {_key(at): _args_schema(call, review) for at, (call, review) in calls}
    properties = {
        _key(at): {
            "title": f"{at}. {call['name']}",
            "oneOf": [
                _branch(kind, args=_reference(_key(at), schemas[_key(at)]))
                for kind in dict.fromkeys(review["allowed_decisions"])
            ],
            "discriminator": {"propertyName": "type"},
        }
        for at, (call, review) in calls
    }
    each = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "$defs": {key: moved(schema, place=_place(key)) for key, schema in schemas.items()},
    }
    return form_from_schema(each, edited={(_key(at), "args"): call["args"] for at, (call, _) in calls})


def _key(at: int) -> str:
    return f"call_{at}"


def _place(key: str) -> str:
    return f"#/$defs/{key}"


def _args_schema(call: Json, review: Json) -> Json:
    """Describe the arguments of a call as one object."""
    form = args_form(call["args"], review.get("args_schema"))
    return {"type": "object", "properties": {}} if form is None else form.schema


def _reference(key: str, schema: Json) -> Json:
    return {"title": schema.get("title", "Arguments"), "$ref": _place(key)}


def _branch(kind: str, *, args: Json) -> Json:
    message = {"title": "Message", "type": "string", "format": "textarea"}
    more: dict[str, Json] = {
        "edit": {"args": args},
        "reject": {"message": message},
        "respond": {"message": {**message, "minLength": 1}},
    }.get(kind, {})
    needed = [name for name in more if kind != "reject"]
    properties = {"type": {"const": kind}, **more}
    return {
        "title": kind.capitalize(),
        "type": "object",
        "properties": properties,
        "required": ["type", *needed],
    }


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:
    calls = question.shown["action_requests"]
    if option.name == EACH:
        _check_edits(question, option, values)
        decisions = [_decided(call, values[_key(at)]) for at, call in enumerate(calls, 1)]
        return Answer(resume={"decisions": decisions})
    kind = option.name
    form = option.form
    decisions = [
        decision(
            kind,
            name=call["name"],
            args=call["args"] if form is None else edited_args(call["args"], form, values),
            message=reason,
        )
        for call in calls
    ]
    return Answer(resume={"decisions": decisions})


def _check_edits(question: Question, option: Option, values: Mapping[str, Json]) -> None:
    """Refuse to call it an edit where nothing was changed; a call that cannot be approved may go on so."""
    wrong = {}
    for at, review in enumerate(question.shown["review_configs"], 1):
        given = values[_key(at)]
        before, after = _edits(question.shown, at, given)
        if given["type"] == "edit" and "approve" in review["allowed_decisions"] and not (before or after):
            wrong[_first_field(option, at)] = NOTHING_CHANGED
    if wrong:
        raise InvalidInput(wrong)


def _first_field(option: Option, at: int) -> str:
    """Name the first field of a call's arguments, or the one that chooses its decision if it has none."""
    fields = option.form.fields if option.form is not None else ()
    args = (each.name for each in fields if each.path[:2] == (_key(at), "args") and len(each.path) > 2)
    return next(args, _key(at))


def _edits(request: Json, at: int, given: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return which arguments an edit of a call changes, before and after; nothing for other decisions."""
    old = request["action_requests"][at - 1]["args"]
    new = given.get("args", old) if given["type"] == "edit" else old
    changed = [
        name
        for name in {**old, **new}
        if name not in old or name not in new or canonical(old[name]) != canonical(new[name])
    ]
    before = {name: old[name] for name in changed if name in old}
    return before, {name: new[name] for name in changed if name in new}


def _tells(
    question: Question, *, option: Option, values: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Say of each call what was decided on it, followed by the arguments that were edited."""
    if option.name != EACH:
        return told_fields(option, values)
    before: dict[str, Json] = {}
    after: dict[str, Json] = {}
    calls = question.shown["action_requests"]
    digits = len(str(len(calls)))  # stored names are sorted
    for at, call in enumerate(calls, 1):
        given, name = values[_key(at)], f"{at:0{digits}}. {one_line(call['name'])}"
        said = (given.get("message") or "").strip()
        after[name] = f"{_TOLD[given['type']]}: {said}" if said else _TOLD[given["type"]]
        old, new = _edits(question.shown, at, given)
        before |= {f"{name}, {each}": value for each, value in old.items()}
        after |= {f"{name}, {each}": value for each, value in new.items()}
    return before, after


def _decided(call: Json, given: Json) -> Json:
    args, message = given.get("args", call["args"]), given.get("message") or ""
    return decision(given["type"], name=call["name"], args=args, message=message)


def _refuses(question: Question, value: Json) -> str | None:
    calls, reviews = question.shown["action_requests"], question.shown["review_configs"]
    decisions = value.get("decisions") if isinstance(value, dict) and set(value) == {"decisions"} else None
    if not isinstance(decisions, list):
        return 'This takes {"decisions": […]}, with one decision for each call.'
    if len(decisions) != len(calls):
        return f"This takes a decision for each of {len(calls)} calls, and there are {len(decisions)}."
    each = zip(decisions, calls, reviews, strict=True)
    refusals = (
        refusal_of_decision(given, name=call["name"], allowed=review["allowed_decisions"])
        for given, call, review in each
    )
    return next((refusal for refusal in refusals if refusal is not None), None)


BATCHED = Dialect(
    name="batched",
    recognises=_recognises,
    read=_read,
    answer=_answer,
    refuses=_refuses,
    is_protocol=True,
    tells=_tells,
)
