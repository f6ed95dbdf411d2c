"""Graphs that are put together in ways that need care: gates beside branches, graphs inside graphs, Send."""

import asyncio
import operator
from pathlib import Path
from typing import Annotated

from engine import approval
from chained import chain, side_by_side
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send, interrupt
from pydantic import BaseModel, field_validator
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    amount: int
    draft: str
    secret: str
    log: Annotated[list, operator.add]


def two(state: State) -> dict:
    first = interrupt({"ask": "first", "amount": state["amount"]})
    second = interrupt({"ask": "second", "amount": state["amount"]})
    return {"log": [f"{first},{second},{state['amount']}"]}


def pay(state: State) -> dict:
    return {"log": [f"paid {state['amount']}"]}


sequence = chain(State, two, pay)


def left(state: State) -> dict:
    return {"log": [f"left {interrupt({'ask': 'left', 'draft': state['draft']})}"]}


def right(state: State) -> dict:
    return {"log": ["right"]}


def join(state: State) -> dict:
    return {"log": [f"join {state['draft']}"]}


_builder = StateGraph(State)
for _node in (left, right, join):
    _builder.add_node(_node.__name__, _node)
_builder.add_edge(START, "left")
_builder.add_edge(START, "right")
_builder.add_edge(["left", "right"], "join")
_builder.add_edge("join", END)
gated = _builder.compile(interrupt_before=["left", "join"])


def ask_deep(state: State) -> dict:
    return {"log": [f"{interrupt({'draft': state['draft']})},{interrupt('Again?')}"]}


_middle = StateGraph(State)
_middle.add_node("inner", chain(State, ask_deep))
_middle.add_edge(START, "inner")
_middle.add_edge("inner", END)
_outer = StateGraph(State)
_outer.add_node("middle", _middle.compile())
_outer.add_edge(START, "middle")
_outer.add_edge("middle", END)
deep = _outer.compile()


def pay_one(state) -> dict:
    return {"log": [f"{state['amount']} {interrupt({'amount': state['amount']})}"]}


_sending = StateGraph(State)
_sending.add_node("pay_one", pay_one)
_sending.add_conditional_edges(START, lambda state: [Send("pay_one", {"amount": state["amount"]})])
_sending.add_edge("pay_one", END)
sent = _sending.compile()


def ask_amount(state: State) -> dict:
    return {"log": [f"{state['amount']} {interrupt({'amount': state['amount']})}"]}


_box = {"asks": chain(State, ask_amount), "stops": chain(State, pay, interrupt_before=["pay"])}


async def calls(state: State) -> dict:
    return {"log": (await _box["asks"].ainvoke({"amount": state["amount"]}))["log"]}


async def calls_a_stop(state: State) -> dict:
    return {"log": (await _box["stops"].ainvoke({"amount": state["amount"]})).get("log", [])}


hidden = chain(State, calls)
hidden_stop = chain(State, calls_a_stop)

_stopping = StateGraph(State)
_stopping.add_node("inner", _box["stops"])
_stopping.add_edge(START, "inner")
_stopping.add_edge("inner", END)
stopping = _stopping.compile()


class Reply(BaseModel):
    is_right: bool
    note: str


def wants_a_reply(state: State) -> dict:
    return {"log": [str(interrupt({"ask": "what"}, response_schema=Reply))]}


schema = chain(State, wants_a_reply)


def wants_a_word(state: State) -> dict:
    asked = {"question": "Right?", "draft": state["draft"], "options": ["approve", "reject", "edit"]}
    word = interrupt(asked)
    return {"log": [f"{word} {state['draft']}"]}


words = chain(State, wants_a_word)


def asks_oddly(state: State) -> dict:
    return {"log": [str(interrupt("What?", response_schema={"type": "nonsense"}))]}


odd_schema = chain(State, asks_oddly)


class Picky(BaseModel):
    is_right: bool
    note: str

    @field_validator("note")
    @classmethod
    def is_loud(cls, note):
        if not note.isupper():
            raise ValueError("capitals only")
        return note


def wants_capitals(state: State) -> dict:
    return {"log": [str(interrupt({"ask": "what"}, response_schema=Picky))]}


picky = chain(State, wants_capitals)


def wants_approval(state: State) -> dict:
    decision = approval({"question": "Pay?", "amount": state["amount"]})
    return {"log": [f"{decision.option} {state['amount']}"]}


bound = chain(State, wants_approval)


class Public(TypedDict, total=False):
    draft: str


def work(state: State) -> dict:
    return {"secret": "do not show", "draft": "done"}


_private = StateGraph(State, input_schema=Public, output_schema=Public)
_private.add_node("work", work)
_private.add_edge(START, "work")
_private.add_edge("work", END)
private = _private.compile()


def prepare(state: State) -> dict:
    return {"log": ["prepared"]}


def charge(state: State) -> dict:
    """Fails until the amount is large enough or somebody has mended what it needs; counts its calls."""
    folder = Path(state["draft"])
    with (folder / "calls").open("a") as calls:
        calls.write(f"{state['amount']}\n")
    if state["amount"] < 10 and not (folder / "mended").exists():
        raise ConnectionError(f"no answer for {state['amount']}")
    return {"log": [f"charged {state['amount']}"]}


fragile = chain(State, prepare, charge, pay)
guarded = chain(State, prepare, charge, pay, interrupt_before=["charge"])


def ask_aside(state: State) -> dict:
    return {"log": [f"aside {interrupt('Aside?')}"]}


_beside = StateGraph(State)
for _node in (charge, ask_aside, right, pay):
    _beside.add_node(_node.__name__, _node)
for _name in ("charge", "ask_aside", "right"):
    _beside.add_edge(START, _name)
_beside.add_edge(["charge", "ask_aside", "right"], "pay")
_beside.add_edge("pay", END)
beside = _beside.compile()


async def linger(state: State) -> dict:
    while not (Path(state["draft"]) / "mended").exists():
        await asyncio.sleep(0.01)
    return {"log": ["lingered"]}


cancelled = side_by_side(State, charge, linger)


def ask_then_charge(state: State) -> dict:
    first = interrupt({"ask": "first", "amount": state["amount"]})
    charge(state)
    return {"log": [f"{first},{interrupt('Second?')}"]}


late = chain(State, ask_then_charge)


def ask_twice(state: State) -> dict:
    first = interrupt("First?")
    if (Path(state["draft"]) / "broken").exists():
        raise ConnectionError("no answer")
    return {"log": [f"{first} {interrupt('Second?')}"]}


twice = chain(State, ask_twice)

twice_beside = side_by_side(State, ask_twice, ask_aside)

_holds = StateGraph(State)
_holds.add_node("inner", chain(State, prepare, charge))
_holds.add_edge(START, "inner")
_holds.add_edge("inner", END)
broken_inside = _holds.compile()
_box["charges"] = chain(State, prepare, charge)


async def calls_charge(state: State) -> dict:
    return {"log": (await _box["charges"].ainvoke({"amount": state["amount"], "draft": state["draft"]}))["log"]}


broken_hidden = chain(State, calls_charge)


def swallows(state: State) -> dict:
    try:
        answer = interrupt("Really?")
    except Exception:
        answer = "yes, surely"
    return {"log": [answer]}


def _ask_helper():
    return interrupt("Really?")


def swallows_far(state: State) -> dict:
    try:
        answer = _ask_helper()
    except (ValueError, BaseException):
        answer = "yes, surely"
    return {"log": [answer]}


def asks_in_vain(state: State) -> dict:
    """The guide's own retry: the question stands in the handler, and nothing swallows it."""
    try:
        charge(state)
    except Exception as error:
        if interrupt({"error": str(error), "options": ["retry", "cancel"]}) == "cancel":
            return {"log": ["cancelled"]}
        (Path(state["draft"]) / "mended").touch()
        raise
    return {"log": ["charged"]}


def asks_and_lets_through(state: State) -> dict:
    try:
        return {"log": [interrupt("Really?")]}
    except GraphBubbleUp:
        raise
    except Exception:
        return {"log": ["failed"]}


swallowed = chain(State, swallows, pay)
swallowed_far = chain(State, swallows_far, pay)
retried = chain(State, asks_in_vain)
let_through = chain(State, asks_and_lets_through)
ended = chain(State, prepare, pay, interrupt_after=["pay"])
