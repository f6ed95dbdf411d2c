"""Graphs that ask more than once, because of an answer or for other reasons. They know nothing of Assent."""

import operator
from typing import Annotated

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

OPTIONS = ["approve", "request_changes", "reject"]


class Revision(TypedDict, total=False):
    drafts: str  # one after the other, with "|" between
    written: int
    draft: str
    heard: Annotated[list, operator.add]


def write(state: Revision) -> dict:
    drafts, written = state["drafts"].split("|"), state.get("written", 0)
    return {"draft": drafts[min(written, len(drafts) - 1)], "written": written + 1}


def review(state: Revision) -> Command:
    answer = interrupt({"action": "review", "draft": state["draft"], "options": OPTIONS})
    goto = END if answer["action"] == "approve" else "write"
    return Command(goto=goto, update={"heard": [answer]})


revision = StateGraph(Revision)
revision.add_node("write", write)
revision.add_node("review", review)
revision.add_edge(START, "write")
revision.add_edge("write", "review")


class Gates(TypedDict, total=False):
    amount: int
    answers: list


def both_levels(state: Gates) -> dict:
    """Asks the director whatever the manager said."""
    levels = ("manager", "director")
    return {"answers": [interrupt({"level": level, "amount": state["amount"]}) for level in levels]}


gates = StateGraph(Gates)
gates.add_node("both_levels", both_levels)
gates.add_edge(START, "both_levels")
gates.add_edge("both_levels", END)


class Items(TypedDict, total=False):
    count: int
    asked: Annotated[int, operator.add]


def ask_item(state: Items) -> dict:
    interrupt({"question": "Is this right?", "count": 1})
    return {"asked": 1}


def send_items(state: Items) -> list:
    return [Send("ask_item", state)] * 2 if state.get("asked", 0) < 4 else []


items = StateGraph(Items)
items.add_node("ask_item", ask_item)
items.add_node("again", lambda state: {})
items.add_conditional_edges(START, send_items, ["ask_item"])
items.add_edge("ask_item", "again")
items.add_conditional_edges("again", send_items, ["ask_item"])
