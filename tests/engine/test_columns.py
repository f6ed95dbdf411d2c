"""Names stay in the order of the graph's author through the database, and what is sealed or named stays the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from engine import ApprovalStatus, Choice, RunView, audit, open_desk
from engine.audit import Entry
from engine.canonical import digest
from engine.clock import utc_now
from engine.columns import canonical_json
from engine.database import Database
from engine.tables import audit as trail
from engine.views import EventKind
from tests.engine.desk_driver import AMY, Driver, seen

APP = """
from typing_extensions import TypedDict
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

class State(TypedDict, total=False):
    topic: str
    letter: dict

SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "subject": {"type": "string"}, "body": {"type": "string"}},
    "required": ["to", "subject", "body"],
}

def write(state: State):
    asked = {"question": "Send this?", "urgent": True, "about": {"z": 1, "a": 2}}
    return {"letter": interrupt(asked, response_schema=SCHEMA)}

graph = StateGraph(State).add_node(write).add_edge(START, "write")
"""
APPROVALS = """
[workflows.letters]
channel = "#approvals"
approvers = { users = ["U0AMY"] }
"""
LETTER = {"to": "Rita", "subject": "Hello", "body": "How are you?"}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app whose graph names nothing by the alphabet."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "approvals.toml").write_text(APPROVALS)
    (tmp_path / "langgraph.json").write_text(json.dumps({"graphs": {"letters": "./app.py:graph"}}))
    return tmp_path / "langgraph.json"


def names(value: Any) -> list[str]:
    """List the keys of a dict, and of the dicts in it, in their order."""
    found = []
    for name, item in value.items():
        found += [name, *(names(item) if isinstance(item, dict) else [])]
    return found


async def test_names_keep_the_order_of_the_author(database_url: str, app: Path) -> None:
    """After a restart question and form are as the author has them; what was seen before is decided, and verifies."""
    async with open_desk(database_url=database_url, app=app) as desk:
        run: RunView = await Driver(desk).start("letters", topic="A greeting")
        (before,) = await Driver(desk).asked(run)
    async with open_desk(database_url=database_url, app=app) as desk:
        (asked,) = (await desk.run(run.id)).approvals
        assert names(asked.question.shown) == ["question", "urgent", "about", "z", "a"]
        option = asked.question.option("answer")
        assert option is not None
        assert option.form is not None
        assert [field.name for field in option.form.fields] == ["to", "subject", "body"]
        assert asked.digest == before.digest
        await desk.decide(seen(before), actor=AMY, choice=Choice("answer", entries=LETTER))
        run = await Driver(desk).ended(run)
        (answered,) = run.approvals
        assert answered.status is ApprovalStatus.RESUMED
        assert answered.decision is not None
        assert names(answered.decision.after) == ["to", "subject", "body"]
        assert names(run.result) == ["topic", "letter", "to", "subject", "body"]
        assert await desk.verify() == len(run.events)


async def test_the_seal_and_the_digest_do_not_see_the_order(database: Database) -> None:
    """An entry whose text was put in another order is still the entry that was sealed."""
    detail = {"b": {"d": 1, "c": 2}, "a": "\x00\ud800"}
    async with database.transaction() as tx:
        await audit.append(tx, [Entry(EventKind.STARTED, detail=detail)], run_id="run", at=utc_now())
        stored = (await tx.execute(text("SELECT detail FROM assent_audit"))).scalar_one()
        assert stored == '{"b":{"d":1,"c":2},"a":"\\u0000\\ud800"}'
        await tx.execute(text("UPDATE assent_audit SET detail = :text"), {"text": canonical_json(detail)})
        assert await audit.verify(tx) == 1
        found = (await tx.execute(select(trail.c.detail))).scalar_one()
    assert names(found) == ["a", "b", "c", "d"]
    assert digest(found) == digest(detail)
