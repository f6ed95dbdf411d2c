"""Who may decide: pure, answers with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.decisions import Actor, Verdict
from engine.errors import NotAllowed, Refused, SelfApproval


@dataclass(frozen=True)
class Policy:
    """Who may decide one question.

    `users` and `groups` are ids of the chat service. Both empty: nobody may decide. `expires_after_s` is the
    time in seconds from asking to the deadline; None: no deadline. `carry_out_within_s` is that from the decision
    to its first sending to the graph, after which the question is asked anew; None: however long.
    `required_approvals`, at least 1: how many different people have to approve; `edit_requires_second_approver`: two
    at least of what one of them has typed.
    """

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    allow_self: bool = False
    expires_after_s: int | None = None
    carry_out_within_s: int | None = None
    required_approvals: int = 1
    edit_requires_second_approver: bool = False

    @property
    def needs_several(self) -> bool:
        """Whether there is an answer that one person cannot give alone."""
        return self.required_approvals > 1 or self.edit_requires_second_approver


def same_people(one: Policy, other: Policy) -> bool:
    """Say whether just the same people decide, and as many of them; the times for it are another matter."""
    return _without_times(one) == _without_times(other)


def required(policy: Policy, verdict: Verdict, *, is_typed: bool) -> int:
    """Return how many different people have to give the same answer; one is enough to reject.

    `is_typed`: it has values that a person filled in.
    """
    if verdict is Verdict.REJECT:
        return 1
    least = 2 if is_typed and policy.edit_requires_second_approver else 1
    return max(policy.required_approvals, least)


def is_too_late(policy: Policy, verdict: Verdict, *, given_at: datetime, now: datetime) -> bool:
    """Say whether an answer is older than it may be when it first goes to the graph; a rejection never is."""
    if verdict is Verdict.REJECT or policy.carry_out_within_s is None:
        return False
    return now - given_at > timedelta(seconds=policy.carry_out_within_s)


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


def _without_times(policy: Policy) -> Policy:
    return replace(policy, expires_after_s=None, carry_out_within_s=None)
