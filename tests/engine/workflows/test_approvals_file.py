"""approvals.toml is read to the letter, and what is wrong in it stops the start."""

from __future__ import annotations

import pytest

from engine.errors import AppError
from engine.forms import read_form
from engine.policy import Policy
from engine.questions import AnswerMapping
from engine.workflows.rules import Rules
from tests.engine.workflows.apps import BUILDER, Write, graphs, load, only

FULL = """
[defaults]
channel = "#approvals"
approvers = { users = ["U0AMY"], groups = ["S0APPROVERS"] }
expires_after = "24h"
starts_per_minute = 5

[workflows.it]
starts_per_minute = 7
title = "The thing"
description = "Does it."
channel = "C0OTHER"
allow_self_approval = true
starters = { groups = ["S0STAFF"] }
answers = { approve = { yes = true }, reject = "$reason", edit = "update" }

[[workflows.it.levels]]
when = { level = "director" }
approvers = { groups = ["S0DIRECTORS"] }
expires_after = "never"
allow_self_approval = false

[[workflows.it.levels]]
when = { amount = 10, urgent = true }
expires_after = "90s"
carry_out_within = "5m"
"""


async def test_rules_are_inherited_and_overridden(write: Write) -> None:
    """A workflow overrides the defaults, a level overrides its workflow, and the rest is inherited."""
    files = {
        "langgraph.json": graphs(
            it={"path": "./it.py:graph", "description": "d"}, other_thing="./it.py:graph"
        ),
        "it.py": BUILDER + "graph = builder",
        "approvals.toml": FULL,
    }
    app = await load(write(files))
    it, other = app.workflows["it"], app.workflows["other_thing"]
    amy, group = frozenset({"U0AMY"}), frozenset({"S0APPROVERS"})
    assert (it.title, it.description, it.channel, it.problem) == ("The thing", "Does it.", "C0OTHER", None)
    assert it.starters == Policy(groups=frozenset({"S0STAFF"}), allow_self=True)
    assert it.answers == AnswerMapping(approve={"yes": True}, reject="$reason", edit="update")
    assert (it.starts_per_minute, other.starts_per_minute) == (7, 5)
    assert Rules().starts_per_minute == 60
    own = Policy(users=amy, groups=group, allow_self=True, expires_after_s=86_400)
    assert (
        it.policy_for("text") == it.policy_for({"level": "manager"}) == it.policy_for({"amount": 10}) == own
    )
    assert it.policy_for({"level": "director", "amount": 1}) == Policy(groups=frozenset({"S0DIRECTORS"}))
    urgent = it.policy_for({"amount": 10.0, "urgent": True})
    assert (urgent.expires_after_s, urgent.carry_out_within_s) == (90, 300)
    assert it.policy_for({"amount": 10, "urgent": 1}) == own
    assert (other.title, other.channel, other.starters, other.answers) == (
        "Other thing",
        "#approvals",
        None,
        None,
    )
    assert other.policy_for({"level": "director"}) == Policy(users=amy, groups=group, expires_after_s=86_400)


async def test_without_approvals_toml_everything_loads_and_nobody_decides(write: Write) -> None:
    """The workflow is there, allows nothing and says what is missing."""
    app = await load(
        write({"langgraph.json": graphs(it="./it.py:graph"), "it.py": BUILDER + "graph = builder"})
    )
    workflow = app.workflows["it"]
    assert workflow.policy_for({}) == Policy()
    assert workflow.channel is None
    assert "no approvals.toml" in (workflow.problem or "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "sets no channel for this workflow. approvals.toml names no approvers"),
        ('[defaults]\nchannel = "#a"', "names no approvers"),
        ('[defaults]\nchannel = "#a"\napprovers = {}', "names no approvers"),
        ('[defaults]\napprovers = { users = ["U1"] }', "sets no channel"),
        (
            '[defaults]\nchannel = "#a"\napprovers = { users = ["U1"] }\n'
            "[[workflows.it.levels]]\nwhen = { a = 1 }\napprovers = {}",
            "a level without approvers",
        ),
        (
            '[defaults]\nchannel = "#a"\napprovers = { users = ["U1", "U2"] }\n'
            "[[workflows.it.levels]]\nwhen = { a = 1 }\nrequired_approvals = 3",
            "names 2 to approve what 3 have to approve alike",
        ),
        (
            '[defaults]\nchannel = "#a"\napprovers = { users = ["U1"] }\nedit_requires_second_approver = true',
            "names 1 to approve what 2 have to approve alike",
        ),
    ],
)
async def test_rules_that_cannot_work_are_a_problem_to_show(write: Write, text: str, problem: str) -> None:
    """Missing approvers or a missing channel are said beforehand, not found out with the first question."""
    assert problem in ((await only(write, BUILDER + "graph = builder", approvals=text)).problem or "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[defaults", "not valid TOML"),
        ("\n\nchannel = x\n", "line 3"),
        ("[default]", "default: this key is not known here"),
        ('[defaults]\nchanel = "#a"', "defaults.chanel: this key is not known here"),
        (
            "[defaults]\nallow_self_approval = 1",
            "defaults.allow_self_approval: input should be a valid boolean",
        ),
        ('[defaults]\napprovers = ["U1"]', "defaults.approvers: "),
        (
            '[defaults]\napprovers = { users = "U1" }',
            "defaults.approvers.users: input should be a valid list",
        ),
        ('[defaults]\napprovers = { users = [""] }', "defaults.approvers.users.0: "),
        (
            '[defaults]\nexpires_after = "1 day"',
            'defaults.expires_after: write a number and a unit, such as "90s"',
        ),
        ('[defaults]\nexpires_after = "9999999d"', "defaults.expires_after: this is over 100 years"),
        ("[defaults]\nstarts_per_minute = 0", "defaults.starts_per_minute: input should be greater than"),
        ('[defaults]\nexpires_after = "0h"', "defaults.expires_after: write a number and a unit"),
        (
            '[workflows.itt]\ntitle = "x"',
            "workflows.itt: langgraph.json has no graph of this name. Did you mean 'it'?",
        ),
        ("[workflows.zzz]", "Known: it."),
        (
            '[workflows.it]\nanswers = { edit = "both" }',
            "workflows.it.answers.edit: input should be 'update' or 'resume'",
        ),
        (
            '[workflows.it]\ndialect = "reviews"',
            "workflows.it.dialect: 'reviews' is not known here; write one of approval, per_call,",
        ),
        (
            '[workflows.it]\ndialect = "inbox"\nanswers = { approve = true }',
            "workflows.it.answers: the answers of the dialect 'inbox' have a fixed shape; leave this out",
        ),
        (
            '[workflows.it]\nanswers = { approve = "$edits" }',
            'workflows.it.answers.approve: it has $edits, which edit = "resume" alone fills',
        ),
        ("[workflows.it]\nanswers = { reject = 2026-01-31 }", "workflows.it.answers.reject: it has a value"),
        ("[[workflows.it.levels]]\napprovers = {}", "workflows.it.levels.0.when: field required"),
        ("[[workflows.it.levels]]\nwhen = {}", "workflows.it.levels.0.when: "),
        ("[defaults]\nallow_self_approval = 1\nchannel = 5", "defaults.channel: "),
    ],
)
async def test_a_wrong_approvals_toml_says_where_and_what_to_do(write: Write, text: str, words: str) -> None:
    """The start stops with the file, the path of the key and a sentence, instead of guessing who may decide."""
    path = write(
        {
            "langgraph.json": graphs(it="./it.py:graph"),
            "it.py": BUILDER + "graph = builder",
            "approvals.toml": text,
        }
    )
    with pytest.raises(AppError) as caught:
        await load(path)
    assert words in str(caught.value)
    assert "approvals.toml" in str(caught.value)


async def test_the_start_form_may_be_narrowed(write: Write) -> None:
    """`inputs` names the fields of the start form, in order; a name that the graph does not take is told."""
    source = (
        BUILDER.replace("    amount: int\n", "    amount: int\n    status: str\n    note: str\n")
        + "graph = builder"
    )
    narrowed = await only(write, source, approvals='[workflows.it]\ninputs = ["note", "amount"]')
    assert [field.name for field in narrowed.input_form.fields] == ["note", "amount"]
    assert read_form(narrowed.input_form, {"note": "n", "amount": "1"}) == {"note": "n", "amount": 1}
    app = await load(write({"approvals.toml": '[workflows.it]\ninputs = ["nope"]'}))
    assert app.broken == {"it": "approvals.toml: workflows.it.inputs: the graph takes no 'nope'."}


async def test_a_workflow_may_name_its_dialect(write: Write) -> None:
    """The dialect stands with the workflow; without one each question is told by its shape."""
    source = BUILDER + "graph = builder"
    assert (await only(write, source, approvals='[workflows.it]\ndialect = "review"')).dialect == "review"
    assert (await only(write, source, approvals="[workflows.it]")).dialect is None


async def test_an_update_needs_a_state(write: Write) -> None:
    """A graph without a state cannot be told to take edits there; the reason says what to write instead."""
    source = """
from langgraph.func import entrypoint


@entrypoint()
def graph(given: int) -> int:
    return given
"""
    files = {"it.py": source, "langgraph.json": graphs(it="./it.py:graph")}
    app = await load(write({**files, "approvals.toml": '[workflows.it]\nanswers = { edit = "update" }'}))
    assert "workflows.it.answers.edit: the graph has no state" in app.broken["it"]
    app = await load(write({**files, "approvals.toml": '[workflows.it]\nanswers = { edit = "resume" }'}))
    assert app.broken == {}
