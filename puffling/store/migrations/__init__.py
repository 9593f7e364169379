"""How an older database becomes today's: a chain of Alembic revisions, run at start.

A migration runs inside one transaction on the database itself, after a backup. SQLite and PostgreSQL
both roll back changes of tables, so a process killed in the middle leaves the old version as it was.
Migrating a copy and swapping the files would give no more, and has a moment in which a new file lies
beside the old file's write-ahead log. Revisions must therefore never commit by themselves.
"""

from __future__ import annotations

from pathlib import Path

from puffling.frozen import frozen


@frozen
class Schema:
    """The chain of revisions a program knows, oldest first, and the folder they lie in."""

    versions: tuple[str, ...]
    folder: Path

    @property
    def head(self) -> str:
        """Give the revision this program works with."""
        return self.versions[-1]


SHIPPED = Schema(versions=("0001", "0002", "0003", "0004"), folder=Path(__file__).resolve().parent)
