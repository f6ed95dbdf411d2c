"""Loads an app: every graph of a langgraph.json, one broken graph hiding no other."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.pregel import Pregel

from engine.decisions import Json
from engine.errors import AppError
from engine.forms import check_schema, form_from_schema, readable
from engine.questions.text import one_line
from engine.serializer import allowlist_of
from engine.workflows.app_file import GraphEntry, read_app_file
from engine.workflows.approvals_file import read_rules
from engine.workflows.asks import swallowed_in
from engine.workflows.fingerprint import fingerprint_of
from engine.workflows.loading import BrokenGraph, Loader
from engine.workflows.rules import Rules
from engine.workflows.schemas import input_schema, state_schema, takes_wrapped
from engine.workflows.watching import watched
from engine.workflows.workflow import Breakpoints, Workflow

log = logging.getLogger("assent.workflows")


@dataclass(frozen=True)
class App:
    """A loaded app. `workflows` and `broken` (name -> reason, one sentence) are by graph name."""

    path: Path
    workflows: Mapping[str, Workflow]
    broken: Mapping[str, str]
    _exits: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False, compare=False)

    async def aclose(self) -> None:
        """Close what graph factories opened; call it once no graph runs any more, in the task that loaded."""
        await self._exits.aclose()


async def load_app(path: Path, *, saver: BaseCheckpointSaver[Any]) -> App:
    """Load every graph of the langgraph.json at `path` (the file or its folder) onto our checkpointer.

    Imports the app's modules, puts its local dependencies on `sys.path` and its `env` into the environment.
    Checkpointers that the graphs were compiled with are replaced by `saver`; static breakpoints are kept.

    Raises:
        AppError: langgraph.json or approvals.toml is missing or wrong. A graph that cannot be loaded is none:
            it is in `broken`.
    """
    file = read_app_file(path)
    rules = read_rules(file.folder, names=file.graphs)
    file.enter()
    workflows: dict[str, Workflow] = {}
    broken: dict[str, str] = {}
    async with AsyncExitStack() as exits:
        loader = Loader(file.folder, exits=exits)
        for name, entry in file.graphs.items():
            try:
                workflows[name] = await _loaded(name, entry, rules=rules[name], loader=loader, saver=saver)
            except BrokenGraph as exc:
                broken[name] = str(exc)
            except Exception as exc:  # noqa: BLE001 (reading the types of somebody else's graph may raise anything)
                broken[name] = one_line(f"{type(exc).__name__}: {exc}")
        return App(path=file.path, workflows=workflows, broken=broken, _exits=exits.pop_all())


async def _loaded(
    name: str,
    entry: GraphEntry | str,
    *,
    rules: Rules,
    loader: Loader,
    saver: BaseCheckpointSaver[Any],
) -> Workflow:
    if isinstance(entry, str):
        raise BrokenGraph(entry)
    graph = await loader.load(entry)
    if inner := _stopping_inside(graph):
        raise BrokenGraph(
            f"The graph {inner} inside it stops before or after a node, where nobody can be asked. "
            "Call interrupt() in that node instead, or set the breakpoint on the outer graph."
        )
    if absent := _absent(graph):
        raise BrokenGraph(
            f"It is to stop at {', '.join(absent)}, but has no such node. Correct the breakpoint."
        )
    held = state_schema(graph)
    if rules.answers is not None and rules.answers.edit == "update" and not held.get("properties"):
        raise BrokenGraph(
            f'approvals.toml: workflows.{name}.answers.edit: the graph has no state to update; write "resume".'
        )
    taken = _narrowed(input_schema(graph), inputs=rules.inputs, name=name)
    try:
        check_schema(held)
        check_schema(taken)
    except AppError as exc:
        raise BrokenGraph(str(exc)) from exc
    return Workflow(
        name=name,
        title=rules.title or readable(name),
        description=rules.description or entry.description,
        graph=watched(graph).copy(update={"checkpointer": saver.with_allowlist(allowlist_of(graph))}),
        input_form=form_from_schema(taken),
        state_schema=held,
        rules=rules,
        before=_breakpoints(graph.interrupt_before_nodes),
        after=_breakpoints(graph.interrupt_after_nodes),
        fingerprint=fingerprint_of(graph),
        takes_wrapped=takes_wrapped(graph),
        faults=_faults(name, graph),
    )


def _faults(name: str, graph: Pregel[Any, Any, Any, Any]) -> tuple[str, ...]:
    """Read what keeps the graph's questions from being asked; a graph that cannot be read so works all the same."""
    try:
        return swallowed_in(graph)
    except Exception:
        log.warning("The nodes of %s could not be read for swallowed questions", name, exc_info=True)
        return ()


def _absent(graph: Pregel[Any, Any, Any, Any]) -> list[str]:
    """Name the breakpoints that are no nodes; LangGraph tells them only when it compiles."""
    named = (graph.interrupt_before_nodes, graph.interrupt_after_nodes)
    return sorted({name for nodes in named if nodes != "*" for name in nodes} - set(graph.nodes))


def _stopping_inside(graph: Pregel[Any, Any, Any, Any]) -> str | None:
    """Name a subgraph with static breakpoints of its own: LangGraph tells of a stop there to nobody."""
    inside = ((name, inner) for name, inner in graph.get_subgraphs(recurse=True) if isinstance(inner, Pregel))
    return next(
        (name for name, inner in inside if inner.interrupt_before_nodes or inner.interrupt_after_nodes), None
    )


def _narrowed(schema: Json, *, inputs: Sequence[str] | None, name: str) -> Json:
    """Keep the properties that the start form is to have, in the order of approvals.toml."""
    if inputs is None:
        return schema
    known = schema["properties"]
    for key in inputs:
        if key not in known:
            raise BrokenGraph(f"approvals.toml: workflows.{name}.inputs: the graph takes no {key!r}.")
    required = [key for key in schema.get("required", ()) if key in inputs]
    return {**schema, "properties": {key: known[key] for key in inputs}, "required": required}


def _breakpoints(nodes: str | Sequence[str]) -> Breakpoints:
    return "*" if nodes == "*" else frozenset(nodes)
