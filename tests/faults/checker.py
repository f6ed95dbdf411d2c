"""The independent checker: holds the database, the effects, the acks and Slack's messages against each other.

It imports nothing of the product; it knows tables, audit chain and checkpoints by their documentation only.

I1 every ack has its decision, and the run went on. I2 one decision for a question, and the graph got that. I3
one effect, by its key, for what was approved, and none for what was not. I4 what was shown is what was decided
is what was sent. I5 whoever decided was allowed to, and they were enough. I6 the audit
chain holds and tells every transition. I7 one live card for each pending question, and none for others. I8 every
checkpoint was built upon the newest. I9 no secret in a message.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

SECRETS = re.compile(r"xox[abp]-|xapp-|BEGIN [A-Z ]*PRIVATE KEY")
ENDED = ("finished", "failed", "stopped", "expired")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What is left after a trial. `database` is a URL, `messages` are those of the channel, None without a Slack.

    `effects` has a line {"thread", "what", "key"} per call, `acks` {"approval", "revision", "verdict"} per click that
    was told that it counts; `allowed` are the people who may decide, `required` says by workflow how many of them
    have to approve.
    """

    database: str
    effects: Path
    acks: Path
    allowed: Sequence[str] = ("U0AMY", "U0BEN")
    messages: Sequence[Mapping[str, Any]] | None = None
    required: Mapping[str, int] = field(default_factory=dict)


def check(evidence: Evidence) -> list[str]:
    """Return a sentence for each violation."""
    ledger = _read(evidence.database)
    return [
        *_acks(ledger, evidence),
        *_decisions(ledger),
        *_effects(ledger, evidence),
        *_digests(ledger),
        *_people(ledger, evidence),
        *_chain(ledger),
        *_told(ledger),
        *_checkpoints(ledger),
        *(_cards(ledger, evidence.messages) if evidence.messages is not None else ()),
    ]


class Ledger:
    """The rows of the product's tables, by table."""

    def __init__(self, rows: Mapping[str, list[Row]]) -> None:
        self.runs = {row["id"]: row for row in rows["runs"]}
        self.approvals = {row["id"]: row for row in rows["approvals"]}
        self.decisions = {(row["approval_id"], row["revision"]): row for row in rows["decisions"]}
        self.audit = sorted(rows["audit"], key=lambda row: row["seq"])
        self.checkpoints = rows["checkpoints"]
        self._numbers = {(row["run_id"], row["number"]): row["id"] for row in rows["approvals"]}

    @cached_property
    def taken_back(self) -> set[str]:
        """The questions whose answers a step that began anew does not have any more."""
        return {
            self._numbers[row["run_id"], number]
            for row in self.audit
            if row["kind"] == "restarted"
            for number in json.loads(row["detail"])["taken_back"]
        }

    def of_approval(self, approval_id: str, kind: str) -> list[Row]:
        return [row for row in self.audit if row["approval_id"] == approval_id and row["kind"] == kind]


def _read(url: str) -> Ledger:
    columns = {
        "checkpoints": "thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata",
    }
    tables = ("runs", "approvals", "decisions", "audit", "checkpoints")
    statements = {name: f"SELECT {columns.get(name, '*')} FROM assent_{name}" for name in tables}  # noqa: S608
    return Ledger(
        _from_sqlite(url, statements) if url.startswith("sqlite") else _from_postgres(url, statements)
    )


def _from_sqlite(url: str, statements: Mapping[str, str]) -> dict[str, list[Row]]:
    connection = sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return {name: [dict(row) for row in connection.execute(said)] for name, said in statements.items()}
    finally:
        connection.close()


def _from_postgres(url: str, statements: Mapping[str, str]) -> dict[str, list[Row]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row) as connection:
        return {name: list(connection.execute(said.encode())) for name, said in statements.items()}


def _acks(ledger: Ledger, evidence: Evidence) -> Iterator[str]:
    for ack in _lines(evidence.acks):
        decided = ledger.decisions.get((ack["approval"], ack["revision"]))
        if decided is None:
            yield f"I1: the decision on {ack['approval']} was acknowledged and is not there"
        elif decided["verdict"] != ack["verdict"]:
            yield f"I1: {ack['approval']} was acknowledged as {ack['verdict']} and is {decided['verdict']}"
    for run in ledger.runs.values():
        if run["status"] not in ENDED and not any(
            row["run_id"] == run["id"] and row["status"] == "pending" for row in ledger.approvals.values()
        ):
            yield f"I1: run {run['id']} rests as {run['status']} and asks nothing"


def _decisions(ledger: Ledger) -> Iterator[str]:
    counts = Counter(approval_id for approval_id, _ in ledger.decisions)
    for approval_id, count in counts.items():
        if count > 1 and not ledger.of_approval(approval_id, "asked_anew"):
            yield f"I2: {approval_id} was decided {count} times"
    for approval in ledger.approvals.values():
        decided = ledger.decisions.get((approval["id"], approval["revision"]))
        if approval["status"] in ("decided", "resumed") and decided is None:
            yield f"I2: {approval['id']} is {approval['status']} without a decision"
        if approval["status"] == "decided" and ledger.runs[approval["run_id"]]["status"] in ENDED:
            yield f"I2: the decision on {approval['id']} never reached the graph"
    for run in ledger.runs.values():
        if run["status"] == "finished":
            yield from _answers(ledger, run)


def _answers(ledger: Ledger, run: Row) -> Iterator[str]:
    """What the graph tells that it was answered is what the ledger says was decided."""
    told = sorted(json.loads(run["result"])["told"])
    resumed = sorted(
        f"{_question(approval)} {json.loads(decided['resume'])}"
        for (approval_id, revision), decided in ledger.decisions.items()
        if (approval := ledger.approvals[approval_id])["run_id"] == run["id"]
        and (approval["status"], approval["pause"], approval["revision"]) == ("resumed", "dynamic", revision)
        and approval_id not in ledger.taken_back
    )
    if told != resumed:
        yield f"I2: run {run['id']} was answered {told}, and decided was {resumed}"


def _question(approval: Row) -> str:
    """Return what was asked, or the node that a breakpoint holds up."""
    asked = json.loads(approval["asked"])["value"]
    return str(asked["question"] if approval["pause"] == "dynamic" else approval["node"])


_EFFECT = {"First?": "first", "Second?": "second", "Order?": "paid"}


def _effects(ledger: Ledger, evidence: Evidence) -> Iterator[str]:
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for call in _lines(evidence.effects):
        keys[call["thread"], call["what"]].add(call["key"])
    used = Counter(key for found in keys.values() for key in found)
    if doubled := [key for key, count in used.items() if count > 1]:
        yield f"I3: the keys {doubled} name several effects"
    approved: Counter[tuple[str, str]] = Counter()
    due = set()
    for (approval_id, _), decided in ledger.decisions.items():
        approval = ledger.approvals[approval_id]
        run, text = ledger.runs[approval["run_id"]], _question(approval)
        what = (approval["thread_id"], _EFFECT.get(text, text))
        was_sent = approval["status"] in ("decided", "resumed") or approval["attempts"]
        if was_sent and decided["verdict"] in ("approve", "edit"):
            approved[what] += 1
            if run["status"] == "finished" and approval_id not in ledger.taken_back:
                due.add(what)
    for what in due:
        if not 1 <= len(keys[what]) <= approved[what]:
            yield f"I3: {what} was approved {approved[what]} times and has {len(keys[what])} effects"
    for what, found in keys.items():
        if found and what not in approved:
            yield f"I3: {what} happened {len(found)} times and was not approved"


def _digests(ledger: Ledger) -> Iterator[str]:
    for approval in ledger.approvals.values():
        asked = json.loads(approval["asked"])
        shown = {"value": asked["value"], "state": asked["state"]}
        if asked["schema"] is not None:
            shown["schema"] = asked["schema"]
        if _digest(shown) != approval["digest"]:
            yield f"I4: what {approval['id']} shows is not what its digest says"
    for (approval_id, revision), decided in ledger.decisions.items():
        approval = ledger.approvals[approval_id]
        if revision == approval["revision"] and decided["digest"] != approval["digest"]:
            yield f"I4: what was decided on {approval_id} is not what it shows"
        update = json.loads(decided["state_update"]) if decided["state_update"] else None
        resume = json.loads(decided["resume"]) if decided["resume"] else None
        if _digest({"resume": resume, "update": update}) != decided["answer_digest"]:
            yield f"I4: the digest of the answer to {approval_id} is not that of the answer"
        for sent in ledger.of_approval(approval_id, "resumed"):
            is_of_it = revision == approval["revision"]
            if is_of_it and json.loads(sent["detail"])["answer_digest"] != decided["answer_digest"]:
                yield f"I4: {approval_id} got another answer than was decided"


def _people(ledger: Ledger, evidence: Evidence) -> Iterator[str]:
    for (approval_id, _), decided in ledger.decisions.items():
        if decided["actor_id"] not in evidence.allowed:
            yield f"I5: {decided['actor_id']} decided {approval_id} and may not"
        approval = ledger.approvals[approval_id]
        required = evidence.required.get(ledger.runs[approval["run_id"]]["workflow"], 1)
        agreed = {decided["actor_id"], *(each["id"] for each in json.loads(decided["endorsers"]))}
        if approval["pause"] == "dynamic" and decided["verdict"] == "approve" and len(agreed) < required:
            yield f"I5: {approval_id} was approved by {sorted(agreed)} and needs {required}"


def _chain(ledger: Ledger) -> Iterator[str]:
    previous = "0" * 64
    for number, row in enumerate(ledger.audit, start=1):
        sealed = {name: value for name, value in row.items() if name != "hash"}
        sealed["at"] = _moment(row["at"])
        sealed["detail"] = json.loads(row["detail"])
        if row["seq"] != number or row["previous"] != previous or row["hash"] != _sha256(sealed):
            yield f"I6: the audit chain is broken at {number}"
            return
        previous = row["hash"]


def _moment(at: str | datetime) -> str:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _told(ledger: Ledger) -> Iterator[str]:
    """Every transition has its entry, once."""
    kinds = Counter((row["approval_id"], row["kind"]) for row in ledger.audit)
    for approval in ledger.approvals.values():
        name, revision = approval["id"], approval["revision"]
        asked = kinds[name, "asked"] + kinds[name, "asked_anew"]
        if (kinds[name, "asked"], asked) != (1, revision):
            yield f"I6: {name} has revision {revision} and was asked {asked} times"
        decided = sum(1 for approval_id, _ in ledger.decisions if approval_id == name)
        if kinds[name, "decided"] != decided:
            yield f"I6: {name} has {decided} decisions and {kinds[name, 'decided']} entries of them"
        if (kinds[name, "resumed"] > 0) != (approval["status"] == "resumed" and not _stops(ledger, approval)):
            yield f"I6: {name} is {approval['status']} and has {kinds[name, 'resumed']} entries of its delivery"
    ends = Counter((row["run_id"], row["kind"]) for row in ledger.audit)
    for run in ledger.runs.values():
        if ends[run["id"], "started"] != 1:
            yield f"I6: run {run['id']} has {ends[run['id'], 'started']} entries of its start"
        if run["status"] in ENDED and ends[run["id"], run["status"]] != 1:
            yield f"I6: run {run['id']} is {run['status']} and has {ends[run['id'], run['status']]} entries of it"


def _stops(ledger: Ledger, approval: Row) -> bool:
    """Say whether a no ended the run, since neither a breakpoint nor an error takes one: that is told of the run."""
    decided = ledger.decisions.get((approval["id"], approval["revision"]))
    return approval["pause"] != "dynamic" and decided is not None and decided["verdict"] == "reject"


def _checkpoints(ledger: Ledger) -> Iterator[str]:
    threads = {run["thread_id"] for run in ledger.runs.values()}
    heads: dict[tuple[str, str], str | None] = {}
    for row in sorted(ledger.checkpoints, key=lambda row: row["checkpoint_id"]):
        place = (row["thread_id"], row["checkpoint_ns"])
        if row["thread_id"] not in threads:
            yield f"I8: thread {row['thread_id']} belongs to no run"
        if row["parent_checkpoint_id"] != heads.get(place):
            yield f"I8: a step of {place} was built upon {row['parent_checkpoint_id']}, not {heads.get(place)}"
        heads[place] = row["checkpoint_id"]


def _cards(ledger: Ledger, messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    live = Counter(name for message in messages if (name := approval_of(message)))
    for approval in ledger.approvals.values():
        count = live.pop(approval["id"], 0)
        wanted = 1 if approval["status"] == "pending" else 0
        if count != wanted:
            yield f"I7: {approval['id']} is {approval['status']} and has {count} live cards"
    if live:
        yield f"I7: cards of no question: {sorted(live)}"
    posted = Counter(json.dumps(m["metadata"], sort_keys=True) for m in messages if m.get("metadata"))
    if doubled := [name for name, count in posted.items() if count > 1]:
        yield f"I7: posted more than once: {doubled}"
    if found := [message["ts"] for message in messages if SECRETS.search(json.dumps(message))]:
        yield f"I9: something secret stands in {found}"


def approval_of(message: Mapping[str, Any]) -> str | None:
    """Return the approval that a message's buttons decide; None: it has no such buttons."""
    for block in message.get("blocks") or ():
        for element in block.get("elements") or () if block.get("type") == "actions" else ():
            found = re.search(r"[0-9a-f]{32}", str(element.get("value", "")))
            if found:
                return found.group()
    return None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from map(json.loads, path.read_text().splitlines())


def _digest(value: Any) -> str:
    return _sha256(value)


def _sha256(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
