"""The checkpointer's tables: a row per checkpoint, per large value, per task's writes and per question.

There are no foreign keys between them: LangGraph may store the writes of a checkpoint before the checkpoint.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from engine.columns import TextKey

_ONE_TREE = {"sqlite_with_rowid": False}
"""On SQLite the rows stand in the tree of their key, so that a small row changes one page and not two."""


class CheckpointRow(SQLModel, table=True):
    """One checkpoint with its small values and the names of its large ones, and its metadata as canonical JSON.

    `checkpoint_id` is a uuid6, so the greatest is the latest. `family` says whose large values it refers to: None
    for the thread's own, else the thread that it was copied from. `revision` is another one each time that the row
    is written. `body` is what engine.checkpointing.records packs.
    """

    __tablename__ = "assent_checkpoints"
    __table_args__ = (
        Index(
            "ix_assent_checkpoints_family",
            "family",
            sqlite_where=text("family IS NOT NULL"),
            postgresql_where=text("family IS NOT NULL"),
        ),
        _ONE_TREE,
    )

    thread_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_ns: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_id: str = Field(sa_type=TextKey, primary_key=True)
    parent_checkpoint_id: str | None = Field(default=None, sa_type=TextKey)
    family: str | None = Field(default=None, sa_type=TextKey)
    revision: int = Field(sa_type=BigInteger)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    details: str = Field(sa_column=Column("metadata", Text, nullable=False))


class BlobRow(SQLModel, table=True):
    """One large value, or what changed since the value `base`, with parts of `beside`, which a task has written.

    `name` is a hash of all that; a row is never changed, the same name means the same bytes.
    """

    __tablename__ = "assent_checkpoint_blobs"

    family: str = Field(sa_type=TextKey, primary_key=True)
    name: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    base: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    beside: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WriteRow(SQLModel, table=True):
    """What one task wrote on top of a checkpoint and is not yet part of the next one.

    Writes to ordinary channels stand together in the row of the first of them; each to a special channel (its `idx`
    is negative) has a row of its own, since it may be replaced.
    """

    __tablename__ = "assent_checkpoint_writes"
    __table_args__ = _ONE_TREE

    thread_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_ns: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_id: str = Field(sa_type=TextKey, primary_key=True)
    task_id: str = Field(sa_type=TextKey, primary_key=True)
    idx: int = Field(primary_key=True)
    task_path: str = Field(sa_type=TextKey)
    revision: int = Field(sa_type=BigInteger)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class InterruptRow(SQLModel, table=True):
    """One question that a task has asked and that nobody has answered yet.

    `ordinal` counts the answers that the task had before it. `digest` is engine.canonical.digest of the value ("" for
    a value that has none), `response_schema` JSON text. The row goes with the answer, or with the step that leaves
    the task behind.
    """

    __tablename__ = "assent_checkpoint_interrupts"
    __table_args__ = _ONE_TREE

    thread_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_ns: str = Field(sa_type=TextKey, primary_key=True)
    interrupt_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_id: str = Field(sa_type=TextKey)
    task_id: str = Field(sa_type=TextKey)
    ordinal: int
    digest: str
    response_schema: str | None = Field(default=None, sa_column=Column(Text))
