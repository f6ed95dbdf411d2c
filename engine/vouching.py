"""What people have vouched for in a run, and must not be changed by others afterwards: pure.

A node that runs again uses the answers that it had before (langgraph 1.2.22). So what one question showed to its
approvers is not offered for an edit to the approvers of another: their answer would stand for something that they
never saw.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import Row

from engine.canonical import canonical
from engine.decisions import Json
from engine.pauses import TROUBLES, Pause
from engine.pictures import Asked, question_of
from engine.policy import Policy
from engine.views import ApprovalStatus
from engine.workflows import Workflow

Vouched: TypeAlias = Collection[tuple[Policy, Json]]
"""What answered questions showed, each with who could decide it."""

_ANSWERED = (ApprovalStatus.DECIDED.value, ApprovalStatus.RESUMED.value)


def vouched_by(rows: Iterable[Row[Any]], read: Callable[[Row[Any]], Asked]) -> Vouched:
    """Pick what was shown and answered among a run's questions; what to do about an error vouches for nothing."""
    found = []
    for row in rows:
        if row.status in _ANSWERED and row.pause not in TROUBLES:
            view = read(row).view
            shown = view.question.shown if row.pause == "dynamic" else row.asked["value"]["state"]
            found.append((view.policy, shown))
    return found


def without_vouched(pause: Pause, workflow: Workflow, *, vouched: Vouched) -> Pause:
    """Take from a pause's editable state the keys that other approvers have seen, by their name or their value."""
    if not vouched or not pause.state:
        return pause
    question = question_of(workflow, pause.value, pause=pause.kind, state={}, schema=pause.schema)
    own = workflow.policy_for(question.shown)
    others = [shown for policy, shown in vouched if not _same_people(policy, own)]
    kept = {
        key: value
        for key, value in pause.state.items()
        if not any(_shows(shown, key, value) for shown in others)
    }
    return pause if len(kept) == len(pause.state) else replace(pause, state=kept)


def _same_people(one: Policy, other: Policy) -> bool:
    """Say whether just the same people decide, and as many of them; the times for it are another matter."""
    return _without_times(one) == _without_times(other)


def _without_times(policy: Policy) -> Policy:
    return replace(policy, expires_after_s=None, carry_out_within_s=None)


def _shows(shown: Json, key: str, value: Json) -> bool:
    if not isinstance(shown, Mapping):
        return _is_same(shown, value)
    return key in shown or any(_is_same(item, value) for item in shown.values())


def _is_same(shown: Json, value: Json) -> bool:
    """Say whether one value shows another; a yes, a no and a blank say nothing of where they come from."""
    tells = (
        isinstance(value, str | int | float | list | dict)
        and not isinstance(value, bool)
        and value not in ("", 0, 1)
    )
    return tells and canonical(shown) == canonical(value)
