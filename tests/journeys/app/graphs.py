"""Graphs made to be difficult: they show whatever they are given, fail on demand and ask much at once."""

import operator
from typing import Annotated, Any, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt
from typing_extensions import TypedDict


class Words(TypedDict):
    """What somebody typed, in six fields."""

    a: NotRequired[str]
    b: NotRequired[str]
    c: NotRequired[str]
    d: NotRequired[str]
    e: NotRequired[str]
    f: NotRequired[str]


class Heard(Words):
    """What the graph gives back."""

    answer: NotRequired[str]
    nested: NotRequired[dict[str, Any]]


def ask(state: Heard) -> dict[str, Any]:
    """Ask with every text there is: as the question, as values, as keys and nested."""
    texts = [state.get(name) or "" for name in ("a", "b", "c", "d", "e", "f")]
    value = {"question": texts[0], **state, "nested": {text: [text] for text in texts}}
    return {"answer": str(interrupt(value)), "nested": value["nested"]}


def fall(state: Heard) -> dict[str, Any]:
    """Fail with what was typed as the error's message."""
    raise RuntimeError(state.get("a"))


class Fan(TypedDict):
    """How many questions to ask at once."""

    count: int
    answers: NotRequired[Annotated[list[Any], operator.add]]


class One(TypedDict):
    """Which question to ask."""

    number: int


def ask_one(state: One) -> dict[str, Any]:
    """Ask one of many."""
    return {"answers": [interrupt(f"Is {state['number']} right?")]}


def _each(state: Fan) -> list[Send]:
    return [Send("ask_one", {"number": number}) for number in range(1, state["count"] + 1)]


class Payout(TypedDict):
    """What is to be paid, and what came of it."""

    amount: int
    purpose: str
    paid: NotRequired[str]


def pay(state: Payout) -> dict[str, Any]:
    """Ask whether to pay what the state says."""
    is_right = interrupt({"question": "Pay this?", "amount": state["amount"], "purpose": state["purpose"]})
    return {"paid": f"{state['amount']} for {state['purpose']}" if is_right else "nothing"}


echo = StateGraph(Heard, input_schema=Words)
echo.add_node("ask", ask)
echo.add_edge(START, "ask")
echo.add_edge("ask", END)

fail = StateGraph(Heard, input_schema=Words)
fail.add_node("ask", ask)
fail.add_node("fall", fall)
fail.add_edge(START, "ask")
fail.add_edge("ask", "fall")

fan = StateGraph(Fan)
fan.add_node("ask_one", ask_one)
fan.add_conditional_edges(START, _each, ["ask_one"])
fan.add_edge("ask_one", END)

payout = StateGraph(Payout).add_node("pay", pay).add_edge(START, "pay").add_edge("pay", END)
