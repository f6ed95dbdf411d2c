"""approvals.toml: who may decide, where and by when, per workflow.

[defaults]                                  # every key can be set again per workflow
channel = "#approvals"
approvers = { users = ["U0AMY"], groups = ["S0APPROVERS"] }
allow_self_approval = false
expires_after = "24h"                       # s, m, h or d; "never"
carry_out_within = "1h"                     # an approval that the graph gets later than this is asked anew
required_approvals = 1                      # how many different people have to approve; one may reject
edit_requires_second_approver = false       # true: what one person has typed, another one has to approve
starters = { groups = ["S0STAFF"] }         # left out: everybody may start
starts_per_minute = 60                      # of one workflow by one person; left out: 60

[workflows.expense]
title = "Expense"
description = "Pay an expense."
inputs = ["amount", "purpose"]              # the fields of the start form; left out: all
dialect = "review"                          # what its questions are read as; left out: told by their shape
answers = { approve = "yes", reject = { no = "$reason" }, edit = "update" }

[[workflows.expense.levels]]                # the first level whose `when` a question meets
when = { level = "director" }
approvers = { groups = ["S0DIRECTORS"] }
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.decisions import Verdict
from engine.errors import AppError
from engine.forms import MISSING
from engine.policy import Policy, required
from engine.questions import DIALECT_NAMES, PROTOCOL_NAMES, AnswerMapping, fault_of
from engine.workflows.rules import STARTS_PER_MINUTE, Level, Rules

FILE_NAME = "approvals.toml"
NEVER = "never"
MOST_APPROVALS = 20
LONGEST_S = 100 * 365 * 86_400
MOST_STARTS = 100_000

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(text: str) -> str:
    if text != NEVER and not re.fullmatch(r"0*[1-9][0-9]{0,8}[smhd]", text):
        raise ValueError('write a number and a unit, such as "90s", "30m", "24h" or "7d", or "never"')
    if text != NEVER and int(text[:-1]) * _SECONDS[text[-1]] > LONGEST_S:
        raise ValueError('this is over 100 years; write "never"')
    return text


Name = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]
Duration = Annotated[str, AfterValidator(_duration)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _People(_Table):
    users: list[Name] = []
    groups: list[Name] = []


class _Terms(_Table):
    approvers: _People | None = None
    allow_self_approval: bool | None = None
    expires_after: Duration | None = None
    carry_out_within: Duration | None = None
    required_approvals: Annotated[int, Field(ge=1, le=MOST_APPROVALS)] | None = None
    edit_requires_second_approver: bool | None = None


class _Defaults(_Terms):
    channel: Name | None = None
    starters: _People | None = None
    starts_per_minute: Annotated[int, Field(ge=1, le=MOST_STARTS)] | None = None


class _Level(_Terms):
    when: Annotated[dict[str, str | int | float | bool], Field(min_length=1)]


class _Answers(_Table):
    approve: Any = MISSING
    reject: Any = MISSING
    edit: Literal["update", "resume"] | None = None


class _Workflow(_Defaults):
    title: str = ""
    description: str = ""
    inputs: list[Name] | None = None
    answers: _Answers | None = None
    dialect: str | None = None
    levels: list[_Level] = []


class _File(_Table):
    defaults: _Defaults = _Defaults()
    workflows: dict[str, _Workflow] = {}


def read_rules(folder: Path, *, names: Collection[str]) -> dict[str, Rules]:
    """Read the rules of the workflows `names` from approvals.toml in `folder`.

    A missing file is allowed: then nobody may decide, and each `problem` says so.

    Raises:
        AppError: the file cannot be read, has a key that is not known, a value of the wrong kind or a workflow
            that is not among `names`. Says where and what to do.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        missing = (
            f"There is no {FILE_NAME} beside langgraph.json, so nobody may decide and there is no channel."
        )
        return {name: Rules(problem=missing) for name in names}
    file = _parsed(path)
    for name, own in file.workflows.items():
        if name not in names:
            raise AppError(f"{path}: workflows.{name}: {_no_such_graph(name, names=names)}")
        if fault := _answering_fault(own):
            raise AppError(f"{path}: workflows.{name}.{fault}.")
    return {name: _rules(file.defaults, file.workflows.get(name, _Workflow())) for name in names}


def _parsed(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as exc:
        raise AppError(f"{path} is not valid TOML: {exc}.") from exc
    except ValidationError as exc:
        faults = "; ".join(_fault(error) for error in exc.errors())
        raise AppError(f"{path}: {faults}.") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise AppError(f"{path} cannot be read: {exc}.") from exc


def _fault(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: this key is not known here; remove it or correct its spelling"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {message[:1].lower()}{message[1:]}"


def _no_such_graph(name: str, *, names: Collection[str]) -> str:
    close = get_close_matches(name, names, n=1)
    hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(names)}."
    return f"langgraph.json has no graph of this name. {hint}"


def _answering_fault(own: _Workflow) -> str | None:
    """Say which key about answers cannot be meant so, and what to do."""
    if own.dialect is not None and own.dialect not in DIALECT_NAMES:
        return f"dialect: {own.dialect!r} is not known here; write one of {', '.join(DIALECT_NAMES)}"
    if own.answers is None:
        return None
    if own.dialect in PROTOCOL_NAMES:
        return f"answers: the answers of the dialect {own.dialect!r} have a fixed shape; leave this out"
    fault = fault_of(AnswerMapping(**dict(own.answers)))
    return None if fault is None else f"answers.{fault[0]}: it {fault[1]}"


def _rules(defaults: _Defaults, own: _Workflow) -> Rules:
    policy = _policy(_policy(Policy(), defaults), own)
    levels = tuple(Level(when=level.when, policy=_policy(policy, level)) for level in own.levels)
    starters = own.starters or defaults.starters
    channel = own.channel or defaults.channel
    return Rules(
        policy=policy,
        levels=levels,
        channel=channel,
        starters=_policy(Policy(allow_self=True), _Terms(approvers=starters)) if starters else None,
        starts_per_minute=own.starts_per_minute or defaults.starts_per_minute or STARTS_PER_MINUTE,
        answers=AnswerMapping(**dict(own.answers)) if own.answers else None,
        dialect=own.dialect,
        inputs=None if own.inputs is None else tuple(own.inputs),
        title=own.title,
        description=own.description,
        problem=_problem(policy, levels=levels, channel=channel),
    )


def _policy(inherited: Policy, terms: _Terms) -> Policy:
    people = terms.approvers
    allows_self = terms.allow_self_approval
    second = terms.edit_requires_second_approver
    return Policy(
        users=inherited.users if people is None else frozenset(people.users),
        groups=inherited.groups if people is None else frozenset(people.groups),
        allow_self=inherited.allow_self if allows_self is None else allows_self,
        expires_after_s=_seconds(terms.expires_after, otherwise=inherited.expires_after_s),
        carry_out_within_s=_seconds(terms.carry_out_within, otherwise=inherited.carry_out_within_s),
        required_approvals=terms.required_approvals or inherited.required_approvals,
        edit_requires_second_approver=inherited.edit_requires_second_approver if second is None else second,
    )


def _seconds(duration: str | None, *, otherwise: int | None) -> int | None:
    if duration is None:
        return otherwise
    return None if duration == NEVER else int(duration[:-1]) * _SECONDS[duration[-1]]


def _problem(policy: Policy, *, levels: tuple[Level, ...], channel: str | None) -> str | None:
    problems = [] if channel else [f"{FILE_NAME} sets no channel for this workflow."]
    if not (policy.users or policy.groups):
        problems.append(f"{FILE_NAME} names no approvers for this workflow, so nobody may decide.")
    elif not all(level.policy.users or level.policy.groups for level in levels):
        problems.append(
            f"{FILE_NAME} has a level without approvers in this workflow: nobody may decide there."
        )
    short = map(_too_few, (policy, *(level.policy for level in levels)))
    problems += dict.fromkeys(sentence for sentence in short if sentence)
    return " ".join(problems) or None


def _too_few(policy: Policy) -> str | None:
    """Say so when a policy names fewer people than it needs; how many are in a group is not known here."""
    needed = required(policy, Verdict.APPROVE, is_typed=True)
    if policy.groups or not policy.users or len(policy.users) >= needed:
        return None
    return (
        f"{FILE_NAME} names {len(policy.users)} to approve what {needed} have to approve alike. "
        "Name more, or lower required_approvals or edit_requires_second_approver."
    )
