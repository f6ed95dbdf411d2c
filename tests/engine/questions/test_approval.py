"""`approval()`: what its author gets back, and that no answer to anything else ever passes for one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, cast

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from pydantic import BaseModel, Field, field_validator

from engine import Approval, Verdict, approval
from engine.decisions import Json
from engine.gate import asked_with
from engine.questions import edited, read_question, refusal_of_value
from tests.engine.questions.conformance import APPROVE, REJECT, Chosen, State, answered, chosen, labels

Node = Callable[[State], dict[str, Any]]


class Reply(BaseModel):
    """What has to be filled in."""

    days: int = Field(ge=1)


def asking(value: Callable[[State], Any], **more: Any) -> Node:
    """A node that asks and keeps what it got, with what it had asked."""

    def node(state: State) -> dict[str, Any]:
        given = approval(value(state), **more)
        told = [bool(given), given.verdict.value, given.option, given.reason, repr(given.answer)]
        return {"result": {"told": told, "asked": value(state)}}

    return node


# what is asked -> buttons -> choice -> what the author gets: truth, verdict, option, reason, answer
TABLE: list[tuple[Any, dict[str, Any], list[str], Chosen, list[Any]]] = [
    ("Pay?", {}, ["Approve", "Reject", "Answer…"], APPROVE, [True, "approve", "approve", "", "True"]),
    ("Pay?", {}, ["Approve", "Reject", "Answer…"], REJECT, [False, "reject", "reject", "too much", "False"]),
    (
        "Pay?", {}, ["Approve", "Reject", "Answer…"], chosen("answer", answer="Later"),
        [False, "respond", "answer", "", "'Later'"],
    ),
    (
        {"options": ["approve", "retry"]}, {}, ["Approve", "Retry"], chosen("retry"),
        [False, "respond", "retry", "", "'retry'"],
    ),
    (
        {"question": "When?"}, {"response_schema": Reply}, ["Answer…"], chosen("answer", days="3"),
        [False, "respond", "answer", "", "Reply(days=3)"],
    ),
    (
        {"question": "When?"}, {"response_schema": {"type": "boolean"}}, ["Approve", "Reject"], APPROVE,
        [True, "approve", "approve", "", "True"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("value", "more", "buttons", "choice", "got"), TABLE)
def test_what_an_author_gets(
    value: Any, more: dict[str, Any], buttons: list[str], choice: Chosen, got: list[Any]
) -> None:
    """The question is the one that `interrupt()` would have asked, and the answer says all that people said."""
    state, (question,) = answered(asking(lambda _: value, **more), {"draft": ""}, [choice])
    assert (question.dialect, question.shown, labels(question)) == ("approval", value, buttons)
    assert state["result"] == {"told": got, "asked": value}


def test_an_edit_is_what_is_approved() -> None:
    """An edit of the state comes back as approved with the edited value, and does not ask again."""
    node = asking(lambda state: {"question": "Pay?", "amount": state["amount"]})
    state, _ = answered(node, {"amount": 5}, [chosen("edit", amount="9")])
    assert state["result"]["told"][:3] == [True, "edit", "edit"]
    assert state["result"]["asked"] == {"question": "Pay?", "amount": 9}


def graph_of(node: Node) -> Any:
    builder = StateGraph(State)
    builder.add_node("node", cast("Any", node))
    builder.add_edge(START, "node")
    builder.add_edge("node", END)
    return builder.compile(checkpointer=InMemorySaver())


def bound_answer(value: Json, answer: Json = True) -> dict[str, Json]:
    digest = asked_with(value, schema=None)["digest"]
    return {"for": digest, "verdict": "approve", "option": "approve", "reason": "", "answer": answer}


RIGHT = bound_answer("Pay?")


@pytest.mark.parametrize(
    "wrong",
    [
        True,
        None,
        "approve",
        {},
        {**RIGHT, "for": "0" * 64},
        {**RIGHT, "verdict": "yes"},
        {**RIGHT, "more": 1},
        {key: value for key, value in RIGHT.items() if key != "reason"},
        bound_answer("Delete the database?"),
        [RIGHT],
    ],
)
def test_any_other_answer_makes_it_ask_again(wrong: Json) -> None:
    """What was given to another question, or is no answer at all, changes nothing; the right one then passes."""
    graph, config = graph_of(asking(lambda _: "Pay?")), {"configurable": {"thread_id": "t"}}
    graph.invoke({"draft": ""}, config)
    (first,) = graph.get_state(config).interrupts
    graph.invoke(Command(resume={first.id: wrong}), config)
    (second,) = graph.get_state(config).interrupts
    assert second.value == first.value
    graph.invoke(Command(resume={second.id: RIGHT}), config)
    assert graph.get_state(config).values["result"]["told"][0] is True


def test_an_answer_does_not_reach_the_question_that_took_its_place() -> None:
    """After a change of the code the stored answer to the old question does not approve the new one."""
    asked = ["Deploy?"]
    graph, config = graph_of(asking(lambda _: asked[0])), {"configurable": {"thread_id": "t"}}
    graph.invoke({"draft": ""}, config)
    (old,) = graph.get_state(config).interrupts
    asked[0] = "Delete the database?"
    graph.invoke(Command(resume={old.id: bound_answer("Deploy?")}), config)
    (new,) = graph.get_state(config).interrupts
    assert new.value["asked"] == "Delete the database?"
    assert "result" not in graph.get_state(config).values


class Picky(BaseModel):
    """A model that checks what its schema does not say."""

    days: int

    @field_validator("days")
    @classmethod
    def is_odd(cls, days: int) -> int:
        if days % 2 == 0:
            raise ValueError("odd days only")
        return days


def test_an_answer_that_the_authors_type_refuses_makes_it_ask_again() -> None:
    """What the schema cannot say is checked by the type itself, and asked again instead of raised."""
    node = asking(lambda _: "How long?", response_schema=Picky)
    steps = [chosen("answer", days="2"), chosen("answer", days="3")]
    state, questions = answered(node, {"draft": ""}, steps)
    assert state["result"]["told"][4] == "Picky(days=3)"
    assert questions[0] == questions[1]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (True, "an answer to approval()"),
        (bound_answer("Other?"), "another question"),
        ({**RIGHT, "option": "later"}, "no option"),
        ({**RIGHT, "verdict": "reject"}, "no option"),
    ],
)
def test_what_is_no_answer_is_told(given: Json, sentence: str) -> None:
    """A raw value has to carry the digest, and an option of the question with its verdict."""
    question = read_question(asked_with("Pay?", schema=None), state={}, state_schema={})
    assert sentence in str(refusal_of_value(question, given))
    assert refusal_of_value(question, RIGHT) is None


def test_an_edit_gives_the_digest_of_the_edited_question() -> None:
    """What is asked after an update of the state is what the graph asks next, digest and all."""
    before = asked_with({"amount": 5, "question": "Pay?"}, schema=None)
    assert edited(before, {"amount": 9, "other": 1}) == asked_with(
        {"amount": 9, "question": "Pay?"}, schema=None
    )


def test_an_approval_is_a_value() -> None:
    """Two approvals of the same content are equal; only approvals and edits are true."""
    assert Approval(Verdict.APPROVE, "approve", "", True) == Approval(Verdict.APPROVE, "approve", "", True)
    assert [bool(Approval(verdict, "x", "", None)) for verdict in Verdict] == [True, False, True, False]


def test_a_graph_needs_no_bot_to_ask() -> None:
    """A module that imports `approval` loads neither the bot nor anything of Slack."""
    code = "import sys; from engine import approval; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"bot", "slack_sdk", "slack_bolt", "aiohttp"}.isdisjoint(ran.stdout.split())
