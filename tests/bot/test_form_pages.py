"""Forms of several pages: through the real bot and the local Slack, over a restart, and by themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.cards.pages import begun, next_page, sent
from bot.listeners.pages import sheet_of
from bot.main import Running, running
from bot.payloads import Submission, block_id_of, with_draft
from bot.sandbox import Sandbox
from engine import InvalidInput, NoDraft, Verdict
from engine.forms import form_from_schema, read_form
from tests.bot.standing import CHANNEL, button, settings
from tests.bot.typist import assert_valid, page_of

APP = {
    "graphs.py": """
from typing import Annotated, Literal, Union
from pydantic import Field
from typing_extensions import NotRequired, TypedDict
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class Mail(TypedDict):
    kind: Literal["mail"]
    to: str


class Post(TypedDict):
    kind: Literal["post"]
    street: str
    floor: NotRequired[int]


Target = Annotated[Union[Mail, Post], Field(discriminator="kind")]
Small = TypedDict("Small", {"target": Target})
Large = TypedDict("Large", {**{f"n{at}": int for at in range(100)}, "target": Target})


def ask(state):
    return {} if interrupt({"question": "Send this?", "target": state["target"]}) else {}


def chain(state):
    return StateGraph(state).add_node("ask", ask).add_edge(START, "ask").add_edge("ask", END)


small, large = chain(Small), chain(Large)
""",
    "approvals.toml": '[defaults]\nchannel = "#approvals"\napprovers = { users = ["U0AMY"] }\n',
    "langgraph.json": json.dumps({"graphs": {"small": "./graphs.py:small", "large": "./graphs.py:large"}}),
}
NUMBERS = {f"field:n{at}": str(at) for at in range(100)}


@asynccontextmanager
async def bot_at(sandbox: Sandbox, folder: Path) -> AsyncIterator[Running]:
    """A bot on the app above, whose database stays in the folder."""
    made = settings(sandbox, folder, mode="http")
    for name, content in APP.items():
        (folder / name).write_text(content)
    async with running(made) as bot:
        sandbox.deliver_to(bot.slack_url)
        yield bot


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A local Slack."""
    async with Sandbox() as made:
        yield made


def shown(sandbox: Sandbox, user: str) -> list[str]:
    """The block ids of the inputs that a person has in front of them."""
    return [each["block_id"] for each in sandbox.views(user)[-1]["blocks"] if each["type"] == "input"]


def words(sandbox: Sandbox, user: str) -> str:
    """All that the form in front of a person says."""
    return json.dumps(sandbox.views(user)[-1], ensure_ascii=False)


def first_page(sandbox: Sandbox, user: str) -> dict[str, str]:
    """What fills the numbers that are shown."""
    return {block_id: NUMBERS[block_id] for block_id in shown(sandbox, user) if block_id in NUMBERS}


async def test_more_fields_than_a_form_holds_come_page_by_page(sandbox: Sandbox, tmp_path: Path) -> None:
    """A hundred numbers and a choice take three pages; the run starts with all that was entered on each."""
    async with bot_at(sandbox, tmp_path) as bot:
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start large")
        assert sandbox.views("U0RITA")[-1]["submit"]["text"] == "Next"
        first = first_page(sandbox, "U0RITA")
        assert len(first) == 92
        await sandbox.submit("U0RITA", first)
        assert "Page 2" in words(sandbox, "U0RITA")
        await sandbox.submit("U0RITA", {**first_page(sandbox, "U0RITA"), "field:target": "Post"})
        assert shown(sandbox, "U0RITA") == ["field:target#1.street", "field:target#1.floor"]
        assert "Page 3 of 3" in words(sandbox, "U0RITA")
        assert await bot.desk.recent() == ()
        ack = await sandbox.submit("U0RITA", {"field:target#1.street": "Main", "field:target#1.floor": "3"})
        assert (ack.error, sandbox.views("U0RITA")) == (None, [])
        (run,) = await bot.desk.recent()
        assert run.input == {
            **{f"n{at}": at for at in range(100)},
            "target": {"kind": "post", "street": "Main", "floor": 3},
        }


async def test_what_was_entered_survives_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    """A form whose first page was sent to one bot is gone on with at the next one."""
    async with bot_at(sandbox, tmp_path):
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start small")
        await sandbox.submit("U0RITA", {"field:target": "Mail"})
    async with bot_at(sandbox, tmp_path) as bot:
        ack = await sandbox.submit("U0RITA", {"field:target#0.to": "amy@example.com"})
        assert ack.error is None
        (run,) = await bot.desk.recent()
        assert run.input == {"target": {"kind": "mail", "to": "amy@example.com"}}


async def test_the_last_page_sent_again_starts_nothing_more(sandbox: Sandbox, tmp_path: Path) -> None:
    """Copies of the last page, also much later, give the same run."""
    async with bot_at(sandbox, tmp_path) as bot:
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start small")
        await sandbox.submit("U0RITA", {"field:target": "Mail"}, deliveries=3)
        await sandbox.submit("U0RITA", {"field:target#0.to": "amy"}, deliveries=3)
        last = next(
            each for each in reversed(sandbox.deliveries) if each.payload.get("type") == "view_submission"
        )
        ack = await sandbox.redeliver(last)
        assert (ack.status, ack.body) == (200, None)
        assert len(await bot.desk.recent()) == 1


async def test_an_error_stands_on_the_page_of_its_field(sandbox: Sandbox, tmp_path: Path) -> None:
    """A page with a wrong entry stays, with the sentence under the field; nothing after it is asked."""
    async with bot_at(sandbox, tmp_path):
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start large")
        ack = await sandbox.submit("U0RITA", {**first_page(sandbox, "U0RITA"), "field:n5": "9" * 30})
        assert ack.body == {
            "response_action": "errors",
            "errors": {"field:n5": "This number is too large to be stored."},
        }


async def test_an_edit_can_choose_another_shape(sandbox: Sandbox, tmp_path: Path) -> None:
    """Edit opens with the present shape; choosing the other one asks for its fields, and the graph gets it whole."""
    async with bot_at(sandbox, tmp_path) as bot:
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start small")
        await sandbox.submit("U0RITA", {"field:target": "Mail"})
        await sandbox.submit("U0RITA", {"field:target#0.to": "amy"})
        card = await sandbox.until(
            lambda: next((each for each in sandbox.messages(CHANNEL) if button(each, "edit")), None)
        )
        await sandbox.click("U0AMY", CHANNEL, card["ts"], "edit")
        assert shown(sandbox, "U0AMY") == ["field:target", "field:target#0.to"]
        await sandbox.submit("U0AMY", {"field:target": "Post"})
        ack = await sandbox.submit("U0AMY", {"field:target#1.street": "Main"})
        assert (ack.error, sandbox.views("U0AMY")) == (None, [])
        (run,) = await bot.desk.recent()
        decision = (await bot.desk.run(run.id)).approvals[0].decision
        assert decision is not None
        assert (decision.verdict, decision.before, decision.after) == (
            Verdict.EDIT,
            {"target": "Mail", "target#0.to": "amy"},
            {"target": "Post", "target#1.street": "Main"},
        )


async def test_no_page_follows_once_the_question_is_decided(sandbox: Sandbox, tmp_path: Path) -> None:
    """Who has a form open while the question is decided hears so, and by whom, from the next page that is sent."""
    async with bot_at(sandbox, tmp_path):
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start small")
        await sandbox.submit("U0RITA", {"field:target": "Mail"})
        await sandbox.submit("U0RITA", {"field:target#0.to": "amy"})
        card = await sandbox.until(
            lambda: next((each for each in sandbox.messages(CHANNEL) if button(each, "edit")), None)
        )
        await sandbox.click("U0AMY", CHANNEL, card["ts"], "edit")
        await sandbox.click("U0AMY", CHANNEL, card["ts"], "approve")
        ack = await sandbox.submit("U0AMY", {"field:target": "Post"})
        assert ack.body is not None
        (said,) = ack.body["errors"].values()
        assert "approved already, by Amy" in said


async def test_an_edit_that_changes_nothing_goes_back_to_the_first_field(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What is wrong with an earlier page is asked again on a page of its own, with the sentence above it."""
    async with bot_at(sandbox, tmp_path):
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start large")
        await sandbox.submit("U0RITA", first_page(sandbox, "U0RITA"))
        await sandbox.submit("U0RITA", {**first_page(sandbox, "U0RITA"), "field:target": "Mail"})
        await sandbox.submit("U0RITA", {"field:target#0.to": "amy"})
        card = await sandbox.until(
            lambda: next((each for each in sandbox.messages(CHANNEL) if button(each, "edit")), None)
        )
        await sandbox.click("U0AMY", CHANNEL, card["ts"], "edit")
        await sandbox.submit("U0AMY", {"field:target": "Post"})
        await sandbox.submit("U0AMY", {"field:target#1.street": "Main"})
        assert sandbox.views("U0AMY") == []


async def test_a_form_that_is_closed_is_forgotten(sandbox: Sandbox, tmp_path: Path) -> None:
    """Cancelling a later page drops what was entered; going on with it then says so and records nothing."""
    async with bot_at(sandbox, tmp_path) as bot:
        await sandbox.slash("U0RITA", CHANNEL, "/approvals start small")
        await sandbox.submit("U0RITA", {"field:target": "Mail"})
        draft_id = json.loads(sandbox.views("U0RITA")[-1]["private_metadata"])["draft"]
        assert (await bot.desk.drafts.get(draft_id, owner="U0RITA")).entries["target"] == "0"
        await sandbox.close("U0RITA")
        with pytest.raises(NoDraft):
            await bot.desk.drafts.get(draft_id, owner="U0RITA")


async def test_t16_nobody_goes_on_with_another_persons_form(sandbox: Sandbox, tmp_path: Path) -> None:
    """A page that carries somebody else's draft, or the draft of another form, is refused."""
    async with bot_at(sandbox, tmp_path) as bot:
        form = bot.desk.workflows["small"].form
        about = '{"workflow":"small","channel":"C1"}'
        draft_id = await bot.desk.drafts.begin(
            "U0RITA", context=json.loads(about), entries={"target": "0"}, asked=[["target"]]
        )

        async def sheet(user: str, metadata: str) -> Any:
            sent_ = Submission(
                callback_id="start", view_id="V1", user_id=user, team_id="T1", values={}, inputs=(),
                metadata=with_draft(metadata, draft_id),
            )  # fmt: skip
            return await sheet_of(
                sent_, form=form, draw=lambda filling: page_of(form, filling=filling), desk=bot.desk
            )

        assert (await sheet("U0RITA", about)).entries["target"] == "0"
        with pytest.raises(NoDraft):
            await sheet("U0OTTO", about)
        with pytest.raises(NoDraft):
            await sheet("U0RITA", '{"workflow":"large","channel":"C1"}')


# -- pages by themselves -------------------------------------------------------------------------------------------


def test_pages_hold_every_field_once() -> None:
    """Three hundred fields come in order, each on one page, and the pages say how many there are."""
    form = form_from_schema(
        {"properties": {f"p{at}": {"type": "integer", "default": at} for at in range(300)}}
    )
    filling = begun(form)
    asked: list[str] = []
    said: list[str] = []
    while (page := next_page(form, filling)) is not None:
        view = page_of(form, filling=filling)
        assert_valid(view)
        said.append(view["blocks"][0]["elements"][0]["text"])
        asked += page.names
        filling = sent(form, filling, {name: filling.entries[name] for name in page.names})
    assert asked == [field.name for field in form.fields]
    assert said == ["Page 1 of 4", "Page 2 of 4", "Page 3 of 4", "Page 4 of 4"]
    assert read_form(form, filling.entries) == {f"p{at}": at for at in range(300)}


def test_long_texts_are_spread_over_pages() -> None:
    """Texts that weigh more than a view may come on several pages, each as Slack takes it."""
    texts = {f"t{at}": {"type": "string", "default": "é" * 3000} for at in range(60)}
    form = form_from_schema({"properties": texts})
    filling, count = begun(form), 0
    while (page := next_page(form, filling)) is not None:
        assert_valid(page_of(form, filling=filling))
        filling = sent(form, filling, {name: filling.entries[name] for name in page.names})
        count += 1
    assert count > 3
    assert read_form(form, filling.entries) == dict.fromkeys(texts, "é" * 3000)


def test_what_slack_cannot_show_keeps_its_value_and_is_named_once() -> None:
    """A text of more than 3 000 characters is named on the first page, not on the next, and comes back whole."""
    props = {
        "long": {"type": "string", "default": "x" * 3001},
        **{f"p{at}": {"type": "integer", "default": at} for at in range(100)},
    }
    form = form_from_schema({"properties": props})
    filling, named = begun(form), []
    while (page := next_page(form, filling)) is not None:
        named.append("left as it is: Long" in json.dumps(page_of(form, filling=filling)))
        filling = sent(form, filling, {name: filling.entries[name] for name in page.names})
    assert named == [True, False]
    assert read_form(form, filling.entries)["long"] == "x" * 3001


async def test_a_complaint_about_an_earlier_page_is_asked_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """The fields that are wrong come back on a page of their own, with what is wrong and what was entered."""
    async with bot_at(sandbox, tmp_path) as bot:
        form = form_from_schema(
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "pick": {"anyOf": [_shape("x"), _shape("y")]}},
                "required": ["a", "pick"],
            }
        )
        submission = Submission(
            callback_id="form", view_id="V1", user_id="U0RITA", team_id="T1", metadata="{}",
            values={"field:pick#0.x": {"value": {"value": "text"}}}, inputs=("field:pick#0.x",),
        )  # fmt: skip
        filling = sent(form, begun(form), {"a": "5", "pick": "0"})
        draft_id = await bot.desk.drafts.begin(
            "U0RITA", context={}, entries=filling.entries, asked=filling.asked
        )
        submission = Submission(**{**vars(submission), "metadata": with_draft("{}", draft_id)})
        sheet = await sheet_of(
            submission, form=form, draw=lambda filling: page_of(form, filling=filling), desk=bot.desk
        )
        assert await sheet.next() is None
        answer = await sheet.wrong(InvalidInput({"a": "This is too much."}))
        assert answer["response_action"] == "update"
        view = answer["view"]
        assert_valid(view)
        assert "A: This is too much." in json.dumps(view)
        (block,) = [each for each in view["blocks"] if each["type"] == "input"]
        assert (block["block_id"], block["element"]["initial_value"]) == (block_id_of(form, "a"), "5")


async def test_a_form_without_fields_says_what_is_wrong(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where no field can carry a complaint, a sentence takes the form's place."""
    async with bot_at(sandbox, tmp_path) as bot:
        form = form_from_schema({"type": "object", "minProperties": 1})
        submission = Submission(
            callback_id="form", view_id="V1", user_id="U0RITA", team_id="T1", metadata="{}", values={}, inputs=()
        )  # fmt: skip
        sheet = await sheet_of(submission, form=form, draw=lambda _: page_of(form), desk=bot.desk)
        assert await sheet.next() is None
        with pytest.raises(InvalidInput) as caught:
            read_form(form, sheet.entries)
        answer = await sheet.wrong(caught.value)
        assert "More of this has to be filled in." in json.dumps(answer["view"])


def _shape(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}
