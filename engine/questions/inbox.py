"""Agent Inbox's `HumanInterrupt`, alone or as a list of one; takes a list of one `HumanResponse`.

The shapes are those of langgraph-prebuilt 1.1.2, `langgraph/prebuilt/interrupt.py`. What Agent Inbox sends is in
its README (langchain-ai/agent-inbox at f38301b); unlike there, arguments keep their JSON types here. To accept sends
the `ActionRequest` back, as the README has it, or None where edits are not allowed, as Agent Inbox does in its code.
A request that allows nothing can be ignored, since Agent Inbox shows Ignore always.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.decisions import Answer, Json, Verdict
from engine.questions.calls import Exact, args_form, edited_args, matches
from engine.questions.question import Asked, Dialect, Option, Part, Path, Question, ReasonWanted, edit_of_call
from engine.questions.text import NO_WORDS, one_line


class _ActionRequest(Exact):
    action: str
    args: dict[str, Any]


class _Config(Exact):
    allow_ignore: bool
    allow_respond: bool
    allow_edit: bool
    allow_accept: bool


class _Request(Exact):
    action_request: _ActionRequest
    config: _Config
    description: str | None = None


_ACCEPT = Option("approve", "Accept", Verdict.APPROVE)
_RESPOND = Option("respond", "Respond", Verdict.RESPOND, reason=ReasonWanted.REQUIRED)
_IGNORE = Option("reject", "Ignore", Verdict.REJECT, reason=ReasonWanted.OPTIONAL)
_TYPES = {"approve": "accept", "edit": "edit", "respond": "response", "reject": "ignore"}


def _recognises(asked: Asked) -> bool:
    value = asked.value
    request = value[0] if isinstance(value, list) and len(value) == 1 else value
    return matches(request, _Request)


def _request(shown: Json) -> Json:
    return shown[0] if isinstance(shown, list) else shown


def _read(asked: Asked) -> Question:
    request = _request(asked.value)
    action, args = request["action_request"]["action"], request["action_request"]["args"]
    note = request.get("description") or ""
    return Question(
        dialect="inbox",
        text=one_line(note.strip().split("\n")[0]) or one_line(action) or NO_WORDS,
        shown=asked.value,
        options=_options(request),
        parts=(Part(action, note, args),),
        protocol=_protocol(asked.value),
    )


def _protocol(shown: Json) -> frozenset[Path]:
    """Name what the buttons say, and a description that is none."""
    keys = ["config", *(["description"] if _request(shown).get("description") is None else [])]
    return frozenset((0, key) if isinstance(shown, list) else (key,) for key in keys)


def _options(request: Json) -> tuple[Option, ...]:
    config, args = request["config"], request["action_request"]["args"]
    edit = edit_of_call(args_form(args, None), is_approvable=config["allow_accept"])
    made = (
        *((_ACCEPT,) if config["allow_accept"] else ()),
        *(edit if config["allow_edit"] else ()),
        *((_RESPOND,) if config["allow_respond"] else ()),
    )
    return (*made, _IGNORE) if config["allow_ignore"] or not made else made


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:
    request = _request(question.shown)
    action = request["action_request"]
    args: Json = None
    if option.verdict is Verdict.RESPOND:
        args = reason
    elif option.verdict is Verdict.EDIT:
        edited = action["args"] if option.form is None else edited_args(action["args"], option.form, values)
        args = {"action": action["action"], "args": edited}
    elif option.verdict is Verdict.APPROVE and request["config"]["allow_edit"]:
        args = {"action": action["action"], "args": action["args"]}
    return Answer(resume=[{"type": _TYPES[option.name], "args": args}])


def _refuses(question: Question, value: Json) -> str | None:
    given = value[0] if isinstance(value, list) and len(value) == 1 else None
    if not isinstance(given, dict) or set(given) != {"type", "args"}:
        return 'This takes a list of one {"type": …, "args": …}.'
    types = [_TYPES[option.name] for option in question.options]
    kind, args = given["type"], given["args"]
    if kind not in types:
        return f"This takes one of: {', '.join(types)}."
    if kind == "response":
        return None if isinstance(args, str) and args.strip() else "A response needs a text as its args."
    if kind == "ignore":
        return None if args is None else "Who ignores gives null as args."
    is_action = matches(args, _ActionRequest)
    if kind == "edit":
        return None if is_action else 'An edit needs {"action": …, "args": {…}} as its args.'
    may_be_none = args is None or (is_action and args == _request(question.shown)["action_request"])
    return None if may_be_none else "Who accepts gives the action back unchanged, or null."


INBOX = Dialect(
    name="inbox", recognises=_recognises, read=_read, answer=_answer, refuses=_refuses, is_protocol=True
)
