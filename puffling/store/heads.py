"""Where the audit trail ended last, kept outside the database so that a cut-off tail is noticed."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from puffling.runtime.actor import UserId

_log = logging.getLogger(__name__)
_BLOCK = 512


class Heads:
    """A small file with the number and hash of each user's last line.

    It is written after the commit without waiting for the disk: after a crash it may lag behind the
    trail, which is harmless, but it can never be ahead of it. An order waits for it twice on its way out, so
    it is written over in place: in one go, and so short that no disk keeps half of it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "audit-heads.json"

    def begin(self) -> None:
        """Make the file for a new database."""
        self._write({})

    def known(self) -> bool:
        """Tell whether there is a file at all."""
        return self._path.is_file()

    def get(self, user: UserId) -> tuple[int, str] | None:
        """Give the last line recorded for the user, or None; an unreadable file is an error."""
        number_and_hash = self._read().get(user)
        return None if number_and_hash is None else (int(number_and_hash[0]), str(number_and_hash[1]))

    def put(self, heads: dict[UserId, tuple[int, str]]) -> None:
        """Record new last lines; a failure here must not fail what is already committed."""
        try:
            with self._path.open("r+b", buffering=0) as file:
                before = file.read()
                known = _understood(before)
                known.update({user: list(head) for user, head in heads.items()})
                file.seek(0)
                file.write(_padded(known).ljust(len(before)))
        except (OSError, ValueError) as error:
            _log.warning("The end of the audit trail could not be recorded: %s", error)

    def replace(self, heads: dict[UserId, tuple[int, str]]) -> None:
        """Forget everything recorded so far and record these instead."""
        self._write({user: list(head) for user, head in heads.items()})

    def _read(self) -> dict[str, list[Any]]:
        return _understood(self._path.read_bytes())

    def _write(self, heads: dict[str, list[Any]]) -> None:
        draft = self._path.with_suffix(".part")
        draft.write_bytes(_padded(heads))
        draft.replace(self._path)


def _padded(heads: dict[str, list[Any]]) -> bytes:
    """Fill up with blanks: a file that never grows is never found grown by half after a crash."""
    text = json.dumps(heads).encode()
    return text.ljust(-(-len(text) // _BLOCK) * _BLOCK)


def _understood(text: bytes) -> dict[str, list[Any]]:
    heads = json.loads(text)
    if not isinstance(heads, dict) or not all(
        isinstance(head, list) and len(head) == 2 for head in heads.values()
    ):
        raise ValueError("the record of the audit trail's end is malformed")
    return heads
