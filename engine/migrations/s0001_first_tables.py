"""Step 1: every table that the models describe.

Until the first release the models are the only truth, so this step creates them as they stand. From then on
this step is frozen, and a change of a model comes with a step of its own that says ALTER TABLE.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlmodel import SQLModel

from engine import checkpoint_tables, tables

MODELS = (checkpoint_tables, tables)
PREFIX = "assent_"


def apply(connection: Connection) -> None:
    """Create our own tables only: a workflow may keep tables of its own in the same SQLModel metadata."""
    ours = [table for table in SQLModel.metadata.sorted_tables if table.name.startswith(PREFIX)]
    SQLModel.metadata.create_all(connection, tables=ours, checkfirst=True)
