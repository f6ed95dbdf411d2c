"""Tool calls: LangChain's own HumanInTheLoopMiddleware asks, in both of its modes, and takes the answers.

The model is scripted: it calls the tools once and then ends. Nothing leaves the process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, cast

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from engine.canonical import canonical
from engine.decisions import Json
from engine.errors import InvalidInput
from engine.forms import MISSING, FieldKind, entries, read_form
from engine.questions import Question, read_question, refusal_of_value, told
from tests.engine.questions.conformance import Chosen, chosen, decided, labels, option_of


@tool
def send_email(to: str, copies: int = 1, priority: Literal["low", "high"] = "low") -> str:
    """Send an email."""
    return f"sent to {to}, {copies} copies, {priority}"


@tool
def delete_file(path: str) -> str:
    """Delete a file."""
    return f"deleted {path}"


MAIL: dict[str, Any] = {"name": "send_email", "args": {"to": "amy@example.com", "copies": 2}, "id": "c1"}
FILE: dict[str, Any] = {"name": "delete_file", "args": {"path": "/etc/hosts"}, "id": "c2"}
ALL = ["approve", "edit", "reject", "respond"]


class Scripted(GenericFakeChatModel):
    """A chat model that says what it was told to say, with whatever tools."""

    def bind_tools(self, tools: Any, **more: Any) -> Any:
        return self


class Agent:
    """An agent whose model calls the given tools and then ends."""

    def __init__(
        self, *calls: dict[str, Any], mode: str, allowed: dict[str, list[str]] | None = None
    ) -> None:
        says: Iterator[AIMessage] = iter(
            [AIMessage("", tool_calls=cast("Any", list(calls))), AIMessage("Done.")]
        )
        given = allowed or {}
        wanted = {name: {"allowed_decisions": given.get(name, ALL)} for name in ("send_email", "delete_file")}
        made = create_agent(
            Scripted(messages=says),
            tools=[send_email, delete_file],
            middleware=[HumanInTheLoopMiddleware(cast("Any", wanted), interrupt_mode=cast("Any", mode))],
            checkpointer=InMemorySaver(),
        )
        self._agent: Any = cast("Any", made)
        self._config: Any = {"configurable": {"thread_id": "t"}}
        self._agent.invoke({"messages": [("user", "Go.")]}, self._config)

    def pauses(self) -> list[Any]:
        return list(self._agent.get_state(self._config).interrupts)

    def questions(self) -> list[Question]:
        return [
            read_question(pause.value, state={}, state_schema={}, schema=pause.response_schema)
            for pause in self.pauses()
        ]

    def answer(self, choice: Chosen, *, at: int = 0) -> Json:
        """Answer one pause and give what was answered."""
        resume = decided(self.questions()[at], choice).resume
        self._agent.invoke(Command(resume={self.pauses()[at].id: resume}), self._config)
        return resume

    def results(self) -> list[str]:
        """What the model gets as the results of its calls, in their order; the agent has come to its end."""
        state = self._agent.get_state(self._config)
        assert state.next == ()
        messages = [each for each in state.values["messages"] if isinstance(each, ToolMessage)]
        return [str(each.content) for each in sorted(messages, key=lambda each: each.tool_call_id)]


# choice -> the decision -> what the model gets
ONE_CALL: list[tuple[Chosen, Json, str]] = [
    (chosen("approve"), {"type": "approve"}, "sent to amy@example.com, 2 copies, low"),
    (
        chosen("edit", to="ben@example.com", copies="5"),
        {"type": "edit", "edited_action": {"name": "send_email", "args": {"to": "ben@example.com", "copies": 5}}},
        "sent to ben@example.com, 5 copies, low",
    ),
    (chosen("reject"), {"type": "reject"}, "User rejected the tool call"),
    (chosen("reject", "Not today"), {"type": "reject", "message": "Not today"}, "with reason: Not today"),
    (chosen("respond", "I did it"), {"type": "respond", "message": "I did it"}, "I did it"),
]  # fmt: skip


@pytest.mark.parametrize(("choice", "decision", "result"), ONE_CALL)
def test_one_call_of_a_batch(choice: Chosen, decision: Json, result: str) -> None:
    """A batch of one call has its decisions as buttons, and the middleware does what was decided."""
    agent = Agent(MAIL, mode="batched")
    (question,) = agent.questions()
    assert (question.dialect, question.text) == ("batched", "Run send_email?")
    assert labels(question) == ["Approve", "Edit", "Reject", "Respond"]
    (part,) = question.parts
    assert (part.title, part.value) == ("send_email", MAIL["args"])
    assert part.note == ""  # it repeats name and arguments
    assert agent.answer(choice) == {"decisions": [decision]}
    assert result in agent.results()[0]


@pytest.mark.parametrize(
    ("allowed", "buttons"),
    [
        (["respond", "approve"], ["Approve", "Respond"]),
        (["edit"], ["Edit"]),
        (["reject"], ["Reject"]),
    ],
)
@pytest.mark.parametrize("mode", ["batched", "per_call"])
def test_only_allowed_decisions_are_offered(mode: str, allowed: list[str], buttons: list[str]) -> None:
    """The buttons are those decisions that the tool allows, in one order."""
    (question,) = Agent(MAIL, mode=mode, allowed={"send_email": allowed}).questions()
    assert labels(question) == buttons


def each(**entries: str) -> Chosen:
    """Decide a batch of two call by call: `mail` and `file` count the tool's decisions from 0."""
    names = {"mail": "call_1", "file": "call_2", "copies": "call_1#1.args.copies", "to": "call_1#1.args.to"}
    names |= {"why": "call_2#2.message", "said": "call_1#3.message", "path": "call_2#1.args.path"}
    return Chosen("each", "", {names[name]: entry for name, entry in entries.items()})


# choice -> decisions, in order -> what the model gets
TWO_CALLS: list[tuple[Chosen, list[Json], list[str]]] = [
    (chosen("approve"), [{"type": "approve"}] * 2, ["sent to amy@example.com, 2 copies, low", "deleted /etc/hosts"]),
    (chosen("reject", "No"), [{"type": "reject", "message": "No"}] * 2, ["with reason: No", "with reason: No"]),
    (
        each(mail="0", file="2", why="Keep it"),
        [{"type": "approve"}, {"type": "reject", "message": "Keep it"}],
        ["sent to amy@example.com, 2 copies, low", "with reason: Keep it"],
    ),
    (
        each(mail="1", copies="3", file="0"),
        [
            {"type": "edit", "edited_action": {"name": "send_email", "args": {**MAIL["args"], "copies": 3}}},
            {"type": "approve"},
        ],
        ["sent to amy@example.com, 3 copies, low", "deleted /etc/hosts"],
    ),
    (
        each(mail="3", said="I called her", file="2"),
        [{"type": "respond", "message": "I called her"}, {"type": "reject"}],
        ["I called her", "User rejected the tool call"],
    ),
    (
        each(mail="2", file="1", path="/var/x"),
        [{"type": "reject"}, {"type": "edit", "edited_action": {"name": "delete_file", "args": {"path": "/var/x"}}}],
        ["User rejected the tool call", "deleted /var/x"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("choice", "decisions", "results"), TWO_CALLS)
def test_several_calls_of_a_batch(choice: Chosen, decisions: list[Json], results: list[str]) -> None:
    """Several calls are one question with a part for each; the decisions go back together, in order."""
    agent = Agent(MAIL, FILE, mode="batched")
    (question,) = agent.questions()
    assert question.text == "Run 2 tools: send_email and delete_file?"
    assert labels(question) == ["Approve all", "Reject all", "Decide each…"]
    assert [(part.title, part.value) for part in question.parts] == [
        ("send_email", MAIL["args"]),
        ("delete_file", FILE["args"]),
    ]
    assert agent.answer(choice) == {"decisions": decisions}
    for got, part in zip(agent.results(), results, strict=True):
        assert part in got


@pytest.mark.parametrize(
    ("choice", "where"),
    [
        (each(mail="0"), "call_2"),
        (each(mail="1", copies="many", file="0"), "call_1#1.args.copies"),
        (each(mail="1", copies="", file="0"), "call_1#1.args.copies"),
        (each(mail="3", said=" ", file="0"), "call_1#3.message"),
    ],
)
def test_a_decision_that_is_missing_or_wrong_is_told_under_its_call(choice: Chosen, where: str) -> None:
    """Nothing is answered until every call is decided, with arguments of the right type and all of them there."""
    (question,) = Agent(MAIL, FILE, mode="batched").questions()
    with pytest.raises(InvalidInput) as caught:
        decided(question, choice)
    assert list(caught.value.errors) == [where]


@pytest.mark.parametrize(
    ("allowed", "where"),
    [(ALL, ["call_1#1.args.to"]), (["reject", "edit"], [])],
)
def test_an_edit_of_a_call_changes_something(allowed: list[str], where: list[str]) -> None:
    """An edit that leaves a call as it is would be told to the model as one; it stays only without an approval."""
    (question,) = Agent(MAIL, FILE, mode="batched", allowed={"send_email": allowed}).questions()
    at = {kind: str(number) for number, kind in enumerate(allowed)}
    choice = each(mail=at["edit"], file="0")
    try:
        decided(question, choice)
        told_under: list[str] = []
    except InvalidInput as error:
        told_under = list(error.errors)
    assert told_under == where


def test_what_was_decided_on_each_call_is_told_in_words() -> None:
    """Each call has a line of its own, and what was edited of it stands before and after, untouched values not."""
    (question,) = Agent(MAIL, FILE, mode="batched").questions()
    option = option_of(question, "each")
    assert option.form
    choice = each(mail="1", copies="3", file="2", why="Keep it")
    values = read_form(option.form, {**entries(option.form), **choice.entries})
    assert told(question, option=option, values=values) == (
        {"1. send_email, copies": 2},
        {"1. send_email": "edited", "1. send_email, copies": 3, "2. delete_file": "rejected: Keep it"},
    )


def test_all_can_be_approved_only_where_each_may_be() -> None:
    """A tool that may not be approved, or not be rejected, takes the button for all of them away."""
    (question,) = Agent(MAIL, FILE, mode="batched", allowed={"delete_file": ["reject", "edit"]}).questions()
    assert labels(question) == ["Reject all", "Decide each…"]
    (question,) = Agent(MAIL, FILE, mode="batched", allowed={"send_email": ["respond"]}).questions()
    assert labels(question) == ["Decide each…"]


PER_CALL: list[tuple[Chosen, Json, str]] = [
    *[row for row in ONE_CALL if row[0].option != "edit"],
    (
        chosen("edit", to="ben@example.com", priority="1"),
        {
            "type": "edit",
            "edited_action": {
                "name": "send_email",
                "args": {"to": "ben@example.com", "copies": 2, "priority": "high"},
            },
        },
        "sent to ben@example.com, 2 copies, high",
    ),
]


@pytest.mark.parametrize(("choice", "decision", "result"), PER_CALL)
def test_a_call_that_asks_for_itself(choice: Chosen, decision: Json, result: str) -> None:
    """A call in the mode per_call takes one decision; its edit is typed by the tool's own arguments."""
    agent = Agent(MAIL, mode="per_call")
    (question,) = agent.questions()
    assert (question.dialect, question.text) == ("per_call", "Run send_email?")
    assert labels(question) == ["Approve", "Edit", "Reject", "Respond"]
    assert agent.answer(choice) == decision
    assert result in agent.results()[0]


def test_the_form_of_a_call_knows_the_tools_arguments() -> None:
    """Fields have the types and choices of the tool, start with what the model asked for, and say the defaults."""
    (question,) = Agent(MAIL, mode="per_call").questions()
    form = option_of(question, "edit").form
    assert form
    assert [(field.name, field.kind, field.initial) for field in form.fields] == [
        ("to", FieldKind.TEXT, "amy@example.com"),
        ("copies", FieldKind.INTEGER, 2),
        ("priority", FieldKind.CHOICE, MISSING),
    ]
    assert form.fields[2].hint == "Left empty: low"
    with pytest.raises(InvalidInput) as caught:
        decided(question, chosen("edit", copies="many"))
    assert list(caught.value.errors) == ["copies"]


def test_calls_that_ask_for_themselves_are_answered_one_by_one() -> None:
    """Two calls are two questions; answered in any order, one at a time, both decisions count."""
    agent = Agent(MAIL, FILE, mode="per_call")
    names = [question.shown["name"] for question in agent.questions()]
    assert sorted(names) == ["delete_file", "send_email"]
    agent.answer(chosen("reject", "Keep it"), at=names.index("delete_file"))
    agent.answer(chosen("approve"))
    mail, file = agent.results()
    assert mail == "sent to amy@example.com, 2 copies, low"
    assert "Keep it" in file


APPROVES = {"type": "approve"}
RENAMED = {"type": "edit", "edited_action": {"name": "delete_file", "args": {}}}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (True, '{"decisions"'),
        ([APPROVES, APPROVES], '{"decisions"'),
        ({"decisions": [APPROVES, APPROVES], "more": 1}, '{"decisions"'),
        ({"decisions": [APPROVES]}, "each of 2 calls, and there are 1"),
        ({"decisions": [APPROVES] * 3}, "there are 3"),
        (
            {"decisions": [APPROVES, {"type": "respond", "message": "x"}]},
            "delete_file takes one of: approve, reject",
        ),
        ({"decisions": [{"type": "ok"}, APPROVES]}, "send_email takes one of"),
        ({"decisions": [{"type": "respond"}, APPROVES]}, "at message"),
        ({"decisions": [{"type": "edit", "edited_action": {"name": "send_email"}}, APPROVES]}, "args"),
        ({"decisions": [RENAMED, APPROVES]}, "into another tool"),
    ],
)
def test_what_would_poison_the_thread_is_told(given: Json, sentence: str) -> None:
    """A wrong count or a decision that is not allowed is refused: the middleware would store it before it checks."""
    (question,) = Agent(
        MAIL, FILE, mode="batched", allowed={"delete_file": ["approve", "reject"]}
    ).questions()
    assert sentence in str(refusal_of_value(question, given))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"decisions": [APPROVES]}, "send_email takes one of"),
        (RENAMED, "into another tool"),
        (
            {"type": "edit", "edited_action": {"name": "send_email", "args": {"to": "x", "copies": "y"}}},
            "whole number",
        ),
    ],
)
def test_what_a_call_does_not_take_is_told(given: Json, sentence: str) -> None:
    """A decision on one call is held against the tool's own schema."""
    (question,) = Agent(MAIL, mode="per_call").questions()
    assert sentence in str(refusal_of_value(question, given))


def test_arguments_that_fields_cannot_make_are_edited_as_a_whole() -> None:
    """Where a tool's schema has conditions, its arguments are one JSON text, and a key can be taken away."""
    schema = {
        "type": "object",
        "properties": {"a": {}},
        "if": {"required": ["a"]},
        "then": {"required": ["b"]},
    }
    review = {"action_name": "t", "allowed_decisions": ["edit"], "args_schema": schema}
    value = {"action_requests": [{"name": "t", "args": {"a": 1, "b": 2}}], "review_configs": [review]}
    question = read_question(value, state={}, state_schema={})
    (made,) = decided(question, chosen("edit", value='{"b": 3}')).resume["decisions"]
    assert made["edited_action"]["args"] == {"b": 3}


def test_an_edit_adds_nothing_that_was_not_entered() -> None:
    """A default of the tool that the model did not give stays out of the arguments, at any depth."""
    inner = {"type": "object", "properties": {"z": {"default": 9}, "kind": {"const": "k", "default": "k"}}}
    properties = {
        "to": {"type": "string"},
        "n": {"type": "integer", "default": 3},
        "kind": {"const": "k", "default": "k"},
        "inner": {**inner, "default": {}},
        "given": inner,
    }
    review = {
        "action_name": "t",
        "allowed_decisions": ["edit"],
        "args_schema": {"type": "object", "properties": properties, "required": ["to", "given"]},
    }
    call = {"name": "t", "args": {"to": "a", "given": {}}}
    value = {"action_requests": [call], "review_configs": [review]}
    question = read_question(value, state={}, state_schema={})
    (made,) = decided(question, chosen("edit", to="b")).resume["decisions"]
    assert made["edited_action"]["args"] == {"to": "b", "given": {}}
    (made,) = decided(question, chosen("edit", n="4")).resume["decisions"]
    assert made["edited_action"]["args"] == {"to": "a", "given": {}, "n": 4}


KNOWN: Json = {
    "type": "object",
    "properties": {
        "to": {"$ref": "#/definitions/name"},
        "opts": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        "at": {"type": "string", "format": "date-time"},
        "lines": {"type": "array", "items": {"type": "string"}},
        "more": {"$ref": "#"},
    },
    "required": ["to"],
    "definitions": {"name": {"type": "string", "minLength": 1}},
}


def two_calls(args: Json) -> Question:
    """Ask about two calls of one tool whose arguments are described."""
    review = {"action_name": "t", "allowed_decisions": ["approve", "edit"], "args_schema": KNOWN}
    value = {"action_requests": [{"name": "t", "args": args}] * 2, "review_configs": [review] * 2}
    return read_question(value, state={}, state_schema={})


@pytest.mark.parametrize(
    "more",
    [
        {"opts": {"a": 1, "b": 2}},
        {"unknown": [1.0], "opts": {"a": 1}},
        {"lines": ["one\ntwo"]},
        {"more": {"to": "x", "unknown": 1}},
    ],
)
def test_an_edit_among_several_calls_keeps_what_it_does_not_change(more: Json) -> None:
    """Arguments that the tool's schema does not know, or that its fields cannot show, stay as they were."""
    args = {**more, "to": "a"}
    choice = Chosen("each", "", {"call_1": "1", "call_1#1.args.to": "b", "call_2": "0"})
    edited, approved = decided(two_calls(args), choice).resume["decisions"]
    assert canonical(edited["edited_action"]["args"]) == canonical({**args, "to": "b"})
    assert approved == {"type": "approve"}


@pytest.mark.parametrize(
    ("more", "where"), [({"opts": "text"}, "opts"), ({"at": 5}, "at"), ({"lines": "one"}, "lines")]
)
def test_arguments_that_do_not_fit_their_tool_are_shown_and_told(more: Json, where: str) -> None:
    """What does not fit is approved as it is, never changed on the way, and has to be mended in an edit."""
    question = two_calls({"to": "a", **more})
    assert decided(question, Chosen("each", "", {"call_1": "0", "call_2": "0"}))
    form = option_of(question, "each").form
    assert form is not None
    assert json.loads(str(entries(form)[f"call_1#1.args.{where}"])) == more[where]
    with pytest.raises(InvalidInput) as caught:
        decided(question, Chosen("each", "", {"call_1": "1", "call_2": "0"}))
    assert list(caught.value.errors) == [f"call_1#1.args.{where}"]


def test_each_of_many_calls_is_decided_by_a_choice() -> None:
    """However many calls there are, none is decided in JSON; only the arguments of the last ones are edited so."""
    args = {f"key_{n}": n for n in range(15)}
    review = {"action_name": "t", "allowed_decisions": ALL}
    value = {"action_requests": [{"name": "t", "args": args}] * 40, "review_configs": [review] * 40}
    question = read_question(value, state={}, state_schema={})
    form = option_of(question, "each").form
    assert form is not None
    kinds = {field.name: field.kind for field in form.fields}
    choices = {f"call_{at}": "0" for at in range(1, 40)}
    assert {kinds[name] for name in choices} == {FieldKind.CHOICE}
    assert kinds["call_1#1.args.key_0"] is FieldKind.INTEGER
    assert kinds["call_40#1.args"] is FieldKind.JSON
    changed = {"call_40": "1", "call_40#1.args": json.dumps({**args, "key_0": 1})}
    *rest, last = decided(question, Chosen("each", "", {**choices, **changed})).resume["decisions"]
    assert rest == [{"type": "approve"}] * 39
    assert last["edited_action"]["args"] == {**args, "key_0": 1}
