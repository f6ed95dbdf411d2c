"""A graph's fingerprint: what must not have changed between a question and its answer.

LangGraph gives a stored answer to whatever the node asks when it runs again (langgraph 1.2.22), also to a question
that a new release has put in the place of the one that people answered. So each question is kept with the fingerprint
of the code that asked it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any, Final

from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from engine.canonical import digest
from engine.decisions import Json
from engine.workflows.code import Telling
from engine.workflows.nodes import functions_of, own_nodes, package_of


@dataclass(frozen=True)
class Fingerprint:
    """The digest of a graph's structure, and of the source behind each of its nodes.

    The structure: names of nodes, edges, branches, also of the graphs inside it. The source: all of the app's own
    code that the node reaches (`engine.workflows.code`), without comments and layout, and the constants in it.
    """

    structure: str
    nodes: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """All of it in one: what a run's checkpoints are marked with."""
        return digest([self.structure, dict(self.nodes)])

    def of(self, steps: Collection[str]) -> dict[str, Json]:
        """Return what is kept with a question that these nodes of the graph ask; None stands for one that is gone."""
        return {"structure": self.structure, "steps": {name: self.nodes.get(name) for name in sorted(steps)}}

    def matches(self, kept: Json) -> bool:
        """Say whether the code is that of `of`."""
        return isinstance(kept, dict) and bool(kept) and kept == self.of(kept["steps"])


UNKNOWN_CODE: Final[Mapping[str, Json]] = {"structure": "", "steps": {}}
"""What is kept with a question whose code nobody knows; it matches nothing."""


def fingerprint_of(graph: Pregel[Any, Any, Any, Any]) -> Fingerprint:
    """Take the fingerprint of a graph; right after its import, since sources are read from their files."""
    packages = {package_of(each.function.__module__) for each in functions_of(graph)}
    texts: dict[FunctionType, str] = {}
    nodes = {}
    for name, node in own_nodes(graph):
        telling = Telling(packages, texts)
        nodes[name] = digest([telling.tell(node.bound), telling.routes_of(graph, name)])
    return Fingerprint(structure=digest(_structure(graph)), nodes=nodes)


def _structure(graph: Pregel[Any, Any, Any, Any]) -> Json:
    inner = {name: _structure(each) for name, each in graph.get_subgraphs() if isinstance(each, Pregel)}
    found: dict[str, Json] = {"nodes": sorted(graph.nodes), "inner": inner}
    if isinstance(graph, CompiledStateGraph):
        builder = graph.builder
        found["edges"] = sorted(map(list, builder.edges))
        found["joins"] = sorted([*sorted(starts), end] for starts, end in builder.waiting_edges)
        found["branches"] = {
            node: {name: sorted((branch.ends or {}).items(), key=repr) for name, branch in branches.items()}
            for node, branches in builder.branches.items()
        }
    return _told(found)


def _told(value: Any) -> Json:
    """Make JSON of names, some of which may be keys of any type."""
    if isinstance(value, Mapping):
        return {str(key): _told(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value]
    return str(value)
