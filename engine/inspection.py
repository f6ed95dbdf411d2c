"""What can be known of an app without running it: no database, no chat service, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from langgraph.checkpoint.memory import InMemorySaver

from engine.decisions import Json
from engine.forms import MISSING, Form
from engine.policy import Policy
from engine.questions import PROTOCOL_NAMES
from engine.workflows import Ask, Breakpoints, Workflow, asks_of, load_app


@dataclass(frozen=True)
class Terms:
    """Who may decide the questions that have all of `when` in their value; empty: all that no other terms cover."""

    when: Mapping[str, Json]
    policy: Policy


@dataclass(frozen=True)
class WorkflowReport:
    """One workflow as it is set up.

    `before` and `after` are its breakpoints, `editable` the state keys that an edit there can change. `asks` are the
    places where it asks. `dialect` and `answers` are what approvals.toml says of them. `starters` None: everybody may
    start it. `problems` are sentences about what cannot work; empty: nothing is known to be wrong.
    """

    name: str
    title: str
    form: Form
    before: Breakpoints
    after: Breakpoints
    editable: tuple[str, ...]
    asks: tuple[Ask, ...]
    dialect: str | None
    answers: Mapping[str, Json]
    terms: tuple[Terms, ...]
    starters: Policy | None
    channel: str | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class AppReport:
    """An app: its workflows in the order of langgraph.json, and why others cannot be loaded, by name."""

    path: Path
    workflows: tuple[WorkflowReport, ...]
    broken: Mapping[str, str]

    @property
    def is_sound(self) -> bool:
        """Whether there is something to start, all of it was loaded, and nothing is known to be wrong."""
        has_problems = any(each.problems for each in self.workflows)
        return bool(self.workflows) and not self.broken and not has_problems


async def inspect_app(path: Path) -> AppReport:
    """Load the app at `path` (a langgraph.json) and tell what it asks and who may decide. Nothing of it is run.

    Its modules are imported, and graph factories are called, as for a start.

    Raises: AppError when langgraph.json or approvals.toml is missing or wrong.
    """
    app = await load_app(path, saver=InMemorySaver())
    try:
        reports = tuple(_reported(workflow) for workflow in app.workflows.values())
        return AppReport(path=app.path, workflows=reports, broken=app.broken)
    finally:
        await app.aclose()


def _reported(workflow: Workflow) -> WorkflowReport:
    rules, mapping = workflow.rules, workflow.answers
    asks = asks_of(workflow.graph, editable=workflow.editable, dialect=workflow.dialect)
    answers = {key: getattr(mapping, key) for key in ("approve", "reject", "edit") if mapping is not None}
    return WorkflowReport(
        name=workflow.name,
        title=workflow.title,
        form=workflow.input_form,
        before=workflow.before,
        after=workflow.after,
        editable=tuple(key for key in workflow.state_schema["properties"] if key in workflow.editable),
        asks=asks,
        dialect=workflow.dialect,
        answers={key: value for key, value in answers.items() if value is not MISSING and value is not None},
        terms=(
            *(Terms(level.when, level.policy) for level in rules.levels),
            Terms({}, rules.policy),
        ),
        starters=workflow.starters,
        channel=workflow.channel,
        problems=(*workflow.problems, *_unused(workflow, asks)),
    )


def _unused(workflow: Workflow, asks: tuple[Ask, ...]) -> tuple[str, ...]:
    """Say which keys about answers nothing of what the graph asks can follow; only if all of it is known."""
    dialects = {ask.dialect for ask in asks}
    if not dialects or None in dialects:
        return ()
    found = ", ".join(sorted(str(dialect) for dialect in dialects))
    told = []
    if workflow.dialect is not None and workflow.dialect not in dialects:
        told.append(
            f"approvals.toml: dialect = {workflow.dialect!r} fits nothing that this graph asks, which is {found}."
        )
    if workflow.answers is not None and dialects <= PROTOCOL_NAMES:
        told.append(f"approvals.toml: answers are never used, since those of {found} have a fixed shape.")
    return tuple(told)
