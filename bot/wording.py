"""Every sentence that people read: statuses, lines of the thread, refusals, answers to commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from bot.inert import cut, escape, one_line
from engine import (
    AlreadyDecided,
    AmbiguousRun,
    ApprovalStatus,
    ApprovalView,
    Earlier,
    EngineError,
    Event,
    EventKind,
    Expired,
    Halted,
    InvalidInput,
    NotAllowed,
    Policy,
    RunStatus,
    SelfApproval,
    StaleQuestion,
    StoreError,
    UnknownApproval,
    UnknownOption,
    UnknownRun,
    UnknownWorkflow,
    Verdict,
    WorkflowView,
)

RUN_STATUS: Final[Mapping[RunStatus, str]] = {
    RunStatus.RUNNING: "Running…",
    RunStatus.WAITING: "Waiting for approval",
    RunStatus.FINISHED: "Finished",
    RunStatus.FAILED: "Failed",
    RunStatus.STOPPED: "Stopped",
    RunStatus.EXPIRED: "Expired",
}
APPROVAL_STATUS: Final[Mapping[ApprovalStatus, str]] = {
    ApprovalStatus.PENDING: "Waiting for a decision",
    ApprovalStatus.DECIDED: "The run is about to take this answer.",
    ApprovalStatus.RESUMED: "The run has taken this answer.",
    ApprovalStatus.WITHDRAWN: "Withdrawn: the run no longer asks this, so there is nothing to decide.",
    ApprovalStatus.EXPIRED: "Expired: the deadline passed without a decision.",
}
VERDICT: Final[Mapping[Verdict, str]] = {
    Verdict.APPROVE: "Approved",
    Verdict.REJECT: "Rejected",
    Verdict.EDIT: "Edited and approved",
    Verdict.RESPOND: "Answered",
}
OWN_LABELS: Final[Mapping[tuple[Verdict, str], str]] = {
    (Verdict.EDIT, "Edit and retry"): "Edited and retried",
    (Verdict.REJECT, "Stop"): "Stopped",
    (Verdict.APPROVE, "Accept"): "Accepted",
    (Verdict.REJECT, "Ignore"): "Ignored",
    (Verdict.APPROVE, "Approve all"): "Approved all",
    (Verdict.REJECT, "Reject all"): "Rejected all",
    (Verdict.RESPOND, "Decide each…"): "Each call decided",
    (Verdict.RESPOND, "Answer…"): "Answered",
}
"""What was decided with a button whose label is Assent's own, not the graph's."""
SENDING: Final[Mapping[str, str]] = {"Decide each…": "Send decisions", "Answer…": "Send answer"}
"""On the button that sends the form of such an option."""
NOBODY: Final = "nobody, because no approvers are set for this workflow"
SUPERSEDED: Final = "Out of date: the content changed and was asked again. Please use the newer card below."
NEEDS_REVIEW: Final = "To approve, open “Review in full” first."
TOO_LONG: Final = (
    "This is too long to be shown in Slack in full, so it cannot be approved here. The file in this thread holds"
    " all of it."
)
REVIEW: Final = "Review in full"
IN_FULL: Final = "All that is asked:"
ITEM: Final = "item"
ALSO_ASKED: Final = "Also asked with"
SUBMIT: Final[Mapping[Verdict, str]] = {
    Verdict.APPROVE: "Approve",
    Verdict.REJECT: "Reject",
    Verdict.EDIT: "Approve with changes",
    Verdict.RESPOND: "Send",
}
"""On a button whose own label is blank, or too long for it."""
NO_EDIT: Final = "None of its values can be edited in Slack: they are too long or hold invisible characters."
INVISIBLE: Final = (
    "Careful: some characters are invisible or change the reading direction; they are shown as ⟨U+…⟩."
)
MIXED: Final = (
    "Careful: some words mix letters of different alphabets, which can make them look like other words."
)
NOTHING_WAITING: Final = "Nothing is waiting for a decision."
SEE_THREAD: Final = "The thread has more."
SEE_ROOT: Final = "The request at the top of the thread has more."
REQUEST: Final = "From the request:"
RUNNING: Final = "Now running: "
NO_INPUT: Final = "This workflow needs no input."
FINGERPRINT_CHARS: Final = 16
"""What is shown of a digest; the audit trail has all of it."""
LABEL_CHARS: Final = 75
"""What a button shows of its label."""
DESCRIPTION_CHARS: Final = 150
"""What the list of workflows shows of each description."""
COMMENT: Final = "What do you want to say?"
REASON_HINT: Final = "The requester sees this in the thread."
NEXT: Final = "Next"
NOTHING_RECORDED: Final = "Something went wrong here, and nothing was recorded. Please try again."


class Line(NamedTuple):
    """A sentence in two parts: the lead stands in bold, the rest in one line may hold text from outside."""

    lead: str
    rest: str


def event_line(event: Event, *, title: str, number: int | None) -> Line:
    """Say in one line what happened; `number` counts the question that the event is about from 1.

    Only what fits a line: results and edited values follow it in blocks of their own. A refused click has no
    line; asking for one gives the same words as in the audit trail.
    """
    said = _told(event, title=title, number=number)
    return Line(said.lead, one_line(said.lead + said.rest)[len(said.lead) :])


def _told(event: Event, *, title: str, number: int | None) -> Line:
    detail, who = event.detail, event.actor_name or "Assent"
    match event.kind:
        case EventKind.STARTED:
            return Line("Started", f" by {who}: {title}")
        case EventKind.ASKED:
            return Line(_asked(detail, number=number), f": {detail.get('text', '')}")
        case EventKind.ASKED_ANEW:
            why = ", because the content changed" if detail.get("is_changed", True) else ""
            return Line("Asked again", f"{why}: {detail.get('text', '')}")
        case EventKind.ENDORSED:
            lead = verdict(Verdict(detail["verdict"]), label=detail["label"])
            return Line(f"{lead} ({detail['count']} of {detail['required']})", f" by {who}{_because(detail)}")
        case EventKind.DECIDED:
            lead = verdict(Verdict(detail["verdict"]), label=detail["label"])
            others = "".join(f" and {each['name']}" for each in detail.get("endorsers", ()))
            return Line(lead, f" by {who}{others}{_because(detail)}")
        case EventKind.RESUMED:
            return Line("Resumed", ": the run has taken the answer and goes on.")
        case EventKind.RESENT:
            return Line("Sent again", ": the step failed before it had used this answer.")
        case EventKind.REFUSED:
            return Line("Refused", f": a click by {who} ({detail.get('code', 'refused')})")
        case EventKind.WITHDRAWN:
            return Line("Question withdrawn", f": {detail['why']}" if detail.get("why") else "")
        case EventKind.RESTARTED:
            return Line("Step started over", f": {detail.get('why', '')}{_taken_back(detail)}")
        case EventKind.DROPPED:
            count = detail.get("count", 0)
            return Line("Answers dropped", f": {count} given ahead by {who}. {detail.get('why', '')}")
        case EventKind.EXPIRED:
            return Line("Expired", ": the deadline passed without a decision.")
        case EventKind.STOPPED:
            return Line("Stopped", f" by {who}{_because(detail)}" if event.actor_name else _because(detail))
        case EventKind.FINISHED:
            return Line("Finished", "" if detail.get("result") is None else " with this result:")
        case EventKind.FAILED:
            return Line("Failed", f": {detail.get('error') or 'the run ended with an error'}")


def verdict(given: Verdict, *, label: str) -> str:
    """Say what was decided; where its button said something of its own, by that label too."""
    if (given, label) in OWN_LABELS:
        return OWN_LABELS[given, label]
    usual = {given.value, ""} if given is not Verdict.RESPOND else set()
    return VERDICT[given] if label.lower() in usual else f"{VERDICT[given]} “{_short(label)}”"


def takes(policy: Policy) -> str:
    """Say how many people it takes to decide."""
    several = max(2, policy.required_approvals)
    if policy.required_approvals > 1:
        return f"{several} people to approve, 1 to reject"
    return f"1 person; {several} to approve what somebody has typed"


def why(label: str) -> str:
    """Ask for the reason of a rejection, by the label of its button."""
    return (
        "Why do you reject this?" if label.casefold() == "reject" else f"Why do you choose “{_short(label)}”?"
    )


def review(label: str) -> str:
    """Name the button of an option that opens all that is asked first."""
    return f"Review: {_short(label)}"


def round_before(earlier: Earlier) -> Line:
    """Say which round a question is, and how the one before it ended, up to the name of who decided."""
    told = verdict(earlier.decision.verdict, label=earlier.decision.label)
    return Line(f"Round {earlier.round + 1}", f": round {earlier.round} was {told[:1].lower()}{told[1:]} by ")


def repeated(earlier: Earlier) -> str:
    """Warn that exactly the same was asked before and turned down."""
    told = verdict(earlier.decision.verdict, label=earlier.decision.label)
    return (
        f"Careful: nothing has changed since round {earlier.round}, which was {told[:1].lower()}{told[1:]}."
        " Exactly the same is asked again."
    )


def changed_since(earlier: Earlier) -> str:
    """Head the list of changes between two rounds."""
    return f"Changed since round {earlier.round}:"


def fingerprint(digest: str) -> str:
    """Name an answer by the beginning of its digest."""
    return f"Fingerprint {digest[:FINGERPRINT_CHARS]}"


def other_answer(decided: str, *, sent: str) -> str:
    """Warn that a run got something else than what was decided."""
    return (
        f"Careful: the run got another answer (fingerprint {sent[:FINGERPRINT_CHARS]}) than was decided here"
        f" ({decided[:FINGERPRINT_CHARS]}). Look at the audit trail."
    )


def _asked(detail: Mapping[str, Any], *, number: int | None) -> str:
    if detail.get("round", 1) > 1:
        return f"Round {detail['round']}"
    return "Asked" if number in (None, 1) else "Next question"


def _short(label: str) -> str:
    return cut(one_line(label), max_chars=LABEL_CHARS)


def hidden(chars: int) -> str:
    """Say how much of a text is not shown."""
    return f"{chars:,} more {'character is' if chars == 1 else 'characters are'} not shown here."


def card_text(approval: ApprovalView, *, requester: str, question: str) -> str:
    """Say in one line of mrkdwn how a question stands, for notifications and screen readers."""
    match approval.status:
        case ApprovalStatus.PENDING:
            state = "Approval needed" if approval.round == 1 else f"Approval needed, round {approval.round},"
        case ApprovalStatus.WITHDRAWN | ApprovalStatus.EXPIRED:
            state = approval.status.value.capitalize()
        case _:
            decision = approval.decision
            state = _outside(verdict(decision.verdict, label=decision.label)) if decision else "Decided"
    return f"{state} for {_outside(requester)}: {_outside(question)}"


def left_out(labels: Iterable[str]) -> str:
    """Say which fields a form does not show, and that they stay as they are."""
    return (
        f"Not shown here, because it is too long or holds invisible characters, and so left as it is: "
        f"{', '.join(one_line(label) for label in labels)}."
    )


def page(number: int, *, total: int | None) -> str:
    """Say which page of a form this is; `total` is None while it depends on what is chosen."""
    return f"Page {number} of {total}" if total else f"Page {number}"


def to_correct(complaints: Iterable[str]) -> str:
    """Ask to correct what stands on the page, each complaint with the label of its field."""
    return "\n".join(["Please correct this first:", *(one_line(each) for each in complaints)])


def moment(at: datetime) -> str:
    """Write a time for places where Slack cannot turn it into the reader's own zone."""
    return f"{at:%d %b %Y} at {at:%H:%M} UTC"


def sentence(error: EngineError) -> str:
    """Say in mrkdwn what was refused or went wrong, and what to do. One line, for a message or an ephemeral."""
    match error:
        case AlreadyDecided(actor_id=who) if who.isascii() and who.isalnum() and who.isupper():
            return _decided(error, who=f"<@{who}>")
        case AlreadyDecided():
            return _decided(error, who="somebody")
        case _:
            return _outside(plain_sentence(error))


def plain_sentence(error: EngineError, *, who: str | None = None) -> str:
    """Say the same in plain text, for a modal or a terminal, where no mention works.

    `who` is the display name behind an `AlreadyDecided.actor_id`, if it is known.
    """
    match error:
        case AlreadyDecided():
            return one_line(_decided(error, who=who or "somebody else"))
        case StaleQuestion():
            return "The question has changed since this card was posted, so nothing was decided. Use the newer card."
        case SelfApproval():
            return "You asked for this yourself, so somebody else has to decide. Nothing was decided."
        case Expired():
            return "The deadline for this question has passed. Nothing was decided."
        case UnknownOption():
            return "This question cannot be answered so, and nothing was decided. Look at the newest card."
        case UnknownApproval():
            return "This question is not known here any more. Nothing was decided."
        case NotAllowed():
            return one_line(str(error))
        case UnknownWorkflow():
            return f"There is no workflow “{one_line(error.name)}”. {known_workflows(error.known)}"
        case UnknownRun():
            return (
                "There is no such run of yours or for you to decide. “/approvals list” shows what is waiting."
            )
        case AmbiguousRun():
            return "Several runs begin with these characters. Please give more of them."
        case InvalidInput():
            told = (f"{name}: {text}" if name else text for name, text in error.errors.items())
            return one_line(" ".join(told))
        case Halted():
            return (
                "The records do not fit what Slack shows, so nothing is recorded and no request goes on until "
                "somebody who runs the bot has looked into it."
            )
        case StoreError():
            return "The database could not do this now. Nothing was recorded. Please try again."
        case _:
            return one_line(str(error))


def anchor(seq: int, seal: str) -> str:
    """Name an audit entry as its thread, the log and the settings do: its number and the beginning of its seal."""
    return f"{seq}:{seal[:FINGERPRINT_CHARS]}"


def known_workflows(names: Iterable[str]) -> str:
    """Say which workflows can be started; plain text."""
    known = ", ".join(sorted(one_line(name) for name in names))
    return f"You can start: {known}." if known else "No workflow is set up here yet."


def startable(workflows: Mapping[str, WorkflowView]) -> str:
    """List the workflows that can be started, a line each with its description; mrkdwn."""
    if not workflows:
        return known_workflows(())
    lines = (f"`{_outside(name)}`  {_about(view)}" for name, view in sorted(workflows.items()))
    return "\n".join(["*You can start:*", *lines])


def _about(workflow: WorkflowView) -> str:
    described = f": {cut(workflow.description, max_chars=DESCRIPTION_CHARS)}" if workflow.description else ""
    return _outside(f"{workflow.title}{described}")


def help_text() -> str:
    """Say what /approvals can do; mrkdwn."""
    return (
        (
            "*What you can do here*\n"
            "`/approvals start <workflow>` opens the form of a workflow and starts it; without a name it lists them\n"
            "`/approvals list` shows what is waiting for a decision\n"
            "`/approvals show <run>` shows one run; the first characters of its id are enough\n"
            "`/approvals help` shows this"
        )
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )


def run_started(title: str, *, run_id: str) -> str:
    """Confirm to a requester that the run exists; mrkdwn."""
    return f"{_outside(title)} was started as run {_outside(run_id)}. Its thread tells how it goes."


def _decided(error: AlreadyDecided, *, who: str) -> str:
    told = VERDICT[Verdict(error.verdict)].lower() if error.verdict in set(Verdict) else "decided"
    return f"This was {told} already, by {who} on {moment(error.decided_at)}. Your click changed nothing."


def _because(detail: Mapping[str, Any]) -> str:
    return f": {detail['reason']}" if detail.get("reason") else ""


def _taken_back(detail: Mapping[str, Any]) -> str:
    numbers = ", ".join(map(str, detail.get("taken_back") or ()))
    return f" What was answered to question {numbers} no longer counts." if numbers else ""


def _outside(text: str) -> str:
    return escape(one_line(text))
