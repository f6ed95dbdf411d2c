"""Graphs of every shape that the tests need. They know nothing of Assent."""

import operator
import os
import signal
import time
from pathlib import Path
from typing import Annotated

from chained import chain
from langgraph.config import get_stream_writer
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt
from typing_extensions import TypedDict


class Expense(TypedDict, total=False):
    amount: float
    status: str


def multi_level_approval(state: Expense) -> dict:
    amount = state["amount"]
    if amount >= 1000:
        manager_approval = interrupt({"level": "manager", "amount": amount})
        if not manager_approval:
            return {"status": "rejected"}
    if amount >= 10000:
        director_approval = interrupt({"level": "director", "amount": amount})
        if not director_approval:
            return {"status": "rejected"}
    return {"status": "approved", "amount": amount}


expense = chain(Expense, multi_level_approval)


class Review(TypedDict, total=False):
    draft: str
    final: str
    status: str


def content_reviewer(state: Review) -> dict:
    draft = state["draft"]
    feedback = interrupt(
        {"action": "review", "draft": draft, "options": ["approve", "request_changes", "reject"]}
    )
    if feedback["action"] == "approve":
        return {"status": "approved", "final": draft}
    return {"status": "rejected", "final": feedback["comments"]}


review = chain(Review, content_reviewer, checkpointer=InMemorySaver())


class Deploy(TypedDict, total=False):
    plan: str
    approved: bool


def planner(state: Deploy) -> dict:
    return {"plan": "Execute action X"}


def executor(state: Deploy) -> dict:
    return {"approved": True}


deploy = chain(Deploy, planner, executor, checkpointer=InMemorySaver(), interrupt_before=["executor"])
inspect = chain(Deploy, planner, executor, interrupt_after=["planner"])


class Fan(TypedDict, total=False):
    answers: Annotated[list, operator.add]


def ask_one(state) -> dict:
    return {"answers": [(state["i"], interrupt(f"Is {state['i']} right?"))]}


_builder = StateGraph(Fan)
_builder.add_node("ask_one", ask_one)
_builder.add_conditional_edges(START, lambda state: [Send("ask_one", {"i": i}) for i in range(3)])
_builder.add_edge("ask_one", END)
fan = _builder  # not compiled: the loader does it


class Inner(TypedDict, total=False):
    draft: str
    inner: list


def ask_inside(state: Inner) -> dict:
    return {"inner": [interrupt({"draft": state["draft"]}), interrupt("And again?")]}


_inner = chain(Inner, ask_inside)


def nested():
    builder = StateGraph(Inner)
    builder.add_node("child", _inner)
    builder.add_edge(START, "child")
    builder.add_edge("child", END)
    return builder


class Editor(TypedDict, total=False):
    content: str
    status: str


def interactive_editor(state: Editor) -> dict:
    content = state["content"]
    while True:
        action = interrupt({"content": content, "prompt": "Edit, approve, or reject?"})
        if action["type"] == "edit":
            content = action["new_content"]
            continue
        elif action["type"] == "approve":
            return {"content": content, "status": "approved"}
        else:
            return {"status": "rejected"}


editor = chain(Editor, interactive_editor)


class Failing(TypedDict, total=False):
    draft: str
    status: str


def ask_first(state: Failing) -> dict:
    return {"status": str(interrupt({"draft": state["draft"]}))}


def fails(state: Failing) -> dict:
    raise RuntimeError("the printer is on fire")


failing = chain(Failing, ask_first, fails)


class Moody(TypedDict, total=False):
    mood: str
    status: str


def moody_node(state: Moody) -> dict:
    """Asks for whatever the file says at the moment: the same interrupt, other content."""
    return {"status": str(interrupt({"mood": Path(state["mood"]).read_text()}))}


moody = chain(Moody, moody_node)


class Effects(TypedDict, total=False):
    sink: str
    deaths: str
    first: bool
    second: bool


def _log(state: Effects, line: str) -> None:
    with Path(state["sink"]).open("a") as sink:
        sink.write(line + "\n")
        sink.flush()
        os.fsync(sink.fileno())


def _may_die(state: Effects, place: str) -> None:
    """Kill the process here, once, if the folder of deaths has a file of this name."""
    death = Path(state.get("deaths", "/nowhere")) / place
    if death.exists():
        death.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def gate(state: Effects) -> dict:
    first = interrupt("First?")
    _may_die(state, "in the resumed node")
    second = interrupt("Second?")
    return {"first": first, "second": second}


def pay(state: Effects) -> dict:
    _may_die(state, "before the effect")
    _log(state, "paid")
    _may_die(state, "after the effect")
    return {}


def close_books(state: Effects) -> dict:
    _may_die(state, "in the next node")
    return {}


effects = chain(Effects, gate, pay, close_books)


class Slow(TypedDict, total=False):
    folder: str
    found: str
    done: bool


def _wait_for(file: Path) -> None:
    """Wait until somebody has written the file; a test sets it free."""
    deadline = time.monotonic() + 30
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody wrote {file.name}")
        time.sleep(0.005)


def search(state: Slow) -> dict:
    write = get_stream_writer()
    for number in range(1, 8):
        write({"page": number, "of": 7})
    write("*reading* <!channel>")
    _wait_for(Path(state["folder"]) / "searched")
    return {"found": "a bicycle"}


def dig(state: Slow) -> dict:
    get_stream_writer()("digging")
    _wait_for(Path(state["folder"]) / "dug")
    return {"done": interrupt({"question": "Enough?", "found": state["found"]})}


_dug = chain(Slow, dig)


def report(state: Slow) -> dict:
    _wait_for(Path(state["folder"]) / "reported")
    return {"done": True}


_slow = StateGraph(Slow)
_slow.add_node("search", search)
_slow.add_node("deeper", _dug)
_slow.add_node("report", report)
_slow.add_edge(START, "search")
_slow.add_edge("search", "deeper")
_slow.add_edge("deeper", "report")
_slow.add_edge("report", END)
slow = _slow.compile()
