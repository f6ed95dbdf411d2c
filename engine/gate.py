"""For authors of workflows: `approval()`, whose answer holds for exactly what was asked, and `idempotency_key()`.

`interrupt()` takes any answer that reaches it, also one that was given to another question: after a change of the
code, or of the state that the question shows. `approval()` asks with a digest and goes on only with an answer that
carries the same digest; any other answer makes it ask again. It never raises for a wrong answer: LangGraph would have
stored that one, and no right answer could follow.

What it asks with, by `interrupt()`, of which nothing else is needed (`response_schema` is JSON Schema or null):

    {"type": "assent_approval", "asked": <the value>, "response_schema": {…}, "digest": "<64 hex digits>"}

What it takes as its answer (`verdict` is "approve", "reject", "edit" or "respond"):

    {"for": "<the digest>", "verdict": "approve", "option": "approve", "reason": "", "answer": true}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from langgraph._internal._constants import (  # LangGraph has no public name for them (langgraph 1.2.22)
    CONFIG_KEY_CHECKPOINT_NS,
    CONFIG_KEY_SCRATCHPAD,
)
from langgraph.config import get_config
from langgraph.types import interrupt
from pydantic import TypeAdapter, ValidationError

from engine.canonical import digest, jsonable
from engine.decisions import Json, Verdict

TYPE: Final = "assent_approval"

_SHAPE: Final[Mapping[str, type]] = {"for": str, "verdict": str, "option": str, "reason": str}


@dataclass(frozen=True)
class Approval:
    """What people answered. True for an approval, edited or not; anything else is false.

    `option` is the name of what they chose ("approve", "reject", "edit" or a word of the question's own `options`),
    `reason` what they said. `answer` is what `interrupt()` would have returned for the same value: True or False for
    a plain question, the word of an option, what fits `response_schema`.
    """

    verdict: Verdict
    option: str
    reason: str
    answer: Any

    def __bool__(self) -> bool:
        return self.verdict in (Verdict.APPROVE, Verdict.EDIT)


def approval(value: Any, *, response_schema: type | dict[str, Any] | None = None) -> Approval:
    """Ask people, within a node, and return only once exactly this was answered.

    `value` is shown as a value of `interrupt()` would be, with the same options. `response_schema` (a pydantic model,
    dataclass, TypedDict or JSON Schema) says what has to be filled in; a type is also what `answer` then is. The node
    runs from its start again for each answer, as with `interrupt()`, so ask with the same value each time.

    Raises:
        UnaskableValue: the value cannot be shown.
    """
    adapter: TypeAdapter[Any] | None = None
    schema = response_schema
    if response_schema is not None and not isinstance(response_schema, dict):
        adapter = TypeAdapter(response_schema)
        schema = adapter.json_schema()
    asking = asked_with(jsonable(value), schema=jsonable(schema))
    while True:
        given = _read(interrupt(asking), asking=asking, adapter=adapter)
        if given is not None:
            return given


def idempotency_key(purpose: str = "") -> str:
    """Return a name (64 hex digits) for one side effect, to be called within a node right where it is made.

    It is the same each time the node runs again up to this line after the same answers: after a crash, after a
    further question of the node was answered, after a retry. It differs after each further answer in the node, in
    another task, step or thread, and once the step was asked anew. Whoever makes the effect keeps the key with it and
    makes it only once. Several effects after the same answer need a `purpose` each.

    Stable within a graph that is compiled with `checkpointer=False` it is not: LangGraph keeps nothing of such a one.

    Raises:
        RuntimeError: no graph runs here.
    """
    configurable = get_config()["configurable"]
    answered = _count(configurable[CONFIG_KEY_SCRATCHPAD].interrupt_counter)
    thread_id, place = configurable["thread_id"], configurable[CONFIG_KEY_CHECKPOINT_NS]
    return digest({"thread": str(thread_id), "task": place, "answered": answered, "purpose": purpose})


def _count(counter: Any) -> int:
    """Say how many interrupts were passed, without counting one: LangGraph's counter only counts up.

    It holds the `__next__` of an itertools.count, whose number is told by nothing but its repr (Python 3.14 takes
    the other ways away).
    """
    held = counter._counter
    return 0 if held is None else int(repr(held.__self__).removeprefix("count(").removesuffix(")"))


def asked_with(value: Json, *, schema: Json | None) -> dict[str, Json]:
    """Make what `approval` asks with."""
    bound = digest({"asked": value, "response_schema": schema})
    return {"type": TYPE, "asked": value, "response_schema": schema, "digest": bound}


def is_asked_with(value: Json) -> bool:
    """Say whether `approval` asked with this: exactly its keys, and the digest is that of the rest."""
    if not isinstance(value, dict) or not {"asked", "response_schema"} <= set(value):
        return False
    return bool(value == asked_with(value["asked"], schema=value["response_schema"]))


def is_answer(given: object) -> bool:
    """Say whether `given` has the shape of an answer to `approval`, whatever it was asked."""
    if not isinstance(given, dict) or set(given) != {*_SHAPE, "answer"}:
        return False
    has_types = all(isinstance(given[key], kind) for key, kind in _SHAPE.items())
    return has_types and given["verdict"] in set(Verdict)


def _read(given: Any, *, asking: Mapping[str, Json], adapter: TypeAdapter[Any] | None) -> Approval | None:
    if not is_answer(given) or given["for"] != asking["digest"]:
        return None
    answer = given["answer"]
    try:
        answer = answer if adapter is None else adapter.validate_python(answer)
    except ValidationError:
        return None
    return Approval(Verdict(given["verdict"]), given["option"], given["reason"], answer)
