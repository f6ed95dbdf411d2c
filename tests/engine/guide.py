"""The asking nodes of LangGraph's guide to human-in-the-loop, statement for statement.

https://www.mintlify.com/langchain-ai/langgraph/concepts/human-in-the-loop
"""

from __future__ import annotations

from typing import Any

from langgraph.types import interrupt
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    amount: float
    draft: str
    content: str
    status: str
    final: str
    feedback: str
    input: str
    result: str


def requires_approval(state: State) -> dict[str, Any]:
    if state["amount"] > 1000:
        approval = interrupt(f"Approve ${state['amount']} transaction?")
        if not approval:
            return {"status": "rejected"}

    return {"status": "approved"}


def multi_level_approval(state: State) -> dict[str, Any]:
    amount = state["amount"]

    # Level 1: Manager approval for $1k+
    if amount >= 1000:
        manager_approval = interrupt({"level": "manager", "amount": amount})
        if not manager_approval:
            return {"status": "rejected"}

    # Level 2: Director approval for $10k+
    if amount >= 10000:
        director_approval = interrupt({"level": "director", "amount": amount})
        if not director_approval:
            return {"status": "rejected"}

    return {"status": "approved", "amount": amount}


def content_reviewer(state: State) -> dict[str, Any]:
    draft = state["draft"]

    # Human reviews the draft
    feedback = interrupt(
        {"action": "review", "draft": draft, "options": ["approve", "request_changes", "reject"]}
    )

    if feedback["action"] == "approve":
        return {"status": "approved", "final": draft}

    elif feedback["action"] == "request_changes":  # noqa: RET505 (the guide's own code)
        # Loop back for revisions
        return {"status": "needs_revision", "feedback": feedback["comments"]}

    else:  # reject
        return {"status": "rejected"}


def interactive_editor(state: State) -> dict[str, Any]:
    content = state["content"]

    while True:
        # Show content and get feedback
        action = interrupt({"content": content, "prompt": "Edit, approve, or reject?"})

        if action["type"] == "edit":
            content = action["new_content"]
            continue

        elif action["type"] == "approve":  # noqa: RET507 (the guide's own code)
            return {"content": content, "status": "approved"}

        else:  # reject
            return {"status": "rejected"}


def review_node(state: State) -> dict[str, Any]:
    human_input = interrupt(
        {
            "question": "Does this look correct?",
            "content": state["content"],
            "options": ["approve", "reject", "edit"],
        }
    )

    # This code runs AFTER human resumes
    if human_input == "reject":
        return {"status": "rejected"}
    elif human_input == "edit":  # noqa: RET505 (the guide's own code)
        return {"content": "the graph's own edit"}

    return {"status": "approved"}


class Plan(TypedDict):
    plan: str
    approved: bool


def create_plan(state: Plan) -> dict[str, Any]:
    return {"plan": "Execute action X"}


def execute_plan(state: Plan) -> dict[str, Any]:
    # This only runs after human approval
    return {"approved": True}


def risky_operation(given: str) -> str:
    if given == "bad":
        raise ValueError("bad is bad")
    return f"did {given}"


def safe_operation(state: State) -> dict[str, Any]:
    try:
        result = risky_operation(state["input"])
        return {"result": result}

    except ValueError as e:
        # Let human decide whether to retry
        action = interrupt(
            {"error": str(e), "question": "Retry with different input?", "current_input": state["input"]}
        )

        if action["retry"]:
            # Try with modified input
            result = risky_operation(action["new_input"])
            return {"result": result, "input": action["new_input"]}
        else:  # noqa: RET505 (the guide's own code)
            raise
