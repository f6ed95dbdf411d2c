"""Who may decide: pure, answers with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from engine.decisions import Actor
from engine.errors import NotAllowed, Refused, SelfApproval


@dataclass(frozen=True)
class Policy:
    """Who may decide one question.

    `users` and `groups` are ids of the chat service. Both empty: nobody may decide. `expires_after_s` is the
    time in seconds from asking to the deadline; None: no deadline.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    allow_self: bool = False
    expires_after_s: int | None = None


def covers(policy: Policy, actor: Actor) -> bool:
    """Say whether a policy names the actor, or a group that the actor is in."""
    return actor.id in policy.users or not actor.groups.isdisjoint(policy.groups)


def refusal(policy: Policy, *, actor: Actor, requested_by: str) -> Refused | None:
    """Say why `actor` may not decide a question that `requested_by` caused; None: the actor may."""
    if actor.barred:
        return NotAllowed(actor.barred)
    if not policy.users and not policy.groups:
        return NotAllowed("Nobody may decide this: no approvers are set for this workflow.")
    if not covers(policy, actor):
        return NotAllowed()
    if actor.id == requested_by and not policy.allow_self:
        return SelfApproval()
    return None
