"""Copies of the database file: made while it is in use, kept in small number, checked before use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from puffling.runtime.errors import NotFound, StorageFailed
from puffling.runtime.text import tr
from puffling.store.faults import explain_sqlite, newer_schema, unwritable
from puffling.store.values import Backup

_LONGEST_WAIT_QUARTER_SECONDS = 8
_STAMP = "%Y%m%dT%H%M%S.%fZ"


def stamp(moment: datetime) -> str:
    """Write a moment so that it fits a file name and sorts."""
    return moment.strftime(_STAMP)


def make_private(path: Path) -> None:
    """Make an empty file that only this person can read, or say that it cannot be made."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise unwritable(path.parent, error) from error


def sync(path: Path) -> None:
    """Wait until the file, or the names in the folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def copy_out(source: sqlite3.Connection, folder: Path, made_at: datetime, reason: str) -> Backup:
    """Copy one consistent state of the database into the folder; it has its name only when it is whole."""
    path = folder / f"puffling-{stamp(made_at)}-{_plain(reason)}.db"
    draft = path.with_suffix(".part")
    make_private(draft)
    try:
        with closing(sqlite3.connect(draft)) as target:
            source.backup(target, progress=_Patience())
            # A copy that is read later, perhaps from a read-only disk, needs no write-ahead log.
            target.execute("PRAGMA journal_mode=DELETE")
            if found := problem(target):
                raise StorageFailed(
                    tr("The backup is not usable: {problem}.", problem=found),
                    hint=tr("Check the disk, then start Puffling again."),
                )
        sync(draft)
        draft.replace(path)
        sync(folder)
    except sqlite3.Error as error:
        raise explain_sqlite(error, draft) or error from error
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        draft.unlink(missing_ok=True)
    return Backup(path.name, path, made_at, path.stat().st_size)


def found_in(folder: Path) -> tuple[Backup, ...]:
    """Give the backups in the folder, newest first."""
    found = []
    for path in folder.glob("puffling-*.db"):
        try:
            made_at = datetime.strptime(path.name.split("-")[1], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue
        found.append(Backup(path.name, path, made_at, path.stat().st_size))
    return tuple(sorted(found, key=lambda backup: backup.name, reverse=True))


def prune(folder: Path, keep: int) -> None:
    """Delete all but the newest backups, and what a killed process left half-made."""
    for half in folder.glob("puffling-*.part*"):
        half.unlink(missing_ok=True)
    for backup in found_in(folder)[keep:]:
        backup.path.unlink(missing_ok=True)


def copy_in(backup: Backup, target: sqlite3.Connection, versions: tuple[str, ...]) -> None:
    """Replace everything in the open database by the backup, in one transaction of SQLite's own."""
    if not backup.path.is_file():
        raise NotFound(
            tr("The backup {name} is not there any more.", name=backup.name),
            hint=tr("Choose another one from the list."),
        )
    address = f"{backup.path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as source:
            if found := problem(source):
                raise StorageFailed(
                    tr("The backup {name} is damaged: {problem}.", name=backup.name, problem=found),
                    hint=tr("Choose an older one from the list; your present records were left as they are."),
                )
            if (version := _version(source)) not in versions:
                raise newer_schema(str(backup.path), version)
            source.backup(target, progress=_Patience())
    except sqlite3.Error as error:
        raise explain_sqlite(error, backup.path) or error from error


def problem(connection: sqlite3.Connection) -> str:
    """Say what is broken in a database, or nothing when it is sound."""
    try:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return str(error)
    return "" if answer == "ok" else str(answer)


class _Patience:
    """Ends a copy that waits for a lock: the driver would try again for ever."""

    def __init__(self) -> None:
        self._waited = 0

    def __call__(self, status: int, remaining: int, total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            self._waited += 1
        if self._waited > _LONGEST_WAIT_QUARTER_SECONDS:
            raise StorageFailed(
                tr("Another program holds the database; nothing was copied."),
                hint=tr("Close the program that has the file open and try again."),
            )


def _version(connection: sqlite3.Connection) -> str:
    """Read which revision the tables are at; a copy of something else has none."""
    try:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.OperationalError, UnicodeDecodeError, TypeError):
        return "?"


def _plain(reason: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in reason)[:40] or "backup"
