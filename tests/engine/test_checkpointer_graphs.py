"""Real graphs that pause and go on through the saver."""

from __future__ import annotations

import asyncio
import operator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.func import entrypoint
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt
from pydantic import BaseModel

from engine.checkpointer import SQLModelSaver, for_graph, open_saver

CONFIG: RunnableConfig = {"configurable": {"thread_id": "t"}}


class Plain(TypedDict, total=False):
    """The state of a graph of plain values."""

    amount: int
    answers: Annotated[list[str], operator.add]


class Currency(Enum):
    EUR = "eur"


@dataclass
class Cost:
    amount: int
    currency: Currency


class Line(BaseModel):
    text: str
    cost: Cost


class Order(BaseModel):
    """The state of a graph of models."""

    lines: list[Line] = []
    note: str = ""


class Private(BaseModel):
    """What one node hands to another beside the state."""

    secret: Line


def two_levels() -> StateGraph[Plain]:
    def ask(state: Plain) -> Plain:
        manager = interrupt({"to": "manager", "amount": state["amount"]})
        director = interrupt({"to": "director", "amount": state["amount"]})
        return {"answers": [manager, director]}

    graph = StateGraph(Plain)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    return graph


async def run(url: str, graph: StateGraph[Any], given: Any) -> tuple[Any, list[Any]]:
    """Run one leg with a saver of its own, as a process started anew would; return values and open questions."""
    async with open_saver(url) as saver:
        compiled = graph.compile(checkpointer=saver)
        compiled.checkpointer = for_graph(saver, compiled)
        await compiled.ainvoke(given, CONFIG, durability="sync")
        state = await compiled.aget_state(CONFIG)
        return state.values, list(state.interrupts)


async def test_two_questions_each_answered_by_a_process_of_its_own(database_url: str) -> None:
    """A graph with two interrupts starts, is resumed by id twice, and ends with both answers in order."""
    graph = two_levels()
    _, (first,) = await run(database_url, graph, {"amount": 7})
    assert first.value == {"to": "manager", "amount": 7}
    _, (second,) = await run(database_url, graph, Command(resume={first.id: "yes"}))
    assert second.value == {"to": "director", "amount": 7}
    assert second.id != first.id
    values, open_questions = await run(database_url, graph, Command(resume={second.id: "no"}))
    assert values == {"amount": 7, "answers": ["yes", "no"]}
    assert open_questions == []


async def test_many_questions_at_once(database_url: str) -> None:
    """Twenty parallel branches pause, are answered in one map, and every branch gets its own answer."""

    def fan_out(state: Plain) -> list[Send]:
        return [Send("ask", {"amount": n}) for n in range(20)]

    def ask(state: Plain) -> Plain:
        return {"answers": [f"{state['amount']}:{interrupt(state['amount'])}"]}

    graph = StateGraph(Plain)
    graph.add_node("ask", ask)
    graph.add_conditional_edges(START, fan_out, ["ask"])
    _, questions = await run(database_url, graph, {"answers": []})
    assert len(questions) == 20
    answers = {question.id: f"answer {question.value}" for question in questions}
    values, _ = await run(database_url, graph, Command(resume=answers))
    assert values["answers"] == [f"{n}:answer {n}" for n in range(20)]


async def test_history_and_editing_the_past(database_url: str) -> None:
    """History lists every step; a fork from an old checkpoint has values of its own and leaves the rest alone."""
    graph = StateGraph(Plain)
    graph.add_node("double", lambda state: {"amount": state["amount"] * 2})
    graph.add_edge(START, "double")
    async with open_saver(database_url) as saver:
        compiled = graph.compile(checkpointer=saver)
        await compiled.ainvoke({"amount": 1}, CONFIG)
        history = [state async for state in compiled.aget_state_history(CONFIG)]
        assert [state.values.get("amount") for state in history] == [2, 1, None]
        fork = await compiled.aupdate_state(history[1].config, {"amount": 10})
        await compiled.ainvoke(None, fork)
        assert (await compiled.aget_state(CONFIG)).values == {"amount": 20, "answers": []}
        assert (await compiled.aget_state(history[0].config)).values == {"amount": 2, "answers": []}


async def test_models_come_back_as_models(database_url: str) -> None:
    """Nested models, dataclasses and enums of a graph's schema keep their types through pause and resume."""
    seen: list[Any] = []

    def ask(state: Order) -> dict[str, Any]:
        seen.append(state)
        return {"note": interrupt("ok?")}

    graph = StateGraph(Order)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    line = Line(text="pens", cost=Cost(3, Currency.EUR))
    values, (question,) = await run(database_url, graph, {"lines": [line]})
    assert values["lines"] == [line]
    values, _ = await run(database_url, graph, Command(resume={question.id: "fine"}))
    assert values == {"lines": [line], "note": "fine"}
    assert seen == [Order(lines=[line]), Order(lines=[line])]
    assert isinstance(seen[1].lines[0].cost.currency, Currency)


async def test_models_of_a_subgraph_come_back_as_models(database_url: str) -> None:
    """Types that only a subgraph's schema names are revived as well."""
    seen: list[Any] = []

    def ask(state: Private) -> None:
        seen.append(state.secret)
        interrupt("ok?")

    inner = StateGraph(Private)
    inner.add_node("wait", lambda _: None)
    inner.add_node("ask", ask)
    inner.add_edge(START, "wait")
    inner.add_edge("wait", "ask")
    compiled_inner = inner.compile()

    class Outer(TypedDict):
        secret: Any

    outer = StateGraph(Outer)
    outer.add_node("inner", compiled_inner)
    outer.add_edge(START, "inner")
    line = Line(text="pens", cost=Cost(3, Currency.EUR))
    _, (question,) = await run(database_url, outer, {"secret": line})
    await run(database_url, outer, Command(resume={question.id: "fine"}))
    assert seen == [line, line]


async def test_models_of_the_functional_api_come_back_as_models(database_url: str) -> None:
    """An entrypoint's input and its saved value keep their types from one call to the next."""

    async def call(line: Line) -> Any:
        async with open_saver(database_url) as saver:

            @entrypoint(checkpointer=saver)
            async def flow(given: Line, *, previous: Line | None = None) -> entrypoint.final[Line, Line]:
                first = given if previous is None else previous
                return entrypoint.final(value=first, save=first)

            flow.checkpointer = for_graph(saver, flow)
            return await flow.ainvoke(line, CONFIG)

    line = Line(text="pens", cost=Cost(3, Currency.EUR))
    assert await call(line) == line
    assert await call(Line(text="other", cost=Cost(1, Currency.EUR))) == line


async def test_without_the_graphs_types_models_are_plain_data(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A saver that was not told about a graph imports nothing for it: its models are read as dicts."""
    graph = StateGraph(Order)
    graph.add_node("pass", lambda _: {"note": "done"})
    graph.add_edge(START, "pass")
    line = Line(text="pens", cost=Cost(3, Currency.EUR))
    await run(database_url, graph, {"lines": [line]})
    async with open_saver(database_url) as saver:
        found = await saver.aget_tuple(CONFIG)
        assert found is not None
        assert found.checkpoint["channel_values"]["lines"] == [
            {"text": "pens", "cost": {"amount": 3, "currency": "eur"}}
        ]


async def test_sync_invoke_from_a_thread(database_url: str) -> None:
    """graph.invoke in another thread pauses and resumes through the saver's sync methods."""
    async with open_saver(database_url) as saver:
        graph = two_levels().compile(checkpointer=saver)

        def work() -> Any:
            graph.invoke({"amount": 1}, CONFIG)
            for answer in ("yes", "no"):
                (question,) = graph.get_state(CONFIG).interrupts
                graph.invoke(Command(resume={question.id: answer}), CONFIG)
            return next(iter(graph.get_state_history(CONFIG))).values

        async with asyncio.timeout(20):
            assert await asyncio.to_thread(work) == {"amount": 1, "answers": ["yes", "no"]}


async def test_for_graph_leaves_the_saver_as_it_was(database_url: str) -> None:
    """The graph's types are allowed on the copy only."""
    async with open_saver(database_url) as saver:
        before = saver.serde
        widened = for_graph(saver, two_levels().compile())
        assert isinstance(widened, SQLModelSaver)
        assert widened is not saver
        assert saver.serde is before
