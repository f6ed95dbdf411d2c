"""Every error that leaves the engine: one root, typed attributes, the docstring is the default message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar


class EngineError(Exception):
    """Something went wrong in the engine."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))


class StoreError(EngineError):
    """The database could not do this now. Nothing was changed; try again."""


class Conflict(StoreError):
    """A row with this key is there already."""


class Halted(StoreError):
    """The audit trail is not the one that was witnessed. Nothing is recorded, and no request goes on."""


class BadEncryptionKey(StoreError):
    """The encryption keys do not open what is stored, or cannot be used."""


class DatabaseInUse(EngineError):
    """Another process already runs on this database file. Stop it first, or use PostgreSQL for several."""


class BadDatabaseUrl(EngineError):
    """The database URL is not usable. Give sqlite:///path/to/file or postgresql://user@host/name."""


class DatabaseTooNew(EngineError):
    """A newer release wrote this database. Run that release, or restore a backup taken before it."""


class DamagedCheckpoint(EngineError):
    """A stored checkpoint cannot be read. The other threads are not affected."""


class UnstorableValue(EngineError, TypeError):
    """A value of the graph's state cannot be stored as it is. Nothing was stored."""


class AppError(EngineError):
    """The app could not be loaded."""


class UnknownWorkflow(EngineError):
    """There is no such workflow."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name, self.known = name, known
        super().__init__(f"There is no workflow {name!r}. Known: {', '.join(known) or 'none'}.")


class UnknownRun(EngineError):
    """There is no such run."""


class AmbiguousRun(EngineError):
    """Several runs begin with these characters. Give more of them."""


class InvalidInput(EngineError):
    """The values do not fit the form. `errors` maps a field's name to one sentence for people."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in self.errors.items()))


class TooManyStarts(EngineError):
    """You have started this very often within a minute. Nothing was started; wait a moment and try again."""


class NoDraft(EngineError):
    """This form was left for too long, or somebody else began it. Nothing was recorded; open it again."""


class Refused(EngineError):
    """The click changes nothing. Children say why; each is written to the audit trail under its `code`."""

    code: ClassVar[str] = "refused"


class UnknownApproval(Refused):
    """This question is not known here."""

    code = "unknown"


class NotAllowed(Refused):
    """You are not among the people who may decide this."""

    code = "not_allowed"


class SelfApproval(Refused):
    """You asked for this yourself, so somebody else has to decide."""

    code = "self_approval"


class StaleQuestion(Refused):
    """The question has changed since this card was posted. Look at the newer card."""

    code = "stale"


class AlteredQuestion(Refused):
    """What is stored of this question is not what was asked, so nobody can decide it. Tell whoever runs Assent."""

    code = "digest_mismatch"


class Expired(Refused):
    """The deadline for this question has passed."""

    code = "expired"


class UnknownOption(Refused):
    """This question cannot be answered so. Look at the newest card."""

    code = "unknown_option"


class NotAsked(Refused):
    """The run does not ask this now: it has ended, or the question is not pending."""

    code = "not_asked"


class AlreadyDecided(Refused):
    """This was decided already."""

    code = "already_decided"

    def __init__(self, *, verdict: str, actor_id: str, decided_at: datetime) -> None:
        self.verdict, self.actor_id, self.decided_at = verdict, actor_id, decided_at
        super().__init__(f"This was decided already: {verdict} by {actor_id}.")


class AlreadyEndorsed(Refused):
    """You have approved this already. It is decided once somebody else has approved the same."""

    code = "already_endorsed"


class UnaskableValue(EngineError):
    """A graph asked with a value that cannot be shown: it contains itself or is nested too deeply."""


class AnchorBroken(EngineError):
    """The audit trail is not the one that was witnessed. `anchors` are those that no entry fits any more."""

    def __init__(self, anchors: tuple[str, ...]) -> None:
        self.anchors = anchors
        many = "these anchors" if len(anchors) > 1 else "this anchor"
        super().__init__(
            f"The audit trail was changed, cut or replaced by an older copy: {', '.join(anchors)}. "
            f"No entry fits {many}."
        )


class AuditBroken(EngineError):
    """The audit chain does not fit together. `seq` is the first entry that was changed or is missing."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        super().__init__(f"The audit trail was changed: entry {seq} does not fit the one before it.")


class KeptInside(EngineError):
    """A graph inside keeps its answers (it is compiled with checkpointer=True), so its step cannot begin anew.
    Start the request again."""


class UnfitAnswer(EngineError):
    """The graph refuses this answer, though it fits the schema that it gave. Nothing of it was taken."""


class SwallowedInterrupt(EngineError, RuntimeError):
    """The step asked people and went on without an answer: a broad `except` caught what interrupt() raises.

    Catch narrower exceptions there, or raise langgraph.errors.GraphBubbleUp again.
    """

    def __init__(self) -> None:
        super().__init__(
            "The step asked and went on without an answer: a broad `except` around interrupt() caught what stops it. "
            "Catch narrower exceptions there, or raise GraphBubbleUp again."
        )


class StaleWriter(EngineError):
    """The thread has moved on since this writer read it; what it still had to write is void."""


class LeaseLost(StaleWriter):
    """Another process took this run over; what this one still had to write is void."""
