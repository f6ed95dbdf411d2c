"""A LangChain agent whose tools need a yes: `create_agent` with `HumanInTheLoopMiddleware`, in both of its modes.

"assistant" asks about all calls of a turn on one card, "assistant_each" asks for each call on a card of its own.
The chat model follows a script, so nothing leaves this machine; the tools only say what they would have done.
"""

from typing import Annotated, Any, Literal

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import END, START, StateGraph, add_messages
from pydantic import Field
from typing_extensions import TypedDict

ASKING = {
    "issue_refund": {"allowed_decisions": ["approve", "edit", "reject"]},
    "send_email": {"allowed_decisions": ["approve", "edit", "reject", "respond"]},
}


class Request(TypedDict):
    """What a person enters to start."""

    complaint: Annotated[str, Field(title="Complaint", description="What the customer wrote.", min_length=1)]


class Outcome(TypedDict):
    """What the graph gives back."""

    answer: str


class State(Request, Outcome):
    """What the graph works with; the agent shares the messages."""

    messages: Annotated[list[AnyMessage], add_messages]


def look_up_order(customer: str) -> str:
    """Find the last order of a customer."""
    return f"{customer}: order A-17, a chair, $120.00"


def issue_refund(order: str, dollars: float, reason: Literal["late", "broken", "other"]) -> str:
    """Pay money back."""
    return f"${dollars:.2f} paid back for {order} ({reason})."


def send_email(to: str, subject: str, body: str) -> str:
    """Write to a customer."""
    return f"Mail “{subject}” sent to {to}."


class Scripted(BaseChatModel):
    """Looks the order up, wants to pay and to write, then tells what came of it."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> "Scripted":
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        told = [message for message in messages if isinstance(message, ToolMessage)]
        if not told:
            return AIMessage("", tool_calls=[_call("look_up_order", customer="carol@example.com")])
        if len(told) == 1:
            refund = _call("issue_refund", order="A-17", dollars=120.0, reason="broken")
            body = "We are sorry. Your money is on its way."
            mail = _call("send_email", to="carol@example.com", subject="Your chair", body=body)
            return AIMessage("", tool_calls=[refund, mail])
        return AIMessage("\n".join(str(message.content) for message in told[1:]))


def _call(tool: str, **args: Any) -> dict:
    return {"name": tool, "args": args, "id": f"call_{tool}"}


def ask(state: State) -> dict:
    return {"messages": [HumanMessage(state["complaint"])]}


def tell(state: State) -> dict:
    return {"answer": state["messages"][-1].text}


def graph_of(mode: Literal["batched", "per_call"]) -> StateGraph:
    asking = HumanInTheLoopMiddleware(interrupt_on=ASKING, interrupt_mode=mode)
    agent = create_agent(Scripted(), [look_up_order, issue_refund, send_email], middleware=[asking])
    builder = StateGraph(State, input_schema=Request, output_schema=Outcome)
    builder.add_node("ask", ask)
    builder.add_node("agent", agent)
    builder.add_node("tell", tell)
    builder.add_edge(START, "ask")
    builder.add_edge("ask", "agent")
    builder.add_edge("agent", "tell")
    builder.add_edge("tell", END)
    return builder


batched = graph_of("batched")
per_call = graph_of("per_call")
