"""A look at a database file from outside: nothing is written, locked or made, whoever owns it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from puffling.runtime.text import tr
from puffling.store.migrations import SHIPPED


def damage_of(file: Path) -> str:
    """Say what is broken in a database file, or nothing when it is sound."""
    try:
        with file.open("rb") as opened:
            if not opened.read(16).startswith(b"SQLite format 3\0"):
                return tr("it is not a database")
        with closing(_opened(file)) as connection:
            answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)
    return "" if answer == "ok" else answer


def schema_of(file: Path) -> str:
    """Give the version of the tables in a database file, or nothing when it cannot be told."""
    try:
        with closing(_opened(file)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        return ""
    return str(row[0]) if row else ""


def known_schemas() -> tuple[str, ...]:
    """Give the versions of the tables that this Puffling knows."""
    return SHIPPED.versions


def _opened(file: Path) -> sqlite3.Connection:
    # A file without a write-ahead log has no owner now; opened as immutable, none of its company is made.
    alone = not file.with_name(f"{file.name}-wal").exists()
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}", uri=True, timeout=1
    )
