"""What people decide: frozen values without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""What `json` writes and reads back equal: None, bool, int, float, str, list, dict with str keys."""


class Verdict(StrEnum):
    """What a person decided."""

    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"
    RESPOND = "respond"  # answered in another way: one of the graph's own options, or words of their own


@dataclass(frozen=True)
class Actor:
    """A person (or program) that acts, as its identity was looked up just now.

    `groups` holds only those of the policy's groups of which the actor is a member. `barred` is the reason
    why this account may decide nothing at all (deactivated, guest, bot, identity could not be looked up).
    """

    id: str
    name: str
    groups: frozenset[str] = frozenset()
    barred: str | None = None


@dataclass(frozen=True)
class Seen:
    """Which question a person had in front of them: the approval, its revision and the digest shown."""

    approval_id: str
    revision: int
    digest: str


@dataclass(frozen=True)
class Choice:
    """What a person chose: the name of one of the question's options, with what goes along with it.

    `reason` is the free text, `entries` are the raw entries of the option's form by field name. `agrees_with` is the
    digest of an answer that somebody else has endorsed: that very answer is meant, and nothing else here counts.
    """

    option: str = ""
    reason: str = ""
    entries: Mapping[str, str | None] = field(default_factory=dict)
    agrees_with: str | None = None

    @property
    def told(self) -> str:
        """What was chosen, for the audit trail: the option's name, or whose answer."""
        return self.option if self.agrees_with is None else f"agree {self.agrees_with}"


@dataclass(frozen=True)
class Answer:
    """What the graph gets: the resume value, and the state update that goes with it (None: no update)."""

    resume: Json
    update: Mapping[str, Json] | None = None
