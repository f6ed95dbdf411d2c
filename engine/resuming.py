"""Raw values for a run's pauses: an ordered list, one value per pause, or values by interrupt id.

LangGraph's guide has it as `Command(resume=[True, True])`, which LangGraph 1.2.22 does not do: there the first
interrupt gets the whole list. Here each value decides the question that it meets, checked like a click:
the policy of that very question, what the question takes, its digest. A later value waits in a
table for the next pause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row

from engine import answers, approvals, runs
from engine.canonical import canonical, is_json
from engine.columns import is_damaged
from engine.decisions import Actor, Answer, Json, Verdict
from engine.errors import EngineError, Expired, InvalidInput, NotAllowed, NotAsked, Refused
from engine.forms import TOO_DEEP, unstorable
from engine.ledger import Transition
from engine.pauses import TROUBLES
from engine.pictures import Asked, read_asked
from engine.policy import is_too_late, refusal, required
from engine.questions import APPROVE, Option, answer, refusal_of_value
from engine.recording import Decided, record
from engine.views import ApprovalStatus, EventKind
from engine.workflows import Workflow

MOST_VALUES: Final = 100
"""More pauses than people decide ahead; a bound for what is kept."""
RAW: Final = Option("value", "a value", Verdict.RESPOND)
"""What a value counts as that is none of the question's own options."""
ENDED = "The run has ended."
DAMAGED = "It cannot be read any more: it was changed in the database."
TOO_OLD = "It was given longer ago than an approval holds for."
SEVERAL = "This takes several people, and each has to decide it when it is asked."

Values = Sequence[Json] | Mapping[str, Json]


async def give(
    transition: Transition,
    run: Row[Any],
    workflow: Workflow | None,
    *,
    values: Values,
    actor: Actor,
    request_key: str | None,
) -> None:
    """Take values for a run: what is pending gets its value now, the rest of a list waits for the next pauses.

    Whoever calls has locked the run. Values by interrupt id must all be pending now. After an exception the
    transaction has to be rolled back, so that nothing of the values is taken.

    Raises: a child of Refused; InvalidInput with one sentence under the empty name.
    """
    tx = transition.tx
    if request_key is not None and await answers.is_known(tx, run.id, request_key):
        return
    _raise_if_bad(values)
    if actor.barred:
        raise NotAllowed(actor.barred)
    if run.status not in runs.UNFINISHED:
        raise NotAsked
    keyed = list(values.items()) if isinstance(values, Mapping) else [(None, value) for value in values]
    await answers.add(tx, run.id, keyed, actor=actor, request_key=request_key, at=transition.now)
    for given, row in await _meetings(transition, run):
        await _decide(transition, read_asked(workflow, row, run), given)
    if any(each.interrupt_id is not None for each in await answers.waiting(tx, run.id)):
        raise NotAsked


async def take_up(transition: Transition, run: Row[Any], workflow: Workflow) -> None:
    """Let the values that wait decide what is asked now; a value that may not or does not fit drops all of them.

    The question is then left to people. Whoever calls holds the run.
    """
    for given, row in await _meetings(transition, run):
        try:
            await _decide(transition, read_asked(workflow, row, run), given)
        except (Refused, InvalidInput) as error:
            await drop(transition, run.id, why=_sentence(error), approval_id=row.id, actor=_actor(given))
            return


async def drop(
    transition: Transition,
    run_id: str,
    *,
    why: str = ENDED,
    approval_id: str | None = None,
    actor: Actor | None = None,
) -> None:
    """Drop the values that wait, with an audit entry if there are any."""
    count = await answers.drop(transition.tx, run_id)
    if count:
        transition.note(EventKind.DROPPED, approval_id=approval_id, actor=actor, count=count, why=why)
        await transition.show(run_id)


async def _meetings(transition: Transition, run: Row[Any]) -> list[tuple[Row[Any], Row[Any]]]:
    """Pair the values that wait with the questions that are pending, the first asked first.

    What to do about an error is left to people.
    """
    waiting = await answers.waiting(transition.tx, run.id)
    if not waiting:
        return []
    rows = await approvals.of_runs(transition.tx, [run.id])
    asked = [row for row in rows if row.pause not in TROUBLES]
    pending = [row for row in asked if row.status == ApprovalStatus.PENDING.value]
    return list(_pairs(waiting, pending))


def _pairs(waiting: Sequence[Row[Any]], pending: Sequence[Row[Any]]) -> Iterator[tuple[Row[Any], Row[Any]]]:
    left = {row.interrupt_id: row for row in pending}
    for given in waiting:
        chosen = given.interrupt_id if given.interrupt_id is not None else next(iter(left), None)
        row = left.pop(chosen, None) if chosen is not None else None
        if row is not None:
            yield given, row
        elif given.interrupt_id is None:
            return  # the values behind it are for later pauses still


async def _decide(transition: Transition, asked: Asked, given: Row[Any]) -> None:
    actor = _actor(given)
    if refused := refusal(asked.view.policy, actor=actor, requested_by=asked.requested_by):
        raise refused
    if is_damaged(given.value):
        raise InvalidInput({"": DAMAGED})
    if sentence := refusal_of_value(asked.view.question, given.value, mapping=asked.mapping):
        raise InvalidInput({"": sentence})
    decided = _decided(asked, given.value)
    if is_too_late(asked.view.policy, decided.option.verdict, given_at=given.given_at, now=transition.now):
        raise NotAllowed(TOO_OLD)
    is_typed = decided.option == RAW
    if required(asked.view.policy, decided.option.verdict, is_typed=is_typed) > 1:
        raise NotAllowed(SEVERAL)
    if await record(transition, asked, decided, actor=actor, request_key=given.request_key) is None:
        raise Expired
    await answers.use(transition.tx, given.run_id, given.seq)


def _decided(asked: Asked, value: Json) -> Decided:
    """Say what a value counts as. A breakpoint takes no value: it only goes on."""
    after = {"value": value}
    if asked.pause != "dynamic":
        return Decided(APPROVE, Answer(resume=None), after=after)
    return Decided(_option(asked, value), Answer(resume=value), after=after)


def _option(asked: Asked, value: Json) -> Option:
    """Find the option that gives the graph the same value."""
    for option in asked.view.question.options:
        if option.form is None and _is_answer(asked, option, value):
            return option
    return RAW


def _is_answer(asked: Asked, option: Option, value: Json) -> bool:
    try:
        made = answer(asked.view.question, option=option, reason="", values={}, mapping=asked.mapping)
    except InvalidInput:
        return False
    return canonical(made.resume) == canonical(value)


def _raise_if_bad(values: Values) -> None:
    given = list(values.values()) if isinstance(values, Mapping) else list(values)
    if not given or len(given) > MOST_VALUES:
        raise InvalidInput({"": f"Give between 1 and {MOST_VALUES} values, one for each pause."})
    for number, value in enumerate(given, start=1):
        if sentence := _fault(value):
            raise InvalidInput({"": f"Value {number}: {sentence}"})


def _fault(value: Json) -> str | None:
    try:
        return unstorable(value) if is_json(value) else "This is not plain JSON."
    except RecursionError:
        return TOO_DEEP


def _actor(given: Row[Any]) -> Actor:
    """Return who gave a value, with the groups that were looked up then."""
    return Actor(given.actor_id, given.actor_name, groups=frozenset(given.actor_groups))


def _sentence(error: EngineError) -> str:
    return " ".join(error.errors.values()) if isinstance(error, InvalidInput) else str(error)
