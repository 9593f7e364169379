"""The halt switch: a file beside the data whose mere existence halts trading.

A file works when the program is frozen, closed or broken, and it survives every restart. What cannot
be read counts as halted: a switch that fails must fail closed.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from puffling.frozen import frozen
from puffling.runtime.errors import StorageFailed
from puffling.runtime.text import tr

FILE_NAME = "HALT"


@frozen
class Halt:
    """Why trading is halted, who did it and when, as far as the file tells."""

    reason: str
    by: str = ""
    since: datetime | None = None


class HaltSwitch:
    """Presses, reads and lifts the halt."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME
        # A halt that is being written, or could not be: this process at least keeps to it.
        self._unwritten: Halt | None = None
        # Why only what makes a position smaller may leave, for the last look before an order leaves.
        self.narrowed = ""

    def read(self) -> Halt | None:
        """Give the halt in force, or None when there is certainly none."""
        # In this order: what is being written is in the file before it is forgotten here.
        return self._unwritten or self._written()

    def _written(self) -> Halt | None:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            return Halt(tr("The halt file cannot be read ({reason}).", reason=type(error).__name__))
        try:
            values = json.loads(text)
            since = datetime.fromisoformat(values["since"])
            return Halt(str(values["reason"]), str(values["by"]), since if since.tzinfo else None)
        except (ValueError, KeyError, TypeError):
            return Halt(text.strip()[:200] or tr("Halted by a file placed by hand."))

    def press(self, reason: str, by: str, now: datetime) -> Halt:
        """Halt trading. A halt that stands already keeps its first reason."""
        standing = self._written()
        if standing is not None:
            return standing
        halt = self._unwritten = self._unwritten or Halt(reason, by, now)
        text = json.dumps({"reason": halt.reason, "by": halt.by, "since": (halt.since or now).isoformat()})
        try:
            # The existence of the file is the halt, so it is created first and described second.
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if self._written() is None:
                raise StorageFailed(
                    tr("{file} could not be written: {why}.", file=self._file, why=error.strerror),
                    hint=tr("Make an empty file of that name by hand: it halts trading as it is."),
                ) from error
        self._unwritten = None
        return halt

    def lift(self) -> None:
        """Let trading go on. Only what a present person asked for may come here."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(
                tr("{file} could not be removed: {why}.", file=self._file, why=error.strerror),
                hint=tr("Remove it by hand."),
            ) from error
        self._unwritten = None
