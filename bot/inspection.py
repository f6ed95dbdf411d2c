"""The report of `assent check`: what an app asks and who may decide, in lines of 80 columns."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from bot.inert import one_line
from bot.wording import takes
from engine import AppReport, Ask, Field, FieldKind, Policy, Terms, WorkflowReport

COLUMNS: Final = 80
LABEL_COLUMNS: Final = 12

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_KINDS: Final[Mapping[FieldKind, str]] = {FieldKind.BOOLEAN: "yes or no", FieldKind.JSON: "JSON"}


def told(report: AppReport) -> Iterator[str]:
    """Tell a workflow after the other, then what could not be loaded, then a line with the sum."""
    for workflow in report.workflows:
        yield from _workflow(workflow)
        yield ""
    for name, why in report.broken.items():
        yield one_line(name)
        yield from _row("problem", f"could not be loaded. {why}")
        yield ""
    wrong = len(report.broken) + sum(bool(each.problems) for each in report.workflows)
    count = len(report.workflows) + len(report.broken)
    told_wrong = f"{wrong} of them cannot work as set up" if wrong else "nothing is known to be wrong"
    yield f"{count} {'workflow' if count == 1 else 'workflows'}: {told_wrong}."


def _workflow(report: WorkflowReport) -> Iterator[str]:
    yield one_line(f"{report.name} ({report.title})")
    yield from _rows("inputs", (_input(field) for field in report.form.fields), nothing="none")
    yield from _row("stops", _stops(report))
    yield from _rows("asks", (_ask(ask) for ask in report.asks), nothing=_asks_nothing(report))
    said = {**({"dialect": report.dialect} if report.dialect else {}), **report.answers}
    answers = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()]
    yield from _row("answers", ", ".join(answers) or "as the dialect of each question has them")
    yield from _row("may start", _people(report.starters) if report.starters else "everybody")
    yield from _rows("may decide", (_terms(terms) for terms in report.terms), nothing="nobody")
    yield from _row("channel", report.channel or "none")
    for problem in report.problems:
        yield from _row("problem", problem)


def _input(field: Field) -> str:
    kind = _KINDS.get(field.kind, field.kind.value.replace("_", " "))
    if field.choices:
        kind = f"{kind} of {_some(field.choices)}"
    return f"{field.name}: {kind}{'' if field.required else ', optional'}"


def _some(choices: Iterable[Any], *, shown: int = 6) -> str:
    texts = [choice if isinstance(choice, str) else json.dumps(choice) for choice in choices]
    more = [f"{len(texts) - shown} more"] if len(texts) > shown else []
    return ", ".join([*texts[:shown], *more])


def _stops(report: WorkflowReport) -> str:
    stops = [
        f"{when} {'every node' if nodes == '*' else ', '.join(sorted(nodes))}"
        for when, nodes in (("before", report.before), ("after", report.after))
        if nodes
    ]
    if not stops:
        return "at no breakpoint"
    editable = f"; an edit changes {', '.join(report.editable)}" if report.editable else ""
    return f"{' and '.join(stops)}{editable}"


def _asks_nothing(report: WorkflowReport) -> str:
    if report.before or report.after:
        return "only at its breakpoints"
    return "no interrupt() was found in its nodes"


def _ask(ask: Ask) -> str:
    where = f"{ask.node}, {ask.place}" if ask.node else ask.place
    if ask.dialect is None:
        return f"{where}: told when it asks"
    options = [f"{label} ({', '.join(of)})" if of else label for label, of in ask.options.items()]
    return f"{where}: {ask.dialect} “{ask.text}” with {', '.join(options)}"


def _terms(terms: Terms) -> str:
    when = " and ".join(f"{key} = {json.dumps(value)}" for key, value in terms.when.items())
    policy = terms.policy
    deadline = f"within {_duration(policy.expires_after_s)}" if policy.expires_after_s else "no deadline"
    own = "also who asked" if policy.allow_self else "not who asked"
    people = _people(policy)
    within_s = policy.carry_out_within_s
    soon = f"; to be carried out within {_duration(within_s)} of the approval" if within_s else ""
    several = f"; takes {takes(policy)}" if policy.needs_several else ""
    return f"{f'where {when}: ' if when else ''}{people}; {own}; {deadline}{soon}{several}"


def _people(policy: Policy) -> str:
    users = [f"user {each}" for each in sorted(policy.users)]
    groups = [f"group {each}" for each in sorted(policy.groups)]
    return ", ".join([*groups, *users]) or "nobody"


def _duration(seconds: int) -> str:
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _rows(label: str, texts: Iterable[str], *, nothing: str) -> Iterator[str]:
    for at, text in enumerate(list(texts) or [nothing]):
        yield from _row("" if at else label, text)


def _row(label: str, text: str) -> Iterator[str]:
    """Lay a text out beside its label; a word that is longer than a line is cut, so that no line is."""
    lines = textwrap.wrap(
        one_line(text), width=COLUMNS - LABEL_COLUMNS - 2, subsequent_indent="  ", break_on_hyphens=False
    )
    for at, line in enumerate(lines or [""]):
        yield f"  {'' if at else label:<{LABEL_COLUMNS}}{line}".rstrip()
