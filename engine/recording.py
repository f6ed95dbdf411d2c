"""Writes a decision down: the one place where a question turns from pending to decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine import approvals
from engine.canonical import answer_digest
from engine.decisions import Actor, Answer, Json, Seen
from engine.errors import AlteredQuestion
from engine.ledger import Transition
from engine.pictures import Asked
from engine.questions import Option
from engine.views import EventKind
from engine.wakeups import Kind

TOLD: Final = (
    "verdict",
    "option",
    "label",
    "reason",
    "before",
    "after",
    "digest",
    "revision",
    "answer_digest",
)
"""What of a decision stands in the audit trail."""


@dataclass(frozen=True)
class Decided:
    """What somebody decided, and what the graph gets for it."""

    option: Option
    answer: Answer
    reason: str = ""
    before: Mapping[str, Json] = field(default_factory=dict)
    after: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_typed(self) -> bool:
        """Whether it has values or words that a person filled in."""
        return self.option.is_typed(self.reason)

    def columns(self) -> dict[str, Json]:
        """Return what of it is stored."""
        return {
            "verdict": self.option.verdict.value,
            "option": self.option.name,
            "label": self.option.label,
            "reason": self.reason,
            "before": dict(self.before),
            "after": dict(self.after),
            "resume": self.answer.resume,
            "state_update": dict(self.answer.update) if self.answer.update else None,
        }


async def record(
    transition: Transition,
    asked: Asked,
    decided: Decided,
    *,
    actor: Actor,
    request_key: str | None,
    endorsers: Sequence[Actor] = (),
) -> dict[str, Json] | None:
    """Decide a question and return the decision's columns; None: it is not that open question any more.

    The run is locked before its question, as everybody does. Raises: AlteredQuestion.
    """
    view, policy = asked.view, asked.view.policy
    if not asked.is_intact:
        raise AlteredQuestion
    seen = Seen(view.id, view.revision, view.digest)
    await transition.show(view.run_id)
    if not await approvals.decide(transition.tx, seen, now=transition.now):
        return None
    values = {
        "approval_id": view.id,
        "revision": view.revision,
        "digest": view.digest,
        "request_key": request_key,
        **decided.columns(),
        "actor_id": actor.id,
        "actor_name": actor.name,
        "answer_digest": answer_digest(decided.answer),
        "policy": {
            "users": sorted(policy.users),
            "groups": sorted(policy.groups),
            "required_approvals": policy.required_approvals,
            "edit_requires_second_approver": policy.edit_requires_second_approver,
        },
        "endorsers": [{"id": each.id, "name": each.name} for each in endorsers],
        "decided_at": transition.now,
    }
    await approvals.record(transition.tx, values)
    more = {"endorsers": values["endorsers"]} if endorsers else {}
    note(transition, asked, EventKind.DECIDED, actor=actor, values=values, **more)
    await transition.wake(Kind.RUN, view.run_id)
    return values


def note(
    transition: Transition,
    asked: Asked,
    kind: EventKind,
    *,
    actor: Actor,
    values: Mapping[str, Json],
    **more: Json,
) -> None:
    """Write into the audit trail what a person chose; of `values` those that stand there."""
    if actor.id == asked.requested_by:  # only a workflow with allow_self_approval lets it come to this
        more["is_own_request"] = True
    told = {name: values[name] for name in TOLD}
    transition.note(kind, approval_id=asked.view.id, actor=actor, **told, **more)
