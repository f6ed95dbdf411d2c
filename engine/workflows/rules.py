"""Who may start and decide in one workflow, where its questions go and how it wants its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.canonical import canonical
from engine.decisions import Json
from engine.policy import Policy
from engine.questions import AnswerMapping

STARTS_PER_MINUTE: Final = 60
"""More than anybody types; each start posts a message, of which Slack takes about one a second in a channel."""


@dataclass(frozen=True)
class Level:
    """A policy for the questions whose shown value has all of `when` among its top-level keys."""

    when: Mapping[str, Json]
    policy: Policy

    def covers(self, shown: Json) -> bool:
        """Say whether a question belongs to this level: equal in value and type, but 1 is 1.0."""
        return isinstance(shown, Mapping) and all(
            key in shown and _is_equal(shown[key], value) for key, value in self.when.items()
        )


@dataclass(frozen=True)
class Rules:
    """What approvals.toml says about one workflow.

    `starters` are the people who may start it, None: everybody; each of them
    `starts_per_minute` times at most. `dialect` names the dialect of its questions, None:
    it is told by their shape. `problem` is a sentence when questions cannot be asked or decided as set up; the
    workflow can be shown all the same.
    """

    policy: Policy = field(default_factory=Policy)
    levels: tuple[Level, ...] = ()
    channel: str | None = None
    starters: Policy | None = None
    starts_per_minute: int = STARTS_PER_MINUTE
    answers: AnswerMapping | None = None
    dialect: str | None = None
    inputs: tuple[str, ...] | None = None
    title: str = ""
    description: str = ""
    problem: str | None = None

    def policy_for(self, shown: Json) -> Policy:
        """Return the policy of the first level that covers a question, else the workflow's own."""
        return next((level.policy for level in self.levels if level.covers(shown)), self.policy)


def _is_equal(left: Json, right: Json) -> bool:
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (left, right))
    return bool(left == right) if is_number else canonical(left) == canonical(right)
