"""The checkpointer's tables: a row per checkpoint, per channel version and per pending write.

There are no foreign keys between them: LangGraph may store the writes of a checkpoint before the checkpoint.
"""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Text
from sqlmodel import Field, SQLModel

from engine.columns import TextKey


class CheckpointRow(SQLModel, table=True):
    """One checkpoint without its channel values, and its metadata as canonical JSON.

    `checkpoint_id` is a uuid6, so the greatest is the latest.
    """

    __tablename__ = "assent_checkpoints"

    thread_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_ns: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_id: str = Field(sa_type=TextKey, primary_key=True)
    parent_checkpoint_id: str | None = Field(default=None, sa_type=TextKey)
    kind: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    details: str = Field(sa_column=Column("metadata", Text, nullable=False))


class ChannelRow(SQLModel, table=True):
    """The value of one channel at one version, stored once however many checkpoints share it."""

    __tablename__ = "assent_checkpoint_channels"

    thread_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_ns: str = Field(sa_type=TextKey, primary_key=True)
    channel: str = Field(sa_type=TextKey, primary_key=True)
    version: str = Field(sa_type=TextKey, primary_key=True)
    kind: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WriteRow(SQLModel, table=True):
    """One write of one task on top of a checkpoint, not yet part of the next one."""

    __tablename__ = "assent_checkpoint_writes"

    thread_id: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_ns: str = Field(sa_type=TextKey, primary_key=True)
    checkpoint_id: str = Field(sa_type=TextKey, primary_key=True)
    task_id: str = Field(sa_type=TextKey, primary_key=True)
    idx: int = Field(primary_key=True)
    task_path: str = Field(sa_type=TextKey)
    channel: str
    kind: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
