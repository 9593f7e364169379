"""One process owns a person's data: a lock of the operating system, which a killed process cannot keep."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from puffling.frozen import frozen
from puffling.runtime.clock import Clock
from puffling.runtime.paths import Paths
from puffling.store.faults import unwritable

if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes, and nobody else may read them: one far behind the note is locked.
    _LOCKED_BYTE = 1 << 30

    def _lock(file: BinaryIO) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: BinaryIO) -> None:
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@frozen
class OwnedElsewhere:
    """Another process owns the data; who it is may be unknown for the blink in which it starts."""

    pid: int | None
    since: datetime | None


class Owner:
    """The proof that this process owns the data, held until it is released or the process ends."""

    def __init__(self, file: BinaryIO, pid: int, since: datetime) -> None:
        self.pid = pid
        self.since = since
        self._file = file

    @classmethod
    def acquire(cls, paths: Paths, clock: Clock) -> Owner | OwnedElsewhere:
        """Own the data from now on, or say who does."""
        path = paths.data / "puffling.lock"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Never deleted and never replaced: the lock is on the file itself, not on its name.
            file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b", buffering=0)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        try:
            mine = _lock(file)
        except OSError as error:
            file.close()
            raise unwritable(path.parent, error) from error
        if not mine:
            file.close()
            return _noted(path)
        owner = cls(file, os.getpid(), clock.now())
        # Who it is may stay unknown on a full disk; whose the data are may not.
        with suppress(OSError):
            owner._note()
        return owner

    def release(self) -> None:
        """Let another process own the data; doing it twice is harmless."""
        if not self._file.closed:
            self._file.truncate(0)
            _unlock(self._file)
            self._file.close()

    def _note(self) -> None:
        self._file.seek(0)
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": self.pid, "since": self.since.isoformat()}).encode())


def _noted(path: Path) -> OwnedElsewhere:
    try:
        note = json.loads(path.read_bytes())
        return OwnedElsewhere(int(note["pid"]), datetime.fromisoformat(note["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return OwnedElsewhere(None, None)
