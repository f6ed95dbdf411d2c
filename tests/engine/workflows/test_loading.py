"""Loading: every kind of graph is accepted, every broken one says why."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from engine.errors import AppError
from engine.workflows import load_app
from tests.engine.workflows.apps import BUILDER, Write, graphs, load, only, state_type

KINDS: dict[str, str] = {
    "compiled": BUILDER + "graph = builder.compile()",
    "compiled with a checkpointer": BUILDER
    + "from langgraph.checkpoint.memory import InMemorySaver\ngraph = builder.compile(checkpointer=InMemorySaver())",
    "compiled against checkpoints": BUILDER + "graph = builder.compile(checkpointer=False)",
    "not compiled": BUILDER + "graph = builder",
    "factory": BUILDER + "def graph(): return builder",
    "factory of a compiled graph": BUILDER + "def graph(): return builder.compile()",
    "factory with the config": BUILDER + "def graph(config):\n    config['configurable']\n    return builder",
    "factory with the config by keyword": BUILDER
    + "def graph(*, config):\n    config['configurable']\n    return builder",
    "factory with other defaults": BUILDER + "def graph(size=3):\n    assert size == 3\n    return builder",
    "async factory": BUILDER + "async def graph(): return builder",
    "async context manager": BUILDER
    + "from contextlib import asynccontextmanager\n@asynccontextmanager\nasync def graph(config):\n    yield builder",
    "context manager": BUILDER
    + "from contextlib import contextmanager\n@contextmanager\ndef graph():\n    yield builder",
}


@pytest.mark.parametrize("source", KINDS.values(), ids=KINDS)
async def test_every_kind_of_graph_is_loaded_onto_our_checkpointer(write: Write, source: str) -> None:
    """However an author hands over a graph, it starts, pauses in our store and goes on."""
    saver = InMemorySaver()
    path = write({"langgraph.json": graphs(it="./it.py:graph"), "it.py": source})
    app = await load_app(path, saver=saver)
    graph = app.workflows["it"].graph
    config: Any = {"configurable": {"thread_id": "t"}}
    await graph.ainvoke({"amount": 1}, config)
    assert [stored async for stored in saver.alist(config)]
    (pause,) = (await graph.aget_state(config)).interrupts
    assert pause.value == "How many?"
    await app.aclose()


async def test_graphs_are_found_by_module_and_in_packages(write: Write) -> None:
    """A dotted module name and a file that imports its neighbours both work, from the app's folder and from src."""
    path = write(
        {
            "langgraph.json": graphs(
                dotted="shelf_of_tests.graphs:graph",
                file={"path": "./shelf_of_tests/graphs.py:graph"},
                src="./src/x.py:graph",
            ),
            "shelf_of_tests/__init__.py": "",
            "shelf_of_tests/parts.py": BUILDER,
            "shelf_of_tests/graphs.py": "from shelf_of_tests.parts import builder as graph",
            "src/part_in_src.py": BUILDER,
            "src/x.py": "from part_in_src import builder as graph",
        }
    )
    app = await load(path)
    assert app.broken == {}
    assert list(app.workflows) == ["dotted", "file", "src"]


async def test_graphs_of_one_file_share_one_import(write: Write) -> None:
    """A file that is named twice runs once, so both graphs have the same types."""
    source = BUILDER + "a = builder.compile()\nb = builder.compile()"
    app = await load(write({"langgraph.json": graphs(a="./it.py:a", b="./it.py:b"), "it.py": source}))
    assert state_type(app.workflows["a"]) is state_type(app.workflows["b"])


async def test_a_module_is_named_after_its_place_in_the_app(tmp_path: Path) -> None:
    """Types in stored values are found again after a restart, even if the app has moved meanwhile."""
    names = set()
    for folder in (tmp_path / "here", tmp_path / "moved"):
        folder.mkdir()
        (folder / "langgraph.json").write_text(graphs(it="./placed.py:graph"))
        (folder / "placed.py").write_text(BUILDER + "graph = builder")
        name = state_type((await load(folder)).workflows["it"]).__module__
        names.add(name)
        del sys.modules[name]  # what the end of a process does
    assert len(names) == 1


async def test_two_apps_in_one_process_do_not_mix(tmp_path: Path) -> None:
    """Files of the same name in two apps stay two modules."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "langgraph.json").write_text(graphs(it="./it.py:graph"))
        (tmp_path / name / "it.py").write_text(BUILDER.replace("amount", name) + "graph = builder")
    one, two = await load(tmp_path / "one"), await load(tmp_path / "two")
    assert [field.name for field in one.workflows["it"].input_form.fields] == ["one"]
    assert [field.name for field in two.workflows["it"].input_form.fields] == ["two"]
    modules = {state_type(app.workflows["it"]).__module__ for app in (one, two)}
    assert len(modules) == 2


async def test_what_a_factory_opens_is_closed_with_the_app(write: Write) -> None:
    """A context manager stays open while its graph may run and is closed by the app."""
    source = BUILDER + dedent("""
    from contextlib import asynccontextmanager
    events = []
    @asynccontextmanager
    async def graph():
        events.append("opened")
        yield builder
        events.append("closed")
    """)
    app = await load(write({"langgraph.json": graphs(it="./it.py:graph"), "it.py": source}))
    module = sys.modules[state_type(app.workflows["it"]).__module__]
    assert module.events == ["opened"]
    await app.aclose()
    assert module.events == ["opened", "closed"]


BROKEN: dict[str, tuple[Any, str, str]] = {
    "error at import": (
        "./it.py:graph",
        "x = 1\n\nx = y",
        "./it.py line 3: NameError: name 'y' is not defined",
    ),
    "syntax error": ("./it.py:graph", "def broken(:", "./it.py line 1: SyntaxError: invalid syntax"),
    "exit": ("./it.py:graph", "import sys\nsys.exit('no key')", "./it.py line 2: SystemExit: no key"),
    "error deep in a library": (
        "./it.py:graph",
        "import json\njson.loads('{')",
        "./it.py line 2: JSONDecodeError",
    ),
    "breakpoint at no node": (
        "./it.py:graph",
        BUILDER + "graph = builder.compile(interrupt_before=['pay'])",
        "ValueError: Interrupt node `pay` not found",
    ),
    "breakpoint at no node, set afterwards": (
        "./it.py:graph",
        BUILDER + "graph = builder.compile()\ngraph.interrupt_after_nodes = ['pay']",
        "It is to stop at pay, but has no such node. Correct the breakpoint.",
    ),
    "module not there": ("./it.py:graph", "import not_there_at_all", "./it.py line 1: ModuleNotFoundError"),
    "file not there": ("./gone.py:graph", "", "There is no file ./gone.py."),
    "no such module": ("no_such_module_here:graph", "", "no_such_module_here: ModuleNotFoundError"),
    "no such name": ("./it.py:grap", "graph = 1", "./it.py has no 'grap'. Did you mean 'graph'?"),
    "no graph": ("./it.py:graph", "graph = 'text'", "'graph' in ./it.py is a str, not a LangGraph graph."),
    "factory of no graph": ("./it.py:graph", "def graph(): return 1", "is an int, not a LangGraph graph."),
    "factory that fails": (
        "./it.py:graph",
        "def graph():\n    raise KeyError('k')",
        "./it.py line 2: KeyError: 'k'",
    ),
    "factory with too much": ("./it.py:graph", "def graph(a, b): pass", "takes a, b; it may take nothing"),
    "cannot be compiled": (
        "./it.py:graph",
        "from langgraph.graph import StateGraph\ngraph = StateGraph(dict)",
        "./it.py: ValueError: Graph must have an entrypoint",
    ),
    "no colon": ("./it.py", "", "'./it.py' names no variable"),
    "no path": ({"description": "d"}, "", 'a text such as "./expense.py:graph"'),
    "a number": (5, "", 'a text such as "./expense.py:graph"'),
    "JavaScript": ("./agent.ts:graph", "", "./agent.ts is not Python"),
}


@pytest.mark.parametrize(("located", "source", "reason"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_graph_says_why_and_hides_no_other(
    write: Write, located: Any, source: str, reason: str
) -> None:
    """The reason is one line with file and line where known, and the other graph of the app still loads."""
    files = {
        "langgraph.json": graphs(bad=located, good="./good.py:graph"),
        "it.py": source,
        "good.py": BUILDER + "graph = builder",
    }
    app = await load(write(files))
    assert list(app.workflows) == ["good"]
    assert list(app.broken) == ["bad"]
    assert reason in app.broken["bad"]
    assert "\n" not in app.broken["bad"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n  "graphs": }', "langgraph.json, line 2, column 13: not valid JSON"),
        ("[]", "has to hold an object"),
        ("{}", '"graphs" is missing or empty'),
        ('{"graphs": {}}', '"graphs" is missing or empty'),
        ('{"graphs": ["a"]}', '"graphs" is missing or empty'),
        ('{"graphs": {"a": "a:b"}, "dependencies": "."}', '"dependencies" has to be a list'),
        ('{"graphs": {"a": "a:b"}, "dependencies": ["./gone"]}', "'./gone', which is no folder"),
        ('{"graphs": {"a": "a:b"}, "env": ".env"}', "'.env', which is not there"),
        ('{"graphs": {"a": "a:b"}, "env": 5}', '"env" has to be the name of a file or an object'),
    ],
)
async def test_a_wrong_langgraph_json_says_where_and_what_to_do(write: Write, text: str, words: str) -> None:
    """The start stops with the file, the place and a sentence."""
    with pytest.raises(AppError) as caught:
        await load(write({"langgraph.json": text}))
    assert words in str(caught.value)
    assert "langgraph.json" in str(caught.value)


async def test_a_missing_langgraph_json_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere is repeated in the error."""
    with pytest.raises(AppError, match=r"There is no .*gone\.json"):
        await load(tmp_path / "gone.json")


async def test_the_folder_of_an_app_will_do(write: Write) -> None:
    """The path may name the folder instead of the file in it."""
    path = write({"langgraph.json": graphs(it="./it.py:graph"), "it.py": BUILDER + "graph = builder"})
    app = await load(path.parent)
    assert list(app.workflows) == ["it"]
    assert app.path.samefile(path)


@pytest.mark.parametrize("env", [{"ONE_OF_TESTS": "new", "TWO_OF_TESTS": 2}, "settings.env"])
async def test_the_apps_variables_are_set_but_override_nothing(write: Write, env: Any) -> None:
    """Graphs find the variables of langgraph.json while they are imported; what was set before stays."""
    os.environ["ONE_OF_TESTS"] = "old"
    source = BUILDER + "import os\nassert os.environ['TWO_OF_TESTS'] == '2'\ngraph = builder"
    content = json.dumps({"graphs": {"it": "./it.py:graph"}, "env": env})
    files = {
        "langgraph.json": content,
        "it.py": source,
        "settings.env": "ONE_OF_TESTS=new\nTWO_OF_TESTS='2'\n",
    }
    app = await load(write(files))
    assert app.broken == {}
    assert os.environ["ONE_OF_TESTS"] == "old"


async def test_static_breakpoints_are_kept(write: Write) -> None:
    """What the author compiled in still stops the graph and is known to the desk."""
    some = await only(
        write, BUILDER + "graph = builder.compile(interrupt_before=['ask'], interrupt_after=['ask'])"
    )
    assert (some.before, some.after) == (frozenset({"ask"}), frozenset({"ask"}))
    config: Any = {"configurable": {"thread_id": "t"}}
    await some.graph.ainvoke({"amount": 1}, config)
    assert (await some.graph.aget_state(config)).next == ("ask",)
    every = await only(write, BUILDER + "graph = builder.compile(interrupt_before='*')")
    assert (every.before, every.after) == ("*", frozenset())
