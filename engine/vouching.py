"""What people have vouched for in a run, and must not be changed by others afterwards: pure.

A node that runs again uses the answers that it had before (langgraph 1.2.22). So what one question showed to its
approvers is not offered for an edit to the approvers of another: their answer would stand for something that they
never saw.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import Row

from engine.columns import canonical_json
from engine.decisions import Json
from engine.pauses import TROUBLES, Pause
from engine.pictures import Asked, question_of
from engine.policy import Policy, same_people
from engine.views import ApprovalStatus
from engine.workflows import Workflow


@dataclass(frozen=True)
class Vouch:
    """What an answered question showed, who could decide it, and where it was asked."""

    policy: Policy
    shown: Json
    interrupt_id: str
    task_id: str
    checkpoint_id: str

    def counts_in_step(self, pause: Pause, unfinished: Collection[str]) -> bool:
        """Say whether the step that asks this will use the answer when it runs again; a breakpoint has no task."""
        is_of_step = self.task_id in unfinished if self.task_id else self.checkpoint_id == pause.checkpoint_id
        return is_of_step and self.interrupt_id != pause.interrupt_id


Vouched: TypeAlias = Collection[Vouch]

_ANSWERED = (ApprovalStatus.DECIDED.value, ApprovalStatus.RESUMED.value)


def vouched_by(rows: Iterable[Row[Any]], read: Callable[[Row[Any]], Asked]) -> Vouched:
    """Pick what was shown and answered among a run's questions; what to do about an error vouches for nothing."""
    found = []
    for row in rows:
        if row.status in _ANSWERED and row.pause not in TROUBLES:
            view = read(row).view
            shown = view.question.shown if row.pause == "dynamic" else row.asked["value"]["state"]
            found.append(Vouch(view.policy, shown, row.interrupt_id, row.task_id, row.checkpoint_id))
    return found


def without_vouched(
    pause: Pause, workflow: Workflow, *, vouched: Vouched, unfinished: Collection[str] = ()
) -> Pause:
    """Take from a pause's editable state the keys that other approvers have seen, by their name or their value.

    Where a level asks others, an edit could make another level's question of one that keeps the answer it has. There
    nothing is edited once something was answered in this step, whose `unfinished` tasks run again.
    """
    if not vouched or not pause.state:
        return pause
    question = question_of(workflow, pause.value, pause=pause.kind, state={}, schema=pause.schema)
    own = workflow.policy_for(question.shown)
    asks_others = not all(same_people(level.policy, workflow.rules.policy) for level in workflow.rules.levels)
    if asks_others and any(each.counts_in_step(pause, unfinished) for each in vouched):
        return replace(pause, state={})
    others = [each.shown for each in vouched if not same_people(each.policy, own)]
    kept = {
        key: value
        for key, value in pause.state.items()
        if not any(_shows(shown, key, value) for shown in others)
    }
    return pause if len(kept) == len(pause.state) else replace(pause, state=kept)


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
    return tells and canonical_json(shown) == canonical_json(value)
