"""Which question puts an earlier one again, and whether anything of it has changed: pure.

The rule and what it leaves out are in docs/decisions/0014-what-a-further-round-is.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from engine.canonical import canonical
from engine.decisions import Json, Verdict
from engine.questions import Question
from engine.views import ApprovalStatus, DecisionView, Earlier


def latest(rows: Sequence[Row[Any]], *, node: str, asking: Collection[str]) -> Row[Any] | None:
    """Return the question of a node that the graph answers to when the node asks once more; None: it is no answer.

    `rows` are the run's questions in the order in which they were asked, `asking` the nodes that ask by `interrupt()`
    now, one for each question. Of a node that asks several at once nobody can say which belongs to which.
    """
    own = [row for row in rows if row.node == node and row.pause == "dynamic"]
    if not own or list(asking).count(node) != 1:
        return None
    last = own[-1]
    is_alone = sum(row.asked_at == last.asked_at for row in own) == 1
    return last if is_alone and last.status == ApprovalStatus.RESUMED.value else None


def is_next_round(question: Question, *, after: Question, decision: DecisionView) -> bool:
    """Say whether a question is put because of what was decided on the one before it of the same node."""
    return _has_shape_of(question, after) and _asks_back(question, after, decision)


def turned_down(question: Question, decision: DecisionView) -> bool:
    """Say whether something was up for approval and was not approved: rejected, or answered in other words.

    An answer with a form of its own says more than that, so it is neither.
    """
    option = question.option(decision.option)
    is_word = decision.verdict is Verdict.RESPOND and option is not None and option.form is None
    can_be_approved = any(each.verdict is Verdict.APPROVE for each in question.options)
    return decision.verdict is Verdict.REJECT or (is_word and can_be_approved)


def repeated(question: Question, earlier: Iterable[Earlier]) -> Earlier | None:
    """Return the first of the earlier rounds, latest first, that asked exactly this and was turned down."""
    same = (
        each
        for each in earlier
        if turned_down(each.question, each.decision) and content(each.question) == content(question)
    )
    return next(same, None)


def content(question: Question) -> str:
    """Write what people are to judge as canonical text: without the ids that a graph gives each call of a tool."""
    parts: Json = [[part.title, part.note, part.value] for part in question.parts]
    return canonical(parts or question.shown)


def _has_shape_of(question: Question, other: Question) -> bool:
    return _shape(question) == _shape(other)


def _shape(question: Question) -> tuple[Any, ...]:
    """What two rounds have in common: the dialect, the question's words, its options, its keys."""
    options = tuple((option.name, option.verdict) for option in question.options)
    titles = tuple(part.title for part in question.parts)
    return question.dialect, question.text, options, titles, _keys(question)


def _keys(question: Question) -> frozenset[str] | str:
    shown = question.shown
    return frozenset(shown) if isinstance(shown, Mapping) else type(shown).__name__


def _asks_back(question: Question, after: Question, decision: DecisionView) -> bool:
    """A question that was turned down comes back; an edit only with what was edited in it, since it approves."""
    if decision.verdict is not Verdict.EDIT:
        return turned_down(after, decision)
    shown = question.shown
    is_there = isinstance(shown, Mapping) and decision.after.keys() <= shown.keys()
    return is_there and all(canonical(shown[name]) == canonical(new) for name, new in decision.after.items())
