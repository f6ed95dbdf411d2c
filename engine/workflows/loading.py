"""Loads one graph of an app: imports its module, takes what is there, calls a factory, compiles a builder."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
import traceback
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from engine.errors import EngineError
from engine.questions.text import one_line
from engine.workflows.app_file import GraphEntry


class BrokenGraph(EngineError):
    """This graph cannot be loaded."""


class Loader:
    """Loads the graphs of one app. A module that several graphs share is imported once.

    `exits` closes what factories opened.
    """

    def __init__(self, folder: Path, *, exits: AsyncExitStack) -> None:
        self._folder = folder
        self._exits = exits
        self._modules: dict[Path, ModuleType] = {}

    async def load(self, entry: GraphEntry) -> Pregel[Any, Any, Any, Any]:
        """Return the compiled graph that an entry names.

        Accepted: a compiled graph, a StateGraph, an @entrypoint function, and a function (sync or async, or a
        context manager) that takes nothing or the config and gives one of these.

        Raises:
            BrokenGraph: one sentence with the file and line where known. Whatever the user's code raises becomes
                this, SystemExit included.
        """
        try:
            module = self._module(entry.source)
            found = _attribute(module, entry)
            graph = await self._opened(found if _is_graph(found) else _called(found))
        except BrokenGraph:
            raise
        except (Exception, SystemExit) as exc:
            raise BrokenGraph(self._reason(exc, entry)) from exc
        if isinstance(graph, StateGraph):
            return self._compiled(graph, entry)
        if isinstance(graph, Pregel):
            return graph
        raise BrokenGraph(f"{_place(entry)} is {_kind(graph)}, not a LangGraph graph.")

    def _module(self, source: str) -> ModuleType:
        if not source.endswith(".py") and "/" not in source:
            if source.endswith((".ts", ".js", ".mts", ".mjs", ".cts", ".cjs", ".tsx", ".jsx")):
                raise BrokenGraph(f"{source} is not Python; only Python graphs can be loaded.")
            return importlib.import_module(source)
        file = (self._folder / source).resolve()
        if file.suffix != ".py":
            raise BrokenGraph(f"{source} is not Python; only Python graphs can be loaded.")
        if not file.is_file():
            raise BrokenGraph(f"There is no file {source}.")
        if file not in self._modules:
            self._modules[file] = _imported(file, folder=self._folder)
        return self._modules[file]

    async def _opened(self, made: Any) -> Any:
        if inspect.isawaitable(made):
            made = await made
        if isinstance(made, AbstractAsyncContextManager):
            return await self._exits.enter_async_context(made)
        if isinstance(made, AbstractContextManager):
            return self._exits.enter_context(made)
        return made

    def _compiled(
        self, builder: StateGraph[Any, Any, Any, Any], entry: GraphEntry
    ) -> Pregel[Any, Any, Any, Any]:
        try:
            return builder.compile()
        except Exception as exc:
            raise BrokenGraph(self._reason(exc, entry)) from exc

    def _reason(self, exc: BaseException, entry: GraphEntry) -> str:
        words = f": {exc}" if str(exc).strip() else ""
        return one_line(f"{self._where(exc) or entry.source}: {type(exc).__name__}{words}")

    def _where(self, exc: BaseException) -> str:
        """Name the deepest line of the app's own files that the error went through."""
        frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(exc.__traceback__)]
        if isinstance(exc, SyntaxError) and exc.filename:
            frames.append((exc.filename, exc.lineno))
        for name, line in reversed(frames):
            if Path(name).is_relative_to(self._folder) and "site-packages" not in name:
                return f"./{Path(name).relative_to(self._folder)} line {line}"
        return ""


def _imported(file: Path, *, folder: Path) -> ModuleType:
    name = _module_name(file, folder=folder)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise BrokenGraph(f"{file.name} cannot be imported.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module_name(file: Path, *, folder: Path) -> str:
    """Name a module after its place in the app, so that stored values find their types after a restart or a move.

    Only a second app in the same process, with a file of the same place, gets its own place added.
    """
    place = file.relative_to(folder) if file.is_relative_to(folder) else file
    name = f"assent_app_{re.sub(r'[^A-Za-z0-9]+', '_', str(place.with_suffix('')))}_{_short(str(place))}"
    other = sys.modules.get(name)
    is_taken = other is not None and other.__file__ != str(file)
    return f"{name}_{_short(str(file))}" if is_taken else name


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _attribute(module: ModuleType, entry: GraphEntry) -> Any:
    if hasattr(module, entry.attribute):
        return getattr(module, entry.attribute)
    close = get_close_matches(entry.attribute, vars(module), n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise BrokenGraph(f"{entry.source} has no {entry.attribute!r}.{hint}")


def _is_graph(found: Any) -> bool:
    return isinstance(found, Pregel | StateGraph) or not callable(found)


def _called(factory: Any) -> Any:
    parameters = inspect.signature(factory).parameters.values()
    needed = [
        each
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    takes_config = [each for each in parameters if each in needed or each.name == "config"]
    if len(needed) > 1:
        names = ", ".join(each.name for each in needed)
        raise BrokenGraph(f"The factory takes {names}; it may take nothing or only the config.")
    config: RunnableConfig = {"configurable": {}}
    if not takes_config:
        return factory()
    (first, *_) = takes_config
    return factory(**{first.name: config}) if first.kind is first.KEYWORD_ONLY else factory(config)


def _place(entry: GraphEntry) -> str:
    return f"{entry.attribute!r} in {entry.source}"


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"
