"""Who may decide: the whole table."""

from __future__ import annotations

import pytest

from engine.decisions import Actor
from engine.errors import NotAllowed, Refused, SelfApproval
from engine.policy import Policy, refusal

AMY = Policy(users=frozenset({"U0AMY"}))
GROUP = Policy(groups=frozenset({"S0APPROVERS"}))
OWN = Policy(users=frozenset({"U0AMY"}), allow_self=True)
MEMBER = Actor("U0NIA", "Nia", groups=frozenset({"S0APPROVERS"}))


@pytest.mark.parametrize(
    ("policy", "actor", "requested_by", "expected"),
    [
        (AMY, Actor("U0AMY", "Amy"), "U0RITA", None),
        (AMY, Actor("U0BEN", "Ben"), "U0RITA", NotAllowed),
        (AMY, MEMBER, "U0RITA", NotAllowed),
        (GROUP, MEMBER, "U0RITA", None),
        (GROUP, Actor("U0NIA", "Nia"), "U0RITA", NotAllowed),
        (GROUP, Actor("U0NIA", "Nia", groups=frozenset({"S0OTHER"})), "U0RITA", NotAllowed),
        (Policy(), Actor("U0AMY", "Amy"), "U0RITA", NotAllowed),
        (Policy(allow_self=True), Actor("U0AMY", "Amy"), "U0AMY", NotAllowed),
        (AMY, Actor("U0AMY", "Amy"), "U0AMY", SelfApproval),
        (GROUP, MEMBER, "U0NIA", SelfApproval),
        (OWN, Actor("U0AMY", "Amy"), "U0AMY", None),
        (AMY, Actor("U0AMY", "Amy", barred="This account is deactivated."), "U0RITA", NotAllowed),
        (OWN, Actor("U0AMY", "Amy", barred="Could not check who you are."), "U0AMY", NotAllowed),
    ],
)
def test_who_may_decide(
    policy: Policy, actor: Actor, requested_by: str, expected: type[Refused] | None
) -> None:
    """Listed people and group members may, nobody else; nobody for themselves; a barred account never."""
    refused = refusal(policy, actor=actor, requested_by=requested_by)
    assert refused is None if expected is None else isinstance(refused, expected)


def test_a_barred_account_is_told_why() -> None:
    """The reason is the sentence that the person reads."""
    barred = Actor("U0AMY", "Amy", barred="This account is deactivated.")
    assert str(refusal(AMY, actor=barred, requested_by="U0RITA")) == "This account is deactivated."
