"""A static breakpoint: the graph stops before or after a node, says nothing and takes no answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from engine.canonical import jsonable
from engine.decisions import Answer, Json, Verdict
from engine.forms import form_from_values
from engine.questions.question import APPROVE, REJECT, Option, Question, edit_of, update_of
from engine.questions.text import one_line

STATIC = "static"


def read_static(
    next_nodes: tuple[str, ...],
    *,
    when: Literal["before", "after"],
    state: Mapping[str, Json],
    state_schema: Json,
    editable: Collection[str] | None = None,
) -> Question:
    """Make a question of a static breakpoint.

    `next_nodes` are the nodes that run if the graph goes on; empty after the last one. `state` is shown in
    full; `editable` names the keys that an edit may change, None: all.
    """
    held = {key: value for key, value in jsonable(state).items() if editable is None or key in editable}
    return Question(
        dialect=STATIC,
        text=_text(next_nodes, when=when),
        shown=jsonable({"next": list(next_nodes), "state": state}),
        options=(APPROVE, REJECT, *edit_of(form_from_values(held, schema=state_schema))),
    )


def answer_static(option: Option, values: Mapping[str, Json]) -> Answer:
    """Say how a static breakpoint goes on: without a value, with a state update if something was edited.

    Raises:
        ValueError: it was rejected; nothing resumes it, the caller stops the run.
    """
    if option.verdict is Verdict.REJECT:
        raise ValueError("A rejected static breakpoint has no answer: the run is stopped instead.")
    return Answer(resume=None, update=update_of(option, values))


def refuses_static(value: Json) -> str | None:
    """Say why a value is no answer to a breakpoint, which takes none: None and True mean "go on"."""
    return None if value is None or value is True else "A breakpoint takes no answer but true, which goes on."


def _text(next_nodes: tuple[str, ...], *, when: Literal["before", "after"]) -> str:
    begin = "" if when == "before" else "A step is done. "
    names = [*(", ".join(next_nodes[:-1]),), *next_nodes[-1:]] if len(next_nodes) > 1 else list(next_nodes)
    return one_line(
        f"{begin}Continue with {' and '.join(names)}?" if names else f"{begin}Continue to the end?"
    )
