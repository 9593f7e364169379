"""Turns what a database says about disks, locks and damage into words for a person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from puffling.runtime.errors import StorageFailed
from puffling.runtime.text import tr

_DAMAGE = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})


def is_damage(error: Exception) -> bool:
    """Tell whether the file itself is broken, as against a disk or a lock in the way."""
    # The driver fails to read what SQLite complains of when that quotes broken text.
    if isinstance(error, UnicodeDecodeError):
        return True
    return isinstance(error, sqlite3.Error) and (
        _primary(error) in _DAMAGE or str(error).startswith("Could not decode to UTF-8")
    )


def is_refusal(error: Exception) -> bool:
    """Tell whether it may only be read, as against a disk or damage in the way."""
    return _primary(error) == "SQLITE_READONLY"


def explain_sqlite(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> StorageFailed | None:
    """Say what is wrong with the disk, the folder or the file, or None when it is a fault of the program."""
    if is_damage(error):
        return StorageFailed(
            tr("{path} is damaged.", path=path),
            hint=tr("Start Puffling again: it moves the damaged file aside and offers your backups."),
        )
    match _primary(error):
        case "SQLITE_FULL":
            return StorageFailed(
                tr("The disk is full; nothing was saved."),
                hint=tr("Make room on the disk that holds {folder} and try again.", folder=path.parent),
            )
        case "SQLITE_READONLY" | "SQLITE_CANTOPEN" | "SQLITE_PERM" | "SQLITE_AUTH":
            return StorageFailed(
                tr("{path} cannot be written.", path=path),
                hint=tr("Make its folder writable, or set PUFFLING_HOME to a folder of your own."),
            )
        case "SQLITE_BUSY" | "SQLITE_LOCKED":
            return StorageFailed(
                tr("Another program holds {path}; nothing was saved.", path=path),
                hint=tr("Close the program that has the file open and try again."),
            )
        case "SQLITE_IOERR":
            return StorageFailed(
                tr("The disk refused to read or write {path}; nothing was saved.", path=path),
                hint=tr("Check the disk and the room left on it, then try again."),
            )
        case "SQLITE_TOOBIG" | "SQLITE_NOMEM":
            return StorageFailed(
                tr("This is too large to be kept."), hint=tr("Store less at once; nothing was saved.")
            )
    return None


def unwritable(folder: Path, error: OSError) -> StorageFailed:
    """Say that a folder or a file in it cannot be made or written."""
    return StorageFailed(
        tr("{folder} cannot be written: {reason}.", folder=folder, reason=error.strerror or str(error)),
        hint=tr("Make the folder writable, or set PUFFLING_HOME to a folder of your own."),
    )


def newer_schema(place: str, version: str) -> StorageFailed:
    """Say that the records were written by a newer Puffling."""
    return StorageFailed(
        tr(
            "{place} was written by a newer Puffling (schema {version}). It was left untouched.",
            place=place,
            version=version,
        ),
        hint=tr("Install the newest Puffling, or restore a backup made before you upgraded."),
    )


def _primary(error: Exception) -> str:
    """Give the name of the primary result code: SQLITE_IOERR for SQLITE_IOERR_WRITE."""
    name = getattr(error, "sqlite_errorname", None) or ""
    return "_".join(name.split("_")[:2])
