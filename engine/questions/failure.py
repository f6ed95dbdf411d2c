"""A node that raised, or that is gone: what people are asked about it, and what becomes of their answer."""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.forms import form_from_values
from engine.questions.question import Option, Question, ReasonWanted, update_of
from engine.questions.text import one_line

FAILURE, GONE = "failure", "gone"
WHY_GONE = (
    "The code has changed while this request waited. Deploy a version that has the step, and the request goes on "
    "where it was; or stop it."
)
ERROR_CHARS = 1_500
"""A longer error is cut, so that a card always shows all of it, and Retry with it."""

LOOK_AGAIN = Option("look_again", "Look again", Verdict.RESPOND)
RETRY = Option("retry", "Retry", Verdict.RESPOND)
ASK_AGAIN = Option("ask_again", "Ask again", Verdict.RESPOND)
"""The step begins anew without the answers that it had: one of them may be what it fails with."""
STOP = Option("stop", "Stop", Verdict.REJECT, reason=ReasonWanted.OPTIONAL)


def read_failure(value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Question:
    """Make a question of what failed. `value` is {"errors": [{"node", "error"}, …], "answered"}, oldest first.

    `answered` says whether a node failed that had answers, which can be taken back.
    `state` holds the state values that an edit may change, each of which reaches the nodes that failed.
    """
    errors = [{**each, "error": _cut(each["error"])} for each in value["errors"]]
    names = list(dict.fromkeys(each["node"] for each in errors))
    form = form_from_values(dict(state), schema=state_schema) if state else None
    edit = (Option("edit_and_retry", "Edit and retry", Verdict.EDIT, form=form),) if form else ()
    return Question(
        dialect=FAILURE,
        text=one_line(f"{' and '.join(names)} failed. Try again?"),
        shown=errors[0] if len(errors) == 1 else {"errors": errors},
        options=(RETRY, *edit, *((ASK_AGAIN,) if value["answered"] else ()), STOP),
    )


def read_gone(value: Json) -> Question:
    """Make a question of nodes that are to run next and are no longer there. `value` is {"gone": names}."""
    names = " and ".join(f"“{name}”" for name in value["gone"]) or "it waited at"
    return Question(
        dialect=GONE,
        text=one_line(f"The workflow no longer has the step {names}. Nothing was run. Look again?"),
        shown=WHY_GONE,
        options=(LOOK_AGAIN, STOP),
    )


def answer_failure(option: Option, values: Mapping[str, Json]) -> Answer:
    """Say how the graph goes on: without a value, with a state update if something was edited."""
    return Answer(resume=None, update=update_of(option, values))


def told_failure(value: Json) -> str:
    """Say in full what failed, and where."""
    return "; ".join(f"{each['node']}: {each['error']}" for each in value["errors"])


def _cut(error: str) -> str:
    return error if len(error) <= ERROR_CHARS else error[: ERROR_CHARS - 1] + "…"
