"""`idempotency_key()`: one name for one side effect, however often its node runs."""

from __future__ import annotations

import operator
from collections import Counter
from typing import Annotated, Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, RetryPolicy, Send, interrupt
from typing_extensions import TypedDict

from engine import idempotency_key


class State(TypedDict, total=False):
    """What the graphs here work on."""

    item: int
    done: Annotated[list[str], operator.add]


class Sink:
    """What happened outside: every call with its key."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def make(self, what: str, purpose: str = "") -> None:
        self.calls.append((what, idempotency_key(purpose)))

    def keys(self, what: str) -> list[str]:
        return [key for called, key in self.calls if called == what]


def built(*nodes: Any, **more: Any) -> Any:
    """One node after the other."""
    builder = StateGraph(State)
    builder.add_sequence([(node.__name__, node) for node in nodes])
    builder.add_edge(START, nodes[0].__name__)
    builder.add_edge(nodes[-1].__name__, END)
    return builder.compile(checkpointer=InMemorySaver(), **more)


def through(graph: Any, *, thread: str = "t", answers: int = 2, start: Any = None) -> None:
    """Run a thread, answering what it asks one by one."""
    config = {"configurable": {"thread_id": thread}}
    result = graph.invoke(start or {}, config)
    for _ in range(answers):
        first = result["__interrupt__"][0]
        result = graph.invoke(Command(resume={first.id: True}), config)


def test_the_same_when_a_node_runs_again_for_its_next_answer() -> None:
    """Between two questions of one node the effect's line runs twice with one key; after the second it is another."""
    sink = Sink()

    def node(state: State) -> State:
        sink.make("before")
        interrupt("first?")
        sink.make("between")
        interrupt("second?")
        sink.make("after")
        return {}

    through(built(node))
    counts = {
        what: (len(sink.keys(what)), len(set(sink.keys(what)))) for what in ("before", "between", "after")
    }
    assert counts == {"before": (3, 1), "between": (2, 1), "after": (1, 1)}
    assert len({key for _, key in sink.calls}) == 3


def test_the_same_after_a_crash_in_the_node_and_in_the_next() -> None:
    """A node that fell after its effect makes it again with the same key; its answer is still there."""
    sink = Sink()
    falls = Counter({"gate": 1, "pay": 1})

    def gate(state: State) -> State:
        interrupt("pay?")
        sink.make("gate")
        if falls["gate"]:
            falls["gate"] -= 1
            raise RuntimeError
        return {}

    def pay(state: State) -> State:
        sink.make("pay")
        if falls["pay"]:
            falls["pay"] -= 1
            raise RuntimeError
        return {}

    graph = built(gate, pay)
    config: Any = {"configurable": {"thread_id": "t"}}
    asked = graph.invoke({}, config)["__interrupt__"][0]
    with pytest.raises(RuntimeError):
        graph.invoke(Command(resume={asked.id: True}), config)
    with pytest.raises(RuntimeError):
        graph.invoke(None, config)
    graph.invoke(None, config)
    assert [len(sink.keys(what)) for what in ("gate", "pay")] == [2, 2]
    assert [len(set(sink.keys(what))) for what in ("gate", "pay")] == [1, 1]


def test_the_same_for_each_retry_of_a_policy() -> None:
    """LangGraph's own retries run the node again: the same key."""
    sink = Sink()
    falls = Counter(pay=2)

    def pay(state: State) -> State:
        interrupt("pay?")
        sink.make("pay")
        if falls["pay"]:
            falls["pay"] -= 1
            raise ConnectionError
        return {}

    builder = StateGraph(State)
    builder.add_node("pay", pay, retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
    builder.add_edge(START, "pay")
    through(builder.compile(checkpointer=InMemorySaver()), answers=1)
    assert (len(sink.keys("pay")), len(set(sink.keys("pay")))) == (3, 1)


def test_another_for_each_task_thread_and_purpose() -> None:
    """Nothing that is another effect ever gets the key of the first: its effect would be left out."""
    sink = Sink()

    def each(state: State) -> State:
        interrupt(f"pay {state['item']}?")
        sink.make("mail", "mail")
        sink.make("pay", "pay")
        return {}

    def fan(state: State) -> list[Send]:
        return [Send("each", {"item": item}) for item in range(3)]

    builder = StateGraph(State)
    builder.add_node("each", each)
    builder.add_conditional_edges(START, fan, ["each"])
    graph = builder.compile(checkpointer=InMemorySaver())
    for thread in ("one", "two"):
        through(graph, thread=thread, answers=3)
    assert len({key for _, key in sink.calls}) == 2 * 3 * 2


def test_another_each_time_round_a_loop() -> None:
    """A graph that comes back to the same node makes a new effect there."""
    sink = Sink()

    def again(state: State) -> Command[Any]:
        interrupt("again?")
        sink.make("step")
        return Command(goto="again" if len(sink.calls) < 3 else END)

    builder = StateGraph(State)
    builder.add_node("again", again, destinations=("again", END))
    builder.add_edge(START, "again")
    through(builder.compile(checkpointer=InMemorySaver()), answers=3)
    assert len(set(sink.keys("step"))) == len(sink.keys("step")) == 3


def test_the_same_within_a_graph_of_a_graph() -> None:
    """A node of a subgraph keeps its key when the outer node runs again."""
    sink = Sink()

    def inner(state: State) -> State:
        interrupt("first?")
        sink.make("inner")
        interrupt("second?")
        return {}

    subgraph = StateGraph(State).add_node("inner", inner).add_edge(START, "inner").compile()
    builder = StateGraph(State).add_node("outer", subgraph).add_edge(START, "outer")
    through(builder.compile(checkpointer=InMemorySaver()))
    assert (len(sink.keys("inner")), len(set(sink.keys("inner")))) == (2, 1)


def test_outside_a_graph_it_says_so() -> None:
    """Called where no graph runs, it raises."""
    with pytest.raises(RuntimeError):
        idempotency_key()
