"""The checker bites: whatever is planted in a clean trial is found, and in the clean one nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import kills
from tests.faults.checker import Evidence, check
from tests.faults.figures import Plan
from tests.faults.lives import wants
from tests.faults.sink import append, lines


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A trial of which nobody was killed."""
    folder = tmp_path_factory.mktemp("clean")
    batch = kills.batch_of(Plan(1, 3, folder), 0, runs=6)
    kills.lived(batch, iter([None]))
    with closing(sqlite3.connect(batch.database.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return batch.evidence


def test_a_clean_trial_is_clean(clean: Evidence) -> None:
    """No violation, and people had decided both ways, so that all of it was looked at."""
    assert check(clean) == []
    assert {ack["verdict"] for ack in lines(clean.acks)} == {"approve", "reject"}


def sql(statement: str) -> Callable[[Evidence], None]:
    """Damage the database."""

    def damage(evidence: Evidence) -> None:
        connection = sqlite3.connect(evidence.database.removeprefix("sqlite:///"))
        with connection:
            assert connection.execute(statement).rowcount
        connection.close()

    return damage


def lost_effect(evidence: Evidence) -> None:
    lost = next(lines(evidence.effects))["key"]
    kept = [line for line in lines(evidence.effects) if line["key"] != lost]
    evidence.effects.write_text("".join(json.dumps(line) + "\n" for line in kept))


def doubled_effect(evidence: Evidence) -> None:
    append(evidence.effects, {**next(lines(evidence.effects)), "key": "another"})


def shared_key(evidence: Evidence) -> None:
    append(evidence.effects, {**next(lines(evidence.effects)), "what": "more"})


# what goes wrong -> how it is planted, and the invariant that tells
PLANTED: dict[str, tuple[Callable[[Evidence], None], str]] = {
    "an acknowledged decision is lost": (sql("DELETE FROM assent_decisions WHERE verdict = 'approve'"), "I1"),
    "a run rests and asks nothing": (sql("UPDATE assent_runs SET status = 'waiting' WHERE rowid = 1"), "I1"),
    "decided twice": (sql(
        "INSERT INTO assent_decisions SELECT approval_id, revision + 1, digest, request_key, verdict, option, label, "
        "actor_id, actor_name, reason, before, after, resume, state_update, answer_digest, policy, endorsers, "
        "decided_at FROM assent_decisions LIMIT 1"
    ), "I2"),
    "never delivered": (sql("UPDATE assent_approvals SET status = 'decided' WHERE rowid = 1"), "I2"),
    "the graph got something else": (sql(
        "UPDATE assent_runs SET result = replace(replace(replace(result, 'true', 'x'), 'True', 'False'), 'x', 'true')"
    ), "I2"),
    "an effect is lost": (lost_effect, "I3"),
    "an effect is doubled": (doubled_effect, "I3"),
    "two effects share a key": (shared_key, "I3"),
    "what is shown was changed": (sql("UPDATE assent_approvals SET asked = replace(asked, '?', '!')"), "I4"),
    "what was decided was changed": (sql("UPDATE assent_decisions SET digest = 'x' WHERE rowid = 1"), "I4"),
    "the answer was changed": (sql("UPDATE assent_decisions SET resume = '1' WHERE verdict = 'reject'"), "I4"),
    "an outsider decided": (sql("UPDATE assent_decisions SET actor_id = 'U0OTTO' WHERE rowid = 1"), "I5"),
    "the audit was rewritten": (sql("UPDATE assent_audit SET actor_name = 'Eve' WHERE kind = 'decided'"), "I6"),
    "the audit has a hole": (sql("DELETE FROM assent_audit WHERE seq = 3"), "I6"),
    "the audit lost its end": (sql("DELETE FROM assent_audit WHERE kind = 'finished'"), "I6"),
    "a step below the head": (sql(
        "UPDATE assent_checkpoints SET parent_checkpoint_id = 'x' WHERE parent_checkpoint_id IS NOT NULL"
    ), "I8"),
    "a thread of nobody": (sql("UPDATE assent_checkpoints SET thread_id = 'x'"), "I8"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "invariant"), PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_found(
    clean: Evidence, tmp_path: Path, damage: Callable[[Evidence], None], invariant: str
) -> None:
    """It is told by the invariant that it violates."""
    evidence = copied(clean, tmp_path)
    damage(evidence)
    assert any(sentence.startswith(invariant) for sentence in check(evidence)), check(evidence)


def test_cards_are_held_against_the_questions(clean: Evidence) -> None:
    """A card with live buttons for what was decided, one posted twice and a secret are each told."""
    with closing(sqlite3.connect(clean.database.removeprefix("sqlite:///"))) as connection:
        (approval_id,) = connection.execute("SELECT id FROM assent_approvals LIMIT 1").fetchone()
    button = {"type": "button", "value": f"1.{approval_id}.x"}
    card = {"ts": "1", "metadata": {"id": "a"}, "blocks": [{"type": "actions", "elements": [button]}]}
    secret = {"ts": "2", "text": "xoxb-123", "blocks": []}
    assert check(replace(clean, messages=[])) == []
    assert [sentence[:2] for sentence in check(replace(clean, messages=[card]))] == ["I7"]
    assert "I7: posted more than once" in "\n".join(check(replace(clean, messages=[card, card])))
    assert [sentence[:2] for sentence in check(replace(clean, messages=[secret]))] == ["I9"]


def copied(evidence: Evidence, folder: Path) -> Evidence:
    """Copy a trial, to damage it."""
    database = shutil.copy(evidence.database.removeprefix("sqlite:///"), folder / "assent.db")
    effects = Path(shutil.copy(evidence.effects, folder / "sink"))
    acks = Path(shutil.copy(evidence.acks, folder / "acks"))
    return replace(evidence, database=f"sqlite:///{database}", effects=effects, acks=acks)


def test_people_think_the_same_in_every_life() -> None:
    """What a run's people want depends on nothing but its name and the question, and they want both."""
    assert [wants(f"1:{n}", "First?") for n in range(50)] == [wants(f"1:{n}", "First?") for n in range(50)]
    assert {wants(f"1:{n}", "First?") for n in range(50)} == {True, False}
