"""One graph that people can start, with everything that the desk has to know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from langgraph.channels import LastValue
from langgraph.pregel import Pregel

from engine.canonical import is_json
from engine.decisions import Json
from engine.forms import Form
from engine.policy import Policy
from engine.questions import AnswerMapping
from engine.workflows.rules import Rules
from engine.workflows.schemas import WRAPPED

Breakpoints: TypeAlias = frozenset[str] | Literal["*"]


@dataclass(frozen=True)
class Workflow:
    """A loaded graph with its rules. `graph` has our checkpointer; `before` and `after` are its breakpoints.

    `swallowing` names the nodes whose source catches their own questions.
    """

    name: str
    title: str
    description: str
    graph: Pregel[Any, Any, Any, Any]
    input_form: Form
    state_schema: Json
    rules: Rules
    before: Breakpoints
    after: Breakpoints
    takes_wrapped: bool = False
    swallowing: tuple[str, ...] = ()

    @property
    def channel(self) -> str | None:
        """Where questions are asked; None: nowhere is set."""
        return self.rules.channel

    @property
    def problem(self) -> str | None:
        """Say what keeps questions from being asked or decided as set up; None: nothing that is known."""
        found = [self.rules.problem] if self.rules.problem else []
        if self.swallowing:
            found.append(
                f"A broad `except` around interrupt() swallows the question in {', '.join(self.swallowing)}: catch"
                " narrower exceptions there, or raise GraphBubbleUp again."
            )
        return " ".join(found) or None

    @property
    def answers(self) -> AnswerMapping | None:
        """How the graph wants its answers, where the dialect's own do not fit."""
        return self.rules.answers

    @property
    def dialect(self) -> str | None:
        """The dialect that its questions are said to have; None: each is recognised by its shape."""
        return self.rules.dialect

    @property
    def starters(self) -> Policy | None:
        """Who may start it; None: everybody."""
        return self.rules.starters

    def policy_for(self, shown: Json) -> Policy:
        """Return who may decide a question: the first matching level's policy, else the workflow's own."""
        return self.rules.policy_for(shown)

    def input_of(self, values: Mapping[str, Json]) -> Json:
        """Turn the values of `input_form` into what the graph takes: an object of keys, or one bare value."""
        return values.get(WRAPPED) if self.takes_wrapped else dict(values)

    def editable_state(self, values: Mapping[str, Any]) -> dict[str, Json]:
        """Pick the state values that an edit may replace, unchanged.

        Left out are keys with a reducer, to which an update would add, and values that are not plain JSON: an
        edit would bring a date or an object back as text.
        """
        channels = self.graph.channels
        return {
            key: value
            for key, value in values.items()
            if type(channels.get(key)) is LastValue and is_json(value)
        }
