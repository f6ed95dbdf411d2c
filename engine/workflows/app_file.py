"""langgraph.json: which graphs there are, in LangGraph's own format.

The format: https://docs.langchain.com/oss/python/langgraph/application-structure. Used here are `graphs`,
`dependencies` (local folders) and `env`; all other keys are for LangGraph's own server.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from engine.errors import AppError

EXAMPLE = '{"graphs": {"expense": "./expense.py:graph"}}'


@dataclass(frozen=True)
class GraphEntry:
    """Where a graph is: `source` is a path ("./expense.py") or a module ("my_app.expense"), `attribute` its name."""

    source: str
    attribute: str
    description: str = ""


@dataclass(frozen=True)
class AppFile:
    """What langgraph.json says. A graph whose entry makes no sense is a sentence in place of a GraphEntry."""

    path: Path
    graphs: Mapping[str, GraphEntry | str]
    dependencies: tuple[Path, ...]
    env: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.path.parent

    def enter(self) -> None:
        """Make the app's modules importable and its variables visible, as LangGraph's server does.

        The only place of the engine that touches the environment: graphs read their keys from there. A variable
        that is set already is left alone, and no module of the app hides an installed one.
        """
        sys.path += [str(folder) for folder in self.dependencies if str(folder) not in sys.path]
        for key, value in self.env.items():
            os.environ.setdefault(key, value)


def read_app_file(path: Path) -> AppFile:
    """Read langgraph.json; `path` is the file or its folder.

    Raises:
        AppError: with the file, line and column where known, and what to do.
    """
    named = path / "langgraph.json" if path.is_dir() else path
    file = named.parent.resolve() / named.name
    content = _parsed(file)
    graphs = content.get("graphs")
    if not isinstance(graphs, dict) or not graphs:
        raise AppError(f'{file}: "graphs" is missing or empty. Name at least one graph, such as {EXAMPLE}.')
    return AppFile(
        path=file,
        graphs={name: _entry(value) for name, value in graphs.items()},
        dependencies=_dependencies(content.get("dependencies", []), file=file),
        env=_env(content.get("env", {}), file=file),
    )


def _parsed(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise AppError(f"There is no {file}. Give the path of a LangGraph app's langgraph.json.") from exc
    except json.JSONDecodeError as exc:
        raise AppError(f"{file}, line {exc.lineno}, column {exc.colno}: not valid JSON: {exc.msg}.") from exc
    except (OSError, UnicodeDecodeError, RecursionError) as exc:
        raise AppError(f"{file} cannot be read: {exc}.") from exc
    if not isinstance(content, dict):
        raise AppError(f"{file} has to hold an object, such as {EXAMPLE}.")
    return content


def _entry(value: Any) -> GraphEntry | str:
    fields = value if isinstance(value, dict) else {"path": value}
    location, description = fields.get("path"), fields.get("description") or ""
    if not isinstance(location, str) or not isinstance(description, str):
        return 'langgraph.json has to give a text such as "./expense.py:graph" or an object with "path".'
    source, _, attribute = location.rpartition(":")
    if not source or not attribute.isidentifier():
        return f'{location!r} names no variable; write "./expense.py:graph", with the name behind a colon.'
    return GraphEntry(source=source, attribute=attribute, description=description)


def _dependencies(value: Any, *, file: Path) -> tuple[Path, ...]:
    """Return the folders that belong on the path; names of packages are taken as installed."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise AppError(f'{file}: "dependencies" has to be a list of texts, such as ["."].')
    found: list[Path] = []
    for item in value:
        folder = (file.parent / item).resolve()
        if not item.startswith("."):
            continue
        if not folder.is_dir():
            raise AppError(f'{file}: "dependencies" names {item!r}, which is no folder.')
        outer = [folder.parent] if (folder / "__init__.py").is_file() else []
        inner = [folder / "src"] if (folder / "src").is_dir() else []
        found += [folder, *inner, *outer]
    return tuple(dict.fromkeys(found))


def _env(value: Any, *, file: Path) -> dict[str, str]:
    if isinstance(value, dict):
        return {key: item if isinstance(item, str) else json.dumps(item) for key, item in value.items()}
    if not isinstance(value, str):
        raise AppError(f'{file}: "env" has to be the name of a file or an object.')
    path = file.parent / value
    if not path.is_file():
        raise AppError(f'{file}: "env" names {value!r}, which is not there. Create it or remove the key.')
    return {key: item for key, item in dotenv_values(path).items() if item is not None}
