"""What the ledger tells the outside: frozen pictures of runs, approvals, decisions, events and postings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.decisions import Actor, Json, Verdict
from engine.forms import Form
from engine.policy import Policy
from engine.questions import Question


class RunStatus(StrEnum):
    """Where a run stands. Only RUNNING and WAITING runs go on; the others have ended for good."""

    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"  # a person rejected at a static breakpoint
    EXPIRED = "expired"  # a question's deadline passed


class ApprovalStatus(StrEnum):
    """Where a question stands. DECIDED becomes RESUMED once the graph has durably taken the answer."""

    PENDING = "pending"
    DECIDED = "decided"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"  # the graph no longer asks it
    EXPIRED = "expired"


class EventKind(StrEnum):
    """What an audit entry tells. All but REFUSED get a line in the request's thread."""

    STARTED = "started"
    ASKED = "asked"
    ASKED_ANEW = "asked_anew"  # the same question with other content: a new revision
    ENDORSED = "endorsed"  # approved by one of several people who have to
    DECIDED = "decided"
    RESUMED = "resumed"
    RESENT = "resent"  # the graph had lost the answer
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RESTARTED = "restarted"  # a step began anew, without its answers
    DROPPED = "dropped"  # values given for later pauses: one did not fit, or the run has ended
    EXPIRED = "expired"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True)
class WorkflowView:
    """A workflow that can be started. `problem` is a sentence when its approvals cannot work as set up."""

    name: str
    title: str
    description: str
    form: Form
    channel: str | None
    problem: str | None = None


@dataclass(frozen=True)
class DecisionView:
    """Who decided what: the name and label of the option that was chosen, and the verdict that it counts as.

    `before` and `after` hold the changed fields of an edit, by field name; of any other option with a form `after`
    holds all values and `before` nothing. `answer_digest` names what the graph gets. `endorsers` had approved the
    same before, where several people had to.
    """

    verdict: Verdict
    option: str
    label: str
    actor_id: str
    actor_name: str
    reason: str
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    decided_at: datetime
    answer_digest: str
    endorsers: tuple[Actor, ...] = ()


@dataclass(frozen=True)
class Endorsement:
    """One person's approval of a question that needs several; the fields are those of `DecisionView`.

    It is decided once `required` different people have approved what has this `answer_digest`.
    """

    verdict: Verdict
    option: str
    label: str
    actor_id: str
    actor_name: str
    reason: str
    before: Mapping[str, Json]
    after: Mapping[str, Json]
    endorsed_at: datetime
    answer_digest: str
    required: int


@dataclass(frozen=True)
class Earlier:
    """An earlier round of a question: what it asked, and how it was answered. `round` counts from 1."""

    approval_id: str
    round: int
    question: Question
    decision: DecisionView


@dataclass(frozen=True)
class ApprovalView:
    """One question of a run. `number` counts the run's questions from 1; `digest` covers what is shown.

    `node` is the name of the node that asks; before or after a breakpoint, of those that come next, with commas.
    `round` is more than 1 where a question is put once more because of an answer: `previous` is the round before,
    `repeats` the latest earlier round that asked exactly this and was turned down (None: there is none).
    `endorsements` are those of a pending question that still count.
    """

    id: str
    run_id: str
    node: str
    number: int
    revision: int
    digest: str
    status: ApprovalStatus
    question: Question
    policy: Policy
    asked_at: datetime
    expires_at: datetime | None
    decision: DecisionView | None
    round: int = 1
    previous: Earlier | None = None
    repeats: Earlier | None = None
    endorsements: tuple[Endorsement, ...] = ()


@dataclass(frozen=True)
class Event:
    """One audit entry. `detail` depends on the kind and holds only what `engine/audit.py` names for it.

    `seal` is the hash of the entry and of all before it, 64 hex digits.
    """

    seq: int
    run_id: str | None
    approval_id: str | None
    kind: EventKind
    at: datetime
    actor_id: str | None
    actor_name: str | None
    detail: Mapping[str, Json]
    seal: str


@dataclass(frozen=True)
class Anchor:
    """A copy of an audit entry's seal, or of its beginning, that was kept outside the database."""

    seq: int
    beginning: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.beginning}"

    @staticmethod
    def parsed(text: str) -> Anchor | None:
        """Read what `str` makes of an anchor, with at least 16 of the hash's 64 digits; None: it is none."""
        found = re.fullmatch(r"([0-9]{1,12}):([0-9a-f]{16,64})", text)
        return Anchor(int(found[1]), found[2]) if found else None


@dataclass(frozen=True)
class ProgressView:
    """What a run does between two rests: the nodes that run now, and a few lines of what was streamed last.

    All of it is payload, cut to 200 characters a line.
    """

    nodes: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class RunView:
    """One request, whole. `revision` grows with every change; `error` is set for FAILED only.

    `progress` is there while this process drives the run and that takes long; `revision` does not count it.
    """

    id: str
    thread_id: str
    workflow: str
    title: str
    channel: str | None
    requested_by: str
    requested_by_name: str
    input: Mapping[str, Json]
    status: RunStatus
    result: Json
    error: str | None
    started_at: datetime
    ended_at: datetime | None
    revision: int
    approvals: tuple[ApprovalView, ...] = ()
    events: tuple[Event, ...] = ()
    progress: ProgressView | None = None


@dataclass(frozen=True)
class Posting:
    """Where something of a run is shown in the chat service.

    `key` is "root", "card:<approval id>" or "line:<event seq>". `reference` is the service's own id of the
    message, None while it is not known whether the post arrived. `shown` is the digest of what it last showed, or
    what is no digest while nobody knows.
    """

    id: str
    run_id: str
    key: str
    place: str
    reference: str | None
    shown: str | None


@dataclass(frozen=True)
class Draft:
    """A form that its owner fills in page by page.

    `context` is what whoever shows the form wrote down about it, `entries` are raw texts by field name (see
    `engine/forms/reading.py`), `asked` holds the field names of each page that was sent, in order.
    """

    id: str
    owner: str
    context: Json
    entries: Mapping[str, str | None]
    asked: tuple[tuple[str, ...], ...]
    updated_at: datetime
