"""A seal on the closed database file: SQLite has no checksums, so a flipped digit would pass its checks."""

from __future__ import annotations

import hashlib
import json
import logging
from enum import Enum
from pathlib import Path

_log = logging.getLogger(__name__)


class Seal(Enum):
    """What the seal says about the file."""

    WHOLE = "whole"
    BROKEN = "broken"
    MISSING = "missing"


def put_seal(path: Path) -> None:
    """Note what the closed file looks like; without a note the next start checks in another way."""
    try:
        draft = _place(path).with_suffix(".part")
        draft.write_text(json.dumps(_look(path)), "utf-8")
        draft.replace(_place(path))
    except OSError as error:
        _log.warning("The database could not be sealed: %s", error)


def check_seal(path: Path) -> Seal:
    """Compare the file with what it was when it was closed; a process that was killed left no seal."""
    try:
        noted = json.loads(_place(path).read_text("utf-8"))
    except (OSError, ValueError):
        return Seal.MISSING
    return Seal.WHOLE if noted == _look(path) else Seal.BROKEN


def lift_seal(path: Path) -> None:
    """Take the seal off before the file is written."""
    _place(path).unlink(missing_ok=True)


def _look(path: Path) -> dict[str, object]:
    log = path.with_name(path.name + "-wal")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=32)).hexdigest()
    return {"digest": digest, "log_bytes": log.stat().st_size if log.exists() else 0}


def _place(path: Path) -> Path:
    return path.with_name(path.name + ".seal")
