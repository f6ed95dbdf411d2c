"""One graph that people can start, with everything that the desk has to know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from langgraph.channels import LastValue
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel
from pydantic import BaseModel, ValidationError

from engine.canonical import is_json
from engine.decisions import Json
from engine.forms import Form
from engine.policy import Policy
from engine.questions import AnswerMapping, RecentQuestions
from engine.workflows.fingerprint import Fingerprint
from engine.workflows.rules import Rules
from engine.workflows.schemas import WRAPPED

Breakpoints: TypeAlias = frozenset[str] | Literal["*"]


@dataclass(frozen=True)
class Workflow:
    """A loaded graph with its rules. `graph` has our checkpointer; `before` and `after` are its breakpoints.

    `faults` are sentences about what the graph's own code keeps from working. `recent` are the questions that were
    read last with its rules.
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
    fingerprint: Fingerprint
    takes_wrapped: bool = False
    faults: tuple[str, ...] = ()
    recent: RecentQuestions = field(default_factory=RecentQuestions, init=False, compare=False, repr=False)

    @property
    def channel(self) -> str | None:
        """Where questions are asked; None: nowhere is set."""
        return self.rules.channel

    @property
    def problem(self) -> str | None:
        """What keeps questions from being asked or decided, in plain sentences; None: nothing."""
        return " ".join(self.problems) or None

    @property
    def problems(self) -> tuple[str, ...]:
        """The same, each for itself: first of the rules, then of the graph's own code."""
        return (*([self.rules.problem] if self.rules.problem else []), *self.faults)

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

    @property
    def starts_per_minute(self) -> int:
        """How often one person may start it within a minute."""
        return self.rules.starts_per_minute

    def policy_for(self, shown: Json) -> Policy:
        """Return who may decide a question: the first matching level's policy, else the workflow's own."""
        return self.rules.policy_for(shown)

    def complaints(self, update: Mapping[str, Json]) -> dict[str, str]:
        """Say by key what the state's own type has against an update; LangGraph would find that out too late.

        Only a pydantic state checks values; what its validators want of several keys together is left to the run.
        """
        model = self.graph.builder.state_schema if isinstance(self.graph, CompiledStateGraph) else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return {}
        checked = {key: _complaint(model, key, value) for key, value in update.items()}
        return {key: sentence for key, sentence in checked.items() if sentence}

    def input_of(self, values: Mapping[str, Json]) -> Json:
        """Turn the values of `input_form` into what the graph takes: an object of keys, or one bare value."""
        return values.get(WRAPPED) if self.takes_wrapped else dict(values)

    @property
    def editable(self) -> frozenset[str]:
        """The state keys that an update replaces; one with a reducer would be added to."""
        return frozenset(key for key, channel in self.graph.channels.items() if type(channel) is LastValue)

    def editable_state(self, values: Mapping[str, Any]) -> dict[str, Json]:
        """Pick the state values that an edit may replace, unchanged.

        Left out are keys that are not `editable`, and values that are not plain JSON: an edit would bring a date
        or an object back as text.
        """
        editable = self.editable
        return {key: value for key, value in values.items() if key in editable and is_json(value)}


def _complaint(model: type[BaseModel], key: str, value: Json) -> str | None:
    try:
        model.__pydantic_validator__.validate_assignment(model.model_construct(), key, value)
    except ValidationError as error:
        own = [
            each["msg"].removeprefix("Value error, ") for each in error.errors() if each["loc"][:1] == (key,)
        ]
        return f"The graph does not take this: {own[0]}." if own else None
    except Exception:  # noqa: BLE001 - a validator of somebody else's that needs the other keys as well
        return None
    return None
